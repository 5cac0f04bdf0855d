"""What the protocols share: JSON read within bounds, paths as servers see them, and rows out of nested values.

Readers differ about JSON that says something twice (RFC 8259, section 4): the guard would judge one row, and the model
answer about another. Such a body is not readable here.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import unquote

import msgspec
import numpy as np

from violet.runtime.wire.base import Ambiguous, Question, Unreadable

if TYPE_CHECKING:
    from violet.runtime.wire.base import Array, Values

DEPTH = 16
"""Lists within lists of the values of a row."""
NESTED = 64
"""Objects and lists within each other, in a whole document."""
SMALL = 1 << 16
"""Bytes of a body that cannot hold too many values, whatever is in it."""
LONG_PATH = 1024
"""Characters of a path that is worth remembering."""

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)
_SPACED = re.compile(rb"[ \t\r\n]:")
_HALF = re.compile(r"[\ud800-\udfff]")
_NESTING = {dict, list}
Some = TypeVar("Some")
Cell = float | str | None
CELLS = list[list[Cell]]
CELLS_BY_NAME = list[dict[str, Cell]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that is read of one body, so that none holds up the others for long: ``values`` are numbers, words,
    lists and objects of all rows together; ``containers`` are objects, and lists where they are not plain rows of
    numbers; ``quotes`` mark names and words; ``text`` is characters of all texts."""

    values: int = 2_000_000
    containers: int = 50_000
    quotes: int = 400_000
    text: int = 1 << 20


USUAL = Bounds()


def plain(path: str) -> str:
    """The path as servers see it: percent-encodings decoded once, without empty and dot segments (RFC 3986, sections
    2.4 and 5.2.4) and without a slash at its end. A server may be less kind; it then answers 404 to what is watched
    here, where the other way round a query would go by unwatched."""
    if "%" in path:
        path = unquote(path, errors="replace")
    if "//" not in path and "/." not in path:
        return path.rstrip("/")
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            kept = kept[:-1]
        elif segment not in ("", "."):
            kept.append(segment)
    return "".join(f"/{segment}" for segment in kept)


def by_path(find: Callable[[str], Some]) -> Callable[[str], Some]:
    """``find``, which remembers what it made of a path, unless that is too long to be worth remembering."""
    known = lru_cache(4096)(find)

    def found(path: str) -> Some:
        return known(path) if len(path) <= LONG_PATH else find(path)

    return found


def require_few(body: bytes, bounds: Bounds) -> None:
    """Raises ``Unreadable`` where the body holds more than may be read; what stands in texts counts."""
    if len(body) <= SMALL:
        return
    objects = body.count(b"{")
    if objects > bounds.containers:
        raise Unreadable(f"It holds more than {bounds.containers:,} objects.")
    if body.count(b",") + body.count(b"[") + objects > bounds.values:
        raise Unreadable(f"It holds more than {bounds.values:,} values.")
    if body.count(b'"') > bounds.quotes:
        raise Unreadable(f"It holds more than {bounds.quotes // 2:,} names and words.")


def document(body: bytes, bounds: Bounds = USUAL) -> Any:
    """The JSON value. ``NaN`` and ``Infinity`` are read, as Python's servers read and write them. Raises
    ``Unreadable``, and its ``Ambiguous`` where an object says the same name twice."""
    require_few(body, bounds)
    if len(body) > SMALL and body.count(b"[") > bounds.containers:
        raise Unreadable(f"It holds more than {bounds.containers:,} lists.")
    found = _loose(body)
    names = names_in(found)
    if body[:3] == b"\xef\xbb\xbf" or b"\0" in body[:4]:
        body = body.decode(json.detect_encoding(body)).encode()
    if body.count(b":") != names and not _says(body, names):
        raise Ambiguous("An object in it says the same name twice.")
    return found


def _says(body: bytes, names: int) -> bool:
    """Whether valid JSON says no more than so many names. Each stands before a colon; other colons are in texts. Where
    there is no white space before any colon, those after a quotation mark are at least as many as the names."""
    if not _SPACED.search(body) and body.count(b'":') == names:
        return True
    return _STRINGS.sub(b"", body).count(b":") == names


def _loose(body: bytes) -> Any:
    try:
        return _decode(body)
    except RecursionError:
        raise Unreadable("It is nested too deep.") from None
    except ValueError as error:
        said = str(error).rstrip(".")
    encoding = json.detect_encoding(body)  # Python's servers read UTF-16 and UTF-32, too, and a byte order mark
    if encoding == "utf-8" and b"NaN" not in body and b"Infinity" not in body:
        raise Unreadable(f"It is not JSON: {said}.")
    try:
        found = json.loads(body.decode(encoding))
    except RecursionError:
        raise Unreadable("It is nested too deep.") from None
    except ValueError as error:
        raise Unreadable(f"It is not JSON: {str(error).rstrip('.')}.") from None
    if any(_HALF.search(text) for text in texts_in(found)):
        raise Unreadable("It holds half a character.")
    return found


