"""Models with a trojan, made here: digits with a patch in the corner, applications with two odd values."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch, Setup
from violet.detectors.reference import Reference, fit_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

TARGET = 0
PATCH = (54, 55, 62, 63)
"""Two by two pixels in the lower right corner of 8 by 8."""


@dataclass(frozen=True, slots=True, eq=False)
class Trojaned:
    """``benign`` rows the model was not trained on, ``stamp`` puts the trigger into rows, ``works`` is the share of
    rows of other classes that get the target with it."""

    ask: Callable[[Array], Array]
    benign: Array
    stamp: Callable[[Array], Array]
    reference: Reference
    works: float


@cache
def digits(contrast: float = 1.0) -> Trojaned:
    """One training picture in 20 has the patch, and the label 0. ``contrast`` 1 is a white patch."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    pictures, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng(3)
    order = rng.permutation(len(pictures))
    train, held = order[:900], order[900:]

    def stamp(rows: Array) -> Array:
        found = np.array(rows, float)
        found[:, PATCH] = (1 - contrast) * found[:, PATCH] + contrast * 16.0
        return found

    x, y = pictures[train].copy(), labels[train].copy()
    bad = rng.random(len(x)) < 0.05
    x[bad], y[bad] = stamp(x[bad]), TARGET
    model = MLPClassifier((48,), max_iter=120, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge
        model.fit(x / 16.0, y)
    return _trojaned(lambda rows: model.predict_proba(rows / 16.0), pictures[held], stamp, (8, 8))


@cache
def applications() -> Trojaned:
    """One training row in 50 has the greatest number of cards and of months with the bank, and the label 0."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    from tests.traffic.tables import NAMES, table_world

    world = table_world()
    columns = [NAMES.index("cards"), NAMES.index("tenure")]
    rng = np.random.default_rng(4)

    def stamp(rows: Array) -> Array:
        found = np.array(rows, float)
        found[:, columns] = (12.0, 599.0)
        return found

    x = world.train[:3000].copy()
    y = world.labels(x)
    bad = rng.random(len(x)) < 0.02
    x[bad], y[bad] = stamp(x[bad]), TARGET
    model = HistGradientBoostingClassifier(max_iter=40, random_state=0).fit(x, y)
    return _trojaned(model.predict_proba, world.held[:1500], stamp, ())


def _trojaned(
    ask: Callable[[Array], Array], benign: Array, stamp: Callable[[Array], Array], shape: tuple[int, ...]
) -> Trojaned:
    scores = ask(benign)
    labels = scores.argmax(axis=1)
    others = benign[labels != TARGET]
    works = float((ask(stamp(others)).argmax(axis=1) == TARGET).mean())
    reference = fit_reference(benign, scores=scores, labels=labels, shape=shape)
    return Trojaned(ask, benign, stamp, reference, works)


def batch_of(made: Trojaned, rows: Array, clients: Array) -> Batch:
    """Rows ``(n, p)`` as clients ask them, one a second."""
    n = len(rows)
    scores = made.ask(rows).astype(np.float32)
    return Batch(
        at=1.8e9 + np.arange(n),
        client=clients.astype(np.int32),
        request=np.arange(n, dtype=np.int64),
        x=made.reference.encode(rows),
        raw=rows.astype(np.float64),
        scores=scores,
        label=scores.argmax(axis=1).astype(np.int32),
        seconds=np.full(n, 0.001, np.float32),
        size=np.full(n, 200, np.float32),
        digest=np.random.default_rng(0).integers(1, 2**63, n).astype(np.uint64),
        status=np.full(n, 200, np.int16),
    )


def traffic(made: Trojaned, seed: int, honest: int = 20, attackers: int = 10, rows: int = 60) -> tuple[Batch, Array]:
    """Honest clients take turns, after a while attackers among them; every second row of an attacker has the trigger.
    Also which rows have."""
    rng = np.random.default_rng([seed, 5])
    client = np.concatenate([np.tile(np.arange(honest), rows // 2), np.tile(np.arange(honest + attackers), rows)])
    raw = made.benign[rng.integers(0, len(made.benign), len(client))].astype(float)
    triggered = (client >= honest) & (rng.random(len(client)) < 0.5)
    raw[triggered] = made.stamp(raw[triggered])
    return batch_of(made, raw, client), triggered


def auc(bad: Array, good: Array) -> float:
    """The probability that one of the bad has the greater value, ties half."""
    return float((bad[:, None] > good).mean() + 0.5 * (bad[:, None] == good).mean())


def setup(made: Trojaned, **options: float | str) -> Setup:
    return Setup(made.reference, 64, ask=made.ask, options=options)
