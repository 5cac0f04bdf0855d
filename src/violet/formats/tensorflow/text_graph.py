"""Graphs and SavedModels in protocol buffers' text format (``.pbtxt``), read with a small scanner.

TensorFlow loads ``saved_model.pbtxt`` as readily as ``saved_model.pb``. Facts from the text format
specification of protocol buffers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from violet.formats.base import Defect, Parsed
from violet.formats.tensorflow.facts import Graph, GraphNode, TensorFlowFacts
from violet.formats.tensorflow.reader import use_graphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_TEXT = 64 << 20
MOST_DEPTH = 100

_TOKEN = re.compile(
    r"""[\s,;]+|\#[^\n]*|(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|(?P<open>[{<])|(?P<close>[}>])"""
    r"""|(?P<colon>:)|(?P<word>[^\s,;:{}<>"'\#]+)""",
    re.DOTALL,
)
_ESCAPE = re.compile(rb"""\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|(.))""", re.DOTALL)
_SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}

Event = tuple[tuple[str, ...], bytes | None]
"""The path of field names, and the value; ``None`` where a message of that path ends."""


def _unescape(text: str) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        octal, hexadecimal, plain = found.groups()
        if octal:
            return bytes([int(octal, 8) & 255])
        if hexadecimal:
            return bytes([int(hexadecimal, 16)])
        return _SIMPLE.get(plain, plain)

    return _ESCAPE.sub(one, text[1:-1].encode("utf-8", "surrogatepass"))


def events(text: str) -> Iterator[Event]:
    """Fields in the order of the text. Raises ``ValueError`` where it is not in the text format."""
    path: list[str] = []
    name = ""
    strings: list[bytes] = []
    at = 0
    for found in _TOKEN.finditer(text):
        if found.start() != at:
            raise ValueError(f"unexpected character at {at}")
        at = found.end()
        kind = found.lastgroup
        if kind is None or kind == "colon":
            continue
        if strings and kind != "string":
            yield (*path, name), b"".join(strings)
            strings, name = [], ""
        value = found.group()
        if kind == "open":
            if len(path) >= MOST_DEPTH:
                raise ValueError("messages nest too deep")
            path.append(name)
            name = ""
        elif kind == "close":
            if not path:
                raise ValueError(f"a message ends at {at} that did not begin")
            yield tuple(path), None
            path.pop()
        elif kind == "string":
            strings.append(_unescape(value))
        elif name:
            yield (*path, name), value.encode()
            name = ""
        else:
            name = value
    if at != len(text):
        raise ValueError(f"unexpected character at {at}")
    if strings:
        yield (*path, name), b"".join(strings)
    if path:
        raise ValueError("the text ends inside a message")


def read(source: Source, reading: Reading) -> Parsed:
    """The same facts as of the binary forms; text that breaks off is a ``malformed`` defect."""
    facts = TensorFlowFacts()
    parsed = Parsed(facts=facts)
    if source.size > MOST_TEXT:
        parsed.unexamined.append(f"text after its first {MOST_TEXT:,} bytes")
    text = source.read(0, MOST_TEXT).decode("utf-8", "backslashreplace")
    reading.meter.operate(len(text) >> 3)
    build = _Build(facts)
    try:
        for path, value in events(text):
            build.event(path, value)
    except ValueError as error:
        parsed.defects.append(Defect("malformed", f"Protocol buffers text: {error}", key="text-format"))
        parsed.unexamined.append("what stands after the damage")
    graphs = [build.main, *build.functions]
    use_graphs(graphs, facts, parsed)
    if not any(graph.nodes for graph in graphs):
        parsed.unexamined.append("no graph was found in it")
    return parsed


class _Build:
    def __init__(self, facts: TensorFlowFacts) -> None:
        self.facts = facts
        self.main = Graph()
        self.functions: list[Graph] = []
        self.function = Graph()
        self.node = GraphNode()
        self.key = ""
        self.argument = False

    def event(self, path: tuple[str, ...], value: bytes | None) -> None:
        last = path[-1]
        if value is None:
            self.end(path)
            return
        text = value.decode("utf-8", "backslashreplace")
        if "node" in path[:-1] or "node_def" in path[:-1]:
            self.part(path, text, value)
        elif path[-3:] == ("function", "signature", "name"):
            self.function.name = text
        elif path[-3:] == ("signature", "input_arg", "name"):
            self.function.arguments.append(text)
        elif path[-2:] == ("asset_file_def", "filename"):
            self.facts.assets.append(text)
        elif path[-3:] == ("asset_file_def", "tensor_info", "name"):
            self.facts.asset_nodes.add(text.partition(":")[0])
        elif last == "tensorflow_version":
            self.facts.version = text

    def part(self, path: tuple[str, ...], text: str, value: bytes) -> None:
        inner = path[max(i for i, p in enumerate(path) if p in ("node", "node_def")) + 1 :]
        if inner == ("name",):
            self.node.name = text
        elif inner == ("op",):
            self.node.op = text
        elif inner == ("input",):
            self.node.inputs.append(text)
        elif inner == ("attr", "key"):
            self.key = text
        elif inner[:2] == ("attr", "value") and inner[-1] == "s":
            self.node.strings.setdefault(self.key, []).append(value)
        elif inner[:2] == ("attr", "value") and inner[-2:] == ("func", "name"):
            self.node.functions.setdefault(self.key, text)
        elif inner[-2:] == ("tensor", "string_val"):
            if self.node.constant is None:
                self.node.constant = []
            self.node.constant.append(value)

    def end(self, path: tuple[str, ...]) -> None:
        if path[-1] in ("node", "node_def"):
            target = self.function if path[-1] == "node_def" else self.main
            name = self.node.name
            while name in target.nodes:
                name += "'"
            target.nodes[name] = self.node
            self.node = GraphNode()
        elif path[-2:] == ("library", "function"):
            self.functions.append(self.function)
            self.function = Graph()
