"""Alerts that belong together: what is told to people and to other systems."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain.alert import Response

if TYPE_CHECKING:
    from violet.domain.alert import Alert
    from violet.domain.outcome import Severity


class IncidentKind(enum.StrEnum):
    """Whom an incident is about."""

    CLIENT = "client"
    """One client, whatever detectors saw it."""
    CAMPAIGN = "campaign"
    """Several clients who act as one, or do the same at the same time."""
    MODEL = "model"
    """All traffic of a model, and nobody in particular."""
    CROWD = "crowd"
    """What no longer fits in the table of open incidents: counted together, for each model."""


class NoticeEvent(enum.StrEnum):
    """Why a notice goes out."""

    OPENED = "opened"
    RAISED = "raised"
    """Its severity rose."""
    GREW = "grew"
    """Another detector or client joined it, or the guard does something else about it."""
    CONTINUES = "continues"
    """It still goes on: a reminder."""
    CLOSED = "closed"
    """Quiet for long enough, or merged into a campaign."""
    SUMMARY = "summary"
    """Stands for notices that a route's rate did not let through one by one."""
    TEST = "test"
    """Sent by hand, to see whether a route works."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one detector says of one client within an incident: repeats are counted, not repeated. ``peak`` is the
    highest score, ``first`` and ``last`` seconds since 1970, ``alert`` the id of the latest alert."""

    client: str
    detector: str
    model: str
    title: str
    severity: Severity
    count: int
    first: float
    last: float
    peak: float
    threshold: float
    alert: str


@dataclass(frozen=True, slots=True)
class Incident:
    """``id`` is this incident's own; ``key`` is equal for the same matter on every replica and after every restart, so
    that receivers can tell repeats by it. ``count`` is how many alerts are in it, ``more`` how many sightings no longer
    fit in ``sightings``. ``latest`` is the alert that made its severity, or came last. ``merged_into`` is the campaign
    that took it over."""

    id: str
    key: str
    kind: IncidentKind
    severity: Severity
    title: str
    opened: float
    last: float
    count: int
    models: tuple[str, ...]
    clients: tuple[str, ...]
    detectors: tuple[str, ...]
    techniques: tuple[str, ...]
    sightings: tuple[Sighting, ...]
    latest: Alert
    more: int = 0
    response: Response = Response.ALLOW
    enforced: bool = False
    open: bool = True
    merged_into: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message about an incident. ``number`` grows by one a notice; ``omitted`` says how many others this one stands
    for, ``omitted_by`` how many of each severity."""

    number: int
    at: float
    event: NoticeEvent
    incident: Incident
    reason: str
    omitted: int = 0
    omitted_by: tuple[tuple[str, int], ...] = ()


class SentStatus(enum.StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RouteTest:
    """What came of a test alert on one route. ``seconds`` is how long the receiver took."""

    route: str
    kind: str
    target: str
    status: SentStatus
    detail: str
    seconds: float


@dataclass(frozen=True, slots=True)
class RouteState:
    """A route's counters since the guard started. ``waiting`` notices are not yet delivered; ``problem`` is the last
    failure (empty: the last attempt went well)."""

    name: str
    kind: str
    delivered: int
    failed: int
    summarised: int
    dropped: int
    waiting: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class DeskState:
    """``taken`` alerts were handed in, ``acknowledged`` of them are on the disk; ``unsaved`` is the reason why they
    are not (a full disk, say). ``leading``: this worker correlates and delivers for all on this machine."""

    taken: int
    acknowledged: int
    repeats: int
    open: int
    notices: int
    leading: bool
    routes: tuple[RouteState, ...] = field(default=())
    unsaved: str = ""
