"""The attackers do what they are called after, and say when it was worth it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.traffic import (
    ABUSING,
    EVADING,
    STEALING,
    Mixture,
    World,
    abuse,
    assemble,
    batches,
    benign_pieces,
    camouflaged,
    distributed,
    evade,
    kinds,
    picture_world,
    replay,
    slowly,
    steal,
    table_world,
    with_history,
)
from tests.traffic.evading import _cases, idle_columns, threat
from tests.traffic.replay import constraints, requests
from tests.traffic.scenarios import scenarios
from tests.traffic.stealing import _agreements
from tests.traffic.trace import Piece, digests
from violet.detectors.base import Batch, Entry, Facts, Needs, Scores, Setup, Stage, Stateless
from violet.domain.alert import Evidence
from violet.domain.outcome import Severity
from violet.domain.robustness import Norm
from violet.runtime.trace import read_trace, write_trace


@pytest.fixture(params=["table", "pictures"])
def world(request: pytest.FixtureRequest) -> World:
    return table_world() if request.param == "table" else picture_world(8)


@pytest.mark.parametrize("kind", STEALING)
def test_thieves_send_what_the_application_could(world: World, kind: str) -> None:
    piece = steal(world, kind, 1, 400, goal=False)
    assert len(piece) == 400
    assert np.allclose(world.population.snap(piece.raw), piece.raw)
    again = steal(world, kind, 1, 400, goal=False)
    assert np.array_equal(piece.raw, again.raw)
    assert not np.array_equal(piece.raw, steal(world, kind, 2, 400, goal=False).raw)
    assert 100 < piece.at[-1] - piece.at[0] < 300


def test_a_copy_is_worth_it_where_the_goal_is(world: World) -> None:
    piece = steal(world, "boundary", 1, 1200)
    assert piece.goal is not None
    (goal,) = np.flatnonzero(piece.goal).tolist()
    known = world.held[:2000]
    labels = world.labels(known)
    assert max(_agreements(world, piece.raw[: goal + 1], known, labels)) >= 0.9
    assert max(_agreements(world, piece.raw[: (goal + 1) // 2], known, labels)) < 0.9


def test_uniform_rows_lie_far_from_the_population_and_foreign_ones_nearer(world: World) -> None:
    def distance(rows: Any) -> float:
        return float(np.median(world.reference.mahalanobis(world.reference.encode(rows))))

    uniform, foreign = (steal(world, kind, 1, 300, goal=False).raw for kind in ("random", "knockoff"))
    assert distance(uniform) > 1.5 * distance(foreign) > 1.05 * distance(world.held[:1000])


def test_the_boundary_seeker_is_nearer_to_the_boundary(world: World) -> None:
    def margin(rows: Any) -> float:
        top = np.sort(world.answer(rows), axis=1)
        return float(np.median(top[:, -1] - top[:, -2]))

    assert margin(steal(world, "boundary", 1, 600, goal=False).raw[100:]) < 0.85 * margin(world.held[:2000])


@pytest.mark.parametrize("kind", EVADING)
def test_who_evades_reaches_its_goal_within_the_radius(world: World, kind: str) -> None:
    if kind not in kinds(world):
        pytest.skip("not for pictures")
    reached = 0
    allowed = threat(world, EVADING[kind])
    for seed in range(8):
        piece = evade(world, kind, seed, samples=1, queries=500)
        assert 0 < len(piece) <= 500
        assert piece.goal is not None
        case = _cases(world, np.random.default_rng([seed, 41]), 1)[0]
        own = world.labels(case[None])[0]
        other = np.flatnonzero(world.labels(piece.raw) != own)
        away = np.array([_away(world, row, case, allowed.norm) for row in piece.raw[other]])
        near = other[away <= allowed.eps * (1 + 1e-6)]
        if "snapped" in kind:
            assert np.allclose(world.population.snap(piece.raw), piece.raw)
            near = other[away <= allowed.eps * 1.2 * (1 + 1e-6)]
        assert np.flatnonzero(piece.goal).tolist() == near[:1].tolist()
        reached += len(near[:1])
    assert reached or "snapped" in kind


def _away(world: World, row: Any, case: Any, norm: Norm) -> float:
    unit = np.abs(row - case) / np.ptp(np.stack([world.domain.low, world.domain.high]), axis=0).reshape(-1)
    if norm is Norm.L2:
        return float(np.sqrt((unit**2).sum()))
    return float(unit.max() if norm is Norm.LINF else (unit > 1e-9).sum())


def test_half_of_the_records_probed_are_training_data(world: World) -> None:
    known = set(digests(world.train).tolist())
    repeats = abuse(world, "membership:repeats", 1)
    rows, times = np.unique(digests(repeats.raw), return_counts=True)
    assert (times >= 15).all()
    assert len(rows) == 40
    assert 0.4 < np.mean([row in known for row in rows.tolist()]) < 0.7
    near = abuse(world, "membership:neighbours", 1)
    x = world.reference.encode(near.raw).reshape(40, 31, -1)
    own = np.linalg.norm(x[:, 1:] - x[:, :1], axis=2)
    across = np.linalg.norm(x[1:, :1] - x[:-1, :1], axis=2)
    assert np.median(own) < 0.5 * np.median(across)


def test_gluttons_cost_what_they_say(world: World) -> None:
    honest = benign_pieces(world, 1, Mixture(clients=20, queries=600))
    for kind, column, factor in (("denial:sponge", "seconds", 15), ("denial:oversized", "size", 100)):
        trace = assemble(world, [*honest, abuse(world, kind, 1)])
        cost = getattr(trace, column)
        assert np.median(cost[trace.rows(kind)]) > factor * np.median(cost[trace.benign])
        assert trace.goal[trace.rows(kind)].sum() == 1
    flood = abuse(world, "denial:flood", 1)
    assert 80 < len(flood) / (flood.at[-1] - flood.at[0]) < 125
    assert set(ABUSING) == {"denial:sponge", "denial:oversized", "denial:flood"} | {
        "membership:repeats",
        "membership:neighbours",
    }


def test_disguises_keep_the_queries_and_change_what_they_say() -> None:
    world = table_world()
    piece = evade(world, "nes", 1, samples=1, queries=200)
    whole = sorted(digests(piece.raw).tolist())

    slow = slowly(piece, 1)
    assert sorted(digests(slow.raw).tolist()) == whole
    assert 500 < np.diff(slow.at).mean() < 700

    attack, cover = camouflaged(world, piece, 1, 5)
    assert (attack.client, attack.campaign) == (cover.client, cover.campaign)
    assert sorted(digests(attack.raw).tolist()) == whole
    assert (cover.kind, len(cover)) == ("cover:evasion:nes", 5 * len(piece))
    trace = assemble(world, [attack, cover])
    assert not trace.benign.any()
    first = trace.rows("evasion")
    assert np.median(np.diff(first)) == pytest.approx(6, abs=2)

    parts = distributed(piece, 1)
    assert 10 < len({part.client for part in parts}) == len(parts) <= 20
    assert {part.campaign for part in parts} == {piece.campaign}
    assert sorted(row for part in parts for row in digests(part.raw).tolist()) == whole
    assert sum(int(part.goal.sum()) for part in parts if part.goal is not None) == int(piece.goal.sum())  # type: ignore[union-attr]

    honest, later = with_history(world, piece, 1)
    assert honest.client == later.client
    assert honest.at.max() < later.at.min()


def test_every_scenario_can_be_made() -> None:
    world = table_world()
    groups = {name: one.group for name, one in scenarios(world).items()}
    assert set(groups.values()) == {"plain", "slow", "camouflaged", "distributed", "patient", "adaptive", "limits"}
    for name in ("evasion:square", "evasion:nes, 20 accounts", "evasion:square, one in 10 min"):
        pieces = scenarios(world)[name].make(world, 1, 1000.0)
        assert min(float(piece.at.min()) for piece in pieces) > 1000.0
        assert len({piece.campaign for piece in pieces}) == 1


class Counting(Stateless):
    """Says of each row how many of its client came before, and of the last class nothing."""

    def __init__(self, setup: Setup) -> None:
        self.seen = np.zeros(setup.clients, int)

    def observe(self, batch: Batch) -> Scores:
        value = np.empty(len(batch))
        for row, slot in enumerate(batch.client.tolist()):
            value[row] = self.seen[slot]
            self.seen[slot] += 1
        rows = np.flatnonzero(batch.label == 0)
        return Scores(rows, value[rows], lambda index: Evidence(""))


def test_a_replay_is_the_same_however_it_is_cut(tmp_path: Path) -> None:
    world = table_world()
    pieces: list[Piece] = [*benign_pieces(world, 2, Mixture(clients=20, queries=600)), evade(world, "square", 1)]
    trace = assemble(world, pieces)
    facts = Facts("test/counting", "", Severity.LOW, Stage.WINDOW, Needs.NOTHING)
    entry = Entry(facts, Counting, __name__)
    one, other = (replay(trace, [entry], size=size)["test/counting"] for size in (1, 64))
    assert np.array_equal(one.rows, other.rows)
    assert np.array_equal(one.value, other.value)
    assert np.array_equal(one.rows, np.flatnonzero(trace.label == 0))
    counts = np.concatenate([batch.client for batch in batches(trace, world.reference)])
    assert np.array_equal(np.sort(np.bincount(counts)), np.sort(np.bincount(trace.client)))

    path = str(tmp_path / "t.jsonl.gz")
    assert write_trace(path, trace.to_exchanges()) == len(np.unique(trace.request))
    assert list(read_trace(path)) == list(trace.to_exchanges())
    asked = list(requests(trace))
    assert sum(len(one.raw) for one in asked) == len(trace)


def test_who_adapts_sends_no_two_rows_alike_and_still_changes_what_matters() -> None:
    world = table_world()
    idle = idle_columns(world)
    plain, scattered = (
        evade(world, kind, 1, samples=1, queries=200) for kind in ("square-snapped", "square-scattered")
    )
    x, hidden = world.reference.encode(plain.raw), world.reference.encode(scattered.raw)
    steps = [np.linalg.norm(np.diff(rows, axis=0), axis=1) for rows in (x, hidden)]
    assert np.median(steps[1]) > 4 * np.median(steps[0])
    case = _cases(world, np.random.default_rng([1, 41]), 1)[0]
    rest = np.setdiff1d(np.arange(20), idle)
    unit = np.abs(scattered.raw - case) / (world.domain.high - world.domain.low)
    assert unit[:, rest].max() < 0.02
    assert np.median(unit[:, idle].max(axis=1)) > 0.2
    rules = constraints(world)
    assert rules is not None
    assert not rules.violations(scattered.raw).any()
    natural = steal(world, "natural", 1, 1000)
    assert natural.goal is not None
    assert natural.goal.any()
