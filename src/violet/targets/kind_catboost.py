"""CatBoost models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputKind, Offers, Target, TargetError
from violet.targets.rows import check_width, column, columns_of, flat

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.targets.base import InputDomain
    from violet.targets.request import Opening

    Array = NDArray[Any]


def open_model(opening: Opening) -> Target:
    """From its binary format or JSON. Raises ``TargetError``."""
    import catboost

    from violet.targets.content import formats_of

    form = "json" if "catboost-json" in formats_of(opening.spec.location) else "cbm"
    model = catboost.CatBoost()
    model.load_model(opening.spec.location, format=form)
    return adopt_catboost(model, opening)


def adopt_catboost(model: Any, opening: Opening) -> Target:
    """Probabilities, or raw values with ``outputs=logits``. Raises ``TargetError`` for what is no classifier."""
    classes = tuple(str(value) for value in np.asarray(model.classes_).reshape(-1).tolist())
    if len(classes) < 2:
        raise TargetError(f"{opening.name} has no classes: it is no classifier.")
    names = tuple(model.feature_names_ or ())
    named = names != tuple(str(index) for index in range(len(names)))
    domain = opening.inputs((len(names),), names if named else ())
    if domain.kind is InputKind.TEXT:
        raise TargetError(f"{opening.name} takes rows of features, and the data is text.")
    columns: tuple[int, ...] = tuple(range(len(names)))
    if named and domain.names:
        columns = columns_of(domain, names, opening.name)
    else:
        check_width(domain, len(names), opening.name)
    feed = _feeder(model, domain, columns)
    wanted = {"labels": "Class", "scores": "RawFormulaVal", "logits": "RawFormulaVal"}.get(
        opening.outputs, "Probability"
    )
    offers = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
    if wanted == "RawFormulaVal":
        offers = Offers.LABELS | Offers.SCORES
    elif wanted == "Class":
        offers = Offers.LABELS

    def predict(x: Array) -> Any:
        answer = np.asarray(model.predict(feed(x), prediction_type=wanted, thread_count=1))
        if wanted != "Class":
            return answer
        places = {word: index for index, word in enumerate(classes)}
        return np.array([places[str(word)] for word in answer.reshape(-1).tolist()], dtype=np.int64)

    target = opening.target(predict, domain, offers, own=classes)
    straight = columns == tuple(range(int(np.prod(domain.shape))))
    return target if wanted == "Class" else target.show(model, () if straight else columns)


def _feeder(model: Any, domain: InputDomain, columns: tuple[int, ...]) -> Callable[[Array], Any]:
    """Rows of numbers; where features are categorical, of words and numbers: CatBoost hashes words as they stand."""
    categorical = frozenset(int(index) for index in model.get_cat_feature_indices())
    if not categorical:
        straight = columns == tuple(range(int(np.prod(domain.shape))))
        return flat if straight else lambda x: x[:, list(columns)]

    def feed(x: Array) -> Array:
        rows = np.empty((len(x), len(columns)), dtype=object)
        for place, index in enumerate(columns):
            values = column(x, domain, index)
            if place in categorical:
                rows[:, place] = [_word(value) for value in values.tolist()]
            else:
                rows[:, place] = values
        return rows

    return feed


def _word(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value == int(value) else str(value)
