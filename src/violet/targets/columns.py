"""Columns of tables: what they hold as numpy arrays, and as the numbers that a schema makes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.data_options import closest
from violet.targets.schema import FeatureType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.schema import Feature

    Array = NDArray[Any]

_TRUE = {"true": 1.0, "yes": 1.0, "1": 1.0, "false": 0.0, "no": 0.0, "0": 0.0}


def numbers_or_words(column: Any, name: str, path: str) -> Array:
    """An Arrow column as float64 with NaN where it is missing, whole numbers as int64 where none is, or as words in an
    object array with ``None``. Raises ``UsageError`` for dates, lists and other types."""
    import pyarrow as arrow

    kind = column.type
    if arrow.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if arrow.types.is_null(kind):
        raise UsageError(f"{path}: column {name!r} is empty.", "Leave it out by a schema.")
    if arrow.types.is_integer(kind) and not column.null_count:
        return np.asarray(column.to_numpy(), dtype=np.int64)
    if arrow.types.is_integer(kind) or arrow.types.is_floating(kind) or arrow.types.is_decimal(kind):
        return np.asarray(column.cast(arrow.float64(), safe=False).to_numpy(), dtype=np.float64)
    if arrow.types.is_boolean(kind):
        return np.array([np.nan if value is None else float(value) for value in column.to_pylist()])
    if arrow.types.is_string(kind) or arrow.types.is_large_string(kind) or arrow.types.is_string_view(kind):
        values = np.empty(len(column), dtype=object)
        values[:] = column.to_pylist()
        return values
    raise UsageError(
        f"{path}: column {name!r} holds {kind}, which is neither number nor word.",
        "Encode it, or leave it out by a schema.",
    )


def encoded(values: Array, feature: Feature, where: str) -> tuple[Array, tuple[str, ...]]:
    """A column ``(n,)`` as the numbers that the schema makes of it, float64, and what was filled in. Raises
    ``UsageError`` with the place for missing values without a default, unknown words, and numbers off their type."""
    if feature.type is FeatureType.CATEGORICAL:
        codes = _codes(values, feature, where)
    elif values.dtype == object or values.dtype.kind in "US":
        codes = _parsed(values, feature, where)
    else:
        codes = np.asarray(values, dtype=np.float64).copy()
    missing = np.isnan(codes)
    notes: tuple[str, ...] = ()
    if missing.any():
        count, row = int(missing.sum()), int(missing.argmax())
        if feature.default is None:
            raise UsageError(
                f"{where}: {feature.name!r} is missing in row {row} ({count} of {len(codes)} rows).",
                "Leave these rows out, or give the feature a default in the schema.",
            )
        codes[missing] = feature.default
        notes = (f"{feature.name}: {count} missing values taken as {feature.default:g}, the schema's default",)
    _on_type(codes, feature, where)
    return codes, notes


def _on_type(codes: Array, feature: Feature, where: str) -> None:
    if feature.type is FeatureType.REAL:
        return
    wrong = (codes != 0) & (codes != 1) if feature.type is FeatureType.BINARY else codes != np.rint(codes)
    if wrong.any():
        row = int(wrong.argmax())
        raise UsageError(
            f"{where}: {feature.name!r} is {codes[row]:g} in row {row}, and the schema says {feature.type}."
        )


def _codes(values: Array, feature: Feature, where: str) -> Array:
    index = {word: float(place) for place, word in enumerate(feature.values)}
    if values.dtype.kind in "biuf":
        numbers = np.asarray(values, dtype=np.float64)
        present = numbers[~np.isnan(numbers)]
        named = {_number(value) for value in np.unique(present).tolist()}
        if not named <= index.keys():
            codes = (present == np.rint(present)) & (present >= 0) & (present < len(feature.values))
            if codes.all():
                return numbers.copy()
            row = int(np.flatnonzero(~np.isnan(numbers))[(~codes).argmax()])
            raise UsageError(f"{where}: {feature.name!r} is {numbers[row]:g} in row {row}, no value of the schema.")
        return np.array([np.nan if value != value else index[_number(value)] for value in numbers.tolist()])
    codes = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values.tolist()):
        if value is None or value != value:
            codes[row] = np.nan
        elif str(value) in index:
            codes[row] = index[str(value)]
        else:
            hint = closest(str(value), feature.values)
            raise UsageError(f"{where}: {feature.name!r} is {str(value)!r} in row {row}, no word of the schema.", hint)
    return codes


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _parsed(values: Array, feature: Feature, where: str) -> Array:
    codes = np.empty(len(values), dtype=np.float64)
    for row, value in enumerate(values.tolist()):
        text = "" if value is None else str(value).strip().lower()
        try:
            codes[row] = _TRUE[text] if feature.type is FeatureType.BINARY and text in _TRUE else float(text or "nan")
        except ValueError:
            raise UsageError(
                f"{where}: {feature.name!r} is {str(value)!r:.60} in row {row}, and the schema says {feature.type}."
            ) from None
    return codes
