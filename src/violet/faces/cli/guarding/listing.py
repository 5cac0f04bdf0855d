"""``violet guard detectors``: which there are, or one in full."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.output import chosen, deliver

if TYPE_CHECKING:
    from argparse import Namespace

    from violet.services.guarding.catalogue import DetectorEntry


def detectors(arguments: Namespace) -> int:
    from violet.services.guarding.catalogue import catalogue

    entries = catalogue()
    if arguments.target:
        entries = tuple(entry for entry in entries if entry.id == arguments.target)
        if not entries:
            raise UsageError(f"There is no detector {arguments.target!r}.", "See: violet guard detectors")
    fmt = chosen(arguments.format, arguments.output[0] if arguments.output else "", ("console", "json"))
    if fmt == "json":
        text = json.dumps([_content(entry) for entry in entries], indent=2) + "\n"
    elif arguments.target:
        text = _whole(entries[0])
    else:
        width = max(len(entry.id) for entry in entries)
        off = {True: "", False: " (off unless named)"}
        text = "".join(
            f"{entry.id:<{width}}  {entry.severity:<8}  {entry.title}{off[entry.default]}\n" for entry in entries
        )
    deliver(text, arguments.output[0] if arguments.output else "")
    return 0


def _whole(entry: DetectorEntry) -> str:
    lines = [entry.id, "", entry.help, ""]
    lines.append(
        f"severity {entry.severity}; accuses {entry.accuses}; asked {entry.stage}; answers with {entry.response}"
    )
    lines.append(f"needs: {', '.join(entry.needs) or 'nothing'}")
    limit = "none until calibrated" if math.isinf(entry.threshold) else f"{entry.threshold:g}"
    lines.append(f"threshold: {limit} {entry.unit}".rstrip())
    lines.append(f"ATLAS: {', '.join(entry.techniques) or 'none'}")
    for name, value in entry.options:
        lines.append(f"option {name} = {value}")
    return "\n".join(lines) + "\n"


def _content(entry: DetectorEntry) -> dict[str, object]:
    made = asdict(entry)
    made["threshold"] = entry.threshold if math.isfinite(entry.threshold) else None
    made["options"] = dict(entry.options)
    return made
