"""What all archives have in common: members, names and links that stay inside, and the archives that are
recognised without being read."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from violet.formats.base import Probe
    from violet.formats.source import Source

ARCHIVES = ("zip", "tar", "sevenzip", "gzip", "bzip2", "xz", "lzma", "zlib", "zstd", "lz4", "zfile")
"""The formats whose defects the ``artifact/archive-*`` checks judge."""

MOST_NAMES = 20_000
"""Names that ``zip_names`` gives at most."""

MOST_PARTS = 512
"""Components of one path that are followed; no system accepts more."""
MOST_HOPS = 40
"""Links that are followed to find where one leads, as many as Linux follows."""


class Member:
    """One member of an archive.

    ``size`` is what it expands to and ``compressed`` what it takes in the archive, in bytes; ``offset``
    is where its header begins in the archive. ``source`` is its content, ``None`` where that cannot be
    had (encrypted, an unknown method, a directory).
    """

    __slots__ = ("compressed", "is_dir", "is_link", "link_target", "name", "offset", "size", "source")

    def __init__(
        self,
        name: str,
        size: int,
        compressed: int,
        offset: int,
        source: Source | None = None,
        is_dir: bool = False,
        is_link: bool = False,
        link_target: str = "",
    ) -> None:
        self.name = name
        self.size = size
        self.compressed = compressed
        self.offset = offset
        self.source = source
        self.is_dir = is_dir
        self.is_link = is_link
        self.link_target = link_target


class ArchiveFacts:
    """What an archive holds: ``kind`` is the format's id, ``members`` are in the order of its directory."""

    __slots__ = ("kind", "members")

    def __init__(self, kind: str, members: tuple[Member, ...]) -> None:
        self.kind = kind
        self.members = members


_names: tuple[Source, tuple[str, ...]] | None = None


def zip_names(probe: Probe) -> tuple[str, ...]:
    """The member names of a zip archive, those of its directory before those of its first local header;
    empty where the content is no zip archive. Cheap, worked out once for each source, never raises.

    Of a directory with more than ``MOST_NAMES`` entries or 4 MiB only the beginning is read.
    """
    global _names
    last = _names
    if last is not None and last[0] is probe.source:
        return last[1]
    from violet.formats.zip import directory_names, sniff

    found = directory_names(probe, MOST_NAMES) if sniff(probe) else ()
    _names = (probe.source, found)
    return found


def leaves(name: str) -> str:
    """Why a member of this name would be written outside the directory that an archive is unpacked to;
    ``""`` where it stays inside. Backslashes count as separators, as they do on Windows."""
    if ".." not in name and name[:1] not in "/\\" and name[1:2] != ":":
        return ""
    if name[:1] in ("/", "\\"):
        return "an absolute path"
    if _on_a_drive(name):
        return "a path with a drive"
    depth = 0
    for part in name.replace("\\", "/").split("/"):
        if part == "..":
            depth -= 1
            if depth < 0:
                return "a path that leads upward"
        elif part not in ("", "."):
            depth += 1
    return ""


def _on_a_drive(name: str) -> bool:
    return name[1:2] == ":" and name[0].isascii() and name[0].isalpha()


def normal_name(name: str) -> str:
    """The path that a member is written to, relative and with ``/``: what two names share when the later
    member overwrites the earlier."""
    if "\\" in name or "//" in name or "." in name[:2] or "/." in name or name[:1] == "/":
        return posixpath.normpath(name.replace("\\", "/").lstrip("/"))
    return name.rstrip("/")


def link_leaves(name: str, target: str, links: Mapping[str, str], *, hard: bool = False) -> str:
    """Why a link called ``name`` to ``target`` leads out of the archive; ``""`` where it stays inside.

    ``links`` maps the normalised names of the archive's symbolic links to their targets, so that one
    link cannot be used as a step out by the next. Targets of hard links count from the archive's root.
    """
    reason = leaves(target)
    if reason and reason != "a path that leads upward":
        return reason
    base = [] if hard else [p for p in normal_name(name).split("/")[:-1] if p][:MOST_PARTS]
    todo = [p for p in target.replace("\\", "/").split("/") if p not in ("", ".")][:MOST_PARTS]
    todo.reverse()
    hops = 0
    while todo:
        part = todo.pop()
        if part == "..":
            if not base:
                return "a path that leads upward"
            base.pop()
            continue
        base.append(part)
        onward = links.get("/".join(base))
        if onward is None or not todo:
            continue
        hops += 1
        if hops > MOST_HOPS:
            return ""
        if onward[:1] in ("/", "\\") or _on_a_drive(onward):
            return "another link that leads outside"
        base.pop()
        steps = [p for p in onward.replace("\\", "/").split("/") if p not in ("", ".")][:MOST_PARTS]
        todo.extend(reversed(steps))
    return ""


def _magic(*marks: bytes) -> Callable[[Probe], Certainty]:
    def sniff(probe: Probe) -> Certainty:
        return Certainty.CERTAIN if probe.head.startswith(marks) else Certainty.NO

    return sniff


def _sniff_iso(probe: Probe) -> Certainty:
    if probe.source.size < 34_816 or any(probe.head[:16]):
        return Certainty.NO
    return Certainty.CERTAIN if probe.source.read(32_769, 5) == b"CD001" else Certainty.NO


def _known(format_id: str, title: str, suffixes: tuple[str, ...], *marks: bytes) -> Format:
    return Format(format_id, title, suffixes, _magic(*marks), rank=60, first=bytes({mark[0] for mark in marks}))


FORMATS = (
    _known("rar", "RAR archive", (".rar",), b"Rar!\x1a\x07"),
    _known("cab", "Windows cabinet archive", (".cab",), b"MSCF\0\0\0\0"),
    _known("ar", "ar archive or Debian package", (".a", ".deb"), b"!<arch>\n", b"!<thin>\n"),
    _known("rpm", "RPM package", (".rpm",), b"\xed\xab\xee\xdb"),
    _known("squashfs", "SquashFS image", (".squashfs", ".sqsh"), b"hsqs", b"sqsh"),
    _known("cpio", "cpio archive", (".cpio",), b"070701", b"070702", b"070707"),
    _known("xar", "XAR archive", (".xar", ".pkg"), b"xar!"),
    _known("lzip", "lzip stream", (".lz",), b"LZIP\x01"),
    _known("unix-compress", "Unix compress stream", (".z",), b"\x1f\x9d"),
    _known("lzop", "lzop stream", (".lzo",), b"\x89LZO\0\r\n\x1a\n"),
    Format("iso9660", "ISO 9660 image", (".iso",), _sniff_iso, rank=60),
)
