"""Rings and fingerprints find what plain search finds."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.evasion.streams import batch, smooth
from violet.detectors.base import Setup
from violet.detectors.evasion._scale import scale_of
from violet.detectors.evasion._trail import Trail
from violet.detectors.fingerprints import Fingerprints
from violet.detectors.reference import fit_reference
from violet.detectors.rings import CHUNK, Rings

Array = np.ndarray[Any, Any]


def sorted_by_client(who: Array) -> tuple[Array, Array, Array]:
    order = np.argsort(who, kind="stable")
    slots = who[order]
    start = np.searchsorted(slots, slots)
    return order, np.arange(len(who)) - start, start


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 9))
def test_a_ring_holds_the_last_rows_of_its_client(seed: int, clients: int) -> None:
    rng = np.random.default_rng(seed)
    rings = Rings(20, 3, {"number": np.int64})
    model: dict[int, deque[int]] = {slot: deque(maxlen=rings.size) for slot in range(20)}
    number = 0
    for _ in range(12):
        n = int(rng.integers(1, CHUNK + 1))
        who = rng.integers(0, clients, n)
        x = rng.normal(size=(n, 3)).astype(np.float32)
        order, rank, start = sorted_by_client(who)
        window = rings.window(x[order], who[order], rank, start, 0)
        rings.marks["number"][window.own] = number + order
        for place, row in enumerate(order.tolist()):
            earlier = [number + other for other in range(row) if who[other] == who[row]]
            expected = [*model[int(who[row])], *earlier][-rings.size :][::-1]
            found = rings.marks["number"][window.at[place]][window.valid[place]]
            assert found.tolist() == expected
            assert (rings.rows[window.own[place]] == x[row]).all()
        rings.put(window, who[order], rank)
        for row in range(n):
            model[int(who[row])].append(number + row)
        number += n


@pytest.mark.parametrize(("width", "own", "anybody"), [(5, 0.9, 0.85), (20, 0.85, 0.75), (100, 0.75, 0.4)])
def test_fingerprints_find_near_rows_and_sparse_ones_among_many(width: int, own: float, anybody: float) -> None:
    """Of columns that know nothing of each other, which are the hardest: rows a fifth of the distance away, those that
    differ in one column, none that is not near, and of the client's own none that another one sent."""
    rng = np.random.default_rng(width)
    reference = smooth(width)
    scale = scale_of(reference)
    few = min(scale.fewer, width // 4)
    prints = Fingerprints(width, 100, scale.far, few, reference.sample, {}, room=16 << 20)
    rows = rng.normal(size=(6400, width)).astype(np.float32)
    for begin in range(0, len(rows), 64):
        prints.observe(rows[begin : begin + 64], np.arange(64) % 50, np.arange(64) // 50)
    assert prints.size > len(rows)
    chosen = np.sort(rng.choice(len(rows), 64, replace=False))
    slots = chosen % 64 % 50
    rank = np.arange(64) * 0
    noise = rng.normal(size=(64, width)).astype(np.float32)
    noise *= np.float32(0.2 * scale.far) / np.linalg.norm(noise, axis=1, keepdims=True)
    found = prints.observe(rows[chosen] + noise, slots, rank)
    assert (found.own >= 0).mean() > own
    assert (found.any >= 0).mean() > anybody
    hit = found.own >= 0
    np.testing.assert_allclose(np.sqrt(found.own_square[hit]), 0.2 * scale.far, rtol=1e-2)
    assert (prints.rows[found.own[hit]] == rows[chosen[hit]]).all()
    sparse = rows[chosen].copy()
    sparse[:, 1] += 3.0
    if few:
        found = prints.observe(sparse, slots, rank)
        assert (found.own >= 0).mean() > 0.75
        assert (found.own_moved[found.own >= 0] <= few).all()
    strangers = prints.observe(rows[chosen] + noise * np.float32(0.9), np.full(64, 99), np.arange(64))
    assert (strangers.own[:1] == -1).all()
    assert (strangers.any >= 0).mean() > anybody
    far = prints.observe(rng.normal(size=(64, width)).astype(np.float32) * 5, slots, rank)
    assert (far.any == -1).mean() > 0.9


def test_a_client_that_comes_anew_does_not_inherit() -> None:
    reference = smooth(8)
    prints = Fingerprints(8, 10, 0.5, 0, reference.sample, {})
    row = np.random.default_rng(0).normal(size=(1, 8)).astype(np.float32)
    one, zero = np.array([3]), np.zeros(1, np.int64)
    prints.observe(row, one, zero)
    assert prints.observe(row + np.float32(0.01), one, zero).own[0] >= 0
    prints.forget(one)
    found = prints.observe(row + np.float32(0.02), one, zero)
    assert found.own[0] == -1
    assert found.any[0] >= 0


def test_what_counts_as_near_is_rare_among_benign_rows() -> None:
    for width in (6, 20):
        scale = scale_of(smooth(width))
        fresh = smooth(width).encode(np.random.default_rng(7).normal(size=(1500, width)))
        apart = np.linalg.norm(fresh[:, None] - fresh[None], axis=2)[np.triu_indices(1500, 1)]
        assert (apart <= scale.near).mean() < 1e-4
        assert scale.far < scale.near
        assert scale.few <= width // 2


def test_a_coarse_table_whose_rows_repeat_links_nothing() -> None:
    """Three flags: eight different rows, so that everything is somebody's twin."""
    rng = np.random.default_rng(8)
    reference = fit_reference(rng.integers(0, 2, (2000, 3)).astype(float))
    trail = Trail(Setup(reference, 100), prints=True)
    rows = rng.integers(0, 2, (500, 3)).astype(float)
    steps = trail.observe(batch(rows, np.arange(500) % 5, reference))
    assert not [step for step in steps if not step.sparse]


def test_a_reference_without_a_sample_will_do() -> None:
    raw = np.random.default_rng(9).normal(size=(1500, 10))
    scale = scale_of(fit_reference(raw, sample=0))
    assert scale.near == pytest.approx(scale_of(fit_reference(raw)).near)
    assert scale.few == 1
    Trail(Setup(fit_reference(raw, sample=0), 100), prints=True).observe(batch(raw[:100], 0, fit_reference(raw)))


def test_rows_are_counted_once_however_often_they_are_asked() -> None:
    trail = Trail(Setup(smooth(8), 100), prints=False)
    rows = np.random.default_rng(1).normal(size=(3, 8))
    trail.observe(batch(rows[[0, 0, 1, 0, 1, 2, 2]], 4))
    assert trail.counts.tolist() == [1, 1, 2, 2, 2, 3, 3]
    assert trail.before.tolist() == [0, 1, 1, 2, 2, 2, 3]
    assert int(trail.count[4]) == 3
