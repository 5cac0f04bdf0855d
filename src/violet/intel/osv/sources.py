"""Reading exports: archives, directories and files of OSV entries, within bounds.

Names of archive members serve for messages only: nothing is ever written by them.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from violet.domain.errors import UsageError

LARGEST_ENTRY = 32 << 20
"""Bytes of the JSON of one entry."""

LARGEST_FILE = 1 << 30
"""Bytes of one JSON document that holds many entries; larger ones can be JSON lines."""

MOST_MEMBERS = 5_000_000
HIGHEST_RATIO = 200
"""Bytes that all members of an archive may expand to, by each byte of the archive (real exports: 3 to 15)."""

_SLACK = 64 << 20
_SUFFIXES = (".json", ".jsonl", ".ndjson")


class SourceError(UsageError):
    """A file that is no export of advisories, or whose bounds are exceeded. Nothing of it is imported."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One JSON value of a source, or why there is none: ``place`` is where it stands, for messages."""

    place: str
    value: Any = None
    problem: str = ""


def digest_of(path: str) -> str:
    """SHA-256 of a file; of a directory: of the names and digests of its JSON files."""
    found = hashlib.sha256()
    if not os.path.isdir(path):
        with _opened(path) as file:
            while chunk := file.read(1 << 20):
                found.update(chunk)
        return f"sha256:{found.hexdigest()}"
    for name in _files(path):
        inner = digest_of(os.path.join(path, name))
        found.update(f"{inner}  {name}\n".encode("utf-8", "surrogateescape"))
    return f"sha256:{found.hexdigest()}"


def size_of(path: str) -> int:
    """How many entries there will be at most, as far as that can be told quickly; for progress only."""
    if os.path.isdir(path):
        return len(_files(path))
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return len(archive.infolist())
    return 0


def read_source(path: str) -> Iterator[Raw]:
    """The JSON values of an archive, a directory or a file. Raises ``SourceError``."""
    if os.path.isdir(path):
        return _directory(path)
    with _opened(path) as file:
        head = file.read(4)
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return _archive(path)
    return _file(path)


def _directory(path: str) -> Iterator[Raw]:
    names = _files(path)
    if not names:
        raise SourceError(f"The directory {path} holds no JSON files.", "Give the directory with one file an entry.")
    for name in names:
        whole = os.path.join(path, name)
        if name.endswith((".jsonl", ".ndjson")):
            yield from _lines(whole, name)
        elif os.path.getsize(whole) > LARGEST_ENTRY:
            yield Raw(name, problem=f"it has more than {LARGEST_ENTRY >> 20} MiB")
        else:
            with _opened(whole) as file:
                yield from _values(name, file.read())


def _files(path: str) -> list[str]:
    """JSON files below a directory, in order; links are not followed."""
    found = []
    for parent, folders, names in os.walk(path):
        folders.sort()
        for name in names:
            whole = os.path.join(parent, name)
            if name.endswith(_SUFFIXES) and stat.S_ISREG(os.lstat(whole).st_mode):
                found.append(os.path.relpath(whole, path))
    return sorted(found)


def _archive(path: str) -> Iterator[Raw]:
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise SourceError(f"{path} is a damaged archive: {error}.", "Download it again.") from error
    with archive:
        members = [member for member in archive.infolist() if member.filename.endswith(_SUFFIXES)]
        _check_bounds(path, members)
        if not members:
            raise SourceError(f"The archive {path} holds no JSON files.", "Give an export with one entry a file.")
        for member in members:
            yield from _member(archive, member)


def _check_bounds(path: str, members: list[zipfile.ZipInfo]) -> None:
    size = os.path.getsize(path)
    if len(members) > MOST_MEMBERS:
        raise SourceError(f"The archive {path} has {len(members):,} members.", "No export has that many.")
    if sum(member.compress_size for member in members) > size:
        raise SourceError(f"Members of the archive {path} overlap: it is no honest export.", "Do not use it.")
    if sum(member.file_size for member in members) > size * HIGHEST_RATIO + _SLACK:
        raise SourceError(f"The archive {path} expands to over {HIGHEST_RATIO} times its size.", "Do not use it.")


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[Raw]:
    place = member.filename
    if member.flag_bits & 1:
        yield Raw(place, problem="it is encrypted")
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield Raw(place, problem="it is compressed in a way that exports are not")
    elif member.file_size > LARGEST_ENTRY:
        yield Raw(place, problem=f"it has more than {LARGEST_ENTRY >> 20} MiB")
    else:
        try:
            with archive.open(member) as file:
                content = file.read(LARGEST_ENTRY + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError) as error:
            yield Raw(place, problem=f"it is damaged ({error})")
            return
        if len(content) > LARGEST_ENTRY:
            yield Raw(place, problem=f"it has more than {LARGEST_ENTRY >> 20} MiB")
        elif place.endswith((".jsonl", ".ndjson")):
            for number, line in enumerate(content.splitlines(), 1):
                if line.strip():
                    yield from _values(f"{place}:{number}", line)
        else:
            yield from _values(place, content)


def _file(path: str) -> Iterator[Raw]:
    name = os.path.basename(path)
    if name.endswith((".jsonl", ".ndjson")):
        yield from _lines(path, name)
        return
    if os.path.getsize(path) > LARGEST_FILE:
        raise SourceError(f"{path} has more than {LARGEST_FILE >> 30} GiB.", "Give it as JSON lines, or as an archive.")
    with _opened(path) as file:
        content = file.read(LARGEST_FILE + 1)
    yield from _values(name, content)


def _lines(path: str, name: str) -> Iterator[Raw]:
    with _opened(path) as file:
        number = 0
        while line := file.readline(LARGEST_ENTRY + 1):
            number += 1
            if len(line) > LARGEST_ENTRY:
                raise SourceError(f"Line {number} of {path} has more than {LARGEST_ENTRY >> 20} MiB.")
            if line.strip():
                yield from _values(f"{name}:{number}", line)


def _values(place: str, content: bytes) -> Iterator[Raw]:
    """The value of a JSON text; the items, where it is a list of them."""
    try:
        value = json.loads(content)
    except RecursionError:
        yield Raw(place, problem="it nests too deeply")
        return
    except ValueError as error:
        yield Raw(place, problem=f"it is no JSON ({error})")
        return
    if isinstance(value, list):
        for number, item in enumerate(value, 1):
            yield Raw(f"{place} item {number}", item)
    else:
        yield Raw(place, value)


def _opened(path: str) -> BinaryIO:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would keep us waiting
            raise SourceError(f"{path} is no regular file.", "Give a downloaded export.")
        return open(path, "rb")
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.", "Give a downloaded export.") from error
