"""What the guard says when it saw something, and what it may do about it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from violet.domain.outcome import Confidence, Severity


class Response(enum.StrEnum):
    """What the guard can do with a caller's requests, mildest first. Each ends by itself, and can be undone earlier."""

    ALLOW = "allow"
    LABEL = "label"
    """Answer with the label alone, no scores."""
    ROUND = "round"
    """Answer with scores of few digits."""
    NOISE = "noise"
    """Answer with scores that vary a little, the same way for the same input, and never change the label."""
    SLOW = "slow"
    """Answer later."""
    CHALLENGE = "challenge"
    """402 or 429: pay, prove, or wait."""
    SHADOW = "shadow"
    """Answer from a decoy."""
    REFUSE = "refuse"
    """403 with the id of the reason."""
    QUARANTINE = "quarantine"
    """Refuse everything the caller sends to any model, until released."""

    @property
    def blocks(self) -> bool:
        """The caller can tell that it was caught."""
        return self in (Response.CHALLENGE, Response.REFUSE, Response.QUARANTINE)


STRENGTH = {response: place for place, response in enumerate(Response)}
"""The place of each ``Response`` in their order, from 0 for ``allow`` on."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a detector says so, in what can be checked.

    ``summary`` is one sentence for people; ``values`` are the figures in it, by name; ``queries`` are ids of the
    exchanges it rests on (the latest 20); ``reference`` says what they were compared with; ``others`` are clients that
    took part.
    """

    summary: str
    values: Mapping[str, float | str] = field(default_factory=dict)
    queries: tuple[str, ...] = ()
    reference: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode: a client (or all of a model's traffic: ``client`` is empty) reached a detector's threshold.

    ``score`` and ``threshold`` are in the detector's own unit; ``false_alarms`` is what the threshold was calibrated
    to, in alerts per 10,000 benign queries (NaN: it was not). ``query`` is the exchange that tipped it, ``after`` how
    many rows this client had asked by then. ``key`` is equal for repeats of the same. ``response`` is what the policy
    says to do; ``enforced`` whether it is being done.
    """

    id: str
    at: float
    model: str
    client: str
    detector: str
    title: str
    severity: Severity
    confidence: Confidence
    score: float
    threshold: float
    evidence: Evidence
    query: str = ""
    after: int = 0
    techniques: tuple[str, ...] = ()
    false_alarms: float = float("nan")
    response: Response = Response.ALLOW
    enforced: bool = False
    worker: str = ""

    @property
    def key(self) -> str:
        return f"{self.model}/{self.client}/{self.detector}"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is being done with a client, and until when (seconds since 1970; ``inf``: until released). ``reason`` is the
    id a refused caller is told, and the alert it came from; ``by`` the detector, or the person."""

    client: str
    response: Response
    until: float
    reason: str
    by: str
    at: float
    model: str = ""
    """Empty: all models."""
