"""Files that may hold tensors only: PyTorch checkpoints in both layouts, NumPy's arrays, joblib dumps, bare pickles.

Layouts: ``torch/serialization.py`` (2.13: ``_load``, ``_legacy_load``), ``numpy/lib/_format_impl.py`` and
``numpy/lib/_npyio_impl.py`` (2.4), ``joblib/numpy_pickle.py`` (1.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.formats.base import Reading
from violet.formats.proof.agreement import check_agreement
from violet.formats.proof.calls import Known
from violet.formats.proof.recode import kept
from violet.formats.proof.stream import Stream
from violet.formats.proof.values import Array, Mapping, Storage, Tensor, Unproven, Value, column_major, row_major
from violet.formats.registry import identify

if TYPE_CHECKING:
    from violet.formats.archive import Member
    from violet.formats.base import Parsed
    from violet.formats.source import Source

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
TORCH_PROTOCOL = 1001
_STORAGE = re.compile(r"data/([0-9]{1,20})")
_BESIDE = ("data.pkl", "byteorder", "version", ".format_version", ".storage_alignment", ".data/serialization_id")
_SMALL = 4096
NOTHING_TO_DO = "nothing-to-do"

_OTHERS = {
    "torchscript": ("it is a TorchScript program, not only tensors", "Save its state_dict() instead."),
    "torch_package": ("it is a torch.package archive, which carries code", "Save the model's state_dict() instead."),
    "torch_export": ("it is an exported program, not only tensors", "Save the model's state_dict() instead."),
}
_COMPRESSED = ("gzip", "bzip2", "xz", "lzma", "zlib", "zstd", "lz4", "zfile")
_OF_JOBLIB = ("gzip", "bzip2", "xz", "lzma", "zlib", "lz4")
"""Compression that ``joblib.load`` undoes by itself (``joblib/compressor.py``), whatever the file is called."""
PICKLED = frozenset(
    ("torch_zip", "torch_legacy", "pickle", "npy", "npz", "torchscript", "torch_package", "torch_export")
)
"""Formats for which a conversion can be asked."""


@dataclass(slots=True, eq=False, repr=False)
class Proof:
    """What a file was proven to hold: ``layout`` as ``Known`` has it, or ``npy`` or ``npz``; ``library`` is ``pt``
    or ``np``; ``calls`` are the reconstruction calls by name, and how often each is made. Of a compressed file
    ``compression`` names the format, and ``expanded`` is the size of what it holds."""

    layout: str
    library: str
    value: Value
    calls: dict[str, int] = field(default_factory=dict)
    compression: str = ""
    expanded: int = 0


def prove(source: Source, reading: Reading) -> Proof:
    """Prove that ``source`` holds tensors in plain containers and nothing else. Checksums of archives are verified
    where the reading is deep. Raises ``Unproven`` where it is not proven, and ``BoundExceededError`` where the proof
    would cost too much."""
    found = [entry.id for entry in identify(source, reading.name)]
    compressed = [name for name in found if name in _COMPRESSED]
    if len(found) == 1 and compressed and compressed[0] in _OF_JOBLIB:
        return _compressed(source, reading, compressed[0])
    if compressed:
        reason = f"it is compressed ({compressed[0]}), and what it holds is a file of its own"
        raise Unproven(reason, fix="Decompress it, and convert what comes out.")
    kinds = set(found)
    for name, (reason, fix) in _OTHERS.items():
        if name in kinds:
            raise Unproven(reason, fix=fix)
    if kinds == {"torch_zip", "zip"}:
        return _torch_zip(source, reading)
    if kinds in ({"npz", "zip"}, {"zip"}) and reading.name.lower().endswith(".npz"):
        return _npz(source, reading)
    if kinds in ({"torch_legacy", "pickle"}, {"torch_legacy"}):
        return _torch_legacy(source, reading)
    if kinds == {"npy"}:
        return _npy(source, reading)
    if kinds == {"pickle"}:
        return _pickle(source, reading)
    if len(kinds - {"zip"}) > 1:
        raise Unproven(f"its content is several things at once ({', '.join(sorted(kinds))})")
    raise Unproven(f"it is no pickle ({', '.join(sorted(kinds)) or 'unknown content'})", kind=NOTHING_TO_DO)


def _compressed(source: Source, reading: Reading, kind: str) -> Proof:
    """A compressed dump of joblib, or a compressed bare pickle: the only ones that a loader expands by itself."""
    from violet.formats.compressed.reader import read_compressed

    parsed = read_compressed(kind, source, reading)
    problems = [defect.message.rstrip(".") for defect in parsed.defects] + parsed.unexamined
    if problems or len(parsed.children) != 1:
        reason = problems[0] if problems else "it holds more than one thing"
        raise Unproven(f"it is compressed ({kind}), and not sound: {reason}")
    content = parsed.children[0].source
    inner = [entry.id for entry in identify(content, parsed.children[0].name)]
    if inner != ["pickle"]:
        what = ", ".join(inner) or "unknown content"
        reason = f"it is compressed ({kind}), and what it holds is a file of its own ({what})"
        raise Unproven(reason, fix="Decompress it, and convert what comes out.")
    try:
        proof = _pickle(kept(content), reading)
    except Unproven as error:
        error.reason = f"in what it expands to ({kind}): {error.reason}"
        raise
    proof.compression, proof.expanded = kind, content.size
    return proof


def _run(source: Source, start: int, reading: Reading, known: Known) -> tuple[Value, int]:
    stream = Stream(source, start, reading.meter, known)
    value = stream.run()
    return value, stream.position


# -- torch -------------------------------------------------------------------------------------------


def _torch_zip(source: Source, reading: Reading) -> Proof:
    members, root = _torch_members(source, reading)
    order = _content(members.get("byteorder"), b"little")
    if order not in (b"little", b"big"):
        raise Unproven("its byte order is neither little nor big")
    data = members["data.pkl"].source
    if data is None:
        raise Unproven(f"{root}data.pkl cannot be opened")
    known = Known("torch_zip", swapped=order == b"big")
    value, end = _run(data, 0, reading, known)
    if end != data.size:
        raise Unproven(f"{data.size - end:,} bytes stand behind the pickle", end)
    known.finish()
    check_agreement(data, reading, [(0, end)], known)
    records = {m[1]: member for name, member in members.items() if (m := _STORAGE.fullmatch(name))}
    for key, storage in known.storages.items():
        member = records.pop(key, None)
        if member is None or member.source is None:
            raise Unproven(f"the storage {key!r} is missing from the archive", storage.offset)
        _attach(storage, member.source)
    if records:
        raise Unproven(f"it holds the storage {min(records)!r}, which no tensor uses")
    return Proof("torch_zip", "pt", value, known.calls)


def _torch_members(source: Source, reading: Reading) -> tuple[dict[str, Member], str]:
    """The members by their names below the root folder, which torch takes from the first one."""
    found, _ = _zip_members(source, reading)
    roots = {name[: -len("data.pkl")] for name in found if name.endswith("data.pkl")}
    if len(roots) != 1:
        raise Unproven("it holds several object graphs")
    root = roots.pop()
    if root.count("/") != 1:
        raise Unproven("its data.pkl does not lie in the folder in which torch looks for it")
    members: dict[str, Member] = {}
    for name, member in found.items():
        below = name[len(root) :]
        if not name.startswith(root) or (below not in _BESIDE and not _STORAGE.fullmatch(below)):
            raise Unproven(f"it holds {name[:120]!r}, which is no part of a checkpoint")
        members[below] = member
    return members, root


def _zip_members(source: Source, reading: Reading) -> tuple[dict[str, Member], Parsed]:
    """Members by name, of an archive with which no reader has any trouble."""
    from violet.formats.archive import ArchiveFacts
    from violet.formats.zip import read_zip

    parsed = read_zip(source, reading)
    facts = parsed.facts
    defects = [defect for defect in parsed.defects if defect.kind != "no-checksum"]
    if defects:
        first = defects[0]
        raise Unproven(f"the archive is not sound: {first.message.rstrip('.')}", first.offset)
    if parsed.unexamined:
        raise Unproven(f"not all of the archive could be read: {parsed.unexamined[0]}")
    if not isinstance(facts, ArchiveFacts):
        raise Unproven("the archive could not be read")
    if any(child.relation != "member" for child in parsed.children):
        raise Unproven("the archive holds bytes that belong to no member")
    found: dict[str, Member] = {}
    for member in facts.members:
        if member.is_dir or member.is_link or member.name in found:
            raise Unproven(f"the archive holds {member.name[:120]!r}, which is no plain member or stands twice")
        found[member.name] = member
    return found, parsed


def _content(member: Member | None, otherwise: bytes) -> bytes:
    if member is None or member.source is None:
        return otherwise
    return member.source.read(0, _SMALL)


def _attach(storage: Storage, source: Source) -> None:
    expected = storage.count * storage.element.size
    if source.size != expected:
        reason = f"the storage {storage.key!r} should be {expected:,} bytes and is {source.size:,}"
        raise Unproven(reason, storage.offset)
    storage.source = source


def _torch_legacy(source: Source, reading: Reading) -> Proof:
    """A magic number, a version, the system's properties, the objects, the keys, and then the storages."""
    known = Known("torch_legacy")
    spans: list[tuple[int, int]] = []
    values: list[Value] = []
    at = 0
    for number in range(5):
        value, end = _run(source, at, reading, known if number == 3 else Known("numpy"))
        values.append(value)
        spans.append((at, end))
        at = end
    magic, protocol, system, result, keys = values
    if type(magic) is not int or magic != TORCH_MAGIC or type(protocol) is not int or protocol != TORCH_PROTOCOL:
        raise Unproven("it does not begin as torch.save begins a file", 0)
    if type(system) is not Mapping or system.items.get("little_endian") is not True:
        raise Unproven("it was not written on a little-endian machine", spans[2][0])
    known.finish()
    check_agreement(source, reading, spans, known)
    if type(keys) is not list or set(map(str, keys)) != set(known.storages) or len(keys) != len(known.storages):
        raise Unproven("the list of its storages is not that of the storages it names", spans[4][0])
    for key in keys:
        if type(key) is not str:
            raise Unproven("the list of its storages is not that of the storages it names", spans[4][0])
        storage = known.storages[key]
        count = int.from_bytes(source.read(at, 8), "little", signed=True)
        if count != storage.count:
            reason = f"the storage {key!r} holds {count:,} elements where the pickle says {storage.count:,}"
            raise Unproven(reason, at)
        _attach(storage, source.window(at + 8, count * storage.element.size))
        at += 8 + count * storage.element.size
    _ends(source, at)
    return Proof("torch_legacy", "pt", result, known.calls)


