"""The attacks there are, as a table."""

from __future__ import annotations

from violet.attacks.base import attacks
from violet.targets.base import Offers


def listing() -> str:
    """One line an attack: id, what it needs, the norms it knows, its budget, its title."""
    rows = [("attack", "needs", "threats", "queries", "what it is")]
    for name, entry in attacks().items():
        known = entry.attack
        needs = ", ".join((flag.name or "").lower() for flag in Offers if flag in known.needs)
        rows.append((name, needs, " ".join(known.norms), f"{known.queries:,}", known.title))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "".join(
        "  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4])).rstrip() + "\n"
        for row in rows
    )
