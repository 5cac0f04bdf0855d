"""A model that looks robust because attacks were misled, not because it is.

## What it looks for
Failed sanity checks: attacks without gradients that find more than attacks with them, gradients
that are zero, a loss that does not rise, a larger radius that leaves more standing, a model that still stands when any
change is allowed, answers that change when nothing did.

## Why it matters
Gradient masking stops the attack that a tester runs, and hardly the one that an attacker adapts.
Published defences fell by the dozen to attacks made for them (Athalye et al. 2018; Tramer et al. 2020). The headline
figure is therefore withheld.

## Example
A network that rounds its input to eight levels: PGD fools nothing, since the gradient of rounding is zero,
and Square fools everything.

## Fix
Read which check failed, and look at the adaptive attack in the report, which takes that defence into account.
Remove the step that masks gradients, or count on what the adaptive attack left standing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Cost, Outcome, Rule, Severity, Stage
from violet.domain.robustness import Believed, EvasionTest

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="evasion/unbelievable-robustness",
    title="The robustness that was measured cannot be believed",
    severity=Severity.MEDIUM,
    fix="Judge by the adaptive attack; remove what masks gradients or makes answers random.",
    stage=Stage.DEPLOYMENT,
    techniques=("AML.T0043", "AML.T0042"),
    cost=Cost.RUNS_MODEL,
    references=(
        "Carlini et al. 2019, On Evaluating Adversarial Robustness",
        "Athalye, Carlini and Wagner 2018, Obfuscated Gradients Give a False Sense of Security",
    ),
)


@check(RULE, formats=("evasion-test",))
def judge(context: Context) -> Iterator[Outcome]:
    test = context.facts(EvasionTest)
    for asked in test.sanity if test is not None else ():
        if asked.outcome is Believed.FAILED and asked.decisive:
            yield context.finding(
                f"{asked.question} No: the robust accuracy is withheld.", evidence=asked.detail, key=asked.id
            )
