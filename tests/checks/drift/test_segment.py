"""``drift/segment``."""

from __future__ import annotations

from dataclasses import replace

from tests.checks.drift.examples import SEGMENT, STABLE, changed, fired
from violet.domain import Severity
from violet.domain.drift import Change, Drift

RULE = "drift/segment"


def positive_facts() -> Drift:
    return changed(segments=(replace(SEGMENT, change=Change.DRIFT, effect=0.5),))


def benign_facts() -> Drift:
    return STABLE


def test_it_says_where_and_what_and_by_how_much() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "city is rome" in found.message
    assert "'income' changed by 0.500; elsewhere by 0.010" in found.message
    assert found.key == "city=rome"


def test_a_moderate_change_is_of_low_severity() -> None:
    (found,) = fired(changed(segments=(replace(SEGMENT, change=Change.MODERATE),)), RULE)
    assert found.severity is Severity.LOW
