"""The inputs a model is defined on, worked out from data where nobody says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, InputKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.data_options import DataOptions

    Array = NDArray[Any]

LAYOUTS = ("chw", "hwc", "hw")
CHANNELS = (1, 3, 4)


def numeric_domain(x: Array, options: DataOptions, where: str) -> tuple[InputDomain, tuple[str, ...]]:
    """The domain of ``x`` ``(n, *shape)``, and what was assumed. Three or four axes are images, two are vectors.

    Images lie in [0, 255] where they are bytes or reach above 1, in [0, 1] where they do not; images with negative
    values, and vectors, in the range that the data itself has. Raises ``UsageError`` for a layout that does not fit,
    and for NaN and infinities, with their place.
    """
    check_finite(x, where)
    shape = x.shape[1:]
    if len(shape) == 0:
        raise UsageError(f"{where} has one number a row.", "Give it the shape (rows, features).")
    layout, notes = _layout(shape, options, where)
    kind = InputKind.IMAGE if layout else InputKind.VECTOR
    low, high, how = _range(x, kind, options, where)
    dtype = "float32" if x.dtype.kind in "biu" or x.dtype.itemsize <= 4 else "float64"
    return InputDomain(kind, shape, low, high, layout=layout, dtype=dtype), (*notes, *how)


def _layout(shape: tuple[int, ...], options: DataOptions, where: str) -> tuple[str, tuple[str, ...]]:
    if options.layout:
        if options.layout not in LAYOUTS:
            raise UsageError(f"{options.layout!r} is no layout of images.", f"Use one of {', '.join(LAYOUTS)}.")
        if len(options.layout) != len(shape):
            raise UsageError(f"{where} has rows of shape {shape}, which cannot be {options.layout}.")
        return options.layout, ()
    if len(shape) == 2:
        return "hw", ("images: (height, width), by their number of axes",)
    if len(shape) == 3:
        first, last = shape[0] in CHANNELS, shape[-1] in CHANNELS
        if first == last:
            raise UsageError(
                f"{where} has rows of shape {shape}, and which axis is the channel cannot be told.",
                "Say --layout chw or --layout hwc.",
            )
        layout = "chw" if first else "hwc"
        return layout, (f"images: {layout}, because of their shape {shape}",)
    return "", ()


def _range(x: Array, kind: InputKind, options: DataOptions, where: str) -> tuple[Array, Array, tuple[str, ...]]:
    shape = x.shape[1:]
    least, most = float(x.min()), float(x.max())
    if options.value_range is not None:
        low, high = options.value_range
        if not low < high:
            raise UsageError(f"The range {low:g} to {high:g} is empty.")
        if least < low or most > high:
            raise UsageError(f"{where} holds values from {least:g} to {most:g}, outside the range {low:g} to {high:g}.")
        return np.full(shape, float(low)), np.full(shape, float(high)), ()
    if x.dtype == np.uint8 or (kind is InputKind.IMAGE and least >= 0 and 1 < most <= 255):
        return np.zeros(shape), np.full(shape, 255.0), ("range of inputs: 0 to 255",)
    if least >= 0 and most <= 1 and (kind is InputKind.IMAGE or (least == 0 and most == 1)):
        return np.zeros(shape), np.ones(shape), ("range of inputs: 0 to 1",)
    if kind is InputKind.IMAGE:
        said = f"range of inputs: {least:g} to {most:g}, that of the data itself (--range says another)"
        return np.full(shape, least), np.full(shape, most), (said,)
    low_, high_ = x.min(axis=0).astype(np.float64), x.max(axis=0).astype(np.float64)
    notes = ["range of each feature: that of the data itself (a schema says another)"]
    if fixed := int((low_ == high_).sum()):
        notes.append(f"{fixed} of {low_.size} features have one value only in the data, and are not moved")
    return low_, high_, tuple(notes)


def check_finite(x: Array, where: str) -> None:
    """Raises ``UsageError`` with the place of the first NaN or infinity."""
    if x.dtype.kind != "f":
        return
    bad = ~np.isfinite(x)
    if bad.any():
        place = tuple(int(axis) for axis in np.unravel_index(int(bad.argmax()), x.shape))
        rows = int(bad.reshape(len(x), -1).any(axis=1).sum())
        raise UsageError(
            f"{where}: {x[place]} in row {place[0]}, at {place[1:] if len(place) != 2 else place[1]} "
            f"({rows} of {len(x)} rows have such values).",
            "Leave these rows out, or fill the values in.",
        )
