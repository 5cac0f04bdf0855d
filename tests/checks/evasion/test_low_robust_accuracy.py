"""``evasion/low-robust-accuracy``."""

from __future__ import annotations

from tests.checks.evasion.examples import SOUND, changed, fired
from violet.domain import Confidence
from violet.domain.rate import Rate
from violet.domain.robustness import EvasionTest

RULE = "evasion/low-robust-accuracy"


def positive_facts() -> EvasionTest:
    return changed(bound=Rate(20, 200), robust=Rate(20, 200))


def benign_facts() -> EvasionTest:
    return SOUND


def test_it_is_sure_only_where_the_interval_lies_below() -> None:
    (sure,) = fired(positive_facts(), RULE)
    (doubtful,) = fired(changed(bound=Rate(97, 200)), RULE)
    assert (sure.confidence, doubtful.confidence) == (Confidence.HIGH, Confidence.MEDIUM)
    assert "10.0 %" in sure.message
    assert sure.fingerprint == doubtful.fingerprint


def test_the_threshold_is_the_policys() -> None:
    assert fired(changed(thresholds={"min_robust_accuracy": 0.9}), RULE)
    assert not fired(changed(bound=Rate(20, 200), thresholds={"min_robust_accuracy": 0.05}), RULE)


def test_nothing_is_said_where_no_attack_was_run() -> None:
    assert not fired(changed(bound=Rate(20, 200), runs=()), RULE)


def test_the_explanation_stands_in_the_finding() -> None:
    moved = (("purpose", 0.6), ("debt", 0.4))
    told = changed(bound=Rate(20, 200), moved=moved, relied=(("debt", 0.3), ("purpose", 0.2)), relied_by="tree-shap")
    (found,) = fired(told, RULE)
    assert "moved purpose (60 %), debt (40 %); the model relies on them by 20 %, 30 % (tree-shap)" in found.evidence
    (plain,) = fired(changed(bound=Rate(20, 200)), RULE)
    assert "moved" not in plain.evidence
    assert plain.fingerprint == found.fingerprint
