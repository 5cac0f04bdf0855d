"""Held-out data, read from what it is kept in: arrays, tables, folders of images, lines of text."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError
from violet.targets.data_options import DataOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from violet.targets.base import LabelledData

    Reader = Callable[[str, DataOptions], LabelledData]


def load_data(
    path: str | os.PathLike[str],
    *,
    schema_path: str = "",
    label: str = "",
    segment: Sequence[str] = (),
    limit: int = 0,
    seed: int = 0,
    layout: str = "",
    value_range: tuple[float, float] | None = None,
) -> LabelledData:
    """Data with labels, by content: ``.npz``, Parquet, CSV, a folder with a folder of images for each class, or JSON
    lines of text and label.

    ``label`` names the column (or array, or JSON key) of the class; ``segment`` others by which results are split.
    ``limit`` draws so many rows at random with ``seed`` (0: all), in their order. ``layout`` (``chw``, ``hwc`` or
    ``hw``) and ``value_range`` say what images are; without, both are worked out, and ``notes`` of the result say how.
    Raises ``UsageError``, with the place, for what cannot be tested on: missing, empty, of unequal length, NaN, labels
    out of range, a single class.
    """
    where = os.fspath(path)
    if not os.path.exists(where):
        raise UsageError(f"{where}: there is no such file.")
    if limit < 0:
        raise UsageError(f"A limit of {limit} rows makes no sense.")
    options = DataOptions(schema_path, label, tuple(segment), layout, value_range, limit, seed)
    data = _reader(where)(where, options)
    return sample(replace(data, name=data.name or os.path.basename(os.path.normpath(where))), options)


def sample(data: LabelledData, options: DataOptions) -> LabelledData:
    """The rows that ``options`` draw; all where there are no more."""
    chosen = options.drawn(len(data))
    if len(chosen) == len(data):
        return data
    return replace(
        data,
        x=data.x[chosen],
        y=data.y[chosen],
        segments={name: values[chosen] for name, values in data.segments.items()},
    )


def _reader(path: str) -> Reader:
    if os.path.isdir(path):
        from violet.targets.data_images import read_folders

        return read_folders
    from violet.targets.content import formats_of

    found = formats_of(path)
    if "parquet" in found:
        from violet.targets.data_tables import read_parquet

        return read_parquet
    if "npz" in found or "zip" in found:
        from violet.targets.data_arrays import read_npz

        return read_npz
    with open(path, "rb") as file:
        head = file.read(4096)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        from violet.targets.data_texts import read_jsonl

        return read_jsonl
    if head and b"\0" not in head and not head.startswith(b"\x80"):
        from violet.targets.data_tables import read_csv

        return read_csv
    what = f" It is: {', '.join(found)}." if found else ""
    raise UsageError(
        f"{path} is no data that can be read.{what}" if head else f"{path} is empty.",
        "Give .npz, Parquet, CSV, JSON lines, or a folder with a folder of images for each class.",
    )


def digest_of(paths: Iterable[str], root: str = "") -> str:
    """SHA-256 of one file; of several, of the lines ``digest  relative/path`` in sorted order."""
    files = sorted(paths)
    digests = []
    for path in files:
        with open(path, "rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    if len(files) == 1 and not root:
        return digests[0]
    lines = sorted(
        f"{digest}  {os.path.relpath(path, root or os.path.dirname(path)).replace(os.sep, '/')}\n"
        for path, digest in zip(files, digests, strict=True)
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()
