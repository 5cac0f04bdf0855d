"""Orders to a running guard: a Unix socket a worker, in the state directory, for its owner alone.

One line of JSON goes in, one comes out. What an order is, is the guard's business: ``release``, ``rulings``, and what
else its handler knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError

if TYPE_CHECKING:
    from violet.runtime.state import StateDirectory

LARGEST_ORDER = 64 << 10
LARGEST_ANSWER = 4 << 20
SECONDS = 5.0
AT_ONCE = 8
"""Orders that are listened to at one time."""
_LONGEST_PATH = 100
"""Of a socket: Linux takes 107 bytes, others less."""

Handler = Callable[[str, Mapping[str, Any]], Mapping[str, Any] | Awaitable[Mapping[str, Any]]]
"""Takes the name of an order and its words, and gives the answer. A ``VioletError`` it raises is the answer, too."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``problem`` is empty where the worker did what it was told; ``said`` is what it says."""

    worker: str
    said: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@contextlib.contextmanager
def _short(directory: str, name: str) -> Iterator[str]:
    """A path to a socket that is short enough, wherever the directory is."""
    path = os.path.join(directory, name)
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield path
        return
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not os.path.isdir(f"/proc/self/fd/{handle}"):
            raise UsageError(f"The path {path} is too long for a socket.", "Give a state directory with a shorter one.")
        yield f"/proc/self/fd/{handle}/{name}"
    finally:
        os.close(handle)


class ControlServer:
    """Listens for one worker. ``handle`` runs on the event loop, and must not block."""

    def __init__(self, state: StateDirectory, worker: str, handle: Handler) -> None:
        self._directory = state.path("control")
        self._name = f"{worker}.sock"
        self._handle = handle
        self._server: asyncio.Server | None = None
        self._busy = 0

    async def start(self) -> None:
        path = os.path.join(self._directory, self._name)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            with _short(self._directory, self._name) as short:
                listening.bind(short)
            os.chmod(path, 0o600)
            self._server = await asyncio.start_unix_server(self._serve, sock=listening, limit=LARGEST_ORDER)
        except BaseException:
            listening.close()
            raise

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(self._directory, self._name))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._busy += 1
        try:
            if self._busy <= AT_ONCE and _is_owner(writer.get_extra_info("socket")):
                async with asyncio.timeout(SECONDS):
                    line = await reader.readuntil(b"\n")
                    writer.write(await self._answer(line) + b"\n")
                    await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._busy -= 1
            writer.close()

    async def _answer(self, line: bytes) -> bytes:
        try:
            order = json.loads(line)
            if not isinstance(order, dict) or not isinstance(order.get("order"), str):
                raise UsageError("An order is a JSON object with the name of the order.")
            found = self._handle(order.pop("order"), order)
            said = await found if isinstance(found, Awaitable) else found
            text = json.dumps({"said": dict(said)})
            if len(text) > LARGEST_ANSWER:
                raise UsageError(f"The answer has more than {LARGEST_ANSWER} bytes.")
        except VioletError as error:
            text = json.dumps({"problem": error.diagnostics()})
        except (ValueError, RecursionError):
            text = json.dumps({"problem": "An order is a JSON object."})
        except Exception as error:  # an order must not take the guard with it
            text = json.dumps({"problem": f"{type(error).__name__}: {error}"})
        return text.encode()


def _is_owner(connection: Any) -> bool:
    """Whether the other end is of the same user, or root; where that cannot be asked, the directory decides."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None or connection is None:
        return True
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i")))
    return user in (0, os.geteuid())


def order(
    state: StateDirectory, name: str, words: Mapping[str, Any], *, timeout: float = SECONDS
) -> tuple[Answer, ...]:
    """Tell every worker that listens. Raises ``UsageError`` where none does: the guard does not run, or not there."""
    folder = state.path("control")
    try:
        workers = sorted(entry.removesuffix(".sock") for entry in os.listdir(folder) if entry.endswith(".sock"))
    except OSError:
        workers = []
    line = json.dumps({**words, "order": name}).encode() + b"\n"
    if len(line) > LARGEST_ORDER:
        raise UsageError("The order is too long.")
    found = (_tell(folder, worker, line, timeout) for worker in workers)
    answers = tuple(answer for answer in found if answer is not None)
    if not answers:
        raise UsageError(
            f"No guard listens in {state.directory}.", "Give the state directory of a guard that runs (--state)."
        )
    return answers


def _tell(folder: str, worker: str, line: bytes, timeout: float) -> Answer | None:
    """``None``: it is dead."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            with _short(folder, f"{worker}.sock") as short:
                connection.connect(short)
        except (ConnectionRefusedError, FileNotFoundError):
            return None
        except PermissionError:
            return Answer(worker, problem="You may not give it orders.")
        except OSError as error:
            return Answer(worker, problem=f"It cannot be reached: {error}.")
        data = bytearray()
        try:
            connection.sendall(line)
            while not data.endswith(b"\n") and len(data) <= LARGEST_ANSWER + 100:
                part = connection.recv(1 << 16)
                if not part:
                    break
                data += part
            answer = json.loads(data)
            if not isinstance(answer, dict):
                raise ValueError("not an object")
            said = answer.get("said")
            return Answer(worker, said if isinstance(said, dict) else {}, str(answer.get("problem", "")))
        except TimeoutError:
            return Answer(worker, problem=f"It did not answer within {timeout:g} s.")
        except (OSError, ValueError, RecursionError):
            return Answer(worker, problem="It gave no answer.")
