"""How files are changed so that an interrupted run leaves each of them old or new, and all can be taken back.

Before a change, its intention is written to the journal, and what is needed to undo it is kept; then the change is
made in one step: a new file is linked into place, a text is replaced by a rename, a file is moved by a link and an
unlink. A journal is a file of JSON lines in a directory of its own, beside the kept originals.
"""

from __future__ import annotations

import contextlib
import datetime
import errno
import hashlib
import json
import os
import secrets
import stat
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError
from violet.domain.fix import Unfixed

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "journal.jsonl"
VERSION = 1
LARGEST = 64 << 20
"""Bytes of a journal that are read."""
ATTESTATIONS = ".attestations"
"""Ending of the directories that hold the attestations of a file."""
CHUNK = 4 << 20
QUARANTINE = ".quarantined"
"""Ending of the name of a converted original that was moved aside."""


class ChangedError(Exception):
    """The file is not what it was when it was examined."""


class Journal:
    """The record of one run. Its directory is made when the first change is about to happen."""

    def __init__(self, directory: str = "") -> None:
        self._wanted = directory
        self._directory = ""
        self._entries = 0

    @property
    def path(self) -> str:
        """The journal's file; ``""`` where nothing was recorded."""
        return os.path.join(self._directory, FILE) if self._entries else ""

    def create(self, temporary: str, path: str, digest: str) -> None:
        """Give the finished file ``temporary`` the name ``path``. Raises ``FileExistsError``."""
        self._record({"operation": "create", "path": os.path.abspath(path), "after": digest})
        _take_name(temporary, path)

    def created(self, path: str) -> None:
        """Note a file that somebody else has just made."""
        self._record({"operation": "create", "path": os.path.abspath(path), "after": file_digest(path)})

    def temporary(self, path: str) -> str:
        """An empty file beside ``path``, recorded so that undoing a run that was killed removes it."""
        name = beside(path)
        self._record({"operation": "temporary", "path": os.path.abspath(name)})
        open_new(name)
        return name

    def move(self, path: str, to: str, digest: str) -> None:
        """Rename ``path``, whose content has this digest. Raises ``FileExistsError``."""
        entry = {"operation": "move", "path": os.path.abspath(path), "to": os.path.abspath(to), "after": digest}
        self._record(entry)
        _take_name(path, to)

    def replace(self, path: str, before: bytes, after: bytes) -> None:
        """Replace the content ``before`` by ``after``. Raises ``ChangedError`` where it is not ``before`` any more."""
        status = os.lstat(path)
        if status.st_nlink > 1:
            raise OSError(errno.EMLINK, "the file has several names, and only one would get the new content")
        _require(read_plain(path) == before)
        kept = self._keep(before)
        entry = {
            "operation": "replace",
            "path": os.path.abspath(path),
            "before": hashlib.sha256(before).hexdigest(),
            "after": hashlib.sha256(after).hexdigest(),
            "kept": kept,
        }
        self._record(entry)
        temporary = self.temporary(path)
        try:
            fill(temporary, after, stat.S_IMODE(status.st_mode))
            _require(read_plain(path) == before)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
        _sync_directory(path)

    def _record(self, entry: dict[str, Any]) -> None:
        self._open()
        line = json.dumps(entry, ensure_ascii=True).encode() + b"\n"
        descriptor = os.open(os.path.join(self._directory, FILE), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            _write(descriptor, line)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        self._entries += 1

    def _keep(self, data: bytes) -> str:
        """Keep an original; gives its name within the journal's directory."""
        self._open()
        name = f"{self._entries:05d}.original"
        descriptor = os.open(os.path.join(self._directory, name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return name

    def _open(self) -> None:
        if self._directory:
            return
        now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%S.%fZ")
        base = self._wanted or default_directory()
        directory = os.path.join(base, f"{now}-{secrets.token_hex(4)}")
        try:
            os.makedirs(base, mode=0o700, exist_ok=True)
            os.mkdir(directory, 0o700)
        except OSError as error:
            raise VioletError(
                f"Nothing was changed: the journal {directory} cannot be made: {error.strerror}.",
                "Name a directory that can be written: --backup DIR",
            ) from error
        self._directory = directory
        header = {"journal": "violet fix", "version": VERSION, "started": now}
        with open(os.path.join(directory, FILE), "x", encoding="ascii") as file:
            file.write(json.dumps(header) + "\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_directory(directory)


def default_directory() -> str:
    """Where journals are kept unless ``--backup`` names another place."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(state, "violet", "fix")


# -- taking it back ----------------------------------------------------------------------------------


def undo(journal: str) -> tuple[tuple[str, ...], tuple[Unfixed, ...]]:
    """Take back what the journal records, the last change first: paths that are what they were, and those that
    could not be restored. What was changed since is left alone. Raises ``UsageError`` for what is no journal."""
    path = os.path.join(journal, FILE) if os.path.isdir(journal) else journal
    restored: dict[str, None] = {}
    failed: list[Unfixed] = []
    for entry in reversed(list(_entries(path))):
        shown = entry["path"]
        try:
            problem = _UNDO[entry["operation"]](entry, os.path.dirname(path))
        except OSError as error:
            problem = f"the system refuses: {error.strerror or error}"
        if entry["operation"] == "temporary" and not problem:
            continue
        if problem:
            failed.append(Unfixed("undo", shown, problem, "Compare it with what the journal keeps.", journal))
        else:
            restored[shown] = None
    return tuple(restored), tuple(failed)


def _entries(path: str) -> Iterator[dict[str, Any]]:
    try:
        with open(path, encoding="ascii") as file:
            text = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"The journal {path} cannot be read: {reason}.") from error
    lines = text.split("\n")
    if lines and lines[-1]:
        lines.pop()  # cut short while it was written: what it announces was never begun
    try:
        parsed = [json.loads(line) for line in lines if line]
        header, *entries = parsed
        sound = header["journal"] == "violet fix" and header["version"] == VERSION
        for entry in entries:
            keys = _KEYS[entry["operation"]]
            sound = sound and all(isinstance(entry[key], str) for key in keys) and os.path.isabs(entry["path"])
    except (ValueError, KeyError, TypeError, RecursionError):
        sound = False
    if not sound or len(text) > LARGEST:
        raise UsageError(f"{path} is no journal of violet fix.", "Name the journal that violet fix printed.")
    yield from entries


def _undo_create(entry: dict[str, Any], _: str) -> str:
    if not os.path.lexists(entry["path"]):
        return ""
    if file_digest(entry["path"]) != entry["after"]:
        return "it was changed after Violet wrote it"
    os.unlink(entry["path"])
    folder = os.path.dirname(entry["path"])
    if folder.endswith(ATTESTATIONS):
        with contextlib.suppress(OSError):  # others lie there, too
            os.rmdir(folder)
    _sync_directory(folder)
    return ""


def _undo_move(entry: dict[str, Any], _: str) -> str:
    path, to = entry["path"], entry["to"]
    there, back = os.path.lexists(to), os.path.lexists(path)
    if there and file_digest(to) != entry["after"]:
        return "it was changed after Violet moved it"
    if back and there and os.path.samestat(os.lstat(path), os.lstat(to)):
        os.unlink(to)  # interrupted between the link and the unlink
    elif there and back:
        return "another file has taken its name"
    elif there:
        _take_name(to, path)
    elif not back:
        return "it is in neither place"
    _sync_directory(path)
    return ""


def _undo_replace(entry: dict[str, Any], directory: str) -> str:
    path = entry["path"]
    current = file_digest(path)
    if current == entry["before"]:
        return ""
    if current != entry["after"]:
        return "it was changed after Violet rewrote it"
    if os.path.basename(entry["kept"]) != entry["kept"]:
        return "the journal names an original outside its directory"
    kept = read_plain(os.path.join(directory, entry["kept"]))
    if hashlib.sha256(kept).hexdigest() != entry["before"]:
        return "the original that the journal kept is damaged"
    temporary = beside(path)
    open_new(temporary)
    try:
        fill(temporary, kept, stat.S_IMODE(os.lstat(path).st_mode))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _sync_directory(path)
    return ""


def _undo_temporary(entry: dict[str, Any], _: str) -> str:
    name = os.path.basename(entry["path"])
    if name.startswith(".") and name.endswith(".violet") and os.path.lexists(entry["path"]):
        os.unlink(entry["path"])
    return ""


_UNDO = {"create": _undo_create, "move": _undo_move, "replace": _undo_replace, "temporary": _undo_temporary}
_KEYS = {
    "temporary": ("path",),
    "create": ("path", "after"),
    "move": ("path", "to", "after"),
    "replace": ("path", "before", "after", "kept"),
}


# -- files -------------------------------------------------------------------------------------------


def read_plain(path: str, most: int = LARGEST) -> bytes:
    """The content of a regular file that is no link. Raises ``OSError``."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not a regular file")
        return file.read(most)


def file_digest(path: str) -> str:
    """The SHA-256 of a regular file that is no link. Raises ``OSError``."""
    total = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:
        while data := file.read(CHUNK):
            total.update(data)
    return total.hexdigest()


def beside(path: str) -> str:
    """A name that nobody has, in the directory of ``path``."""
    folder, name = os.path.split(path)
    return os.path.join(folder, f".{name[:100]}.{secrets.token_hex(8)}.violet")


def open_new(path: str) -> None:
    """Make an empty file that did not exist."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))


def fill(path: str, data: bytes, mode: int) -> None:
    """Write all of an empty file, and have it on the disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW)
    try:
        _write(descriptor, data)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _take_name(path: str, to: str) -> None:
    """Rename a file without replacing another one. Raises ``FileExistsError``."""
    try:
        os.link(path, to, follow_symlinks=False)
        os.unlink(path)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS):
            raise
        if os.path.lexists(to):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), to) from None
        os.rename(path, to)
    _sync_directory(path)


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync_directory(path: str) -> None:
    try:
        descriptor = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    except OSError:  # a directory that may be written and not read
        return
    try:
        os.fsync(descriptor)
    except OSError:
        return
    finally:
        os.close(descriptor)


def _require(condition: bool) -> None:
    if not condition:
        raise ChangedError
