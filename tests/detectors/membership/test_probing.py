"""Who asks whether a record was in the training data, and honest clients that repeat and vary as well."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.detectors.streams import build, explained, feed, honest, stolen, trace, whole
from tests.traffic.abusing import abuse
from tests.traffic.tables import table_world
from tests.traffic.trace import START, Piece
from violet.detectors.base import Setup, detectors

REPEATS, NEIGHBOURS = "membership/exact_repeats", "membership/shadow_neighbours"
LIMIT = {name: detectors()[name].facts.threshold for name in (REPEATS, NEIGHBOURS)}
HONEST = ("application", "analyst", "seeker", "retries", "power", "bulk", "portfolio", "probe", "newcomer")


@pytest.mark.parametrize("seed", range(4))
def test_records_asked_again_and_again_are_seen(seed: int) -> None:
    batch = whole(trace(abuse(table_world(), "membership:repeats", seed)))
    assert 0 <= feed(build(REPEATS), batch, range(64, len(batch), 64)).first(LIMIT[REPEATS]) < 60


@pytest.mark.parametrize("seed", range(4))
def test_records_and_their_shadows_are_seen_with_the_second_record(seed: int) -> None:
    batch = whole(trace(abuse(table_world(), "membership:neighbours", seed)))
    at = feed(build(NEIGHBOURS), batch, range(64, len(batch), 64)).first(LIMIT[NEIGHBOURS])
    assert 31 <= at < 70, "not before the second record of 31 rows"


@pytest.mark.parametrize("kind", HONEST)
@pytest.mark.parametrize("name", [REPEATS, NEIGHBOURS])
def test_honest_clients_repeat_and_vary(name: str, kind: str) -> None:
    batch = whole(trace(*(honest(kind, seed, 1200) for seed in range(4))))
    assert np.max(feed(build(name), batch).value) < LIMIT[name]


def records(count: int, seed: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray(table_world().train[np.random.default_rng(seed).permutation(3000)[:count]])


def sent(rows: object, gaps: float | np.ndarray = 60.0, failed: object = None) -> Piece:  # type: ignore[type-arg]
    raw = np.asarray(rows)
    at = START + np.cumsum(np.broadcast_to(gaps, (len(raw),)))
    return Piece("key:someone", "any", at, raw, failed=None if failed is None else np.asarray(failed))


def highest(name: str, piece: Piece) -> float:
    return float(np.max(feed(build(name), whole(trace(piece))).value))


def test_one_row_for_ever_is_a_probe() -> None:
    assert highest(REPEATS, sent(np.repeat(records(1), 3000, axis=0), 10.0)) < LIMIT[REPEATS] / 2


def test_three_rows_in_turn_for_ever_are_probes() -> None:
    assert highest(REPEATS, sent(np.tile(records(2), (1000, 1)), 10.0)) < LIMIT[REPEATS]


def test_what_is_sent_again_after_an_error_is_a_retry() -> None:
    rows = np.repeat(records(100), 3, axis=0)
    failed = np.tile([True, True, False], 100)
    assert highest(REPEATS, sent(rows, 20.0, failed)) == 0
    assert highest(REPEATS, sent(rows, 20.0)) > LIMIT[REPEATS], "without errors they are none"


def test_what_is_sent_again_at_once_is_a_double_click() -> None:
    rows = np.repeat(records(100), 2, axis=0)
    assert highest(REPEATS, sent(rows, np.tile([30.0, 0.4], 100))) < 3


def test_the_same_list_every_night_is_a_nightly_run() -> None:
    rows = np.tile(records(300), (4, 1))
    gaps = np.full(len(rows), 0.5)
    gaps[300::300] = 86_400 - 150
    assert highest(REPEATS, sent(rows, gaps)) < LIMIT[REPEATS]
    gaps[300::300] = 600
    assert highest(REPEATS, sent(rows, gaps)) > LIMIT[REPEATS], "three times in an hour it is none"


def test_no_client_is_accused_of_what_others_repeat() -> None:
    rows = records(200)
    pieces = [
        replace(sent(rows), client=f"key:{index}", at=START + 9 * index + 60.0 * np.arange(200)) for index in range(6)
    ]
    assert np.max(feed(build(REPEATS), whole(trace(*pieces))).value) == 0


def test_a_slot_that_changed_hands_has_repeated_nothing() -> None:
    batch = whole(trace(sent(records(100))))
    detector = build(REPEATS)
    feed(detector, batch)
    detector.forget(np.array([0]))
    later = replace(batch, at=batch.at + 7200.0)
    assert np.max(feed(detector, later).value) == 0
    assert np.max(feed(detector, replace(batch, at=batch.at + 15_000.0)).value) > LIMIT[REPEATS], "its own, it has"


def test_texts_can_be_repeated_too() -> None:
    batch = whole(trace(sent(np.tile(records(30), (3, 1)))))
    texts = replace(batch, memo={}, x=np.empty((90, 0), np.float32), raw=np.empty((90, 0)), scores=None)
    detector = detectors()[REPEATS].build(Setup(None, 4))
    assert feed(detector, replace(texts, texts=["?"] * 90)).first(LIMIT[REPEATS]) >= 0


def test_the_alert_tells_which_repeat_and_how_late() -> None:
    evidence = explained(build(REPEATS), whole(trace(sent(np.tile(records(30), (3, 1))))), LIMIT[REPEATS], size=5)
    assert "1800 s" in evidence.summary
    assert evidence.queries[0] == "x30"


def test_a_search_around_one_record_is_no_shadow() -> None:
    """That is a search for an adversarial example, or a study of one case: others look at those."""
    world = table_world()
    rng = np.random.default_rng(1)
    base = records(1)[0]
    moved = rng.random((200, len(base))) < 0.3
    rows = world.population.snap(base + rng.normal(size=moved.shape) * moved * world.reference.scale * 0.3)
    assert highest(NEIGHBOURS, sent(rows, 1.0)) < LIMIT[NEIGHBOURS]
    assert highest(NEIGHBOURS, sent(stolen("synthesis", 1).raw, 1.0)) < LIMIT[NEIGHBOURS]


def test_noise_on_every_feature_is_a_shadow_as_well() -> None:
    world = table_world()
    rng = np.random.default_rng(2)
    rows = np.concatenate(
        [
            [record, *(record + rng.normal(size=(10, len(record))) * world.reference.scale * 0.1)]
            for record in records(12)
        ]
    )
    assert highest(NEIGHBOURS, sent(rows, 1.0)) > LIMIT[NEIGHBOURS]


@pytest.mark.parametrize("varied", [False, True])
def test_two_cases_looked_at_in_turn_are_two_cases(varied: bool) -> None:
    """Twins, that differ a little in everything, side by side; and one figure of one of them varied meanwhile."""
    world = table_world()
    base = records(1)[0]
    twin = base + 0.5 * world.reference.scale * np.where(np.arange(len(base)) % 2, 1, -1)
    rows = []
    for index in range(60):
        rows += [base, twin]
        if varied:
            other = twin.copy()
            other[world.names.index("utilisation")] += 0.01 * (index + 1)
            rows.append(other)
    assert highest(NEIGHBOURS, sent(rows, 1.0)) < LIMIT[NEIGHBOURS] / 2
