"""What looking at an asset may yield. Wrong, not looked at, and broken are never mixed up."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain.value import Value

if TYPE_CHECKING:
    from violet.domain.asset import Asset


class Severity(enum.IntEnum):
    """How much harm a finding can do, in order."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, text: str) -> Severity:
        """The severity called ``text``, in any case. Raises ``ValueError`` for an unknown name."""
        try:
            return cls[text.upper()]
        except KeyError:
            names = ", ".join(str(s) for s in cls)
            raise ValueError(f"{text!r} is not a severity: use one of {names}") from None


class Confidence(enum.IntEnum):
    """How sure the check is that what it saw is what it says."""

    LOW = 0
    MEDIUM = 1
    HIGH = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Location(Value):
    """Where it is: ``path`` with archive members after ``!``; ``offset`` in bytes; ``line`` from 1."""

    path: str
    offset: int | None = None
    line: int | None = None

    def __str__(self) -> str:
        if self.line is not None:
            return f"{self.path}:{self.line}"
        if self.offset is not None:
            return f"{self.path}@{self.offset}"
        return self.path


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Finding(Value):
    """Something is wrong.

    ``message`` is one sentence; ``evidence`` is what was seen (a reconstructed call, a header field);
    ``key`` names the thing within the file that is wrong and does not move when unrelated bytes do;
    ``logical_path`` is the path relative to what was scanned, with ``/`` on every system. The
    fingerprint is made of rule, logical path and key, so it is the same on every run and machine and
    survives a new version of the same model.
    """

    rule: str
    severity: Severity
    confidence: Confidence
    message: str
    location: Location
    evidence: str = ""
    fix: str = ""
    techniques: tuple[str, ...] = ()
    key: str = ""
    logical_path: str = ""

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits."""
        import hashlib

        parts = (self.rule, self.logical_path or self.location.path, self.key or self.evidence)
        joined = "\x00".join(parts).encode("utf-8", "surrogatepass")
        return hashlib.sha256(joined).hexdigest()[:32]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Skipped(Value):
    """Not looked at, and why. ``what`` names the format or check that was not examined."""

    location: Location
    reason: str
    what: str = ""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Failed(Value):
    """Tried and broke: the file could not be opened or read, so nothing is known about it."""

    location: Location
    error: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Measurement(Value):
    """A figure: ``name`` in dotted lower case, ``value`` in ``unit``."""

    location: Location
    name: str
    value: float
    unit: str = ""


Outcome = Finding | Skipped | Failed | Measurement


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Report(Value):
    """All that came of one run, in a stable order."""

    command: str
    version: str
    assets: tuple[Asset, ...] = ()
    findings: tuple[Finding, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    failed: tuple[Failed, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    accepted: tuple[Finding, ...] = field(default=())
    """Findings that a baseline or a policy accepts: shown as such, and not counted by the decision."""


class Verdict(enum.StrEnum):
    """What policy says of a report."""

    ALLOW = "allow"
    WARN = "warn"
    DENY = "deny"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Decision(Value):
    """The verdict of a policy, its reasons in plain sentences, and the exit code that follows."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    exit_code: int = 0
