"""``evasion/unbelievable-robustness``."""

from __future__ import annotations

from tests.checks.evasion.examples import SOUND, changed, fired
from violet.domain.robustness import Believed, EvasionTest, SanityCheck

RULE = "evasion/unbelievable-robustness"


def positive_facts() -> EvasionTest:
    failed = SanityCheck("gradients-alive", "Are the gradients other than zero?", Believed.FAILED, "97 % were zero.")
    return changed(sanity=(failed,), robust=None, withheld=("masked",))


def benign_facts() -> EvasionTest:
    return SOUND


def test_checks_that_decide_nothing_or_were_not_run_are_no_findings() -> None:
    mild = SanityCheck("restarts-settle", "?", Believed.FAILED, "", decisive=False)
    unasked = SanityCheck("loss-rises", "?", Believed.NOT_RUN, "")
    assert not fired(changed(sanity=(mild, unasked)), RULE)


def test_each_failed_check_is_a_finding_of_its_own() -> None:
    both = tuple(SanityCheck(name, "?", Believed.FAILED, name) for name in ("one", "two"))
    found = fired(changed(sanity=both), RULE)
    assert [f.evidence for f in found] == ["one", "two"]
    assert len({f.fingerprint for f in found}) == 2
