"""Detectors of drift on a stream: silent while nothing changes, loud when it does, the same however it is cut."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from violet.detectors.base import Batch, Detector, Setup, detectors
from violet.detectors.reference import Reference, fit_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ALL = ("drift/univariate", "drift/multivariate", "drift/segments", "drift/performance")
WINDOW = 500


def rows(count: int, seed: int) -> list[list[Any]]:
    """A table with a word, a mass at 0, and two columns that go together."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, count)
    debt = np.where(rng.random(count) < 0.4, 0.0, rng.lognormal(3, 1, count))
    income = 100 * age + rng.normal(0, 200, count)
    town = rng.choice(["oslo", "rome", "bern"], count, p=[0.5, 0.3, 0.2])
    return [list(row) for row in zip(age.tolist(), debt.tolist(), income.tolist(), town.tolist(), strict=True)]


def scores(raw: Array, sharp: float = 1.0) -> Array:
    p = 1 / (1 + np.exp(-sharp * (raw[:, 0] - 40) / 5))
    return np.column_stack([1 - p, p]).astype(np.float32)


@cache
def reference() -> Reference:
    made = rows(4000, 0)
    plain = np.array([row[:1] for row in made], dtype=np.float64)
    return fit_reference(made, ("age", "debt", "income", "town"), scores=scores(plain))


def batch(made: list[list[Any]], sharp: float = 1.0) -> Batch:
    raw = reference().raw(made)
    n = len(raw)
    return Batch(
        at=1.7e9 + np.arange(n) * 0.5,
        client=np.zeros(n, np.int32),
        request=np.arange(n),
        x=reference().encode(raw),
        raw=raw,
        scores=scores(raw, sharp),
        label=np.zeros(n, np.int32),
        seconds=np.zeros(n, np.float32),
        size=np.zeros(n, np.float32),
        digest=np.zeros(n, np.uint64),
        status=np.full(n, 200, np.int16),
        exchange=lambda number: f"x{number}",
    )


def part(whole: Batch, start: int, stop: int) -> Batch:
    names = ("at", "client", "request", "x", "raw", "scores", "label", "seconds", "size", "digest", "status")
    return replace(whole, memo={}, **{name: getattr(whole, name)[start:stop] for name in names})


def build(name: str, **options: float) -> Detector:
    return detectors()[name].build(Setup(reference(), options={"window": WINDOW, **options}))


Said = tuple[list[int], list[float], list[Any]]


def said(name: str, whole: Batch, cuts: list[int] | None = None, **options: float) -> Said:
    """Where scores were given, the scores, and their evidence."""
    detector = build(name, **options)
    at, values, evidence = [], [], []
    places = [0, *(cuts or []), len(whole)]
    for start, stop in pairwise(places):
        found = detector.observe(part(whole, start, stop))
        at += (found.rows + start).tolist()
        values += found.value.tolist()
        evidence += [found.explain(index) for index in range(len(found.value))]
    return at, values, evidence


@cache
def usual() -> Batch:
    return batch(rows(3200, 1))


@cache
def at_once(name: str, seconds: float) -> Said:
    return said(name, usual(), seconds=seconds)


@pytest.mark.parametrize("seconds", [0.0, 77.0])
@pytest.mark.parametrize("name", ALL)
@given(cuts=st.lists(st.integers(0, 3200), max_size=30))
@settings(max_examples=10)
def test_how_a_stream_is_cut_makes_no_difference(name: str, seconds: float, cuts: list[int]) -> None:
    at, values, evidence = said(name, usual(), sorted(cuts), seconds=seconds)
    known = at_once(name, seconds)
    assert at == known[0]
    np.testing.assert_allclose(values, known[1], rtol=1e-3, atol=1e-4)
    assert [one.queries for one in evidence] == [one.queries for one in known[2]]


@pytest.mark.parametrize("name", ALL)
def test_a_verdict_comes_once_a_window(name: str) -> None:
    at, _, evidence = at_once(name, 0.0)
    assert at == [499, 999, 1499, 1999, 2499, 2999]
    assert evidence[0].queries[-1] == "x499"


@pytest.mark.parametrize("name", ALL)
def test_windows_end_after_their_time(name: str) -> None:
    at, _, _ = at_once(name, 77.0)
    assert at[:3] == [154, 309, 464]


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_said_where_nothing_changed(name: str) -> None:
    _, values, _ = said(name, batch(rows(40 * WINDOW, 7)))
    assert len(values) == 40
    assert max(values) < detectors()[name].facts.threshold


