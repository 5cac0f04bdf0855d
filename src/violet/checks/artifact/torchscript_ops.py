"""TorchScript programs that touch files, call other machines, or need native code.

## What it looks for
In the program of a TorchScript archive, and in the operator table of a mobile one: operators that read or
write files (`torch.save`, `torch.from_file`), remote calls, calls back into Python, and operators and classes
of namespaces that belong neither to PyTorch nor to a library widely used with it.

## Why it matters
TorchScript cannot call Python, but some of its operators reach the file system. A program that saves a tensor
to a path of its choice can overwrite start-up files or plant a library; one that maps a file can read secrets
into the model's output. What stands in `__setstate__` happens while the file is being loaded.

## Example
`torch.save(x, "/home/user/.bashrc")` inside `forward`.

## Fix
Do not load or run it. A model that computes has no use for file operators: ask its maker why they are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity
from violet.formats.torch.facts import FILE_OPERATORS, REMOTE, ScriptFacts, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/torchscript-ops",
    title="TorchScript program reaches outside the model",
    severity=Severity.HIGH,
    fix="Do not load or run it; ask its maker why a model needs these operators.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(73, 829),
)
MOST = 50


@check(RULE, formats=("torchscript",))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(ScriptFacts)
    if facts is None:
        return
    seen: set[str] = set()
    for use in facts.uses:
        severity, confidence, key, text = _weigh(use)
        if key in seen or len(seen) >= MOST:
            continue
        seen.add(key)
        place = f"{use.where}:{use.line}" if use.line else use.where
        yield context.finding(
            f"The program {text} ({place}).",
            evidence=use.text,
            key=key,
            severity=severity,
            confidence=confidence,
        )


def _weigh(use: Use) -> tuple[Severity, Confidence, str, str]:
    if use.namespace == "aten" and use.name in FILE_OPERATORS:
        while_loading = ", and does so while it is being loaded" if use.method == "__setstate__" else ""
        severity = Severity.CRITICAL if while_loading else Severity.HIGH
        text = f"uses {use.name}, which {FILE_OPERATORS[use.name]}{while_loading}"
        return severity, Confidence.HIGH, f"file:{use.name}:{bool(while_loading)}", text
    if use.name in REMOTE:
        return Severity.HIGH, Confidence.MEDIUM, f"remote:{use.name}", f"calls other machines by {use.name}"
    if use.namespace == "python":
        return Severity.HIGH, Confidence.MEDIUM, f"python:{use.name}", f"calls Python's {use.name}"
    what = "the native class" if use.namespace.startswith("classes.") else "the native operator"
    name = f"{use.namespace.removeprefix('classes.')}::{use.name}"
    return Severity.MEDIUM, Confidence.MEDIUM, f"namespace:{use.namespace}", f"needs {what} {name}"
