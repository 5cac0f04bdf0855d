"""``explain/unstable-explanation``."""

from __future__ import annotations

from dataclasses import replace

from tests.checks.explain.examples import SOUND, STABILITY, changed, fired, interval
from violet.domain.explanation import Explanation

RULE = "explain/unstable-explanation"


def positive_facts() -> Explanation:
    return changed(stability=replace(STABILITY, overlap=0.3, overlap_interval=interval(0.25, 0.36)))


def benign_facts() -> Explanation:
    return SOUND


def test_either_figure_is_enough_by_its_upper_limit() -> None:
    low = replace(STABILITY, correlation=0.2, correlation_interval=interval(0.1, 0.3))
    assert fired(changed(stability=low), RULE)
    unsure = replace(STABILITY, overlap=0.45, overlap_interval=interval(0.3, 0.6))
    assert not fired(changed(stability=unsure), RULE)


def test_a_handful_of_inputs_is_too_few() -> None:
    few = replace(STABILITY, inputs=5, overlap=0.1, overlap_interval=interval(0.0, 0.2))
    assert not fired(changed(stability=few), RULE)
    assert not fired(changed(stability=None), RULE)
