"""JSON that others wrote, read so that no two readers can disagree about it."""

from __future__ import annotations

import json
from typing import Any

DEEPEST = 32
"""Objects and lists within one another; model signatures use seven."""


class Malformed(ValueError):
    """What is wrong, as the end of a sentence."""


def parse(content: bytes, most: int) -> dict[str, Any]:
    """A JSON object in UTF-8. Raises ``Malformed`` for anything else, for a name that is given twice in an object
    (of which readers take different ones), for numbers that are none, for nesting beyond ``DEEPEST``, and for about
    ``most`` values and more: empty ones take thirty times their bytes in memory."""
    if content.count(b",") + content.count(b"[") + content.count(b"{") > most:
        raise Malformed("holds too many values")
    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except UnicodeDecodeError as error:
        raise Malformed("is not text in UTF-8") from error
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
        ending = "ends in the middle: it is truncated" if cut else "is not JSON"
        raise Malformed(f"{ending} (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise Malformed("is nested too deeply") from error
    except Malformed:
        raise
    except ValueError as error:  # a number of thousands of digits
        raise Malformed("holds a number that is too large") from error
    if not isinstance(found, dict):
        raise Malformed("is no JSON object")
    _measure(found)
    return found


def member(table: Any, name: str, kind: type, where: str) -> Any:
    """``table[name]``, which must be there and of this kind. Raises ``Malformed``."""
    if not isinstance(table, dict) or name not in table:
        raise Malformed(f"has no {where}{name}")
    value = table[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(f"has a {where}{name} that is no {_KINDS[kind]}")
    return value


_KINDS: dict[type, str] = {str: "text", dict: "object", list: "list", int: "whole number", bool: "truth value"}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise Malformed(f"says {twice[:40]!a} twice")
    return found


def _refuse(name: str) -> Any:
    raise Malformed(f"holds {name}, which is no number")


def _measure(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        below: list[Any] = []
        for entry in level:
            if isinstance(entry, dict):
                below.extend(entry.values())
            elif isinstance(entry, list):
                below.extend(entry)
        if not below:
            return
        level = below
    raise Malformed("is nested too deeply")
