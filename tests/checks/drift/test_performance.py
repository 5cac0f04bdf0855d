"""``drift/performance``."""

from __future__ import annotations

from dataclasses import replace

from tests.checks.drift.examples import PERFORMANCE, STABLE, changed, fired
from violet.domain import Confidence, Severity
from violet.domain.drift import Change, Drift

RULE = "drift/performance"


def positive_facts() -> Drift:
    return changed(performance=replace(PERFORMANCE, change=Change.DRIFT, after=0.7))


def benign_facts() -> Drift:
    return STABLE


def test_it_is_high_and_says_what_was_measured() -> None:
    labelled = replace(PERFORMANCE, change=Change.DRIFT, labelled=500, realised=0.71)
    (found,) = fired(changed(performance=labelled), RULE)
    assert found.severity is Severity.HIGH
    assert "measured on 500 labelled rows: 71.0 %" in found.evidence


def test_confidence_at_its_word_is_little_evidence() -> None:
    (found,) = fired(changed(performance=replace(PERFORMANCE, change=Change.MODERATE, calibrated=False)), RULE)
    assert found.severity is Severity.LOW
    assert found.confidence is Confidence.LOW
