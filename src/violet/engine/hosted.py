"""A process with limits for what runs code when it is loaded: models in formats that are programs.

It gets bytes and gives bytes, over pipes; nothing that comes out of it is unpickled. It has a ceiling on memory, files
and, where wanted, processor time; a session of its own; and none of this process's environment that may hold secrets.
It can still read what its user can, and reach the network: this contains accidents and keeps a model out of the
memory of who examines it. It is no wall against somebody who means it: such models belong in a container or a virtual
machine, and what the scan condemns is not to be loaded at all.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from violet.domain import UsageError, VioletError
from violet.engine.hosting import ANSWER, HEAD, OUT_OF_MEMORY, RAISED, REFUSED, pack
from violet.engine.work import ONE_THREAD

if TYPE_CHECKING:
    import select

__all__ = ["HostLimits", "HostedError", "HostedProcess"]

_HANDED_ON = frozenset(
    "PATH HOME USER LOGNAME LANG LANGUAGE TZ TMPDIR LD_LIBRARY_PATH DYLD_LIBRARY_PATH VIRTUAL_ENV CUDA_VISIBLE_DEVICES"
    " PYTHONHOME PYTHONPATH PYTHONUTF8 PYTHONDONTWRITEBYTECODE".split()
)
_LAST_WORDS = 300
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What a hosted process may use. 0: no limit of Violet's, for ``memory`` and ``processor``."""

    memory: int = 8 << 30
    """Bytes of address space above what a bare interpreter has. Libraries reserve more of it than they use."""
    processor: int = 0
    """Seconds of processor time in all."""
    seconds: float = 300.0
    """For one answer."""
    start: float = 120.0
    """Seconds until it is ready: the model is loaded."""
    answer: int = 1 << 30
    """Bytes of one answer."""
    spill: int = 1 << 30
    """Bytes of the largest file it may write."""
    descriptors: int = 1024


class HostedError(VioletError):
    """A hosted process refused, broke or died. ``cause`` is ``error`` (it goes on answering), or what ended it:
    ``memory``, ``time``, ``signal``, ``exit``, ``protocol`` or ``closed``."""

    def __init__(self, what: str, hint: str = "", cause: str = "error") -> None:
        super().__init__(what, hint)
        self.cause = cause


