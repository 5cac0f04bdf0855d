"""A table as banks have it, made from scratch, and models of it."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from violet.targets.base import InputDomain, InputKind, Offers
from violet.targets.callable_target import CallableTarget
from violet.targets.table_schema_file import parse_schema

Array = NDArray[Any]

SCHEMA = parse_schema(b"""
label = "default"
constraints = [
  "open_accounts <= total_accounts",
  { text = "ratio == debt / income", tolerance = 1e-5 },
]

[features.age]
type = "integer"
range = [18, 90]
immutable = true

[features.open_accounts]
type = "integer"
range = [0, 30]

[features.total_accounts]
type = "integer"
range = [0, 60]
direction = "up"

[features.debt]
range = [0, 100000]
step = 100

[features.income]
range = [5000, 200000]

[features.ratio]
range = [0, 20]

[features.late]
type = "integer"
range = [0, 12]

[features.purpose]
values = ["car", "house", "study", "other"]

[features.employed]
type = "binary"

[features.home_own]
[features.home_rent]
[features.home_free]

[groups]
home = ["home_own", "home_rent", "home_free"]
""")


@cache
def credit(n: int = 3000) -> tuple[Array, Array]:
    rng = np.random.default_rng(7)
    age = rng.integers(18, 80, n)
    open_accounts = rng.integers(0, 20, n)
    total = open_accounts + rng.integers(0, 25, n)
    income = np.round(np.clip(rng.lognormal(10.6, 0.5, n), 5000, 200000))
    debt = np.round(np.clip(rng.gamma(2, 8000, n), 0, 1e5) / 100) * 100
    late = np.minimum(rng.poisson(1.2, n), 12)
    purpose = rng.integers(0, 4, n)
    employed = rng.random(n) < 0.8
    home = np.eye(3)[rng.integers(0, 3, n)]
    ratio = np.minimum(debt / income, 20)
    risk = 2.2 * ratio + 0.5 * late - 0.02 * age + 0.05 * open_accounts - 1.1 * employed + 0.8 * (purpose == 2)
    risk = risk + 0.7 * home[:, 1] - 0.9 * home[:, 0] + rng.normal(0, 0.6, n)
    columns = [age, open_accounts, total, debt, income, ratio, late, purpose, employed, *home.T]
    x = np.stack(columns, axis=1).astype(np.float32)
    return x, (risk > np.median(risk)).astype(np.int64)


def domain() -> InputDomain:
    low = np.array([feature.bounds[0] for feature in SCHEMA.features])
    high = np.array([feature.bounds[1] for feature in SCHEMA.features])
    return InputDomain(InputKind.TABLE, (len(low),), low, high, names=SCHEMA.names, schema=SCHEMA)


@cache
def model(kind: str) -> Any:
    x, y = credit()
    x, y = x[:2000], y[:2000]
    if kind == "xgboost":
        import xgboost

        return xgboost.XGBClassifier(n_estimators=40, max_depth=4, n_jobs=1, random_state=0).fit(x, y)
    if kind == "lightgbm":
        import lightgbm

        return lightgbm.LGBMClassifier(n_estimators=40, n_jobs=1, verbose=-1, random_state=0).fit(x, y)
    if kind == "linear":
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(20, random_state=0, n_jobs=1).fit(x, y)


def target(kind: str, scores: bool = True) -> CallableTarget:
    fitted = model(kind)
    if scores:
        return CallableTarget(fitted.predict_proba, domain(), 2, Offers.PROBABILITIES, kind)
    return CallableTarget(fitted.predict, domain(), 2, Offers.LABELS, kind)


def attacked(kind: str, n: int) -> tuple[Array, Array]:
    """Held-out rows that the model gets right."""
    x, y = credit()
    x, y = x[2000:], y[2000:]
    right = model(kind).predict(x) == y
    return x[right][:n], y[right][:n]
