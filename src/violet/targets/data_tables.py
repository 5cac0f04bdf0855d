"""Labelled tables: Parquet and CSV, by a schema or by what their columns hold. Rows are counted from 0."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import MissingExtraError, UsageError
from violet.targets.base import InputDomain, InputKind, LabelledData
from violet.targets.columns import encoded, numbers_or_words
from violet.targets.data_arrays import as_segment, check_segments
from violet.targets.data_options import closest
from violet.targets.labels import read_labels
from violet.targets.ranges import check_finite
from violet.targets.table_schema_file import infer_schema, load_schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from violet.targets.data_options import DataOptions
    from violet.targets.schema import TableSchema

    Array = NDArray[Any]

LABELS = ("label", "target", "class", "y")
INDEX = ("", "Unnamed: 0", "__index_level_0__")
"""Names under which pandas writes its row numbers."""


def read_parquet(path: str, options: DataOptions) -> LabelledData:
    """Raises ``UsageError``; ``MissingExtraError`` where pyarrow is missing."""
    try:
        import pyarrow as arrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("Parquet", "test") from error
    try:
        table = parquet.ParquetFile(path, memory_map=True).read()
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as Parquet: {error}.") from error
    return _labelled(table, path, options)


def read_csv(path: str, options: DataOptions) -> LabelledData:
    """Columns are separated by commas, semicolons or tabs, whichever the first line has most of. Raises ``UsageError``;
    ``MissingExtraError`` where pyarrow is missing."""
    try:
        import pyarrow as arrow
        import pyarrow.csv as csv
    except ImportError as error:
        raise MissingExtraError("CSV", "test") from error
    with open(path, "rb") as file:
        first = file.readline(1 << 20)
    separator = max(",;\t", key=lambda sign: first.count(sign.encode()))
    try:
        table = csv.read_csv(
            path,
            parse_options=csv.ParseOptions(delimiter=separator, newlines_in_values=True),
            convert_options=csv.ConvertOptions(strings_can_be_null=True),
        )
    except (arrow.ArrowException, OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}.") from error
    return _labelled(table, path, options)


def _labelled(table: Any, path: str, options: DataOptions) -> LabelledData:
    from violet.targets.data import digest_of

    names = tuple(str(name) for name in table.column_names)
    doubled = [name for name in names if names.count(name) > 1]
    if doubled:
        raise UsageError(f"{path}: two columns are called {doubled[0]!r}.")
    if not table.num_rows:
        raise UsageError(f"{path} has no rows.")
    schema = load_schema(options.schema_path) if options.schema_path else None
    label = _label(names, options, schema, path)
    found = {name: table.column(index) for index, name in enumerate(names)}
    y, classes = read_labels(numbers_or_words(found[label], label, path), f"{path}: column {label!r}")
    for name in options.segment:
        if name not in found:
            raise UsageError(f"{path} has no column {name!r}.", closest(name, names))
    segments = {name: as_segment(np.array(found[name].to_pylist(), dtype=object)) for name in options.segment}
    check_segments(segments, path)
    features = tuple(name for name in names if name != label and name not in INDEX)
    if schema is None and len(features) == 1:
        values = numbers_or_words(found[features[0]], features[0], path)
        if values.dtype == object:
            from violet.targets.data_texts import labelled_texts

            return labelled_texts(values, y, classes, path, segments)
    x, domain, notes = _rows(found, features, schema, path)
    return LabelledData(
        x=x,
        y=y,
        classes=classes,
        domain=domain,
        name=os.path.basename(path),
        digest=digest_of([path]),
        segments=segments,
        notes=(*_left_out(names, features, label, schema), *notes),
    )


def _label(names: tuple[str, ...], options: DataOptions, schema: TableSchema | None, path: str) -> str:
    wanted = options.label or (schema.label if schema is not None else "")
    if wanted:
        if wanted not in names:
            raise UsageError(f"{path} has no column {wanted!r}.", closest(wanted, names))
        return wanted
    for name in LABELS:
        if name in names:
            return name
    shown = ", ".join(names[:20])
    raise UsageError(f"{path}: which column is the class is not said.", f"Say --label COLUMN, one of {shown}.")


def _left_out(names: tuple[str, ...], features: tuple[str, ...], label: str, schema: TableSchema | None) -> list[str]:
    kept = schema.names if schema is not None else features
    dropped = [name for name in names if name != label and name not in kept]
    shown = ", ".join(repr(name) for name in dropped[:8]) + (", ..." if len(dropped) > 8 else "")
    return [f"columns left out: {shown}"] if dropped else []


def _rows(
    found: Mapping[str, Any], features: tuple[str, ...], schema: TableSchema | None, path: str
) -> tuple[Array, InputDomain, tuple[str, ...]]:
    notes: list[str] = []
    if schema is None:
        columns = [numbers_or_words(found[name], name, path) for name in features]
        if not features:
            raise UsageError(f"{path} has no column but that of the class.")
        schema = infer_schema(features, columns)
        notes.append("types and ranges of features: guessed from the data (--schema says others)")
    else:
        for name in schema.names:
            if name not in found:
                raise UsageError(f"{path} has no column {name!r}, which the schema describes.", closest(name, features))
        columns = [numbers_or_words(found[name], name, path) for name in schema.names]
    coded = []
    for feature, values in zip(schema.features, columns, strict=True):
        numbers, note = encoded(values, feature, path)
        coded.append(numbers)
        notes.extend(note)
    x = np.stack(coded, axis=1)
    domain, more = table_domain(x, schema, path)
    return x, domain, (*notes, *more)


def table_domain(x: Array, schema: TableSchema, where: str) -> tuple[InputDomain, tuple[str, ...]]:
    """The domain of coded rows ``(n, features)``: ranges of the schema, and of the data where the schema has none.
    Raises ``UsageError`` with the place of a value outside its range."""
    check_finite(x, where)
    low, high = (np.array(ends, dtype=np.float64) for ends in zip(*(f.bounds for f in schema.features), strict=True))
    outside = (x < low) | (x > high)
    if outside.any():
        row, place = (int(axis) for axis in np.argwhere(outside)[0])
        feature = schema.features[place]
        raise UsageError(
            f"{where}: {feature.name} is {x[row, place]:g} in row {row}, outside the schema's range {low[place]:g} to "
            f"{high[place]:g} ({int(outside[:, place].sum())} rows)."
        )
    open_ends = ~(np.isfinite(low) & np.isfinite(high))
    low = np.where(np.isfinite(low), low, x.min(axis=0))
    high = np.where(np.isfinite(high), high, x.max(axis=0))
    notes = []
    if open_ends.any():
        names = [feature.name for feature, is_open in zip(schema.features, open_ends, strict=True) if is_open]
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        notes.append(f"range as in the data, because the schema gives none: {shown}")
    domain = InputDomain(InputKind.TABLE, (x.shape[1],), low, high, names=schema.names, dtype="float64", schema=schema)
    return domain, tuple(notes)


def with_schema(
    x: Array, y: Array, classes: tuple[str, ...], options: DataOptions, path: str, segments: dict[str, Array]
) -> LabelledData:
    """Arrays whose columns a schema describes, in its order; words are codes already."""
    from violet.targets.data import digest_of

    schema = load_schema(options.schema_path)
    if x.ndim != 2 or x.shape[1] != len(schema.features):
        raise UsageError(
            f"{path}: the inputs have the shape {x.shape}, and {options.schema_path} describes "
            f"{len(schema.features)} features."
        )
    notes: list[str] = []
    coded = []
    for index, feature in enumerate(schema.features):
        numbers, note = encoded(x[:, index], feature, path)
        coded.append(numbers)
        notes.extend(note)
    rows = np.stack(coded, axis=1)
    domain, more = table_domain(rows, schema, path)
    check_segments(segments, path)
    return LabelledData(
        x=rows,
        y=y,
        classes=classes,
        domain=domain,
        name=os.path.basename(path),
        digest=digest_of([path]),
        segments=segments,
        notes=(*notes, *more),
    )
