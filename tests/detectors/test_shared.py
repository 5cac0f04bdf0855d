"""What detectors of behaviour share: which rows count, sums that add up, blocks, and shares of the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.streams import honest, mixed, part, stolen, trace, whole
from tests.traffic.tables import table_world
from violet.detectors import measures
from violet.detectors.base import Batch
from violet.detectors.blocks import BLOCK, Blocks
from violet.detectors.contrast import Contrast
from violet.detectors.recent import KEPT
from violet.detectors.reference import QUANTILES, pseudo_sample
from violet.detectors.steps import ANCHORS, Steps, dense
from violet.detectors.sums import Cusum


def rows_of(x: Any, clients: Any, reference: Any = None) -> Batch:
    """A batch of encoded rows, of which nothing else matters."""
    n = len(x)
    return Batch(
        at=np.arange(n, dtype=float),
        client=np.asarray(clients, np.int32),
        request=np.arange(n),
        x=np.asarray(x, np.float32),
        raw=np.asarray(x, float),
        scores=None,
        label=np.full(n, -1, np.int32),
        seconds=np.zeros(n, np.float32),
        size=np.zeros(n, np.float32),
        digest=np.arange(n, dtype=np.uint64),
        status=np.full(n, 200, np.int16),
    )


def slow_counts(x: Any, clients: Any, least: int) -> list[bool]:
    """By the book: one row after the other."""
    anchors: dict[int, list[Any]] = {}
    found = []
    for row, client in zip(x, clients, strict=True):
        known = anchors.setdefault(int(client), [])
        counts = all(int((row != anchor).sum()) >= least for anchor in known[-ANCHORS:])
        found.append(counts)
        if counts:
            known.append(row)
    return found


@settings(max_examples=60)
@given(st.data())
def test_rows_count_that_differ_from_the_last_four_that_did(data: st.DataObject) -> None:
    n, d = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 9))
    seed = data.draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, (n, d)).astype(np.float32)
    clients = rng.integers(0, 3, n)
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=5)))
    steps, found = Steps(3, d), []
    batch = rows_of(x, clients)
    for begin, end in zip([0, *cuts], [*cuts, n], strict=True):
        found += steps.step(part(batch, slice(begin, end))).counts.tolist()
    assert found == slow_counts(x, clients, dense(d))


def test_what_analysts_vary_counts_once() -> None:
    piece = honest("analyst", 3, 400)
    batch = whole(trace(piece))
    counts = Steps(4, batch.x.shape[1]).step(batch).counts
    sweeps = 1 + int((np.diff(piece.at) > 30).sum())
    assert counts[0]
    assert counts.sum() <= 3 * sweeps


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2), st.floats(-3, 4)), min_size=1, max_size=80), st.data())
def test_cumulative_sums_are_those_of_page_however_they_are_cut(steps: list[tuple[int, float]], data: Any) -> None:
    level, expected = [0.0] * 3, []
    for client, increment in steps:
        level[client] = min(max(level[client] + increment, 0.0), 6.0)
        expected.append(level[client])
    n = len(steps)
    batch = rows_of(np.zeros((n, 1)), [client for client, _ in steps])
    increments = np.array([increment for _, increment in steps])
    cuts = sorted(data.draw(st.lists(st.integers(0, n), max_size=4)))
    sums, found = Cusum(3, cap=6.0), []
    for begin, end in zip([0, *cuts], [*cuts, n], strict=True):
        found += sums.step(part(batch, slice(begin, end)), increments[begin:end]).tolist()
    assert found == expected


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 2)), min_size=1, max_size=60))
def test_two_processes_that_tell_each_other_know_what_one_would(rows: list[tuple[bool, float]]) -> None:
    one, here, there = (Cusum(1, cap=1000.0) for _ in range(3))
    slot = np.array([0])
    for left, increment in rows:
        batch, gain = rows_of([[0.0]], [0]), np.array([increment])
        one.step(batch, gain)
        (here if left else there).step(part(batch, slice(0, 1)), gain)
    from_here, from_there = here.delta(slot), there.delta(slot)
    here.absorb(slot, from_there)
    there.absorb(slot, from_here)
    assert here.level[0] == pytest.approx(one.level[0], abs=1e-4)
    assert there.level[0] == pytest.approx(one.level[0], abs=1e-4)
    assert not here.delta(slot).any()  # what was absorbed is not told again


def test_evidence_names_the_rows_that_raised_a_sum_and_no_others() -> None:
    sums = Cusum(1)
    gains = np.array([3.0, -10.0, 1.0, -0.5, 2.0, -0.5, 1.0])
    sums.step(rows_of(np.zeros((7, 1)), [0] * 7), gains)
    assert sums.queries(0, str) == ("2", "4", "6")
    assert sums.raised(0) == 3
    assert sums.since(0) == 5
    sums.step(rows_of(np.zeros((30, 1)), [0] * 30), np.ones(30))
    assert len(sums.queries(0, str)) == KEPT
    sums.forget(np.array([0]))
    assert (sums.level[0], sums.queries(0, str)) == (0.0, ())


def test_absorbed_nonsense_changes_nothing() -> None:
    sums = Cusum(2)
    sums.absorb(np.array([0, 1]), np.array([[np.nan], [np.inf]], np.float32))
    assert list(sums.level) == [0.0, 0.0]


def test_blocks_add_up_16_rows_that_count() -> None:
    reference = table_world().reference
    batch = whole(trace(honest("application", 1, 300), honest("analyst", 1, 200)))
    steps = Steps(4, reference.width)
    counts = steps.step(batch).counts
    found = Blocks(reference, 4, Steps(4, reference.width), Contrast(reference)).step(part(batch, slice(0, None)))
    phi = reference.features(batch.x)
    strange = measures.strangeness(batch, reference)
    seen: dict[int, int] = {}
    assert len(found.rows) >= 10
    for index, (row, client) in enumerate(zip(found.rows.tolist(), found.clients.tolist(), strict=True)):
        own = np.flatnonzero((batch.client == client) & counts)
        begin = seen.get(client, 0)
        rows = own[begin : begin + BLOCK]
        seen[client] = begin + BLOCK
        assert rows[-1] == row
        np.testing.assert_allclose(found.features[index], phi[rows].sum(axis=0), atol=1e-4)
        assert found.strange[index] == pytest.approx(strange[rows].sum(), rel=1e-4)
        assert found.labels[index].sum() == BLOCK


def test_shares_of_the_reference_are_uniform_where_rows_are_benign() -> None:
    world = table_world()
    rows = world.population.draw(np.random.default_rng(5), 4000)
    batch = whole(trace(honest("bulk", 0, 800, 5.0)))
    assert np.mean(measures.strangeness(batch, world.reference)) == pytest.approx(1.0, abs=0.1)
    below = measures.below(batch, world.reference)
    assert np.quantile(below, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.05)
    odd = Contrast(world.reference)._beyond(world.reference.encode(rows))
    assert np.quantile(odd, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.06)


def test_margins_of_few_values_count_half_their_ties() -> None:
    """A model of few leaves gives the same margin again and again: none of them is extreme."""
    world = table_world()
    from dataclasses import replace

    tied = replace(world.reference, margin=np.where(QUANTILES < 0.3, 0.2, 0.9).astype(np.float32))
    batch = whole(trace(honest("power", 0, 40)))
    few = replace(batch, memo={}, scores=np.tile(np.array([[0.6, 0.4]], np.float32), (len(batch), 1)))
    below = measures.below(few, tied)
    assert below.max() == pytest.approx(below.min())
    assert 0.1 < below[0] < 0.2


def test_a_row_is_made_up_by_how_its_columns_go_together() -> None:
    world = table_world()
    rng = np.random.default_rng(0)
    real = world.reference.encode(world.population.draw(rng, 2000, group=7))
    mixed_up = np.stack([column[rng.permutation(len(real))] for column in real.T], axis=1)
    contrast = Contrast(world.reference)
    assert np.median(contrast._beyond(real)) > 0.25
    assert np.median(contrast._beyond(mixed_up)) < 0.25
    foreign = world.reference.encode(stolen("knockoff").raw)
    assert np.median(contrast._beyond(foreign)) < 0.05


def test_without_a_sample_normal_rows_stand_in() -> None:
    from dataclasses import replace

    reference = replace(table_world().reference, sample=np.empty((0, 20), np.float32))
    drawn = pseudo_sample(reference)
    assert drawn.shape == (1024, 20)
    away = reference.mahalanobis(drawn)
    assert np.mean(away**2) == pytest.approx(20, rel=0.1)
    assert Contrast(reference).silent


def test_state_of_a_batch_is_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = mixed()
    steps = Steps(64, batch.x.shape[1])
    assert steps.step(batch) is steps.step(batch)
    other = Steps(64, batch.x.shape[1])
    assert other.step(batch) is not steps.step(batch)
