"""What the guard is told to do: read from the table ``[guard]`` of ``violet.toml``, or from a file of its own."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from violet.domain.alert import Response
from violet.domain.outcome import Severity
from violet.domain.traffic import Identification


class Mode(enum.StrEnum):
    """Whether rulings are obeyed."""

    OBSERVE = "observe"
    """Detectors look, alerts and rulings are made and shown; traffic passes as if there were no guard."""
    ENFORCE = "enforce"


class OnError(enum.StrEnum):
    """What happens to a request that cannot be judged: its body is not what its protocol says, its rows do not fit the
    profile, or a part of the guard breaks."""

    OPEN = "open"
    """It is passed on."""
    CLOSED = "closed"
    """It is refused."""


class Unknown(enum.StrEnum):
    """What happens to requests that are no predictions in a protocol that is watched for."""

    PASS = "pass"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class JwtPolicy:
    """Tokens of RFC 7519. ``keys`` is a file: a JSON Web Key Set (RFC 7517), or public keys in PEM; ``secret`` a file
    with the shared secret of HS256. ``claim`` names the caller. An empty ``issuer`` or ``audience`` is not asked
    for."""

    keys: str = ""
    secret: str = ""
    issuer: str = ""
    audience: str = ""
    claim: str = "sub"
    algorithms: tuple[str, ...] = ()
    """Those that are accepted; empty: all that fit the keys."""
    leeway_seconds: float = 60.0
    header: str = "authorization"
    unverified_claims_that_anybody_could_write: bool = False
    """Believe the claim without a look at the signature."""


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """How callers are told apart: by the first of ``order`` that a request has. ``known_keys`` gives names to API keys
    (SHA-256 in hexadecimal, by name); where there are some, others do not count as keys. ``header`` is believed only
    from ``trusted_proxies`` (networks). ``secret`` is the file with the key of the hashes that stand for API keys,
    which replicas share."""

    order: tuple[Identification, ...] = (
        Identification.MTLS,
        Identification.JWT,
        Identification.KEY,
        Identification.HEADER,
        Identification.ADDRESS,
    )
    key_headers: tuple[str, ...] = ("authorization", "x-api-key", "api-key")
    known_keys: Mapping[str, str] = field(default_factory=dict)
    header: str = ""
    trusted_proxies: tuple[str, ...] = ()
    v4_prefix: int = 32
    v6_prefix: int = 64
    secret: str = ""
    jwt: JwtPolicy | None = None
    remembered: int = 10_000
    """Header values whose callers are known without another look."""


@dataclass(frozen=True, slots=True)
class Quota:
    """How much one may ask; 0 is no limit. ``burst`` rows may come at once (0: ten seconds' worth)."""

    rows_per_second: float = 0.0
    burst: float = 0.0
    rows_per_day: int = 0
    bytes_per_second: float = 0.0
    tokens_per_minute: float = 0.0
    tokens_per_day: int = 0
    concurrent: int = 0
    rows_per_request: int = 0

    @property
    def unlimited(self) -> bool:
        return self == Quota()


@dataclass(frozen=True, slots=True)
class LimitPolicy:
    """``each`` is for every client that ``clients`` does not name; ``models`` is for all traffic of a model together.
    At most ``remembered`` clients have an account: the one that was silent for longest makes room."""

    each: Quota = Quota()
    clients: Mapping[str, Quota] = field(default_factory=dict)
    models: Mapping[str, Quota] = field(default_factory=dict)
    remembered: int = 100_000


@dataclass(frozen=True, slots=True)
class DetectorPolicy:
    """What differs from a detector's own. ``on`` and ``threshold`` ``None``: as it is."""

    on: bool | None = None
    threshold: float | None = None
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reaction:
    """What is done about an alert, and for how long. ``response`` ``None``: what the detector proposes."""

    response: Response | None = None
    seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class ResponsePolicy:
    """By detector (``evasion/walks``, or ``evasion/*``), else by severity, else ``otherwise``. ``strongest`` is the
    most that is ever done by itself. The rest is how the responses are done: ``digits`` of rounded scores, ``noise``
    the greatest change of a score, ``slow_seconds`` the longest wait, ``challenge_status`` 402 or 429."""

    by_detector: Mapping[str, Reaction] = field(default_factory=dict)
    by_severity: Mapping[Severity, Reaction] = field(default_factory=dict)
    otherwise: Reaction = Reaction()
    strongest: Response = Response.QUARANTINE
    digits: int = 1
    noise: float = 0.05
    slow_seconds: float = 2.0
    challenge_status: int = 429
    challenge_seconds: float = 60.0
    contact: str = ""
    """Whom a caller that was refused may ask."""


@dataclass(frozen=True, slots=True)
class RedactionPolicy:
    """What never reaches a disk. ``columns`` by name or number, ``paths`` into bodies (JSONPath), ``patterns`` of texts
    (regular expressions): each ``how`` it says, ``drop`` or ``hash``. ``clients`` True: ids of clients are hashed."""

    columns: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    how: str = "drop"
    clients: bool = False


@dataclass(frozen=True, slots=True)
class SpoolPolicy:
    """``directory`` empty: nothing is kept. ``sample`` is the share of exchanges that are; those of clients with an
    alert always are."""

    directory: str = ""
    sample: float = 1.0
    bodies: bool = False
    most_bytes: int = 1 << 30
    segment_bytes: int = 64 << 20
    days: float = 30.0


@dataclass(frozen=True, slots=True)
class SharingPolicy:
    """``address`` is ``redis://HOST:PORT/DB``, ``rediss://...``, ``unix:///PATH``, or a directory of one machine;
    empty: the guard is alone. ``name`` tells the guards of one fleet from others on the same server."""

    address: str = ""
    name: str = "violet"
    every_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class TemplatePolicy:
    """Where rows and scores are in JSON that no protocol describes: paths into it, such as ``$.rows``."""

    path: str
    rows: str = ""
    form: str = "rows"
    texts: str = ""
    scores: str = ""
    labels: str = ""
    names: tuple[str, ...] = ()
    model: str = ""
    model_at: str = ""
    stream_at: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class ModelPolicy:
    """One model: files with its ``profile`` of benign traffic, its ``calibration`` and its ``schema``; and where it,
    and its decoy, are, where that is not where all are."""

    profile: str = ""
    calibration: str = ""
    schema: str = ""
    upstream: str = ""
    decoy: str = ""
    ask: str = ""
    """Where the model itself can be asked, for detectors that do (feature squeezing, STRIP): its own endpoint."""


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """All of it. Every default is safe to start with: everything passes, everything is looked at."""

    mode: Mode = Mode.OBSERVE
    on_error: OnError = OnError.OPEN
    unknown: Unknown = Unknown.PASS
    upstream: str = ""
    decoy: str = ""
    model: str = ""
    """What traffic belongs to that does not name a model."""
    protocols: tuple[str, ...] = ("v2", "mlflow", "tf-serving", "torchserve", "openai")
    templates: tuple[TemplatePolicy, ...] = ()
    body_bytes: int = 8 << 20
    """The most of a prediction request's body, and of an answer that is looked at."""
    clients: int = 10_000
    """Clients whose behaviour is remembered."""
    spare: tuple[str, ...] = ()
    """Clients against whom nothing is ever ruled: health probes."""
    identity: IdentityPolicy = IdentityPolicy()
    limits: LimitPolicy = LimitPolicy()
    detectors: Mapping[str, DetectorPolicy] = field(default_factory=dict)
    responses: ResponsePolicy = ResponsePolicy()
    redaction: RedactionPolicy = RedactionPolicy()
    spool: SpoolPolicy = SpoolPolicy()
    sharing: SharingPolicy = SharingPolicy()
    models: Mapping[str, ModelPolicy] = field(default_factory=dict)
    routes: tuple[Mapping[str, Any], ...] = ()
    """Where alerts go, as the tables stand in the file."""
    alerts: Mapping[str, Any] = field(default_factory=dict)
    """When alerts belong together, as the table stands there."""
    tracing: Mapping[str, Any] = field(default_factory=dict)
    """Where traces of OpenTelemetry go, as the table stands there."""
    proxy: Mapping[str, Any] = field(default_factory=dict)
    """How long is waited for a model and how much is taken on at once, as the table stands there."""
    server: Mapping[str, Any] = field(default_factory=dict)
    """What a caller may cost, as the table stands there."""
    origin: str = ""
    """The file this was read from; empty: defaults."""
