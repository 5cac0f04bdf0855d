"""Comparing two measurements of the same samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from violet.defenses.paired import compare

MASKS = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=200)


@given(MASKS)
def test_the_chance_is_mcnemars(pairs: list[tuple[bool, bool]]) -> None:
    before, after = (np.array(side) for side in zip(*pairs, strict=True))
    found = compare(before, after)
    assert found.difference == pytest.approx(after.mean() - before.mean())
    moved = found.gained + found.lost
    expected = binomtest(found.gained, moved, 0.5).pvalue if moved else 1.0
    assert found.chance == pytest.approx(min(1.0, expected))
    assert found.interval.low <= found.interval.high


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    generator = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        before = generator.random(150) < 0.5
        after = np.where(generator.random(150) < 0.3, generator.random(150) < 0.8, before)
        covered += (0.3 * 0.8 + 0.7 * 0.5 - 0.5) in compare(before, after).interval
    assert covered / 400 > 0.92
