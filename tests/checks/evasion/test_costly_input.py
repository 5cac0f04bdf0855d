"""``evasion/costly-input``."""

from __future__ import annotations

from tests.checks.evasion.examples import changed, fired
from violet.domain.robustness import DenialResult, EvasionTest

RULE = "evasion/costly-input"


def positive_facts() -> EvasionTest:
    return changed(denial=(DenialResult("latency", "seconds", 0.001, 0.05),))


def benign_facts() -> EvasionTest:
    return changed(denial=(DenialResult("latency", "seconds", 0.001, 0.002),))


def test_the_factor_is_the_policys() -> None:
    assert fired(changed(denial=benign_facts().denial, thresholds={"max_cost_factor": 1.5}), RULE)