class HostedProcess:
    """A process that serves ``module:function``: called there with ``arguments`` (values that JSON can say), it gives a
    function from message to answer.

    Raises ``HostedError`` where it does not become ready. May be used by several threads; they take turns. It ends with
    ``close``, with this object, and with the process that started it, however that ends.
    """

    def __init__(
        self, function: str, arguments: tuple[object, ...] = (), limits: HostLimits | None = None, name: str = ""
    ) -> None:
        import select

        if not hasattr(select, "poll"):
            raise UsageError("Loading models that are programs needs a POSIX system.", "On Windows, use WSL.")
        self.limits = limits or HostLimits()
        self.name = name or "the process that loads the model"
        self._turn = threading.Lock()
        self._ended: HostedError | None = None
        with contextlib.ExitStack() as undo:
            self._said = undo.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "violet.engine.hosting"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._said,
                start_new_session=True,
                env=_environment(),
            )
            undo.pop_all()
        self._close = weakref.finalize(self, _end, self._process, self._said)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        os.set_blocking(self._out, False)
        try:
            self._exchange(self._wish(function, arguments), self.limits.start)
        except BaseException:
            self.close()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether another message can be answered."""
        return self._ended is None and self._process.poll() is None

    def ask(self, message: bytes, timeout: float | None = None) -> bytes:
        """The answer to a message, within ``timeout`` seconds (default: that of the limits). Raises ``HostedError``;
        unless its cause is ``error``, the process is gone."""
        with self._turn:
            if self._ended is not None:
                raise HostedError(f"{_capital(self.name)} has ended: {self._ended.what}", "", self._ended.cause)
            return self._exchange(message, self.limits.seconds if timeout is None else timeout)

    def close(self) -> None:
        """Kill it, whatever it does."""
        if self._ended is None:
            self._ended = HostedError("it was closed.", "", "closed")
        self._close()

    def __enter__(self) -> HostedProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wish(self, function: str, arguments: tuple[object, ...]) -> bytes:
        limits = {name: getattr(self.limits, name) for name in ("memory", "processor", "spill", "descriptors")}
        wish = {
            "function": function,
            "arguments": arguments,
            "path": sys.path,
            "parent": os.getpid(),
            "limits": limits,
        }
        return json.dumps(wish).encode()

    def _exchange(self, message: bytes, seconds: float) -> bytes:
        """Send and receive. Where that is cut short, the next answer would be taken for another: the process ends."""
        deadline = time.monotonic() + seconds
        try:
            self._send(pack(ANSWER, message), deadline)
            kind, size = HEAD.unpack(self._receive(HEAD.size, deadline))
            if kind not in (ANSWER, REFUSED, RAISED) or size > self.limits.answer:
                raise HostedError(f"{_capital(self.name)} sent what is no answer.", "", "protocol")
            body = self._receive(size, deadline)
        except BaseException as error:
            self._ended = error if isinstance(error, HostedError) else HostedError("it was interrupted.", "", "closed")
            self._close()
            raise
        if kind == ANSWER:
            return body
        raise self._error(body)

    def _error(self, body: bytes) -> HostedError:
        try:
            what, hint = [*map(str, json.loads(body)), ""][:2]
        except (ValueError, TypeError):
            return HostedError(f"{_capital(self.name)} failed, and did not say why.")
        return HostedError(_printable(what), _printable(hint))

    def _send(self, data: bytes, deadline: float) -> None:
        import select

        view = memoryview(data)
        ready = select.poll()
        ready.register(self._in, select.POLLOUT)
        while view:
            self._wait(ready, deadline)
            try:
                view = view[os.write(self._in, view) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise self._death() from None

    def _receive(self, count: int, deadline: float) -> bytes:
        import select

        data = bytearray()
        ready = select.poll()
        ready.register(self._out, select.POLLIN)
        while len(data) < count:
            self._wait(ready, deadline)
            try:
                more = os.read(self._out, min(count - len(data), _PIECE))
            except BlockingIOError:
                continue
            if not more:
                raise self._death()
            data += more
        return bytes(data)

    def _wait(self, ready: select.poll, deadline: float) -> None:
        """Until the pipe is ready. Raises ``HostedError`` at the deadline."""
        left = deadline - time.monotonic()
        if left <= 0 or not ready.poll(left * 1000 + 1):
            raise HostedError(
                f"{_capital(self.name)} gave no answer in time, and was ended.",
                "Give it more time, or ask for less at once.",
                "time",
            )

    def _death(self) -> HostedError:
        """How it ended. It has closed its pipe, so it has ended or is about to, unless it was taken over."""
        name = _capital(self.name)
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return HostedError(f"{name} closed its pipe.", "", "protocol")
        said = self._last_words()
        if code == OUT_OF_MEMORY or "bad_alloc" in said:
            allowed = f" (it may have {self.limits.memory / (1 << 30):.3g} GiB)" if self.limits.memory else ""
            return HostedError(f"{name} ran out of memory{allowed}.", "", "memory")
        if code >= 0:
            return HostedError(f"{name} ended by itself with code {code}.{said}", "", "exit")
        try:
            number = signal.Signals(-code).name
        except ValueError:
            number = f"signal {-code}"
        if -code == signal.SIGXCPU:
            return HostedError(f"{name} used up its {self.limits.processor} s of processor time.", "", "time")
        if -code == signal.SIGKILL:
            return HostedError(f"{name} was killed; where nobody did that, memory ran out.", "", "signal")
        return HostedError(f"{name} crashed ({number}).{said}", "", "signal")

    def _last_words(self) -> str:
        """The end of what it wrote to standard error."""
        try:
            end = self._said.seek(0, os.SEEK_END)
            self._said.seek(max(0, end - _LAST_WORDS))
            text = self._said.read(_LAST_WORDS).decode("utf-8", "replace")
        except (OSError, ValueError):
            return ""
        said = _printable(" ".join(text.split()))
        return f" It said: {said}" if said else ""


def _end(process: subprocess.Popen[bytes], said: IO[bytes]) -> None:
    """End the process and those it started in its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, said):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _environment() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if name in _HANDED_ON or name.startswith("LC_")}
    return {**kept, **ONE_THREAD}


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text[: 2 * _LAST_WORDS])
