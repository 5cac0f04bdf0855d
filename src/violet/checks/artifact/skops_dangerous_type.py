"""skops files that call functions no model needs.

## What it looks for

Nodes of a skops schema whose loader imports or calls something dangerous: ``os.system`` through a
``ConstructorFromReduceNode`` or ``FunctionNode``, ``operator`` functions that call or look up attributes, methods of
other objects than the node says, bit generators that are none, and partials of such functions.

## Why it matters

``skops.io.load`` imports and calls them once they are trusted, and versions before 0.12 could be made to
show a harmless name for them (CVE-2025-54412, CVE-2025-54413).

## Example

    {"__class__": "call", "__module__": "operator", "__loader__": "OperatorFuncNode", "attrs": {...}}

## Fix

Do not load the file, whatever list of trusted types comes with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_danger import danger
from violet.checks.base import Context, check
from violet.domain import Rule, Severity
from violet.formats.skops.facts import SkopsFacts
from violet.formats.skops.trust import Level, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/skops-dangerous-type",
    title="skops file calls functions that no model needs",
    severity=Severity.CRITICAL,
    fix="Do not load it, whatever list of trusted types comes with it.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502, 351),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2025-54412",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-54413",
    ),
)


@check(RULE, formats=("skops-schema",))
def judge_types(context: Context) -> Iterator[Outcome]:
    facts = context.facts(SkopsFacts)
    seen: set[str] = set()
    for node in facts.nodes if facts else ():
        level = judge(node)
        if level is Level.UNKNOWN and danger(node.module, node.name):
            level = Level.DANGEROUS
        if level < Level.SUSPECT or node.full in seen:
            continue
        seen.add(node.full)
        shown = f"{node.full}.{node.call}" if node.loader == "MethodNode" else f"{node.full}({node.call})"
        yield context.finding(
            f"Loading this model reaches for {node.full} through a {node.loader or 'node'}.",
            evidence=f"{shown} at {node.where}",
            key=f"{node.loader}:{node.full}",
            severity=Severity.CRITICAL if level is Level.DANGEROUS else Severity.HIGH,
        )
    if (
        facts
        and facts.protocol is not None
        and (isinstance(facts.protocol, bool) or not isinstance(facts.protocol, int))
    ):
        yield context.finding(
            "The schema's protocol is no number, which picks loaders that skops does not audit.",
            evidence=f"protocol={facts.protocol!r}"[:120],
            key="protocol",
            severity=Severity.HIGH,
        )
