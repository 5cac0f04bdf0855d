"""JSON of unknown origin, read within bounds and without the freedoms that let two readers differ.

Refused are duplicate names, numbers that are none or that no reader can hold, text that is not UTF-8, halves of
characters, nesting beyond ``DEPTH`` and more values than the memory is meant for (RFC 8259, sections 4, 6, 8 and 9,
leaves these open; they make readers differ, or exhaust them).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

DEPTH = 64
"""Containers within containers."""

SPARSE = 16
"""Bytes that a value takes at least, on average: empty ones take thirty times their bytes in memory."""
FEW_VALUES = 100_000
"""Values that are always allowed."""

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
"""An escaped half of a character; two of them may make a whole one."""


class Malformed(ValueError):
    """What is wrong, as the end of a sentence that begins with the name of a file."""


def parse(content: bytes, largest: int, most_values: int = 0) -> Any:
    """The value that ``content`` (at most ``largest`` bytes) writes down.

    ``most_values`` bounds how many values are in it (0: as many as suit ``largest``); commas and brackets within
    texts count. Raises ``ValueError`` with a clause that says what is wrong ("it is ...").
    """
    if len(content) > largest:
        raise ValueError(f"it is larger than {largest:,} bytes")
    most = most_values or max(FEW_VALUES, largest // SPARSE)
    containers = content.count(b"[") + content.count(b"{")
    if content.count(b",") + containers > most:
        raise ValueError(f"it holds too many values (more than {most:,})")
    try:
        found = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_number
        )
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise _too_deep() from None
    except json.JSONDecodeError as error:
        cut = error.pos >= len(error.doc.rstrip()) or error.msg.startswith("Unterminated string")
        ending = ": it is truncated" if cut else ""
        raise ValueError(f"it is not JSON{ending} (line {error.lineno}, column {error.colno}: {error.msg})") from None
    except ValueError as error:
        # Python refuses whole numbers of thousands of digits in words of its own.
        text = str(error)
        raise error if text.startswith("it ") else ValueError("it holds a number that is too large") from None
    if containers > DEPTH:
        _measure(found)
    if _SURROGATE.search(content):
        _require_text(found)
    return found


def parse_object(content: bytes, largest: int, most_values: int = 0) -> dict[str, Any]:
    """As ``parse``, for an object. Raises ``Malformed``."""
    try:
        found = parse(content, largest, most_values)
    except ValueError as error:
        raise Malformed(str(error).removeprefix("it ")) from None
    if not isinstance(found, dict):
        raise Malformed("is no JSON object")
    return found


def member(table: Any, name: str, kind: type, where: str) -> Any:
    """``table[name]``, which must be there and of this kind. Raises ``Malformed``."""
    if not isinstance(table, dict) or name not in table:
        raise Malformed(f"has no {where}{name}")
    value = table[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Malformed(f"has a {where}{name} that is no {_KINDS[kind]}")
    return value


def canonical(value: Any) -> bytes:
    """The same value always as the same bytes: sorted keys, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


_KINDS: dict[type, str] = {str: "text", dict: "object", list: "list", int: "whole number", bool: "truth value"}


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"it has the same key twice in an object ({twice[:40]!a})")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is no number in JSON")


def _number(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError("it holds a number that is too large")
    return value


def _too_deep() -> ValueError:
    return ValueError(f"it is nested deeper than {DEPTH} levels")


def _measure(value: Any) -> None:
    """Level by level, because the depth is what is in doubt."""
    level = [value]
    for _ in range(DEPTH):
        below: list[Any] = []
        for entry in level:
            if isinstance(entry, dict):
                below.extend(entry.values())
            elif isinstance(entry, list):
                below.extend(entry)
        if not below:
            return
        level = below
    if any(isinstance(entry, dict | list) for entry in level):
        raise _too_deep()


def _require_text(value: Any) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("it holds half a character, which is no text") from None
