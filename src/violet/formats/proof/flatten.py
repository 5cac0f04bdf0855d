"""Names for the tensors of nested containers, and the structure from which these can be put together again.

``{"model": {"layer.weight": T}, "epoch": 3}`` gives the tensor ``model.layer.weight``. The structure, kept as JSON in
the metadata of the safetensors file, says how the containers were nested and what plain values they held:

    tensor           {"t": "model.layer.weight"}; "k": "parameter" or "scalar" where it is not a plain tensor or
                     array, "g": 1 where it requires a gradient
    dict             {"d": [[key, value], ...]}; an OrderedDict has "o" in the place of "d", and "a": its attributes
    list, tuple      {"l": [value, ...]}, {"u": [value, ...]}
    object array     {"n": value}: an array of no dimensions that holds this one object
    plain value      {"v": null, truth value, whole number or text}; floats as {"f": "0x1.8p+1"} (float.hex), and what
                     is not finite as {"x": its eight bytes, big-endian, in hexadecimal}
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.formats.proof.values import Array, Mapping, Tensor, Unproven, Value, shown_value

if TYPE_CHECKING:
    from collections.abc import Mapping as Readable

MOST_TENSORS = 200_000
MOST_PARTS = 2_000_000
MOST_STRUCTURE = 16 << 20
"""Bytes of JSON."""
DEEPEST = 64
SINGLE = "tensor"
"""The name of a tensor that stands in no container."""
MOST_PLAIN_SHOWN = 200


@dataclass(slots=True, eq=False, repr=False)
class Flat:
    """Tensors by name, the structure as JSON, and the plain values (dotted place and the value as Python would
    show it) that it keeps; ``aliases`` are names of the same view of the same storage, each with the first."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    structure: str = ""
    plain: list[tuple[str, str]] = field(default_factory=list)
    plain_count: int = 0
    aliases: dict[str, str] = field(default_factory=dict)


def flatten(value: Value) -> Flat:
    """Raises ``Unproven`` where something is neither a tensor nor plain, two tensors would get the same name, or a
    container holds itself."""
    made = _Flattening()
    structure = made.part(value, (), 0)
    flat = made.flat
    if not flat.tensors:
        raise Unproven("it holds no tensor", kind="unproven")
    flat.structure = json.dumps(structure, separators=(",", ":"))
    if len(flat.structure) > MOST_STRUCTURE:
        raise Unproven(f"its plain values take over {MOST_STRUCTURE >> 20} MiB, too much to keep beside the tensors")
    seen: dict[tuple[Any, ...], str] = {}
    for name, tensor in flat.tensors.items():
        if tensor.count:
            view = (id(tensor.storage), tensor.element, tensor.start, tensor.shape, tensor.strides)
            first = seen.setdefault(view, name)
            if first != name:
                flat.aliases[name] = first
    return flat


