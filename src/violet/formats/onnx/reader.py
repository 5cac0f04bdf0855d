"""The bounded reader of ONNX models: which operators, which files beside it, which bytes that nobody uses.

Walks nodes of the main graph, of nested graphs, of model-local functions and of training graphs.
Initialisers are measured against their shapes without being read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from violet.formats.base import Parsed
from violet.formats.onnx import schema
from violet.formats.onnx.facts import ExternalData, OnnxFacts, Operator
from violet.formats.protobuf import BYTES, VARINT, Field, Wire
from violet.formats.tensors.layout import hidden, metadata_children, note, peek, shown, slug

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

_MOST_EXTERNAL = 100_000
_MOST_OPERATORS = 10_000
_MOST_FILES = 1_000
_LISTED = 65_536
_CAPPED = 16 << 20
"""A file beside the model may be given cut to this size: then its length says nothing."""
_SPECIAL = ("Py", "ATen", "EPContext", "Azure", "OpenAI")
"""Beginnings of the names of operators whose text attributes are kept as evidence."""


def read_onnx(source: Source, reading: Reading) -> Parsed:
    reader = _Reader(source, reading)
    reader.model()
    return reader.parsed


def read_onnx_tensor(source: Source, reading: Reading) -> Parsed:
    """One ``TensorProto``, as the files of test data beside a model hold."""
    reader = _Reader(source, reading)
    reader.tensor()
    return reader.parsed


class _Reader:
    __slots__ = ("facts", "parsed", "reading", "source", "texts", "wire")

    def __init__(self, source: Source, reading: Reading) -> None:
        self.source = source
        self.reading = reading
        self.wire = Wire(source, reading.meter)
        self.facts = OnnxFacts()
        self.parsed = Parsed(facts=self.facts)
        self.texts: list[tuple[str, str]] = []

    def tensor(self) -> None:
        self._tensor(Field(0, BYTES, 0, 0, self.source.size, -1))
        self._siblings()
        self.parsed.defects.extend(self.wire.defects)

    def model(self) -> None:
        facts, wire = self.facts, self.wire
        strange: Field | None = None
        reached = graphs = 0
        for top in wire.fields():
            number = top.number
            if number not in schema.MODEL or top.wire not in (VARINT, BYTES):
                strange = strange or top
                continue
            reached = top.offset + top.length
            if number == 1:
                facts.ir_version = top.value
            elif number == 2:
                facts.producer = wire.text(top, 256)
            elif number == 6:
                self.texts.append(("doc_string", wire.text(top)))
            elif number == 7:
                graphs += 1
                self._graph(top)
            elif number == 8:
                self._opset(top)
            elif number == 14:
                self._property(top, "metadata_props")
            elif number == 20:
                for part in self._messages(top, (1, 2)):
                    self._graph(part)
            elif number == 25:
                self._function(top)
        if not graphs:
            note(self.parsed, "malformed", "The model has no graph.", key="no-graph")
        self._tail(strange, reached)
        for defect in wire.defects:
            note(self.parsed, defect.kind, defect.message, defect.offset, defect.key)
        self.parsed.children.extend(metadata_children(self.texts))
        self._siblings()

    def _tail(self, strange: Field | None, reached: int) -> None:
        """Bytes that no loader looks at: from the first unknown field, or from where the message breaks."""
        broken = [d for d in self.wire.defects if d.offset is not None and d.offset >= reached]
        if strange is not None and self.facts.ir_version <= schema.IR_VERSION:
            start = strange.offset
            where = f"in field {strange.number}, which ONNX does not define, and after it"
        elif broken and reached:
            start, where = reached, "after the model"
            self.wire.defects = [d for d in self.wire.defects if d not in broken]
        else:
            if strange is not None:
                text = f"Field {strange.number} belongs to a newer version of ONNX than Violet knows."
                note(self.parsed, "unsupported", text, strange.offset, "newer")
            return
        hidden(self.parsed, self.source, start, self.source.size - start, where)

    def _messages(self, message: Field, numbers: tuple[int, ...]) -> list[Field]:
        return [f for f in self.wire.fields(message) if f.number in numbers and f.wire == BYTES]

    def _graph(self, graph: Field) -> None:
        wire = self.wire
        for part in wire.fields(graph):
            number = part.number
            if part.wire != BYTES or number not in schema.GRAPH:
                self._unknown(part, "graph")
            elif number == 1:
                self._node(part)
            elif number == 5:
                self._tensor(part)
            elif number == 15:
                for tensor in self._messages(part, (1, 2)):
                    self._tensor(tensor)
            elif number == 10:
                self.texts.append(("graph.doc_string", wire.text(part)))
            elif number == 16:
                self._property(part, "graph.metadata_props")

    def _function(self, function: Field) -> None:
        name = domain = ""
        for part in self.wire.fields(function):
            number = part.number
            if number not in schema.FUNCTION:
                self._unknown(part, "function")
            elif number == 7:
                self._node(part)
            elif number == 11:
                self._attribute(part)
            elif number == 1:
                name = self.wire.text(part, 256)
            elif number == 10:
                domain = self.wire.text(part, 256)
            elif number == 14:
                self._property(part, "function.metadata_props")
        if len(self.facts.functions) < _MOST_OPERATORS:
            self.facts.functions.setdefault((_standard(domain), name), function.offset)

    def _node(self, node: Field) -> None:
        name = domain = ""
        attributes: list[Field] = []
        for part in self.wire.fields(node):
            number = part.number
            if number in (1, 2, 3):
                continue
            if number == 4:
                name = self.wire.text(part, 256)
            elif number == 5:
                attributes.append(part)
            elif number == 7:
                domain = self.wire.text(part, 256)
            elif number not in schema.NODE:
                self._unknown(part, "node")
        texts: list[str] = []
        for attribute in attributes:
            text = self._attribute(attribute, name.startswith(_SPECIAL))
            if text:
                texts.append(text)
        facts = self.facts
        facts.nodes += 1
        key = (_standard(domain), name)
        found = facts.operators.get(key)
        if found is None:
            if len(facts.operators) >= _MOST_OPERATORS:
                return
            found = facts.operators[key] = Operator(*key, node.offset, texts=tuple(texts[:8]))
        found.count += 1

    def _attribute(self, attribute: Field, keep: bool = False) -> str:
        """Descends into what an attribute holds; gives ``name=text`` for one with a text, where asked."""
        name = text = ""
        for part in self.wire.fields(attribute):
            number = part.number
            if number == 1:
                name = self.wire.text(part, 128) if keep else ""
            elif number in (2, 3, 20):
                continue
            elif number in (5, 10):
                self._tensor(part)
            elif number in (6, 11):
                self._graph(part)
            elif number in (22, 23):
                for tensor in self._messages(part, (1, 2)):
                    self._tensor(tensor)
            elif number in (4, 9) and part.wire == BYTES:
                if part.length > 32:
                    peek(self.parsed, self.source, part.offset, part.length, "attribute")
                if keep and not text:
                    text = self.wire.text(part, 256)
            elif number not in schema.ATTRIBUTE:
                self._unknown(part, "attribute")
        return f"{name}={text!a}" if keep and text else ""

    def _tensor(self, tensor: Field) -> None:
        wire = self.wire
        self.facts.tensors += 1
        elements, kind, location = 1, 0, 0
        name = ""
        raw: Field | None = None
        packed = -1
        entries: list[tuple[str, str]] = []
        for part in wire.fields(tensor):
            number = part.number
            if number == 1:
                for extent in wire.numbers(part, 256):
                    elements *= extent
            elif number == 2:
                kind = part.value
            elif number == 8:
                name = wire.text(part, 256)
            elif number == 9:
                if raw is not None and raw.length:
                    where = f"in the first of two raw_data fields of tensor {shown(name)}"
                    hidden(self.parsed, self.source, raw.offset, raw.length, where)
                raw = part
            elif number in (4, 10) and part.wire == BYTES:
                packed = part.length // (4 if number == 4 else 8)
            elif number == 13:
                entries.append(self._pair(part, 4096))
            elif number == 14:
                location = part.value
            elif number not in schema.TENSOR:
                self._unknown(part, "tensor")
        if raw is not None:
            self._raw(name, raw, elements, kind, tensor.offset)
        elif packed >= 0 and kind in (1, 11) and packed != elements:
            text = f"Tensor {shown(name)} has {packed:,} values for a shape of {elements:,}."
            note(self.parsed, "malformed", text, tensor.offset, f"values:{slug(name)}")
        if location == 1 or entries:
            self._external(name, entries, elements, kind, tensor.offset)

    def _raw(self, name: str, raw: Field, elements: int, kind: int, at: int) -> None:
        bits = schema.TENSOR_BITS.get(kind)
        if bits is None:
            if raw.length:
                text = f"Tensor {shown(name)} holds raw bytes of the unknown type {kind}."
                note(self.parsed, "unsupported", text, at, f"type:{kind}")
            return
        needed = (elements * bits + 7) // 8
        if raw.length < needed:
            # What a file is cut short by is noted where it is cut; this would only say it twice.
            if raw.offset + raw.length < self.source.size:
                text = f"Tensor {shown(name)} needs {needed:,} bytes and has {raw.length:,}."
                note(self.parsed, "malformed", text, raw.offset, f"short:{slug(name)}")
        elif raw.length > needed:
            where = f"behind the {needed:,} bytes that the shape of tensor {shown(name)} needs"
            hidden(self.parsed, self.source, raw.offset + needed, raw.length - needed, where)
        peek(self.parsed, self.source, raw.offset, raw.length, name)

    def _external(self, name: str, entries: list[tuple[str, str]], elements: int, kind: int, at: int) -> None:
        if len(self.facts.external) >= _MOST_EXTERNAL:
            return
        values = dict(entries)
        offset, length = _number(values.get("offset", "")), _number(values.get("length", ""))
        bits = schema.TENSOR_BITS.get(kind)
        needed = (elements * bits + 7) // 8 if bits else -1
        if length >= 0 and needed >= 0 and length != needed:
            text = f"Tensor {shown(name)} needs {needed:,} bytes and takes {length:,} of an external file."
            note(self.parsed, "malformed", text, at, f"external-size:{slug(name)}")
        known = ("location", "offset", "length", "checksum", "basepath")
        extra = tuple((k, v) for k, v in entries if k not in known)
        length = length if length >= 0 else needed
        self.facts.external.append(ExternalData(name, values.get("location", ""), offset, length, at, extra))

    def _siblings(self) -> None:
        """Look up each external file once."""
        if not self.facts.external:
            return
        listed = set(self.reading.siblings())
        state: dict[str, tuple[bool, int]] = {}
        complete: list[ExternalData] = []
        for entry in self.facts.external:
            path = entry.location.removeprefix("./")
            if path not in state:
                asked = bool(path) and "\x00" not in path and len(state) < _MOST_FILES
                found = self.reading.sibling(path) if asked else None
                size = found.size if found is not None else -1
                state[path] = (found is not None, -1 if size == _CAPPED else size)
            present, size = state[path]
            complete.append(replace(entry, present=present, listed=path in listed, file_size=size))
        self.facts.external = complete

    def _opset(self, opset: Field) -> None:
        domain, version = "", 0
        for part in self.wire.fields(opset):
            if part.number == 1:
                domain = self.wire.text(part, 256)
            elif part.number == 2:
                version = part.value
        if len(self.facts.opsets) < _MOST_OPERATORS:
            self.facts.opsets[_standard(domain)] = version

    def _property(self, entry: Field, where: str) -> None:
        if len(self.texts) < _LISTED:
            key, value = self._pair(entry, 1 << 20)
            self.texts.append((f"{where}.{key}", value))

    def _pair(self, entry: Field, most: int) -> tuple[str, str]:
        key = value = ""
        for part in self.wire.fields(entry):
            if part.number == 1:
                key = self.wire.text(part, 256)
            elif part.number == 2:
                value = self.wire.text(part, most)
        return key, value

    def _unknown(self, part: Field, message: str) -> None:
        if self.facts.ir_version > schema.IR_VERSION:
            text = f"Field {part.number} of a {message} is newer than Violet knows."
            note(self.parsed, "unsupported", text, part.offset, f"newer:{message}:{part.number}")
        elif part.length > 32:
            where = f"in field {part.number} of a {message}, which ONNX does not define"
            hidden(self.parsed, self.source, part.offset, part.length, where)
        else:
            text = f"Field {part.number} of a {message} is not defined."
            note(self.parsed, "malformed", text, part.offset, f"unknown:{message}:{part.number}")


def _standard(domain: str) -> str:
    """The standard domain has two names."""
    return "" if domain == "ai.onnx" else domain


def _number(text: str) -> int:
    """A decimal number of the external data table, or -1."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
