"""Where envelopes are kept: a directory beside the artifact, or one for all artifacts.

An envelope's file is called ``TYPE-SUBJECT-ENVELOPE.dsse.json``, with the first 16 hexadecimal digits of the
subject's digest and of the envelope's own: two runs never clash, what is about an artifact is found without
reading the rest, and a file that was changed does not bear its name any more. Names are an index, not a proof:
files with other names are read as well.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from violet.domain import Digest, UsageError, VioletError
from violet.domain.whole_file import sync_directory, whole_file
from violet.provenance import envelope as dsse
from violet.provenance.identity import stem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

SUFFIX = ".dsse.json"
BESIDE = ".attestations"
"""The default directory of the artifact ``P`` is ``P.attestations``."""

DIGITS = 16
MOST_ENTRIES = 100_000
MOST_BYTES = 4 << 30
"""Of all envelopes of a store together."""
_SEVERAL = "Keep them in several directories."
LARGEST_BLOB = 64 << 20

_NAME = re.compile(rf"(?P<type>.+)-(?P<subject>[0-9a-f]{{{DIGITS}}})-(?P<own>[0-9a-f]{{{DIGITS}}}){re.escape(SUFFIX)}")
_NOT_WORDS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that may be an envelope. ``problem`` is a clause that says why it could not be read."""

    path: str
    content: bytes
    problem: str = ""

    @property
    def promised(self) -> str:
        """The digits of its own digest that its name promises; ``""`` where it promises none."""
        match = _NAME.fullmatch(os.path.basename(self.path))
        return match["own"] if match else ""


class Store(Protocol):
    """A place that holds envelopes, and larger content that they refer to by digest."""

    @property
    def path(self) -> str: ...

    @property
    def shared(self) -> bool:
        """It is for many artifacts: what is about another one is nothing unusual."""
        ...

    def entries(self, subject: str = "") -> Iterator[Stored]:
        """Everything in it, in a stable order; with ``subject`` (a digest's hexadecimal digits), what may be about
        that one."""
        ...

    def write(self, kind: str, subject: Digest, content: bytes) -> str:
        """Keep an envelope, and say where it is. Raises ``UsageError`` where that cannot be."""
        ...

    def blob(self, digest: Digest) -> bytes | None:
        """Content with this digest, ``None`` where there is none. What does not hash to it is not given out."""
        ...

    def write_blob(self, content: bytes) -> Digest: ...


@dataclass(frozen=True, slots=True)
class DirectoryStore:
    """One file an envelope; other content in ``blobs/sha256``."""

    path: str
    shared: bool = False

    def entries(self, subject: str = "", kinds: Collection[str] = ()) -> Iterator[Stored]:
        """``kinds`` leaves out what is named after another predicate type."""
        total = 0
        for name in self._names():
            match = _NAME.fullmatch(name) if kinds or (self.shared and subject) else None
            if match and self.shared and subject and match["subject"] != subject[:DIGITS]:
                continue
            if match and kinds and match["type"] not in kinds:
                continue
            stored = read(os.path.join(self.path, name))
            total += len(stored.content)
            if total > MOST_BYTES:
                raise VioletError(f"The attestations in {self.path} have more than {MOST_BYTES:,} bytes.", _SEVERAL)
            yield stored

    def _names(self) -> list[str]:
        names: list[str] = []
        try:
            with os.scandir(self.path) as entries:
                for entry in entries:
                    if not entry.name.endswith(SUFFIX):
                        continue
                    if len(names) >= MOST_ENTRIES:
                        raise VioletError(f"{self.path} holds more than {MOST_ENTRIES:,} attestations.", _SEVERAL)
                    names.append(entry.name)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise VioletError(f"The attestations in {self.path} cannot be read: {error.strerror}.") from error
        return sorted(names)

    def write(self, kind: str, subject: Digest, content: bytes) -> str:
        return write_once(os.path.join(self.path, file_name(kind, subject, content)), content)

    def blob(self, digest: Digest) -> bytes | None:
        if digest.algorithm != "sha256" or not re.fullmatch("[0-9a-f]{64}", digest.value):
            return None
        found = read(os.path.join(self.path, "blobs", "sha256", digest.value), LARGEST_BLOB)
        return found.content if not found.problem and dsse.content_digest(found.content) == digest else None

    def write_blob(self, content: bytes) -> Digest:
        digest = dsse.content_digest(content)
        write_once(os.path.join(self.path, "blobs", "sha256", digest.value), content)
        return digest


def beside(path: str, directory: str = "") -> DirectoryStore:
    """The store of one artifact; ``directory``, where it is set, is for all artifacts."""
    if directory:
        return DirectoryStore(directory, shared=True)
    return DirectoryStore(stem(path) + BESIDE)


def file_name(kind: str, subject: Digest, content: bytes) -> str:
    """``kind`` is a predicate's short name or URI."""
    words = _NOT_WORDS.sub("-", kind.lower()).strip("-")[-60:].strip("-") or "statement"
    return f"{words}-{subject.value[:DIGITS]}-{hashlib.sha256(content).hexdigest()[:DIGITS]}{SUFFIX}"


def read(path: str, largest: int = dsse.LARGEST) -> Stored:
    """A regular file within bounds. Links are not followed: what lies in a store is the store's own."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        link = os.path.islink(path)
        return Stored(path, b"", "it is a link" if link else f"it cannot be read: {error.strerror}")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return Stored(path, b"", "it is no regular file")
    with open(descriptor, "rb") as file:
        try:
            content = file.read(largest + 1)
        except OSError as error:
            return Stored(path, b"", f"it cannot be read: {error.strerror}")
    if len(content) > largest:
        return Stored(path, b"", f"it is larger than {largest:,} bytes")
    return Stored(path, content)


def write_once(path: str, content: bytes) -> str:
    """Write a file that is named after its content: whole, on the disk, or not at all.

    Where the system has files without a name, the file gets its name when it is complete, so that not even a
    killed process leaves a piece behind. Raises ``UsageError``.
    """
    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        if not _link_unnamed(folder, path, content):
            with whole_file(path) as file:
                file.write(content)
        sync_directory(folder)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.", "Make its directory writable, or choose another one."
        ) from error
    return path


def _link_unnamed(folder: str, path: str, content: bytes) -> bool:
    if not hasattr(os, "O_TMPFILE") or not os.path.isdir("/proc/self/fd"):
        return False
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o644)
    except OSError:
        return False  # not every file system can; whether the directory is writable shows on the other way
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
        try:
            os.link(f"/proc/self/fd/{descriptor}", path, follow_symlinks=True)
        except FileExistsError:
            return read(path).content == content
        except OSError:
            return False
    return True


def replace_file(path: str, content: bytes) -> None:
    """Write a file that may be there already, in one step. Raises ``UsageError``."""
    folder = os.path.dirname(path) or "."
    try:
        os.makedirs(folder, exist_ok=True)
        with whole_file(path) as file:
            file.write(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
