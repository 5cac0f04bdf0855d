"""Small targets with known truth, in this process."""

from __future__ import annotations

from typing import Any

import numpy as np

from violet.domain.robustness import Threat
from violet.services.testing.options import DataSource, RobustnessOptions
from violet.targets.base import InputDomain, InputKind, LabelledData, Offers, TargetSpec
from violet.targets.callable_target import CallableTarget

FEATURES = 12


def domain(features: int = FEATURES) -> InputDomain:
    return InputDomain(
        InputKind.VECTOR,
        (features,),
        np.zeros(features),
        np.ones(features),
        names=tuple(f"f{i}" for i in range(features)),
    )


def linear_data(rows: int = 240, seed: int = 0, noise: float = 0.0) -> tuple[LabelledData, np.ndarray[Any, Any]]:
    """Points of a box with a plane through it, and the weights of the plane: the distance of each point is known."""
    generator = np.random.default_rng(seed)
    weights = generator.normal(size=FEATURES)
    x = generator.uniform(0.1, 0.9, size=(rows, FEATURES))
    y = (margin(x, weights) > 0).astype(np.int64)
    flipped = generator.random(rows) < noise
    y = np.where(flipped, 1 - y, y)
    return LabelledData(x, y, ("below", "above"), domain(), "linear", "0" * 64), weights


def margin(x: np.ndarray[Any, Any], weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return np.asarray((x - 0.5) @ weights)


def linear_target(weights: np.ndarray[Any, Any], name: str = "linear") -> CallableTarget:
    def predict(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        above = 1 / (1 + np.exp(-4 * margin(np.asarray(x, dtype=float), weights)))
        return np.stack([1 - above, above], axis=1)

    return CallableTarget(predict, domain(), 2, Offers.PROBABILITIES, name)


def options(name: str, threat: str = "linf:0.1", **fields: Any) -> RobustnessOptions:
    known: dict[str, Any] = {"suite": "quick", "samples": 0, "probes": 64, "budget": 60.0, "jobs": 1}
    return RobustnessOptions(
        TargetSpec(name, "callable"), DataSource("in memory"), Threat.parse(threat), **{**known, **fields}
    )
