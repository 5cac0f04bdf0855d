"""Signatures and keys on the disk: read within bounds, and written whole or not at all."""

from __future__ import annotations

import errno
import os
import re
import stat

from violet.domain import UsageError, VioletError
from violet.provenance.identity import base_name, stem

SIGNATURE_SUFFIX = ".sig"
DATA_SUFFIX = ".data.json"
DIGITS = 16
"""Of the signature, and of the description of a data set, of the artifact ``P``: ``P.sig``, ``P.data.json``."""


def signature_path(path: str) -> str:
    """Where the signature of an artifact lies: beside it."""
    return beside(path, SIGNATURE_SUFFIX)


def kept_path(path: str, suffix: str, directory: str, digest: str) -> str:
    """Where a file about this content of the artifact lies in a ``directory`` for many: ``NAME-DIGEST.sig``, with the
    first digits of the hexadecimal ``digest``, so that two models of one name do not share it.

    In a directory within the artifact it has no digest, for its name decides what is left out of what is signed.
    """
    plain = beside(path, suffix, directory)
    if inside(path, plain):
        return plain
    return f"{plain.removesuffix(suffix)}-{digest[:DIGITS]}{suffix}"


def kept_signatures(path: str, directory: str) -> dict[str, str]:
    """The signatures in ``directory`` of artifacts that are called like this one, as path and digits; the one without
    digits (``""``) last. Raises ``VioletError`` for a directory that cannot be read."""
    plain = beside(path, SIGNATURE_SUFFIX, directory)
    name = os.path.basename(plain).removesuffix(SIGNATURE_SUFFIX)
    pattern = re.compile(rf"{re.escape(name)}-([0-9a-f]{{{DIGITS}}}){re.escape(SIGNATURE_SUFFIX)}")
    try:
        matches = [match for entry in sorted(os.listdir(directory)) if (match := pattern.fullmatch(entry))]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise VioletError(f"The signatures in {directory} cannot be read: {error.strerror}.") from error
    found = {os.path.join(directory, match[0]): match[1] for match in matches}
    return {**found, plain: ""} if os.path.lexists(plain) else found


def beside(path: str, suffix: str, directory: str = "") -> str:
    """Where a file about the artifact ``path`` lies: beside it, never inside, or in ``directory``."""
    return (os.path.join(directory, base_name(path)) if directory else stem(path)) + suffix


def inside(path: str, *others: str) -> tuple[str, ...]:
    """Those of ``others`` that lie inside the directory ``path``, relative to it."""
    root = os.path.realpath(path)
    found = []
    for other in others:
        folder, name = os.path.split(os.path.abspath(other))
        relative = os.path.relpath(os.path.join(os.path.realpath(folder), name), root)
        if relative != "." and relative.split(os.sep)[0] != "..":
            found.append(relative.replace(os.sep, "/"))
    return tuple(found)


def read_bounded(path: str, largest: int) -> bytes | None:
    """The content of a regular file; ``None`` where it is larger. Raises ``OSError``; a pipe or a device is one."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        content = file.read(largest + 1)
    return content if len(content) <= largest else None


def write_whole(path: str, content: bytes, *, mode: int = 0o644, replace: bool = True) -> None:
    """Put a file in place in one step, on the disk by then.

    Where the system can (Linux), the file has no name until it is complete, so that nothing is left even of a
    process that is killed. Raises ``UsageError`` for a place that cannot be written to, and ``FileExistsError`` where
    there is a file already and ``replace`` is false.
    """
    folder = os.path.dirname(path) or "."
    try:
        place = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        if not replace and os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, "it exists already", path)
        _write(place, folder, os.path.basename(path), content, mode, replace)
        os.fsync(place)
    except FileExistsError:
        raise
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        os.close(place)


def check_writable(path: str) -> None:
    """Raise ``UsageError`` early for a place where no file can be written, before hours of hashing."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise UsageError(f"The directory {folder} does not exist.", "Make it, or write somewhere else.")
    if os.path.isdir(path):
        raise UsageError(f"{path} is a directory.", "Give the name of a file: --signature FILE")
    if os.path.lexists(path) and not stat.S_ISREG(os.lstat(path).st_mode):
        raise UsageError(f"{path} is not a regular file, and is not replaced.", "Write somewhere else.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unwritable(path, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
    if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
        raise _unwritable(path, OSError(errno.EROFS, os.strerror(errno.EROFS)))


def _write(place: int, folder: str, name: str, content: bytes, mode: int, replace: bool) -> None:
    descriptor = _nameless(folder)
    temporary = ""
    try:
        if descriptor < 0:
            import tempfile

            descriptor, full = tempfile.mkstemp(prefix=f".{name}.", suffix=".tmp", dir=folder)
            temporary = os.path.basename(full)
        _fill(descriptor, content, mode)
        if not temporary and not replace:
            _link(descriptor, name, place)
            return
        if not temporary:
            try:
                _link(descriptor, name, place)
                return
            except FileExistsError:
                temporary = f".{name}.{os.getpid()}.tmp"
                _link(descriptor, temporary, place)
        if replace:
            os.replace(temporary, name, src_dir_fd=place, dst_dir_fd=place)
            temporary = ""
        else:
            os.link(temporary, name, src_dir_fd=place, dst_dir_fd=place)
    finally:
        if descriptor >= 0:
            os.close(descriptor)
        if temporary:
            os.unlink(temporary, dir_fd=place)


def _nameless(folder: str) -> int:
    """A file without a name; -1 where the system or the file system has none."""
    flag = getattr(os, "O_TMPFILE", 0)
    if not flag or not os.path.isdir("/proc/self/fd"):
        return -1
    try:
        return os.open(folder, os.O_WRONLY | os.O_CLOEXEC | flag, 0o600)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            return -1
        raise


def _link(descriptor: int, name: str, place: int) -> None:
    # Given a directory's descriptor, Python calls linkat, which can follow the link that /proc shows.
    os.link(f"/proc/self/fd/{descriptor}", name, src_dir_fd=place, dst_dir_fd=place, follow_symlinks=True)


def _fill(descriptor: int, content: bytes, mode: int) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]
    # As the file would have been made: the umask takes away, here as well.
    mask = os.umask(0o077)
    os.umask(mask)
    os.fchmod(descriptor, mode & ~mask)
    os.fsync(descriptor)


def _unwritable(path: str, error: OSError) -> VioletError:
    return UsageError(f"{path} cannot be written: {error.strerror}.", "Write somewhere else: --signature FILE")