def _ends(source: Source, at: int) -> None:
    if at != source.size:
        raise Unproven(f"{source.size - at:,} bytes stand behind its end", at)


# -- NumPy -------------------------------------------------------------------------------------------


def _pickle(source: Source, reading: Reading) -> Proof:
    """A bare pickle, or a dump of joblib, whose arrays stand between the opcodes."""
    layout = "joblib" if b"joblib.numpy_pickle" in source.read(0, 1 << 16) else "numpy"
    known = Known(layout)
    value, end = _run(source, 0, reading, known)
    _ends(source, end)
    known.finish()
    check_agreement(source, reading, [(0, end)], known)
    return Proof(layout, "np", value, known.calls)


def _npy(source: Source, reading: Reading) -> Proof:
    value, calls, pickled = _one_npy(source, reading)
    if not pickled:
        raise Unproven("it is a plain array, which loads without a pickle", kind=NOTHING_TO_DO)
    return Proof("npy", "np", value, calls)


def _one_npy(source: Source, reading: Reading) -> tuple[Value, dict[str, int], bool]:
    """The array that an .npy file holds, and whether it is pickled."""
    from violet.formats.numpy_array.reader import read_array

    header = _npy_header(source, reading)
    if not header.objects:
        parsed = read_array(source, reading)
        if parsed.defects or parsed.children or parsed.unexamined:
            raise Unproven("the array is not sound, or another one follows it")
        return _plain_npy(source, header), {}, False
    known = Known("numpy")
    value, end = _run(source, header.data, reading, known)
    _ends(source, end)
    known.finish()
    check_agreement(source, reading, [(header.data, end)], known)
    if type(value) is not Array or value.content is None:
        raise Unproven("the pickle in it is no array of objects", header.data)
    return value, known.calls, True


