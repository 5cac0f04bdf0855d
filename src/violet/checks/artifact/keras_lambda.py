"""Python code carried inside a Keras model.

## What it looks for

Lambda layers, and ``__lambda__`` objects anywhere in a Keras configuration, whose function is marshalled
Python bytecode. The code is not unmarshalled: its lists of names and constants are read, and show what
it could do. Code that imports modules, runs commands, opens files or reaches for Python's internals is
critical; code that cannot be read is high; code that only computes with tensors is medium.

## Why it matters

Keras turns the bytecode into a function and calls it while it builds the model (Lambda layers of a
functional model are called at load). Legacy HDF5 files do so without asking (CVE-2024-3660,
CVE-2025-9905); ``.keras`` archives do so when safe mode is off, which other parts of an archive can
bring about (CVE-2025-9906).

## Example

    {"class_name": "Lambda", "config": {"function": {"class_name": "__lambda__",
     "config": {"code": "4wEAAAAA...", "defaults": null, "closure": null}}}}

## Fix

Replace the Lambda by a registered layer or function whose source you keep beside the model, and save the
model again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Finding, Rule, Severity
from violet.formats.keras.facts import LambdaCode, keras_facts
from violet.formats.keras.trust import dangerous_names, is_arithmetic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome
    from violet.formats.keras.code import Code

RULE = Rule(
    id="artifact/keras-lambda",
    title="Python code inside a Keras model",
    severity=Severity.HIGH,
    fix="Do not load it with safe mode off; replace the Lambda by a registered layer and save the model again.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502, 94),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2024-3660",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-9905",
    ),
)


def _calls(code: Code, dangerous: tuple[str, ...]) -> str:
    """The names as they would read in source, as far as a list of names can tell: ``os.system('id')``."""
    order = [name for name in code.names if name in dangerous]
    texts = [text for text in code.constants if text and not text.startswith("<")][:6]
    arguments = ", ".join(repr(text[:120]) for text in texts)
    return f"{'.'.join(order[:6])}({arguments})"


def _judge(context: Context, entry: LambdaCode) -> Finding:
    place = f"{entry.layer} at {entry.where}"
    code = entry.code
    if code is None:
        return context.finding(
            f"{place} carries code that cannot be read as Python bytecode.",
            evidence=entry.text,
            key=f"{entry.layer}:unreadable",
            confidence=Confidence.MEDIUM,
        )
    dangerous = dangerous_names(code)
    if dangerous:
        return context.finding(
            f"{place} carries Python code that can leave the model: it uses {', '.join(dangerous[:8])}.",
            evidence=_calls(code, dangerous),
            key=f"{entry.layer}:{','.join(dangerous[:8])}",
            severity=Severity.CRITICAL,
            techniques=("AML.T0011.000", "AML.T0018.002", "AML.T0050"),
        )
    used = ", ".join(code.names[:12]) or "no names"
    only = "only computes with tensors" if is_arithmetic(code) else "uses names that Violet does not know"
    return context.finding(
        f"{place} carries Python code that {only}; it runs when the model is built.",
        evidence=f"{code.name} uses {used}",
        key=f"{entry.layer}:{','.join(code.names[:8])}",
        severity=Severity.MEDIUM,
        confidence=Confidence.MEDIUM,
    )


@check(RULE, formats=("keras-config", "keras-yaml", "keras-metadata", "tensorflow-savedmodel"))
def judge(context: Context) -> Iterator[Outcome]:
    facts = keras_facts(context.node.parsed.facts)
    seen: set[str] = set()
    for entry in facts.lambdas if facts else ():
        finding = _judge(context, entry)
        if finding.key not in seen:
            seen.add(finding.key)
            yield finding
