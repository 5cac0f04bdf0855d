"""Attackers who turn the detectors against others, or against their memory."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detectors.evasion.streams import ALL, batch, built, cloud, entry, smooth, world
from violet.detectors.base import Setup
from violet.detectors.evasion._trail import Trail
from violet.detectors.fingerprints import Fingerprints
from violet.detectors.rings import EPOCH, Rings

VICTIM, ATTACKER = 1, 2


def test_who_is_surrounded_by_an_attack_is_not_accused() -> None:
    """Twenty attackers ask 120 variants of whatever the victim asks, before and after; the victim asks ordinary
    cases, and now and then revises one twice."""
    rng = np.random.default_rng(0)
    detectors = built(smooth(8))
    accused: set[int] = set()
    for case in range(40):
        own = rng.normal(size=8)
        honest = [own, *(own + 0.05 * rng.normal(size=(2, 8)))] if case % 8 == 0 else [own]
        flood = cloud(own, 120, case)
        raw = np.concatenate([flood[:100], honest, flood[100:]])
        who = np.concatenate([np.arange(100) % 20 + 10, [VICTIM] * len(honest), np.arange(20) + 10])
        one = batch(raw, who, begin=200 * case)
        for name, detector in detectors.items():
            if name == "evasion/swarm":
                continue  # accuses nobody
            scores = detector.observe(one)
            over = np.asarray(scores.value) >= entry(name).facts.threshold
            accused |= set(one.client[np.asarray(scores.rows)[over]].tolist())
    assert VICTIM not in accused
    assert accused  # the attackers are


def test_an_analyst_in_the_midst_of_an_attack_is_not_accused() -> None:
    of = world("tables")
    rng = np.random.default_rng(1)
    base = of.population.draw(rng, 1)[0]
    sweep = of.population.vary(rng, base, 40)
    raw, who = [], []
    for row in sweep:
        for other in range(5):
            raw.append(row + of.reference.scale * 0.02 * rng.normal(size=20))
            who.append(10 + other)
        raw.append(row)
        who.append(VICTIM)
    one = batch(np.array(raw), np.array(who), of.reference)
    for name, detector in built(of.reference).items():
        if name == "evasion/swarm":
            continue
        scores = detector.observe(one)
        over = np.asarray(scores.value) >= entry(name).facts.threshold
        assert VICTIM not in one.client[np.asarray(scores.rows)[over]], name


def test_nobody_can_hide_a_client_from_itself() -> None:
    """Who sends what falls into the same cells, again and again, does not write over the client's own."""
    rng = np.random.default_rng(6)
    sample = rng.normal(size=(1000, 8)).astype(np.float32)
    prints = Fingerprints(8, 100, 0.5, 0, sample, {})
    victim = rng.normal(size=(1, 8)).astype(np.float32)
    one, zero = np.array([VICTIM]), np.zeros(1, np.int64)
    prints.observe(victim, one, zero)
    for _ in range(20):
        flood = np.repeat(victim, 64, axis=0) + rng.normal(scale=0.01, size=(64, 8)).astype(np.float32)
        prints.observe(flood, np.full(64, ATTACKER), np.arange(64))
    found = prints.observe(victim + np.float32(0.02), one, zero)
    assert found.own[0] == 0
    assert found.any[0] > 0


def test_one_account_cannot_flush_the_long_memory() -> None:
    """Nobody else asks: of what one account sends, the history takes a sixty-fourth of its size, then nothing."""
    rng = np.random.default_rng(2)
    sample = rng.normal(size=(1000, 8)).astype(np.float32)
    prints = Fingerprints(8, 100, 0.5, 0, sample, {"root": np.int64}, room=1 << 20)
    zero = np.zeros(64, np.int64)
    victim = rng.normal(size=(1, 8)).astype(np.float32)
    prints.observe(victim, np.array([VICTIM]), zero[:1])
    flood = rng.normal(size=(2 * prints.size, 8)).astype(np.float32)
    for begin in range(0, len(flood) - 64, 64):
        prints.observe(flood[begin : begin + 64], np.full(64, ATTACKER), np.arange(64))
        prints.clear(64)
    again = prints.observe(victim + np.float32(0.01), np.array([VICTIM]), zero[:1])
    assert again.own[0] >= 0
    assert again.any[0] >= 0


