"""What came of replaying a trace through the detectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from violet.domain.alert import Alert


@dataclass(frozen=True, slots=True)
class DetectorUse:
    """``threshold`` in the detector's unit; ``false_alarms`` in 10,000 benign queries, as calibrated (NaN: it was not);
    ``microseconds`` is what a row cost; ``left_out`` why it did not run (empty: it ran)."""

    id: str
    title: str
    threshold: float
    false_alarms: float
    alerts: int
    microseconds: float
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class TruthLine:
    """For a trace that says what its traffic was: how many clients of this kind there were, how many were alerted on,
    and after how many of their rows (median and most; NaN: none was)."""

    truth: str
    clients: int
    alerted: int
    rows: int
    median_after: float
    most_after: float


@dataclass(frozen=True, slots=True)
class ClientLine:
    """A client that was alerted on: ``rows`` it asked in all, ``first`` detector and after how many rows,
    ``alerts``."""

    client: str
    rows: int
    alerts: int
    first: str
    after: int
    truth: str = ""


@dataclass(frozen=True, slots=True)
class GuardReport:
    """``begin`` and ``end`` are seconds since 1970; ``unread`` counts rows that do not fit the profile, ``reasons``
    why, by sentence. ``profile`` and ``calibration`` are digests (empty: none)."""

    source: str
    model: str
    exchanges: int
    rows: int
    unread: int
    clients: int
    begin: float
    end: float
    alerts: tuple[Alert, ...]
    accused: tuple[ClientLine, ...]
    detectors: tuple[DetectorUse, ...]
    truth: tuple[TruthLine, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    profile: str = ""
    calibration: str = ""
    seconds: float = 0.0
    seed: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""
    complete: bool = True
