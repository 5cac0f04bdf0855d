"""Thieves of four kinds, found in time; honest heavy users, left alone: at the thresholds that stand by default."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.detectors.streams import CLIENTS, build, explained, feed, honest, stolen, trace, whole
from tests.traffic.tables import table_world
from tests.traffic.trace import START, Piece
from violet.detectors.base import Batch, Detector, detectors

EXTRACTION = sorted(name for name in detectors() if name.startswith("extraction/"))
SEEDS = 60
"""Natural rows with which synthesis and boundary begin."""

FOUND = [
    # detector, kind of theft, the query by which it is found
    ("extraction/coverage", "random", 30),
    ("extraction/coverage", "knockoff", 60),
    ("extraction/distances", "synthesis", SEEDS + 20),
    ("extraction/joint_distribution", "random", 130),
    ("extraction/made_up", "random", 10),
    ("extraction/made_up", "boundary", SEEDS + 50),
    ("extraction/made_up", "knockoff", 20),
    ("extraction/novelty", "random", 40),
    ("extraction/off_grid", "random", 30),
]

HONEST = ("application", "analyst", "seeker", "retries", "power", "bulk", "portfolio", "probe")


@cache
def honest_batch(kind: str) -> Batch:
    rows = {"bulk": 600, "portfolio": 500}.get(kind, 1500)
    return whole(trace(*(honest(kind, seed, rows) for seed in range(3))))


@pytest.mark.parametrize(("name", "kind", "by"), FOUND)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_thief_is_found(name: str, kind: str, by: int, seed: int) -> None:
    batch = whole(trace(stolen(kind, seed)))
    at = feed(build(name), batch, range(64, len(batch), 64)).first(detectors()[name].facts.threshold)
    assert 0 <= at <= by


@pytest.mark.parametrize("kind", ["random", "synthesis", "boundary", "knockoff"])
def test_some_detector_finds_each_kind_in_its_first_100_queries(kind: str) -> None:
    batch = whole(trace(stolen(kind, 7)))
    firsts = [feed(build(name), batch).first(detectors()[name].facts.threshold) for name in EXTRACTION]
    assert any(0 <= at < 100 for at in firsts)


@pytest.mark.parametrize("kind", HONEST)
@pytest.mark.parametrize("name", EXTRACTION)
def test_honest_heavy_users_are_left_alone(name: str, kind: str) -> None:
    batch = honest_batch(kind)
    value = feed(build(name), batch).value
    assert np.nanmax(np.append(value, 0.0)) < detectors()[name].facts.threshold


def test_cases_that_come_back_revised_are_no_growth() -> None:
    """Twenty cases later, one or two figures are others: near, and no step of a synthesis."""
    world = table_world()
    rng = np.random.default_rng(6)
    cases = world.population.draw(rng, 400)
    rows = []
    for index, case in enumerate(cases):
        rows.append(case)
        if index >= 20:
            again = cases[index - 20].copy()
            again[world.names.index("debt")] += 10 * rng.integers(1, 9)
            rows.append(again)
    piece = Piece("key:clerk", "benign:application", START + 30.0 * np.arange(len(rows)), np.array(rows))
    value = feed(build("extraction/distances"), whole(trace(piece))).value
    assert value.max() < 8


@pytest.mark.parametrize("group", [24, 36, 60])
def test_narrowness_is_taken_off(group: int) -> None:
    """A client with one product in one region is far from the pool, and that is not held against it."""
    rows = table_world().population.draw(np.random.default_rng(group), 320, group=group)
    batch = whole(trace(Piece("key:power", "benign:power", START + np.arange(320.0), rows)))
    kept = np.nanmax(feed(build("extraction/joint_distribution"), batch).value)
    plain = np.nanmax(feed(build("extraction/joint_distribution", credit=0.0), batch).value)
    assert plain > 60
    assert kept < 0.5 * plain


def test_a_natural_thief_is_missed_and_that_is_known() -> None:
    """Who asks what customers ask is nobody's thief here: the documentation says so."""
    batch = honest_batch("bulk")
    for name in EXTRACTION:
        assert feed(build(name), batch).first(detectors()[name].facts.threshold) < 0
        assert "natural" in detectors()[name].help.lower() or name not in ("extraction/made_up", "extraction/coverage")


