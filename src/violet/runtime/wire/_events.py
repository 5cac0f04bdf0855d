"""Answers in pieces: server-sent events (WHATWG HTML, section 9.2.6), put together from a copy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from violet.runtime.wire._reading import Bounds, bounded_texts, document
from violet.runtime.wire.base import Answer, Unreadable

_LINE = re.compile(rb"\r\n|\n|\r")
DONE = b"[DONE]"


def events(body: bytes) -> Iterator[bytes]:
    """The data of each event. The last one may have been cut off: it counts only with the empty line after it, or at
    the very end."""
    data: list[bytes] = []
    for line in _LINE.split(body.removeprefix(b"\xef\xbb\xbf")):
        if not line:
            if data:
                yield b"\n".join(data)
            data = []
        elif line.startswith(b"data:"):
            data.append(line[6:] if line[5:6] == b" " else line[5:])
        elif line == b"data":
            data.append(b"")
    if data:
        yield b"\n".join(data)


def documents(body: bytes, bounds: Bounds) -> Iterator[Any]:
    """The JSON of each event up to ``[DONE]``. The last one may be none: the copy was cut off there. Raises
    ``Unreadable`` for any other."""
    broken: Unreadable | None = None
    for data in events(body):
        if broken is not None:
            raise broken
        if data.strip() == DONE:
            return
        try:
            found = document(data, bounds)
        except Unreadable as error:
            broken = error
            continue
        yield found


def is_events(body: bytes) -> bool:
    """It does not look like JSON, and like events."""
    start = body[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith((b"data:", b"event:", b"id:", b"retry:", b":"))


def generated(body: bytes, bounds: Bounds) -> Answer:
    """``text_output`` of Triton's ``generate`` and ``generate_stream``."""
    pieces: list[str] = []
    for found in documents(body, bounds) if is_events(body) else [document(body, bounds)]:
        text = found.get("text_output") if type(found) is dict else None
        if type(text) is str:
            pieces.append(text)
    return Answer(texts=bounded_texts(["".join(pieces)], bounds))
