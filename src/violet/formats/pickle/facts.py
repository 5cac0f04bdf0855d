"""What the pickle machine saw in one file: the words that the checks judge by."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.formats.pickle.values import Call, Global, Value


class Oddity:
    """Something no pickler writes.

    ``kind``: ``computed-import`` (a name that is the result of a computation), ``computed-call`` (a call
    of something that was itself computed), ``patched`` (state given to a class, function or module),
    ``planted-method`` (state that plants a method which the unpickler itself calls), ``extension``
    (a name taken from the process-wide extension registry), ``out-of-band`` (a buffer that the loader
    must supply), ``oversized`` (a length or memo index far beyond the file), ``frame`` (a frame or
    an array whose extent cannot be told, or that lies about it).
    """

    __slots__ = ("evidence", "key", "kind", "offset")

    def __init__(self, kind: str, offset: int, evidence: str, key: str) -> None:
        self.kind = kind
        self.offset = offset
        self.evidence = evidence
        self.key = key


class CodeObject:
    """A call with which a stream rebuilds code that it carries by value: ``maker`` is what is called."""

    __slots__ = ("made", "maker", "offset")

    def __init__(self, maker: str, offset: int, made: Call) -> None:
        self.maker = maker
        self.offset = offset
        self.made = made


class Stream:
    """One pickle, from ``start`` to ``end`` (byte offsets in its source).

    ``broken`` says why the real unpickler stops early, ``""`` where it reaches STOP. What is recorded
    was executed before that point.
    """

    __slots__ = (
        "arrays",
        "broken",
        "code",
        "computed_calls",
        "end",
        "globals",
        "more_code",
        "nested",
        "oddities",
        "protocol",
        "recoded",
        "result",
        "start",
        "storages",
    )

    nested: list[tuple[int, int]]
    """Constants that look like pickles themselves: offset, length."""
    recoded: list[tuple[int, int, bytes | None]]
    """Bytes that stand in the stream as text (protocol 2 writes them so): offset and length of the text, and
    the bytes where they are few."""
    storages: dict[str, tuple[str, int]]
    """torch storages named by persistent ids: key to (storage type, number of elements)."""
    more_code: bool
    """Whether the stream carries more code than is kept."""
    arrays: int
    """Arrays whose bytes stand between the opcodes (joblib)."""

    def __init__(
        self,
        start: int,
        end: int = 0,
        protocol: int = 0,
        broken: str = "",
        result: Value = None,
        globals: list[Global] | None = None,
        computed_calls: list[Call] | None = None,
        oddities: list[Oddity] | None = None,
        code: list[CodeObject] | None = None,
        nested: list[tuple[int, int]] | None = None,
        recoded: list[tuple[int, int, bytes | None]] | None = None,
        storages: dict[str, tuple[str, int]] | None = None,
        arrays: int = 0,
    ) -> None:
        self.start = start
        self.end = end
        self.protocol = protocol
        self.broken = broken
        self.result = result
        self.globals = [] if globals is None else globals
        self.computed_calls = [] if computed_calls is None else computed_calls
        self.oddities = [] if oddities is None else oddities
        self.code = [] if code is None else code
        self.more_code = False
        self.nested = [] if nested is None else nested
        self.recoded = [] if recoded is None else recoded
        self.storages = {} if storages is None else storages
        self.arrays = arrays

    @property
    def acts(self) -> bool:
        """Whether anything was imported or called."""
        return bool(self.globals or self.computed_calls or self.oddities)


class PickleFacts:
    """Everything one file or member holds as pickle streams; ``end`` is where the last one ends."""

    __slots__ = ("end", "flavour", "remarkable", "streams", "untrusted")

    flavour: str
    """``pickle``, ``joblib`` (raw arrays between the opcodes) or ``torch_legacy`` (raw storages behind)."""
    untrusted: list[tuple[Stream, Global]] | None
    """What the checks found to be covered by no allow-list, for the next check to use."""

    def __init__(
        self,
        streams: list[Stream] | None = None,
        end: int = 0,
        flavour: str = "pickle",
        untrusted: list[tuple[Stream, Global]] | None = None,
    ) -> None:
        self.streams = [] if streams is None else streams
        self.end = end
        self.flavour = flavour
        self.untrusted = untrusted
        self.remarkable: bool | None = None
        """Whether the checks have anything to say; ``None``: nobody has asked yet."""
