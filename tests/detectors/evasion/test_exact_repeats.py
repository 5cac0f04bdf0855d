"""Retries and probes are told from inputs that somebody asks again and again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.detectors.evasion.streams import batch, built, smooth
from violet.detectors.base import Batch, Setup
from violet.detectors.evasion.exact_repeats import ExactRepeats
from violet.detectors.reference import fit_reference

Array = np.ndarray[Any, Any]
LIMIT = 25.0


def stream(which: list[int], every: float = 1.0, seed: int = 0) -> Batch:
    rows = np.random.default_rng(seed).normal(size=(max(which) + 1, 8))[which]
    return batch(rows, 0, at=1e9 + every * np.arange(len(which)))


def highest(one: Batch) -> float:
    detector = built(smooth(8), ("evasion/exact_repeats",))["evasion/exact_repeats"]
    return float(detector.observe(one).value.max(initial=0.0))


def test_averaging_over_a_randomised_answer_is_seen() -> None:
    averaged = [case for case in range(10) for _ in range(20)]
    assert highest(stream(averaged)) >= LIMIT


def test_retries_are_not() -> None:
    assert highest(stream([case for case in range(300) for _ in range(5)])) == 0


@pytest.mark.parametrize("failure", [503, 0])
def test_nor_are_those_of_an_outage_however_many(failure: int) -> None:
    """An error, and no answer at all."""
    rows = np.random.default_rng(0).normal(size=(10, 8)).repeat(30, axis=0)
    status = np.where(np.arange(300) % 30 < 29, failure, 200).astype(np.int16)
    detector = built(smooth(8), ("evasion/exact_repeats",))["evasion/exact_repeats"]
    assert detector.observe(batch(rows, 0, status=status)).value.max(initial=0.0) == 0


def test_a_health_probe_is_not_even_among_other_queries() -> None:
    probe = [0 if second % 2 else 1 + second // 2 for second in range(2000)]
    assert highest(stream(probe, every=5.0)) < LIMIT / 2
    assert highest(stream([0] * 5000, every=10.0)) == 0


def test_who_asks_the_same_once_an_hour_is_not() -> None:
    """Ten cases that are looked at all day."""
    assert highest(stream([hour % 10 for hour in range(500)], every=700.0)) < LIMIT / 2


def test_two_cases_asked_in_turn_are_seen() -> None:
    assert highest(stream([0, 1] * 60)) >= LIMIT


def test_where_rows_repeat_by_nature_it_says_nothing() -> None:
    rng = np.random.default_rng(0)
    coarse = fit_reference(rng.integers(0, 2, (2000, 3)).astype(float))
    detector = ExactRepeats(Setup(coarse, 10, options={"retries": 5, "decay": 1 / 8}))
    rows = rng.integers(0, 2, (500, 3)).astype(float)
    assert len(detector.observe(batch(rows, 0, coarse)).rows) == 0


def test_the_evidence_says_how_often() -> None:
    detector = built(smooth(8), ("evasion/exact_repeats",))["evasion/exact_repeats"]
    scores = detector.observe(stream([0, 1] * 60))
    evidence = scores.explain(len(scores.rows) - 1)
    assert evidence.queries == ("118",) or evidence.queries == ("119",)
    assert float(evidence.values["times"]) >= 50
    assert "retries" in evidence.reference
