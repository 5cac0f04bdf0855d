"""CloudEvents of KServe's payload logger, put together to exchanges.

KServe sends one event for a request and one for its answer, with the same ``id`` (``pkg/logger/worker.go``: types
``org.kubeflow.serving.inference.request`` and ``.response``; extension attributes ``inferenceservicename``,
``namespace``, ``component``, ``endpoint``, and ``metadata``, the JSON of those request headers that the
InferenceService names in ``metadataHeaders``). It sends them in binary mode (one POST an event, attributes in ``ce-``
headers); brokers and sinks hand them on in structured or batched JSON (CloudEvents 1.0, "JSON Event Format", sections
3 and 4). Answers with another status than 200 are never logged (``handler.go``), so that a request without an answer
failed, or its answer was lost. The content type of an answer's event is that of the request; what the body is, is
seen by looking.

The path is not logged, either: the protocol is told by what the body holds. Ids can be the caller's own (its ``Ce-Id``
header); where one is used twice, answers go to requests of the same id in their order.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from violet.domain.errors import ConfigurationError
from violet.domain.traffic import Exchange
from violet.runtime.wire.base import Answer, Unreadable
from violet.runtime.wire.known import wire_of

if TYPE_CHECKING:
    from violet.runtime.wire.base import Wire

REQUEST = "inference.request"
RESPONSE = "inference.response"
PENDING = 10_000
"""Events that wait for their other half."""
PATIENCE = 600.0
"""Seconds, by the events' own times."""
AT_ONCE = 10_000
"""Events of one batch."""
UNKNOWN = "unknown"
"""The client, where the logger does not say who asked."""
_SECRET = ("authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token")
_PLACE = ("namespace", "inferenceservicename", "component")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Event:
    """``attributes`` are lower-case; ``body`` is the logged body itself. ``at`` in seconds since 1970."""

    id: str
    type: str
    at: float
    body: bytes
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, ...]:
        """Halves of one exchange agree in this."""
        return (self.id, *(self.attributes.get(name, "") for name in _PLACE))


def is_event(line: bytes) -> bool:
    """Whether it looks like a CloudEvent, or a batch of them: cheap, and no proof."""
    return b'"specversion"' in line


def events(document: bytes) -> list[Event]:
    """Of structured or batched JSON. Raises ``ValueError`` where it is neither."""
    try:
        found = _decode(document)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    several: Sequence[Any] = found if isinstance(found, list) else [found]
    if len(several) > AT_ONCE:
        raise ValueError(f"it holds {len(several)} events, and {AT_ONCE} are the most")
    return [_structured(one) for one in several]


