"""From an archive reader's defects to findings, shared by the ``artifact/archive-*`` checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.archive import ARCHIVES as ARCHIVES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from violet.checks.base import Context
    from violet.domain import Confidence, Finding, Severity
    from violet.formats.base import Defect

MOST = 50
"""Findings of one rule on one archive; what is beyond them is counted in the last."""
LONGEST = 400
"""Characters of a message or of evidence: names can be 64 KiB long."""


def judge(
    context: Context,
    kinds: Mapping[str, Severity],
    confidence: Confidence,
    severity: Callable[[Defect], Severity] | None = None,
) -> Iterator[Finding]:
    """A finding for each defect of these kinds; the severity is the kind's, or what the function says."""
    chosen = [defect for defect in context.node.parsed.defects if defect.kind in kinds]
    for number, defect in enumerate(chosen[:MOST]):
        message = _cut(defect.message)
        if number == MOST - 1 and len(chosen) > MOST:
            message += f" {len(chosen) - MOST:,} more of this kind are not listed."
        yield context.finding(
            message,
            evidence=_cut(defect.evidence),
            key=f"{defect.kind}:{defect.key}",
            offset=defect.offset if defect.offset is not None and defect.offset >= 0 else None,
            severity=severity(defect) if severity else kinds[defect.kind],
            confidence=confidence,
        )


def _cut(text: str) -> str:
    """Shortened, and with what could steer a terminal shown as escapes."""
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
