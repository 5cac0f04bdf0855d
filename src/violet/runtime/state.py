"""The state directory of a guard: what it keeps over restarts, what it tells of itself, and where it takes orders.

    DIR/guard.json              format, and when the directory was made
    DIR/lock                    held by the guard that uses it
    DIR/status-WORKER.json      what a worker tells of itself, replaced every second (``domain.guard_status``)
    DIR/control/WORKER.sock     where a worker takes orders (``runtime.control``)
    DIR/keys/NAME               secrets that the workers share: of hashes, and of what they post to each other
    DIR/spool-is                where exchanges are kept
    DIR/rulings/, alerts/, metrics/, spool/, board/      of the parts of these names

All of it is for its owner alone.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import re
import secrets
import stat
import time
from typing import TYPE_CHECKING, Any

import msgspec

from violet.domain.errors import ConfigurationError, UsageError
from violet.domain.guard_status import FORMAT, GuardStatus, WorkerSeen
from violet.domain.whole_file import sync_directory, whole_file

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_STATUS = 4 << 20
MOST_WORKERS = 256
STALE = 5.0
"""Seconds after which a status is not of now any more."""
_WORKER = re.compile(r"[A-Za-z0-9._-]{1,64}")
_STATUS = re.compile(r"status-([A-Za-z0-9._-]{1,64})\.json")
_KEY = re.compile(r"[a-z][a-z0-9-]{0,30}")
_PARTS = ("control", "keys", "rulings", "alerts", "metrics", "spool", "board")


class StateDirectory:
    """Makes it where it is not there yet, unless ``make`` is false. Raises ``ConfigurationError`` where it cannot be
    used, or others can write to it."""

    def __init__(self, directory: str, *, make: bool = True) -> None:
        self.directory = os.path.abspath(directory)
        self._lock = -1
        try:
            if make:
                os.makedirs(self.directory, mode=0o700, exist_ok=True)
                self._owned()
                for part in _PARTS:
                    os.makedirs(self.path(part), mode=0o700, exist_ok=True)
                self._begin()
            elif not os.path.isdir(self.directory):
                raise ConfigurationError(
                    f"{directory} is no state directory of a guard.", "Give the one of violet guard --state."
                )
        except OSError as error:
            raise ConfigurationError(
                f"The state directory {directory} cannot be used: {error.strerror}.", "Give one that can be written to."
            ) from error

    def path(self, *names: str) -> str:
        return os.path.join(self.directory, *names)

    def _owned(self) -> None:
        found = os.stat(self.directory)
        if found.st_uid not in (os.geteuid(), 0) or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ConfigurationError(
                f"Others can write to the state directory {self.directory}, and so give orders to the guard.",
                f"Run: chmod 700 {self.directory}",
            )

    def _begin(self) -> None:
        path = self.path("guard.json")
        with contextlib.suppress(FileExistsError):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump({"format": FORMAT, "made": time.time()}, file)
            return
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            with open(path, encoding="utf-8") as file:
                found = int(json.loads(file.read(4_096))["format"])
            if found > FORMAT:
                raise ConfigurationError(
                    f"The state directory {self.directory} is of format {found}, of a later version of Violet.",
                    "Use that version, or another directory.",
                )

    def take(self) -> None:
        """Claim the directory for this process, until it ends or calls ``leave``. Raises ``UsageError`` where another
        guard uses it. What dead workers left of their status and sockets is removed."""
        handle = os.open(self.path("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with contextlib.suppress(OSError, ValueError):
                other = int(os.pread(handle, 20, 0).decode("ascii"))
                os.close(handle)
                raise UsageError(
                    f"Another guard (process {other}) uses the state directory {self.directory}.",
                    "Stop it, or give another directory.",
                ) from None
            os.close(handle)
            raise UsageError(f"Another guard uses the state directory {self.directory}.") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._lock = handle
        for name in os.listdir(self.directory):
            if _STATUS.fullmatch(name) or name.endswith(".tmp"):
                self._remove(self.path(name))
        for name in os.listdir(self.path("control")):
            self._remove(self.path("control", name))

    def leave(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    @staticmethod
    def _remove(path: str) -> None:
        with contextlib.suppress(OSError):
            os.unlink(path)

    @property
    def spool(self) -> str:
        """The directory in which exchanges were kept last: ``spool`` in this one, where none was named."""
        with contextlib.suppress(OSError, UnicodeDecodeError), open(self.path("spool-is"), encoding="utf-8") as file:
            return file.read(4_096)
        return self.path("spool")

    def remember_spool(self, directory: str) -> None:
        """For whoever looks for exchanges and knows this directory alone. A full disk stops nobody."""
        with contextlib.suppress(OSError), whole_file(self.path("spool-is")) as file:
            file.write(os.path.abspath(directory).encode())

    def key(self, name: str, size: int = 32) -> bytes:
        """The secret of this name: ``size`` random bytes, made once, the same for every worker ever after. Raises
        ``ConfigurationError`` where what is there is none."""
        if not _KEY.fullmatch(name):
            raise ValueError(f"{name!r} is no name of a key")
        path = self.path("keys", name)
        if not os.path.lexists(path):
            temporary = f"{path}.{secrets.token_hex(8)}"
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(handle, "wb") as new:
                new.write(secrets.token_bytes(size))
                new.flush()
                os.fsync(new.fileno())
            with contextlib.suppress(FileExistsError):  # another worker was faster: its key it is
                os.link(temporary, path)
            os.unlink(temporary)
            sync_directory(self.path("keys"))
        with open(path, "rb", opener=lambda file, flags: os.open(file, flags | os.O_NOFOLLOW)) as file:
            found = file.read(size + 1)
        if len(found) != size:
            raise ConfigurationError(
                f"The key {path} has not {size} bytes.", "Put the right one back, or remove it to have a new one made."
            )
        return found

    # -- status ------------------------------------------------------------------------------------------------------

    def write_status(self, status: GuardStatus) -> None:
        """In one step: whoever reads has one or the other, whole. Not synced: it is of now. Raises ``OSError``."""
        path = self._status(status.worker)
        temporary = f"{path}.tmp"
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(status_text(status))
        os.replace(temporary, path)

    def remove_status(self, worker: str) -> None:
        self._remove(self._status(worker))

    def statuses(self, now: float | None = None) -> tuple[WorkerSeen, ...]:
        """Of every worker, what it last told; by name."""
        at = time.time() if now is None else now
        return tuple(self._read(worker, at) for worker in self._workers())

    def _workers(self) -> Iterator[str]:
        matches = map(_STATUS.fullmatch, sorted(os.listdir(self.directory)))
        found = [match[1] for match in matches if match is not None]
        yield from found[:MOST_WORKERS]

    def _status(self, worker: str) -> str:
        if not _WORKER.fullmatch(worker):
            raise ValueError(f"{worker!r} is no name of a worker")
        return self.path(f"status-{worker}.json")

    def _read(self, worker: str, now: float) -> WorkerSeen:
        try:
            with open(self._status(worker), "rb", opener=lambda file, flags: os.open(file, flags | os.O_NOFOLLOW)) as f:
                text = f.read(LARGEST_STATUS + 1)
            status = read_status(text)
        except OSError as error:
            return WorkerSeen(worker, problem=f"its status cannot be read: {error.strerror}")
        except ValueError as error:
            return WorkerSeen(worker, problem=f"its status cannot be understood: {error}")
        age = now - status.at
        problem = ""
        if not -STALE <= age <= STALE:
            problem = f"it has told nothing for {age:.0f} s" if age > 0 else "its clock is ahead of this one"
        return WorkerSeen(worker, status, age, problem)


def status_text(status: GuardStatus) -> bytes:
    """As JSON. What is not finite is written as ``"inf"``, ``"-inf"`` or ``"nan"``, which JSON has no numbers for."""
    return msgspec.json.encode(_finite(msgspec.to_builtins(status)))


def read_status(text: bytes) -> GuardStatus:
    """Raises ``ValueError`` for what is none."""
    if len(text) > LARGEST_STATUS:
        raise ValueError(f"it has more than {LARGEST_STATUS} bytes")
    try:
        found = msgspec.json.decode(text, type=GuardStatus, strict=False)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(str(error)) from None
    if found.format > FORMAT:
        raise ValueError(f"it is of format {found.format}, of a later version of Violet")
    if not math.isfinite(found.at):
        raise ValueError("it says no time")
    return found


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_finite(name): _finite(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value
