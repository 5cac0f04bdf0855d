"""Tells the PyTorch archives by the names of their members.

Sources: ``caffe2/serialize/inline_container.h``, ``torch/serialization.py``, ``torch/package`` and
``torch/export/pt2_archive`` of PyTorch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.torch.facts import Records

if TYPE_CHECKING:
    from collections.abc import Iterable

_BESIDE = (
    "version",
    "byteorder",
    ".format_version",
    ".storage_alignment",
    ".data/serialization_id",
    "constants.pkl",
)


def sort_names(names: Iterable[str]) -> Records:
    found = Records()
    for name in names:
        lowered = name.lower()
        if lowered == "data.pkl" or lowered.endswith("/data.pkl"):
            found.roots.append(name[: -len("data.pkl")])
        elif lowered.endswith(".py"):
            in_code = lowered.startswith("code/") or "/code/" in lowered
            (found.code if in_code else found.python).append(name)
        elif lowered == "bytecode.pkl" or lowered.endswith("/bytecode.pkl"):
            found.bytecode.append(name)
        elif lowered.endswith((".so", ".dll", ".dylib", ".pyd", ".o", ".cubin")):
            found.native.append(name)
        elif lowered.startswith("data/") or "/data/" in lowered:
            found.storages += 1
    return found


def kind_of(names: tuple[str, ...]) -> str:
    """``torchscript``, ``torch_package``, ``torch_export``, ``torch_zip`` or ``""``.

    The reader that PyTorch builds in finds members without regard to case, so case is not regarded here.
    """
    lowered = tuple(name.lower() for name in names)
    known = set(lowered)
    last = {name.rpartition("/")[2] for name in known}
    if any(n == ".data/extern_modules" or n.endswith("/.data/extern_modules") for n in lowered):
        return "torch_package"
    if "serialized_exported_program.json" in last or ("archive_format" in last and _exported(lowered)):
        return "torch_export"
    records = sort_names(lowered)
    for root in records.roots:
        if f"{root}constants.pkl" in known and any(n.startswith(f"{root}code/") for n in lowered):
            return "torchscript"
        beside = any(f"{root}{name}" in known for name in _BESIDE)
        if beside or any(n.startswith(f"{root}data/") for n in lowered):
            return "torch_zip"
    return "torchscript" if records.bytecode and "constants.pkl" in last else ""


def _exported(names: tuple[str, ...]) -> bool:
    return any("/models/" in n or n.startswith("models/") or "aotinductor" in n for n in names)