# -- own change --------------------------------------------------------------------------------------------------------


def taken_over(kind: str, seed: int, before: int = 300) -> tuple[Piece, int]:
    """An account of narrow interests, whose owner changes."""
    world = table_world()
    attack = stolen(kind, seed, 400)
    rng = np.random.default_rng([seed, 8])
    rows = world.population.draw(rng, before, group=11)
    at = START - 86_400.0 * 3 + np.sort(rng.uniform(0, 86_400.0 * 2, before))
    return replace(attack, at=np.r_[at, attack.at], raw=np.r_[rows, attack.raw], goal=None), before


@pytest.mark.parametrize("kind", ["random", "boundary", "knockoff"])
def test_an_account_that_changes_hands_is_seen_by_its_own_past(kind: str) -> None:
    piece, before = taken_over(kind, 1)
    batch = whole(trace(piece))
    threshold = detectors()["extraction/own_change"].facts.threshold
    at = feed(build("extraction/own_change"), batch).first(threshold)
    assert before <= at <= before + 140


def test_who_was_always_like_that_has_not_changed() -> None:
    batch = whole(trace(stolen("knockoff", 2, 600)))
    threshold = detectors()["extraction/own_change"].facts.threshold
    assert feed(build("extraction/own_change"), batch).first(threshold) < 0


def test_nothing_is_said_before_there_is_a_baseline() -> None:
    piece, _ = taken_over("random", 4, before=48)
    value = feed(build("extraction/own_change"), whole(trace(piece))).value
    assert not np.nan_to_num(value[: 8 * 16 - 1]).any()


def test_what_is_new_is_not_said_of_a_client_that_has_just_come() -> None:
    value = feed(build("extraction/novelty"), whole(trace(stolen("random", 1)))).value
    assert not value[:4].any()
    assert value[8] > 0


def test_the_measure_that_rose_is_named() -> None:
    piece, _ = taken_over("random", 3)
    evidence = explained(build("extraction/own_change"), whole(trace(piece)), 10.0)
    assert evidence.values["now"] > evidence.values["before"]
    assert str(evidence.values["measure"]) in evidence.summary


# -- together ----------------------------------------------------------------------------------------------------------


def accounts(piece: Piece, count: int, seed: int = 0) -> list[Piece]:
    whose = np.random.default_rng([seed, 4]).integers(0, count, len(piece))
    found = []
    for account in range(count):
        rows = np.flatnonzero(whose == account)
        found.append(Piece(f"key:account-{account}", piece.kind, piece.at[rows], piece.raw[rows]))
    return found


def test_twenty_accounts_are_one_thief() -> None:
    piece = stolen("knockoff", 5, 200)
    beside = [honest(kind, 30 + seed, 60, 0.005) for seed, kind in enumerate(("application", "power", "retries"))]
    batch = whole(trace(*accounts(piece, 20), *beside))
    threshold = detectors()["extraction/together"].facts.threshold
    fed = feed(build("extraction/together"), batch, range(50, len(batch), 50))
    thieves = np.array([batch.names(slot).startswith("key:account") for slot in batch.client.tolist()])
    at = fed.first(threshold, np.flatnonzero(thieves))
    assert 0 <= at <= 60, "three queries an account"
    assert fed.first(threshold, np.flatnonzero(~thieves)) < 0
    evidence = explained(build("extraction/together"), batch, threshold)
    assert len(evidence.others) >= 2
    assert all(other.startswith("key:account") for other in evidence.others)
    assert evidence.queries


def test_one_thief_alone_is_no_crowd() -> None:
    batch = whole(trace(stolen("random", 5, 200)))
    fed = feed(build("extraction/together"), batch)
    assert fed.first(detectors()["extraction/together"].facts.threshold) < 0


