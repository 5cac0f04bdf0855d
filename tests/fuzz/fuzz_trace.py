"""Fuzz entry: a line of a trace is an exchange, events, or a ``ValueError``; what is read can be written and read
again."""

from __future__ import annotations

from contextlib import suppress

from violet.runtime.cloud_events import Joining, events, from_http
from violet.runtime.trace import decode, encode


def fuzz_one(data: bytes) -> None:
    with suppress(ValueError):
        found = decode(data)
        again = decode(encode(found))
        if repr(again) != repr(found):  # NaN is not equal to itself
            raise RuntimeError(f"{found!r} is read again as {again!r}")
    join = Joining("x-team")
    with suppress(ValueError):
        for event in (*events(data), *from_http({"content-type": "application/cloudevents"}, data)):
            list(join.take(event))
    list(join.flush())
