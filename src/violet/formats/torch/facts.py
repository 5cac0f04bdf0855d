"""What the readers of PyTorch archives tell checks."""

from __future__ import annotations

FILE_OPERATORS = {
    "save": "writes any file",
    "from_file": "maps any file into a tensor, and can create or change it",
    "load": "reads any file",
}
REMOTE = frozenset(("rpc_async", "rpc_sync", "rpc_remote", "remote"))


class Records:
    """Member names by what they are: pickles of objects, program text, Python sources, native libraries."""

    __slots__ = ("bytecode", "code", "native", "python", "roots", "storages")

    roots: list[str]
    """Folders that hold a ``data.pkl``, with their final slash; ``""`` for none."""

    def __init__(
        self,
        roots: list[str] | None = None,
        code: list[str] | None = None,
        bytecode: list[str] | None = None,
        python: list[str] | None = None,
        native: list[str] | None = None,
        storages: int = 0,
    ) -> None:
        self.roots = [] if roots is None else roots
        self.code = [] if code is None else code
        self.bytecode = [] if bytecode is None else bytecode
        self.python = [] if python is None else python
        self.native = [] if native is None else native
        self.storages = storages


class TorchFacts:
    """Members by what they are."""

    __slots__ = ("records",)

    def __init__(self, records: Records | None = None) -> None:
        self.records = Records() if records is None else records


class Use:
    """One operator or native class that is used: ``where`` names the member, ``line`` counts from 1."""

    __slots__ = ("line", "method", "name", "namespace", "text", "where")

    method: str
    """The function it stands in; what ``__setstate__`` does happens while the file is loaded."""

    def __init__(self, namespace: str, name: str, where: str, line: int, text: str, method: str = "") -> None:
        self.namespace = namespace
        self.name = name
        self.where = where
        self.line = line
        self.text = text
        self.method = method


class ScriptFacts:
    """What the program calls, and what of it was too much to read."""

    __slots__ = ("native", "python", "sources", "uses")

    def __init__(
        self,
        uses: list[Use] | None = None,
        sources: int = 0,
        native: list[str] | None = None,
        python: list[str] | None = None,
    ) -> None:
        self.uses = [] if uses is None else uses
        self.sources = sources
        self.native = [] if native is None else native
        self.python = [] if python is None else python
