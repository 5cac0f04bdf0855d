"""What the readers of VEX documents share."""

from __future__ import annotations

import datetime
from typing import Any

from violet.domain.errors import VioletError

MOST_STATEMENTS = 100_000
MOST_PRODUCTS = 100_000
LONGEST = 20_000
"""Characters of a text that are kept."""

JUSTIFICATIONS = frozenset(
    {
        "component_not_present",
        "vulnerable_code_not_present",
        "vulnerable_code_not_in_execute_path",
        "vulnerable_code_cannot_be_controlled_by_adversary",
        "inline_mitigations_already_exist",
    }
)


class VexError(VioletError):
    """A VEX document that is not valid, or not signed by whom it should be. Nothing in it is used."""

    exit_code = 2


def moment(value: Any, where: str) -> datetime.datetime:
    """An RFC 3339 time, in UTC. Raises ``VexError``."""
    if isinstance(value, str) and len(value) < 60:
        try:
            found = datetime.datetime.fromisoformat(_microseconds(value))
            if found.tzinfo is None:
                found = found.replace(tzinfo=datetime.UTC)
            return found.astimezone(datetime.UTC)
        except (ValueError, OverflowError):
            pass
    raise VexError(
        f"{where} has no timestamp.", "A statement counts from a time on; without it nothing can be weighed."
    )


def _microseconds(text: str) -> str:
    """Python reads six digits behind the point at most; Go writes nine."""
    head, point, rest = text.partition(".")
    if not point:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{head}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"


def text_of(value: Any) -> str:
    return " ".join(value[:LONGEST].split()) if isinstance(value, str) else ""


def items(value: Any, most: int, where: str) -> list[Any]:
    """A list within bounds, or nothing. Raises ``VexError``."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > most:
        raise VexError(f"{where} is no list of at most {most:,} items.")
    return value
