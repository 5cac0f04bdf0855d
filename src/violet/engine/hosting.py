"""The side of a hosted process that may be taken over: it limits itself, makes its server function, answers frames.

Started as ``python -P -m violet.engine.hosting`` by ``violet.engine.hosted``. A frame is its kind (one byte), its
length (eight bytes, little-endian) and its body. The first one that comes says what to serve, as JSON; each later one
is a message, and is answered by one.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = struct.Struct("<BQ")
ANSWER, REFUSED, RAISED = 0, 1, 2
"""Kinds: bytes of the server function; ``[what, hint]`` of a ``VioletError``; ``[text]`` of any other error."""

OUT_OF_MEMORY = 71


def pack(kind: int, body: bytes) -> bytes:
    return HEAD.pack(kind, len(body)) + body


def _main() -> None:
    import json
    import signal

    from violet.engine.orphans import end_with

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests, answers = os.dup(0), os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(2, 1)  # what a model prints is no answer
    first = _frame(requests)
    if first is None:
        return
    wish = json.loads(first)
    end_with(wish["parent"])
    sys.path[:] = wish["path"]
    _restrict(wish["limits"])
    serve = _answered(answers, lambda: _server(wish["function"], wish["arguments"]), lambda made: b"")
    while serve is not None:
        message = _frame(requests)
        if message is None:
            return
        _answered(answers, lambda message=message: serve(message), lambda answer: answer)  # type: ignore[misc]


def _server(function: str, arguments: list[Any]) -> Callable[[bytes], bytes]:
    from violet.engine.work import resolve

    made = resolve(function)(*arguments)
    if not callable(made):
        raise TypeError(f"{function} gave no function")
    return made  # type: ignore[no-any-return]


def _answered(answers: int, do: Callable[[], Any], body: Callable[[Any], bytes]) -> Any:
    """Do it, and send what came of it. ``None`` where it went wrong."""
    import json

    from violet.domain import VioletError

    try:
        made = do()
        frame = pack(ANSWER, body(made))
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except VioletError as error:
        made, frame = None, pack(REFUSED, json.dumps([error.what, error.hint]).encode())
    except (Exception, SystemExit) as error:
        made, frame = None, pack(RAISED, json.dumps([f"{type(error).__name__}: {error}"]).encode())
    _write(answers, frame)
    return made


def _restrict(limits: dict[str, int]) -> None:
    """Lower this process's limits, before anything strange is loaded. What a system does not know is left out."""
    try:
        import resource
    except ImportError:  # not POSIX
        return
    wanted = {"RLIMIT_CORE": 0, "RLIMIT_FSIZE": limits["spill"], "RLIMIT_NOFILE": limits["descriptors"]}
    if limits["memory"]:
        wanted["RLIMIT_AS"] = _address_space() + limits["memory"]
    if limits["processor"]:
        wanted["RLIMIT_CPU"] = limits["processor"]
    for name, value in wanted.items():
        number = getattr(resource, name, None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        above = value + 1 if name == "RLIMIT_CPU" else value  # at the soft limit it is told why, at the hard one killed
        if hard != resource.RLIM_INFINITY:
            value, above = min(value, hard), min(above, hard)
        try:
            resource.setrlimit(number, (value, above))
        except (ValueError, OSError):  # macOS refuses some of them
            continue


def _address_space() -> int:
    """Bytes of address space in use, 1 GiB where the system does not tell."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 30


def _frame(descriptor: int) -> bytes | None:
    head = _exactly(descriptor, HEAD.size)
    return None if head is None else _exactly(descriptor, HEAD.unpack(head)[1])


def _exactly(descriptor: int, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        more = os.read(descriptor, min(count - len(data), 1 << 20))
        if not more:
            return None
        data += more
    return bytes(data)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    try:
        _main()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(0)  # without waiting for threads of what was loaded