def test_a_thief_and_two_that_look_like_it_are_not_enough() -> None:
    """Nobody counts for more than it can be wrong about: the one does not make up for what the others lack."""
    rows = stolen("random", 8, 104)
    parts = [
        Piece(f"key:account-{index}", rows.kind, rows.at[some], rows.raw[some])
        for index, some in enumerate((slice(0, 100), slice(100, 102), slice(102, 104)))
    ]
    fed = feed(build("extraction/together"), whole(trace(*parts)))
    assert fed.first(detectors()["extraction/together"].facts.threshold) < 0


def test_who_sent_one_odd_row_is_not_named() -> None:
    piece = stolen("random", 9, 200)
    once = Piece("key:once", piece.kind, piece.at[100:101] + 1e-3, stolen("random", 10, 1).raw)
    batch = whole(trace(*accounts(piece, 10), once))
    detector = build("extraction/together")
    scores = detector.observe(batch)
    named = {name for index in range(len(scores.value)) for name in scores.explain(index).others}
    accused = {batch.names(int(batch.client[row])) for row in scores.rows.tolist()}
    assert len(named) == 10
    assert "key:once" not in named | accused


def test_a_bystander_is_not_named_for_the_company_it_keeps() -> None:
    """Honest clients ask in the midst of thieves, and are neither accused nor named."""
    piece = stolen("random", 6, 300)
    beside = [honest("application", 50 + seed, 150, 0.01) for seed in range(10)]
    batch = whole(trace(*accounts(piece, 15), *beside))
    detector = build("extraction/together")
    threshold = detectors()["extraction/together"].facts.threshold
    named: set[str] = set()
    scores = detector.observe(batch)
    for index in np.flatnonzero(scores.value >= threshold).tolist():
        named |= {batch.names(int(batch.client[scores.rows[index]])), *scores.explain(index).others}
    assert len(named) >= 10
    assert all(name.startswith("key:account") for name in named)


# -- disguise ----------------------------------------------------------------------------------------------------------


def test_made_up_rows_are_seen_among_ten_times_as_many_natural_ones() -> None:
    world = table_world()
    attack = stolen("random", 3, 100).raw
    rows = world.population.draw(np.random.default_rng(1), 1100)
    rows[::11] = attack
    piece = Piece("key:hider", "extraction:random", START + 20.0 * np.arange(1100), rows)
    assert 0 <= feed(build("extraction/made_up"), whole(trace(piece))).first(16.0) < 300
    # The sum against those who do not hide never gets there: it is the other one that does.
    assert feed(build("extraction/made_up", hidden=1e-9), whole(trace(piece))).first(16.0) < 0


def test_time_makes_no_difference_to_the_slow() -> None:
    piece = stolen("boundary", 4)
    slow = replace(piece, at=START + 600.0 * np.arange(len(piece)))
    for name in ("extraction/made_up", "extraction/coverage", "extraction/novelty", "extraction/distances"):
        fast, late = (feed(build(name), whole(trace(p))).value for p in (piece, slow))
        np.testing.assert_allclose(fast, late)


def test_boundary_seekers_are_seen_by_their_margins() -> None:
    """A thief that knows the model well enough to keep near its boundary."""
    world = table_world()
    pool = world.population.draw(np.random.default_rng(2), 4000)
    margin = np.abs(np.diff(world.answer(pool), axis=1))[:, 0]
    near = pool[np.argsort(margin)[:150]]
    piece = Piece("key:seeker", "extraction:boundary", START + np.arange(150.0), near)
    batch = whole(trace(piece))
    at = feed(build("extraction/boundary"), batch).first(16.0)
    assert 0 <= at < 30
    evidence = explained(build("extraction/boundary"), batch, 16.0)
    assert "boundary" in evidence.summary
    assert float(evidence.values["margin"]) < 0.2


# -- off the grid ------------------------------------------------------------------------------------------------------


def test_decimals_that_the_application_never_sends_are_named() -> None:
    world = table_world()
    rows = world.population.draw(np.random.default_rng(3), 60)
    rows[:, world.names.index("income")] += 0.37
    piece = Piece("key:gradient", "extraction:synthesis", START + np.arange(60.0), rows)
    batch = whole(trace(piece))
    detector = build("extraction/off_grid")
    evidence = explained(detector, batch, 16.0, size=8)
    assert "income" in evidence.summary
    assert "multiples of 100" in evidence.summary
    assert evidence.queries == tuple(f"x{index}" for index in range(len(evidence.queries)))


