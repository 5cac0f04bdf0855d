"""Models that are swapped, broken or turned against a group, and such that go on as before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.detectors.streams import explained, feed, honest, part, trace, whole
from tests.traffic import Mixture, benign
from tests.traffic.pictures import picture_world
from tests.traffic.tables import NAMES, table_world
from tests.traffic.trace import START, Piece, assemble
from violet.detectors.base import Batch, Detector, Setup, detectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

COLLAPSE, EXPLAINED, SEGMENT, FLOOD = (
    f"outputs/{name}" for name in ("confidence_collapse", "explanation_drift", "segment_shift", "label_flood")
)
MODEL = (COLLAPSE, EXPLAINED, SEGMENT)
ATTACKED = 13_000
"""The row from which the model is another."""


def made(name: str, clients: int = 512, **options: float) -> Detector:
    return detectors()[name].build(Setup(table_world().reference, clients, options=options))


def limit(name: str) -> float:
    return detectors()[name].facts.threshold


@cache
def stream() -> Batch:
    """Honest traffic of 120 clients, some days of it."""
    return whole(benign(table_world(), 5, Mixture(clients=120, queries=22_000)))


def changed(change: Callable[[Batch, Array, Array], Array]) -> Batch:
    """The same traffic, where the model's scores are others from ``ATTACKED`` on: ``change`` gets the batch, which rows
    these are, and their scores, and gives the scores anew."""
    batch = stream()
    assert batch.scores is not None
    late = np.arange(len(batch)) >= ATTACKED
    scores = batch.scores.copy()
    scores[late] = change(batch, late, scores[late])
    return replace(batch, memo={}, scores=scores, label=scores.argmax(axis=1).astype(np.int32))


def at(name: str, batch: Batch) -> int:
    """The row of the first alert; -1: none."""
    return feed(made(name), batch, range(64, len(batch), 64)).first(limit(name))


def two(second: Array) -> Array:
    return np.stack([1 - second, second], axis=1).astype(np.float32)


@pytest.mark.parametrize("name", MODEL)
@pytest.mark.parametrize("seed", [5, 6])
def test_a_model_that_stays_is_silent(name: str, seed: int) -> None:
    batch = whole(benign(table_world(), seed, Mixture(clients=120, queries=22_000)))
    assert np.nanmax(feed(made(name), batch, range(64, len(batch), 64)).value) < 0.9 * limit(name)


BROKEN: dict[str, Callable[[Batch, Array, Array], Array]] = {
    "flat": lambda batch, late, scores: two(np.full(len(scores), 0.3)),
    "sure": lambda batch, late, scores: two((scores[:, 1] > 0.5).astype(float)),
    "unsure": lambda batch, late, scores: two(0.5 + 0.02 * (scores[:, 1] - 0.5)),
    "one class": lambda batch, late, scores: two(0.5 * scores[:, 1]),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_collapse_is_seen_within_a_thousand_rows(kind: str) -> None:
    batch = changed(BROKEN[kind])
    assert ATTACKED < at(COLLAPSE, batch) < ATTACKED + 1200
    evidence = explained(made(COLLAPSE), batch, limit(COLLAPSE))
    assert kind in (evidence.values["kind"], "unsure", "one class")


def test_one_client_does_not_make_a_collapse() -> None:
    """Health probes, and one who asks the same all day."""
    batch = stream()
    assert batch.scores is not None
    often = replace(batch, memo={}, client=np.where(np.arange(len(batch)) % 10 < 8, 500, batch.client).astype(np.int32))
    scores = batch.scores.copy()
    scores[(often.client == 500) & (np.arange(len(batch)) > ATTACKED)] = (0.01, 0.99)
    assert at(COLLAPSE, replace(often, memo={}, scores=scores)) == -1


def test_few_clients_fill_windows_as_well() -> None:
    batch = stream()
    alone = replace(batch, memo={}, client=(batch.client % 2).astype(np.int32))
    assert np.isfinite(feed(made(COLLAPSE), alone).value).sum() >= 4


def other_model(batch: Batch, late: Array, scores: Array) -> Array:
    """As good at first sight: as sure, and as often for each class, but by other columns."""
    x = batch.x[late].astype(float)
    by = x[:, NAMES.index("age")] - x[:, NAMES.index("accounts")]
    order = np.empty(len(x), int)
    order[np.argsort(by)] = np.arange(len(x))
    return np.sort(scores[:, 1])[order][:, None] * [[-1.0, 1.0]] + [[1.0, 0.0]]


def test_a_model_that_goes_by_other_features_is_seen() -> None:
    batch = changed(other_model)
    assert ATTACKED < at(EXPLAINED, batch) < ATTACKED + 6000
    evidence = explained(made(EXPLAINED), batch, limit(EXPLAINED))
    assert "age" in evidence.summary or "accounts" in evidence.summary
    assert evidence.queries
    assert at(COLLAPSE, batch) == -1, "it is as sure as before"


def against(batch: Batch, late: Array, scores: Array) -> Array:
    """Who asks for product 0 is declined more often."""
    hit = batch.raw[late, NAMES.index("age")] < 33
    return two(np.where(hit, 1 - 0.35 * (1 - scores[:, 1]), scores[:, 1]))


def test_a_group_that_gets_other_answers_is_named() -> None:
    batch = changed(against)
    assert ATTACKED < at(SEGMENT, batch) < ATTACKED + 6000
    evidence = explained(made(SEGMENT), batch, limit(SEGMENT))
    assert "age is below" in str(evidence.values["segment"])
    assert abs(float(evidence.values["elsewhere by"])) < 0.2


def test_what_changes_for_all_is_no_matter_of_a_group() -> None:
    batch = changed(lambda batch, late, scores: two(np.clip(scores[:, 1] + 0.15, 0, 1)))
    assert at(SEGMENT, batch) == -1


@pytest.mark.parametrize("name", [EXPLAINED, SEGMENT])
def test_other_customers_are_no_other_model(name: str) -> None:
    """From the middle on, half of the rows are of newcomers from elsewhere; the model is the same."""
    world = table_world()
    rng = np.random.default_rng(3)
    pieces = []
    for client in range(40):
        rows = world.population.draw(rng, 350)
        rows[200::2] = world.population.others(rng, len(rows[200::2]))
        pieces.append(Piece(f"key:{client}", "benign", START + np.arange(350) * 60.0 + client, rows))
    batch = whole(assemble(world, pieces, 0))
    assert np.nanmax(feed(made(name), batch).value) < limit(name)


@pytest.mark.parametrize("name", [EXPLAINED, SEGMENT])
def test_one_client_is_no_other_model(name: str) -> None:
    """Two rows in three from ``ATTACKED`` on are of one client, whose answers alone go by other features: as somebody's
    might who has found out what to ask. It takes few clients' answers for the change of a model, and not one's."""
    batch = changed(lambda batch, late, scores: against(batch, late, other_model(batch, late, scores)))
    few = replace(batch, memo={}, client=np.where(np.arange(len(batch)) < ATTACKED, batch.client, 500).astype(np.int32))
    honest_rows = np.arange(ATTACKED, len(batch), 3)
    mixed = few.client.copy()
    mixed[honest_rows] = np.arange(len(honest_rows)) % 60
    scores = batch.scores
    before = stream().scores
    assert scores is not None
    assert before is not None
    scores = scores.copy()
    scores[honest_rows] = before[honest_rows]
    assert at(name, replace(few, memo={}, client=mixed, scores=scores)) == -1


# -- rare labels -----------------------------------------------------------------------------------------------------


def labelled(shares: list[float], attacker: float, rows: int = 6000, client: int = 7) -> Batch:
    """Labels by these shares; of one client's rows, ``attacker`` get the last."""
    world = table_world()
    rng = np.random.default_rng(1)
    clients = rng.integers(0, 40, rows)
    label = rng.choice(len(shares), rows, p=shares)
    late = (clients == client) & (np.arange(rows) > 3000)
    label[late & (rng.random(rows) < attacker)] = len(shares) - 1
    batch = part(stream(), slice(0, rows))
    return replace(
        batch,
        memo={},
        raw=world.held[rng.integers(0, len(world.held), rows)],
        x=world.reference.encode(world.held[rng.integers(0, len(world.held), rows)]),
        client=clients.astype(np.int32),
        label=label.astype(np.int32),
        scores=None,
    )


