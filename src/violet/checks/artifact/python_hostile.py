"""Python source that does what only an attacker's does.

## What it looks for

Source is followed statement by statement, without running it: names through aliases, `getattr`, `__import__`
and dictionaries; constants through concatenation, `chr`, reversal, base64, hex and compression; data from
where it comes (network, socket, environment, credential files) to where it goes (`exec`, a shell, a network
address). What counts as hostile: code that is decoded or downloaded and then run, shells joined to
connections, commands that fetch and run programs, secrets that leave the machine, files that make code run
again later, names that are assembled so that a reader does not see them, and text that an editor does not
show as it runs.

## Why it matters

Code shipped beside a model runs with the rights of whoever loads the model. These patterns do not occur in
working libraries: they were measured against the source of numpy, scipy, scikit-learn, pandas, Keras and
others.

## Example

    import base64
    exec(base64.b64decode("aW1wb3J0IG9zOyBvcy5zeXN0ZW0oJ2lkJyk="))

## Fix

Do not run it. Read the line that is named, and take the package or model from its original source.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._python_acts import HOSTILE, findings
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

RULE = Rule(
    id="artifact/python-hostile",
    title="Python source does what only an attacker's does",
    severity=Severity.CRITICAL,
    fix="Do not run this code: read the named line, and take the model from its original source.",
    techniques=("AML.T0011.000", "AML.T0050", "AML.T0018.002"),
    cwe=(506, 94),
)


@check(RULE, formats=("python",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.python_source.acts import PythonFacts

    facts = context.facts(PythonFacts)
    if facts is not None and facts.acts:
        yield from findings(context, facts.acts, HOSTILE, model_code=facts.named_by)
