"""Labelled images: a folder with a folder of images for each class."""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import MissingExtraError, UsageError
from violet.targets.base import InputDomain, InputKind, LabelledData
from violet.targets.ranges import LAYOUTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.data_options import DataOptions

    Array = NDArray[Any]

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
GREY = ("1", "L", "I;16")
MOST_BYTES = 8 << 30
"""Of all the images together, as float32."""


def read_folders(path: str, options: DataOptions) -> LabelledData:
    """Classes are the folders in sorted order. All images have one size; they are grey where all of them are, else RGB.
    Their bytes are scaled to ``options.value_range`` (default 0 to 1); the layout is ``chw`` by default, and ``hw`` for
    grey images may be said. Raises ``UsageError`` with the file's name; ``MissingExtraError`` where Pillow is missing.
    """
    from violet.targets.data import digest_of

    if options.schema_path or options.segment or options.label:
        raise UsageError(f"{path} is a folder of images: it has no schema, label column or segments.")
    classes, files, labels = _files(path)
    chosen = options.drawn(len(files))
    low, high = options.value_range or (0.0, 1.0)
    if not low < high:
        raise UsageError(f"The range {low:g} to {high:g} is empty.")
    pixels, layout = _pixels([files[index] for index in chosen], options.layout)
    shape = pixels.shape[1:]
    notes = []
    if options.value_range is None:
        notes.append("range of inputs: 0 to 1 (--range says another)")
    if not options.layout:
        notes.append(f"images: {layout} (--layout says another)")
    x = (low + (high - low) * (pixels.astype(np.float32) / np.float32(255))).astype(np.float32)
    y = np.array([labels[index] for index in chosen], dtype=np.int64)
    if len(np.unique(y)) < 2:
        raise UsageError(f"{path}: every image that was drawn is of class {classes[int(y[0])]!r}.")
    domain = InputDomain(
        InputKind.IMAGE, shape, np.full(shape, float(low)), np.full(shape, float(high)), layout=layout, dtype="float32"
    )
    name = os.path.basename(os.path.normpath(path))
    return LabelledData(x, y, classes, domain, name, digest_of(files, path), {}, tuple(notes))


def _files(path: str) -> tuple[tuple[str, ...], list[str], list[int]]:
    classes = tuple(sorted(entry.name for entry in os.scandir(path) if entry.is_dir() and entry.name[0] != "."))
    if len(classes) < 2:
        raise UsageError(
            f"{path} has {len(classes) or 'no'} folder{'s' if len(classes) != 1 else ''} within.",
            "A folder of images for each class, two or more, is expected.",
        )
    files: list[str] = []
    labels: list[int] = []
    for index, name in enumerate(classes):
        before = len(files)
        for directory, inner, names in os.walk(os.path.join(path, name)):
            inner.sort()
            files.extend(os.path.join(directory, file) for file in sorted(names) if file[0] != ".")
        labels.extend([index] * (len(files) - before))
        if len(files) == before:
            raise UsageError(f"{os.path.join(path, name)} holds no images.")
    return classes, files, labels


def _pixels(files: list[str], wanted: str) -> tuple[Array, str]:
    """``(n, *shape)`` uint8 and the layout."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("Images", "test") from error
    if wanted and wanted not in LAYOUTS:
        raise UsageError(f"{wanted!r} is no layout of images.", f"Use one of {', '.join(LAYOUTS)}.")
    sizes: dict[tuple[int, int], str] = {}
    grey = True
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for file in files:
            with _opened(Image, file) as image:
                sizes.setdefault(image.size, file)
                grey = grey and image.mode in GREY
        if len(sizes) > 1:
            (one, first), (other, second) = list(sizes.items())[:2]
            raise UsageError(
                f"{second} has {other[0]} x {other[1]} pixels, and {first} has {one[0]} x {one[1]}.",
                "A model takes images of one size: resize them.",
            )
        (width, height) = next(iter(sizes))
        channels = 1 if grey else 3
        if 4 * len(files) * width * height * channels > MOST_BYTES:
            raise UsageError(f"{len(files)} images of {width} x {height} pixels are too many at once.", "Say --limit.")
        pixels = np.empty((len(files), height, width, channels), dtype=np.uint8)
        for row, file in enumerate(files):
            with _opened(Image, file) as image:
                try:
                    pixels[row] = _bytes(image, grey).reshape(height, width, channels)
                except (OSError, ValueError, SyntaxError) as error:
                    raise UsageError(f"{file} is a broken image: {error}.") from error
    if wanted == "hw":
        if not grey:
            raise UsageError("Colour images have no layout hw.", "Say --layout chw or --layout hwc.")
        return pixels[..., 0], "hw"
    if wanted == "hwc":
        return pixels, "hwc"
    return np.ascontiguousarray(pixels.transpose(0, 3, 1, 2)), "chw"


def _bytes(image: Any, grey: bool) -> Array:
    if image.mode == "I;16":
        return np.asarray(np.asarray(image).astype(np.uint32) * 255 // 65535, dtype=np.uint8)
    return np.asarray(image.convert("L" if grey else "RGB"), dtype=np.uint8)


def _opened(image: Any, file: str) -> Any:
    try:
        return image.open(file, formats=FORMATS)
    except (OSError, ValueError, SyntaxError, Warning) as error:
        raise UsageError(f"{file} is no image that can be read: {error}.") from error
