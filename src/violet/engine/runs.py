"""A directory that keeps what a long run has reached, so that it can go on after whatever stopped it.

    plan.json             the options of the run; results of other options would not belong to it
    results/<key>.npz     one for each finished task: arrays, and facts as JSON; whole, or not there
    stop                  whoever makes this file asks the run to end soon
    lock                  held by the process at work

Results are read as data only: arrays of objects, which would be pickles, are refused in both directions.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from violet.domain import UsageError, VioletError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Array = NDArray[Any]

PLAN, RESULTS, STOP, LOCK = "plan.json", "results", "stop", "lock"
_FACTS = "facts.json"
_PART = ".part"
_DIFFERENCES_SHOWN = 5


class RunDirectory:
    """The run directory at ``path``, for this process alone while it is entered.

    ``plan`` is what must be the same for results to belong together: values that JSON can say. With ``resume``, the run
    that is there goes on; without, there must be none.

    Entering raises ``UsageError`` where the directory holds a run and ``resume`` is not given, holds one with another
    plan, holds something else, or is in use; ``VioletError`` where it cannot be written.
    """

    def __init__(self, path: str, plan: Mapping[str, Any], *, resume: bool = False) -> None:
        self.path = Path(path)
        self.plan = json.loads(_plain(plan))
        self.resume = resume
        self.notes: list[str] = []
        """What was found damaged, and is done again."""
        self._lock: IO[str] | None = None

    def __enter__(self) -> RunDirectory:
        try:
            (self.path / RESULTS).parent.mkdir(parents=True, exist_ok=True)
            self._refuse_strangers()
            self._take_lock()
            try:
                self._agree_on_plan()
                (self.path / RESULTS).mkdir(exist_ok=True)
                for left in (*self.path.glob(f"*{_PART}"), *(self.path / RESULTS).glob(f"*{_PART}")):
                    left.unlink()
                self.stop_file.unlink(missing_ok=True)
            except BaseException:
                self.close()
                raise
        except OSError as error:
            raise VioletError(f"{self.path} cannot be used for a run: {error.strerror or error}.") from error
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let others use the directory."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @property
    def stop_file(self) -> Path:
        """Whoever makes this file asks for the end of the run."""
        return self.path / STOP

    def request_stop(self) -> None:
        self.stop_file.touch()

    def stop_requested(self) -> bool:
        return self.stop_file.exists()

    def keys(self) -> Iterator[str]:
        """Of the results that are there and whole."""
        for path in sorted((self.path / RESULTS).glob("*.npz")):
            with contextlib.suppress(_Damaged):
                yield _read(path)[0]

    def load(self, key: str) -> tuple[dict[str, Array], dict[str, Any]] | None:
        """The arrays and facts that were saved under this key; ``None`` where there are none, or what is there is
        damaged (which ``notes`` then says)."""
        path = self._of(key)
        try:
            found, arrays, facts = _read(path)
        except FileNotFoundError:
            return None
        except _Damaged as error:
            self.notes.append(f"{path} is damaged ({error}): what it held is done again.")
            return None
        if found != key:
            self.notes.append(f"{path} holds the result of something else: it is done again.")
            return None
        return arrays, facts

    def save(self, key: str, arrays: Mapping[str, Array], facts: Mapping[str, Any]) -> None:
        """Keep a result. After a crash it is there as a whole, or not at all. Raises ``ValueError`` for arrays of
        objects, and ``VioletError`` where it cannot be written."""
        import zipfile

        import numpy as np

        def write(file: IO[bytes]) -> None:
            with zipfile.ZipFile(file, "w") as archive:
                archive.writestr(_FACTS, _plain({"key": key, "facts": dict(facts)}))
                for name, value in arrays.items():
                    content = BytesIO()
                    np.lib.format.write_array(content, np.asanyarray(value), allow_pickle=False)
                    archive.writestr(f"{name}.npy", content.getbuffer())

        _atomically(self._of(key), write)

    def _of(self, key: str) -> Path:
        readable = re.sub(r"[^A-Za-z0-9._-]+", "-", key).strip("-.")[:80]
        return self.path / RESULTS / f"{readable}-{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"

    def _refuse_strangers(self) -> None:
        if (self.path / PLAN).exists():
            return
        strangers = sorted(
            entry.name
            for entry in self.path.iterdir()
            if entry.name not in (LOCK, STOP, RESULTS) and not entry.name.endswith(_PART)
        )
        if strangers:
            raise UsageError(
                f"{self.path} is no run directory: it holds {strangers[0]!r}.", "Name an empty or a new directory."
            )

    def _take_lock(self) -> None:
        try:
            import fcntl
        except ImportError:
            raise UsageError("Run directories need a POSIX system.", "On Windows, run Violet inside WSL.") from None
        lock = open(self.path / LOCK, "a+", encoding="utf-8")  # noqa: SIM115 - held until close
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = lock.read(100).strip()
            lock.close()
            raise UsageError(
                f"{self.path} is in use{f' by {who}' if who else ''}.", "Wait for that run, or name another directory."
            ) from None
        except OSError:
            lock.close()
            raise
        lock.truncate(0)
        lock.write(f"process {os.getpid()}\n")
        lock.flush()
        self._lock = lock

    def _agree_on_plan(self) -> None:
        path = self.path / PLAN
        if not path.exists():
            _atomically(path, lambda file: file.write(_plain(self.plan, indent=2) + b"\n"))
            return
        if not self.resume:
            raise UsageError(
                f"{self.path} holds a run already.", "Go on with it (--resume), or name another directory."
            )
        try:
            there = json.loads(path.read_bytes())
        except ValueError:
            there = None
        if not isinstance(there, dict):
            raise UsageError(f"{path} is damaged.", "Name another directory.")
        differences = [
            f"{name} was {_said(there, name)} and is {_said(self.plan, name)}"
            for name in dict.fromkeys((*there, *self.plan))
            if _said(there, name) != _said(self.plan, name)
        ]
        if differences:
            more = len(differences) - _DIFFERENCES_SHOWN
            shown = "; ".join(differences[:_DIFFERENCES_SHOWN]) + (f"; and {more} more" if more > 0 else "")
            raise UsageError(
                f"The run in {self.path} is another one: {shown}.", "Use its options, or name another directory."
            )


class _Damaged(Exception):
    """A result that cannot be read as one."""


def _read(path: Path) -> tuple[str, dict[str, Array], dict[str, Any]]:
    """Key, arrays and facts. Raises ``FileNotFoundError`` and ``_Damaged``."""
    import zipfile
    import zlib

    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            said = json.loads(archive.read(_FACTS))
            arrays = {
                name.removesuffix(".npy"): np.lib.format.read_array(BytesIO(archive.read(name)), allow_pickle=False)
                for name in archive.namelist()
                if name != _FACTS
            }
        return str(said["key"]), arrays, dict(said["facts"])
    except FileNotFoundError:
        raise
    except (OSError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, EOFError, NotImplementedError,
            RuntimeError, MemoryError) as error:  # fmt: skip
        raise _Damaged(" ".join(str(error).split()) or type(error).__name__) from error


def _atomically(path: Path, write: Any) -> None:
    """Write a file that is whole or not there, and stays so when the machine goes down."""
    part = path.with_name(f"{path.name}.{os.getpid()}{_PART}")
    try:
        with open(part, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError):
            raise VioletError(
                f"{path} cannot be written: {error.strerror or error}.", "Is there room on the disk?"
            ) from error
        raise


def _plain(value: object, indent: int | None = None) -> bytes:
    return json.dumps(value, indent=indent, default=_number).encode()


def _number(value: Any) -> Any:
    """Numbers of numpy as Python's."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} cannot be kept as a fact")


def _said(plan: Mapping[str, Any], name: str) -> str:
    return json.dumps(plan[name], sort_keys=True) if name in plan else "not given"