def test_single_precision_is_no_decimal() -> None:
    world = table_world()
    rows = world.population.draw(np.random.default_rng(3), 400).astype(np.float32).astype(float)
    batch = whole(trace(Piece("key:float32", "benign:application", START + np.arange(400.0), rows)))
    assert np.nanmax(feed(build("extraction/off_grid"), batch).value) < 8


# -- what processes tell each other ------------------------------------------------------------------------------------


def halves(name: str, batch: Batch, block: int) -> tuple[Detector, Detector, Detector]:
    """One process that sees all, and two that see every second block of rows and tell each other."""
    from tests.detectors.streams import part

    one, here, there = (build(name) for _ in range(3))
    slot = np.array([0])
    for index, begin in enumerate(range(0, len(batch), block)):
        piece = slice(begin, begin + block)
        one.observe(part(batch, piece))
        mine, other = (here, there) if index % 2 == 0 else (there, here)
        mine.observe(part(batch, piece))
        other.absorb(slot, mine.delta(slot))
    return one, here, there


@pytest.mark.parametrize(("name", "rows", "block"), [("extraction/made_up", 24, 1), ("extraction/off_grid", 30, 1)])
def test_two_processes_find_a_thief_as_soon_as_one(name: str, rows: int, block: int) -> None:
    batch = whole(trace(stolen("random", 0, rows)))
    one, here, there = halves(name, batch, block)
    probe = whole(trace(stolen("random", 1, 1)))
    expected = feed(one, probe).value[0]
    assert feed(here, probe).value[0] == pytest.approx(expected, rel=1e-4)
    assert feed(there, probe).value[0] == pytest.approx(expected, rel=1e-4)


def test_mean_features_of_two_processes_add_up() -> None:
    batch = whole(trace(stolen("random", 0, 192)))
    one, here, there = halves("extraction/joint_distribution", batch, 16)
    probe = whole(trace(stolen("random", 1, 16)))
    expected = feed(one, probe).value[-1]
    assert expected > 150
    assert feed(here, probe).value[-1] == pytest.approx(expected, rel=0.05)
    assert feed(there, probe).value[-1] == pytest.approx(expected, rel=0.05)


def test_accounts_seen_by_another_process_take_part() -> None:
    pieces = accounts(stolen("random", 0, 100), 8)
    batch = whole(trace(*pieces))
    from tests.detectors.streams import part

    here, there = build("extraction/together"), build("extraction/together")
    threshold = detectors()["extraction/together"].facts.threshold
    few = np.flatnonzero(batch.client < 2)
    rest = np.flatnonzero(batch.client >= 2)
    alone = feed(build("extraction/together"), part(batch, few))
    assert alone.first(threshold) < 0
    feed(there, part(batch, rest))
    slots = np.arange(8)
    here.absorb(slots, there.delta(slots))
    assert feed(here, part(batch, few)).first(threshold) >= 0


# -- slots that change hands -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXTRACTION)
def test_a_slot_that_changes_hands_begins_anew(name: str) -> None:
    thief = whole(trace(stolen("random", 0, 200)))
    heir = whole(trace(honest("application", 4, 200)))
    used = build(name)
    feed(used, thief)
    used.forget(np.array([0]))
    fresh = feed(build(name), heir).value
    np.testing.assert_allclose(feed(used, heir).value, fresh, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", EXTRACTION)
def test_its_memory_is_bounded_from_the_start(name: str) -> None:
    """Ten thousand clients: arrays of at most 64 MB, and what is not in arrays does not grow with rows."""
    import tracemalloc

    tracemalloc.start()
    try:
        detector = build(name, clients=10_000)
        built, _ = tracemalloc.get_traced_memory()
        batch = whole(trace(*(stolen("random", seed, 200) for seed in range(3))))
        feed(detector, batch)
        before, _ = tracemalloc.get_traced_memory()
        feed(detector, batch)
        feed(detector, batch)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert built < 64 << 20
    assert after - before < 1 << 20
    assert CLIENTS < 10_000
