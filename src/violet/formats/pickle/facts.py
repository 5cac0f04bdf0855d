"""What the pickle machine saw in one file: the words that the checks judge by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.pickle.values import Call, Global, Value


@dataclass(slots=True, eq=False, repr=False)
class Oddity:
    """Something no pickler writes.

    ``kind``: ``computed-import`` (a name that is the result of a computation), ``computed-call`` (a call
    of something that was itself computed), ``patched`` (state given to a class, function or module),
    ``planted-method`` (state that plants a method which the unpickler itself calls), ``extension``
    (a name taken from the process-wide extension registry), ``out-of-band`` (a buffer that the loader
    must supply), ``oversized`` (a length or memo index far beyond the file), ``frame`` (a frame or
    an array whose extent cannot be told, or that lies about it).
    """

    kind: str
    offset: int
    evidence: str
    key: str


@dataclass(slots=True, eq=False, repr=False)
class CodeObject:
    """Code carried by value: ``maker`` builds it, ``words`` are the strings found in it."""

    maker: str
    offset: int
    evidence: str
    words: tuple[str, ...]


@dataclass(slots=True, eq=False, repr=False)
class Stream:
    """One pickle, from ``start`` to ``end`` (byte offsets in its source).

    ``broken`` says why the real unpickler stops early, ``""`` where it reaches STOP. What is recorded
    was executed before that point.
    """

    start: int
    end: int = 0
    protocol: int = 0
    broken: str = ""
    result: Value = None
    globals: list[Global] = field(default_factory=list)
    computed_calls: list[Call] = field(default_factory=list)
    oddities: list[Oddity] = field(default_factory=list)
    code: list[CodeObject] = field(default_factory=list)
    nested: list[tuple[int, int]] = field(default_factory=list)
    """Constants that look like pickles themselves: offset, length."""
    recoded: list[tuple[int, int, bytes | None]] = field(default_factory=list)
    """Bytes that stand in the stream as text (protocol 2 writes them so): offset and length of the text, and
    the bytes where they are few."""
    storages: dict[str, tuple[str, int]] = field(default_factory=dict)
    """torch storages named by persistent ids: key to (storage type, number of elements)."""
    arrays: int = 0
    """Arrays whose bytes stand between the opcodes (joblib)."""

    @property
    def acts(self) -> bool:
        """Whether anything was imported or called."""
        return bool(self.globals or self.computed_calls or self.oddities)


@dataclass(slots=True, eq=False, repr=False)
class PickleFacts:
    """Everything one file or member holds as pickle streams; ``end`` is where the last one ends."""

    streams: list[Stream] = field(default_factory=list)
    end: int = 0
    flavour: str = "pickle"
    """``pickle``, ``joblib`` (raw arrays between the opcodes) or ``torch_legacy`` (raw storages behind)."""
    untrusted: list[tuple[Stream, Global]] | None = None
    """What the checks found to be covered by no allow-list, for the next check to use."""