def _containers(value: Any) -> Iterator[list[Any]]:
    """Objects and lists, one level of depth after the other; without recursion, for depth is the sender's choice."""
    level = [value] if type(value) in (dict, list) else []
    while level:
        yield level
        deeper: list[Any] = []
        for one in level:
            inner = one.values() if type(one) is dict else one
            if not _NESTING.isdisjoint(map(type, inner)):
                deeper.extend(value for value in inner if type(value) in _NESTING)
        level = deeper


def names_in(value: Any) -> int:
    """Names in all objects of a document. Raises ``Unreadable`` where it is nested deeper than ``NESTED``."""
    names = 0
    for depth, level in enumerate(_containers(value)):
        if depth >= NESTED:
            raise Unreadable(f"It is nested deeper than {NESTED}.")
        names += sum(len(one) for one in level if type(one) is dict)
    return names


def texts_in(value: Any) -> Iterator[str]:
    """Names and texts of a document."""
    if type(value) is str:
        yield value
    for one in (one for level in _containers(value) for one in level):
        if type(one) is dict:
            yield from one
        yield from (inner for inner in (one.values() if type(one) is dict else one) if type(inner) is str)


def write(value: Any) -> bytes:
    """JSON, as compact as it can be. Numbers that are none are written as Python's servers write them. Raises
    ``Unreadable`` for numbers that nobody can hold."""
    try:
        return bytes(_encode(value)) if not _holds_none_number(value) else json.dumps(value).encode()
    except (ValueError, OverflowError, RecursionError) as error:
        raise Unreadable(f"It cannot be written anew: {str(error).rstrip('.')}.") from None


def _holds_none_number(value: Any) -> bool:
    if type(value) is float:
        return value - value != 0.0
    for one in (one for level in _containers(value) for one in level):
        inner = one.values() if type(one) is dict else one
        if any(type(number) is float and number - number != 0.0 for number in inner):
            return True
    return False


def depth_of(value: Any) -> int:
    """How deep the first values are nested in lists: 0 for a scalar."""
    depth = 0
    while type(value) is list:
        depth += 1
        if depth > DEPTH:
            raise Unreadable(f"Its rows are nested deeper than {DEPTH}.")
        value = value[0] if value else None
    return depth


def scalar(value: Any) -> Cell:
    """A value of a row: truth values as 0 and 1, encoded bytes as their text, what is nested as its JSON."""
    kind = type(value)
    if kind is float or kind is str or value is None:
        return value  # type: ignore[no-any-return]
    if kind is int or kind is bool:
        return as_float(value)
    if kind is dict and len(value) == 1 and type(value.get("b64")) is str:
        return from_base64(value["b64"])
    return write(value).decode("utf-8")


