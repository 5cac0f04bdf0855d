"""Facts of graphs in protocol buffers: ONNX models and TensorFlow SavedModels.

Field numbers from ``onnx/onnx.proto``; ``tensorflow/core/protobuf/{saved_model,meta_graph,saved_object_graph}.proto``
and ``tensorflow/core/framework/{types,tensor_shape}.proto``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.bom import Basis
from violet.formats.protobuf import BYTES, VARINT, Field, Wire
from violet.provenance.bom.tensors import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.source import Meter, Source
    from violet.provenance.bom.observation import Notes

ONNX_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
    17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4",
    23: "float4e2m1", 24: "float8e8m0", 25: "uint2", 26: "int2", 27: "float6e2m3", 28: "float6e3m2",
}  # fmt: skip
_BITS = {
    1: 32, 4: 16, 5: 16, 6: 32, 7: 64, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16, 21: 4, 22: 4, 23: 4,
    25: 2, 26: 2, 27: 6, 28: 6,
}  # fmt: skip
"""Bits of an element, where they are not eight."""
_TYPED = (4, 5, 6, 7, 10, 11)
"""Fields of a tensor that hold its values, if ``raw_data`` does not."""
QUANTISING = ("QuantizeLinear", "DequantizeLinear", "MatMulInteger", "ConvInteger", "QLinearMatMul", "QLinearConv",
              "DynamicQuantizeLinear", "MatMulNBits")  # fmt: skip
TENSORFLOW_TYPES = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "string", 8: "complex64", 9: "int64",
    10: "bool", 11: "qint8", 12: "quint8", 13: "qint32", 14: "bfloat16", 17: "uint16", 18: "complex128",
    19: "float16", 20: "resource", 21: "variant", 22: "uint32", 23: "uint64",
}  # fmt: skip
LARGEST = 1 << 62
_TRAINING = ("optimizer", "Adam", "iteration", "learning_rate")
"""How the names of variables begin that belong to the training."""
MOST_SPECS = 500
MOST_OPERATORS = 400


def onnx(notes: Notes, source: Source, meter: Meter) -> None:
    """Producer, operator sets, inputs and outputs with shapes, initialisers, kinds of operators."""
    wire = Wire(source, meter)
    producer = version = domain = ""
    opsets: list[str] = []
    ir_version = 0
    graph: Field | None = None
    for part in wire.fields():
        if part.number == 1 and part.wire == VARINT:
            ir_version = part.value
        elif part.wire == VARINT and part.number == 5 and 0 < part.value < LARGEST:
            notes.add("version", str(part.value), "model_version")
        elif part.wire != BYTES:
            continue
        elif part.number == 2:
            producer = wire.text(part, 256)
        elif part.number == 3:
            version = wire.text(part, 256)
        elif part.number == 4:
            domain = wire.text(part, 256)
        elif part.number == 6:
            notes.add("description", wire.text(part, 4096), "doc_string")
        elif part.number == 7 and graph is None:
            graph = part
        elif part.number == 8:
            opsets.append(_opset(wire, part))
        elif part.number == 14:
            name, value = _pair(wire, part)
            notes.add("property", (f"onnx:{name}", value), f"metadata_props.{name}")
    notes.add("weights", "onnx", "graph")
    notes.add("framework", "ONNX", "graph", Basis.MEASURED)
    notes.add("framework_version", f"IR {ir_version}, opset {', '.join(opsets)}", "opset_import")
    notes.add("producer", f"{producer} {version}".strip(), "producer_name")
    notes.add("property", ("onnx:domain", domain), "domain")
    if graph is not None:
        _onnx_graph(notes, wire, graph)
    for defect in wire.defects[:5]:
        notes.gap(f"the ONNX model is damaged: {defect.message}")


def _onnx_graph(notes: Notes, wire: Wire, graph: Field) -> None:
    tensors: list[tuple[str, int]] = []
    names: set[str] = set()
    operators: dict[str, int] = {}
    inputs: list[tuple[str, str, list[str]]] = []
    outputs: list[tuple[str, str, list[str]]] = []
    sound = there = True
    for part in wire.fields(graph):
        if part.wire != BYTES:
            continue
        if part.number == 1:
            name = _operator(wire, part)
            operators[name] = operators.get(name, 0) + 1
        elif part.number == 2:
            notes.add("name", wire.text(part, 256), "graph.name")
        elif part.number == 5:
            name, kind, elements, stored = _onnx_tensor(wire, part)
            names.add(name)
            sound = sound and elements < LARGEST
            there = there and (stored or not elements)
            tensors.append((kind, min(elements, LARGEST)))
        elif part.number == 11 and len(inputs) < MOST_SPECS:
            inputs.append(_value_info(wire, part))
        elif part.number == 12 and len(outputs) < MOST_SPECS:
            outputs.append(_value_info(wire, part))
    basis = Basis.MEASURED if sound and there and not wire.defects else Basis.CLAIMED
    if not there:
        notes.gap(
            "graph.initializer: the values of some tensors are not in this file, or not as many as their shapes say"
        )
    if sound:
        count(notes, tensors, "graph.initializer", basis, plain=True)
    else:
        notes.gap("graph.initializer: a tensor with more elements than can be")
    for spec in inputs:
        if spec[0] not in names:
            notes.add("inputs", spec, "graph.input", Basis.MEASURED)
    for spec in outputs:
        notes.add("outputs", spec, "graph.output", Basis.MEASURED)
    for name in sorted(operators)[:MOST_OPERATORS]:
        notes.add("classes", name, "graph.node.op_type", Basis.MEASURED)
    notes.add("property", ("onnx:nodes", str(sum(operators.values()))), "graph.node", Basis.MEASURED)
    used = [name for name in QUANTISING if name in operators]
    if used:
        small = sorted({kind for kind, _ in tensors if kind in ("int8", "uint8", "int4", "uint4")})
        kinds = f"{', '.join(small)} " if small else ""
        notes.add("quantisation", f"{kinds}({', '.join(used)})", "graph.node.op_type", Basis.MEASURED)


def _operator(wire: Wire, node: Field) -> str:
    for part in wire.fields(node):
        if part.number == 4 and part.wire == BYTES:
            return wire.text(part, 128)
    return ""


def _onnx_tensor(wire: Wire, tensor: Field) -> tuple[str, str, int, bool]:
    """Name, type, number of elements; so many that they cannot be for a dimension that is negative. Whether their
    values are here: as many bytes as they take, or as they take at least where each is written as a varint."""
    elements, kind, name = 1, 0, ""
    raw, typed = -1, 0
    for part in wire.fields(tensor):
        if part.number == 1:
            for extent in wire.numbers(part, 256):
                elements = min(elements * extent, LARGEST)
        elif part.number == 2 and part.wire == VARINT:
            kind = part.value
        elif part.number == 8 and part.wire == BYTES:
            name = wire.text(part, 1024)
        elif part.number == 9 and part.wire == BYTES:
            raw = part.length
        elif part.number in _TYPED:
            typed += part.length if part.wire == BYTES and part.number != 6 else 1
    bits = _BITS.get(kind, 8)
    if raw >= 0:
        stored = raw == -(-elements * bits // 8)
    elif kind in (1, 11, 14, 15):  # floats and doubles are written in full
        stored = typed == elements * bits // 8
    else:  # varints, two or more small elements in one
        stored = typed >= -(-elements * min(bits, 8) // 8)
    return name, ONNX_TYPES.get(kind, f"type {kind}"), elements, stored


def _value_info(wire: Wire, info: Field) -> tuple[str, str, list[str]]:
    name, kind = "", ""
    shape: list[str] = []
    for part in _bytes(wire, info):
        if part.number == 1:
            name = wire.text(part, 400)
        elif part.number == 2:
            for what in _bytes(wire, part):
                if what.number in (1, 8):
                    kind, shape = _onnx_type(wire, what)
                else:
                    kind = {4: "sequence", 5: "map", 9: "optional"}.get(what.number, kind)
    return name, kind, shape


def _onnx_type(wire: Wire, at: Field) -> tuple[str, list[str]]:
    kind, shape = "", list[str]()
    for part in wire.fields(at):
        if part.number == 1 and part.wire == VARINT:
            kind = ONNX_TYPES.get(part.value, f"type {part.value}")
        elif part.number == 2 and part.wire == BYTES:
            for dimension in _bytes(wire, part):
                shown = "?"
                for value in wire.fields(dimension):
                    if value.number == 1 and value.wire == VARINT:
                        shown = str(value.value) if value.value < LARGEST else "?"
                    elif value.number == 2 and value.wire == BYTES:
                        shown = wire.text(value, 60) or "?"
                if len(shape) < 64:
                    shape.append(shown)
    return kind, shape


def _opset(wire: Wire, at: Field) -> str:
    domain, version = "", 0
    for part in wire.fields(at):
        if part.number == 1 and part.wire == BYTES:
            domain = wire.text(part, 128)
        elif part.number == 2 and part.wire == VARINT:
            version = part.value
    return f"{domain} {version}" if domain not in ("", "ai.onnx") else str(version)


def _pair(wire: Wire, at: Field) -> tuple[str, str]:
    found = {part.number: wire.text(part, 4096) for part in _bytes(wire, at) if part.number in (1, 2)}
    return found.get(1, ""), found.get(2, "")


def _bytes(wire: Wire, at: Field | None) -> Iterator[Field]:
    for part in wire.fields(at):
        if part.wire == BYTES:
            yield part


# -- TensorFlow --------------------------------------------------------------------------------------


def saved_model(notes: Notes, source: Source, meter: Meter) -> None:
    """Version, signatures, and the variables of the object graph."""
    wire = Wire(source, meter)
    notes.add("weights", "tensorflow-savedmodel", "saved_model.pb")
    notes.add("framework", "TensorFlow", "saved_model.pb", Basis.MEASURED)
    variables: list[tuple[str, int]] = []
    for meta in _bytes(wire, None):
        if meta.number != 2:
            continue
        for part in _bytes(wire, meta):
            if part.number == 1:
                _meta_info(notes, wire, part)
            elif part.number == 5:
                _signature(notes, wire, part)
            elif part.number == 7:
                variables.extend(_variables(wire, part))
    if variables:  # their values lie in the directory variables/, so that these are the graph's own words
        count(notes, variables, "object_graph_def.nodes.variable", Basis.CLAIMED)
    for defect in wire.defects[:5]:
        notes.gap(f"the SavedModel is damaged: {defect.message}")


def _meta_info(notes: Notes, wire: Wire, at: Field) -> None:
    for part in _bytes(wire, at):
        if part.number == 5:
            version = wire.text(part, 60)
            notes.add("framework_version", version, "meta_info_def.tensorflow_version")
            notes.add("component", ("tensorflow", version, ""), "meta_info_def.tensorflow_version")
        elif part.number == 4:
            notes.add("property", ("tensorflow:tag", wire.text(part, 60)), "meta_info_def.tags")


def _signature(notes: Notes, wire: Wire, at: Field) -> None:
    """One entry of ``signature_def``; the default one gives inputs and outputs."""
    parts = {part.number: part for part in _bytes(wire, at)}
    name = wire.text(parts[1], 200) if 1 in parts else ""
    if name.startswith("__saved_model") or 2 not in parts:
        return
    where = f"signature_def.{name}"
    notes.add("property", ("tensorflow:signature", name), where)
    if name not in ("serving_default", "serve", "predict"):
        return
    for entry in _bytes(wire, parts[2]):
        if entry.number in (1, 2):
            inner = {part.number: part for part in _bytes(wire, entry)}
            if 1 in inner and 2 in inner:
                kind, shape = _tensor_info(wire, inner[2])
                notes.add("inputs" if entry.number == 1 else "outputs", (wire.text(inner[1], 400), kind, shape), where)


def _tensor_info(wire: Wire, at: Field) -> tuple[str, list[str]]:
    kind, shape = "", list[str]()
    for part in wire.fields(at):
        if part.number == 2 and part.wire == VARINT:
            kind = TENSORFLOW_TYPES.get(part.value, f"type {part.value}")
        elif part.number == 3 and part.wire == BYTES:
            shape = [str(n) if n < LARGEST else "?" for n in _shape(wire, part)]
    return kind, shape


def _shape(wire: Wire, at: Field) -> list[int]:
    found: list[int] = []
    for dimension in _bytes(wire, at):
        if dimension.number == 2 and len(found) < 64:
            size = 0
            for part in wire.fields(dimension):
                if part.number == 1 and part.wire == VARINT:
                    size = part.value
            found.append(size)
    return found


def _variables(wire: Wire, graph: Field) -> Iterator[tuple[str, int]]:
    for node in _bytes(wire, graph):
        if node.number != 1:
            continue
        for part in _bytes(wire, node):
            if part.number == 7:
                kind, elements, name = "float32", 1, ""
                for entry in wire.fields(part):
                    if entry.number == 1 and entry.wire == VARINT:
                        kind = TENSORFLOW_TYPES.get(entry.value % 100, f"type {entry.value}")
                    elif entry.number == 2 and entry.wire == BYTES:
                        for extent in _shape(wire, entry):
                            elements = min(elements * extent, LARGEST)
                    elif entry.number == 6 and entry.wire == BYTES:
                        name = wire.text(entry, 400)
                if not name.startswith(_TRAINING) and "/optimizer" not in name:
                    yield kind, elements
