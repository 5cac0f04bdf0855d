"""The honest clients are what they say they are."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.traffic import DAY, START, Mixture, Trace, World, assemble, benign, benign_pieces, picture_world, table_world
from tests.traffic.clients import MAKERS, SHARES, Span
from tests.traffic.replay import constraints
from tests.traffic.tables import AT, HIGH, LOW, STEP
from tests.traffic.trace import Piece, digests

Array = Any


@cache
def trace() -> Trace:
    return benign(table_world(), 1, Mixture(clients=150, queries=20_000))


@cache
def made(kind: str, n: int = 400) -> Piece:
    return MAKERS[kind](table_world(), np.random.default_rng(5), f"key:{kind}", Span(START, 14.0), n)


@pytest.fixture(params=["table", "pictures"])
def world(request: pytest.FixtureRequest) -> World:
    return table_world() if request.param == "table" else picture_world(8)


def test_a_seed_says_it_all(world: World) -> None:
    small = Mixture(clients=30, queries=1500)
    one, again, other = benign(world, 1, small), benign(world, 1, small), benign(world, 2, small)
    for name in ("at", "client", "request", "raw", "scores", "seconds", "kind"):
        assert np.array_equal(getattr(one, name), getattr(again, name), equal_nan=True)
    assert not np.array_equal(one.raw[:100], other.raw[:100])


def test_rows_come_in_the_order_of_time_and_requests_stay_together() -> None:
    found = trace()
    assert (np.diff(found.at) >= 0).all()
    steps = np.diff(found.request)
    assert ((steps == 0) | (steps == 1)).all()
    same = steps == 0
    assert (found.client[1:][same] == found.client[:-1][same]).all()
    assert (found.at[1:][same] == found.at[:-1][same]).all()


def test_every_kind_of_honest_user_is_there_and_all_are_called_benign() -> None:
    found = trace()
    assert set(found.kinds) == {f"benign:{kind}" for kind in SHARES}
    assert found.benign.all()
    assert (found.campaign == -1).all()
    assert not found.goal.any()
    assert 15_000 < len(found) < 30_000
    assert 140 < len(found.clients) < 160


def test_people_ask_by_day_more_on_working_days_and_few_ask_most() -> None:
    found = trace()
    rows = np.isin(found.kind, [found.kinds.index(f"benign:{kind}") for kind in ("application", "retries", "newcomer")])
    hour = (found.at[rows] % DAY) // 3600
    assert np.mean((hour >= 8) & (hour < 20)) > 0.85
    day = ((found.at[rows] - START) // DAY).astype(int)
    counts = np.bincount(day % 7, minlength=7)
    assert counts[5:].mean() < 0.7 * counts[:5].mean()
    per = np.sort(np.bincount(found.client[found.kind == found.kinds.index("benign:application")]))[::-1]
    per = per[per > 0]
    assert per[: len(per) // 10].sum() > 0.3 * per.sum()


def test_rows_are_what_the_application_can_send() -> None:
    world, found = table_world(), trace()
    rules = constraints(world)
    assert rules is not None
    assert not rules.violations(found.raw).any()
    off = np.abs(found.raw / STEP - np.round(found.raw / STEP))
    assert off.max() < 1e-6
    assert (found.raw >= LOW).all()
    assert (found.raw <= HIGH).all()


def test_the_population_drifts_over_weeks_and_has_twins(world: World) -> None:
    rng = np.random.default_rng(3)
    rows = [world.reference.encode(world.population.draw(rng, 4000, day=day)) for day in (0.0, 0.0, 56.0)]
    still, moved = (np.linalg.norm(rows[0].mean(axis=0) - other.mean(axis=0)) for other in rows[1:])
    assert moved > 1.5 * still
    if not world.shape:
        plain = world.population.draw(rng, 5000)
        assert len(np.unique(plain, axis=0)) < 5000


def test_an_analyst_varies_one_thing_or_two_over_a_case() -> None:
    piece = made("analyst")
    changed = (np.diff(piece.raw, axis=0) != 0) & (np.arange(20) != AT["instalment"])
    assert np.mean(changed.sum(axis=1) <= 2) > 0.9
    gaps = np.diff(piece.at)
    assert np.median(gaps) < 4


def test_a_seeker_halves_a_quantity() -> None:
    world, piece = table_world(), made("seeker", 100)
    visits = np.split(np.arange(len(piece)), np.flatnonzero(np.diff(piece.raw[:, AT["age"]]) != 0) + 1)
    longest = max(visits, key=len)
    assert len(longest) >= 6
    assert len({int(label) for label in world.labels(piece.raw)}) == 2


def test_retries_send_the_same_again_until_it_works() -> None:
    piece = made("retries", 1000)
    assert piece.failed is not None
    order = np.lexsort((np.arange(len(piece)), piece.at))
    kinds = digests(piece.raw)
    failed = 0
    for place in np.flatnonzero(piece.failed).tolist():
        later = (kinds == kinds[place]) & (piece.at > piece.at[place]) & (piece.at < piece.at[place] + 40)
        failed += 1
        assert later.any()
    assert 80 < failed < 400
    assert len(order) == len(piece)


def test_failed_rows_have_no_answer() -> None:
    found = trace()
    failed = found.status == 503
    assert failed.any()
    assert np.isnan(found.scores[failed]).all()
    assert (found.label[failed] == -1).all()
    assert np.isfinite(found.scores[~failed]).all()


def test_a_probe_asks_the_same_at_a_constant_pace() -> None:
    piece = made("probe", 3000)
    assert len(np.unique(piece.raw, axis=0)) == 1
    gaps = np.diff(piece.at)
    assert gaps.std() < 0.2
    assert gaps.mean() >= 10 - 0.1


def test_a_power_user_asks_about_one_part_alone() -> None:
    piece = made("power")
    assert len(np.unique(piece.raw[:, [AT["region"], AT["product"]]], axis=0)) == 1
    assert len(np.unique(piece.raw, axis=0)) > 0.8 * len(piece)


def test_a_newcomer_comes_later_and_asks_about_others() -> None:
    world, piece = table_world(), made("newcomer", 2000)
    assert piece.at.min() > START + 2 * DAY
    away = world.reference.encode(piece.raw).mean(axis=0) - world.reference.mean
    own = world.reference.encode(made("application", 2000).raw).mean(axis=0) - world.reference.mean
    assert np.linalg.norm(away) > 2 * np.linalg.norm(own)


def test_bulk_and_portfolio_score_by_night_a_hundred_rows_a_request() -> None:
    for kind in ("bulk", "portfolio"):
        piece = made(kind, 500)
        assert piece.group is not None
        assert np.bincount(piece.group).max() == 100
        hour = (piece.at % DAY) / 3600
        assert (hour < 5).all()
        assert len(piece) == 14 * 500
    nights = made("portfolio", 500).raw.reshape(14, 500, -1)
    same = (nights[1:] == nights[:-1]).all(axis=2).mean()
    assert 0.5 < same < 0.95
    fresh = made("bulk", 500).raw.reshape(14, 500, -1)
    assert (fresh[1:] == fresh[:-1]).all(axis=2).mean() < 0.01


def test_pictures_are_of_eight_bits_and_the_network_reads_them() -> None:
    for side in (8, 28):
        world = picture_world(side)
        rng = np.random.default_rng(2)
        chosen = rng.integers(0, 1797, 1500)
        rows = world.population.taken(rng, chosen)  # type: ignore[attr-defined]
        assert np.allclose(rows * 255, np.round(rows * 255))
        truth = world.population.digits[chosen]  # type: ignore[attr-defined]
        assert np.mean(world.labels(rows) == truth) > 0.8
        assert len(np.unique(digests(rows))) == 1500


def test_exchanges_carry_what_the_columns_say() -> None:
    world = table_world()
    found = assemble(world, benign_pieces(world, 3, Mixture(clients=20, queries=800)))
    exchanges = list(found.to_exchanges())
    assert len(exchanges) == len(np.unique(found.request))
    assert sum(len(one.rows) for one in exchanges) == len(found)
    assert [one.at for one in exchanges] == sorted(one.at for one in exchanges)
    assert {one.truth for one in exchanges} == set(found.kinds)
    row = 0
    for one in exchanges[:200]:
        assert one.client == found.clients[found.client[row]]
        assert np.array_equal(np.array(one.rows, dtype=float), found.raw[row : row + len(one.rows)])
        assert (one.status == 200) == bool(one.scores)
        row += len(one.rows)
