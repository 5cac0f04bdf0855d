"""A world of credit applications: 20 columns as applications have them, and gradient boosting that judges them.

Made up. What matters is what such data are like: amounts on grids, whole numbers, flags, codes, columns that depend on
each other, one that is computed from two others, point masses at 0, heavy tails, and twins.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.traffic.world import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

#        name, step, low, high
COLUMNS = (
    ("age", 1, 18, 90),
    ("region", 1, 0, 11),
    ("product", 1, 0, 5),
    ("employment", 1, 0, 4),
    ("months_employed", 1, 0, 480),
    ("income", 100, 0, 400_000),
    ("household", 1, 1, 8),
    ("owns_home", 1, 0, 1),
    ("amount", 500, 500, 100_000),
    ("duration", 6, 6, 96),
    ("instalment", 0.01, 0, 20_000),
    ("debt", 10, 0, 300_000),
    ("accounts", 1, 0, 30),
    ("cards", 1, 0, 12),
    ("defaults", 1, 0, 8),
    ("inquiries", 1, 0, 20),
    ("utilisation", 0.01, 0, 1.5),
    ("savings", 1, 0, 500_000),
    ("tenure", 1, 0, 600),
    ("channel", 1, 0, 3),
)
NAMES = tuple(column[0] for column in COLUMNS)
STEP, LOW, HIGH = (np.array([float(column[place]) for column in COLUMNS]) for place in (1, 2, 3))
AT = {name: place for place, name in enumerate(NAMES)}
CODES = tuple(AT[name] for name in ("region", "product", "employment", "owns_home", "channel"))
ASKED = tuple(
    AT[name] for name in ("amount", "duration", "income", "debt", "savings", "utilisation", "months_employed")
)
"""What analysts vary, and customers reconsider."""
FACTORS = 6
TWINS = 0.02
"""The share of rows that are an earlier one, or nearly."""


class Applications:
    """Rows from a few hidden factors: made up, of no real data."""

    groups = 72

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        rng = np.random.default_rng([seed, 20])
        self._mix = rng.normal(size=(FACTORS, len(NAMES))) * 0.55
        self._region = np.sort(rng.dirichlet(np.full(12, 1.5)))[::-1]
        self._product = np.sort(rng.dirichlet(np.full(6, 2.0)))[::-1]
        self._by_region = rng.normal(size=(12, FACTORS)) * 0.5
        self._by_product = rng.normal(size=(6, FACTORS)) * 0.6
        self._drift = rng.normal(size=FACTORS) * 0.004
        self._season = rng.normal(size=FACTORS) * 0.05

    def draw(self, rng: np.random.Generator, n: int, *, day: Array | float = 0.0, group: int = -1) -> Array:
        region = rng.choice(12, n, p=self._region) if group < 0 else np.full(n, group % 12)
        product = rng.choice(6, n, p=self._product) if group < 0 else np.full(n, group // 12 % 6)
        when = np.broadcast_to(np.asarray(day, dtype=float), (n,))[:, None]
        moved = when * self._drift + np.sin(when * (2 * np.pi / 7)) * self._season
        rows = self._rows(rng, region, product, moved)
        twin = np.flatnonzero(rng.random(n) < TWINS)
        if n > 1 and group < 0:
            rows[twin] = self.revise(rng, rows[rng.integers(0, n, len(twin))])
        return rows

    def others(self, rng: np.random.Generator, n: int) -> Array:
        region, product = rng.choice(12, n, p=self._region[::-1]), rng.choice(6, n, p=self._product[::-1])
        shift = np.where(np.arange(FACTORS) % 2, 0.9, -0.9)
        return self._rows(rng, region, product, np.tile(shift, (n, 1)))

    def foreign(self, rng: np.random.Generator, n: int) -> Array:
        return Applications(self._seed + 1000).draw(rng, n)

    def _rows(self, rng: np.random.Generator, region: Array, product: Array, moved: Array) -> Array:
        n = len(region)
        hidden = rng.normal(size=(n, FACTORS)) + self._by_region[region] + self._by_product[product] + moved
        u = hidden @ self._mix / 1.4 + rng.normal(size=(n, len(NAMES))) * 0.6
        rows = np.empty((n, len(NAMES)))
        put = {name: u[:, place] for name, place in AT.items()}
        rows[:, AT["age"]] = 42 + 13 * put["age"]
        rows[:, AT["region"]], rows[:, AT["product"]] = region, product
        rows[:, AT["employment"]] = np.digitize(put["employment"], [-1.2, -0.2, 0.8, 1.6])
        rows[:, AT["months_employed"]] = 40 * np.exp(0.9 * put["months_employed"])
        rows[:, AT["income"]] = np.exp(10.4 + 0.5 * put["income"])
        rows[:, AT["household"]] = 1 + np.floor(np.exp(0.5 + 0.5 * put["household"]))
        rows[:, AT["owns_home"]] = put["owns_home"] + 0.02 * (rows[:, AT["age"]] - 45) > 0.3
        rows[:, AT["amount"]] = np.exp(9.1 + 0.7 * put["amount"] + 0.3 * put["income"])
        rows[:, AT["duration"]] = 36 + 16 * put["duration"] + 6 * put["amount"]
        rows[:, AT["debt"]] = np.where(put["debt"] > -0.5, np.exp(8.4 + 1.1 * put["debt"]), 0)
        rows[:, AT["accounts"]] = np.floor(np.exp(1.5 + 0.5 * put["accounts"]))
        rows[:, AT["cards"]] = np.floor(np.exp(0.8 + 0.5 * put["cards"] + 0.2 * put["accounts"]))
        rows[:, AT["defaults"]] = np.floor(np.exp(1.0 * put["defaults"] - 0.9))
        rows[:, AT["inquiries"]] = np.floor(np.exp(0.9 * put["inquiries"] - 0.2))
        rows[:, AT["utilisation"]] = 1.0 / (1.0 + np.exp(0.4 - 1.2 * put["utilisation"]))
        rows[:, AT["savings"]] = np.where(put["savings"] > -0.3, np.exp(7.5 + 1.3 * put["savings"]), 0)
        rows[:, AT["tenure"]] = 50 * np.exp(0.8 * put["tenure"])
        rows[:, AT["channel"]] = np.digitize(put["channel"], [-0.6, 0.5, 1.4])
        return self.snap(rows)

    def vary(self, rng: np.random.Generator, base: Array, count: int) -> Array:
        column = int(rng.choice(ASKED))
        steps = max(1, round(float(rng.choice([1, 2, 5, 10]))))
        step = STEP[column] * steps * (50 if NAMES[column] == "savings" else 1)
        places = base[column] + step * (np.arange(count) - int(rng.integers(0, count)))
        places = places[(places >= LOW[column]) & (places <= HIGH[column])]
        rows = np.tile(base, (len(places), 1))
        rows[:, column] = places
        if rng.random() < 0.2:
            second = int(rng.choice(ASKED))
            rows[len(rows) // 2 :, second] = base[second] + STEP[second] * int(rng.integers(1, 9))
        return self.snap(rows)

    def revise(self, rng: np.random.Generator, rows: Array) -> Array:
        found = rows.copy()
        n = len(rows)
        for column in (AT["amount"], AT["duration"], AT["debt"], AT["savings"], AT["utilisation"]):
            some = rng.random(n) < 0.25
            found[some, column] *= rng.normal(1.0, 0.08, int(some.sum()))
        return self.snap(found)

    def snap(self, rows: Array) -> Array:
        found = np.round(np.clip(np.asarray(rows, dtype=float), LOW, HIGH) / STEP) * STEP
        found[:, AT["instalment"]] = found[:, AT["amount"]] / found[:, AT["duration"]] * 1.04
        return np.asarray(np.round(found, 2))


def truth(rng: np.random.Generator, rows: Array) -> Array:
    """Who defaults, ``(n,)``: what the model is to learn."""
    z = {name: rows[:, place] for name, place in AT.items()}
    burden = 12 * z["instalment"] / np.maximum(z["income"], 3000)
    risk = (
        3.0 * np.minimum(burden, 1.5)
        + 0.7 * np.minimum(z["defaults"], 3)
        + 0.25 * np.minimum(z["inquiries"], 5)
        + 1.4 * z["utilisation"]
        - 0.25 * np.log1p(z["savings"])
        - 0.5 * z["owns_home"]
        + 0.8 * np.where(z["age"] < 28, 1, 0) * np.where(z["months_employed"] < 24, 1.6, 0.4)
        + 0.4 * np.isin(z["employment"], (0, 4))
        + 0.3 * np.minimum(z["debt"] / np.maximum(z["income"], 3000), 3)
        + 0.5 * np.isin(z["region"], (2, 5, 9)) * (z["product"] > 2)
    )
    return np.asarray(risk - 0.2 + rng.logistic(0, 0.35, len(rows)) > 0)


@cache
def table_world(seed: int = 0) -> World:
    """Built once a process and seed; takes about two seconds."""
    from sklearn.ensemble import GradientBoostingClassifier

    from violet.detectors.reference import fit_reference
    from violet.targets.base import InputDomain, InputKind

    rng = np.random.default_rng([seed, 1])
    people = Applications(seed)
    train, held = people.draw(rng, 6000), people.draw(rng, 8000)
    model = GradientBoostingClassifier(n_estimators=60, max_depth=4, subsample=0.5, random_state=seed)
    model.fit(train, truth(rng, train))
    scores = model.predict_proba(held)
    return World(
        name="table",
        population=people,
        predict=model.predict_proba,
        domain=InputDomain(InputKind.TABLE, (len(NAMES),), LOW, HIGH, names=NAMES, dtype="float64", schema=schema()),
        names=NAMES,
        shape=(),
        train=train,
        held=held,
        reference=fit_reference(held, NAMES, scores=scores, labels=scores.argmax(axis=1), seed=seed),
        seconds=0.0005,
    )


def schema() -> Any:
    """What an attacker can change, by the rules of the application."""
    from violet.targets.schema import Constraint, Direction, Feature, FeatureType, TableSchema

    def feature(place: int) -> Feature:
        name, step, low, high = COLUMNS[place]
        movable = place in ASKED or name in ("instalment", "household", "cards", "channel")
        way = Direction.ANY if movable else Direction.NONE
        if place in CODES and name != "owns_home":
            words = tuple(f"{name}-{code}" for code in range(int(high) + 1))
            return Feature(name, FeatureType.CATEGORICAL, direction=way, values=words)
        if name == "owns_home":
            return Feature(name, FeatureType.BINARY, direction=way)
        kind = FeatureType.INTEGER if step >= 1 else FeatureType.REAL
        return Feature(name, kind, low, high, way, step=float(step))

    same = Constraint("instalment == amount * 1.04 / duration", tolerance=0.006)
    return TableSchema(tuple(feature(place) for place in range(len(COLUMNS))), (same,))