def test_a_crowd_of_accounts_flushes_it_at_the_stated_cost() -> None:
    rng = np.random.default_rng(2)
    prints = Fingerprints(8, 100, 0.5, 0, rng.normal(size=(1000, 8)).astype(np.float32), {}, room=1 << 20)
    victim = rng.normal(size=(1, 8)).astype(np.float32)
    prints.observe(victim, np.array([VICTIM]), np.zeros(1, np.int64))
    sent = 0

    def found() -> bool:
        prints._part[VICTIM] = prints._most  # the question itself is not to be remembered
        return bool(prints.observe(victim + np.float32(0.01), np.array([VICTIM]), np.zeros(1, np.int64)).any[0] >= 0)

    while found():
        crowd = np.repeat(np.arange(10, 26), 4)
        prints.observe(rng.normal(size=(64, 8)).astype(np.float32), crowd, np.tile(np.arange(4), 16))
        prints.clear(64)
        sent += 64
        assert sent < 10 * prints.size
    assert sent > 0.9 * prints.size


def test_new_clients_do_not_take_rings_from_those_under_watch() -> None:
    rings = Rings(100_000, 8, {"node": np.int64}, room=1)
    assert rings.count == 2 * EPOCH
    row, one = np.zeros((1, 8), np.float32), np.zeros(1, np.int64)

    def ask(slot: int, now: int) -> None:
        slots = np.array([slot])
        rings.put(rings.window(row, slots, one, one, now), slots, one)

    for _ in range(10):
        ask(5, 0)
        ask(6, 0)
    rings.watch(np.array([5]), 1)
    for visitor in range(20_000):
        ask(1000 + visitor, visitor)
        if visitor % EPOCH == 0:
            rings.clear()
    assert rings.ring[5] >= 0  # under watch
    assert rings.ring[6] >= 0  # has asked ten, where visitors asked one
    assert (rings.ring >= 0).sum() <= rings.count


def test_an_attack_is_seen_in_a_flood_of_new_clients() -> None:
    """Rings and slots are scarce: 3,000 clients for 512 rings."""
    rng = np.random.default_rng(3)
    detectors = built(smooth(8), ("evasion/ring",), clients=4000)
    trail = detectors["evasion/ring"]._trail  # type: ignore[attr-defined]
    trail.rings = Rings(4000, 8, {name: mark.dtype for name, mark in trail.rings.marks.items()}, room=1)
    base = rng.normal(size=8)
    seen = False
    for part in range(40):
        raw = np.concatenate([rng.normal(size=(75, 8)), cloud(base, 2, part)])
        who = np.concatenate([10 + 75 * part + np.arange(75), [ATTACKER] * 2])
        one = batch(raw, who, begin=100 * part)
        scores = detectors["evasion/ring"].observe(one)
        seen |= bool((np.asarray(scores.value) >= entry("ring").facts.threshold).any())
    assert trail.rings.count == 512
    assert seen


@pytest.mark.parametrize("name", ALL)
def test_absurd_values_break_nothing(name: str) -> None:
    detector = built(smooth(8), (name,))[name]
    rng = np.random.default_rng(4)
    raw = rng.normal(size=(200, 8))
    raw[::3] = np.nan
    raw[1::7] = 1e300
    raw[2::11] = -np.inf
    raw[3::5, 2] = np.nan
    raw[100:] = 0.0
    scores = rng.random((200, 3)).astype(np.float32)
    scores[::4] = np.nan
    with np.errstate(all="ignore"):
        one = batch(raw, np.arange(200) % 5, scores=scores, label=rng.integers(-1, 3, 200).astype(np.int32))
    found = detector.observe(one)
    assert np.isfinite(found.value).all()
    for index in range(len(found.rows)):
        assert found.explain(index).summary


def test_memory_is_bounded_from_the_start() -> None:
    """10,000 clients of a table of 20 columns, and of one of 100."""
    for width in (20, 100):
        trail = Trail(Setup(smooth(width), 10_000), prints=True)
        assert trail.bytes < (64 + 64 + 8) << 20, trail.bytes / 2**20
    assert entry("exact_repeats").build(Setup(None, 10_000)).bytes < 10 << 20  # type: ignore[attr-defined]


def test_clusters_are_bounded_and_small_ones_do_not_push_out_large_ones() -> None:
    from violet.detectors.evasion import _book

    rng = np.random.default_rng(5)
    detector = built(smooth(8), ("evasion/near_duplicates",))["evasion/near_duplicates"]
    base = rng.normal(size=8)
    detector.observe(batch(cloud(base, 6, 0), ATTACKER))
    before = detector._book._top[ATTACKER].evidence  # type: ignore[attr-defined]
    assert before >= _book.SERIOUS
    for part in range(_book.YOUNG // 128 + 4):
        pairs = np.repeat(rng.normal(size=(128, 8)), 2, axis=0) + 0.02 * rng.normal(size=(256, 8))
        detector.observe(batch(pairs, 10 + part % 50, begin=1000 + 256 * part))
    book = detector._book  # type: ignore[attr-defined]
    assert len(book) <= _book.YOUNG + _book.GROWN
    detector.observe(batch(cloud(base, 3, 1), ATTACKER, begin=50_000))
    assert book._top[ATTACKER].evidence > before
