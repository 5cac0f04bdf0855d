"""Targets in unit space, without torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.targets.conftest import vectors
from violet.targets.base import InputDomain, InputKind, Offers, TargetError
from violet.targets.callable_target import CallableTarget
from violet.targets.data_texts import text_domain
from violet.targets.unit import in_unit_space

RAW = InputDomain(InputKind.IMAGE, (2, 2), np.full((2, 2), -1.0), np.full((2, 2), 3.0), layout="hw")


def test_unit_inputs_are_asked_in_raw_space() -> None:
    asked: list[Any] = []

    def predict(x: Any) -> Any:
        asked.append(x)
        return np.stack([x.sum(axis=(1, 2)), -x.sum(axis=(1, 2))], axis=1)

    raw = CallableTarget(predict, RAW, 2, Offers.SCORES, "sum")
    unit = in_unit_space(raw)
    u = np.random.default_rng(0).random((6, 2, 2))
    assert (unit.scores(u) == raw.scores(RAW.to_raw(u))).all()
    assert (unit.labels(u) == raw.labels(RAW.to_raw(u))).all()
    assert asked[0].dtype == np.float32
    assert unit.counter is raw.counter
    assert raw.counter.rows == 24
    assert (unit.domain.shape, unit.domain.layout, unit.name) == ((2, 2), "hw", "sum")
    assert (unit.domain.low == 0).all()
    assert (unit.domain.high == 1).all()
    assert np.allclose(RAW.to_unit(RAW.to_raw(u)), u, atol=1e-6)


def test_what_has_no_unit_space() -> None:
    with pytest.raises(TargetError, match="text"):
        in_unit_space(CallableTarget(len, text_domain(), 2))
    with pytest.raises(TargetError, match="no bounds"):
        in_unit_space(CallableTarget(len, vectors(high=np.inf), 2))
