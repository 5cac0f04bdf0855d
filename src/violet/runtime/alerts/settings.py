"""The table ``[guard.alerts]`` of a policy: when alerts belong together, and how severe they are."""

from __future__ import annotations

from typing import Any

from violet.domain.outcome import Severity
from violet.runtime.alerts.correlate import CorrelationOptions
from violet.runtime.policy_table import PolicyTable

KEYS = {
    "quiet": "seconds without an alert after which an incident ends (default: 900)",
    "remind": "seconds after which an incident that goes on is told again (default: 3600)",
    "campaign_clients": "clients with one technique that make a campaign (default: 3)",
    "campaign_window": "seconds within which they have to be seen (default: 600)",
    "severity": "a table of severities by pattern of detector id; the first that matches counts",
}


def parse_alerts(table: Any, file: str) -> CorrelationOptions:
    """What the table says; an empty one gives the defaults. Raises ``ConfigurationError``."""
    read = PolicyTable(table, file, "guard.alerts", KEYS)
    default = CorrelationOptions()
    severities = []
    for pattern, name in read.table("severity").items():
        try:
            severities.append((pattern, Severity.parse(name)))
        except (ValueError, AttributeError) as error:
            raise read.error(f"severity.{pattern}", f"cannot be used: {error}") from error
    return CorrelationOptions(
        quiet=read.between("quiet", default.quiet, 1.0, 86_400.0),
        remind=read.between("remind", default.remind, 60.0, 7 * 86_400.0),
        campaign_clients=int(read.between("campaign_clients", default.campaign_clients, 2, 200)),
        campaign_window=read.between("campaign_window", default.campaign_window, 1.0, 86_400.0),
        severities=tuple(severities),
    )
