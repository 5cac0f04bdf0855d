"""The bounded reader of .npy: magic, version, a Python literal, the elements (or a pickle of them).

Layout from ``numpy/lib/_format_impl.py`` (NEP 1, versions 1.0 to 3.0). NumPy evaluates the header with
``ast.literal_eval``, whose cost is not bounded by the length of what it is given; here a small parser
reads just the literals a header can hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.formats.base import Child, Parsed, Relation
from violet.formats.tensors.layout import hidden, note, shown

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_HEADER = 1 << 16
_MOST_DEPTH = 24
_TOKEN = re.compile(
    r"\s*(?:(?P<punctuation>[{}()\[\],:])"
    r"|(?P<number>-?\d{1,20})L?(?![\w.])"
    r"|(?P<word>True|False|None)\b"
    r"|[uU]?'(?P<single>(?:[^'\\\n]|\\.)*)'"
    r'|[uU]?"(?P<double>(?:[^"\\\n]|\\.)*)"'
    r"|(?P<end>$))"
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_SIMPLE = re.compile(r"[<>=|]?([?bBhHiuIlLqQpPefdgFDGcSaUVmMOT])(\d{0,12})(?:\[[\w/ ]{1,20}\])?")
_WIDTHS = {
    "?": 1, "b": 1, "B": 1, "c": 1, "h": 2, "H": 2, "e": 2, "i": 4, "u": 4, "I": 4, "f": 4, "l": 8, "L": 8,
    "q": 8,
    "Q": 8, "p": 8, "P": 8, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "m": 8, "M": 8, "O": 8, "T": 16,
}  # fmt: skip

Literal = str | int | bool | None | tuple["Literal", ...] | list["Literal"] | dict[str, "Literal"]


class LiteralError(ValueError):
    """The text is not one of the literals that an array's header may hold."""


@dataclass(frozen=True, slots=True)
class DType:
    """``size`` in bytes of one element, and whether some part of it is a Python object."""

    size: int
    objects: bool


@dataclass(slots=True)
class NpyFacts:
    """The header; ``data`` is where the elements, or the pickle of them, begin."""

    version: tuple[int, int]
    descr: str = ""
    shape: tuple[int, ...] = ()
    objects: bool = False
    data: int = 0


def read_array(source: Source, reading: Reading) -> Parsed:
    """The elements of an object array are a pickle: they are given as a child to be read as one.

    ``np.save`` called again on the same open file is the documented way to store several arrays, so
    arrays that follow one another are read on; the facts are those of the first.
    """
    parsed = Parsed()
    start = 0
    while start >= 0:
        reading.meter.operate(1)
        start = _one(source, start, parsed)
    return parsed


def _one(source: Source, start: int, parsed: Parsed) -> int:
    """Read the array at ``start``; gives where the next one begins, or -1."""
    head = source.read(start, 12)
    version = (head[6], head[7]) if len(head) >= 8 else (0, 0)
    facts = NpyFacts(version)
    if parsed.facts is None:
        parsed.facts = facts
    if version not in ((1, 0), (2, 0), (3, 0)):
        kind = "truncated" if len(head) < 8 else "malformed"
        note(parsed, kind, f"Version {version[0]}.{version[1]} of .npy does not exist.", start + 6, "version")
        _rescue(source, start, parsed)
        return -1
    width = 2 if version == (1, 0) else 4
    length = int.from_bytes(head[8 : 8 + width], "little")
    begin = start + 8 + width
    facts.data = begin + length
    if facts.data > source.size or length > MOST_HEADER:
        kind = "truncated" if length <= MOST_HEADER else "malformed"
        text = f"The header should be {length:,} bytes long; {max(source.size - begin, 0):,} are left"
        text += ", and NumPy reads 10,000 unless told otherwise." if kind == "malformed" else "."
        note(parsed, kind, text, start + 8, "header-length")
        _rescue(source, start, parsed)
        return -1
    raw = source.read(begin, length)
    try:
        return _header(raw.decode("utf-8" if version == (3, 0) else "latin-1"), facts, source, parsed)
    except ValueError as error:
        # A call where only literals may stand is made for a reader that evaluates the header.
        kind = "contradiction" if re.search(rb"\w\s*\(", raw) else "malformed"
        note(parsed, kind, f"The header is not a plain literal: {error}.", begin, "header")
        _rescue(source, start, parsed)
    return -1


def _rescue(source: Source, start: int, parsed: Parsed) -> None:
    """Look for a pickle in an array whose header cannot be read: some loader may be less strict."""
    data = source.read(start + 6, MOST_HEADER)
    found = re.search(rb"\x80[\x02-\x05](?=[\x95c}\](\x8cX])", data)
    if found:
        offset = start + 6 + found.start()
        window = source.window(offset, source.size - offset)
        parsed.children.append(Child("pickle", window, Relation.HIDDEN, "pickle", offset))


def _header(text: str, facts: NpyFacts, source: Source, parsed: Parsed) -> int:
    value = parse_literal(text)
    if not isinstance(value, dict):
        raise LiteralError("it is not a dictionary")
    if set(value) != {"descr", "fortran_order", "shape"}:
        note(parsed, "malformed", f"The header has the keys {shown(', '.join(map(str, value)))}.", 10, "keys")
    shape = value.get("shape", ())
    if not isinstance(shape, tuple | list) or not all(type(n) is int and n >= 0 for n in shape):
        raise LiteralError("the shape is not a tuple of sizes")
    facts.shape = tuple(n for n in shape if isinstance(n, int))
    descr = value.get("descr")
    facts.descr = str(descr)[:400]
    dtype = element(descr)
    facts.objects = dtype.objects
    if dtype.objects:
        payload = source.window(facts.data, source.size - facts.data)
        if payload.size:
            child = Child("pickle", payload, Relation.NESTED, "pickle", facts.data)
            parsed.children.append(child)
        else:
            note(parsed, "truncated", "The pickle of the elements is missing.", facts.data, "payload")
        return -1
    needed = dtype.size
    for extent in facts.shape:
        needed *= extent
    return _payload(needed, facts, source, parsed)


