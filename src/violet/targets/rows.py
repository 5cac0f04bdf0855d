"""Rows of the domain, made into what a model was trained on: other shapes, columns in another order, words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputDomain, InputKind, TargetError
from violet.targets.schema import FeatureType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from violet.targets.schema import Feature

    Array = NDArray[Any]


def columns_of(domain: InputDomain, wanted: Sequence[str], model: str) -> tuple[int, ...]:
    """Where each feature that the model names stands in a row of the domain; by position where the domain has no names.
    Raises ``TargetError`` for features that the data lacks."""
    if len(domain.shape) != 1:
        raise TargetError(f"{model} takes rows of named features; the data has rows of shape {domain.shape}.")
    if not domain.names:
        if len(wanted) != domain.shape[0]:
            raise TargetError(f"{model} takes {len(wanted)} features, and the data has {domain.shape[0]}.")
        return tuple(range(len(wanted)))
    places = {name: index for index, name in enumerate(domain.names)}
    missing = [name for name in wanted if name not in places]
    if missing:
        from violet.targets.data_options import closest

        raise TargetError(
            f"{model} takes a feature {missing[0]!r} that the data does not have"
            + (f" (and {len(missing) - 1} more)." if len(missing) > 1 else "."),
            closest(missing[0], domain.names),
        )
    return tuple(places[name] for name in wanted)


def flat(x: Array) -> Array:
    """``(n, *shape)`` to ``(n, features)``."""
    return x if x.ndim == 2 else x.reshape(len(x), -1)


def check_width(domain: InputDomain, wanted: int, model: str) -> None:
    """Raises ``TargetError`` where a flattened row does not have as many features as the model takes."""
    has = int(np.prod(domain.shape))
    if domain.kind is not InputKind.TEXT and wanted and has != wanted:
        shape = f" (shape {domain.shape})" if len(domain.shape) > 1 else ""
        raise TargetError(f"{model} takes {wanted} features, and the data has {has}{shape}.")


def has_words(domain: InputDomain) -> bool:
    """Whether a column holds codes of words."""
    return domain.schema is not None and any(f.type is FeatureType.CATEGORICAL for f in domain.schema.features)


def decoded(x: Array, feature: Feature) -> Array:
    """One column ``(n,)`` as the data had it: words for codes (numbers where all the words are numbers), whole numbers
    where the type says so. Missing values stay NaN."""
    missing = np.isnan(x)
    if feature.type is FeatureType.CATEGORICAL:
        codes = np.where(missing, 0, np.rint(np.where(missing, 0.0, x))).astype(np.int64)
        values = _words(feature)[np.clip(codes, 0, len(feature.values) - 1)]
        if not missing.any():
            return values
        values = values.astype(object)
        values[missing] = np.nan
        return np.asarray(values)
    if feature.type in (FeatureType.INTEGER, FeatureType.BINARY) and not missing.any():
        return np.asarray(np.rint(x), dtype=np.int64)
    return x


def _words(feature: Feature) -> Array:
    for read in (int, float):
        try:
            return np.array([read(word) for word in feature.values])
        except ValueError:
            continue
    return np.array(feature.values, dtype=object)


def column(x: Array, domain: InputDomain, index: int) -> Array:
    """Column ``index`` of ``(n, features)``, decoded by the schema where there is one."""
    values = np.asarray(x[:, index], dtype=np.float64)
    return values if domain.schema is None else decoded(values, domain.schema.features[index])


def frame(x: Array, domain: InputDomain, columns: Sequence[int], names: Sequence[str], categories: bool = False) -> Any:
    """A pandas data frame of these columns under these names, decoded by the schema. With ``categories``, columns of
    words are of pandas' categorical type, in the schema's order. Raises ``TargetError`` where pandas is missing."""
    try:
        import pandas
    except ImportError:
        raise TargetError(
            "This model takes a data frame, and pandas is not installed.", "Run: pip install pandas"
        ) from None
    found: dict[str, Any] = {}
    for index, name in zip(columns, names, strict=True):
        values = column(x, domain, index)
        feature = None if domain.schema is None else domain.schema.features[index]
        if categories and feature is not None and feature.type is FeatureType.CATEGORICAL:
            found[name] = pandas.Categorical(values, categories=list(_words(feature)))
        else:
            found[name] = values
    return pandas.DataFrame(found)


def plain_rows(x: Array, domain: InputDomain) -> list[Any]:
    """Rows as JSON says them: nested lists of numbers; words where the schema has them; ``None`` for NaN; texts as they
    are."""
    if domain.kind is InputKind.TEXT:
        return [str(text) for text in x]
    if domain.schema is not None and x.ndim == 2:
        columns = [column(x, domain, index).tolist() for index in range(x.shape[1])]
        return [[None if value != value else value for value in row] for row in zip(*columns, strict=True)]
    if x.dtype.kind == "f" and np.isnan(x).any():
        return list(_without_nan(x.tolist()))
    found: list[Any] = x.tolist()
    return found


def _without_nan(values: Any) -> Any:
    if isinstance(values, list):
        return [_without_nan(value) for value in values]
    return None if values != values else values


def fit_shape(shape: tuple[int, ...], wanted: Sequence[int], model: str) -> tuple[int, ...]:
    """The shape a row of ``shape`` is given for a model that takes ``wanted`` (-1: any): axes of length 1 come and go,
    and images may be flattened. Raises ``TargetError`` where it does not fit, transposed images above all."""
    target = tuple(wanted)
    if _fits(shape, target):
        return shape
    bare = [axis for axis in shape if axis != 1]
    if [axis for axis in target if axis != 1] == bare and -1 not in target:
        return target
    size = int(np.prod(shape))
    if len(target) == 1 and target[0] in (-1, size):
        return (size,)
    hint = ""
    if sorted(shape) == sorted(target):
        hint = "The axes stand in another order: say --layout chw or --layout hwc, or transpose the data."
    shown = tuple("any" if axis == -1 else axis for axis in target)
    raise TargetError(f"{model} takes rows of shape {shown}; the data has rows of shape {shape}.", hint)


def _fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return len(shape) == len(wanted) and all(want in (-1, has) for has, want in zip(shape, wanted, strict=True))
