"""TensorFlow's protocol buffers: graphs, their functions, SavedModels and Keras metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.protobuf import BYTES, VARINT, Field, Wire
from violet.formats.tensorflow.facts import Graph, GraphNode

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_STRING = 1 << 20
MOST_STRINGS = 1000
MOST_NODES = 2_000_000
DT_STRING = 7


def graph(wire: Wire, at: Field | None) -> tuple[list[Graph], int]:
    """The graph in a field (or the whole source) and the functions of its library; and how many nodes."""
    main = Graph()
    found = [main]
    count = 0
    for entry in wire.fields(at):
        if entry.wire != BYTES:
            continue
        if entry.number == 1:
            count += 1
            _add(main, node(wire, entry))
        elif entry.number == 2:
            for function in wire.fields(entry):
                if function.number == 1 and function.wire == BYTES:
                    inner = function_graph(wire, function)
                    count += len(inner.nodes)
                    found.append(inner)
    return found, count


def _add(to: Graph, entry: GraphNode) -> None:
    """Two nodes of one name are both kept: TensorFlow refuses such a graph, other readers may not."""
    name = entry.name
    while name in to.nodes:
        name += "'"
    to.nodes[name] = entry


def function_graph(wire: Wire, at: Field) -> Graph:
    """A ``FunctionDef``: its signature gives the name and the arguments."""
    found = Graph()
    for entry in wire.fields(at):
        if entry.wire != BYTES:
            continue
        if entry.number == 1:
            for part in wire.fields(entry):
                if part.number == 1:
                    found.name = wire.text(part, 4096)
                elif part.number == 2:
                    found.arguments.extend(wire.text(n, 4096) for n in wire.fields(part) if n.number == 1)
        elif entry.number == 3:
            _add(found, node(wire, entry))
    return found


def node(wire: Wire, at: Field) -> GraphNode:
    """A ``NodeDef``. Of its attributes only texts, function names and string constants are read."""
    found = GraphNode()
    for entry in wire.fields(at):
        if entry.wire != BYTES:
            continue
        if entry.number == 1:
            found.name = wire.text(entry, 4096)
        elif entry.number == 2:
            found.op = wire.text(entry, 4096)
        elif entry.number == 3:
            found.inputs.append(wire.text(entry, 4096))
        elif entry.number == 5:
            _attribute(wire, entry, found)
    return found


def _attribute(wire: Wire, at: Field, found: GraphNode) -> None:
    key = ""
    value: Field | None = None
    for entry in wire.fields(at):
        if entry.wire != BYTES:
            continue
        if entry.number == 1:
            key = wire.text(entry, 4096)
        elif entry.number == 2:
            value = entry
    if value is None:
        return
    for entry in wire.fields(value):
        if entry.wire != BYTES:
            continue
        if entry.number == 2:
            found.strings.setdefault(key, []).append(wire.payload(entry, MOST_STRING))
        elif entry.number == 8:
            texts = string_tensor(wire, entry)
            if texts is not None:
                found.constant = texts
        elif entry.number == 10:
            found.functions[key] = _function_name(wire, entry)
        elif entry.number == 1:
            for index, item in enumerate(wire.fields(entry)):
                if index > MOST_STRINGS:
                    break
                if item.wire == BYTES and item.number == 2:
                    found.strings.setdefault(key, []).append(wire.payload(item, MOST_STRING))
                elif item.wire == BYTES and item.number == 9:
                    found.functions[f"{key}[{index}]"] = _function_name(wire, item)


def _function_name(wire: Wire, at: Field) -> str:
    """The name in a ``NameAttrList``. Its own attributes may name functions again: they are walked, so that
    nesting which nothing could read is noticed."""
    name = ""
    for entry in wire.fields(at):
        if entry.wire != BYTES:
            continue
        if entry.number == 1:
            name = wire.text(entry, 4096)
        elif entry.number == 2:
            for value in entries(wire, entry, 2):
                for inner in entries(wire, value, 10):
                    _function_name(wire, inner)
    return name


def string_tensor(wire: Wire, at: Field) -> list[bytes] | None:
    """The texts of a ``TensorProto`` of strings; ``None`` where it is of another type."""
    texts: list[bytes] = []
    is_text = False
    for entry in wire.fields(at):
        if entry.number == 1 and entry.wire == VARINT:
            is_text = entry.value == DT_STRING
            if not is_text:
                return None
        elif entry.number == 8 and entry.wire == BYTES and len(texts) < MOST_STRINGS:
            texts.append(wire.payload(entry, MOST_STRING))
    return texts if is_text or texts else None


def entries(wire: Wire, at: Field | None, number: int) -> Iterator[Field]:
    """The fields of one number that hold bytes."""
    for entry in wire.fields(at):
        if entry.number == number and entry.wire == BYTES:
            yield entry


def first_text(wire: Wire, at: Field, number: int) -> str:
    for entry in entries(wire, at, number):
        return wire.text(entry, 1 << 16)
    return ""
