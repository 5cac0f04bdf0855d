"""What a format is to the rest of Violet, and what reading one yields."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.source import Bounds, Meter, Source

HEAD = 4096
"""Bytes from the start of a source that every sniffer may look at without reading more."""


class Certainty(enum.IntEnum):
    """How sure a sniffer is. ``POSSIBLE`` counts only where nothing is more certain."""

    NO = 0
    POSSIBLE = 1
    """The content could be this, and the name says it is (or there is nothing better)."""
    LIKELY = 2
    """The structure fits: parsed a little, no magic number."""
    CERTAIN = 3
    """The magic number, or a structure that nothing else has."""


class Probe:
    """What sniffers look at. ``name`` is the base name (``model.pkl``), possibly empty."""

    __slots__ = ("_tail", "head", "name", "source", "suffix")

    suffix: str
    """The last suffix in lower case with its dot, or ``""``."""

    def __init__(self, source: Source, name: str, head: bytes) -> None:
        self.source = source
        self.name = name
        self.head = head
        self._tail: bytes | None = None
        dot = name.rfind(".")
        self.suffix = name[dot:].lower() if dot > 0 else ""

    @property
    def tail(self) -> bytes:
        """The last 66 KiB: as far as a zip end record with its longest comment can be from the end."""
        if self._tail is None:
            start = max(0, self.source.size - 67_584)
            self._tail = self.source.read(start, 67_584)
        return self._tail


class Relation(enum.StrEnum):
    """How a child came out of its parent."""

    MEMBER = "member"
    """A named member of an archive or container: the path shows ``parent!name``."""
    CONTENT = "content"
    """What a compressed wrapper holds: the path shows ``parent!name`` too."""
    NESTED = "nested"
    """Bytes inside a value that something may load on its own (a pickle within a pickle)."""
    HIDDEN = "hidden"
    """Bytes where the format says there should be none: before, between or after its parts."""
    TEXT = "text"
    """A text taken out of metadata (a chat template, a source text)."""


class Child:
    """Something inside that is examined on its own.

    ``format`` names a format to read it as without asking the sniffers (a chat template is one because
    of where it stands). ``offset`` is where it begins in the parent, where that has a meaning.
    """

    __slots__ = ("format", "name", "offset", "relation", "source")

    def __init__(
        self,
        name: str,
        source: Source,
        relation: Relation = Relation.MEMBER,
        format: str = "",
        offset: int | None = None,
    ) -> None:
        self.name = name
        self.source = source
        self.relation = relation
        self.format = format
        self.offset = offset


class Defect:
    """Where content breaks the rules of its format.

    ``kind`` is a slug that checks select by: ``truncated``, ``malformed`` (cannot be what it says),
    ``contradiction`` (two places that must agree do not), ``out-of-bounds`` (a reference past the end),
    ``overlap``, ``checksum``, ``hidden-data``, ``traversal``, ``link``, ``bomb``, ``encrypted``,
    ``unsupported`` (valid, but this reader does not look inside: what it holds stays unexamined).
    """

    __slots__ = ("evidence", "key", "kind", "message", "offset")

    def __init__(self, kind: str, message: str, offset: int | None = None, key: str = "", evidence: str = "") -> None:
        self.kind = kind
        self.message = message
        self.offset = offset
        self.key = key
        self.evidence = evidence


class Parsed:
    """What a reader saw: format-specific ``facts``, ``children`` to examine, ``defects``.

    ``unexamined`` says, in plain words, which parts could not be looked at.
    """

    __slots__ = ("children", "defects", "facts", "unexamined")

    def __init__(
        self,
        facts: object = None,
        children: list[Child] | None = None,
        defects: list[Defect] | None = None,
        unexamined: list[str] | None = None,
    ) -> None:
        self.facts = facts
        self.children = [] if children is None else children
        self.defects = [] if defects is None else defects
        self.unexamined = [] if unexamined is None else unexamined


class Reading:
    """What a reader may use besides the source.

    ``sibling(relative_posix_path)`` opens a file beside the one being read (in the directory on disk,
    or in the same archive); ``None`` where there is none or the path leads outside. ``siblings()``
    lists their relative paths, at most a few thousand.
    """

    __slots__ = ("bounds", "deep", "meter", "name", "sibling", "siblings")

    def __init__(
        self,
        name: str,
        bounds: Bounds,
        meter: Meter,
        deep: bool = False,
        sibling: Callable[[str], Source | None] = lambda _path: None,
        siblings: Callable[[], list[str]] = list,
    ) -> None:
        self.name = name
        self.bounds = bounds
        self.meter = meter
        self.deep = deep
        self.sibling = sibling
        self.siblings = siblings


def never(_probe: Probe) -> Certainty:
    """For formats that content is of because of where it stands."""
    return Certainty.NO


class Format:
    """One file format. ``formats/<name>.py`` holds ``FORMAT = Format(...)``: nothing else is touched.

    ``suffixes`` are the name endings under which this content is expected (lower case, with dot; whole
    names such as ``config.json`` without); ``executable`` says whether loading such content the usual
    way can run code; ``read`` is absent where Violet only knows the format's magic number: what is so
    identified is reported as not examined, unless it is ``inert`` (images, fonts, plain text).
    """

    __slots__ = ("executable", "first", "id", "inert", "rank", "read", "sniff", "suffixes", "textual", "title")

    first: bytes
    """The bytes with which such content can begin (empty: any): others are not asked about."""
    textual: bool
    """Whether such content holds no NUL bytes (unless a byte-order mark says that it is UTF-16)."""
    rank: int
    """Among equally certain formats the lower rank is the main one, the others are read as well."""

    def __init__(
        self,
        id: str,
        title: str,
        suffixes: tuple[str, ...],
        sniff: Callable[[Probe], Certainty],
        read: Callable[[Source, Reading], Parsed] | None = None,
        executable: bool = False,
        inert: bool = False,
        first: bytes = b"",
        textual: bool = False,
        rank: int = 50,
    ) -> None:
        self.id = id
        self.title = title
        self.suffixes = suffixes
        self.sniff = sniff
        self.read = read
        self.executable = executable
        self.inert = inert
        self.first = first
        self.textual = textual
        self.rank = rank
