"""The rows of a Parquet shard, decoded with pyarrow, for digests of single rows. Runs in a worker.

A row's digest is over ``ascii`` of the tuple of its values: exact for numbers, and the same with every version of
Python and pyarrow. What has no such form by itself (times, decimals) is taken as the number or text it is stored as.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from violet.domain.dataset import RowDigests
from violet.provenance.dataset.stream import NotDescribedError
from violet.provenance.dataset.tally import GROUP, ColumnTally, RowTally, row_digests

if TYPE_CHECKING:
    from violet.formats.parquet.reader import ParquetFacts
    from violet.formats.source import FileSource

AT_ONCE = 64 * GROUP
"""Rows decoded at a time."""
MOST_FLATTENED = 16
"""Structures within structures that are taken apart."""


def decoded_rows(source: FileSource, facts: ParquetFacts, limit: int) -> tuple[RowDigests, list[str]]:
    """Digests of the rows, and of the columns as a whole where they are the leaves of the schema (lists of structures
    are not). Raises ``NotDescribedError`` where pyarrow is missing or cannot read the file."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise NotDescribedError("pyarrow is not installed (pip install 'violet-mlsecops[data]')") from None
    tally = RowTally(limit)
    columns: ColumnTally | None = None
    content = hashlib.sha256()
    try:
        pyarrow.set_cpu_count(1)
        with open(source.descriptor, "rb", closefd=False) as stream:
            file = pyarrow.parquet.ParquetFile(stream, pre_buffer=False)
            for batch in file.iter_batches(AT_ONCE, use_threads=False):
                arrays = _flattened(batch)
                if columns is None and not tally.rows and len(arrays) == len(facts.leaves):
                    columns = ColumnTally(len(arrays), limit)
                values = [_plain(array, pyarrow).to_pylist() for array in arrays]
                rows = [ascii(row).encode("ascii") for row in zip(*values, strict=True)]
                tally.add(row_digests(rows))
                content.update(b"\n".join(rows) + b"\n")
                if columns is not None:
                    _take(columns, values, len(rows))
    except (pyarrow.ArrowException, OSError, ValueError, TypeError) as error:
        raise NotDescribedError(f"pyarrow cannot read it ({type(error).__name__})") from error
    digests, counts = tally.finish()
    groups, wholes = (b"", []) if columns is None else columns.finish()
    each = 0 if columns is None else columns.rows_each
    return RowDigests(tally.level, digests, counts, content.hexdigest(), each, groups), wholes


def _take(columns: ColumnTally, values: list[list[Any]], rows: int) -> None:
    at = 0
    while at < rows:
        end = min(at + columns.room, rows)
        columns.add(end - at, [ascii(column[at:end])[1:-1].encode("ascii") + b"," for column in values])
        at = end


def _flattened(batch: Any) -> list[Any]:
    """The columns, with structures taken apart into what they hold."""
    import pyarrow

    arrays = list(batch.columns)
    for _ in range(MOST_FLATTENED):
        if not any(pyarrow.types.is_struct(array.type) for array in arrays):
            break
        flat: list[Any] = []
        for array in arrays:
            if pyarrow.types.is_struct(array.type):
                flat.extend(array.flatten())
            else:
                flat.append(array)
        arrays = flat
    return arrays


def _plain(array: Any, pyarrow: Any) -> Any:
    """The array with values that have one spelling only."""
    if isinstance(array, pyarrow.ExtensionArray):
        array = array.storage
    if isinstance(array, pyarrow.DictionaryArray):
        array = array.dictionary_decode()
    target = _plain_type(array.type, pyarrow)
    return array if target == array.type else array.cast(target)


def _plain_type(kind: Any, pyarrow: Any) -> Any:
    types = pyarrow.types
    if types.is_date32(kind) or types.is_time32(kind):
        return pyarrow.int32()
    if types.is_timestamp(kind) or types.is_date64(kind) or types.is_time64(kind) or types.is_duration(kind):
        return pyarrow.int64()
    if types.is_decimal(kind):
        return pyarrow.string()
    if types.is_float16(kind):
        return pyarrow.float32()
    if types.is_map(kind):
        return pyarrow.map_(_plain_type(kind.key_type, pyarrow), _plain_type(kind.item_type, pyarrow))
    if types.is_list(kind) or types.is_large_list(kind):
        make = pyarrow.list_ if types.is_list(kind) else pyarrow.large_list
        return make(kind.value_field.with_type(_plain_type(kind.value_type, pyarrow)))
    if types.is_struct(kind):
        return pyarrow.struct([field.with_type(_plain_type(field.type, pyarrow)) for field in kind])
    return kind