def moved(change: str, count: int = WINDOW) -> Batch:
    made = rows(count, 3)
    rng = np.random.default_rng(9)
    if change == "column":
        for row in made:
            row[0] += 8
    elif change == "together":
        incomes = rng.permutation([row[2] for row in made]).tolist()
        for row, income in zip(made, incomes, strict=True):
            row[2] = income
    elif change == "segment":
        for row in made:
            if row[3] == "bern":
                row[1] += 400
    elif change == "everywhere":
        for row in made:
            row[1] += 400
    return batch(made, sharp=0.3 if change == "unsure" else 1.0)


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("drift/univariate", "column", ("age", "KS distance")),
        ("drift/multivariate", "together", ("together",)),
        ("drift/segments", "segment", ("town is bern", "debt")),
        ("drift/performance", "unsure", ("margin",)),
    ],
)
def test_each_sees_its_kind_of_change_and_says_where(name: str, change: str, words: tuple[str, ...]) -> None:
    count = 4 * WINDOW if name in ("drift/segments", "drift/multivariate") else WINDOW
    options = {"window": count}
    _, values, evidence = said(name, moved(change, count), **options)
    # One pair of four columns that parts is a small part of the whole; defaults leave room for jobs of honest clients.
    usually = max(said(name, batch(rows(10 * count, 8)), **options)[1])
    assert values[0] >= (detectors()[name].facts.threshold if name != "drift/multivariate" else max(0.06, 2 * usually))
    assert all(word in evidence[0].summary for word in words)
    assert evidence[0].values
    assert evidence[0].reference


def test_columns_that_swap_partners_are_seen_by_all_of_them_together_alone() -> None:
    _, values, _ = said("drift/univariate", moved("together"))
    assert max(values) < detectors()["drift/univariate"].facts.threshold


def test_a_segment_that_moves_as_all_do_is_no_segment() -> None:
    _, values, _ = said("drift/segments", moved("everywhere", 4 * WINDOW), window=4 * WINDOW)
    assert max(values) < detectors()["drift/segments"].facts.threshold


def test_evidence_names_queries_of_its_own_window_alone() -> None:
    _, _, evidence = said("drift/univariate", part(usual(), 0, 60), window=50, seconds=2.0)
    assert [one.queries for one in evidence[:2]] == [
        tuple(f"x{k}" for k in range(5)),
        tuple(f"x{k}" for k in range(5, 10)),
    ]


def test_univariate_counts_what_is_beyond_chance() -> None:
    _, values, evidence = said("drift/univariate", moved("column"))
    figures = evidence[0].values
    largest = max(float(value) for name, value in figures.items() if name.endswith("KS distance"))
    assert values[0] == pytest.approx(largest - float(figures["chance"]), abs=2e-4)


def test_univariate_names_the_raw_means() -> None:
    _, _, evidence = said("drift/univariate", moved("column"))
    before, _, after = str(evidence[0].values["age: mean"]).partition(" to ")
    assert abs(float(before) - 40) < 1
    assert abs(float(after) - 48) < 1.5


def test_without_rows_univariate_compares_with_the_means_of_the_reference() -> None:
    bare = replace(reference(), sample=reference().sample[:0])
    detector = detectors()["drift/univariate"].build(Setup(bare, options={"window": WINDOW}))
    said = detector.observe(part(usual(), 0, WINDOW)).explain(0)
    before = float(str(said.values["debt: mean"]).partition(" to ")[0])
    assert before == pytest.approx(batch(rows(4000, 0)).raw[:, 1].mean(), rel=0.2)


@pytest.mark.parametrize("name", ALL)
def test_a_reference_without_rows_and_scores_still_serves(name: str) -> None:
    bare = replace(reference(), sample=reference().sample[:0], margin=reference().margin[:0])
    detector = detectors()[name].build(Setup(bare, options={"window": WINDOW}))
    found = detector.observe(part(usual(), 0, WINDOW))
    assert len(found.value) == 1
    assert np.isfinite(found.value).all()
    assert found.explain(0).summary


@pytest.mark.parametrize("name", ALL)
def test_memory_does_not_grow(name: str) -> None:
    import tracemalloc

    detector = build(name, window=100_000)
    whole = usual()
    detector.observe(whole)
    tracemalloc.start()
    try:
        for _ in range(20):
            detector.observe(whole)
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert grown < 100_000
