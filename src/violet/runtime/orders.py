"""The orders that every guard understands: who is being dealt with, and an end to it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.domain.alert import Ruling

_LONGEST = 600
_MOST = 1_000
"""Rulings in one answer."""


class Table(Protocol):
    """``violet.runtime.rulings.Rulings`` is one."""

    def in_force(self) -> tuple[Ruling, ...]: ...

    def release(self, client: str, *, by: str = "", seconds: float = 0.0) -> tuple[Ruling, ...]: ...

    def undo(self, reason: str, *, by: str = "") -> tuple[Ruling, ...]: ...


class Orders:
    """A handler for ``violet.runtime.control.ControlServer``.

    ``rulings``: what is in force. ``release`` with ``client`` (and ``seconds``, ``by``): ends all that is being done
    with the client, and spares it for so long. ``undo`` with ``reason`` (and ``by``): ends what was done for one
    reason. Each answers with ``rulings``: those in force, or those that it ended."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __call__(self, name: str, words: Mapping[str, Any]) -> Mapping[str, Any]:
        by = _word(words, "by", "")
        if name == "rulings":
            found = self._table.in_force()
            return {"rulings": [_plain(ruling) for ruling in found[:_MOST]], "all": len(found)}
        if name == "release":
            seconds = words.get("seconds", 0.0)
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
                raise UsageError("A client is spared for a number of seconds, from 0 on.")
            ended = self._table.release(_word(words, "client"), by=by, seconds=float(seconds))
        elif name == "undo":
            ended = self._table.undo(_word(words, "reason"), by=by)
        else:
            raise UsageError(f"There is no order {name[:80]!r}.", "Orders: rulings, release, undo.")
        return {"rulings": [_plain(ruling) for ruling in ended[:_MOST]], "all": len(ended)}


def _word(words: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    found = words.get(name, otherwise)
    if not isinstance(found, str) or (otherwise is None and not found) or len(found) > _LONGEST:
        raise UsageError(f"The order needs {name}: a text of at most {_LONGEST} characters.")
    return found


def _plain(ruling: Ruling) -> dict[str, Any]:
    return {
        "client": ruling.client,
        "response": ruling.response.value,
        "until": ruling.until if math.isfinite(ruling.until) else None,
        "reason": ruling.reason,
        "by": ruling.by,
        "at": ruling.at,
        "model": ruling.model,
    }
