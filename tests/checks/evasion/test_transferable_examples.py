"""``evasion/transferable-examples``."""

from __future__ import annotations

from tests.checks.evasion.examples import changed, fired
from violet.domain.rate import Rate
from violet.domain.robustness import EvasionTest, Transfer

RULE = "evasion/transferable-examples"


def positive_facts() -> EvasionTest:
    return changed(transfers=(Transfer("a surrogate", "the target", Rate(60, 100)),))


def benign_facts() -> EvasionTest:
    return changed(
        transfers=(
            Transfer("a surrogate", "the target", Rate(4, 100)),
            Transfer("the target", "a forest", Rate(90, 100)),
        )
    )


def test_a_few_cases_are_no_evidence() -> None:
    assert not fired(changed(transfers=(Transfer("a surrogate", "the target", Rate(1, 3)),)), RULE)
