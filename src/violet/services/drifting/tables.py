"""Parquet, Arrow (Feather) and CSV in pieces, by pyarrow."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, Coded
from violet.domain.errors import MissingExtraError, VioletError
from violet.services.drifting.reading import rows_a_chunk, wanted
from violet.services.drifting.values import WIDEST, Sorting, as_word, made_chunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.services.drifting.options import Roles

    Array = NDArray[Any]

INDEX = ("", "Unnamed: 0", "__index_level_0__")
"""Names under which pandas writes its row numbers."""
BLOCK = 8 << 20
BUFFER = 1 << 18
LINE = 1 << 20


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise MissingExtraError("Reading Parquet, Arrow and CSV", "guard") from error
    return pyarrow


class ArrowSource:
    """A Parquet file, or a file or stream of Arrow record batches."""

    exact = True

    def __init__(self, path: str, roles: Roles, texts: frozenset[str], head: bytes) -> None:
        self.path = path
        self._roles = roles
        self._sorting = Sorting(texts)
        self._kind = "Parquet" if head.startswith(b"PAR1") else "Arrow"
        self._stream = head.startswith(b"\xff\xff\xff\xff")
        arrow = _arrow()
        try:
            names, self.rows = self._opened()
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise VioletError(f"{path} cannot be read as {self._kind}: {_first_line(error)}.") from error
        if self._stream:
            self.exact = False
        self._names = tuple(n for n in wanted(names, roles, path) if n not in INDEX or n in roles.columns)

    def _opened(self) -> tuple[tuple[str, ...], int]:
        if self._kind == "Parquet":
            import pyarrow.parquet as parquet

            file = parquet.ParquetFile(self.path)
            return tuple(file.schema_arrow.names), int(file.metadata.num_rows)
        import pyarrow.ipc as ipc

        if self._stream:
            with ipc.open_stream(self.path) as reader:
                return tuple(reader.schema.names), os.path.getsize(self.path) // max(8, 8 * len(reader.schema.names))
        with ipc.open_file(self.path) as reader:
            rows = sum(reader.get_batch(i).num_rows for i in range(reader.num_record_batches))
            return tuple(reader.schema.names), rows

    def chunks(self) -> Iterator[Chunk]:
        arrow = _arrow()
        try:
            yield from chunks_of(self._batches(), self._names, self._roles, self._sorting, self.path)
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise VioletError(f"{self.path} cannot be read as {self._kind}: {_first_line(error)}.") from error

    def _batches(self) -> Iterable[Any]:
        most = rows_a_chunk(len(self._names))
        if self._kind == "Parquet":
            import pyarrow.parquet as parquet

            # Mapped into memory, or read a group of rows at a time, all of a file is in memory in the end.
            file = parquet.ParquetFile(self.path, buffer_size=BUFFER, pre_buffer=False)
            yield from file.iter_batches(batch_size=most, columns=list(self._names))
            return
        import pyarrow.ipc as ipc

        reader: Any = ipc.open_stream(self.path) if self._stream else ipc.open_file(self.path)
        with reader:
            whole = reader if self._stream else (reader.get_batch(i) for i in range(reader.num_record_batches))
            for batch in whole:
                for start in range(0, batch.num_rows, most):
                    yield batch.slice(start, most)


class CsvSource:
    """Columns are separated by commas, semicolons or tabs, whichever the first line has most of. What a column holds is
    told by the first 8 MB; whole numbers are read as any number, for what may come later."""

    exact = False

    def __init__(self, path: str, roles: Roles, texts: frozenset[str]) -> None:
        self.path = path
        self._roles = roles
        self._sorting = Sorting(texts)
        with open(path, "rb") as file:
            first = file.readline(LINE)
            if len(first) >= LINE:
                raise VioletError(f"{path}: its first line is longer than a table's head can be.")
            sample = file.read(LINE)
        self._separator = max(",;\t", key=lambda sign: first.count(sign.encode()))
        lines = max(1, sample.count(b"\n"))
        self.rows = max(1, round(os.path.getsize(path) * lines / max(1, len(sample))))
        arrow = _arrow()
        try:
            with self._reader(()) as reader:
                schema = reader.schema
            names = tuple(str(name) for name in schema.names)
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise VioletError(f"{path} cannot be read as CSV: {_first_line(error)}.") from error
        self._names = tuple(n for n in wanted(names, roles, path) if n not in INDEX or n in roles.columns)
        self._whole = tuple(n for n in names if arrow.types.is_integer(schema.field(n).type))
        # A column with nothing in it yet may hold anything later.
        self._empty = tuple(n for n in names if arrow.types.is_null(schema.field(n).type))

    def _reader(self, whole: tuple[str, ...], empty: tuple[str, ...] = ()) -> Any:
        import pyarrow as arrow
        import pyarrow.csv as csv

        kinds = dict.fromkeys(whole, arrow.float64()) | dict.fromkeys(empty, arrow.string())
        return csv.open_csv(
            self.path,
            read_options=csv.ReadOptions(block_size=BLOCK),
            parse_options=csv.ParseOptions(delimiter=self._separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(strings_can_be_null=True, column_types=kinds),
        )

    def chunks(self) -> Iterator[Chunk]:
        arrow = _arrow()
        most = rows_a_chunk(len(self._names))
        try:
            with self._reader(self._whole, self._empty) as reader:
                pieces = (batch.slice(at, most) for batch in reader for at in range(0, batch.num_rows, most))
                yield from chunks_of(pieces, self._names, self._roles, self._sorting, self.path)
        except (arrow.ArrowException, OSError, ValueError) as error:
            raise VioletError(
                f"{self.path} cannot be read as CSV: {_first_line(error)}.",
                "What a column holds is told by its beginning; leave one that is mixed out with --exclude.",
            ) from error


def chunks_of(
    batches: Iterable[Any], names: tuple[str, ...], roles: Roles, sorting: Sorting, path: str
) -> Iterator[Chunk]:
    """Record batches as chunks."""
    first = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        columns: dict[str, Array | Coded] = {}
        notes: dict[str, str] = {}
        for name in names:
            values = column(batch.column(name))
            if isinstance(values, str):
                notes[name] = values
            else:
                columns[name] = values
        yield made_chunk(columns, batch.num_rows, first, roles, sorting, notes, path)
        first += batch.num_rows


def column(values: Any) -> Array | Coded | str:
    """One array of Arrow's as numbers, words or vectors; or what it holds that cannot be compared."""
    import pyarrow as arrow

    kind = values.type
    types = arrow.types
    if types.is_dictionary(kind):
        return _dictionary(values)
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        return _dictionary(values.dictionary_encode())
    if types.is_boolean(kind):
        return np.asarray(values.cast(arrow.int8()).to_numpy(zero_copy_only=False), dtype=np.float64)
    if types.is_floating(kind) or types.is_integer(kind):
        return np.asarray(values.to_numpy(zero_copy_only=False))
    if types.is_decimal(kind):
        return np.asarray(values.cast(arrow.float64()).to_numpy(zero_copy_only=False))
    if types.is_timestamp(kind) or types.is_date(kind):
        micro = values.cast(arrow.timestamp("us"), safe=False).cast(arrow.int64())
        return np.asarray(micro.to_numpy(zero_copy_only=False), dtype=np.float64) / 1e6
    if types.is_duration(kind) or types.is_time(kind):
        return np.asarray(values.cast(arrow.int64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64)
    if types.is_null(kind):
        return np.full(len(values), np.nan)
    if types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind):
        return _vectors(values)
    return f"holds {kind}, which cannot be compared"


def _dictionary(values: Any) -> Array | Coded | str:
    words = values.dictionary.to_pylist()
    if words and not isinstance(words[0], (str, int, float, bool)):
        return f"holds {values.type}, which cannot be compared"
    codes = values.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    empty = [place for place, word in enumerate(words) if word is None]
    if empty:
        codes[np.isin(codes, empty)] = -1
    return Coded(tuple("" if word is None else as_word(word) for word in words), codes)


def _vectors(values: Any) -> Array | str:
    """Lists of one length are vectors; a missing one is all NaN."""
    lengths = values.value_lengths().drop_null().to_numpy(zero_copy_only=False) if len(values) else np.empty(0)
    if not len(lengths) or lengths.min() != lengths.max():
        return "holds lists of different lengths, which cannot be compared"
    width = int(lengths[0])
    flat = column(values.flatten())
    if isinstance(flat, (str, Coded)) or flat.ndim != 1 or not 0 < width <= WIDEST:
        return "holds lists of what are no numbers, which cannot be compared"
    found = np.full((len(values), width), np.nan, np.float32)
    found[~np.asarray(values.is_null().to_numpy(zero_copy_only=False), dtype=bool)] = flat.reshape(-1, width)
    return found


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:300].rstrip(".")
