"""A Keras configuration that names a module, function or class which no model needs.

## What it looks for

Every object of a Keras configuration with its ``module`` and ``registered_name``. Keras itself, its model
libraries and plain data types are expected; the rest of Python is not: ``os``, ``subprocess``, ``builtins.exec``,
``types.FunctionType``, NumPy or TensorFlow functions that read, write or load, and Keras' own functions
that fetch files or switch off safe mode (``keras.utils.get_file``,
``keras.config.enable_unsafe_deserialization``).

## Why it matters

Deserialization imports the module and looks up the name; as the function of a Lambda layer or as an
activation it is then called, with arguments that stand in the same configuration. No bytecode is needed,
so safe mode did not stop it (CVE-2025-1550, CVE-2025-8747, CVE-2025-9906).

## Example

    {"class_name": "Lambda", "config": {"function": {"class_name": "function", "module": "os",
     "config": "system", "registered_name": "function"}, "arguments": {"command": "id"}}}

## Fix

Do not load the model. If the reference is really wanted, register the function under a package of your
own and save the model again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact._pickle_danger import danger
from violet.checks.base import Context, check
from violet.domain import Rule, Severity
from violet.formats.keras.facts import KerasObject, keras_facts
from violet.formats.keras.trust import Trust, judge, judge_tf_symbol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/keras-module-path",
    title="Keras configuration reaches for a function that no model needs",
    severity=Severity.HIGH,
    fix="Do not load it; loading imports and may call what the configuration names.",
    techniques=("AML.T0011.000", "AML.T0018.002"),
    cwe=(502, 913),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2025-1550",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-8747",
        "https://nvd.nist.gov/vuln/detail/CVE-2025-9906",
    ),
)


def trust_of(entry: KerasObject) -> Trust:
    """How far an object of a configuration is believed; objects without a module are left to their name."""
    if entry.module == "tf" and entry.function and entry.owner != "Lambda":
        return judge_tf_symbol(entry.name)
    if not entry.module:
        return Trust.KNOWN
    trust = judge(entry.module, entry.name, entry.function)
    if trust is Trust.CUSTOM and danger(entry.module, entry.name):
        return Trust.DANGEROUS
    return trust


@check(RULE, formats=("keras-config", "keras-yaml", "keras-metadata", "tensorflow-savedmodel"))
def judge_modules(context: Context) -> Iterator[Outcome]:
    facts = keras_facts(context.node.parsed.facts)
    if facts is None:
        return
    seen: set[tuple[str | None, str]] = set()
    for entry in facts.objects:
        trust = trust_of(entry)
        if trust < Trust.SUSPECT or (entry.module, entry.name) in seen:
            continue
        seen.add((entry.module, entry.name))
        full = f"{entry.module}.{entry.name}"
        around = f" in {entry.owner}" if entry.owner else ""
        if trust is Trust.DANGEROUS:
            message = f"Loading this model looks up {full}{around}, which runs code or touches files."
            severity = Severity.CRITICAL
        else:
            message = f"Loading this model looks up {full}{around}, which no model needs."
            severity = Severity.HIGH
        evidence = f"{full}({entry.arguments})" if entry.arguments else full
        yield context.finding(
            message,
            evidence=f"{evidence} at {entry.where}",
            key=full,
            severity=severity,
        )
    for where, text in facts.expressions:
        yield context.finding(
            f"The vocabulary at {where} holds an expression that its tokenizer evaluates as Python.",
            evidence=text,
            key=f"evaluated:{text[:60]}",
            severity=Severity.CRITICAL,
        )
