"""Pickles that call something they obtained by computing.

## What it looks for
Calls whose target is no imported name but a result: an attribute fetched with `getattr`, a `partial`, an
`attrgetter` or `methodcaller`, a method of an object, something the loader supplies.

## Why it matters
Chains of harmless-looking steps (fetch an attribute, call it with another) reach any function without ever
importing it by name. Models do not need them.

## Example
`getattr(getattr(numpy.ndarray, '__class__'), '__subclasses__')()`.

## Fix
Do not load the file unless you can explain every step of the chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import remarkable
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity
from violet.formats.pickle.facts import PickleFacts
from violet.formats.pickle.values import render

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-computed-call",
    title="Pickle calls something it computed",
    severity=Severity.HIGH,
    fix="Do not load this file unless every step of the chain is explained.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502,),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(PickleFacts)
    seen: set[str] = set()
    for stream in facts.streams if facts else []:
        for made in stream.computed_calls:
            target = render(made.target, 80)
            if target in seen:
                continue
            seen.add(target)
            yield context.finding(
                "Loading this pickle calls something that it first computed, not a named function.",
                evidence=render(made),
                key=target,
                offset=made.offset,
            )
