"""LightGBM models."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputKind, Offers, Target, TargetError
from violet.targets.rows import check_width, columns_of, flat, frame, has_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.targets.request import Opening

    Array = NDArray[Any]

_GENERIC = re.compile(r"Column_\d+")
_ONE = ("binary", "cross_entropy", "xentropy")
_MANY = ("multiclass", "softmax", "multiclassova", "multiclass_ova", "ova", "ovr")


def open_model(opening: Opening) -> Target:
    """From its text format. Raises ``TargetError``."""
    import lightgbm

    return adopt_booster(lightgbm.Booster(model_file=opening.spec.location), opening)


def adopt_booster(booster: Any, opening: Opening) -> Target:
    """Probabilities, or raw scores with ``outputs=logits``. Raises ``TargetError`` for what is no classifier."""
    objective = _objective(booster)
    if objective not in (*_ONE, *_MANY):
        raise TargetError(f"{opening.name} was trained for {objective or 'an unknown objective'}: it is no classifier.")
    count = 2 if objective in _ONE else int(booster.num_model_per_iteration())
    raw = opening.outputs in ("logits", "scores")
    offers = Offers.LABELS | Offers.SCORES
    if not raw and objective not in ("multiclassova", "multiclass_ova", "ova", "ovr"):
        offers |= Offers.PROBABILITIES
    feed, domain, columns = _feeder(booster, opening)

    def predict(x: Array) -> Any:
        return booster.predict(feed(x), raw_score=raw, num_threads=1)

    if opening.outputs == "labels":

        def labels(x: Array) -> Array:
            found = np.asarray(predict(x))
            return np.asarray(found.argmax(axis=1) if found.ndim == 2 else found > 0.5, dtype=np.int64)

        return opening.target(labels, domain, Offers.LABELS, count=count)
    target = opening.target(predict, domain, offers, count=count)
    return target if columns is None else target.show(booster, columns)


def _objective(booster: Any) -> str:
    """The first word of the line ``objective=`` of the model's text, which stands before its trees."""
    for line in booster.model_to_string(num_iteration=1).splitlines()[:40]:
        if line.startswith("objective="):
            return str(line.partition("=")[2].split(" ")[0])
    return ""


def _feeder(booster: Any, opening: Opening) -> tuple[Callable[[Array], Any], Any, tuple[int, ...] | None]:
    """What makes of the domain's rows what the booster takes, the domain, and the columns of it that are numbers to the
    booster (``None``: it takes words)."""
    names = tuple(booster.feature_name())
    named = not all(_GENERIC.fullmatch(name) for name in names)
    domain = opening.inputs((len(names),), names if named else ())
    if domain.kind is InputKind.TEXT:
        raise TargetError(f"{opening.name} takes numbers, and the data is text.")
    if not (named and domain.names):
        check_width(domain, len(names), opening.name)
        return flat, domain, ()
    # LightGBM writes names without the characters that JSON forbids
    own = {_plain(name): name for name in domain.names}
    columns = columns_of(domain, [own.get(name, name) for name in names], opening.name)
    if getattr(booster, "pandas_categorical", None) and has_words(domain):
        return (lambda x: frame(x, domain, columns, names, categories=True)), domain, None
    if columns == tuple(range(domain.shape[0])):
        return flat, domain, ()
    return (lambda x: x[:, list(columns)]), domain, columns


def _plain(name: str) -> str:
    return name.replace(" ", "_")
