"""What stands for an object on the symbolic stack.

Numbers, short strings and short bytes are themselves; everything else is one of these. Lists, dicts
and sets keep their first few thousand items: enough for the arguments of any call that matters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from violet.formats.pickle.trust import Entry

KEPT_ITEMS = 4096
LONGEST_CONSTANT = 1 << 16
"""Bytes; longer constants are a ``Blob``: known by place and length, not held in memory."""

Value = Any
"""A constant, a tuple or list of values, or one of the classes below."""


class Global:
    """An imported name, and how the stream used it. One object for each name and stream.

    ``raw`` is what the stream says where renames of Python 2 lead elsewhere; ``calls`` are the first
    calls that are not known to be harmless, ``builds`` counts the states given to its instances.
    """

    __slots__ = (
        "builds",
        "called",
        "calls",
        "computed",
        "constructed",
        "entry",
        "module",
        "name",
        "offset",
        "raw",
        "refused",
    )

    def __init__(self, module: str, name: str, offset: int, entry: Entry | None, raw: str = "") -> None:
        self.module = module
        self.name = name
        self.offset = offset
        self.entry = entry
        self.raw = raw
        self.called = 0
        self.constructed = 0
        self.builds = 0
        self.refused = 0
        self.computed = False
        self.calls: list[Call] = []

    @property
    def dotted(self) -> str:
        return f"{self.module}.{self.name}"


class Call:
    """A call that the stream makes: its result stands on the stack as the call itself.

    ``kind`` is the opcode's name (``REDUCE``, ``INST``, ``OBJ``, ``NEWOBJ``); ``how`` is ``call`` where
    the target is called, ``new`` where only ``__new__`` of a class is.
    """

    __slots__ = ("arguments", "how", "items", "keywords", "kind", "offset", "state", "target")

    def __init__(
        self, kind: str, how: str, target: Value, arguments: Value, offset: int, keywords: Value = None
    ) -> None:
        self.kind = kind
        self.how = how
        self.target = target
        self.arguments = arguments
        self.offset = offset
        self.keywords = keywords
        self.state: Value = None
        self.items: Dict | None = None
        """What is stored into it as into a dict, where it is one."""


class Attribute:
    """``getattr(base, name)``."""

    __slots__ = ("base", "name", "offset")

    def __init__(self, base: Value, name: Value, offset: int) -> None:
        self.base = base
        self.name = name
        self.offset = offset


class Module:
    """A module object, as importing by name gives it."""

    __slots__ = ("name", "offset")

    def __init__(self, name: str, offset: int) -> None:
        self.name = name
        self.offset = offset


class Persistent:
    """What the loader's ``persistent_load`` returns for ``pid``."""

    __slots__ = ("pid",)

    def __init__(self, pid: Value) -> None:
        self.pid = pid


class Blob:
    """A long constant (``kind``: ``bytes``, ``bytearray``, ``str``, ``int``) or an out-of-band buffer."""

    __slots__ = ("examined", "kind", "length", "offset")

    def __init__(self, kind: str, offset: int, length: int) -> None:
        self.kind = kind
        self.offset = offset
        self.length = length
        self.examined = False
        """Whether it looks like a file, and is examined as one."""


class Dict:
    __slots__ = ("pairs",)

    def __init__(self) -> None:
        self.pairs: list[tuple[Value, Value]] = []

    def get(self, key: Value) -> Value:
        """The last value stored under a constant key; ``None`` where there is none."""
        for stored, value in reversed(self.pairs):
            if type(stored) is type(key) and stored == key:
                return value
        return None


class Set:
    __slots__ = ("frozen", "items")

    def __init__(self, items: list[Value], frozen: bool = False) -> None:
        self.items = items
        self.frozen = frozen


def contents(value: Value) -> list[Value]:
    """What a container holds (keys and values of a dict); nothing for anything else."""
    if isinstance(value, (tuple, list)):
        return list(value)
    if isinstance(value, Dict):
        return [part for pair in value.pairs for part in pair]
    return value.items if isinstance(value, Set) else []


def render(value: Value, budget: int = 160) -> str:
    """``value`` as Python source would show it, cut to about ``budget`` characters."""
    text = _render(value, 0, [budget * 2])
    return text if len(text) <= budget else text[: budget - 1] + "…"


def _render(value: Value, depth: int, left: list[int]) -> str:
    if left[0] <= 0 or depth > 12:
        return "…"
    text = _atom(value)
    if text is None:
        text = _compound(value, depth + 1, left)
    else:
        left[0] -= len(text)
    return text


def _atom(value: Value) -> str | None:
    if isinstance(value, (str, bytes, bytearray)):
        shown = repr(value[:200])
        return shown if len(value) <= 200 else f"{shown[:-1]}…'"
    if value is None or isinstance(value, (bool, int, float)):
        return repr(value)
    if isinstance(value, Global):
        return value.name if value.module == "builtins" else value.dotted
    if isinstance(value, Module):
        return value.name
    if isinstance(value, Blob):
        return f"<{value.length:,} bytes of {value.kind}>"
    return None


def _compound(value: Value, depth: int, left: list[int]) -> str:
    def several(items: Value) -> str:
        shown = []
        for item in items:
            if left[0] <= 0:
                shown.append("…")
                break
            shown.append(_render(item, depth, left))
        left[0] -= 2 * len(shown)
        return ", ".join(shown)

    if isinstance(value, tuple):
        return f"({several(value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{several(value)}]"
    if isinstance(value, Set):
        return f"{'frozenset(' if value.frozen else ''}{{{several(value.items)}}}{')' if value.frozen else ''}"
    if isinstance(value, Dict):
        pairs = []
        for key, item in value.pairs:
            if left[0] <= 0:
                pairs.append("…")
                break
            pairs.append(f"{_render(key, depth, left)}: {_render(item, depth, left)}")
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, Attribute):
        if isinstance(value.name, str) and value.name.isidentifier():
            return f"{_render(value.base, depth, left)}.{value.name}"
        return f"getattr({_render(value.base, depth, left)}, {_render(value.name, depth, left)})"
    if isinstance(value, Persistent):
        return f"persistent_load({_render(value.pid, depth, left)})"
    if isinstance(value, Call):
        return _call(value, depth, left, several)
    return f"<{type(value).__name__}>"


def _call(value: Call, depth: int, left: list[int], several: Any) -> str:
    target = _render(value.target, depth, left)
    if isinstance(value.arguments, (tuple, list)):
        arguments = several(value.arguments)
    else:
        arguments = f"*{_render(value.arguments, depth, left)}"
    if isinstance(value.keywords, Dict) and value.keywords.pairs:
        arguments += f", **{_render(value.keywords, depth, left)}"
    if value.how == "state":
        return f"{target} instance given the state {arguments}"
    if value.how == "new":
        return f"{target}.__new__({target}{', ' if arguments else ''}{arguments})"
    return f"{target}({arguments})"