@dataclass(frozen=True, slots=True)
class _Header:
    descr: str
    fortran: bool
    shape: tuple[int, ...]
    data: int
    objects: bool


def _npy_header(source: Source, reading: Reading) -> _Header:
    from violet.formats.numpy_array.reader import MOST_HEADER, parse_literal

    head = source.read(0, 12)
    version = head[6:8]
    if head[:6] != b"\x93NUMPY" or version not in (b"\x01\x00", b"\x02\x00", b"\x03\x00"):
        raise Unproven("it is no .npy file of a known version", 0)
    width = 2 if version == b"\x01\x00" else 4
    length = int.from_bytes(head[8 : 8 + width], "little")
    data = 8 + width + length
    if length > MOST_HEADER or data > source.size:
        raise Unproven("its header is longer than a header can be", 8)
    reading.meter.operate(length)
    try:
        value = parse_literal(source.read(8 + width, length).decode("utf-8" if version[0] == 3 else "latin-1"))
    except ValueError as error:
        raise Unproven(f"its header cannot be read ({error})", 10) from None
    if not isinstance(value, dict) or set(value) != {"descr", "fortran_order", "shape"}:
        raise Unproven("its header is not that of an array", 10)
    descr, fortran, shape = value["descr"], value["fortran_order"], value["shape"]
    if not isinstance(shape, tuple) or not all(type(extent) is int and extent >= 0 for extent in shape):
        raise Unproven("its header states a shape that cannot be", 10)
    if type(fortran) is not bool or type(descr) is not str:
        raise Unproven("it is a structured array, which safetensors does not know", 10)
    sizes = tuple(extent for extent in shape if type(extent) is int)
    return _Header(descr, fortran, sizes, data, descr in ("|O", "O", "|O8"))


