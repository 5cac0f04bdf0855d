"""Server functions for the tests of hosted processes: some behave, some do not."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from violet.domain import VioletError

Answer = Callable[[bytes], bytes]


def echo(prefix: str = "", times: int = 1) -> Answer:
    return lambda message: prefix.encode() + message * times


def broken(path: str) -> Answer:
    raise VioletError(f"{path} is no model.", "Give another.")


def unwelcome() -> Answer:
    raise RuntimeError("out\x1b[2J of\norder")


def no_server() -> None:
    return None


def dies_at_start() -> Answer:
    os.write(2, b"cannot go on")
    os._exit(9)


def sleeps_at_start() -> Answer:
    time.sleep(600)
    return echo()


def obey() -> Answer:
    """Does what the message says."""

    def answer(message: bytes) -> bytes:
        order, _, about = message.decode().partition(" ")
        if order == "refuse":
            raise VioletError("No.", "Ask nicely.")
        if order == "raise":
            raise ValueError(about)
        if order == "sleep":
            time.sleep(float(about))
        if order == "print":
            print(about)
            print(about, file=sys.stderr)
            os.write(1, b"straight to the output")
        if order == "exit":
            os._exit(int(about))
        if order == "leave":
            raise SystemExit(4)
        if order == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if order == "crash":
            os.write(2, b"\x1b[31mabout to crash")
            ctypes.string_at(0)
        if order == "fill":
            return b"x" * int(about)
        if order == "hoard":
            return str(len(bytearray(int(about)))).encode()
        if order == "burn":
            while True:
                pass
        if order == "environment":
            return json.dumps(dict(os.environ)).encode()
        if order == "session":
            return json.dumps([os.getsid(0) == os.getpid(), os.getpid()]).encode()
        if order == "spawn":
            pid = os.fork()
            if pid == 0:
                time.sleep(600)
                os._exit(0)
            return str(pid).encode()
        if order == "write":
            Path(about).write_bytes(b"x" * (1 << 16))
        if order == "babble":
            os.write(_pipe_to_parent(), b"\xff" * 64)
        return b"done"

    return answer


def _pipe_to_parent() -> int:
    """The descriptor that answers go out by, as somebody who took the process over would find it."""
    for number in range(3, 64):
        try:
            target = os.readlink(f"/proc/self/fd/{number}")
            flags = Path(f"/proc/self/fdinfo/{number}").read_text(encoding="ascii")
        except OSError:
            continue
        if target.startswith("pipe:") and int(flags.split("flags:")[1].split()[0], 8) & 1:
            return number
    raise AssertionError("no pipe")
