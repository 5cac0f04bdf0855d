"""Models behind HTTP endpoints."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from violet.domain.errors import UsageError
from violet.targets.base import Target, TargetError
from violet.targets.callable_target import example
from violet.targets.http_protocols import Wire, wire_for
from violet.targets.http_transport import TooLargeError, Transport

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import Counter
    from violet.targets.request import Opening

    Array = NDArray[Any]

ROWS = 256
"""Of one request, where nobody says otherwise."""

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class Endpoint:
    """Asks a server about rows. A request that it calls too large is cut in two. Retries count as questions."""

    def __init__(self, wire: Wire, transport: Transport, name: str) -> None:
        self.wire = wire
        self.transport = transport
        self.name = name
        self.own: tuple[str, ...] = ()
        """Names of classes, where the server gives an object a row."""
        self.counter: Counter | None = None
        self._rows = 0
        transport.on_retry = self._count

    def __call__(self, x: Array) -> Any:
        try:
            return self._ask(x)
        except TooLargeError:
            if len(x) < 2:
                raise
        middle = len(x) // 2
        return [*self(x[:middle]), *self(x[middle:])]

    def _ask(self, x: Array) -> Any:
        self._rows = len(x)
        document = self.transport.post(self.wire.url, self.wire.question(x))
        answer = self.wire.answer(document, len(x))
        if not isinstance(answer, list):
            raise TargetError(f"{self.name} answered no list of labels or scores.")
        if len(answer) != len(x):
            raise TargetError(f"{self.name} was asked about {len(x)} rows and answered {len(answer)}.")
        return self._plain(answer)

    def _plain(self, answer: list[Any]) -> list[Any]:
        if not answer or not isinstance(answer[0], dict):
            return answer
        keys = self.own or tuple(str(key) for key in answer[0])
        for row in answer:
            if not isinstance(row, dict) or set(row) != set(keys):
                raise TargetError(f"{self.name} answered rows of different classes.")
        self.own = keys
        if len(keys) == 1:
            return [row[keys[0]] for row in answer]
        return [[row[key] for key in keys] for row in answer]

    def _count(self) -> None:
        if self.counter is not None:
            self.counter.rows += self._rows
            self.counter.calls += 1


def open_model(opening: Opening) -> Target:
    """Asks the endpoint about a few made-up inputs to see what it gives. Raises ``UsageError`` for options that make no
    sense, ``TargetError`` where it does not answer."""
    parts = urlsplit(opening.spec.location)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        raise UsageError(f"{opening.spec.location} is no URL of a model.", "Write it like http://host:8080/invocations")
    if parts.username or parts.password:
        raise UsageError(
            "The URL holds a user name or password, which would be written into reports.",
            "Give a header: --option 'header=Authorization: Basic ${NAME}', with the secret in the environment.",
        )
    transport = Transport(
        headers=tuple(_header(text) for text in opening.options("header")),
        timeout=opening.seconds("timeout", 30.0),
        deadline=opening.seconds("deadline", 120.0),
        retries=opening.whole("retries", 4),
        ca=opening.option("ca"),
    )
    wire = wire_for(opening, transport)
    endpoint = Endpoint(wire, transport, opening.name)
    domain = opening.inputs(())
    batch = wire.batch or ROWS
    if opening.whole("batch", batch) > wire.batch > 0:
        raise UsageError(f"The endpoint takes {wire.batch} rows at once.", f"Leave out batch, or say {wire.batch}.")
    endpoint(example(domain)[: wire.batch or None])
    own = endpoint.own if len(endpoint.own) > 1 else ()
    target = opening.probed(endpoint, domain, own, batch)
    endpoint.counter = target.counter
    return target


def _header(text: str) -> tuple[str, str]:
    """``Name: value``, with ``${NAME}`` taken from the environment. Raises ``UsageError``."""
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", name.strip()):
        raise UsageError("A header is not written like 'Name: value'.")

    def variable(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise UsageError(f"The header {name.strip()} needs the environment variable {found[1]}, which is not set.")
        return os.environ[found[1]]

    filled = _VARIABLE.sub(variable, value.strip())
    if not filled.isprintable():
        raise UsageError(f"The value of the header {name.strip()} holds characters that no header has.")
    return name.strip(), filled
