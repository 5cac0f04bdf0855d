from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.detectors.episodes import spans
from violet.services.guarding.score_log import ScoreLog

row = st.tuples(
    st.integers(0, 4),
    st.sampled_from([0.0, 1.0, 2.0, 3.0, 4.0, float("nan")]),
    st.sampled_from([0.0, 1.0, 30.0]),
)
rows = st.integers(0, 80).flatmap(lambda size: st.lists(row, min_size=size, max_size=size))


@given(rows, st.integers(4, 40), st.lists(st.integers(0, 80), max_size=6), st.sampled_from([2.0, 20.0]))
def test_a_bounded_log_has_the_same_episodes(
    stream: list[tuple[int, float, float]], kept: int, cuts: list[int], quiet: float
) -> None:
    client = np.array([one[0] for one in stream], np.int64)
    value = np.array([one[1] for one in stream])
    at = np.cumsum([one[2] for one in stream]) if stream else np.empty(0)
    log = ScoreLog(kept=kept)
    for begin, end in pairwise([0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]):
        log.add(client[begin:end], value[begin:end], at[begin:end])
    assert log.count == int(np.sum(~np.isnan(value)))
    for threshold in (0.0, 0.5, 1.0, 2.0, 2.5, 3.0, 4.0, 5.0):
        if threshold < log.level:
            with pytest.raises(ValueError, match="not kept"):
                log.episodes(threshold, quiet)
            continue
        found, expected = log.episodes(threshold, quiet), spans(threshold, client, value, at, quiet)
        assert found.slot.tolist() == expected.slot.tolist()
        assert found.peak.tolist() == expected.peak.tolist()
        some = np.array([True, False, True, False, True])
        part = np.isin(client, [0, 2, 4])
        among, alone = (
            log.episodes(threshold, quiet, some),
            spans(threshold, client[part], value[part], at[part], quiet),
        )
        assert among.slot.tolist() == alone.slot.tolist()


def test_memory_is_bounded_however_many_scores_come() -> None:
    rng = np.random.default_rng(1)
    log = ScoreLog(kept=1000)
    for second in range(200):
        log.add(rng.integers(0, 50, 500), rng.exponential(1.0, 500), np.full(500, float(second)))
        assert len(log.columns()[0]) <= 1500
    assert log.count == 100_000
    assert log.greatest > 8
    assert log.level > 2


def test_equal_scores_without_end_are_bounded_too() -> None:
    log = ScoreLog(kept=1000)
    for second in range(100):
        log.add(np.arange(500) % 50, np.zeros(500), np.full(500, float(second)))
    assert len(log.columns()[0]) <= 1500
    assert log.greatest == 0.0
