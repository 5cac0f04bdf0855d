"""Send a test alert along each route, and say what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import Callable, Sequence

from violet.domain.alert import Alert, Evidence, Response
from violet.domain.errors import VioletError
from violet.domain.incident_alert import Incident, IncidentKind, Notice, NoticeEvent, RouteTest, SentStatus, Sighting
from violet.domain.outcome import Confidence, Severity
from violet.runtime.alerts.delivery import SendError
from violet.runtime.alerts.routing import Route
from violet.runtime.alerts.sinks.make import make_sink


def trial_notice(worker: str = "") -> Notice:
    """A notice that says everywhere that it is a test, about a client that there is not."""
    now = time.time()
    identity = f"test-{secrets.token_hex(6)}"
    said = "This is a test of the route, sent by hand. Nothing happened."
    alert = Alert(
        id=identity,
        at=now,
        model="test",
        client="test:nobody",
        detector="test/route",
        title="Test of an alert route",
        severity=Severity.INFO,
        confidence=Confidence.HIGH,
        score=1.0,
        threshold=1.0,
        evidence=Evidence(said),
        response=Response.ALLOW,
        worker=worker,
    )
    sighting = Sighting(
        alert.client, alert.detector, alert.model, alert.title, alert.severity, 1, now, now, 1.0, 1.0, identity
    )
    incident = Incident(
        id=f"inc-{identity}",
        key=f"test:{identity}",
        kind=IncidentKind.CLIENT,
        severity=Severity.INFO,
        title=alert.title,
        opened=now,
        last=now,
        count=1,
        models=("test",),
        clients=(alert.client,),
        detectors=(alert.detector,),
        techniques=(),
        sightings=(sighting,),
        latest=alert,
    )
    return Notice(1, now, NoticeEvent.TEST, incident, said)


def try_routes(
    routes: Sequence[Route], state: str = "", each: Callable[[RouteTest], None] = lambda done: None
) -> tuple[RouteTest, ...]:
    """Send one test notice along every route, one after the other, whatever their rates and filters. ``each`` hears of
    every result at once."""
    return asyncio.run(_try(routes, state, each))


async def _try(routes: Sequence[Route], state: str, each: Callable[[RouteTest], None]) -> tuple[RouteTest, ...]:
    results = []
    for route in routes:
        results.append(await _one(route, state))
        each(results[-1])
    return tuple(results)


async def _one(route: Route, state: str) -> RouteTest:
    begun = time.monotonic()
    status, detail = SentStatus.FAILED, ""
    try:
        sink = make_sink(route, state)
        try:
            async with asyncio.timeout(route.timeout):
                await sink.send(trial_notice())
            status, detail = SentStatus.DELIVERED, _caution(route)
        finally:
            with contextlib.suppress(Exception):
                await sink.close()
    except SendError as error:
        detail = str(error)
    except VioletError as error:
        detail = error.diagnostics()
    except TimeoutError:
        detail = f"no answer within {route.timeout:g} s"
    return RouteTest(route.name, route.to, route.target, status, detail, time.monotonic() - begun)


def _caution(route: Route) -> str:
    """What "delivered" does not mean."""
    if route.url.startswith("udp:"):
        return "sent; UDP does not tell whether it arrived"
    if route.url.startswith(("tcp:", "tls:")):
        return "sent; syslog does not tell whether it was read"
    return ""
