"""The exchanges that an alert rests on, from the guard's spool."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.traffic import Exchange


@dataclass(frozen=True, slots=True)
class Replayed:
    """``exchanges`` are those that the alert names and the spool still has; ``missing`` the others."""

    alert: Alert
    exchanges: tuple[Exchange, ...]
    missing: tuple[str, ...]

    def lines(self) -> list[str]:
        """The exchanges as lines of a trace."""
        from violet.runtime.trace import encode

        return [encode(exchange).decode().rstrip("\n") for exchange in self.exchanges]


def replay_alert(state: str, alert: str, spool: str = "") -> Replayed:
    """``spool`` is the directory that exchanges were kept in (default: the one that the guard named in
    its state). Raises ``UsageError``."""
    from violet.runtime.alerts.log import find_alert
    from violet.runtime.spool.reader import SpoolReader
    from violet.runtime.state import StateDirectory

    log = os.path.join(state, "alerts")
    if not os.path.isdir(log):
        raise UsageError(f"{state} is no state directory of a guard: it has no alerts.")
    found = find_alert(log, alert)
    if found is None:
        raise UsageError(
            f"No alert {alert!r} is kept in {state}.", "See: violet watch, and alerts/incidents.jsonl there"
        )
    wanted = dict.fromkeys(name for name in (*found.evidence.queries, found.query) if name)
    exchanges: dict[str, Exchange] = {}
    for kept in SpoolReader(spool or StateDirectory(state, make=False).spool).read():
        exchange = kept.exchange
        if exchange.id in wanted:
            exchanges[exchange.id] = exchange
            if len(exchanges) == len(wanted):
                break
    missing = tuple(name for name in wanted if name not in exchanges)
    return Replayed(found, tuple(sorted(exchanges.values(), key=lambda one: one.at)), missing)
