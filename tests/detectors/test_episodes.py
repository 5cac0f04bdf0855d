from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.detectors.episodes import Episodes, spans

Stream = list[tuple[int, float, float]]


def arrays(stream: Stream) -> tuple[Any, Any, Any]:
    """Slots, values, times."""
    slots, values, at = zip(*stream, strict=True) if stream else ((), (), ())
    return np.array(slots, np.int32), np.array(values, np.float64), np.array(at, np.float64)


def plainly(threshold: float, stream: Stream, quiet: float) -> list[int]:
    """The definition, word by word: each client by itself, with all that it has been given."""
    opening = []
    for client in {slot for slot, _, _ in stream}:
        own = [(i, value, at) for i, (slot, value, at) in enumerate(stream) if slot == client and value == value]
        going, below = False, None
        for index, value, at in own:
            if value >= threshold:
                if not going or (below is not None and at - below >= quiet):
                    opening.append(index)
                going, below = True, None
            elif going:
                below = at if below is None else below
                if at - below >= quiet:
                    going, below = False, None
    return sorted(opening)


def stepwise(threshold: float, stream: Stream, quiet: float, cuts: list[int]) -> list[int]:
    slots, values, at = arrays(stream)
    episodes = Episodes(threshold, quiet, clients=8)
    found: list[int] = []
    bounds = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for begin, end in pairwise(bounds):
        part = slice(begin, end)
        opens = episodes.step(np.arange(end - begin), slots[part], values[part], at[part])
        found += (opens + begin).tolist()
    assert episodes.opened == len(found)
    return found


row = st.tuples(
    st.integers(0, 2),
    st.sampled_from([0.0, 0.5, 1.0, 2.0, float("nan"), float("inf"), float("-inf")]),
    st.sampled_from([0.0, 1.0, 4.0, 5.0, 30.0]),
)
streams = (
    st.integers(0, 60)
    .flatmap(lambda size: st.lists(row, min_size=size, max_size=size))
    .map(lambda rows: [(slot, value, sum(gap for *_, gap in rows[: i + 1])) for i, (slot, value, _) in enumerate(rows)])
)


@given(streams, st.sampled_from([0.0, 5.0, 20.0]), st.lists(st.integers(0, 60), max_size=5))
def test_all_three_forms_agree_however_the_stream_is_cut(stream: Stream, quiet: float, cuts: list[int]) -> None:
    expected = plainly(1.0, stream, quiet)
    assert stepwise(1.0, stream, quiet, cuts) == expected
    slots, values, at = arrays(stream)
    found = spans(1.0, slots, values, at, quiet)
    assert found.start.tolist() == expected
    assert found.slot.tolist() == slots[expected].tolist()


@given(streams, st.sampled_from([5.0, 20.0]))
def test_a_peak_is_the_greatest_score_until_the_client_s_next_episode(stream: Stream, quiet: float) -> None:
    slots, values, at = arrays(stream)
    found = spans(1.0, slots, values, at, quiet)
    for start, slot, peak in zip(found.start.tolist(), found.slot.tolist(), found.peak.tolist(), strict=True):
        later = [s for s, c in zip(found.start.tolist(), found.slot.tolist(), strict=True) if c == slot and s > start]
        until = min(later, default=len(values))
        own = values[start:until][slots[start:until] == slot]
        assert peak == np.nanmax(own)


def test_falling_below_for_a_moment_is_the_same_episode_and_for_quiet_seconds_is_not() -> None:
    stream = [(0, 1.0, 0.0), (0, 0.0, 10.0), (0, 1.0, 909.0), (0, 0.0, 1000.0), (0, 1.0, 1900.0)]
    assert stepwise(1.0, stream, 900.0, []) == [0, 4]


def test_silence_above_the_threshold_goes_on() -> None:
    stream = [(0, 2.0, hour * 3600.0) for hour in range(48)]
    assert stepwise(1.0, stream, 900.0, []) == [0]


def test_rows_left_out_are_read_by_their_place_in_the_batch() -> None:
    episodes = Episodes(1.0, clients=4)
    slots, at = np.array([3, 0, 1, 0], np.int32), np.arange(4.0)
    assert episodes.step(np.array([1, 2]), slots, np.array([0.0, 5.0]), at).tolist() == [1]
    assert episodes.going(1, 3.0)
    assert not episodes.going(0, 3.0)


def test_a_slot_that_changed_hands_opens_anew() -> None:
    episodes = Episodes(1.0, clients=2)
    row, slot, high = np.array([0]), np.array([1], np.int32), np.array([3.0])
    assert len(episodes.step(row, slot, high, np.array([0.0]))) == 1
    assert len(episodes.step(row, slot, high, np.array([1.0]))) == 0
    episodes.forget(np.array([1]))
    assert len(episodes.step(row, slot, high, np.array([2.0]))) == 1


def test_a_threshold_that_nobody_set_is_reached_by_nothing() -> None:
    for threshold in (float("inf"), float("nan")):
        stream = [(0, float("inf"), 0.0), (1, 1e300, 1.0)]
        assert stepwise(threshold, stream, 900.0, []) == []
        assert len(spans(threshold, *arrays(stream))) == 0


def test_what_is_over_is_not_kept() -> None:
    episodes = Episodes(1.0, 5.0, clients=4)
    row = np.array([0])
    for value, at in ((1.0, 0.0), (0.0, 1.0), (0.0, 7.0)):
        episodes.step(row, np.array([2], np.int32), np.array([value]), np.array([at]))
    assert not episodes._below
    assert not episodes._known.any()


def test_a_negative_quiet_is_refused() -> None:
    with pytest.raises(ValueError, match="seconds"):
        Episodes(1.0, -1.0)
