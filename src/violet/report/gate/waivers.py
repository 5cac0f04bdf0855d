"""Waivers and whether they count, as lines and as JSON."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from violet.report.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.gate import CheckedWaiver, Waiver

SCHEMA = "violet-waivers/1"


def waivers_json(entries: Sequence[CheckedWaiver]) -> str:
    """``schema``, and ``waivers``: each with ``path``, ``status``, ``reason`` (why it does not count) and the
    ``waiver`` itself, ``null`` where it cannot be read."""
    return json.dumps({"schema": SCHEMA, "waivers": [checked(entry) for entry in entries]}, indent=2) + "\n"


def waivers_text(entries: Sequence[CheckedWaiver]) -> str:
    """A few lines for each."""
    return "".join(f"{_lines(entry)}\n" for entry in entries)


def checked(entry: CheckedWaiver) -> dict[str, Any]:
    """A waiver's file, and whether it counts."""
    return {
        "path": entry.path,
        "status": entry.status.value,
        "reason": entry.reason,
        "waiver": content(entry.waiver) if entry.waiver is not None else None,
    }


def content(waiver: Waiver) -> dict[str, Any]:
    """What a waiver says, and the file that says it."""
    return {
        "id": waiver.id,
        "fingerprint": waiver.fingerprint,
        "requirement": waiver.requirement,
        "model": waiver.model,
        "environment": waiver.environment,
        "content": waiver.content,
        "owner": waiver.owner,
        "approver": waiver.approver,
        "reason": waiver.reason,
        "created": waiver.created.isoformat(),
        "expires": waiver.expires.isoformat(),
        "path": waiver.path,
        "digest": waiver.digest,
    }


def _lines(entry: CheckedWaiver) -> str:
    waiver = entry.waiver
    lines = [f"{entry.status.value:<16}{os.path.basename(entry.path)}"]
    if waiver is not None:
        where = f" in {waiver.environment}" if waiver.environment else ""
        lines.append(f"  {waiver.target}, for models {waiver.model}{where}")
        if waiver.content:
            lines.append(f"  for {waiver.content} only")
        lines.append(f"  until {waiver.expires.isoformat()}, approved by {waiver.approver} for {waiver.owner}")
        lines.append(f"  {waiver.reason}")
    if entry.reason:
        lines.append(f"  It does not count: {entry.reason}.")
    return "\n".join(visible(text) for text in lines)
