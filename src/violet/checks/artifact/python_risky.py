"""Python source that runs programs, evaluates text, loads pickles or talks to the network.

## What it looks for

Calls that ordinary programs make too, but that decide what a model's code can do to the machine: running
programs, `exec` and `eval`, `pickle.load` and its kin, downloads, native libraries, installing packages,
replacing parts of the interpreter. They weigh more when they happen on import than inside a function, and
most in code that a model's own configuration has loaded with it.

## Why it matters

A model needs arithmetic. Code that comes with one and runs programs or fetches others deserves a reader
before it is allowed to run.

## Example

    # modeling_tiny.py, named by the "auto_map" of config.json
    import os
    os.system("touch /tmp/here")

## Fix

Read the named calls; prefer a model that needs no code of its own, or pin the code to a reviewed revision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._python_acts import BY_TIME, findings
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/python-risky",
    title="Python source can run programs or other code",
    severity=Severity.LOW,
    fix="Read the named calls, and run the code only where you trust its maker.",
    techniques=("AML.T0011.000", "AML.T0010.001"),
    cwe=(78, 94, 502),
)

LOADING = ("deserialize", "remote-code")


@check(RULE, formats=("python",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.python_source.acts import PythonFacts

    facts = context.facts(PythonFacts)
    if facts is None:
        return
    if facts.acts:
        # what the checks of unsafe loading tell, with its cure, is not told twice
        decided = any(pin.name == "torch" for pin in facts.pins)
        certain = [c for c in facts.loads if decided or (c.kind, c.detail) != ("torch-load", "default")]
        told = set() if facts.named_by else {call.line for call in certain}
        acts = [act for act in facts.acts if act.kind not in LOADING or act.line not in told]
        yield from findings(context, acts, BY_TIME, model_code=facts.named_by)
    if facts.problem:
        yield context.finding(
            f"The source {facts.problem}, so what it does could not be followed.",
            key="unparsed",
            severity=Severity.MEDIUM if facts.named_by else Severity.LOW,
        )
