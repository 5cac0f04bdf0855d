"""A profile as a file: a zip of arrays without pickles (``.npz``) and one JSON header, checked before it is
believed."""

from __future__ import annotations

import io
import json
import math
import os
import re
import zipfile
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.heavy import CAPACITY, HeavyHitters
from violet.detectors.profile.kernel import MOMENTS
from violet.detectors.profile.layout import CLASSES, Layout
from violet.detectors.profile.profile import PARTS, Part, Profile
from violet.detectors.reference import Reference
from violet.domain.errors import UsageError, VioletError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

FORMAT = "violet-profile/1"
LARGEST = 256 << 20
"""Bytes of a profile, unpacked. One of 50 columns has about 2 MB."""
MEMBERS = 128
HEADER = 16 << 20
COLUMNS = 10_000
_HEAD = re.compile(
    rb"\{'descr': '([<|][iufb][1248])', 'fortran_order': False, 'shape': \(((?:\d{1,10},? ?){0,3})\), \} *\n"
)

PART_FIGURES = ("rows", "start", "end", "confidence", "answers", "right", "known")


def profile_bytes(profile: Profile, facts: Mapping[str, str] | None = None) -> bytes:
    """The file. ``facts`` (where the data came from, when) stand in the header as they are. Equal profiles with equal
    facts give equal bytes."""
    import hashlib

    layout = profile.finish().layout
    meta, arrays = layout.to_parts()
    arrays = {f"layout.{name}": array for name, array in arrays.items()}
    if layout.reference is not None:
        arrays |= {f"reference.{name}": array for name, array in layout.reference.to_arrays().items()}
    arrays |= _counted(profile)
    packed = {name: _npy(array) for name, array in sorted(arrays.items())}
    said = hashlib.sha256()
    for name, content in packed.items():
        said.update(name.encode() + b"\0" + len(content).to_bytes(8, "little") + content)
    header = {
        "format": FORMAT,
        "layout": meta,
        "has_reference": layout.reference is not None,
        "rows": profile.rows,
        "rate": profile.rate,
        "first": _finite(profile.first),
        "last": _finite(profile.last),
        "window": profile.window,
        "span": profile.span,
        "sampled": profile.joint.rows,
        "rest": [{"counts": dict(r.counts), "rows": r.rows, "short": r.short} for r in profile.rest],
        "facts": dict(facts or {}),
        "arrays": said.hexdigest(),
    }
    text = json.dumps(header, sort_keys=True).encode()
    header["digest"] = hashlib.sha256(text).hexdigest()
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (("profile.json", json.dumps(header, sort_keys=True).encode()), *packed.items()):
            entry = zipfile.ZipInfo(name if name.endswith(".json") else f"{name}.npy", (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return target.getvalue()


def is_profile(path: str) -> bool:
    """By its content."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "profile.json" in archive.namelist()[:MEMBERS]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def load_profile(path: str) -> tuple[Profile, dict[str, str]]:
    """The profile and its facts. Raises ``UsageError`` where the file is not there, and ``VioletError`` where it is no
    profile, was changed, or is larger than one can be. Nothing in it is unpickled."""
    try:
        if os.path.getsize(path) > LARGEST:
            raise VioletError(f"{path} is larger than a profile can be.")
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return parse_profile(content)
    except ValueError as error:
        raise VioletError(f"{path} is no profile that can be used: {error}.", "Make it with violet profile.") from error


def parse_profile(content: bytes) -> tuple[Profile, dict[str, str]]:
    """Of the bytes of a file. Raises ``ValueError`` for anything but a whole and consistent profile."""
    try:
        header, arrays = _unpacked(content)
        return _made(header, arrays), {str(k): str(v) for k, v in header["facts"].items()}
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"a part is missing or wrong ({type(error).__name__}: {error})") from error


def _unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, Array]]:
    import hashlib

    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        entries = archive.infolist()
        if len(entries) > MEMBERS or sum(entry.file_size for entry in entries) > LARGEST:
            raise ValueError("it holds more than a profile does")
        if len({entry.filename for entry in entries}) != len(entries):
            raise ValueError("two members have one name")
        packed: dict[str, bytes] = {}
        for entry in entries:
            limit = HEADER if entry.filename == "profile.json" else LARGEST
            with archive.open(entry) as member:
                packed[entry.filename] = member.read(min(limit, entry.file_size) + 1)
            if len(packed[entry.filename]) > min(limit, entry.file_size):
                raise ValueError(f"{entry.filename} is longer than it says")
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, RuntimeError, zlib.error) as error:
        raise ValueError(f"it is no zip file that can be read ({error})") from error
    try:
        header = json.loads(packed.pop("profile.json"))
    except KeyError:
        raise ValueError("it has no header") from None
    if not isinstance(header, dict) or header.get("format") != FORMAT:
        raise ValueError(f"its header does not say {FORMAT}")
    digest = header.pop("digest", "")
    if digest != hashlib.sha256(json.dumps(header, sort_keys=True).encode()).hexdigest():
        raise ValueError("its header was changed")
    said = hashlib.sha256()
    arrays = {}
    for name, data in sorted(packed.items()):
        stem = name.removesuffix(".npy")
        said.update(stem.encode() + b"\0" + len(data).to_bytes(8, "little") + data)
        arrays[stem] = _array(data, stem)
    if said.hexdigest() != header["arrays"]:
        raise ValueError("its arrays were changed")
    return header, arrays


def _array(data: bytes, name: str) -> Array:
    """One ``.npy`` as it is written here: numbers in rows. The header is matched, not evaluated as numpy does; so there
    are no objects to unpickle either."""
    size = int.from_bytes(data[8:10], "little")
    if data[:8] != b"\x93NUMPY\x01\x00" or len(data) < 10 + size:
        raise ValueError(f"{name} is no array")
    head = _HEAD.fullmatch(data[10 : 10 + size])
    if head is None:
        raise ValueError(f"{name} is no array of numbers")
    kind = np.dtype(head[1].decode())
    shape = tuple(int(side) for side in head[2].split(b",") if side.strip())
    count = math.prod(shape)
    if len(data) - 10 - size != count * kind.itemsize:
        raise ValueError(f"{name} is no array of the size it says")
    return np.frombuffer(data, kind, count, 10 + size).reshape(shape)


def _counted(profile: Profile) -> dict[str, Array]:
    joint, outputs = profile.joint, profile.outputs
    parts = profile.parts
    width = int(profile.layout.coarse_offsets[-1])
    return {
        "counts": profile.counts,
        "sums": profile.sums,
        "moments": profile.moments,
        "words": profile.words,
        "word_missing": profile.word_missing,
        "characters": profile.characters,
        "grams": profile.grams,
        "present": profile.present,
        "joint.features": joint.features,
        "joint.totals": joint.totals,
        "joint.products": joint.products,
        "joint.squares": joint.squares,
        "joint.segments": joint.segments,
        "outputs.answers": outputs.answers,
        "outputs.confidence": outputs.confidence,
        "outputs.known": outputs.known,
        "outputs.right": outputs.right,
        "parts.coarse": np.array([part.coarse for part in parts], np.int64).reshape(len(parts), width),
        "parts.figures": np.array(
            [[getattr(part, name) for name in PART_FIGURES] for part in parts], np.float64
        ).reshape(len(parts), len(PART_FIGURES)),
    }


def _made(header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Profile:
    meta = header["layout"]
    if sum(len(meta[kind]) for kind in ("numbers", "categories", "texts", "vectors")) > COLUMNS:
        raise ValueError("it has too many columns")
    reference = None
    if header["has_reference"]:
        prefix = "reference."
        reference = Reference.from_arrays(
            {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
        )
    layout = Layout.from_parts(
        meta, {n.removeprefix("layout."): a for n, a in arrays.items() if n.startswith("layout.")}, reference
    )
    _check(layout)
    profile = Profile(layout, rate=float(header["rate"]), window=int(header["window"]), span=float(header["span"]))
    profile.rows = int(header["rows"])
    profile.first = float("inf") if header["first"] is None else float(header["first"])
    profile.last = float("-inf") if header["last"] is None else float(header["last"])
    for name, owner in (
        *((name, profile) for name in ("counts", "sums", "moments", "words", "word_missing", "present")),
        *((name, profile) for name in ("characters", "grams")),
    ):
        setattr(owner, name, _like(arrays[name], getattr(owner, name), name))
    for name in ("features", "totals", "products", "squares", "segments"):
        setattr(profile.joint, name, _like(arrays[f"joint.{name}"], getattr(profile.joint, name), name))
    profile.joint.rows = int(header["sampled"])
    for name in ("answers", "confidence", "known", "right"):
        setattr(profile.outputs, name, _like(arrays[f"outputs.{name}"], getattr(profile.outputs, name), name))
    profile.rest = [_rest(entry) for entry in header["rest"]]
    if len(profile.rest) != len(layout.categories) or profile.rows < 0 or profile.joint.rows < 0:
        raise ValueError("its parts do not belong together")
    profile.parts = _parts(arrays["parts.coarse"], arrays["parts.figures"], int(layout.coarse_offsets[-1]))
    return profile


def _check(layout: Layout) -> None:
    """Before anything is made of it: what the header claims is bounded, and the reference is one that can be used."""
    width = int(layout.coarse_offsets[-1])
    if 8 * width * (layout.segment_count + 1) > LARGEST or len(layout.classes) > CLASSES:
        raise ValueError("it has more segments or classes than a profile can")
    reference = layout.reference
    if reference is None:
        return
    m, d = len(reference.phase), reference.width
    if d > 4096 or m > 4096 or reference.omega.shape != (d, m):
        raise ValueError("its reference is wider than one can be")
    if reference.feature_mean.shape != (m,) or reference.feature_variance.shape != (m,):
        raise ValueError("the features of its reference do not belong together")
    for name in ("center", "phase", "feature_mean", "feature_variance", "sample"):
        if not np.all(np.isfinite(getattr(reference, name))):
            raise ValueError(f"{name} of its reference is not finite")
    if not reference.shape and d != reference.columns:
        raise ValueError("the columns of its reference do not belong together")


def _like(found: Array, expected: Array, name: str) -> Array:
    if found.shape != expected.shape or found.dtype.kind != expected.dtype.kind:
        raise ValueError(f"{name} has shape {found.shape} where {expected.shape} belongs")
    if expected.dtype.kind == "i" and found.size and found.min() < 0:
        raise ValueError(f"{name} counts less than nothing")
    if expected.dtype.kind == "f" and expected.shape[1:] != (MOMENTS,) and not np.all(np.isfinite(found)):
        raise ValueError(f"{name} is not finite")
    return found.astype(expected.dtype, copy=True)


def _rest(entry: Mapping[str, Any]) -> HeavyHitters:
    counts = {str(word): int(count) for word, count in entry["counts"].items()}
    if len(counts) > CAPACITY or any(count < 0 for count in counts.values()):
        raise ValueError("the frequent words are not as they can be")
    return HeavyHitters(counts, int(entry["rows"]), int(entry["short"]))


def _parts(coarse: Array, figures: Array, width: int) -> list[Part]:
    if coarse.ndim != 2 or coarse.shape[1] != width or figures.shape != (len(coarse), len(PART_FIGURES)):
        raise ValueError("its windows do not belong together")
    if len(coarse) > PARTS or not np.all(np.isfinite(figures)) or (coarse.size and coarse.min() < 0):
        raise ValueError("its windows are not as they can be")
    return [
        Part(int(f[0]), float(f[1]), float(f[2]), row.astype(np.int64), float(f[3]), int(f[4]), int(f[5]), int(f[6]))
        for row, f in zip(coarse, figures, strict=True)
    ]


def _npy(array: Array) -> bytes:
    target = io.BytesIO()
    np.lib.format.write_array(target, np.ascontiguousarray(array), allow_pickle=False)
    return target.getvalue()


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
