"""What a policy says of the proxy itself: how long it waits, and how much it takes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from violet.runtime.policy_table import PolicyTable
from violet.runtime.proxy.options import Limits, Timeouts
from violet.runtime.proxy.server_limits import ServerLimits

Some = TypeVar("Some", Timeouts, Limits, ServerLimits)

PROXY: Mapping[str, str] = {
    "connect": "seconds to reach the model, and to wait for one of its connections to come free (default: 5)",
    "first_byte": "seconds from the end of a question to the head of its answer; 0: for ever (default: 120)",
    "idle": "seconds between pieces of an answer (default: 120)",
    "total": "seconds for a whole answer (default: 3600)",
    "rest": "seconds that an unused connection to the model is kept; less than the model keeps it (default: 1.8)",
    "tunnel": "seconds without a byte either way after an upgrade (default: 600)",
    "continues": "seconds the model may think about `Expect: 100-continue` (default: 1)",
    "header_bytes": "of the head of an answer (default: 65536)",
    "headers": "of an answer (default: 256)",
    "body": "bytes of any request, prediction or not (default: 1 GiB)",
    "requests": "at once in a process; more are answered with 503 (default: 1024)",
    "delayed": "of those that may be waiting out a delay (default: 512)",
    "delay": "the longest delay in seconds (default: 60)",
    "connections": "to one model server (default: 256)",
    "waiting": "requests that may wait for one of them (default: 1024)",
    "memory": "bytes of bodies held for the guard in a process (default: 256 MiB)",
    "window": "bytes of a streamed body that are read ahead of a slow reader (default: 32768)",
}
SERVER: Mapping[str, str] = {
    "header_bytes": "of a request's head; more are answered with 431 (default: 32768)",
    "headers": "of a request (default: 128)",
    "head_seconds": "from the first byte to the end of a request's head (default: 10)",
    "keep_alive": "seconds between requests of a connection (default: 75)",
    "body_seconds": "for a body, and a second more for every `body_rate` bytes of it (default: 20)",
    "body_rate": "bytes a second at which a body must come once those are over (default: 500)",
    "write_seconds": "how long a client may leave its answer unread (default: 60)",
    "connections": "of a process (default: 10000)",
    "per_address": "of those from one address; 0: any number (default: 0)",
}
_LONGEST = 7 * 86_400.0
_LARGEST = float(1 << 40)


def parse_proxy(table: Any, file: str) -> tuple[Timeouts, Limits]:
    """What the table ``[guard.proxy]`` of ``file`` says. Raises ``ConfigurationError``."""
    read = PolicyTable(table, file, "guard.proxy", PROXY)
    return _filled(read, Timeouts(), least=0.0), _filled(read, Limits(), least=1.0)


def parse_server(table: Any, file: str) -> ServerLimits:
    """What the table ``[guard.server]`` of ``file`` says. Raises ``ConfigurationError``."""
    read = PolicyTable(table, file, "guard.server", SERVER)
    return _filled(read, ServerLimits(), least=1.0)


def _filled(read: PolicyTable, default: Some, least: float) -> Some:
    """``default`` with every number that the table has another value for. What is 0 by default may be 0."""
    found: dict[str, Any] = {}
    for field in fields(default):
        usual = getattr(default, field.name)
        if field.name not in read.values or not isinstance(usual, int | float):
            continue
        whole = isinstance(usual, int)
        low = min(least, usual)
        value = read.between(field.name, usual, low, _LARGEST if whole else _LONGEST)
        if whole and value != int(value):
            raise read.error(field.name, f"is {value!r}", "Use a whole number.")
        found[field.name] = int(value) if whole else value
    return replace(default, **found)
