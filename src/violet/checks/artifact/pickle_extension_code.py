"""Pickles that import through the extension registry.

## What it looks for
The opcodes EXT1, EXT2 and EXT4, which import whatever name the process has registered under a number with
`copyreg.add_extension`; the name is shown where the same file registers it.

## Why it matters
The stream names nothing: a first file (or an earlier part of this one) registers `os.system` under a number,
and the second calls it. No model library uses extension codes.

## Example
`copyreg.add_extension('os', 'system', 7)` followed by `EXT1 7`.

## Fix
Do not load the file, and look for the file that registers the code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_judgement import oddities, remarkable
from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/pickle-extension-code",
    title="Pickle imports through the extension registry",
    severity=Severity.HIGH,
    fix="Do not load this file: it imports names that it does not spell out.",
    techniques=("AML.T0011.000", "AML.T0074"),
    cwe=(502,),
)


@check(RULE, formats=("pickle",), when=remarkable)
def judge(context: Context) -> Iterator[Outcome]:
    for oddity in oddities(context, "extension"):
        yield context.finding(
            "Loading this pickle imports whatever is registered under a number in the extension registry.",
            evidence=oddity.evidence,
            key=oddity.key,
            offset=oddity.offset,
        )
