"""How differences are told: names as they may stand in a message, numbers, lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 80
"""Characters of a name that are shown."""
MOST_NAMES = 5
"""Names of one list that are shown."""


def shown(name: str) -> str:
    """A name from the data: printable, and not too long. It may hold anything, terminal controls too."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def quoted(name: str) -> str:
    return f'"{shown(name)}"'


def listed(names: Sequence[str], last: str = "and") -> str:
    """``"a", "b" and "c"``, cut where there are many."""
    some = [quoted(name) for name in names[:MOST_NAMES]]
    if len(names) > MOST_NAMES:
        return ", ".join(some) + f" {last} {len(names) - MOST_NAMES:,} more"
    return some[0] if len(some) == 1 else ", ".join(some[:-1]) + f" {last} {some[-1]}"


def columns(names: Sequence[str]) -> str:
    """``column "a"``, ``columns "a" and "b"``."""
    return f"column{'s' if len(names) > 1 else ''} {listed(names)}"


def counted(number: int, what: str) -> str:
    """``1 row``, ``2 rows``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def rows(first: int, last: int) -> str:
    """``row 5``, ``rows 5 and 6``, ``rows 5 to 9``."""
    if first == last:
        return f"row {first:,}"
    return f"rows {first:,} {'and' if last == first + 1 else 'to'} {last:,}"


def was(number: int) -> str:
    return "was" if number == 1 else "were"
