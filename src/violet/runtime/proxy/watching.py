"""What is remembered of one watched exchange until the guard is told of it, and how a held answer is sent anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from violet.runtime.proxy.copies import readable
from violet.runtime.proxy.headers import HeaderMap

if TYPE_CHECKING:
    from violet.runtime.hooks import Ticket
    from violet.runtime.proxy.hooking import SafeHooks

Pair = tuple[bytes, bytes]
EXPANSION = 4
"""A compressed answer may expand to so many times the ticket's ``answer_limit`` when it is read."""
STALE = frozenset(
    (b"content-length", b"transfer-encoding", b"etag", b"content-md5", b"digest", b"content-digest", b"repr-digest")
)
"""Headers that are wrong once a body has been changed."""


class Seen:
    """``room`` takes a number of bytes to keep, and says whether they may be."""

    __slots__ = ("_pieces", "_room", "_whole", "asked_at", "headers", "hooks", "kept", "seconds", "status", "ticket")

    def __init__(self, ticket: Ticket, hooks: SafeHooks, room: Callable[[int], bool]) -> None:
        self.ticket = ticket
        self.hooks = hooks
        self.asked_at = 0.0
        self.status = 0
        self.headers: Sequence[Pair] = ()
        self.kept = 0
        self._room = room
        self._pieces: list[bytes] = []
        self._whole = True
        self.seconds = -1.0

    def begin(self, status: int, headers: Sequence[Pair]) -> None:
        self.status = status
        self.headers = headers

    def take(self, piece: bytes) -> None:
        """A piece of the answer went by."""
        if not piece or not self._whole or not self.ticket.answer_limit:
            return
        size = len(piece)
        if self.kept + size > self.ticket.answer_limit or not self._room(size):
            self._whole = False
            return
        self.kept += size
        self._pieces.append(piece)

    def end(self) -> None:
        """That was all of it."""
        self.seconds = time.perf_counter() - self.asked_at

    def finish(self) -> None:
        """Tell the guard."""
        ended = self.seconds >= 0
        if not ended:
            self.seconds = time.perf_counter() - self.asked_at if self.asked_at else 0.0
        limit = self.ticket.answer_limit
        body = b"".join(self._pieces)
        headers: Mapping[str, str] = HeaderMap(self.headers)
        told = True
        if body and any(name.lower() == b"content-encoding" for name, _ in self.headers):
            body, headers, told = readable(headers, body, limit * EXPANSION)
        complete = ended and self._whole and told and limit > 0
        self.hooks.done(self.ticket, self.status, headers, body, complete, self.seconds)


def rewritten(
    ticket: Ticket, hooks: SafeHooks, status: int, headers: Sequence[Pair], body: bytes
) -> tuple[bytes, list[Pair]]:
    """A held answer as the guard wants it sent. Raises ``HooksBrokenError``."""
    known: Mapping[str, str] = HeaderMap(headers)
    plain, known, _ = readable(known, body, ticket.answer_limit * EXPANSION)
    changed = hooks.answered(ticket, status, known, plain)
    if changed is None:
        return body, list(headers)
    data, replace = changed
    new = {name.lower().encode("latin-1"): value.encode("latin-1") for name, value in replace.items()}
    drop = STALE | new.keys()
    if "content-encoding" not in known:
        drop |= {b"content-encoding"}
    kept = [(name, value) for name, value in headers if name.lower() not in drop]
    kept += [(name, value) for name, value in new.items() if name not in (b"content-length", b"transfer-encoding")]
    kept.append((b"content-length", b"%d" % len(data)))
    return data, kept
