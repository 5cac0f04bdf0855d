"""Code that a stream carries by value, as code objects, and what its global names stand for.

How cloudpickle (``cloudpickle.py``, 0.4 to 3.1) and dill (``_dill.py``, 0.2 to 0.4) write functions: a code object's
parts are the arguments of ``types.CodeType`` or ``dill._dill._create_code``, and the globals that the code uses stand
in a dict beside it, given to the function's maker or set afterwards.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.bytecode.code import EARLIER, LATER, Code
from violet.formats.pickle.effects import carries_code, handles_carried_code
from violet.formats.pickle.trust import Trust
from violet.formats.pickle.values import Attribute, Call, Dict, Global, Module, Set, Value

if TYPE_CHECKING:
    from violet.formats.pickle.facts import Stream

CODE_TYPES = frozenset((("types", "CodeType"), ("dill._dill", "_create_code"), ("dill.dill", "_create_code")))
MOST_VISITED = 200_000
MOST_NAMES = 20_000
MOST_WORDS = 40_000


class Known:
    """What a global name of carried code stands for. ``kind``: ``module``, ``name`` (imported; ``trusted`` says
    whether it is one that may be called), ``own`` (code that the stream carries too), ``data``, or ``unknown``."""

    __slots__ = ("kind", "name", "trusted")

    def __init__(self, kind: str, name: str = "", trusted: bool = False) -> None:
        self.kind = kind
        self.name = name
        self.trusted = trusted


class Carried:
    """``codes`` without the code nested in them; ``unread`` counts what could not be read as code; ``names``
    are the keys of the dicts beside the code: the globals of its functions, the methods of its classes, the
    attributes of their instances. ``words`` are all short strings in and near the code, in no order."""

    __slots__ = ("codes", "names", "unread", "words")

    def __init__(self) -> None:
        self.codes: list[Code] = []
        self.unread = 0
        self.names: dict[str, list[Known]] = {}
        self.words: set[str] = set()


def carried(stream: Stream) -> Carried:
    """The code of a stream, and the names it is given."""
    found = Carried()
    pending: list[Value] = [code.made for code in stream.code]
    seen: set[int] = set()
    while pending:
        value = pending.pop()
        if id(value) in seen:
            continue
        if len(seen) > MOST_VISITED:
            found.unread += 1
            break
        seen.add(id(value))
        if value is None or isinstance(value, (int, float)):
            continue
        if isinstance(value, Call):
            pending.extend((value.state, value.items, value.keywords, value.arguments, value.target))
            if _makes_code(value):
                code = read_call(value)
                if code is None:
                    found.unread += 1
                else:
                    found.codes.append(code)
        elif isinstance(value, (tuple, list)):
            pending.extend(value)
        elif isinstance(value, Dict):
            _note(found, value)
            pending.extend(item for pair in value.pairs for item in pair)
        elif isinstance(value, Set):
            pending.extend(value.items)
        elif len(found.words) < MOST_WORDS:
            _word(found, value)
    return found


def _word(found: Carried, value: Value) -> None:
    if isinstance(value, str):
        found.words.add(value[:200])
    elif isinstance(value, bytes):
        found.words.update(m.decode("ascii") for m in re.findall(rb"[\x20-\x7e]{3,}", value[:65536])[:200])
    elif isinstance(value, (Global, Module)):
        found.words.add(value.dotted if isinstance(value, Global) else value.name)


def _makes_code(made: Call) -> bool:
    return isinstance(made.target, Global) and (made.target.module, made.target.name) in CODE_TYPES


def _note(found: Carried, given: Dict) -> None:
    """The keys of every dict near carried code: it may be what its functions take for their globals."""
    for key, value in given.pairs:
        if isinstance(key, str) and len(found.names) < MOST_NAMES:
            found.names.setdefault(key, []).append(_known(value))


def _known(value: Value) -> Known:
    if isinstance(value, Module):
        return Known("module", value.name)
    if isinstance(value, Global):
        entry = value.entry
        return Known("name", value.dotted, entry is not None and entry.trust is Trust.CALL)
    if isinstance(value, Attribute):
        return Known("unknown")
    if isinstance(value, Call):
        if carries_code(value) or (isinstance(value.target, Call) and carries_code(value.target)):
            return Known("own")
        if isinstance(value.target, Global) and handles_carried_code((value.target.module, value.target.name), value):
            return Known("own")
        return Known("data" if isinstance(value.target, Global) and value.target.entry is not None else "unknown")
    return Known("data")


def read_call(made: Call) -> Code | None:
    """The code object that a call of ``types.CodeType`` or of dill's maker makes; ``None`` where its arguments
    are in the order of no version: 3.8 to 3.10 take 16, later ones 18, dill puts one more before them."""
    given = made.arguments
    if not isinstance(given, (tuple, list)):
        return None
    given = tuple(given)
    if given and type(given[0]) is not int:
        given = given[1:]
    later = len(given) in (18, 19, 20)
    if not later and len(given) != 16:
        return None
    if not all(type(number) is int for number in given[:6]):
        return None
    bytecode, constants, names, variables = given[6:10]
    if isinstance(bytecode, str):
        bytecode = bytecode.encode("latin-1", "replace")
    free, cells = given[-2:]
    groups = (constants, names, variables, free, cells)
    if not isinstance(bytecode, bytes) or not all(isinstance(group, (tuple, list)) for group in groups):
        return None
    name = given[11]
    if not isinstance(name, str):
        return None
    nested = tuple(_constant(value, 0) for value in constants)
    words = tuple(n if isinstance(n, str) else "" for n in names)
    if later:
        own = set(variables)
        fast = closed = len(variables) + sum(1 for cell in cells if cell not in own) + len(free)
    else:
        fast, closed = min(given[3], len(variables)), len(free) + len(cells)
    local = tuple(n for n in variables if isinstance(n, str))
    return Code(name, bytecode, nested, words, local, fast, closed, LATER if later else EARLIER)


def _constant(value: Value, depth: int) -> object:
    """A constant of code. Code among the constants is found on its own: its place is kept."""
    if isinstance(value, (str, bytes)):
        return value
    if isinstance(value, (tuple, list)) and depth < 20:
        return tuple(_constant(item, depth + 1) for item in value)
    return None