class _Flattening:
    def __init__(self) -> None:
        self.flat = Flat()
        self.open: set[int] = set()
        self.parts = 0

    def part(self, value: Value, path: tuple[str, ...], depth: int) -> dict[str, Any]:
        self.parts += 1
        if self.parts > MOST_PARTS or depth > DEEPEST:
            raise Unproven("its containers hold more than can be followed")
        if type(value) is Array:
            if value.tensor is not None:
                return self._tensor(value.tensor, path)
            if value.content is None:
                raise Unproven("it leaves an array without elements", value.offset)
            return {"n": self._inside(value, value.content[0], path, depth)}
        if type(value) is Tensor:
            return self._tensor(value, path)
        if type(value) in (Mapping, list, tuple):
            return self._container(value, path, depth)
        return self._plain(value, path)

    def _inside(self, owner: Value, value: Value, path: tuple[str, ...], depth: int) -> dict[str, Any]:
        if id(owner) in self.open:
            raise Unproven(f"the container at {_place(path)} holds itself")
        self.open.add(id(owner))
        made = self.part(value, path, depth + 1)
        self.open.discard(id(owner))
        return made

    def _container(self, value: Value, path: tuple[str, ...], depth: int) -> dict[str, Any]:
        if id(value) in self.open:
            raise Unproven(f"the container at {_place(path)} holds itself")
        self.open.add(id(value))
        made: dict[str, Any]
        if type(value) is Mapping:
            pairs = [[key, self.part(item, (*path, str(key)), depth + 1)] for key, item in value.items.items()]
            made = {"o" if value.ordered else "d": pairs}
            if value.attributes is not None:
                before = len(self.flat.tensors)
                made["a"] = self.part(value.attributes, (*path, "(attributes)"), depth + 1)
                if len(self.flat.tensors) != before:
                    raise Unproven(f"the attributes of the OrderedDict at {_place(path)} hold a tensor")
        else:
            items = [self.part(item, (*path, str(number)), depth + 1) for number, item in enumerate(value)]
            made = {"l" if type(value) is list else "u": items}
        self.open.discard(id(value))
        return made

    def _tensor(self, tensor: Tensor, path: tuple[str, ...]) -> dict[str, Any]:
        name = ".".join(path) or SINGLE
        if name == "__metadata__" or not name.isprintable():
            raise Unproven(f"a tensor is called {name[:80]!r}, which safetensors cannot hold", tensor.offset)
        if name in self.flat.tensors:
            raise Unproven(f"two tensors would be called {name[:80]!r}", tensor.offset)
        if len(self.flat.tensors) >= MOST_TENSORS:
            raise Unproven(f"it holds more than {MOST_TENSORS:,} tensors", tensor.offset)
        self.flat.tensors[name] = tensor
        made: dict[str, Any] = {"t": name}
        if tensor.kind in ("parameter", "scalar"):
            made["k"] = tensor.kind
        if tensor.requires_grad:
            made["g"] = 1
        return made

    def _plain(self, value: Value, path: tuple[str, ...]) -> dict[str, Any]:
        kind = type(value)
        if kind not in (type(None), bool, int, float, str):
            shown = shown_value(value)
            reason = f"the object at {_place(path)} is neither a tensor nor a plain value"
            raise Unproven(reason, getattr(value, "offset", None), shown)
        if path[-1:] != ("(attributes)",) and "(attributes)" not in path:
            self.flat.plain_count += 1
            if len(self.flat.plain) < MOST_PLAIN_SHOWN:
                self.flat.plain.append((".".join(path), shown_value(value)))
        if kind is float:
            if value - value == 0:
                return {"f": value.hex()}
            return {"x": struct.pack(">d", value).hex()}
        return {"v": value}


def _place(path: tuple[str, ...]) -> str:
    return repr(".".join(path)[:120]) if path else "the top"


def unflatten(structure: str, tensors: Readable[str, Any]) -> Any:
    """Put together what was pickled, with ``tensors`` by name; an OrderedDict's attributes are left out.

    Raises ``KeyError`` for a tensor that is missing and ``ValueError`` for a structure that is none.
    """
    return _restore(json.loads(structure), tensors)


def _restore(part: Any, tensors: Readable[str, Any]) -> Any:
    from collections import OrderedDict

    if not isinstance(part, dict):
        raise ValueError("the structure is not one that Violet writes")
    if "t" in part:
        return tensors[part["t"]]
    if "d" in part:
        return {key: _restore(item, tensors) for key, item in part["d"]}
    if "o" in part:
        return OrderedDict((key, _restore(item, tensors)) for key, item in part["o"])
    if "l" in part:
        return [_restore(item, tensors) for item in part["l"]]
    if "u" in part:
        return tuple(_restore(item, tensors) for item in part["u"])
    if "n" in part:
        return _restore(part["n"], tensors)
    if "f" in part:
        return float.fromhex(part["f"])
    if "x" in part:
        return struct.unpack(">d", bytes.fromhex(part["x"]))[0]
    if "v" in part:
        return part["v"]
    raise ValueError("the structure is not one that Violet writes")
