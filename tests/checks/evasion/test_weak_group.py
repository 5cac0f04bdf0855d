"""``evasion/weak-group``."""

from __future__ import annotations

from tests.checks.evasion.examples import changed, fired
from violet.domain.rate import Rate
from violet.domain.robustness import EvasionTest, GroupRobustness

RULE = "evasion/weak-group"


def _with(weak: Rate, other: Rate) -> EvasionTest:
    groups = (GroupRobustness("class", "a", Rate(95, 100), weak), GroupRobustness("class", "b", Rate(95, 100), other))
    return changed(groups=groups, bound=Rate(weak.hits + other.hits, weak.total + other.total))


def positive_facts() -> EvasionTest:
    return _with(Rate(20, 100), Rate(85, 100))


def benign_facts() -> EvasionTest:
    return _with(Rate(80, 100), Rate(85, 100))


def test_it_names_the_group() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "class a" in found.message


def test_a_difference_that_chance_explains_is_none() -> None:
    assert not fired(_with(Rate(2, 6), Rate(5, 6)), RULE)
