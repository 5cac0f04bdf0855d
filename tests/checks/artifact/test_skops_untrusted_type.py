"""skops files that build objects of unknown types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import skops.io
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from tests.checks.examples import outcomes
from tests.formats.skops_schemas import node, schema, write

RULE = "artifact/skops-untrusted-type"


def positive(directory: Path) -> Path:
    return write(directory / "m.skops", schema(node("ObjectNode", "acme.metrics", "Scorer")))


def benign(directory: Path) -> Path:
    data, target = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    columns = ColumnTransformer([("a", StandardScaler(), [0]), ("b", FunctionTransformer(np.log1p), [1])])
    model = make_pipeline(columns, LogisticRegression()).fit(data, target)
    path = directory / "model.skops"
    skops.io.dump(model, path)
    return path


def test_models_of_scikit_learn_are_silent(tmp_path: Path) -> None:
    data, target = np.arange(20.0).reshape(10, 2), np.arange(10) % 2
    for model in (GradientBoostingClassifier(n_estimators=2), RandomForestRegressor(n_estimators=2)):
        path = tmp_path / f"{type(model).__name__}.skops"
        skops.io.dump(model.fit(data, target), path)
        assert outcomes(path) == []
