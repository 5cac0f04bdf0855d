"""ONNX tensors that point to data outside the model's directory.

## What it looks for
The locations of external tensor data: absolute paths, paths that lead upward, addresses on the network,
addresses in memory, files that cannot be opened from inside the directory or are shorter than the tensor
says, and entries that are not part of the format.

## Why it matters
Runtimes read the named file as tensor bytes when the model is loaded. A path that leaves the directory turns
loading into reading any file of the user (`../../.ssh/id_rsa`), whose content then flows into the model's
output; loaders that copy entries onto objects by name let the file change more than its data.

## Example
`external_data { key: "location" value: "../../../../etc/passwd" }` in an initialiser.

## Fix
Do not load the model. Ask its maker for one whose external data stands beside it, or holds its own tensors.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity
from violet.formats.archive import leaves
from violet.formats.onnx.facts import ExternalData, OnnxFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/onnx-external-data",
    title="ONNX external data leaves the model's directory",
    severity=Severity.HIGH,
    fix="Do not load it; ask for a model whose external data stands beside it.",
    techniques=("AML.T0010.003", "AML.T0011.000"),
    cwe=(22, 73),
    references=("https://onnx.ai/onnx/repo-docs/ExternalData.html",),
)
MOST = 50
_MEMORY = "_ORT_MEM_ADDR_"
_FAR = 1 << 60


@check(RULE, formats=("onnx", "onnx-tensor"))
def judge(context: Context) -> Iterator[Outcome]:
    facts = context.facts(OnnxFacts)
    if facts is None:
        return
    seen: set[str] = set()
    for entry in facts.external:
        for severity, key, text in _reasons(entry, context.node.name):
            if key in seen or len(seen) >= MOST:
                continue
            seen.add(key)
            yield context.finding(
                f"Tensor {entry.tensor[:80]!a} {text}.",
                evidence=f"location: {entry.location[:300]!a}",
                key=key,
                offset=entry.at,
                severity=severity,
                confidence=Confidence.HIGH if severity >= Severity.HIGH else Confidence.MEDIUM,
            )
    for location in sorted({e.location for e in facts.external if not e.present})[:MOST]:
        yield context.skipped(f"its external data {location[:200]!a} cannot be opened here", "onnx")


def _reasons(entry: ExternalData, model: str) -> Iterator[tuple[Severity, str, str]]:
    location = entry.location
    shown = location[:200]
    for name, _ in entry.extra:
        severity = Severity.HIGH if name.startswith("_") else Severity.LOW
        yield (
            severity,
            f"key:{name[:80]!a}",
            f"has an entry {name[:80]!a} that the format does not define",
        )
    outside = _outside(location)
    if outside:
        yield Severity.HIGH, f"outside:{shown!a}", f"takes its data from {outside}"
        return
    if not location:
        yield Severity.MEDIUM, "empty", "is said to have external data, but not where"
    elif not entry.present:
        if entry.listed:
            text = "takes its data from a link that leads outside the directory, or a file that does not open"
            yield Severity.MEDIUM, f"link:{shown!a}", text
        else:
            yield Severity.LOW, f"missing:{shown!a}", "takes its data from a file that is not there"
    elif location.removeprefix("./") == model:
        yield Severity.MEDIUM, "itself", "takes its data from the model file itself"
    elif ".." in location.replace("\\", "/").split("/"):
        yield Severity.LOW, f"upward:{shown!a}", "takes its data by a path that goes up and down again"
    end = max(entry.offset, 0) + max(entry.length, 0)
    if end >= _FAR:
        yield Severity.HIGH, f"range:{shown!a}", f"takes bytes up to {end:,}, which no file has"
    elif 0 <= entry.file_size < end:
        text = f"takes bytes up to {end:,} of a file of {entry.file_size:,}"
        yield Severity.MEDIUM, f"range:{shown!a}", text


def _outside(location: str) -> str:
    """In words where the data is taken from, when that is not the model's directory; else ``""``."""
    if _MEMORY in location:
        return "an address in the memory of the program that loads it"
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]{1,20}:/", location):
        return "an address on the network or of another kind"
    if "\x00" in location:
        return "a path that holds a zero byte, so that programs differ in where it leads"
    reason = leaves(location)
    return f"outside its directory, by {reason}" if reason else ""
