"""XGBoost models."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputKind, Offers, Target, TargetError
from violet.targets.rows import check_width, columns_of, flat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.request import Opening

    Array = NDArray[Any]


def open_model(opening: Opening) -> Target:
    """From JSON or UBJSON. Raises ``TargetError``."""
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(opening.spec.location)
    return adopt_booster(booster, opening)


def adopt_booster(booster: Any, opening: Opening) -> Target:
    """Probabilities as the model gives them, or margins: with ``outputs=logits``, and where it was trained to give
    labels. With early stopping, the trees up to the best. Raises ``TargetError`` for what is no classifier."""
    import xgboost

    booster.set_param({"nthread": 1})
    learner = json.loads(booster.save_config())["learner"]
    objective = learner["objective"]["name"]
    count = _classes(objective, learner, opening)
    names = tuple(booster.feature_names or ())
    width = booster.num_features()
    domain = opening.inputs((width,), names)
    if domain.kind is InputKind.TEXT:
        raise TargetError(f"{opening.name} takes numbers, and the data is text.")
    columns: tuple[int, ...] = ()
    if names and domain.names:
        columns = columns_of(domain, names, opening.name)
    else:
        check_width(domain, width, opening.name)
    straight = not columns or columns == tuple(range(domain.shape[0]))
    margin = opening.outputs in ("logits", "scores") or objective in (
        "binary:logitraw",
        "multi:softmax",
        "binary:hinge",
    )
    best = booster.attr("best_iteration")
    trees = (0, int(best) + 1) if best is not None else (0, 0)
    types = booster.feature_types
    coded = types is not None and "c" in types

    def predict(x: Array) -> Any:
        rows = flat(x) if straight else x[:, list(columns)]
        if coded:
            matrix = xgboost.DMatrix(rows, feature_names=booster.feature_names, feature_types=types, nthread=1)
            return booster.predict(matrix, output_margin=margin, iteration_range=trees)
        kind = "margin" if margin else "value"
        return booster.inplace_predict(rows, iteration_range=trees, predict_type=kind, validate_features=False)

    offers = Offers.LABELS | Offers.SCORES
    if not margin:
        offers |= Offers.PROBABILITIES
    if opening.outputs == "labels":
        scored = predict

        def labels(x: Array) -> Array:
            found = np.asarray(scored(x))
            return np.asarray(found.argmax(axis=1) if found.ndim == 2 else found > 0.5, dtype=np.int64)

        return opening.target(labels, domain, Offers.LABELS, count=count)
    return opening.target(predict, domain, offers, count=count).show(booster, () if straight else columns)


def _classes(objective: str, learner: Any, opening: Opening) -> int:
    if objective.startswith("binary:"):
        return 2
    if objective.startswith("multi:"):
        return int(learner["learner_model_param"]["num_class"])
    raise TargetError(f"{opening.name} was trained for {objective}: it is no classifier.")
