"""Single rows that benign traffic does not have: who sends them is named, and honest clients are not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.detectors.streams import explained, feed, honest, trace, whole
from tests.traffic.evading import evade
from tests.traffic.pictures import picture_world
from tests.traffic.replay import constraints
from tests.traffic.tables import NAMES, table_world
from tests.traffic.trace import START, Piece, assemble
from violet.detectors.base import Batch, Detector, Setup, detectors
from violet.detectors.inputs.confidence_energy import energies
from violet.detectors.reference import Reference, fit_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FAR, UNSURE, IMPOSSIBLE, OFF = (
    f"inputs/{name}" for name in ("out_of_distribution", "confidence_energy", "impossible_combination", "off_type")
)
HONEST = ("application", "analyst", "seeker", "retries", "power", "bulk", "portfolio", "probe", "newcomer")


def made(name: str, reference: Reference | None = None, **options: float) -> Detector:
    world = table_world()
    reference = reference or world.reference
    setup = Setup(reference, 64, options=options, constraints=constraints(world))
    return detectors()[name].build(setup)


def limit(name: str) -> float:
    return detectors()[name].facts.threshold


def highest(name: str, batch: Batch, detector: Detector | None = None) -> float:
    values = feed(detector or made(name), batch, range(64, len(batch), 64)).value
    return float(np.nanmax(values, initial=0.0))


def sent(raw: Array) -> Batch:
    return whole(trace(Piece("key:someone", "any", START + np.arange(len(raw)) * 7.0, raw)))


@pytest.mark.parametrize("kind", HONEST)
@pytest.mark.parametrize("name", [FAR, UNSURE, IMPOSSIBLE, OFF])
def test_honest_clients_stay_below(name: str, kind: str) -> None:
    batch = whole(trace(*(honest(kind, seed, 900) for seed in range(3))))
    assert highest(name, batch) < 0.8 * limit(name)


@pytest.mark.parametrize("seed", range(3))
def test_rows_drawn_from_nothing_are_far_out(seed: int) -> None:
    world = table_world()
    low, high = world.domain.low.reshape(-1), world.domain.high.reshape(-1)
    batch = sent(np.random.default_rng(seed).uniform(low, high, (60, len(low))))
    fed = feed(made(FAR), batch, range(16, 60, 16))
    assert 2 <= fed.first(limit(FAR)) < 8, "one is noise, and eight are not"
    evidence = explained(made(FAR), batch, limit(FAR))
    assert evidence.values["distance"] > evidence.values["benign"]
    assert any(name in evidence.summary for name in NAMES)


def test_pictures_of_noise_are_far_out_and_honest_ones_are_not() -> None:
    world = picture_world(28)
    setup = Setup(world.reference, 64)
    rng = np.random.default_rng(0)
    noise = assemble(world, [Piece("key:a", "any", START + np.arange(40.0), rng.random((40, 784)))], 0)
    held = assemble(world, [Piece("key:a", "any", START + np.arange(600.0), world.held[:600])], 0)
    entry = detectors()[FAR]
    assert feed(entry.build(setup), whole(noise)).first(limit(FAR)) in range(2, 8)
    assert highest(FAR, whole(held), entry.build(setup)) < limit(FAR) / 2


def test_a_few_odd_rows_among_many_are_noise_and_five_of_twenty_are_a_signal() -> None:
    world = table_world()
    rng = np.random.default_rng(5)
    low, high = world.domain.low.reshape(-1), world.domain.high.reshape(-1)
    raw = world.population.draw(rng, 400)
    few = raw.copy()
    few[::60] = rng.uniform(low, high, (len(few[::60]), len(low)))
    assert highest(FAR, sent(few)) < limit(FAR)
    some = raw.copy()
    some[100:120:3] = rng.uniform(low, high, (7, len(low)))
    assert highest(FAR, sent(some)) >= limit(FAR)


def test_an_analysis_of_one_odd_case_is_one_odd_case() -> None:
    """Many variants of a row far out: an honest analyst has such a customer."""
    world = table_world()
    rng = np.random.default_rng(6)
    low, high = world.domain.low.reshape(-1), world.domain.high.reshape(-1)
    for seed in range(3):
        case = np.random.default_rng(seed).uniform(low, high)
        assert highest(FAR, sent(world.population.vary(rng, case, 60))) < limit(FAR) / 2


def test_the_middle_between_two_classes_is_sought() -> None:
    """Rows of which the model is less sure than of any benign one, as optimisers end up with."""
    world = table_world()
    rng = np.random.default_rng(7)
    rows = world.population.draw(rng, 6000)
    top = np.sort(world.answer(rows), axis=1)
    unsure = rows[np.argsort(top[:, -1] - top[:, -2])[:40]]
    fed = feed(made(UNSURE), sent(unsure))
    assert 2 <= fed.first(limit(UNSURE)) < 25


def test_energies_are_those_of_the_paper_and_probabilities_have_none() -> None:
    scores = np.array([[1.0, 2.0, 3.0], [0.2, 0.3, 0.5], [np.nan, 0, 0], [800.0, 0.0, 0.0]], np.float32)
    found = energies(scores)
    assert found[0] == pytest.approx(-np.log(np.exp([1.0, 2.0, 3.0]).sum()))
    assert np.isnan(found[1])
    assert np.isnan(found[2])
    assert found[3] == pytest.approx(-800.0)
    assert np.isnan(energies(np.ones((2, 1), np.float32))).all()


def test_logits_are_judged_by_their_energy_learned_from_many() -> None:
    rng = np.random.default_rng(8)
    n = 900
    batch = sent(table_world().held[:n])
    logits = rng.normal(0, 1, (n, 4)) + 6 * np.eye(4)[rng.integers(0, 4, n)]
    batch = replace(batch, memo={}, scores=logits.astype(np.float32), client=(np.arange(n) % 20).astype(np.int32))
    assert highest(UNSURE, batch) < limit(UNSURE)
    flat = logits.copy()
    flat[700::20] = -2.0
    attacked = replace(batch, memo={}, scores=flat.astype(np.float32))
    fed = feed(made(UNSURE), attacked, range(64, n, 64))
    reached = np.flatnonzero(np.nan_to_num(fed.value) >= limit(UNSURE))
    assert set(attacked.client[reached].tolist()) == {700 % 20}


def test_one_client_teaches_no_energies() -> None:
    batch = sent(table_world().held[:900])
    logits = np.random.default_rng(9).normal(0, 1, (900, 3)).astype(np.float32)
    assert np.isnan(feed(made(UNSURE), replace(batch, memo={}, scores=logits)).value).all()


@pytest.mark.parametrize("kind", ["square", "hopskipjump"])
def test_attacks_that_do_not_know_the_schema_break_it(kind: str) -> None:
    batch = whole(trace(evade(table_world(), kind, 0, samples=3, queries=150)))
    assert 0 <= feed(made(IMPOSSIBLE), batch).first(limit(IMPOSSIBLE)) < 150
    evidence = explained(made(IMPOSSIBLE), batch, limit(IMPOSSIBLE))
    assert evidence.values["rules"]
    assert evidence.queries


def test_attacks_that_know_the_schema_keep_it() -> None:
    batch = whole(trace(evade(table_world(), "feasible-search", 0, samples=1, queries=150)))
    assert highest(IMPOSSIBLE, batch) < limit(IMPOSSIBLE)


# -- types -----------------------------------------------------------------------------------------------------------


def wordy() -> tuple[Reference, Array]:
    """A table with words and blanks, and benign rows of it."""
    rng = np.random.default_rng(10)
    rows = [
        (float(rng.integers(18, 90)), str(rng.choice(["north", "south", "west"])), None if rng.random() < 0.1 else 1.5)
        for _ in range(500)
    ]
    rows = [(*row, *rng.normal(size=6).tolist()) for row in rows]
    reference = fit_reference(rows, ("age", "region", "score", "a", "b", "c", "d", "e", "f"))
    return reference, reference.raw(rows)


def asked(reference: Reference, raw: Array, clients: Array | int = 0) -> Batch:
    n = len(raw)
    return Batch(
        at=START + np.arange(n),
        client=np.broadcast_to(np.asarray(clients, np.int32), (n,)).copy(),
        request=np.arange(n),
        x=reference.encode(raw),
        raw=raw,
        scores=None,
        label=np.full(n, -1, np.int32),
        seconds=np.zeros(n, np.float32),
        size=np.zeros(n, np.float32),
        digest=np.arange(n, dtype=np.uint64),
        status=np.full(n, 200, np.int16),
    )


def spoiled(raw: Array, what: str) -> Array:
    found = raw[:60].copy()
    rows = slice(20, 40, 2)
    if what == "word":
        found[rows, 1] = -1.0
    elif what == "infinite":
        found[rows, 0] = np.inf
    elif what == "fraction of a code":
        found[rows, 1] = 0.5
    else:
        found[rows, 3:5] = np.nan
    return found


@pytest.mark.parametrize("what", ["word", "infinite", "fraction of a code", "missing"])
def test_values_of_another_kind_are_seen(what: str) -> None:
    reference, raw = wordy()
    batch = asked(reference, spoiled(raw, what))
    fed = feed(made(OFF, reference), batch, range(7, 60, 7))
    assert 22 < fed.first(limit(OFF)) < 40
    said = explained(made(OFF, reference), batch, limit(OFF)).summary
    words = {"word": "region", "infinite": "age is infinite", "fraction of a code": "region", "missing": "a, b missing"}
    assert words[what] in said


def test_words_and_blanks_as_ever_are_nothing() -> None:
    reference, raw = wordy()
    assert np.isnan(feed(made(OFF, reference), asked(reference, raw)).value).all()


def test_what_three_clients_send_has_become_usual() -> None:
    reference, raw = wordy()
    many = np.tile(spoiled(raw, "word")[20:40:2], (6, 1))
    rng = np.random.default_rng(11)
    many[:, 3:] = rng.normal(size=(60, 6))
    many[:, 0] = rng.integers(18, 90, 60)
    assert highest(OFF, asked(reference, many, np.arange(60) % 2), made(OFF, reference)) >= limit(OFF)
    assert highest(OFF, asked(reference, many, np.arange(60) % 6), made(OFF, reference)) < limit(OFF)


@pytest.mark.parametrize("name", [FAR, UNSURE, IMPOSSIBLE, OFF])
def test_a_slot_that_changed_hands_is_innocent(name: str) -> None:
    """And it is judged as a new client is, whatever the one before has sent."""
    world = table_world()
    low, high = world.domain.low.reshape(-1), world.domain.high.reshape(-1)
    raw = np.random.default_rng(0).uniform(2 * low - high, high, (40, len(low)))
    raw[::3, 0] = np.inf
    batch = sent(raw)
    assert batch.scores is not None
    batch = replace(batch, memo={}, scores=np.full_like(batch.scores, 0.5))
    detector = made(name)
    feed(detector, batch)
    detector.forget(np.arange(64))
    after = sent(world.held[:50])
    assert highest(name, after, detector) == highest(name, after)
    detector = made(name)
    once = feed(detector, batch).value
    assert np.nanmax(once) >= limit(name)
    detector.forget(np.arange(64))
    again = feed(detector, replace(batch, memo={}, client=batch.client)).value
    np.testing.assert_allclose(again, once)


def test_holes_among_benign_rows_are_far_out() -> None:
    """Between two clouds, where the distance from the mean says nothing."""
    rng = np.random.default_rng(12)
    side = np.repeat([-1.0, 1.0], 500)[:, None]
    reference = fit_reference(side * 4.0 + rng.normal(0, 0.3, (1000, 8)))
    hole = rng.normal(0, 0.3, (20, 8))
    assert (reference.mahalanobis(reference.encode(hole)) < reference.distance[-4]).all()
    assert highest(FAR, asked(reference, hole), made(FAR, reference)) >= limit(FAR)
    benign = rng.choice([-4.0, 4.0], (300, 1)) + rng.normal(0, 0.3, (300, 8))
    assert highest(FAR, asked(reference, benign), made(FAR, reference)) < limit(FAR)
