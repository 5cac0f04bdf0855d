"""Constants of a template: what its expressions come to where nothing from outside is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

if TYPE_CHECKING:
    from collections.abc import Mapping

Folded = str | int | list["Folded"] | dict[str, "Folded"] | None
"""``None``: not known."""

LONGEST = 100_000


def fold(node: nodes.Node | None, known: Mapping[str, Folded], depth: int = 0) -> Folded:
    """The constant that an expression comes to, where that can be told without running a filter of Jinja."""
    if node is None or depth > 60:
        return None
    if isinstance(node, nodes.Const):
        return node.value if isinstance(node.value, (str, int)) else None
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Name):
        return known.get(node.name)
    if isinstance(node, (nodes.List, nodes.Tuple)):
        items = [fold(item, known, depth + 1) for item in node.items[:1_000]]
        return items if all(item is not None for item in items) else None
    if isinstance(node, nodes.Dict):
        return _fold_dict(node, known, depth)
    if isinstance(node, nodes.Concat):
        return _together([fold(part, known, depth + 1) for part in node.nodes])
    if isinstance(node, (nodes.Add, nodes.Mul, nodes.Mod)):
        return _arithmetic(node, fold(node.left, known, depth + 1), fold(node.right, known, depth + 1))
    if isinstance(node, nodes.Getitem):
        return _item(node, known, depth)
    if isinstance(node, nodes.Filter):
        return _filter(node, known, depth)
    if isinstance(node, nodes.Call):
        return _call(node, known, depth)
    if isinstance(node, nodes.Pow):
        base, power = fold(node.left, known, depth + 1), fold(node.right, known, depth + 1)
        small = isinstance(base, int) and isinstance(power, int) and abs(base) < 1 << 16 and 0 <= power <= 64
        return base**power if small and isinstance(base, int) and isinstance(power, int) else None
    if isinstance(node, nodes.Neg):
        number = fold(node.node, known, depth + 1)
        return -number if isinstance(number, int) else None
    if isinstance(node, nodes.CondExpr):
        return fold(node.expr1, known, depth + 1) or fold(node.expr2, known, depth + 1)
    return None


def _together(parts: list[Folded]) -> Folded:
    if any(not isinstance(part, (str, int)) for part in parts):
        return None
    joined = "".join(str(part) for part in parts)
    return joined if len(joined) <= LONGEST else None


def _fold_dict(node: nodes.Dict, known: Mapping[str, Folded], depth: int) -> Folded:
    made: dict[str, Folded] = {}
    for pair in node.items[:1_000]:
        key = fold(pair.key, known, depth + 1)
        if isinstance(key, str):
            made[key] = fold(pair.value, known, depth + 1)
    return made


def _arithmetic(node: nodes.BinExpr, left: Folded, right: Folded) -> Folded:
    if isinstance(node, nodes.Add):
        if isinstance(left, str) and isinstance(right, str):
            return _together([left, right])
        if isinstance(left, int) and isinstance(right, int):
            return left + right
        if isinstance(left, list) and isinstance(right, list) and len(left) + len(right) < 1_000:
            return left + right
    if isinstance(node, nodes.Mul) and isinstance(right, int):
        if isinstance(left, int) and abs(left) < 1 << 64 and abs(right) < 1 << 64:
            return left * right
        if isinstance(left, str) and right >= 0 and len(left) * right <= LONGEST:
            return left * right
    if isinstance(node, nodes.Mod) and isinstance(left, str):
        return _percent(left, right if isinstance(right, list) else [right])
    return None


def _percent(template: str, arguments: list[Folded]) -> Folded:
    """``template % arguments`` for ``%s``, ``%c`` and ``%d`` only."""
    made: list[str] = []
    rest = list(arguments)
    pieces = template.split("%")
    made.append(pieces[0])
    index = 1
    while index < len(pieces):
        piece = pieces[index]
        if not piece and index + 1 < len(pieces):
            made.append("%" + pieces[index + 1])
            index += 2
            continue
        if not rest or piece[:1] not in ("s", "c", "d", "r"):
            return None
        value = rest.pop(0)
        if not isinstance(value, (str, int)):
            return None
        made.append(chr(value) if piece[0] == "c" and isinstance(value, int) and 0 <= value < 0x110000 else str(value))
        made.append(piece[1:])
        index += 1
    joined = "".join(made)
    return joined if len(joined) <= LONGEST else None


def _item(node: nodes.Getitem, known: Mapping[str, Folded], depth: int) -> Folded:
    base = fold(node.node, known, depth + 1)
    if isinstance(node.arg, nodes.Slice):
        if not isinstance(base, (str, list)):
            return None
        ends = (node.arg.start, node.arg.stop, node.arg.step)
        given = [fold(end, known, depth + 1) for end in ends]
        parts = [value if isinstance(value, int) else None for value in given]
        unknown = any(end is not None and part is None for end, part in zip(ends, parts, strict=True))
        return None if unknown or parts[2] == 0 else base[slice(*parts)]
    key = fold(node.arg, known, depth + 1)
    if isinstance(base, (str, list)) and isinstance(key, int) and -len(base) <= key < len(base):
        return base[key]
    if isinstance(base, dict) and isinstance(key, str):
        return base.get(key)
    return None


def _filter(node: nodes.Filter, known: Mapping[str, Folded], depth: int) -> Folded:
    value = fold(node.node, known, depth + 1) if node.node is not None else None
    arguments = [fold(argument, known, depth + 1) for argument in node.args]
    return apply(node.name, value, arguments)


def apply(name: str, value: Folded, arguments: list[Folded]) -> Folded:
    """A filter or method on constants; ``None`` where it is not computed."""
    if name == "join":
        parts: list[Folded] | None = None
        if isinstance(value, list):
            parts = value
        elif isinstance(value, (str, dict)):
            parts = list(value)
        between = arguments[0] if arguments else ""
        if parts is None or not isinstance(between, str) or any(not isinstance(p, (str, int)) for p in parts):
            return None
        joined = between.join(str(p) for p in parts) if len(parts) < 10_000 else None
        return joined if joined is None or len(joined) <= LONGEST else None
    if name == "list" and isinstance(value, (str, dict)):
        return [*value][:10_000]
    if name == "reverse":
        return value[::-1] if isinstance(value, (str, list)) else None
    if name in ("first", "last") and isinstance(value, (str, list)) and value:
        return value[0] if name == "first" else value[-1]
    if not isinstance(value, str):
        return str(value) if name == "string" and isinstance(value, int) else None
    if name in (
        "lower",
        "upper",
        "title",
        "capitalize",
        "strip",
        "trim",
        "lstrip",
        "rstrip",
        "string",
        "safe",
        "escape",
    ):
        return _plain_text(name, value)
    if name == "format":
        return _percent(value, arguments)
    if name == "replace" and len(arguments) >= 2:
        old, new = arguments[0], arguments[1]
        if isinstance(old, str) and isinstance(new, str) and len(new) * (value.count(old) + 1) + len(value) <= LONGEST:
            return value.replace(old, new)
    return None


def _plain_text(name: str, value: str) -> str:
    if name in ("lower", "upper", "title", "capitalize", "lstrip", "rstrip"):
        changed = getattr(value, name)()
        return changed if isinstance(changed, str) else value
    return value.strip() if name in ("strip", "trim") else value


def _call(node: nodes.Call, known: Mapping[str, Folded], depth: int) -> Folded:
    if isinstance(node.node, nodes.Name) and node.node.name == "dict":
        return {keyword.key: fold(keyword.value, known, depth + 1) for keyword in node.kwargs}
    if isinstance(node.node, nodes.Getattr):
        base = fold(node.node.node, known, depth + 1)
        arguments = [fold(argument, known, depth + 1) for argument in node.args]
        if node.node.attr == "join" and isinstance(base, str) and len(arguments) == 1:
            return apply("join", arguments[0], [base])
        if node.node.attr == "format":
            return None
        return apply(node.node.attr, base, arguments)
    return None
