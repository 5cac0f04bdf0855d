"""The commit that a directory's Git repository has checked out, read from its files: Git itself is not run.

Source: Git's own documentation, ``gitrepository-layout``: ``HEAD`` holds a commit or names a ref, refs are files or
lines of ``packed-refs``, and a work tree's ``.git`` may be a file that names the directory. Whether files were
changed since the commit is not looked at: that is what the digest of the directory is for.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

_LARGEST = 8 << 20
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"refs/[^\x00-\x20~^:?*\[\\\x7f]+")
_SECTION = re.compile(r'\[remote "origin"\]\s*\n(?P<body>(?:[ \t]+.*\n?|\s*\n)*)')
_URL = re.compile(r"^[ \t]+url\s*=\s*(\S+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Commit:
    """``digest`` is the commit's id; ``remote`` the address of ``origin`` without credentials (``""``: none)."""

    digest: str
    remote: str


def commit_of(directory: str) -> Commit | None:
    """The commit checked out in the repository that ``directory`` is in; ``None`` where there is none."""
    place = _repository(os.path.abspath(directory))
    if place is None:
        return None
    common = _text(os.path.join(place, "commondir")).strip()
    shared = os.path.normpath(os.path.join(place, common)) if common else place
    head = _text(os.path.join(place, "HEAD")).strip()
    digest = _resolved(head.removeprefix("ref:").strip(), place, shared) if head.startswith("ref:") else head
    if not _COMMIT.fullmatch(digest):
        return None
    return Commit(digest, _remote(_text(os.path.join(shared, "config"))))


def _repository(directory: str) -> str | None:
    while True:
        place = os.path.join(directory, ".git")
        if os.path.isfile(os.path.join(place, "HEAD")):
            return place
        if os.path.isfile(place):
            named = _text(place).removeprefix("gitdir:").strip()
            return os.path.normpath(os.path.join(directory, named)) if named else None
        parent = os.path.dirname(directory)
        if parent == directory:
            return None
        directory = parent


def _resolved(ref: str, place: str, shared: str) -> str:
    if not _REF.fullmatch(ref) or ".." in ref:
        return ""
    for root in dict.fromkeys((place, shared)):
        found = _text(os.path.join(root, *ref.split("/"))).strip()
        if _COMMIT.fullmatch(found):
            return found
    for line in _text(os.path.join(shared, "packed-refs")).splitlines():
        digest, _, name = line.partition(" ")
        if name == ref:
            return digest
    return ""


def _remote(configuration: str) -> str:
    section = _SECTION.search(configuration)
    url = _URL.search(section["body"]) if section else None
    if url is None:
        return ""
    try:
        parts = urlsplit(url[1])
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ssh", "git"):
        return ""
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _text(path: str) -> str:
    """The text of a regular file: opening a pipe would wait for whoever writes to it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace") if stat.S_ISREG(os.fstat(descriptor).st_mode) else ""
    except OSError:
        return ""
