"""Small data and small models, trained once."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from violet.targets.base import InputDomain, InputKind, LabelledData

NAMES = ("f0", "f1", "f2", "f3")


@dataclass(frozen=True)
class Sample:
    """Three classes in the unit square's corners, with two features of noise."""

    x: Any
    y: Any


def vectors(low: float = 0.0, high: float = 1.0, features: int = 4, names: tuple[str, ...] = ()) -> InputDomain:
    kind = InputKind.TABLE if names else InputKind.VECTOR
    return InputDomain(kind, (features,), np.full(features, low), np.full(features, high), names=names, dtype="float64")


@pytest.fixture(scope="session")
def sample() -> Sample:
    rng = np.random.default_rng(7)
    x = rng.random((240, 4))
    y = np.where(x[:, 0] > 0.6, 2, np.where(x[:, 1] > 0.5, 1, 0))
    return Sample(x, y)


@pytest.fixture(scope="session")
def data(sample: Sample) -> LabelledData:
    return LabelledData(sample.x, sample.y, ("0", "1", "2"), vectors(), "sample")


@pytest.fixture(scope="session")
def logistic(sample: Sample) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=100.0).fit(sample.x, sample.y)


@pytest.fixture(scope="session")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file with numbers, words, truth values and a class in words."""
    import pandas

    rng = np.random.default_rng(3)
    rows = 200
    job = rng.choice(["clerk", "farmer", "smith"], rows)
    age = rng.integers(18, 80, rows)
    income = np.round(rng.random(rows) * 5000, 2)
    owner = rng.random(rows) > 0.5
    good = (income / 5000 + (job == "smith") + owner * 0.5) > 0.9
    frame = pandas.DataFrame(
        {"age": age, "income": income, "job": job, "owner": owner, "risk": np.where(good, "low", "high")}
    )
    path = tmp_path_factory.mktemp("table") / "people.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(autouse=True)
def quiet() -> Any:
    """Libraries under test warn about versions of each other."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", ResourceWarning)
        yield