def flood() -> Detector:
    reference = replace(table_world().reference, classes=np.empty(0, np.float32))
    return detectors()[FLOOD].build(Setup(reference, 64))


def test_who_asks_for_a_rare_class_is_named() -> None:
    batch = labelled([0.6, 0.39, 0.01], 0.8)
    value = np.nan_to_num(feed(flood(), batch, range(64, len(batch), 64)).value)
    reached = np.flatnonzero(value >= limit(FLOOD))
    assert set(batch.client[reached].tolist()) == {7}
    asked = np.flatnonzero((batch.client == 7) & (np.arange(len(batch)) > 3000))
    assert 8 <= np.searchsorted(asked, reached[0]) <= 40


def test_who_asks_often_enough_does_not_make_it_usual() -> None:
    batch = labelled([0.6, 0.395, 0.005], 0.0)
    mine = (np.arange(len(batch)) > 1500) & (np.arange(len(batch)) % 2 == 0)
    hits = mine & (np.arange(len(batch)) % 32 == 0)
    label = np.where(hits, 2, np.where(mine & (batch.label == 2), 0, batch.label)).astype(np.int32)
    flooded = replace(batch, memo={}, label=label, client=np.where(mine, 7, batch.client).astype(np.int32))
    detector: Any = flood()
    feed(detector, flooded, range(64, len(batch), 64))
    assert detector._is_rare[2]


def test_a_class_that_is_not_rare_may_be_asked_for() -> None:
    batch = labelled([0.6, 0.3, 0.1], 1.0)
    assert np.isnan(feed(flood(), batch).value).all()


def test_of_two_classes_none_is_rare() -> None:
    assert np.isnan(feed(flood(), labelled([0.995, 0.005], 0.8)).value).all()


def test_some_rare_rows_are_nothing() -> None:
    batch = labelled([0.6, 0.39, 0.01], 0.15)
    assert np.nanmax(feed(flood(), batch).value) < limit(FLOOD)


@pytest.mark.parametrize("kind", ["application", "power", "newcomer", "analyst"])
def test_honest_clients_of_pictures_do_not_flood(kind: str) -> None:
    from tests.traffic.clients import MAKERS, Span

    world = picture_world(28)
    pieces = [
        MAKERS[kind](world, np.random.default_rng([seed, 99]), f"key:{seed}", Span(START, 4.0), 300)
        for seed in range(4)
    ]
    batch = whole(assemble(world, pieces, 0))
    value = feed(detectors()[FLOOD].build(Setup(world.reference, 64)), batch).value
    assert np.nanmax(value, initial=0.0) < limit(FLOOD)


def test_honest_of_tables_too() -> None:
    batch = whole(trace(honest("power", 1), honest("application", 2)))
    assert np.nanmax(feed(made(FLOOD), batch).value, initial=0.0) < limit(FLOOD)
