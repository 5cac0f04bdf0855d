"""What passes between a caller and a model in production: the words of the guard, of traces and of the spool."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Identification(enum.StrEnum):
    """How a caller was told from others, the most trustworthy first."""

    MTLS = "mtls"
    JWT = "jwt"
    KEY = "key"
    HEADER = "header"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Caller:
    """``id`` is what tables, alerts and decisions know the caller by: ``key:1f0c...`` (a keyed hash, never the key),
    ``jwt:alice``, ``mtls:CN=billing``, ``header:team-a``, ``address:10.0.0.7``. ``verified`` is false where the caller
    could have written it without a proof."""

    id: str
    by: Identification
    address: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to a model and its answer, as a trace or the spool keeps them.

    ``at`` is in seconds since 1970 (UTC), ``seconds`` how long the model took. ``rows`` are raw values as sent
    (numbers, words, ``None`` for missing), one tuple a row, in the order of ``names`` where the protocol names columns;
    ``texts`` are prompts or documents. ``scores`` is one tuple a row (empty: the model gave none), ``labels`` one word
    or number a row. ``response`` is what the guard did (``allow``, ``round``, ...), ``reasons`` why. ``truth`` is for
    traces made to measure detectors: ``benign:analyst``, ``extraction:random``; empty in production.
    """

    id: str
    at: float
    client: str
    model: str
    rows: tuple[tuple[float | str | None, ...], ...] = ()
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    scores: tuple[tuple[float, ...], ...] = ()
    labels: tuple[float | str, ...] = ()
    answers: tuple[str, ...] = ()
    protocol: str = ""
    status: int = 200
    seconds: float = 0.0
    request_bytes: int = 0
    response_bytes: int = 0
    address: str = ""
    response: str = "allow"
    reasons: tuple[str, ...] = ()
    truth: str = ""
    extra: dict[str, str] = field(default_factory=dict)
