"""Templates that cannot be parsed.

## What it looks for

A chat template, or a file that is named as a Jinja template, that Jinja's own parser refuses, that is nested
too deep for it, or that is too large to be followed.

## Why it matters

What cannot be parsed cannot be vouched for, and renderers differ: what one refuses another, with other
extensions or in another language, may run.

## Example

    {% for message in messages %}{{ message.content }

## Fix

Take the template that the model's maker publishes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/template-unparsable",
    title="Template cannot be parsed",
    severity=Severity.MEDIUM,
    fix="Take the template that the model's maker publishes.",
    techniques=("AML.T0076",),
    cwe=(20,),
)


@check(RULE, formats=("jinja",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.jinja.reader import TOO_DEEP, JinjaFacts

    facts = context.facts(JinjaFacts)
    if facts is not None and facts.problem:
        # nothing but intent nests a template deeper than a parser goes
        severity = Severity.HIGH if facts.problem == TOO_DEEP else None
        yield context.finding(
            f"The template {facts.problem}.", key="problem", evidence=facts.problem, severity=severity
        )
