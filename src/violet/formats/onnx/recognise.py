"""Tells an ONNX model by its first fields, hopping over their payloads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty
from violet.formats.onnx import schema
from violet.formats.protobuf import BYTES, VARINT, Field, Wire

if TYPE_CHECKING:
    from violet.formats.base import Probe

_HOPS = 48
_NAME = 512


def recognise(probe: Probe, named: bool) -> Certainty:
    """``CERTAIN`` needs a graph that begins as one; a name that says so lets unknown fields pass."""
    wire = Wire(probe.source)
    hops = versions = 0
    for field in wire.fields():
        hops += 1
        if hops > _HOPS:
            break
        if field.wire != (VARINT if field.number in (1, 5) else BYTES):
            if not named:
                return Certainty.NO
            continue
        if field.number == 7:
            found = _graph(wire, field)
            if found == 0 or (not versions and found == 1):
                return Certainty.POSSIBLE if named else Certainty.NO
            return Certainty.CERTAIN if versions or named else Certainty.LIKELY
        if field.number == 1 and 0 < field.value < 1000:
            versions += 1
        elif not _plausible(wire, field) and not named:
            return Certainty.NO
    return Certainty.POSSIBLE if named and hops else Certainty.NO


def is_tensor(probe: Probe) -> bool:
    """Whether the content is one tensor: its type and its data, in fields of the kinds that tensors have."""
    wire = Wire(probe.source)
    typed = held = False
    for count, field in enumerate(wire.fields()):
        if field.number == 2:
            if typed or field.wire != VARINT or not 0 < field.value < 64:
                return False
            typed = True
        elif field.wire not in schema.TENSOR_WIRE.get(field.number, ()):
            return False
        held = held or field.number in schema.TENSOR_DATA
        if count > 4096:
            break
    return typed and held and not wire.defects


def _plausible(wire: Wire, field: Field) -> bool:
    if field.number not in schema.MODEL:
        return False
    if field.number in (2, 3, 4):
        return field.length <= _NAME and wire.payload(field, _NAME).isascii()
    return True


def _graph(wire: Wire, graph: Field) -> int:
    """0 where the first records are not those of a graph, 2 where one of them is a node that names its
    operator, else 1."""
    for count, field in enumerate(wire.fields(graph)):
        if field.number not in schema.GRAPH or field.wire != BYTES:
            return 0
        if field.number == 1:
            return 2 * _node(wire, field)
        if count > _HOPS:
            break
    return 1 if graph.length and not wire.defects else 0


def _node(wire: Wire, node: Field) -> bool:
    named = False
    for field in wire.fields(node):
        if field.number not in schema.NODE or field.wire != BYTES:
            return False
        if field.number == 4:
            named = wire.text(field, 256).isidentifier()
    return named
