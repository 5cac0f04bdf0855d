"""A class or a segment of the data that falls to attacks far more easily than the rest.

## What it looks for
Classes, and the segments that were named, whose accuracy under attack lies below that of all other
samples by more than 20 points, where chance explains such a difference less than once in a hundred times (the number of
groups is taken into account).

## Why it matters
An average hides whom an attacker would choose. Where the weak group are certain people, it is unfair
before it is unsafe.

## Example
A model of credit risk with 60 % robust accuracy in all, and 15 % for applicants with a short history.

## Fix
Look at the features that moved in this group (`violet explain`), collect more of its data, weigh it higher when
hardening, and set a requirement for it in the policy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import EvasionTest

if TYPE_CHECKING:
    from collections.abc import Iterator

POINTS = 0.2
ALPHA = 0.01

RULE = Rule(
    id="evasion/weak-group",
    title="One group falls to attacks more easily than the rest",
    severity=Severity.MEDIUM,
    fix="Weigh the group higher when hardening, and give it a requirement of its own.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0015",),
    cost=Cost.RUNS_MODEL,
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    if test is None or not test.runs:
        return
    for group in test.groups:
        rest_total = test.bound.total - group.robust.total
        rest_hits = test.bound.hits - group.robust.hits
        if rest_total <= 0 or not group.robust.total:
            continue
        rest = rest_hits / rest_total
        if rest - group.robust.value <= POINTS:
            continue
        chance = _by_chance(group.robust.hits, group.robust.total, rest_hits, rest_total) * len(test.groups)
        if chance >= ALPHA:
            continue
        yield context.finding(
            f"Of {group.by} {group.name} {group.robust} withstand the attacks; of the others {100 * rest:.1f} %.",
            evidence=f"clean accuracy of the group {group.clean}; by chance with probability {chance:.1g}",
            key=f"{group.by}={group.name}",
            confidence=Confidence.HIGH if chance < ALPHA / 10 else Confidence.MEDIUM,
        )


def _by_chance(a: int, n: int, b: int, m: int) -> float:
    """One-sided two-proportion z-test with pooled variance: how likely a share as low as ``a / n`` is."""
    pooled = (a + b) / (n + m)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    if not spread:
        return 1.0
    return 0.5 * math.erfc((b / m - a / n) / spread / math.sqrt(2))
