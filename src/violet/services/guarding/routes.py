"""``violet guard routes``: which routes alerts take, and whether they work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError
from violet.domain.incident_alert import RouteTest, SentStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def send_test_alerts(
    tables: Sequence[Mapping[str, Any]],
    file: str,
    *,
    only: Sequence[str] = (),
    state: str = "",
    each: Callable[[RouteTest], None] = lambda done: None,
) -> tuple[RouteTest, ...]:
    """Send a test alert along each route of ``[[guard.routes]]`` (or those named in ``only``), marked as a test.

    ``tables`` stand in ``file``, ``state`` is the guard's directory, ``each`` hears of every result as soon as it is
    there. Raises ``ConfigurationError`` for tables that cannot be, and ``UsageError`` for names that no route has, and
    where there is no route.
    """
    from violet.runtime.alerts.routing import parse_routes
    from violet.runtime.alerts.trial import try_routes

    routes = parse_routes(tables, file)
    if not routes:
        raise UsageError(f"{file} has no [[guard.routes]]: alerts go to the incident file, and nowhere else.")
    names = [route.name for route in routes]
    for name in only:
        if name not in names:
            raise UsageError(f"No route is called {name!r}.", f"There is {', '.join(names)}.")
    return try_routes([route for route in routes if not only or route.name in only], state, each)


def exit_code(results: Sequence[RouteTest]) -> int:
    """0: every route took the test alert; 1: one did not."""
    return int(any(result.status is not SentStatus.DELIVERED for result in results))
