"""A command of Violet's that goes on while others are run: a guard, a model server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from typing import IO, TYPE_CHECKING

from violet.domain import VioletError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROGRAM = (
    "import sys; from violet.engine.orphans import end_with; end_with(int(sys.argv.pop(1)));"
    " from violet.faces.cli.main import main; main()"
)
_LOOK = 0.02
_LAST_WORDS = 600


class Background:
    """The command ``violet ARGUMENTS``, in a process of its own that ends with ``close``, and with this process however
    that ends.

    ``ready`` is a pattern of what it prints when it can be used; its groups are in ``said``. Raises ``VioletError``,
    with what it printed last, where it ends before, or is not ready after ``seconds``.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        ready: str,
        *,
        seconds: float = 60.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.arguments = tuple(arguments)
        self._log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(os.getpid()), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )
        try:
            self.said = self._wait(re.compile(ready), seconds)
        except BaseException:
            self.close()
            raise

    def _wait(self, ready: re.Pattern[str], seconds: float) -> tuple[str, ...]:
        deadline = time.monotonic() + seconds
        while True:
            ended = self._process.poll()
            found = ready.search(self.output())
            if found is not None:
                return tuple(group or "" for group in found.groups())
            if ended is not None or time.monotonic() > deadline:
                why = f"ended with {ended}" if ended is not None else f"is not ready after {seconds:g} s"
                said = self.output().strip()[-_LAST_WORDS:] or "nothing"
                raise VioletError(f"violet {self.arguments[0]} {why}.", f"It said: {said}")
            time.sleep(_LOOK)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        """All that it printed so far."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode("utf-8", "replace")

    def close(self, seconds: float = 10.0) -> int:
        """Ask it to end (SIGTERM), and make it after ``seconds``. Its exit code, negative for a signal."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return self._process.returncode

    def __enter__(self) -> Background:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def free_port() -> int:
    """A port of this machine that nobody listens on just now."""
    import socket

    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port
