"""Places in JSON documents: the part of JSONPath (RFC 9535) that names values, without filters and slices.

``$.outputs[0].data``, ``$.predictions[*].score``, ``$['a name'][-1]``; ``$`` may be left out.
"""

from __future__ import annotations

import re
from typing import Any

from violet.domain.errors import UsageError

ALL = object()
"""The step ``[*]`` or ``.*``."""

_STEP = re.compile(r"""\.?\[\s*(?:(?P<index>-?\d+)|(?P<all>\*)|'(?P<one>[^']*)'|"(?P<two>[^"]*)")\s*\]"""
                   r"""|\.(?P<star>\*)|\.(?P<name>[^.\[\]'"*\s]+)""")  # fmt: skip


def parse_path(text: str) -> tuple[Any, ...]:
    """Steps: a ``str`` for a key, an ``int`` for an index, ``ALL`` for all. Raises ``UsageError``."""
    rest = text.strip()
    rest = rest[1:] if rest.startswith("$") else rest if rest[:1] in (".", "[", "") else f".{rest}"
    steps: list[Any] = []
    place = 0
    while place < len(rest):
        found = _STEP.match(rest, place)
        if found is None:
            raise UsageError(
                f"{text!r} is no path to a value: {rest[place:]!r} is not understood.",
                "Write it like $.predictions[*].scores",
            )
        if found["index"] is not None:
            steps.append(int(found["index"]))
        elif found["all"] or found["star"]:
            steps.append(ALL)
        else:
            steps.append(next(found[name] for name in ("one", "two", "name") if found[name] is not None))
        place = found.end()
    return tuple(steps)


def find(document: Any, steps: tuple[Any, ...]) -> Any:
    """The value there; a list of values after ``ALL``. Raises ``LookupError`` that says which step leads nowhere."""
    for place, step in enumerate(steps):
        if step is ALL:
            if isinstance(document, dict):
                document = list(document.values())
            if not isinstance(document, list):
                raise LookupError(f"[*] of {_kind(document)}")
            return [find(one, steps[place + 1 :]) for one in document]
        if isinstance(step, int):
            if not isinstance(document, list) or not -len(document) <= step < len(document):
                size = f" of {len(document)}" if isinstance(document, list) else ""
                raise LookupError(f"[{step}] of {_kind(document)}{size}")
            document = document[step]
        else:
            if not isinstance(document, dict) or step not in document:
                keys = f" with {', '.join(map(str, list(document)[:8]))}" if isinstance(document, dict) else ""
                raise LookupError(f"{step!r} of {_kind(document)}{keys}")
            document = document[step]
    return document


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")
