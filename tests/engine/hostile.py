"""Work that misbehaves in every way a parser under attack can. The pool takes the function to run."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any


def misbehave(payload: Any) -> Any:
    kind, value = payload
    if kind == "echo":
        return value
    if kind == "burn":
        while True:
            pass
    if kind == "sleep":
        time.sleep(600)
    if kind == "allocate":
        return len(bytearray(value))
    if kind == "kill":
        os.kill(os.getpid(), value)
    if kind == "exit":
        os._exit(value)
    if kind == "raise":
        raise ValueError(value)
    if kind == "abort":
        os.abort()
    if kind == "garbage":
        return _write_to_answers(b"\x05\x00\x00\x00hello" * 3)
    if kind == "huge":
        return _write_to_answers(b"\xff\xff\xff\xff")
    if kind == "scribble":
        return _scribble(value)
    if kind == "mute":
        _close_pipes()
        time.sleep(600)
    if kind == "pid":
        Path(value).write_text(str(os.getpid()), encoding="ascii")
        return os.getpid()
    if kind == "limits":
        import resource

        names = ("RLIMIT_CORE", "RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_FSIZE")
        return {name: resource.getrlimit(getattr(resource, name))[0] for name in names}
    if kind == "descriptors":
        return sorted(int(name) for name in os.listdir("/proc/self/fd"))
    if kind == "handler":
        signal.signal(signal.SIGXCPU, signal.SIG_IGN)
        while True:
            pass
    raise AssertionError(kind)


def _scribble(value: int) -> None:
    """Lie in the shared memory about the job being worked on, then die."""
    import gc
    import mmap
    import struct

    gc.unfreeze()
    for found in gc.get_objects():
        if isinstance(found, mmap.mmap):
            struct.pack_into("<I", found, 0, value)
    os._exit(1)


def _answer_descriptors() -> list[int]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{name}").startswith("pipe:"):
                found.append(int(name))
        except OSError:
            continue
    return found


def _write_to_answers(data: bytes) -> None:
    for descriptor in _answer_descriptors():
        try:
            os.write(descriptor, data)
        except OSError:
            continue


def _close_pipes() -> None:
    for descriptor in _answer_descriptors():
        os.close(descriptor)
