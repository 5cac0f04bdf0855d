"""What the readers of PyTorch archives tell checks."""

from __future__ import annotations

from dataclasses import dataclass, field

FILE_OPERATORS = {
    "save": "writes any file",
    "from_file": "maps any file into a tensor, and can create or change it",
    "load": "reads any file",
}
REMOTE = frozenset(("rpc_async", "rpc_sync", "rpc_remote", "remote"))


@dataclass(slots=True, eq=False, repr=False)
class Records:
    """Member names by what they are: pickles of objects, program text, Python sources, native libraries."""

    roots: list[str] = field(default_factory=list)
    """Folders that hold a ``data.pkl``, with their final slash; ``""`` for none."""
    code: list[str] = field(default_factory=list)
    bytecode: list[str] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
    native: list[str] = field(default_factory=list)
    storages: int = 0


@dataclass(slots=True, eq=False, repr=False)
class TorchFacts:
    """Members by what they are."""

    records: Records = field(default_factory=Records)


@dataclass(slots=True, eq=False, repr=False)
class Use:
    """One operator or native class that is used: ``where`` names the member, ``line`` counts from 1."""

    namespace: str
    name: str
    where: str
    line: int
    text: str
    method: str = ""
    """The function it stands in; what ``__setstate__`` does happens while the file is loaded."""


@dataclass(slots=True, eq=False, repr=False)
class ScriptFacts:
    """What the program calls, and what of it was too much to read."""

    uses: list[Use] = field(default_factory=list)
    sources: int = 0
    native: list[str] = field(default_factory=list)
    python: list[str] = field(default_factory=list)
