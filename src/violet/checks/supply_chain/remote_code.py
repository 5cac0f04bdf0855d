"""Configurations that have a model's own code loaded with it.

## What it looks for

`auto_map`, `custom_pipelines`, `auto_mapping`, `modules.json` and `model_index.json` entries that name Python
modules outside the well-known libraries: files beside the configuration, and files of another repository
(`org/name--module.Class`), which nothing pins. The code that is here is followed; where it does what only an
attacker's code does, or runs programs, the finding is as bad as that.

## Why it matters

With `trust_remote_code=True`, as such models ask for, the named module is imported and runs as the user.

## Example

    {"auto_map": {"AutoModel": "modeling_tiny.TinyModel"}}

## Fix

Prefer a model that the library knows without code. Otherwise read the code, and pin `revision` and
`code_revision` to what was read.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.huggingface.configuration import CodeReference, HuggingFaceFacts

RULE = Rule(
    id="supply_chain/remote-code",
    title="Configuration loads code that comes with the model",
    severity=Severity.MEDIUM,
    fix="Read the code, and pin revision and code_revision to what was read; or use a model that needs none.",
    techniques=("AML.T0010.003", "AML.T0011.000"),
    cwe=(829, 494),
)


@check(RULE, formats=("huggingface",))
def judge(context: Context) -> Iterable[Outcome]:
    from violet.formats.huggingface.configuration import HuggingFaceFacts

    facts = context.facts(HuggingFaceFacts)
    if facts is None:
        return
    told: set[str] = set()
    for reference in facts.code:
        if reference.text in told:
            continue
        told.add(reference.text)
        yield _judge(context, facts, reference)
    for key in facts.trusts:
        yield context.finding(
            "The configuration itself switches on the trust in remote code.",
            evidence=f"{key}: true",
            key=key,
            severity=Severity.LOW,
        )
    for key in facts.duplicates:
        if key in ("auto_map", "custom_pipelines", "chat_template", "weight_map"):
            yield context.finding(
                f"The key {key!r} stands twice, and readers differ in which one they take.",
                evidence=key,
                key=f"twice:{key}",
                severity=Severity.HIGH,
            )


def _judge(context: Context, facts: HuggingFaceFacts, reference: CodeReference) -> Outcome:
    shown = f"{reference.key}: {reference.text}"
    if reference.outside:
        message, severity = "Loading imports code from outside the model's directory.", Severity.HIGH
    elif reference.repository:
        message = f"Loading imports code of another repository, {reference.repository}, that nothing pins."
        severity = Severity.MEDIUM
    elif reference.text.partition(".")[0] in sys.stdlib_module_names and not reference.present:
        message, severity = "Loading imports a module of Python itself as a model's library.", Severity.HIGH
    elif reference.imported and not reference.present:
        message, severity = "Loading imports a module that is not of a library known for models.", Severity.MEDIUM
    elif not reference.present:
        message = "Loading imports code that is not here, so it could not be read."
        severity = Severity.LOW
    else:
        severity, worst = _worst(facts.sources[reference.file])
        message = f"Loading imports {reference.file}, which comes with the model{worst}."
    return context.finding(message, evidence=shown, key=reference.text, severity=severity)


def _worst(source: str) -> tuple[Severity, str]:
    """The worst thing that the code does, in words."""
    from violet.checks.artifact._python_acts import severity_of
    from violet.formats.python_source.acts import KINDS
    from violet.formats.python_source.reader import analyse

    acts = analyse(source).acts
    if not acts:
        return Severity.MEDIUM, ""
    act = max(acts, key=lambda a: severity_of(a, model_code=True))
    severity = severity_of(act, model_code=True)
    if severity < Severity.HIGH:
        return Severity.MEDIUM, ""
    return severity, f" and {KINDS[act.kind]} (line {act.line}: {act.call[:120]})"