def from_http(headers: Mapping[str, str], body: bytes) -> list[Event]:
    """Of a POST in any of the three modes; header names are lower-case. Raises ``ValueError``."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.startswith("application/cloudevents"):
        return events(body)
    if "ce-specversion" not in headers:
        raise ValueError("there is no CloudEvent in it")
    said = {name[3:]: value for name, value in headers.items() if name.startswith("ce-")}
    return [_event(said, body)]


def _structured(said: Any) -> Event:
    if not isinstance(said, dict):
        raise ValueError("an event is not an object")
    encoded = said.get("data_base64")
    if encoded is not None:
        try:
            body = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError, TypeError):
            raise ValueError("data_base64 is not Base64") from None
    else:
        data = said.get("data")
        body = data.encode() if isinstance(data, str) else b"" if data is None else _encode(data)
    return _event({n: v for n, v in said.items() if isinstance(v, str) and n not in ("data", "data_base64")}, body)


def _event(said: Mapping[str, str], body: bytes) -> Event:
    for name in ("id", "type"):
        if not said.get(name):
            raise ValueError(f"an event has no {name}")
    if said.get("specversion") not in ("1.0", "0.3"):
        raise ValueError(f"specversion is {said.get('specversion', '')!r}")
    return Event(said["id"], said["type"], _moment(said.get("time", "")), body, dict(said))


def _moment(text: str) -> float:
    """Of RFC 3339; now, where there is none."""
    if not text:
        return time.time()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time is {text[:40]!r}") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


@dataclass(slots=True)
class _Waiting:
    requests: deque[Event] = field(default_factory=deque)
    responses: deque[Event] = field(default_factory=deque)


class Joining:
    """Puts requests and responses together, in whatever order they come.

    ``client_header`` names the logged header that says who asked; where that is not enough, ``name`` makes a client's
    id of the logged headers (lower-case). ``pending`` and ``patience`` bound what waits: a request that waited so long
    becomes an exchange without an answer and with status 0, an answer is dropped. ``orphans`` counts those, and
    ``unreadable`` bodies that are in no protocol (``last`` says why the last one was not)."""

    def __init__(
        self,
        client_header: str = "",
        name: Callable[[Mapping[str, str]], str] | None = None,
        pending: int = PENDING,
        patience: float = PATIENCE,
    ) -> None:
        header = client_header.lower()
        if header in _SECRET and name is None:
            raise ConfigurationError(
                f"{client_header} holds a secret.", "Name a header that says who asks, and no key."
            )
        self._header = header
        self._name = name
        self._pending = pending
        self._patience = patience
        self._waiting: OrderedDict[tuple[str, ...], _Waiting] = OrderedDict()
        self._count = 0
        self._now = 0.0
        self.orphans = 0
        self.unreadable = 0
        self.last = ""

    @property
    def waiting(self) -> int:
        return self._count

    def take(self, event: Event) -> Iterator[Exchange]:
        """One more; gives what is complete by it, or has waited long enough. Events of other types are passed over."""
        asks, answers = event.type.endswith(REQUEST), event.type.endswith(RESPONSE)
        if not (asks or answers):
            return
        self._now = max(self._now, event.at)
        waiting = self._waiting.setdefault(event.place, _Waiting())
        (waiting.requests if asks else waiting.responses).append(event)
        self._count += 1
        if waiting.requests and waiting.responses:
            request, response = waiting.requests.popleft(), waiting.responses.popleft()
            self._count -= 2
            if not (waiting.requests or waiting.responses):
                del self._waiting[event.place]
            yield from self._made(request, response)
        yield from self._older(self._pending, self._now - self._patience)

    def flush(self) -> Iterator[Exchange]:
        """Nothing more will come."""
        yield from self._older(0, float("inf"))

    def _older(self, most: int, before: float) -> Iterator[Exchange]:
        while self._waiting:
            place, waiting = next(iter(self._waiting.items()))
            queue = waiting.requests or waiting.responses
            if self._count <= most and queue[0].at >= before:
                return
            event = queue.popleft()
            self._count -= 1
            if not queue:
                del self._waiting[place]
            if event.type.endswith(REQUEST):
                yield from self._made(event, None)
            else:
                self.orphans += 1

    def _made(self, request: Event, response: Event | None) -> Iterator[Exchange]:
        model = request.attributes.get("inferenceservicename", "")
        try:
            wire, path = _wire(request.body, model)
            question = wire.question(path, {}, request.body)
            answer = wire.answer(question, {}, response.body) if response is not None else Answer()
        except Unreadable as error:
            self.unreadable += 1
            self.last = f"event {request.id[:80]!r} is in no known protocol: {error}"
            return
        yield Exchange(
            id=request.id,
            at=request.at,
            client=self._client(request),
            model=model or question.model,
            rows=_cells(question.rows),
            names=question.names,
            texts=question.texts,
            scores=tuple(tuple(map(float, row)) for row in _listed(answer.scores)),
            labels=tuple(_listed(answer.labels)),
            answers=answer.texts,
            protocol=wire.name,
            status=0 if response is None else 200,
            seconds=0.0 if response is None else max(0.0, response.at - request.at),
            request_bytes=len(request.body),
            response_bytes=0 if response is None else len(response.body),
        )

    def _client(self, request: Event) -> str:
        if not (self._header or self._name):
            return UNKNOWN
        headers: dict[str, str] = {}
        try:
            logged = _decode(request.attributes.get("metadata", "{}").encode())
        except (msgspec.MsgspecError, RecursionError, UnicodeEncodeError):
            logged = {}
        if isinstance(logged, dict):
            for name, values in logged.items():
                first = values[0] if isinstance(values, list) and values else values
                if isinstance(first, str):
                    headers[name.lower()] = first
        if self._name is not None:
            return self._name(headers)
        value = headers.get(self._header, "")
        return f"header:{value}" if value else UNKNOWN


def _wire(body: bytes, model: str) -> tuple[Wire, str]:
    """The protocol, and the path that the request must have been sent to."""
    try:
        said = _decode(body)
    except RecursionError:
        raise Unreadable("it is nested too deep") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Unreadable("the body is not JSON") from None
    name = quote(model or "model", safe="")
    keys = said.keys() if isinstance(said, dict) else frozenset()
    if "inputs" in keys and isinstance(said["inputs"], list) and _tensors(said["inputs"]):
        path = f"/v2/models/{name}/infer"
    elif "instances" in keys or "inputs" in keys:
        path = f"/v1/models/{name}:predict"
    elif "messages" in keys:
        path = "/v1/chat/completions"
    elif "prompt" in keys:
        path = "/v1/completions"
    else:
        raise Unreadable("the body has no instances, inputs, messages or prompt")
    wire = wire_of("POST", path)
    if wire is None:
        raise Unreadable(f"nobody reads {path}")
    return wire, path


def _tensors(inputs: list[Any]) -> bool:
    return bool(inputs) and all(isinstance(one, dict) and "shape" in one and "datatype" in one for one in inputs)


def _listed(values: Any) -> Any:
    return values.tolist() if hasattr(values, "tolist") else values


def _cells(rows: Any) -> tuple[tuple[float | str | None, ...], ...]:
    """NaN, which no trace can hold, is a missing value."""
    return tuple(tuple(None if value != value else value for value in row) for row in _listed(rows))
