"""Which members of a PyTorch archive are the bare numbers of tensors: bytes that no reader interprets.

Any bytes can be numbers, so sniffers would take some of them for pickles or protocol buffers; and they are
nearly all of the file, so nothing but their first bytes is read.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.base import Child, Parsed, Relation

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

FORMAT_ID = "torch-storage"

_NAMES = re.compile(
    r"(?:data|constants)/(?:\d+|(?:weights|constants)/(?:weight|tensor|constant)_\d+)|\.data/\d+\.storage"
)
"""Names of storages below the root of a checkpoint, a TorchScript archive, an exported program, a package."""

_SOMETHING_ELSE = (
    rb"PK\x03\x04|PK\x05\x06|\x7fELF[\x01\x02]|#![ /]|\x93NUMPY|\x89HDF\r\n|GGUF|Rar!\x1a|7z\xbc\xaf|\xfd7zXZ\0"
    rb"|\x1f\x8b\x08[\0-\x1f]|BZh[1-9]1AY|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18"
    rb"|\xcf\xfa\xed\xfe|\xce\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]|\xca\xfe\xba\xbe|\0asm\x01"
    rb"|\x80[\x04\x05]\x95|\x80[\x02-\x05][c}\](K]|c[A-Za-z_.]{2,}\n[A-Za-z_.]{2,}\n"
    rb"|[({\[\"<A-Za-z][\x20-\x7e\r\n\t]{15}"
)
"""How content begins that is left to the sniffers all the same. Numbers begin so about once in 2^24 times;
the last alternative is text."""


def mark(children: list[Child], names: list[str]) -> None:
    """Say of the storages among the children that they are such."""
    roots = {name[: -len("data.pkl")] for name in names if name.endswith("data.pkl")}
    roots.update(n.partition(".data/")[0] for n in names if n.endswith(".data/extern_modules"))
    roots.update(n[: -len("archive_format")] for n in names if n.endswith("archive_format"))
    if not roots:
        return
    something_else = re.compile(_SOMETHING_ELSE)
    for child in children:
        if child.relation is Relation.MEMBER and _is_storage(child.name, roots):
            head = child.source.read(0, 64)
            if not something_else.match(head) and not (head[:2] == b"MZ" and _is_program(child.source, head)):
                child.format = FORMAT_ID


def _is_storage(name: str, roots: set[str]) -> bool:
    found = _NAMES.search(name)
    return found is not None and found.end() == len(name) and name[: found.start()] in roots


def _is_program(source: Source, head: bytes) -> bool:
    """Whether a Windows program begins here: two letters alone would be met among thousands of tensors."""
    return source.read(int.from_bytes(head[60:64], "little"), 4) == b"PE\0\0"


def read_storage(source: Source, reading: Reading) -> Parsed:
    """Nothing, unless everything is to be read: then pickles that begin within the numbers."""
    parsed = Parsed()
    if reading.deep:
        from violet.formats.pickle.trial import carve

        for at in carve(source, reading.meter):
            window = source.window(at, source.size - at)
            parsed.children.append(Child("pickle", window, Relation.HIDDEN, "pickle", at))
    return parsed
