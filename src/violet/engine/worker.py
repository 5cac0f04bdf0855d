"""The worker's side of the sandbox: limits itself, then answers one request after the other.

A worker may be taken over by what it examines, so it gets no more than it needs: two pipes, a ceiling on
memory, processor time, files and processes, and a language (JSON) in which it can only hand over data.
"""

from __future__ import annotations

import os
import struct
import sys
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from violet.engine.forked import OUT_OF_MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from mmap import mmap

    Position = mmap | bytearray
    Work = Callable[[Any], Any]

LENGTH = struct.Struct("<I")
LONGEST_FRAME = 64 << 20
"""Bytes of one message. A worker that sends more is treated as broken."""

MOST_WAITING = 16 << 10
"""Bytes of answers that wait to be sent together."""
LONGEST_WAIT = 0.05
"""Seconds after which they do not wait for the next one."""


class Limits:
    """What a worker may use. Bytes, and seconds for one file."""

    __slots__ = ("descriptors", "memory", "seconds", "spill")

    memory: int
    """Bytes of address space above what the worker has when it starts."""
    seconds: float
    """Processor time, and wall-clock time, for one file (a job may ask for more)."""
    spill: int
    """Bytes of the largest file it may write (temporary files only)."""

    def __init__(
        self, memory: int = 1 << 30, seconds: float = 120.0, spill: int = 9 << 30, descriptors: int = 256
    ) -> None:
        self.memory = memory
        self.seconds = seconds
        self.spill = spill
        self.descriptors = descriptors


def encode(message: object) -> bytes:
    body = _writer()(message).encode("ascii")
    return LENGTH.pack(len(body)) + body


@cache
def _writer() -> Callable[[object], str]:
    """``json.dumps`` makes a writer for every message, unless all its options are the usual ones."""
    import json

    return json.JSONEncoder(separators=(",", ":")).encode


def write_all(descriptor: int, data: bytes | bytearray) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def serve(work: Work, requests: int, answers: int, limits: Limits, position: Position | None = None) -> None:
    """Answer requests until the other side closes its end. A request is a list of
    ``[index, seconds, payload]``; each is answered, in order, by ``[index, "ok", result]`` or
    ``[index, "error", text]``. Where ``position`` is shared with the parent, the number of the one being worked
    on is kept there, and answers may wait a little to be sent together; otherwise each goes out at once."""
    import json

    restrict(limits)
    ceiling = 0
    waiting = bytearray()
    while True:
        head = _read_exactly(requests, LENGTH.size)
        if head is None:
            return
        body = _read_exactly(requests, LENGTH.unpack(head)[0])
        if body is None:
            return
        sent = time.monotonic()
        for number, (index, seconds, payload) in enumerate(json.loads(body)):
            if position is not None:
                LENGTH.pack_into(position, 0, number)
            ceiling = _allow_processor_time(seconds, ceiling)
            try:
                message = [index, "ok", work(payload)]
            except MemoryError:
                os._exit(OUT_OF_MEMORY)
            except Exception as error:  # reported as a death on this file; the next file gets its chance
                message = [index, "error", f"{type(error).__name__}: {error}"]
            frame = encode(message)
            if len(frame) > LONGEST_FRAME:
                frame = encode([index, "error", "the result is too large to be handed over"])
            waiting += frame
            if position is None or len(waiting) > MOST_WAITING or time.monotonic() - sent > LONGEST_WAIT:
                write_all(answers, waiting)
                waiting = bytearray()
                sent = time.monotonic()
        if waiting:
            write_all(answers, waiting)
            waiting = bytearray()


def serve_early(work: Work, requests: int, answers: int, position: Position) -> None:
    """``serve`` for a worker that was forked before its limits were known: they come first."""
    import json

    head = _read_exactly(requests, LENGTH.size)
    body = None if head is None else _read_exactly(requests, LENGTH.unpack(head)[0])
    if body is not None:
        serve(work, requests, answers, Limits(*json.loads(body)), position)


def restrict(limits: Limits) -> None:
    """Lower this process's limits. What a system does not know is left out."""
    try:
        import resource
    except ImportError:  # not POSIX
        return
    wanted = {
        "RLIMIT_CORE": 0,
        "RLIMIT_NPROC": 0,
        "RLIMIT_FSIZE": limits.spill,
        "RLIMIT_NOFILE": limits.descriptors,
        "RLIMIT_AS": _address_space() + limits.memory,
    }
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(number, (value, value))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def _address_space() -> int:
    """Bytes of address space in use, 1 GiB where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 30


def _allow_processor_time(seconds: float, ceiling: int) -> int:
    """Raise the soft limit so that the next file has at least ``seconds``; gives the limit in force."""
    wanted = int(time.process_time() + seconds) + 1
    if wanted == ceiling:
        return ceiling
    try:
        import resource

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        if hard != resource.RLIM_INFINITY:
            wanted = min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_CPU, (wanted, hard))
    except (ImportError, ValueError, OSError):
        return 0
    return wanted


def _read_exactly(descriptor: int, count: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < count:
        more = os.read(descriptor, count - len(parts))
        if not more:
            return None
        parts += more
    return bytes(parts)


def _main(arguments: list[str]) -> None:
    """``python -P -m violet.engine.worker MODULE:FUNCTION MEMORY SECONDS SPILL DESCRIPTORS``."""
    from importlib import import_module

    module, _, name = arguments[0].partition(":")
    memory, seconds, spill, descriptors = arguments[1:5]
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    work = getattr(import_module(module), name)
    try:
        serve(work, requests, answers, Limits(int(memory), float(seconds), int(spill), int(descriptors)))
    finally:  # at whatever it was, the parent sees the pipe close
        os._exit(0)


if __name__ == "__main__":
    _main(sys.argv[1:])
