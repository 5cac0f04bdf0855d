"""JSON of unknown origin, read within bounds and without the freedoms that let two readers differ.

Duplicate keys, numbers that are no numbers, text that is not UTF-8 and nesting beyond ``DEPTH`` are refused
(RFC 8259 leaves the first open; the others exhaust or confuse readers).
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

DEPTH = 64
"""Containers within containers."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)


def parse(content: bytes, largest: int) -> Any:
    """The value that ``content`` (at most ``largest`` bytes) writes down. Raises ``ValueError`` with a clause that
    says what is wrong."""
    if len(content) > largest:
        raise ValueError(f"it is larger than {largest:,} bytes")
    if _too_deep(content):
        raise ValueError(f"it is nested deeper than {DEPTH} levels")
    try:
        text = content.decode("utf-8")
        return json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError(f"it is nested deeper than {DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON (character {error.pos}: {error.msg})") from None


def canonical(value: Any) -> bytes:
    """The same value always as the same bytes: sorted keys, no blanks, ASCII."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def _too_deep(content: bytes) -> bool:
    if content.count(b"[") + content.count(b"{") <= DEPTH:
        return False
    depth = 0
    for token in _TOKEN.finditer(content):
        first = token[0][0]
        if first in b"[{":
            depth += 1
            if depth > DEPTH:
                return True
        elif first in b"]}":
            depth -= 1
    return False


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object in it has the same key twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"it holds {name}, which is no number in JSON")
