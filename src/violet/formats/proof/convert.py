"""What a worker does for a conversion: prove, write, read back. Each is one job, answered in plain JSON.

The proof hashes every tensor as the source gives it; writing proves again and must come to the same; reading back
hashes what was written. Only where all three agree, and the source is what it was, does the new file count.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from violet.formats.base import Reading
from violet.formats.proof.files import Proof, prove
from violet.formats.proof.flatten import Flat, flatten
from violet.formats.proof.gather import pieces
from violet.formats.proof.values import Unproven
from violet.formats.source import BoundExceededError, Bounds, FileSource, Meter, WindowSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from violet.formats.proof.values import Tensor
    from violet.formats.source import Source

CHUNK = 4 << 20
LARGEST_GROWTH = 4
"""Times the size of the source that the tensors may take; views of one storage add up."""
ALWAYS_ALLOWED = 64 << 20
"""Bytes of tensors that are written whatever the size of the source."""
STRUCTURE = "violet.structure"
ALIASES = "violet.aliases"
SOURCE = "violet.source"
"""Keys of the metadata of what is written."""


def examine(payload: list[Any]) -> dict[str, Any]:
    """``[path, tied]`` to a proof with digests, ``{"proven": ...}``, or ``{"refused": ...}``."""
    path, tied = payload
    try:
        with FileSource.open(path) as source:
            return {"proven": _proven(source, os.path.basename(path), tied)}
    except Unproven as error:
        return {"refused": [error.kind, error.reason, error.offset, error.call, error.fix]}
    except BoundExceededError as error:
        return {"refused": ["bound", f"the proof would cost too much: it {error.message}", None, "", ""]}


def write(payload: list[Any]) -> dict[str, Any]:
    """``[path, tied, output, expected]``: prove again, and write what was proven into the existing, empty file
    ``output``. ``expected`` holds ``file``, ``state`` and ``plan`` of the proof. ``{"source": digest}`` with that of
    the source afterwards, or ``{"refused": ...}``."""
    path, tied, output, expected = payload
    try:
        with FileSource.open(path) as source:
            made = _proven(source, os.path.basename(path), tied, expected["file"])
            if any(made[key] != expected[key] for key in ("file", "state", "plan")):
                return {"refused": ["changed", "the file changed after it was proven", None, "", ""]}
            descriptor = os.open(output, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                _write(descriptor, made["views"], made["head"])
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            after = file_digest(source)
            if _state(source) != expected["state"]:
                return {"refused": ["changed", "the file changed while it was converted", None, "", ""]}
    except Unproven as error:
        return {"refused": ["changed", f"the file changed after it was proven: {error.reason}", None, "", ""]}
    except BoundExceededError as error:
        return {"refused": ["bound", f"the conversion would cost too much: it {error.message}", None, "", ""]}
    except OSError as error:
        return {"refused": ["system", f"it cannot be written: {error.strerror or error}", None, "", ""]}
    return {"source": after}


def read_back(payload: list[Any]) -> dict[str, Any]:
    """``[path]`` of a safetensors file to its digests: ``{"tensors": {name: [dtype, shape, digest, offset]}}``, or
    ``{"refused": ...}`` where it departs from the format."""
    from violet.formats.safetensors.reader import SafetensorsFacts, read_safetensors

    bounds = Bounds(table=128 << 20)
    with FileSource.open(payload[0]) as source:
        parsed = read_safetensors(source, Reading(os.path.basename(payload[0]), bounds, Meter(bounds)))
        facts = parsed.facts
        if parsed.defects or parsed.unexamined or not isinstance(facts, SafetensorsFacts):
            first = parsed.defects[0].message if parsed.defects else "it cannot be read"
            return {"refused": ["output", f"what was written is not sound: {first}", None, "", ""]}
        if (8 + facts.header) % 8:
            return {"refused": ["output", "what was written is not aligned", None, "", ""]}
        start = 8 + facts.header
        tensors = {
            t.name: [t.dtype, list(t.shape), _digest(source, start + t.begin, start + t.end), start + t.begin]
            for t in facts.tensors
        }
        return {"tensors": tensors}


def file_digest(source: Source) -> str:
    return _digest(source, 0, source.size)


def _digest(source: Source, begin: int, end: int) -> str:
    total = hashlib.sha256()
    while begin < end:
        data = source.read(begin, min(CHUNK, end - begin))
        if not data:
            raise Unproven("the file became shorter while it was read")
        total.update(data)
        begin += len(data)
    return total.hexdigest()


def contents_digest(tensors: Mapping[str, tuple[str, tuple[int, ...], str]]) -> str:
    """One digest over the contents of all tensors, wherever they stand: the SHA-256 of a line for each, sorted by
    name: the tensor's SHA-256, its element type, its shape as JSON, and its name as JSON, with a space between."""
    total = hashlib.sha256()
    for name in sorted(tensors):
        dtype, shape, digest = tensors[name]
        line = f"{digest} {dtype} {json.dumps(list(shape), separators=(',', ':'))} {json.dumps(name)}\n"
        total.update(line.encode("ascii"))
    return total.hexdigest()


