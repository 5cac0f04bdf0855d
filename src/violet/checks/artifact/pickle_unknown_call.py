"""Pickles that call functions which no known library needs called.

## What it looks for
Calls (REDUCE, INST, OBJ) of names that are on no library's allow-list, names reached through dotted
attributes, and standard-library classes that no model holds.

## Why it matters
Deny-lists have been passed dozens of times by one more forgotten function. What a model of a known library
truly needs is a short list: whatever else a stream calls has to explain itself.

## Example
A stream that calls `somepackage.helpers.setup('x')` while it loads.

## Fix
Find out what the function does in the version you have installed, or ask for a format that cannot call
functions. Accept it with a waiver once you know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_danger import acts_by_name, danger
from violet.checks.artifact._pickle_judgement import evidence_of, in_standard_library, is_called, remarkable, untrusted
from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.pickle.values import Global

RULE = Rule(
    id="artifact/pickle-unknown-call",
    title="Pickle calls an unknown function",
    severity=Severity.HIGH,
    fix="Find out what this function does before loading, or ask for a format that cannot call functions.",
    techniques=("AML.T0011.000", "AML.T0010.003"),
    cwe=(502,),
)


def suspicious(found: Global) -> bool:
    """Whether using this name is more than creating an object of an unknown class."""
    if found.module == "__main__" and "." not in found.name:
        return False
    return is_called(found) or in_standard_library(found) or "." in found.name


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for _, found in untrusted(context):
        if danger(found.module, found.name) or not suspicious(found):
            continue
        evidence, offset = evidence_of(found)
        how = "calls" if is_called(found) else "uses"
        acts = acts_by_name(found.name)
        yield context.finding(
            f"Loading this pickle {how} {found.dotted}, which no known library's models need"
            + (" and whose name says that it acts." if acts else "."),
            evidence=evidence,
            key=found.dotted,
            offset=offset,
            severity=Severity.CRITICAL if acts and is_called(found) else Severity.HIGH,
            confidence=Confidence.HIGH if acts or in_standard_library(found) else Confidence.MEDIUM,
        )
