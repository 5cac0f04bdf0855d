"""A Keras configuration that makes loading open files or addresses.

## What it looks for

Fields of a Keras configuration that their class opens when it is made: the ``vocabulary`` of lookup and
text layers and of tokenizers given as a path instead of a list, the ``filepath`` of a ``TFSMLayer``, the handle of
a TensorFlow Hub layer, and fields called like paths or addresses. Names of layers that are steps of a path
(``..``) count too: saving and loading turn names into directories.

## Why it matters

Reading ``/etc/passwd`` as a vocabulary puts its lines into the model, where whoever gets the model back can
read them; an address makes the loading machine send a request (CVE-2025-12058). A ``TFSMLayer`` loads and
runs another SavedModel (CVE-2026-1462). A layer called ``..`` writes outside the working directory
(CVE-2026-12479).

## Example

    {"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}

## Fix

Save the model with the vocabulary inside it, and with plain names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Rule, Severity
from violet.formats.keras.classes import built_in
from violet.formats.keras.facts import PathValue, keras_facts
from violet.formats.keras.trust import outside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/keras-file-access",
    title="Keras configuration opens files or addresses",
    severity=Severity.HIGH,
    fix="Save the model with its vocabulary inside it; do not load this one where it can read or reach anything.",
    techniques=("AML.T0011.000", "AML.T0025"),
    cwe=(73, 918),
    references=(
        "https://nvd.nist.gov/vuln/detail/CVE-2025-12058",
        "https://nvd.nist.gov/vuln/detail/CVE-2026-1462",
    ),
)

_VOCABULARY = ("vocabulary", "vocabulary_file", "merges", "vocab_file", "idf_weights")


def _severity(entry: PathValue, reason: str) -> tuple[Severity | None, str]:
    """How bad a field is (``None``: not at all), and what loading does with it."""
    if entry.owner == "TFSMLayer":
        return Severity.HIGH, "load and run the SavedModel at"
    if entry.owner == "KerasLayer" and entry.key == "handle":
        return Severity.MEDIUM, "load and run the hub module at"
    if entry.key in _VOCABULARY:
        return (Severity.HIGH if reason else Severity.MEDIUM), "read"
    if entry.key in ("proto", "proto_path"):
        named = entry.value.endswith((".model", ".spm", ".proto", ".pb", ".txt"))
        return (Severity.HIGH if reason else Severity.MEDIUM if named else None), "read"
    if not reason:
        return None, ""
    return (Severity.MEDIUM if entry.owner in built_in() else Severity.LOW), "perhaps open"


@check(RULE, formats=("keras-config", "keras-yaml", "keras-metadata", "tensorflow-savedmodel"))
def judge(context: Context) -> Iterator[Outcome]:
    facts = keras_facts(context.node.parsed.facts)
    if facts is None:
        return
    for entry in facts.paths:
        reason = outside(entry.value)
        severity, does = _severity(entry, reason)
        if severity is None:
            continue
        owner = entry.owner or "an object"
        yield context.finding(
            f"Loading this model makes {owner} {does} {reason or 'a file beside it'}.",
            evidence=f"{entry.key}={entry.value[:200]!r} at {entry.where}",
            key=f"{owner}:{entry.key}:{entry.value[:80]}",
            severity=severity,
            confidence=Confidence.HIGH if severity >= Severity.HIGH else Confidence.MEDIUM,
        )
    for where, name in facts.names:
        yield context.finding(
            f"The object at {where} is called {name!r}, a step to another directory when it is saved or loaded.",
            evidence=f"name={name!r}",
            key=f"name:{name}",
        )
