"""Rates and their intervals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from violet.domain.errors import UsageError
from violet.domain.rate import Rate
from violet.domain.robustness import Norm, Threat


@given(st.integers(1, 3000), st.data())
def test_the_interval_is_wilsons(total: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, total))
    ours = Rate(hits, total).interval()
    theirs = binomtest(hits, total).proportion_ci(method="wilson")
    assert math.isclose(ours.low, theirs.low, abs_tol=1e-12)
    assert math.isclose(ours.high, theirs.high, abs_tol=1e-12)
    assert hits / total in ours


def test_no_cases_are_no_rate() -> None:
    empty = Rate(0, 0)
    assert math.isnan(empty.value)
    assert (empty.interval().low, empty.interval().high) == (0.0, 1.0)
    assert "not measured" in str(empty)


def test_more_hits_than_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="no rate"):
        Rate(3, 2)


@pytest.mark.parametrize(
    ("text", "norm", "eps"),
    [("linf:0.03", Norm.LINF, 0.03), ("linf:8/255", Norm.LINF, 8 / 255), ("L2:.5", Norm.L2, 0.5),
     ("feasible", Norm.FEASIBLE, math.inf), ("feasible:3", Norm.FEASIBLE, 3.0), ("l0:4", Norm.L0, 4.0)],
)  # fmt: skip
def test_threats_are_read(text: str, norm: Norm, eps: float) -> None:
    assert Threat.parse(text) == Threat(norm, eps)
    assert Threat.parse(str(Threat.parse(text))).norm is norm


@pytest.mark.parametrize(
    "text", ["", "linf", "linf:", "linf:0", "linf:-1", "linf:x", "l7:1", "linf:1/0", "l0:0.5", "linf:nan"]
)
def test_what_is_no_threat_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--threat"):
        Threat.parse(text)
