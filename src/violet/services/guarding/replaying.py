"""The exchanges that an alert rests on, from the guard's spool."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.domain.traffic import Exchange

LARGEST = 64 << 20


@dataclass(frozen=True, slots=True)
class Replayed:
    """``alert`` as it was kept; ``exchanges`` those that it names and the spool still has; ``missing`` the others."""

    alert: dict[str, Any]
    exchanges: tuple[Exchange, ...]
    missing: tuple[str, ...]

    def lines(self) -> list[str]:
        """The exchanges as lines of a trace."""
        from violet.runtime.trace import encode

        return [encode(exchange).decode().rstrip("\n") for exchange in self.exchanges]


def find_alert(state: str, alert: str) -> dict[str, Any]:
    """The alert with this id, from the guard's own log. Raises ``UsageError``."""
    directory = os.path.join(state, "alerts")
    try:
        names = sorted(name for name in os.listdir(directory) if name.startswith("alerts-"))
    except OSError as error:
        raise UsageError(f"{state} is no state directory of a guard: {error.strerror}.") from error
    for name in reversed(names):
        with open(os.path.join(directory, name), "rb") as file:
            for line in file.read(LARGEST).splitlines():
                if alert.encode() in line:
                    found = _of(line, alert)
                    if found is not None:
                        return found
    raise UsageError(f"No alert {alert!r} is kept in {state}.", "See: violet watch, and alerts/incidents.jsonl there")


def _of(line: bytes, alert: str) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    for one in (said, said.get("alert") if isinstance(said, dict) else None):
        if isinstance(one, dict) and one.get("id") == alert:
            return one
    return None


def replay_alert(state: str, alert: str, spool: str = "") -> Replayed:
    """``spool`` is the directory that exchanges were kept in (default: ``spool`` below the state). Raises
    ``UsageError``."""
    found = find_alert(state, alert)
    directory = spool or os.path.join(state, "spool")
    evidence = found.get("evidence")
    named = [*(evidence.get("queries", ()) if isinstance(evidence, dict) else ()), found.get("query", "")]
    wanted = dict.fromkeys(str(name) for name in named if name)
    from violet.runtime.spool.reader import SpoolReader

    exchanges: dict[str, Exchange] = {}
    for kept in SpoolReader(directory).read():
        exchange = kept.exchange
        if exchange.id in wanted:
            exchanges[exchange.id] = exchange
            if len(exchanges) == len(wanted):
                break
    missing = tuple(name for name in wanted if name not in exchanges)
    return Replayed(found, tuple(sorted(exchanges.values(), key=lambda one: one.at)), missing)
