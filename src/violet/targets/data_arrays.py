"""Labelled data in ``.npz`` archives: arrays ``x`` and ``y``."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.base import LabelledData
from violet.targets.data_options import closest
from violet.targets.labels import read_labels
from violet.targets.ranges import numeric_domain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.data_options import DataOptions

    Array = NDArray[Any]

INPUTS = ("x", "X", "x_test", "X_test", "images", "inputs", "data")
LABELS = ("y", "Y", "y_test", "Y_test", "labels", "label", "target")
NAMES = ("classes", "class_names", "target_names")

SEGMENTS = 200
"""Different values of a segment: more are no groups to compare."""


def read_npz(path: str, options: DataOptions) -> LabelledData:
    """Inputs under ``x`` (or a usual name), labels under ``y`` (or ``options.label``), optionally names of classes
    under ``classes``. Object arrays are pickles, and are refused."""
    from violet.targets.data import digest_of

    try:
        with np.load(path, allow_pickle=False) as archive:
            keys = tuple(archive.files)
            x = _array(archive, _key(keys, "", INPUTS, path, "inputs"), path)
            key = _key(keys, options.label, LABELS, path, "labels")
            labels = _array(archive, key, path)
            names = next((_array(archive, name, path) for name in NAMES if name in keys), np.zeros(0))
            segments = {name: as_segment(_array(archive, _named(keys, name, path), path)) for name in options.segment}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, AttributeError) as error:
        raise UsageError(f"{path} is no archive of numpy arrays that can be read: {error}.") from error
    if not len(x) or x.size == 0:
        raise UsageError(f"{path}: the inputs are empty (shape {x.shape}).")
    for name, values in ((key, labels), *segments.items()):
        if np.ndim(values) == 0 or len(values) != len(x):
            raise UsageError(f"{path}: {len(x)} inputs, and {name!r} has shape {np.shape(values)}.")
    y, classes = read_labels(labels, f"{path}: {key!r}", tuple(str(name) for name in names))
    if x.dtype.kind == "U" and x.ndim == 1:
        from violet.targets.data_texts import labelled_texts

        return labelled_texts(x.astype(object), y, classes, path, segments)
    if options.schema_path:
        from violet.targets.data_tables import with_schema

        return with_schema(x, y, classes, options, path, segments)
    if x.dtype.kind not in "biuf":
        raise UsageError(f"{path}: the inputs hold {x.dtype}, and numbers were expected.")
    domain, notes = numeric_domain(x, options, f"{path}: the inputs")
    check_segments(segments, path)
    return LabelledData(
        x=np.asarray(x, dtype=domain.dtype),
        y=y,
        classes=classes,
        domain=domain,
        name=os.path.basename(path),
        digest=digest_of([path]),
        segments=segments,
        notes=notes,
    )


def as_segment(values: Array) -> Array:
    """A column as text."""
    return np.array([str(value) for value in np.asarray(values).reshape(len(values), -1)[:, 0]], dtype=object)


def check_segments(segments: dict[str, Array], where: str) -> None:
    for name, values in segments.items():
        if (count := len(set(values))) > SEGMENTS:
            raise UsageError(
                f"{where}: the segment {name!r} has {count} different values.",
                "Results are split by columns of few values.",
            )


def _array(archive: Any, key: str, path: str) -> Array:
    try:
        return np.asarray(archive[key])
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise UsageError(
                f"{path}: {key!r} is an array of Python objects, which is a pickle, and is not loaded.",
                "Save numbers, or text as an array of a fixed width.",
            ) from error
        raise


def _key(keys: tuple[str, ...], wanted: str, usual: tuple[str, ...], path: str, what: str) -> str:
    if wanted:
        return _named(keys, wanted, path)
    for name in usual:
        if name in keys:
            return name
    raise UsageError(f"{path} holds no {what}: its arrays are {', '.join(keys) or 'none'}.", f"Call them {usual[0]!r}.")


def _named(keys: tuple[str, ...], name: str, path: str) -> str:
    if name not in keys:
        raise UsageError(f"{path} holds no array {name!r}.", closest(name, keys))
    return name
