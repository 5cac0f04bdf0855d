"""Digests of large files that did not change since they were last hashed.

A digest is believed for a file whose device, inode, size, time of modification and time of status change (both in
nanoseconds) are the ones it was computed for. The last of these cannot be set by whoever writes a file, so an
alteration shows, with two exceptions that are kept out: a file that was changed within the seconds before it was
hashed could change again within the same tick of the clock, and file systems whose times somebody else's machine
sets are not believed at all.

Each digest is a file of its own, written beside and renamed: processes need no lock, and one that is killed leaves
nothing that could be read. Digests are kept in ``$XDG_CACHE_HOME/violet/digests``.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SETTLED = 2_000_000_000
"""Nanoseconds for which a file must have been left alone. FAT counts in steps of two seconds; all others are finer."""

MOST = 16384
"""Entries that are kept; the oldest quarter goes when there are more. The directory then takes up to 64 MiB."""

LARGEST = 4096
"""Bytes of an entry."""

HEADER = "violet digest 1"

FOREIGN = (
    *("9p", "afs", "beegfs", "ceph", "cifs", "fuse", "glusterfs", "gpfs", "lustre", "nfs", "smb", "virtiofs", "vboxsf"),
    *("cramfs", "erofs", "exfat", "iso9660", "msdos", "ntfs", "romfs", "squashfs", "udf", "vfat"),
)
"""Beginnings of names of file systems whose inodes and times come from elsewhere: from another machine, or from whoever
made the image, who could make a second one with the same of both."""


class DigestCache:
    """The cache in ``directory``, which must be this user's alone. Whatever is wrong with it, hashing goes on."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.hits = 0
        self._foreign = _foreign_devices()
        self._usable = _private_directory(directory)

    def get(self, status: os.stat_result, labels: Sequence[str]) -> tuple[str, ...] | None:
        """The digests that are known for a file in this state, one for each label; ``None`` unless all are."""
        if not self._usable or not self._settled(status, time.time_ns()):
            return None
        found = self._read(self._path(status, labels), _key(status))
        digests = tuple(found.get(label, "") for label in labels)
        if not all(digests):
            return None
        self.hits += 1
        return digests

    def put(self, status: os.stat_result, labels: Sequence[str], digests: Sequence[str], started: int) -> None:
        """Remember digests of a file that was in this state before and after it was read, from ``started`` (ns
        since the epoch) on."""
        if not self._usable or not self._settled(status, started):
            return
        key = _key(status)
        path = self._path(status, labels)
        known = self._read(path, key) | dict(zip(labels, digests, strict=True))
        lines = "".join(f"{line}\n" for line in (HEADER, key, *(f"{label} {known[label]}" for label in sorted(known))))
        text = f"{lines}{hashlib.sha256(lines.encode()).hexdigest()}\n"
        if len(text) > LARGEST:
            return
        temporary = f"{path}.{os.getpid()}.{time.monotonic_ns()}.tmp"
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, text.encode())
            finally:
                os.close(descriptor)
            os.replace(temporary, path)
        except OSError:
            return
        self._prune()

    def _settled(self, status: os.stat_result, now: int) -> bool:
        """Whether the file was left alone for long enough, and lies where times can be believed."""
        return status.st_dev not in self._foreign and max(status.st_mtime_ns, status.st_ctime_ns) < now - SETTLED

    def _path(self, status: os.stat_result, labels: Sequence[str]) -> str:
        """One entry for the whole file, and one for each part (``sha256@0-1024``): threads remember parts of a file
        at once, and must not overwrite one another's."""
        part = labels[0].partition("@")[2]
        return os.path.join(self.directory, hashlib.sha256(f"{_key(status)} {part}".encode()).hexdigest())

    def _read(self, path: str, key: str) -> dict[str, str]:
        """Label and digest; nothing for an entry that is damaged or that somebody else could have written."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return {}
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or not _own(status) or status.st_size > LARGEST:
                return {}
            text = os.read(descriptor, LARGEST + 1).decode("ascii")
        except (OSError, ValueError):
            return {}
        finally:
            os.close(descriptor)
        lines = text.split("\n")
        if len(lines) < 5 or lines[0] != HEADER or lines[1] != key or lines[-1]:
            return {}
        if hashlib.sha256(text[: -len(lines[-2]) - 1].encode()).hexdigest() != lines[-2]:
            return {}
        pairs = (line.rpartition(" ") for line in lines[2:-2])
        return {label: digest for label, _, digest in pairs}

    def _prune(self) -> None:
        try:
            with os.scandir(self.directory) as entries:
                names = [entry.path for entry in entries]
            if len(names) <= MOST:
                return
            names.sort(key=lambda name: os.lstat(name).st_mtime_ns)
            for name in names[: len(names) - MOST * 3 // 4]:
                os.unlink(name)
        except OSError:
            return  # another process prunes, too


def user_cache() -> DigestCache:
    """This user's cache."""
    return DigestCache(os.path.join(_cache_home(), "violet", "digests"))


def _cache_home() -> str:
    home = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(home):  # the specification says to ignore relative ones
        return home
    if sys.platform == "darwin":
        return os.path.expanduser("~/Library/Caches")
    return os.path.expanduser("~/.cache")


def _private_directory(path: str) -> bool:
    """Make the directory where it is missing; whether it is this user's alone."""
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        if not os.path.isdir(path):
            os.mkdir(path, 0o700)
    except OSError:
        pass  # another process made it, or nobody can: the next lines tell
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and _own(status)


def _own(status: os.stat_result) -> bool:
    return status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _key(status: os.stat_result) -> str:
    fields = (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return " ".join(map(str, fields))


def _foreign_devices() -> frozenset[int]:
    """Devices of the mounted file systems whose times cannot be believed, images in files among them (Linux; elsewhere
    none is known)."""
    found = set()
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as mounts:
            for line in mounts:
                before, _, after = line.partition(" - ")
                words = after.split(" ")
                if after.startswith(FOREIGN) or (len(words) > 1 and words[1].startswith("/dev/loop")):
                    major, _, minor = before.split(" ")[2].partition(":")
                    found.add(os.makedev(int(major), int(minor)))
    except (OSError, ValueError, IndexError):
        pass
    return frozenset(found)
