"""Inputs that make the model work: found at once; slow days, bulk work and quiet beginnings: left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.detectors.streams import build, explained, feed, honest, part, trace, whole
from tests.traffic.abusing import abuse
from tests.traffic.tables import table_world
from tests.traffic.trace import START
from violet.detectors.base import Batch, detectors
from violet.detectors.denial._typical import Typical

DENIAL = ("denial/cost", "denial/oversized", "denial/sponge")
LIMIT = {name: detectors()[name].facts.threshold for name in DENIAL}


def company(seed: int = 0, days: float = 0.02) -> list[object]:
    kinds = ("application", "analyst", "retries", "power", "bulk", "probe")
    return [honest(kind, 10 * seed + place, 120, days) for place, kind in enumerate(kinds)]


def among(kind: str, seed: int) -> tuple[Batch, np.ndarray]:  # type: ignore[type-arg]
    """An attacker among honest clients, some time after they have begun."""
    attack = abuse(table_world(), kind, seed, start=START + 3600 * 14.5)
    rest = [
        honest(kind, 10 * seed + place, 300, 1.0)
        for place, kind in enumerate(("application", "power", "bulk", "retries"))
    ]
    found = trace(attack, *rest)
    return whole(found), np.array([found.clients[slot] == attack.client for slot in found.client.tolist()])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("name", "kind", "by"),
    [
        ("denial/sponge", "denial:sponge", 12),
        ("denial/cost", "denial:sponge", 14),
        ("denial/cost", "denial:oversized", 14),
        ("denial/oversized", "denial:oversized", 1),
    ],
)
def test_it_is_found_within_some_rows(name: str, kind: str, by: int, seed: int) -> None:
    batch, attack = among(kind, seed)
    fed = feed(build(name), batch, range(64, len(batch), 64))
    assert 0 <= fed.first(LIMIT[name], np.flatnonzero(attack)) <= by
    assert fed.first(LIMIT[name], np.flatnonzero(~attack)) < 0


@pytest.mark.parametrize("name", DENIAL)
def test_what_is_large_and_takes_as_long_is_no_sponge(name: str) -> None:
    """Time that grows with size is explained by it; what it costs, and how large it is, is said by others."""
    rng = np.random.default_rng(0)
    batch = whole(trace(honest("bulk", 0, 2000, 1.0), honest("power", 1, 300, 1.0), honest("retries", 2, 300, 1.0)))
    n = len(batch)
    size = rng.lognormal(6.0, 1.0, n)
    large = (np.arange(n) > n // 2) & (batch.client == batch.client[-1])
    size = np.where(large, 40_000.0, size)
    seconds = size * 1e-6 * rng.lognormal(0.0, 0.2, n)
    fed = feed(build(name), replace(batch, memo={}, size=size.astype(np.float32), seconds=seconds.astype(np.float32)))
    found = fed.first(LIMIT[name], np.flatnonzero(large)) >= 0
    assert found == (name == "denial/cost")
    if name == "denial/sponge":
        slow = np.where(large, 40 * seconds, seconds)
        fed = feed(build(name), replace(batch, memo={}, size=size.astype(np.float32), seconds=slow.astype(np.float32)))
        assert fed.first(LIMIT[name], np.flatnonzero(large)) >= 0


@pytest.mark.parametrize("name", DENIAL)
def test_a_model_that_is_slow_for_all_accuses_nobody_for_long(name: str) -> None:
    """Twice as slow from one moment on, as after a deployment."""
    batch = whole(trace(*company()))  # type: ignore[arg-type]
    late = np.arange(len(batch)) > len(batch) // 2
    seconds = np.where(late, 2 * batch.seconds, batch.seconds).astype(np.float32)
    assert feed(build(name), replace(batch, memo={}, seconds=seconds)).first(LIMIT[name]) < 0


@pytest.mark.parametrize("name", DENIAL)
def test_nothing_is_said_before_it_is_known_what_is_usual(name: str) -> None:
    batch, _ = among("denial:oversized", 1)
    value = feed(build(name), batch).value[:64]
    assert not np.nan_to_num(value).any()


def test_one_client_does_not_decide_what_is_usual() -> None:
    """Whoever floods the model with slow rows is still slow beside the others."""
    batch, attack = among("denial:sponge", 2)
    flood = np.repeat(np.arange(len(batch)), np.where(attack, 5, 1))
    value = feed(build("denial/sponge"), part(batch, flood)).value
    assert value[attack[flood]][-1] >= LIMIT["denial/sponge"]


def usual_after(seconds: np.ndarray, clients: np.ndarray) -> float:  # type: ignore[type-arg]
    """What the model is believed to take for a row, in seconds."""
    rows = len(seconds)
    source = whole(trace(*company()))  # type: ignore[arg-type]
    some = np.arange(rows) % len(source)
    typical = Typical()
    for begin in range(0, rows, 100):
        batch = part(source, some[begin : begin + 100])
        ours = slice(begin, begin + 100)
        typical.step(replace(batch, memo={}, seconds=seconds[ours].astype(np.float32), client=clients[ours]))
    return float(np.exp(typical.usual.seconds))


def test_a_flood_by_one_does_not_make_its_costs_usual() -> None:
    rng = np.random.default_rng(0)
    rows = 12_800
    flood = rng.random(rows) < 0.75
    clients = np.where(flood, 0, 1 + rng.integers(0, 30, rows)).astype(np.int32)
    assert usual_after(np.where(flood, 0.05, 0.0005), clients) < 0.001


def test_a_slower_model_becomes_usual() -> None:
    rows = 12_800
    clients = (np.arange(rows) % 30).astype(np.int32)
    seconds = np.where(np.arange(rows) < 2560, 0.0005, 0.0015)
    assert usual_after(seconds, clients) == pytest.approx(0.0015, rel=0.1)


def test_a_sponge_among_hundred_rows_is_forgiven() -> None:
    batch = whole(trace(*company(1)))  # type: ignore[arg-type]
    seconds = batch.seconds.copy()
    seconds[200::100] *= 60
    assert feed(build("denial/sponge"), replace(batch, memo={}, seconds=seconds)).first(LIMIT["denial/sponge"]) < 0


@pytest.mark.parametrize("name", DENIAL)
def test_the_alert_has_the_figures(name: str) -> None:
    batch, _ = among("denial:oversized" if name != "denial/sponge" else "denial:sponge", 0)
    evidence = explained(build(name), batch, LIMIT[name])
    assert evidence.queries
    assert evidence.reference
    assert all(np.isfinite(float(value)) for value in evidence.values.values())
    if name == "denial/sponge":
        assert float(evidence.values["times"]) > 5
    else:
        assert float(evidence.values["bytes"]) > 16


@pytest.mark.parametrize("name", ["denial/oversized", "denial/cost", "denial/sponge"])
def test_who_comes_with_the_first_rows_does_not_decide_what_is_usual(name: str) -> None:
    batch, attack = among("denial:oversized" if name != "denial/sponge" else "denial:sponge", 4)
    first = np.flatnonzero(attack)[:40]
    calm = np.flatnonzero(~attack)
    order = np.concatenate([np.sort(np.concatenate([calm[:120], first])), calm[120:600], np.flatnonzero(attack)[40:80]])
    value = feed(build(name), replace(part(batch, order), at=np.sort(batch.at[order]))).value
    assert np.nanmax(value[-40:]) >= LIMIT[name]