def _proven(source: FileSource, name: str, tied: str, digest: str = "") -> dict[str, Any]:
    from violet.formats.safetensors.writer import header, lay_out

    """What the file is proven to hold, and what is to be written. Where its ``digest`` is given (and verified by the
    caller), the views that make up the plan, else their digests."""
    bounds = Bounds()
    state = _state(source)
    before = digest or file_digest(source)
    proof = prove(source, Reading(name, bounds, Meter(bounds), deep=not digest))
    flat = flatten(proof.value)
    kept = {key: t for key, t in flat.tensors.items() if tied != "once" or key not in flat.aliases}
    _bounded(kept, max(source.size, proof.expanded))
    entries = lay_out((key, t.element.name, t.shape) for key, t in kept.items())
    try:
        head = header(entries, _metadata(proof, flat, tied, before))
    except ValueError as error:
        raise Unproven(str(error)) from None
    result: dict[str, Any] = {
        "file": before,
        "state": state,
        "size": source.size,
        "layout": f"{proof.layout} ({proof.compression})" if proof.compression else proof.layout,
        "begin": len(head),
        "plan": hashlib.sha256(head).hexdigest(),
        "calls": proof.calls,
        "aliases": flat.aliases,
        "plain": [list(pair) for pair in flat.plain],
        "plain_count": flat.plain_count,
        "tensors": [
            [e.name, e.dtype, list(e.shape), e.begin, e.end, _offset(kept[e.name], source), kept[e.name].kind]
            for e in entries
        ],
    }
    if digest:
        return result | {"head": head, "views": [kept[entry.name] for entry in entries]}
    result["digests"] = {entry.name: _tensor_digest(kept[entry.name]) for entry in entries}
    if _state(source) != state:
        raise Unproven("the file changed while it was examined")
    return result


def _state(source: FileSource) -> list[int]:
    """What the system says of the file; any write to it changes that."""
    status = os.fstat(source.descriptor)
    return [status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _bounded(tensors: Mapping[str, Tensor], size: int) -> None:
    total = sum(tensor.size for tensor in tensors.values())
    if total > LARGEST_GROWTH * size + ALWAYS_ALLOWED:
        raise Unproven(f"its tensors are views that would take {total:,} bytes when written out, of a file of {size:,}")


def _metadata(proof: Proof, flat: Flat, tied: str, digest: str) -> dict[str, str]:
    made = {"format": proof.library, SOURCE: f"sha256:{digest}", STRUCTURE: flat.structure}
    if tied == "once":
        made.update({name: first for name, first in flat.aliases.items() if name not in made})
    if flat.aliases:
        made[ALIASES] = json.dumps(flat.aliases, separators=(",", ":"))
    return made


def _offset(tensor: Tensor, file: FileSource) -> int | None:
    """Where in the file the bytes of the tensor stand as they will be written; ``None`` where they do not."""
    source = tensor.storage.source
    if not tensor.contiguous or (tensor.storage.swapped and tensor.element.part > 1) or not tensor.size:
        return None
    if isinstance(source, WindowSource) and source.parent is file:
        return source.offset + tensor.start * tensor.element.size
    return None


def _tensor_digest(tensor: Tensor) -> str:
    total = hashlib.sha256()
    for piece in pieces(tensor):
        total.update(piece)
    return total.hexdigest()


def _write(descriptor: int, views: list[Tensor], head: bytes) -> None:
    _all(descriptor, head)
    for tensor in views:
        for piece in pieces(tensor):
            _all(descriptor, piece)


def _all(descriptor: int, data: bytes | bytearray | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