def _plain_npy(source: Source, header: _Header) -> Tensor:
    from violet.formats.proof.names import NUMPY_CODES, NUMPY_KINDS, NUMPY_PROBLEMS
    from violet.formats.proof.values import ELEMENTS, product

    order, code = header.descr[:1], header.descr[1:]
    if order not in ("<", ">", "|") or code not in NUMPY_CODES:
        problem = NUMPY_PROBLEMS.get(code) or NUMPY_KINDS.get(code[:1])
        raise Unproven(problem or f"it holds elements of type {header.descr[:40]!r}", 10)
    element = ELEMENTS[NUMPY_CODES[code]]
    storage = Storage("@0", element, product(header.shape), 0, swapped=order == ">")
    _attach(storage, source.window(header.data, source.size - header.data))
    strides = column_major(header.shape) if header.fortran else row_major(header.shape)
    return Tensor(element, storage, 0, header.shape, strides, header.data, "array")


def _npz(source: Source, reading: Reading) -> Proof:
    found, _ = _zip_members(source, reading)
    made = Mapping()
    calls: dict[str, int] = {}
    pickled = False
    for name, member in found.items():
        if member.source is None or not name.endswith(".npy"):
            raise Unproven(f"it holds {name[:120]!r}, which is no array")
        try:
            value, more, objects = _one_npy(member.source, reading)
        except Unproven as error:
            error.reason = f"in {name[:120]!r}: {error.reason}"
            raise
        made.items[name[: -len(".npy")]] = value
        pickled = pickled or objects
        for call, count in more.items():
            calls[call] = calls.get(call, 0) + count
    if not pickled:
        raise Unproven("it holds plain arrays, which load without a pickle", kind=NOTHING_TO_DO)
    return Proof("npz", "np", made, calls)
