"""Thresholds fitted to benign traffic: what they are, what they rest on, and how far they can be believed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from violet.domain.errors import ConfigurationError

FORMAT = "violet-calibration-1"


@dataclass(frozen=True, slots=True)
class AlarmRate:
    """``episodes`` in ``queries`` rows; ``per_10000`` of them, with an interval of 95 %."""

    episodes: int
    queries: int
    per_10000: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DayOfScores:
    """``episodes`` above a level that is reached about five times a day in the mean; ``greatest`` score of the day."""

    day: str
    queries: int
    episodes: int
    greatest: float


@dataclass(frozen=True, slots=True)
class DetectorCalibration:
    """One detector's threshold, in its own unit.

    ``method``: ``observed`` (so often was it reached in the trace), ``extrapolated`` (by a generalised Pareto tail of
    ``shape`` and ``scale`` over ``base``, fitted to ``peaks`` episodes of ``clients`` clients), ``floor`` (that would
    be lower, but no threshold becomes less than a share of the detector's own), ``lifted`` (too few episodes for that,
    but scores that come near the detector's own threshold or reach it), or ``kept`` (the trace says too little: the
    detector's own). ``expected`` false alarms in 10,000 benign queries lie between ``low`` and ``high`` (95 %, clients
    resampled). ``greatest`` is the greatest score of those that counted. ``influence`` is what the threshold would be
    divided by without ``influential``, the client it rests on most. ``stable`` is false where days differ more than
    chance explains.
    """

    id: str
    threshold: float
    default: float
    expected: float
    low: float
    high: float
    method: str
    note: str = ""
    base: float = math.nan
    shape: float = math.nan
    scale: float = math.nan
    peaks: int = 0
    clients: int = 0
    greatest: float = math.nan
    influence: float = 1.0
    influential: str = ""
    stable: bool = True
    days: tuple[DayOfScores, ...] = ()


@dataclass(frozen=True, slots=True)
class SuspiciousClient:
    """A client in traffic that was called benign, whose ``score`` lies beyond ``bound``, what the others' scores allow,
    and reaches the detector's own threshold as well. ``left_out``: nothing of it went into the thresholds."""

    client: str
    detector: str
    score: float
    bound: float
    rows: int
    left_out: bool
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Calibration:
    """``asked`` is the false alarms in 10,000 benign queries that all detectors together may raise. ``seen`` is what
    these thresholds raise in the very trace, ``crossed`` what thresholds from one half of the clients raise in the
    other half, both ways: the more honest figure. ``begin`` and ``end`` are seconds since 1970."""

    asked: float
    model: str
    detectors: tuple[DetectorCalibration, ...]
    queries: int
    clients: int
    begin: float
    end: float
    seen: AlarmRate
    crossed: AlarmRate
    suspicious: tuple[SuspiciousClient, ...] = ()
    notes: tuple[str, ...] = ()
    reference: str = ""
    source: str = ""
    digest: str = ""
    seed: int = 0
    quiet: float = 900.0
    versions: Mapping[str, str] = field(default_factory=dict)
    command: str = ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """Clients that did not count, sorted."""
        return tuple(sorted({one.client for one in self.suspicious if one.left_out}))

    def to_document(self) -> dict[str, Any]:
        """Plain values for JSON; what is not finite is ``null`` (a threshold: the detector is off)."""
        return {"format": FORMAT, **_plain(asdict(self))}


def from_document(document: Any) -> Calibration:
    """What ``to_document`` gave. Raises ``ConfigurationError`` where it is something else."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ConfigurationError("This is no calibration.", "Make one with: violet guard calibrate")
    try:
        said = {one.name: document[one.name] for one in fields(Calibration)}
        detectors = [_read(DetectorCalibration, one) for one in said["detectors"]]
        said["detectors"] = tuple(detectors)
        said["suspicious"] = tuple(_read(SuspiciousClient, one) for one in said["suspicious"])
        said["seen"], said["crossed"] = _read(AlarmRate, said["seen"]), _read(AlarmRate, said["crossed"])
        said["notes"] = tuple(map(str, said["notes"]))
        said["versions"] = {str(name): str(value) for name, value in said["versions"].items()}
        found = Calibration(**said)
        _require(found)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ConfigurationError(
            f"The calibration is incomplete or wrong: {error}.", "Make it again with: violet guard calibrate"
        ) from None
    return found


def _require(found: Calibration) -> None:
    names = [one.id for one in found.detectors]
    if len(set(names)) != len(names):
        raise ValueError("a detector stands there twice")
    for one in found.detectors:
        if not isinstance(one.id, str) or not isinstance(one.threshold, float):
            raise ValueError(f"the threshold of {one.id!r} is {one.threshold!r}")
    if not isinstance(found.asked, int | float) or not found.asked > 0:
        raise ValueError(f"asked is {found.asked!r}")


_INFINITE = ("threshold", "default", "bound")
"""Numbers that are infinite where they are not finite; all others are NaN then."""


def _read(kind: type[Any], said: Any) -> Any:
    values: dict[str, Any] = {}
    for one in fields(kind):
        value = said[one.name]
        if one.type == "float":
            if value is None:
                value = math.inf if one.name in _INFINITE else math.nan
            elif isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{one.name} is {value!r}")
            value = float(value)
        elif one.name == "days":
            value = tuple(_read(DayOfScores, day) for day in value)
        values[one.name] = value
    return kind(**values)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
