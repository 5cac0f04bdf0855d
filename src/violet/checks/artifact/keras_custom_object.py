"""Classes that Keras does not have itself.

## What it looks for

Objects of a Keras configuration that are registered by another package, live in a module that is not
Keras, or have a class name that no version of Keras knows.

## Why it matters

Loading the model needs code from elsewhere. Whoever can provide that code (a package of that name, a file
in a repository that the model card asks to run) runs it in the loading process. The file itself is not
wrong; it cannot be vouched for alone.

## Example

    {"module": "my_layers", "class_name": "PatchEncoder", "registered_name": "my_layers>PatchEncoder"}

## Fix

Load the model only with the source of these classes at hand, from a place that you trust.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.artifact.keras_module_path import trust_of
from violet.checks.base import Context, check
from violet.domain import Confidence, Rule, Severity
from violet.formats.keras.classes import built_in
from violet.formats.keras.facts import KerasObject, keras_facts
from violet.formats.keras.trust import KERAS_FAMILY, KNOWN_CUSTOM, SPECIAL_FORMS, Trust

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.domain import Outcome

RULE = Rule(
    id="artifact/keras-custom-object",
    title="Keras model needs code that is not part of Keras",
    severity=Severity.MEDIUM,
    fix="Load it only with the source of these classes at hand, from a place that you trust.",
    techniques=("AML.T0010.003",),
    cwe=(829,),
)


def _package(entry: KerasObject) -> str:
    """The package that must provide the object; ``""`` where Keras does."""
    if entry.function and not entry.module:
        return ""
    registered = entry.registered or entry.name
    if ">" in registered:
        package, _, name = registered.partition(">")
        # What is registered without a package's name is registered under this one, Keras' own too.
        return "" if package == "Custom" and name in built_in() else package or "(unnamed)"
    if entry.module:
        return entry.module if trust_of(entry) is Trust.CUSTOM else ""
    name = entry.name
    if name in SPECIAL_FORMS or name in built_in() or name.startswith(("Addons>", "TF")):
        return ""
    return "(unnamed)"


@check(RULE, formats=("keras-config", "keras-yaml", "keras-metadata", "tensorflow-savedmodel"))
def judge(context: Context) -> Iterator[Outcome]:
    facts = keras_facts(context.node.parsed.facts)
    if facts is None:
        return
    # A SavedModel brings the graph of each layer along, and runs that where the class is not there.
    carried = context.node.format is not None and context.node.format.id in ("tensorflow-savedmodel", "keras-metadata")
    unknown = Severity.LOW if carried else Severity.MEDIUM
    seen: set[tuple[str, str]] = set()
    for entry in facts.objects:
        package = _package(entry)
        root = package.partition(".")[0]
        if not package or (package, entry.name) in seen or root in KERAS_FAMILY or root == "keras":
            continue
        seen.add((package, entry.name))
        known = root in KNOWN_CUSTOM
        of = "" if package == "(unnamed)" else f" of {package}"
        yield context.finding(
            f"The model needs {entry.name}{of}, which is not part of Keras.",
            evidence=f"{entry.name} at {entry.where}",
            key=f"{package}:{entry.name}",
            severity=Severity.INFO if known else unknown,
            confidence=Confidence.MEDIUM,
        )
