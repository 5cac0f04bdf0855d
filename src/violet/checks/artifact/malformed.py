"""Model files that break the rules of their own format.

## What it looks for
Everything a reader finds that a correct writer does not produce: data cut short, lengths and offsets that
lead outside, tensors that overlap, two places that must agree and do not, bytes where none belong.

## Why it matters
Readers differ in what they do with such files, and that difference is where payloads hide: one program
examines what another never loads. At best the file is damaged and will fail later.

## Example
A safetensors header that gives two tensors the same bytes, or data behind the last tensor.

## Fix
Fetch the file again and compare its digest. If it was published like this, do not load it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.checks.base import Context, check
from violet.domain import Confidence, Outcome, Rule, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

RULE = Rule(
    id="artifact/malformed",
    title="File breaks the rules of its format",
    severity=Severity.MEDIUM,
    fix="Fetch the file again and compare its digest; do not load a file that was published like this.",
    techniques=("AML.T0076",),
    cwe=(20,),
)
SEVERITIES = {
    "truncated": Severity.MEDIUM,
    "malformed": Severity.HIGH,
    "contradiction": Severity.HIGH,
    "out-of-bounds": Severity.HIGH,
    "overlap": Severity.HIGH,
    "hidden-data": Severity.HIGH,
    "checksum": Severity.HIGH,
}
ARCHIVES = frozenset(("zip", "tar", "sevenzip", "gzip", "bzip2", "xz", "lzma", "zlib", "zstd", "lz4", "zfile"))


@check(RULE, formats=("*",))
def judge(context: Context) -> Iterator[Outcome]:
    node = context.node
    if node.format is None or node.format.id in ARCHIVES:
        return
    for defect in node.parsed.defects:
        severity = SEVERITIES.get(defect.kind)
        if severity is not None:
            yield context.finding(
                f"This {node.format.title} file is not as it must be: {defect.message.rstrip('.')}.",
                evidence=defect.evidence or defect.message,
                key=f"{defect.kind}:{defect.key}",
                offset=defect.offset,
                severity=severity,
                confidence=Confidence.HIGH if severity is Severity.HIGH else Confidence.MEDIUM,
            )
