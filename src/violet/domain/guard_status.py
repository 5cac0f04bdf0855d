"""What a guard tells of itself while it runs: what ``violet watch``, metrics and ``violet guard status`` show."""

from __future__ import annotations

from dataclasses import dataclass, field

from violet.domain.alert import Alert, Ruling

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ClientStatus:
    """``rate`` in rows a second over the last seconds; ``suspicion`` is the greatest of score / threshold over the
    detectors (1: one of them alerts), ``detector`` the one it is of; ``response`` what is being done with the client.
    """

    client: str
    rate: float = 0.0
    rows: int = 0
    suspicion: float = 0.0
    detector: str = ""
    response: str = "allow"
    seen: float = 0.0
    """Seconds since 1970 at its last request."""


@dataclass(frozen=True, slots=True)
class DetectorStatus:
    """``why`` says why it does not run (empty: it runs). ``peak`` is the greatest score of late, in the detector's own
    unit, as ``threshold`` is; ``microseconds`` what a row costs."""

    id: str
    why: str = ""
    threshold: float = float("inf")
    peak: float = 0.0
    alerts: int = 0
    rows: int = 0
    microseconds: float = 0.0


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """Work that waits: ``length`` of at most ``limit``; ``dropped`` for want of room since the start."""

    name: str
    length: int
    limit: int
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """``state`` is ``writing``, ``stopped`` (``why`` says the reason) or ``closed``. All counts since the start of this
    worker: ``accepted`` records, ``acknowledged`` the position up to which they are on the disk, ``left_out`` for want
    of room in the queue or on the disk, ``sampled_out`` by choice, ``cut`` without their rows or bodies for being too
    large. ``bytes`` is what the directory holds of the ``limit``; ``discarded`` segments were removed to stay below
    it, ``unread`` of them before every reader had them."""

    directory: str
    state: str = "writing"
    why: str = ""
    accepted: int = 0
    acknowledged: int = 0
    left_out: int = 0
    sampled_out: int = 0
    cut: int = 0
    queued: int = 0
    queued_bytes: int = 0
    bytes: int = 0
    limit: int = 0
    segments: int = 0
    discarded: int = 0
    unread: int = 0


@dataclass(frozen=True, slots=True)
class SharingStatus:
    """``state`` is ``off``, ``together`` or ``alone`` (``why`` says the reason, ``since`` from when, seconds since
    1970). ``peers`` are other workers heard of; ``sent``, ``received`` and ``refused`` count postings of one client;
    ``pending`` are clients whose latest is not yet sent; ``left_out`` those there was no room for."""

    state: str = "off"
    board: str = ""
    why: str = ""
    since: float = 0.0
    peers: int = 0
    rounds: int = 0
    failures: int = 0
    sent: int = 0
    received: int = 0
    refused: int = 0
    pending: int = 0
    left_out: int = 0
    seconds: float = 0.0
    """How long the last round took."""


@dataclass(frozen=True, slots=True)
class GuardStatus:
    """One worker at one moment. ``at`` and ``started`` in seconds since 1970; rates per second over the last seconds;
    counts since the start. ``clients`` are those of greatest suspicion and rate, at most some dozens, ``alerts`` and
    ``rulings`` the latest. ``notices`` are sentences for people: what is degraded, and what was left out."""

    worker: str
    at: float
    started: float
    pid: int = 0
    host: str = ""
    model: str = ""
    mode: str = "observe"
    upstream: str = ""
    requests: int = 0
    rows: int = 0
    rate: float = 0.0
    row_rate: float = 0.0
    refused: int = 0
    delayed: int = 0
    upstream_errors: int = 0
    known_clients: int = 0
    memory: int = 0
    """Resident bytes."""
    clients: tuple[ClientStatus, ...] = ()
    detectors: tuple[DetectorStatus, ...] = ()
    queues: tuple[QueueStatus, ...] = ()
    sharing: SharingStatus = field(default_factory=SharingStatus)
    spool: SpoolStatus | None = None
    alerts: tuple[Alert, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    notices: tuple[str, ...] = ()
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class WorkerSeen:
    """One worker as its state directory shows it: ``problem`` says why there is no status, or why it is not of now."""

    worker: str
    status: GuardStatus | None = None
    age: float = 0.0
    """Seconds since it was written."""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A guard at one moment, all of its workers together: what ``violet watch`` shows."""

    directory: str
    at: float
    workers: tuple[WorkerSeen, ...] = ()
    clients: tuple[ClientStatus, ...] = ()
    detectors: tuple[DetectorStatus, ...] = ()
    queues: tuple[QueueStatus, ...] = ()
    alerts: tuple[Alert, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    notices: tuple[str, ...] = ()
    requests: int = 0
    rows: int = 0
    rate: float = 0.0
    row_rate: float = 0.0
    refused: int = 0
    delayed: int = 0
    upstream_errors: int = 0
    known_clients: int = 0
    memory: int = 0
    model: str = ""
    mode: str = ""
    upstream: str = ""

    @property
    def live(self) -> int:
        """Workers that tell of themselves."""
        return sum(1 for seen in self.workers if not seen.problem)
