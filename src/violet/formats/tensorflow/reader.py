"""Read SavedModels, frozen graphs, meta graphs and Keras metadata."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.base import Child, Parsed, Relation
from violet.formats.keras.config import walk_text
from violet.formats.keras.facts import KerasFacts
from violet.formats.protobuf import BYTES, Field, Wire
from violet.formats.source import BytesSource
from violet.formats.tensorflow import messages
from violet.formats.tensorflow.facts import Graph, TensorFlowFacts
from violet.formats.tensorflow.trace import find_risky

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_CHILDREN = 200
MOST_METADATA = 20_000

_PICKLE = re.compile(rb"\A\x80[\x02-\x05][\x95c(\]}\x8c]|\A\(?[ci][A-Za-z_][\w.]*\n[A-Za-z_]\w*\n", re.DOTALL)
_PROGRAM = (b"\x7fELF", b"MZ\x90\0", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!/", b"PK\x03\x04")


def read_saved_model(source: Source, reading: Reading) -> Parsed:
    """A ``SavedModel``: the graphs of all its meta graphs, their assets, and the Keras metadata of old ones."""
    facts = TensorFlowFacts()
    parsed = Parsed(facts=facts)
    wire = Wire(source, reading.meter)
    count = 0
    for meta in messages.entries(wire, None, 2):
        count += meta_graph(wire, meta, facts, parsed, reading)
    return finish(wire, parsed, count)


def read_meta_graph(source: Source, reading: Reading) -> Parsed:
    """A ``MetaGraphDef`` (the ``.meta`` file of a TensorFlow 1 checkpoint)."""
    facts = TensorFlowFacts()
    parsed = Parsed(facts=facts)
    wire = Wire(source, reading.meter)
    count = meta_graph(wire, None, facts, parsed, reading)
    return finish(wire, parsed, count)


def read_graph(source: Source, reading: Reading) -> Parsed:
    """A ``GraphDef``: a frozen graph."""
    facts = TensorFlowFacts()
    parsed = Parsed(facts=facts)
    wire = Wire(source, reading.meter)
    graphs, count = messages.graph(wire, None)
    use_graphs(graphs, facts, parsed)
    return finish(wire, parsed, count)


def finish(wire: Wire, parsed: Parsed, count: int) -> Parsed:
    # One cut shows in every message around it: the first of each kind says it all.
    parsed.defects.extend({defect.kind: defect for defect in reversed(wire.defects)}.values())
    if not count:
        parsed.unexamined.append("no graph was found in it")
    if wire.defects:
        parsed.unexamined.append("what stands after the damage")
    return parsed


def use_graphs(graphs: list[Graph], facts: TensorFlowFacts, parsed: Parsed) -> None:
    """Judge nothing, collect everything: risky nodes, unknown operations, bytes that are something else."""
    find_risky(graphs, facts)
    for graph in graphs:
        for node in graph.nodes.values():
            for value in node.constant or ():
                constant(value, f"{graph.name}/{node.name}" if graph.name else node.name, parsed)


def constant(value: bytes, where: str, parsed: Parsed) -> None:
    """Hand over a string constant that is a pickle, a program or an archive, or itself a graph with nodes."""
    if len(value) < 8 or len(parsed.children) >= MOST_CHILDREN:
        return
    form = ""
    if _PICKLE.match(value):
        form = "pickle"
    elif value.startswith(b"\x0a") and looks_like_graph(value):
        form = "tensorflow-graph"
    elif not value.startswith(_PROGRAM):
        return
    parsed.children.append(Child(where, BytesSource(value), Relation.NESTED, form))


def looks_like_graph(head: bytes) -> bool:
    """Whether bytes begin with a node that has a name and then an operation, as graphs are written."""
    at = 1
    length, at = _varint(head, at)
    if length < 4 or head[at : at + 1] != b"\x0a":
        return False
    size, at = _varint(head, at + 1)
    name = head[at : at + size]
    at += size
    if not 0 < size < 2000 or len(name) < size or not name.isascii() or head[at : at + 1] != b"\x12":
        return False
    size, at = _varint(head, at + 1)
    op = head[at : at + size]
    return 0 < size < 200 and len(op) == size and re.fullmatch(rb"[A-Za-z_][\w>/.-]*", op) is not None


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 35, 7):
        byte = data[at : at + 1]
        if not byte:
            return 0, at
        at += 1
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            break
    return value, at


def meta_graph(wire: Wire, at: Field | None, facts: TensorFlowFacts, parsed: Parsed, reading: Reading) -> int:
    """One meta graph; returns how many nodes it has."""
    count = 0
    for entry in messages.entries(wire, at, 6):
        facts.assets.append(messages.first_text(wire, entry, 2))
        for tensor in messages.entries(wire, entry, 1):
            facts.asset_nodes.add(messages.first_text(wire, tensor, 1).partition(":")[0])
    for entry in wire.fields(at):
        if entry.wire != BYTES:
            continue
        if entry.number == 1:
            facts.version = messages.first_text(wire, entry, 5) or facts.version
        elif entry.number == 2:
            graphs, number = messages.graph(wire, entry)
            count += number
            use_graphs(graphs, facts, parsed)
        elif entry.number == 7:
            object_graph(wire, entry, facts, parsed, reading)
    return count


def object_graph(wire: Wire, at: Field, facts: TensorFlowFacts, parsed: Parsed, reading: Reading) -> None:
    """The saved objects: names of registered classes, and the Keras configurations of TensorFlow 2.0 to 2.4."""
    for index, entry in enumerate(messages.entries(wire, at, 1)):
        for part in wire.fields(entry):
            if part.wire != BYTES:
                continue
            if part.number == 4:
                metadata(wire, part, 3, f"object {index}", facts.keras, parsed, reading)
            elif part.number == 13 and (name := wire.text(part, 1000)) and len(facts.registered) < 1000:
                facts.registered.append(name)


def metadata(
    wire: Wire, at: Field, number: int, where: str, facts: KerasFacts, parsed: Parsed, reading: Reading
) -> None:
    """A Keras configuration in a text field."""
    for entry in messages.entries(wire, at, number):
        text = wire.payload(entry, 32 << 20)
        if text.lstrip()[:1] == b"{":
            walk_text(text, facts, parsed, reading, where)


def read_keras_metadata(source: Source, reading: Reading) -> Parsed:
    """``keras_metadata.pb``: one configuration for each Keras object of the SavedModel beside it."""
    facts = KerasFacts()
    parsed = Parsed(facts=facts)
    wire = Wire(source, reading.meter)
    count = 0
    for count, entry in enumerate(messages.entries(wire, None, 1), 1):
        if count > MOST_METADATA:
            parsed.unexamined.append(f"objects after the first {MOST_METADATA:,}")
            break
        path = messages.first_text(wire, entry, 3)
        metadata(wire, entry, 5, path or f"object {count}", facts, parsed, reading)
    return finish(wire, parsed, count)