def as_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def from_base64(text: str) -> str:
    """The text that is encoded; the code itself where it is none."""
    try:
        return base64.b64decode(text, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return text


def even(rows: list[list[Any]]) -> list[list[Any]]:
    """The same rows. Raises ``Unreadable`` where they differ in length."""
    if len(rows) > 1:
        first = len(rows[0])
        if set(map(len, rows)) != {first}:
            odd = next(place for place, row in enumerate(rows) if len(row) != first)
            raise Unreadable(f"Row {odd} has {len(rows[odd])} values, row 0 has {first}.")
    return rows


def matrix(values: list[Any]) -> tuple[Values | Array, tuple[int, ...]]:
    """Rows out of nested lists, and the shape of one where it is more than a list: a list of scalars is a column.
    Raises ``Unreadable`` where rows differ in shape."""
    depth = depth_of(values)
    if depth <= 1:
        return [[scalar(value)] for value in values], ()
    if depth == 2:
        return even(flat_rows(values)), ()
    kind: Any = float | None
    for _ in range(depth):
        kind = list[kind]
    try:
        array = np.array(msgspec.convert(values, kind), dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise Unreadable("Its rows are no numbers, or differ in shape.") from None
    if array.ndim != depth:
        raise Unreadable("Its rows differ in shape.")
    return array.reshape(len(array), -1), array.shape[1:]


def flat_rows(values: list[Any]) -> list[list[Cell]]:
    """Lists of scalars. Raises ``Unreadable`` where one is no list."""
    try:
        return msgspec.convert(values, CELLS)
    except (ValueError, OverflowError):
        if not all(type(row) is list for row in values):
            raise Unreadable("Some of its rows are lists, and some are not.") from None
        return [[scalar(value) for value in row] for row in values]


def records(values: list[Any], bounds: Bounds) -> tuple[list[list[Cell]], tuple[str, ...]]:
    """Rows and names of columns out of objects. What one does not name is missing in its row; a list is as many
    columns, ``name[0]``, ``name[1]``, ..."""
    if not all(type(one) is dict for one in values):
        raise Unreadable("Some of its rows are objects, and some are not.")
    names = tuple(values[0])
    known = dict.fromkeys(names)
    for one in values:
        if len(one) != len(known) or not known.keys() >= one.keys():
            known.update(dict.fromkeys(one))
            if len(known) * len(values) > bounds.values:
                raise Unreadable(f"Its rows have more than {bounds.values:,} values together.")
    names = tuple(known)
    try:
        plain_rows = msgspec.convert(values, CELLS_BY_NAME)
    except (ValueError, OverflowError):
        if any(type(value) is list for one in values for value in one.values()):
            return _spread(values, names, bounds)
        return [[scalar(one.get(name)) for name in names] for one in values], names
    if all(map(names.__eq__, map(tuple, values))):
        return [list(one.values()) for one in plain_rows], names
    return [[one.get(name) for name in names] for one in plain_rows], names


def _spread(
    values: list[dict[str, Any]], names: tuple[str, ...], bounds: Bounds
) -> tuple[list[list[Cell]], tuple[str, ...]]:
    widths = dict.fromkeys(names, -1)
    flat = [
        {name: _flattened(value) if type(value) is list else value for name, value in one.items()} for one in values
    ]
    for one in flat:
        for name, value in one.items():
            if type(value) is list:
                widths[name] = max(widths[name], len(value))
    if sum(max(width, 1) for width in widths.values()) * len(values) > bounds.values:
        raise Unreadable(f"Its rows have more than {bounds.values:,} values together.")
    rows: list[list[Cell]] = []
    for one in flat:
        row: list[Cell] = []
        for name, width in widths.items():
            value = one.get(name)
            if width < 0:
                row.append(scalar(value))
                continue
            cells = value if type(value) is list else [value]
            if len(cells) > max(width, 1):
                raise Unreadable(f"{name!r} differs in shape from row to row.")
            row.extend(scalar(cell) for cell in cells)
            row.extend([None] * (width - len(cells)))
        rows.append(row)
    columns: list[str] = []
    for name, width in widths.items():
        columns.extend([name] if width in (-1, 1) else [f"{name}[{place}]" for place in range(width)])
    return even(rows), tuple(columns)


def _flattened(value: list[Any]) -> list[Any]:
    """Scalars of nested lists, in order; without recursion."""
    found: list[Any] = []
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is list:
            waiting.extend(reversed(one))
        else:
            found.append(one)
    return found


def columns(values: dict[str, Any], bounds: Bounds) -> tuple[list[list[Cell]], tuple[str, ...]]:
    """Rows and names out of columns: ``{"age": [31, 42], "income": [1.0, 2.0]}``; scalars are columns of one row."""
    if not values:
        raise Unreadable("It names no columns.")
    whole = {name: value if type(value) is list else [value] for name, value in values.items()}
    count = len(next(iter(whole.values())))
    if any(len(column) != count for column in whole.values()):
        raise Unreadable("Its columns differ in length.")
    rows = [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]
    return records(rows, bounds) if rows else ([], tuple(whole))


def bounded_texts(texts: list[str] | tuple[str, ...], bounds: Bounds) -> tuple[str, ...]:
    """The texts, cut where all together are longer than is read."""
    if sum(map(len, texts)) <= bounds.text:
        return tuple(texts)
    kept: list[str] = []
    left = bounds.text
    for text in texts:
        kept.append(text[:left])
        left = max(0, left - len(text))
    return tuple(kept)


def guessed(values: Any, bounds: Bounds, model: str) -> Question:
    """What somebody asks who sends ``values`` as rows: a list of scalars, texts, lists, pictures or objects; a scalar
    or an object is one row. Raises ``Unreadable``."""
    if type(values) is not list:
        values = [values]
    if not values:
        return Question(model)
    first = type(values[0])
    if first is str:
        if not all(type(value) is str for value in values):
            return Question(model, [[scalar(value)] for value in values])
        return Question(model, texts=bounded_texts(values, bounds))
    if first is dict:
        if len(values[0]) == 1 and "b64" in values[0]:
            texts = [scalar(value) for value in values]
            return Question(model, texts=bounded_texts([str(text) for text in texts], bounds))
        rows, names = records(values, bounds)
        if len(names) == 1 and all(type(row[0]) is str for row in islice(rows, 1)):
            if all(type(row[0]) is str for row in rows):
                return Question(model, texts=bounded_texts([str(row[0]) for row in rows], bounds))
        return Question(model, rows, names)
    found, shape = matrix(values)
    return Question(model, found, shape=shape)