def _payload(needed: int, facts: NpyFacts, source: Source, parsed: Parsed) -> int:
    left = source.size - facts.data
    if needed > left:
        what = f"{shown(facts.descr)} {list(facts.shape)[:8]}"
        text = f"The array of {what} needs {needed:,} bytes, {left:,} are left."
        kind = "out-of-bounds" if needed >= 1 << 60 else "truncated"
        note(parsed, kind, text, facts.data, "payload")
    elif needed < left:
        after = facts.data + needed
        if source.read(after, 6) == b"\x93NUMPY":
            return after
        hidden(parsed, source, after, left - needed, "after the elements")
    return -1


def element(descr: Literal, depth: int = 0) -> DType:
    """What one element is. Raises ``LiteralError`` for what NumPy would not take as a type."""
    if depth > _MOST_DEPTH:
        raise LiteralError("its type is nested too deep")
    if isinstance(descr, str):
        return _named(descr)
    if isinstance(descr, tuple) and len(descr) == 2:
        inner = element(descr[0], depth + 1)
        return DType(inner.size * _repeats(descr[1]), inner.objects)
    if not isinstance(descr, list):
        raise LiteralError(f"{shown(str(descr))} is not a type")
    size, objects = 0, False
    for part in descr:
        if not isinstance(part, tuple) or len(part) not in (2, 3):
            raise LiteralError(f"{shown(str(part))} is not a field")
        inner = element(part[1], depth + 1)
        size += inner.size * (_repeats(part[2]) if len(part) == 3 else 1)
        objects = objects or inner.objects
    return DType(size, objects)


def _named(descr: str) -> DType:
    found = _SIMPLE.fullmatch(descr)
    if found is None:
        # Names and comma-separated lists are types for NumPy, though it never writes them.
        if "O" in descr or "object" in descr.lower():
            return DType(8, True)
        raise LiteralError(f"{shown(descr)} is not a type that arrays are saved with")
    code, digits = found[1], found[2]
    if code == "U":
        return DType(4 * int(digits or 0), False)
    if code in "SaV":
        return DType(int(digits or 0), False)
    return DType(int(digits) if digits else _WIDTHS[code], code in "OT")


def _repeats(shape: Literal) -> int:
    extents = shape if isinstance(shape, tuple | list) else (shape,)
    count = 1
    for extent in extents:
        if type(extent) is not int or extent < 0:
            raise LiteralError(f"{shown(str(shape))} is not a shape")
        count *= extent
    return count


def parse_literal(text: str) -> Literal:
    """The value of a Python literal of dictionaries with text keys, lists, tuples, texts, whole numbers,
    ``True``, ``False`` and ``None``. Raises ``LiteralError`` for everything else."""
    parser = _Literals(text)
    value = parser.value(0)
    if parser.kind != "end":
        raise LiteralError(f"something follows it: {shown(parser.token)}")
    return value


class _Literals:
    """One token of look-ahead over the text."""

    __slots__ = ("kind", "position", "text", "token")

    def __init__(self, text: str) -> None:
        self.text = text.rstrip(" \n\r\t\x00")
        self.position = 0
        self.kind = self.token = ""
        self.advance()

    def advance(self) -> None:
        found = _TOKEN.match(self.text, self.position)
        if found is None:
            raise LiteralError(f"{shown(self.text[self.position : self.position + 60])} is not a literal")
        self.kind = found.lastgroup or "end"
        self.token = found[self.kind] or ""
        self.position = found.end()

    def value(self, depth: int) -> Literal:
        if depth > _MOST_DEPTH:
            raise LiteralError("it is nested too deep")
        kind, token = self.kind, self.token
        self.advance()
        if kind == "number":
            return int(token)
        if kind == "word":
            return {"True": True, "False": False, "None": None}[token]
        if kind in ("single", "double"):
            return _ESCAPE.sub(_unescape, token) if "\\" in token else token
        if token == "{":
            return self._dictionary(depth)
        if token == "[":
            return self._items("]", depth)[0]
        if token == "(":
            items, commas = self._items(")", depth)
            return items[0] if len(items) == 1 and not commas else tuple(items)
        raise LiteralError(f"{shown(token or 'the end')} is not expected")

    def _items(self, closing: str, depth: int) -> tuple[list[Literal], int]:
        items: list[Literal] = []
        commas = 0
        while not self._at(closing):
            items.append(self.value(depth + 1))
            if not self._at(closing):
                self._take(",")
                commas += 1
        self.advance()
        return items, commas

    def _dictionary(self, depth: int) -> dict[str, Literal]:
        found: dict[str, Literal] = {}
        while not self._at("}"):
            key = self.value(depth + 1)
            if not isinstance(key, str) or key in found:
                raise LiteralError(f"{shown(str(key))} cannot be a key, or stands twice")
            self._take(":")
            found[key] = self.value(depth + 1)
            if not self._at("}"):
                self._take(",")
        self.advance()
        return found

    def _at(self, token: str) -> bool:
        return self.kind == "punctuation" and self.token == token

    def _take(self, token: str) -> None:
        if not self._at(token):
            raise LiteralError(f"{shown(self.token or 'the end')} stands where {token!r} should")
        self.advance()


def _unescape(found: re.Match[str]) -> str:
    code = found[1] or found[2] or found[3]
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 else "\ufffd"
    return {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}.get(found[4], found[4])
