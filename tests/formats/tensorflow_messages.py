"""TensorFlow's messages, written field by field: real graphs without TensorFlow.

Field numbers are those of its ``.proto`` files; ``tests/formats/test_tensorflow.py`` holds a graph that
TensorFlow itself wrote to the same shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.formats.test_protobuf import record, varint


def text(number: int, value: str | bytes) -> bytes:
    return record(number, value.encode() if isinstance(value, str) else value)


def number(at: int, value: int) -> bytes:
    return varint(at << 3) + varint(value)


def string_tensor(*values: str | bytes) -> bytes:
    """An ``AttrValue`` with a tensor of strings."""
    shape = record(2, record(2, number(1, len(values)))) if len(values) != 1 else record(2, b"")
    return record(8, number(1, 7) + shape + b"".join(text(8, value) for value in values))


@dataclass
class Op:
    """One node. ``attrs`` are encoded ``AttrValue`` messages by name."""

    name: str
    op: str
    inputs: Sequence[str] = ()
    attrs: dict[str, bytes] = field(default_factory=dict)

    def encode(self) -> bytes:
        made = text(1, self.name) + text(2, self.op) + b"".join(text(3, name) for name in self.inputs)
        return made + b"".join(record(5, text(1, key) + record(2, value)) for key, value in self.attrs.items())


def const(name: str, *values: str | bytes) -> Op:
    return Op(name, "Const", (), {"dtype": number(6, 7), "value": string_tensor(*values)})


def call(name: str, target: str, *inputs: str) -> Op:
    return Op(name, "StatefulPartitionedCall", inputs, {"f": record(10, text(1, target))})


def attribute(value: str) -> bytes:
    return text(2, value)


def function(name: str, arguments: Sequence[str], *nodes: Op) -> bytes:
    signature = text(1, name) + b"".join(record(2, text(1, a) + number(3, 7)) for a in arguments)
    return record(1, signature) + b"".join(record(3, node.encode()) for node in nodes)


def graph(*nodes: Op, functions: Sequence[bytes] = ()) -> bytes:
    made = b"".join(record(1, node.encode()) for node in nodes)
    if functions:
        made += record(2, b"".join(record(1, entry) for entry in functions))
    return made + record(4, number(1, 1882))


def saved_model(graph_def: bytes, assets: Sequence[tuple[str, str]] = (), objects: bytes = b"") -> bytes:
    return number(1, 1) + record(2, meta_graph(graph_def, assets, objects))


def meta_graph(graph_def: bytes, assets: Sequence[tuple[str, str]] = (), objects: bytes = b"") -> bytes:
    """``assets`` are pairs of a tensor's name and a file name."""
    info = record(1, record(4, b"serve") + text(5, "2.21.0"))
    meta = info + record(2, graph_def)
    for tensor, filename in assets:
        meta += record(6, record(1, text(1, tensor)) + text(2, filename))
    if objects:
        meta += record(7, objects)
    return meta


def keras_metadata(*configs: str) -> bytes:
    nodes = b""
    for index, config in enumerate(configs):
        entry = number(2, index) + text(3, f"root.layer-{index}") + text(4, "_tf_keras_layer") + text(5, config)
        nodes += record(1, entry + record(6, number(1, 1)))
    return nodes
