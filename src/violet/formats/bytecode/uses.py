"""What code uses: the names it reaches, in the order in which its instructions reach them.

Instructions are swept from the first to the last, not followed: whichever way a jump goes, what it would
reach stands in the sweep. An operand beyond its table, an unknown instruction, or inline caches that are not
where the version wants them mean that the code was not made by that version's compiler: such code can read
the interpreter's memory, and what it would do cannot be told from its names.
"""

from __future__ import annotations

from violet.formats.bytecode.code import Code
from violet.formats.bytecode.opcodes import Instructions, instructions

LONGEST = 1 << 20
"""Bytes of one code's instructions."""
MOST_USES = 20_000


class Use:
    """A name that is reached: ``name`` with its attributes, from a global (``global``), a module that the code
    itself imports (``import``), or whatever else the code has in hand (``data``, where the name begins with
    the attribute)."""

    __slots__ = ("name", "root")

    def __init__(self, root: str, name: str) -> None:
        self.root = root
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Use) and (self.root, self.name) == (other.root, other.name)

    def __hash__(self) -> int:
        return hash((self.root, self.name))


class Uses:
    """``found`` are the names that code reaches; ``written`` those it gives a value itself, as a global or as
    an attribute; ``versions`` those whose instructions it is made of, none where it is made of no version's.
    ``beyond`` says that it is made of one's, but indexes what lies beyond its constants, names or variables."""

    __slots__ = ("beyond", "found", "versions", "written")

    def __init__(self) -> None:
        self.found: dict[Use, None] = {}
        self.written: set[str] = set()
        self.versions: list[int] = []
        self.beyond = False


def uses_of(code: Code) -> Uses:
    """What one code uses, without the code nested in it. Where it could be of several versions: of each."""
    found = Uses()
    if len(code.bytecode) <= LONGEST:
        for version in code.versions:
            sweep = _Sweep(code, version, instructions(version))
            fits = sweep.run()
            found.beyond = found.beyond or (fits and sweep.beyond)
            if fits and not sweep.beyond:
                found.versions.append(version)
                found.found.update(sweep.found)
                found.written |= sweep.written
    if found.versions:
        found.beyond = False
    return found


class _Sweep:
    __slots__ = ("aliases", "beyond", "code", "found", "module", "path", "root", "table", "version", "written")

    def __init__(self, code: Code, version: int, table: Instructions) -> None:
        self.code = code
        self.version = version
        self.table = table
        self.found: dict[Use, None] = {}
        self.written: set[str] = set()
        self.root = ""
        self.path = ""
        self.module = ""
        self.beyond = False
        self.aliases: dict[object, tuple[str, str]] = {}
        """Variables that hold a module or something of it, by their index or name."""

    def run(self) -> bool:
        """Whether all instructions are of this version."""
        data, table = self.code.bytecode, self.table
        if len(data) % 2 or not data:
            return False
        argument = caches = prefixes = 0
        for at in range(0, len(data), 2):
            op = data[at]
            if caches:
                if op or data[at + 1]:
                    return False
                caches -= 1
                continue
            if op not in table.known:
                return False
            argument = argument << 8 | data[at + 1]
            if op == table.extended:
                prefixes += 1
                if prefixes > 3:
                    return False
                continue
            try:
                self.step(op, argument)
            except IndexError:
                self.beyond = True
            argument = prefixes = 0
            caches = table.caches.get(op, 0)
        self.flush()
        return not caches and not prefixes

    def step(self, op: int, argument: int) -> None:
        """One instruction. Raises ``IndexError`` where its operand lies beyond what it indexes."""
        table = self.table
        if op in table.nothing:
            return
        if op in table.attributes:
            self.attribute(self.name(argument >> table.attributes[op]))
        elif op in table.globals:
            self.start(self.name(argument >> table.globals[op]))
        elif op in table.imports:
            self.flush()
            self.module = self.path = self.name(argument)
            self.root = "import"
        elif op in table.imported:
            name = self.name(argument)
            if self.path != self.module:
                self.flush()
            # "import a.b as c" fetches b from a.b
            alone = self.module.endswith(f".{name}")
            self.root, self.path = "import", self.module if alone else f"{self.module}.{name}"
        elif op in table.written:
            self.store(self.name(argument))
        elif op in table.loads:
            for index in _indices(argument, table.loads[op]):
                self.bound(index, self.code.fast)
                self.load(index)
        elif op in table.stores:
            for index in _indices(argument, table.stores[op]):
                self.bound(index, self.code.fast)
                self.store(index)
        elif op in table.cells:
            self.bound(argument, self.code.cells)
            self.flush()
        else:
            if op in table.constants:
                self.bound(argument, len(self.code.constants))
            self.flush()

    def name(self, index: int) -> str:
        self.bound(index, len(self.code.names))
        return self.code.names[index]

    @staticmethod
    def bound(index: int, length: int) -> None:
        if index >= length:
            raise IndexError

    def start(self, name: str) -> None:
        self.flush()
        self.root, self.path = self.aliases.get(name, ("global", name))

    def load(self, index: int) -> None:
        self.flush()
        self.root, self.path = self.aliases.get(index, ("", ""))

    def attribute(self, name: str) -> None:
        if not self.path and not self.root:
            self.root = "data"
        self.path = f"{self.path}.{name}" if len(self.path) < 400 else f".{name}"

    def store(self, target: int | str) -> None:
        held = (self.root, self.path)
        if held == ("import", self.module):
            held = ("import", self.module.partition(".")[0])  # "import a.b" binds a
        self.flush()
        if isinstance(target, str):
            self.written.add(target)
        if held[0] in ("import", "global"):
            self.aliases.setdefault(target, held)

    def flush(self) -> None:
        """What was reached is used by another kind of instruction: note it."""
        if self.path and len(self.found) < MOST_USES:
            self.found[Use(self.root, self.path)] = None
        self.root = self.path = ""


def _indices(argument: int, shift: int) -> tuple[int, ...]:
    return (argument >> 4, argument & 15) if shift < 0 else (argument,)


__all__ = ["Use", "Uses", "uses_of"]
