"""However a stream is cut, and whoever shares what, the detectors say the same; slots change hands; sketches add up."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.evasion.streams import ALL, Told, attack, batch, built, cloud, cut, entry, hear, smooth, world
from tests.traffic import disguise
from tests.traffic.clients import Mixture, benign_pieces
from tests.traffic.replay import batches
from tests.traffic.trace import assemble
from violet.detectors.base import Batch, Setup


@cache
def mixed(kind: str) -> Batch:
    """Honest clients and attackers at the same time."""
    of = world(kind)
    pieces = benign_pieces(of, 4, Mixture(queries=900, clients=25, days=0.1))
    pieces += [disguise.slowly(attack(kind, name, 3, 150), 1, 2.0) for name in ("hopskipjump", "nes", "square")]
    pieces += disguise.distributed(disguise.slowly(attack(kind, "simba", 3, 150), 1, 2.0), 2, 10)
    (whole,) = batches(assemble(of, pieces), of.reference, 10**6)
    return whole


@cache
def whole(kind: str) -> Told:
    return hear([mixed(kind)], built(world(kind).reference))


def same(one: Told, other: Told) -> None:
    assert one.first == other.first
    for name in one.rows:
        np.testing.assert_array_equal(one.rows[name], other.rows[name], err_msg=name)
        np.testing.assert_allclose(one.values[name], other.values[name], atol=1e-5, err_msg=name)


@pytest.mark.parametrize("kind", ["tables", "pictures"])
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_how_a_stream_is_cut_makes_no_difference(kind: str, data: Any) -> None:
    n = len(mixed(kind))
    places = data.draw(st.lists(st.integers(1, n - 1), max_size=60))
    same(whole(kind), hear(cut(mixed(kind), places), built(world(kind).reference)))


def test_batches_of_one() -> None:
    head = cut(mixed("tables"), [400])[0]
    who = world("tables").reference
    same(hear([head], built(who)), hear(cut(head, list(range(400))), built(who)))


def test_alone_they_say_what_they_say_together() -> None:
    reference = world("tables").reference
    told = whole("tables")
    assert len(told.accusers) >= 5
    for name in ALL:
        alone = hear([mixed("tables")], {name: entry(name).build(Setup(reference, 1000))})
        np.testing.assert_array_equal(alone.rows[name], told.rows[name], err_msg=name)
        np.testing.assert_allclose(alone.values[name], told.values[name], atol=1e-5, err_msg=name)


def test_two_of_a_kind_do_not_share_their_state() -> None:
    """Built from one ``Setup``: each takes part in the shared state once."""
    setup = Setup(smooth(8), 100)
    one = batch(cloud(np.zeros(8), 30))
    first, second = (entry("near_duplicates").build(setup) for _ in range(2))
    assert first.observe(one).value.tolist() == second.observe(one).value.tolist() != []


@pytest.mark.parametrize("name", ALL)
def test_empty_and_large_batches(name: str) -> None:
    detector = built(smooth(8), (name,))[name]
    raw = np.random.default_rng(0).normal(size=(1000, 8))
    for n in (0, 1, 1000):
        detector.observe(batch(raw[:n], np.arange(n) % 7))


@pytest.mark.parametrize("name", [name for name in ALL if name != "evasion/swarm"])
def test_a_slot_that_changes_hands_is_forgotten(name: str) -> None:
    def ask(detector: Any, part: int) -> float:
        rows = cloud(np.zeros(8), 14, seed=1)
        if name == "evasion/exact_repeats":
            rows = np.tile(rows[:3], (14, 1))
        label = np.arange(len(rows)) % 2
        return float(detector.observe(batch(rows, 3, begin=100 * part, label=label)).value.max(initial=0.0))

    fresh, used = (built(smooth(8), (name,))[name] for _ in range(2))
    ask(used, 0)
    used.forget(np.array([3]))
    after, first = ask(used, 1), ask(fresh, 1)
    assert first >= 1
    assert after == first
    if entry(name).facts.width:
        assert used.delta(np.array([3])).shape == (1, 1)


@pytest.mark.parametrize(
    "name",
    [
        "evasion/near_duplicates",
        "evasion/walks",
        "evasion/boundary_pairs",
        "evasion/provenance",
        "evasion/exact_repeats",
    ],
)
def test_two_processes_that_see_half_each_know_as_much_together(name: str) -> None:
    rows = cloud(np.zeros(8), 36, seed=2, size=0.1)
    label = np.arange(36) % 2
    if name == "evasion/exact_repeats":
        rows = np.repeat(rows[:4], 24, axis=0)[np.random.default_rng(0).permutation(96)]
        label = np.zeros(96, int)
    slots = np.array([3, 5])
    both = built(smooth(8), (name,))[name]
    alone = float(both.observe(batch(rows, 3, label=label)).value[-1])
    left, right = (built(smooth(8), (name,))[name] for _ in range(2))
    last = 0.0
    for begin in range(0, len(rows), 4):
        for here, some in ((left, slice(begin, begin + 2)), (right, slice(begin + 2, begin + 4))):
            scores = here.observe(batch(rows[some], 3, begin=begin, label=label[some]))
            last = float(scores.value[-1]) if len(scores.value) else last
        to_right, to_left = left.delta(slots), right.delta(slots)
        assert to_right.shape == (2, entry(name).facts.width)
        assert to_right.dtype == np.float32
        right.absorb(slots, to_right)
        left.absorb(slots, to_left)
        # What was absorbed is not handed on, and what was handed on is not handed on again.
        assert not left.delta(slots).any()
        assert not right.delta(slots).any()
    assert alone > 3
    assert last == pytest.approx(alone, rel=0.5)
    # More than the second process knows by itself.
    own = built(smooth(8), (name,))[name]
    half = 0.0
    for begin in range(2, len(rows), 4):
        values = own.observe(batch(rows[begin : begin + 2], 3, begin=begin, label=label[begin : begin + 2])).value
        half = float(values[-1]) if len(values) else half
    assert last > half


def test_what_others_absorb_is_additive_and_bounded() -> None:
    detector = built(smooth(8), ("evasion/near_duplicates",))["evasion/near_duplicates"]
    slots = np.array([3])
    rows = cloud(np.zeros(8), 5, seed=2)
    plain = float(detector.observe(batch(rows, 3)).value[-1])
    for value in (2.0, 3.0, -1.0):
        detector.absorb(slots, np.array([[value]], np.float32))
    scores = detector.observe(batch(cloud(np.zeros(8), 1, seed=9), 3, begin=10))
    assert scores.value[-1] == pytest.approx(plain + 1.0 + 4.0)
    assert scores.explain(len(scores.rows) - 1).values["elsewhere"] == pytest.approx(4.0)
    detector.absorb(slots, np.array([[np.nan]], np.float32))
    detector.absorb(slots, np.array([[-100.0]], np.float32))
    left = detector.observe(batch(cloud(np.zeros(8), 1, seed=10), 3, begin=11)).value[-1]
    assert left == pytest.approx(plain + 2.0)
