"""The receiver that a route names."""

from __future__ import annotations

from violet.runtime.alerts.delivery import Sink
from violet.runtime.alerts.routing import Route


def make_sink(route: Route, state: str) -> Sink:
    """``state`` is the guard's directory, for the command that replays. Raises ``ConfigurationError`` for what the
    receiver cannot be made from, and ``MissingExtraError``."""
    if route.to == "webhook":
        from violet.runtime.alerts.sinks.webhook import Webhook

        return Webhook(route, state)
    if route.to == "alertmanager":
        from violet.runtime.alerts.sinks.alertmanager import Alertmanager

        return Alertmanager(route, state)
    if route.to == "syslog":
        from violet.runtime.alerts.sinks.syslog import Syslog

        return Syslog(route, state)
    if route.to == "apprise":
        from violet.runtime.alerts.sinks.chat import Chat

        return Chat(route, state)
    from violet.runtime.alerts.sinks.file import File

    return File(route, state)
