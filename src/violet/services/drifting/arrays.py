"""Arrays of numpy in pieces, without pickles: ``.npy``, and ``.npz`` of columns or of a matrix ``x``."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from tokenize import TokenError
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, Coded
from violet.domain.errors import UsageError, VioletError
from violet.services.drifting.reading import rows_a_chunk, wanted
from violet.services.drifting.values import LONGEST, Sorting, coded, made_chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.services.drifting.options import Roles

    Array = NDArray[Any]

MEMBERS = 4096
SPREAD = 512
"""The widest matrix whose columns are compared one by one; a wider one is a vector a row."""
HEADER = 10_000


class Member:
    """One array in the file: its shape and type, and its rows from a stream."""

    __slots__ = ("name", "shape", "type")

    def __init__(self, name: str, shape: tuple[int, ...], kind: np.dtype[Any]) -> None:
        self.name = name
        self.shape = shape
        self.type = kind

    @property
    def row(self) -> int:
        """Bytes."""
        return int(np.prod(self.shape[1:], dtype=np.int64)) * self.type.itemsize


class ArraySource:
    """Arrays with one length on the first axis. A matrix gives columns ``x0``, ``x1``, ... (``names`` in the file name
    them); what has more axes, or more than 512 columns, is a vector a row. An array ``y`` or ``scores`` is of the
    outputs where a role says so, and otherwise a column as any other."""

    exact = True

    def __init__(self, path: str, roles: Roles) -> None:
        self.path = path
        self._roles = roles
        self._sorting = Sorting()
        self._single = False
        self._members = self._described()
        lengths = {m.shape[0] for m in self._members if m.name != "names"}
        if not lengths:
            raise UsageError(f"{path} holds no array of rows.")
        if len(lengths) > 1:
            raise VioletError(
                f"{path}: its arrays have different lengths ({', '.join(map(str, sorted(lengths)[:5]))})."
            )
        self.rows = lengths.pop()
        self._labels = self._named()
        columns = tuple(name for m in self._members if m.name != "names" for name in self._columns(m))
        self._wanted = frozenset(wanted(columns, roles, path))

    def _described(self) -> list[Member]:
        try:
            with open(self.path, "rb") as file:
                self._single = file.read(6) == b"\x93NUMPY"
                if self._single:
                    file.seek(0)
                    return [_member("x", file, self.path)]
            with zipfile.ZipFile(self.path) as archive:
                names = [name for name in archive.namelist() if name.endswith(".npy")]
                if len(names) > MEMBERS:
                    raise UsageError(f"{self.path} holds more than {MEMBERS:,} arrays.")
                found = []
                for name in names:
                    with archive.open(name) as stream:
                        found.append(_member(name.removesuffix(".npy"), stream, self.path))
        except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise VioletError(f"{self.path} cannot be read as arrays: {error}.") from error
        return [member for member in found if member.shape]

    def _named(self) -> tuple[str, ...]:
        """What ``names`` calls the columns of the matrix."""
        member = next((m for m in self._members if m.name == "names"), None)
        if (
            member is None
            or member.type.kind != "U"
            or len(member.shape) != 1
            or member.row * member.shape[0] > 1 << 22
        ):
            return ()
        with self._stream("names") as stream:
            return tuple(str(name) for name in _rows(stream, member, member.shape[0], self.path))

    def _columns(self, member: Member) -> tuple[str, ...]:
        if len(member.shape) == 2 and member.shape[1] <= SPREAD:
            if len(self._labels) == member.shape[1]:
                return self._labels
            return tuple(f"{member.name}{place}" for place in range(member.shape[1]))
        return (member.name,)

    @contextmanager
    def _stream(self, name: str) -> Iterator[IO[bytes]]:
        with ExitStack() as stack:
            if self._single:
                stream: IO[bytes] = stack.enter_context(open(self.path, "rb"))
            else:
                archive = stack.enter_context(zipfile.ZipFile(self.path))
                stream = stack.enter_context(archive.open(f"{name}.npy"))
            _member(name, stream, self.path)
            yield stream

    def chunks(self) -> Iterator[Chunk]:
        members = [m for m in self._members if m.name != "names" and self._wanted.intersection(self._columns(m))]
        shapes = {m.name: m.shape[1:] for m in members if is_picture(m.shape[1:])}
        width = sum(int(np.prod(m.shape[1:], dtype=np.int64)) for m in members)
        most = rows_a_chunk(width)
        try:
            with ExitStack() as stack:
                streams = [stack.enter_context(self._stream(member.name)) for member in members]
                for first in range(0, self.rows, most):
                    count = min(most, self.rows - first)
                    columns: dict[str, Array | Coded] = {}
                    for member, stream in zip(members, streams, strict=True):
                        columns |= self._split(member, _rows(stream, member, count, self.path))
                    made = made_chunk(columns, count, first, self._roles, self._sorting, {}, self.path)
                    yield replace(made, shapes=shapes)
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:
            raise VioletError(f"{self.path} cannot be read as arrays: {error}.") from error

    def _split(self, member: Member, rows: Array) -> dict[str, Array | Coded]:
        names = self._columns(member)
        if rows.dtype.kind in "US":
            if rows.ndim != 1:
                raise VioletError(
                    f"{self.path}: {member.name!r} holds words in more than one column.", "Store one each."
                )
            return {names[0]: coded([str(word)[:LONGEST] for word in rows])}
        if len(names) == 1 and rows.ndim != 2:
            return {names[0]: rows if rows.ndim == 1 else rows.reshape(len(rows), -1)}
        if len(names) == 1 and rows.shape[1] > SPREAD:
            return {names[0]: rows}
        turned = np.ascontiguousarray(rows.T)
        return {name: turned[place] for place, name in enumerate(names) if name in self._wanted}


def is_picture(shape: tuple[int, ...]) -> bool:
    """Height and width, with one, three or four channels behind them or none."""
    return len(shape) == 2 or (len(shape) == 3 and shape[2] in (1, 3, 4))


def _member(name: str, stream: IO[bytes], path: str) -> Member:
    """Read the header of an array: the stream stands at its rows afterwards."""
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, columns_first, kind = read(stream, max_header_size=HEADER)
    except (ValueError, TypeError, SyntaxError, EOFError, RecursionError, OverflowError, TokenError) as error:
        raise VioletError(f"{path}: {name!r} is no array ({str(error)[:200]}).") from error
    if kind.hasobject:
        raise VioletError(f"{path}: {name!r} holds Python objects, which are never unpickled.", "Store it as numbers.")
    if kind.kind not in "biufUS" or any(side < 0 for side in shape):
        raise VioletError(f"{path}: {name!r} holds {kind}, which cannot be compared.")
    if columns_first and len(shape) > 1 and min(shape) > 1:
        raise VioletError(
            f"{path}: {name!r} is stored column by column, and cannot be read in pieces.",
            "Store it with numpy.ascontiguousarray.",
        )
    return Member(name, tuple(map(int, shape)), kind)


def _rows(stream: IO[bytes], member: Member, count: int, path: str) -> Array:
    size = count * member.row
    data = stream.read(size)
    if len(data) != size:
        raise VioletError(f"{path}: {member.name!r} is shorter than it says.")
    return np.frombuffer(data, member.type).reshape(count, *member.shape[1:])
