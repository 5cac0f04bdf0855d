"""Where a path in a graph comes from: from constants, or from whoever runs the graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.formats.tensorflow.facts import Graph, GraphNode, RiskyNode, TensorFlowFacts
from violet.formats.tensorflow.registered import registered
from violet.formats.tensorflow.risks import risk_of

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_STEPS = 2000
MOST_TEXTS = 20
MOST_RISKY = 1000

_GIVEN = frozenset({"Placeholder", "PlaceholderV2", "_Arg", "_DeviceArg", "Iterator"})
_KEPT = frozenset({"VarHandleOp", "Variable", "VariableV2"})
"""What they hold comes out of the model's checkpoint, not from whoever runs it."""
_JOINS = frozenset({"StringJoin", "Add", "AddV2"})
_FIRST = frozenset({"ShardedFilename", "ShardedFilespec", "StaticRegexReplace", "RegexReplace", "Substr"})
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})


@dataclass(slots=True)
class Origin:
    """``texts`` are constants that become the value; ``given`` says that it may come from whoever runs the
    graph, ``asset`` that the loader puts in the path of an asset."""

    texts: list[str]
    given: bool
    asset: bool = False


def find_risky(graphs: Sequence[Graph], facts: TensorFlowFacts) -> None:
    """Fill in the operations, the unknown ones and the risky nodes of the facts."""
    known = registered()
    facts.functions.update(graph.name for graph in graphs if graph.name)
    tracer = _Tracer(graphs, facts.asset_nodes)
    for graph in graphs:
        for node in graph.nodes.values():
            facts.ops[node.op] = facts.ops.get(node.op, 0) + 1
            risk = risk_of(node.op)
            if risk is None:
                if node.op not in known and node.op not in facts.functions:
                    facts.unknown.setdefault(node.op, f"{graph.name}/{node.name}" if graph.name else node.name)
                continue
            if len(facts.risky) >= MOST_RISKY:
                continue
            origin = Origin([], True)
            if risk.attribute:
                values = [v.decode("utf-8", "backslashreplace") for v in node.strings.get(risk.attribute, ())]
                origin = Origin(values, False)
            elif risk.input >= 0:
                origin = tracer.origin(graph, node, risk.input)
            paths = tuple(dict.fromkeys(origin.texts))[:MOST_TEXTS]
            facts.risky.append(RiskyNode(graph.name, node.name, node.op, risk, paths, origin.given, origin.asset))


class _Tracer:
    def __init__(self, graphs: Sequence[Graph], assets: set[str]) -> None:
        self.assets = assets
        self.graphs = {graph.name: graph for graph in graphs}
        self.callers: dict[str, list[tuple[Graph, GraphNode]]] = {}
        self.users: dict[str, list[tuple[Graph, GraphNode]]] = {}
        for graph in graphs:
            for node in graph.nodes.values():
                if node.op in _CALLS and "f" in node.functions:
                    self.callers.setdefault(node.functions["f"], []).append((graph, node))
                    continue
                if node.op in self.graphs:
                    self.callers.setdefault(node.op, []).append((graph, node))
                for function in node.functions.values():
                    self.users.setdefault(function, []).append((graph, node))
        self.steps = 0
        self.active: set[tuple[str, str]] = set()

    def origin(self, graph: Graph, node: GraphNode, place: int) -> Origin:
        """Where the input at a place comes from."""
        inputs = [name for name in node.inputs if not name.startswith("^")]
        if place >= len(inputs):
            return Origin([], False)
        self.steps = 0
        self.active.clear()
        return self.follow(graph, inputs[place])

    def follow(self, graph: Graph, reference: str) -> Origin:
        name = reference.partition(":")[0]
        key = (graph.name, name)
        self.steps += 1
        if self.steps > MOST_STEPS or key in self.active or len(self.active) > 200:
            return Origin([], self.steps > MOST_STEPS)
        node = graph.nodes.get(name)
        if node is None:
            return self.argument(graph, name)
        self.active.add(key)
        found = self.node(graph, node)
        self.active.discard(key)
        return found

    def argument(self, graph: Graph, name: str) -> Origin:
        """An argument of a function is what its callers give it; without callers it is given from outside."""
        if name not in graph.arguments:
            return Origin([], True)
        place = graph.arguments.index(name)
        callers = self.callers.get(graph.name)
        if not callers:
            return self.used(graph.name)
        found: list[Origin] = []
        for outer, call in callers[:20]:
            inputs = [entry for entry in call.inputs if not entry.startswith("^")]
            found.append(self.follow(outer, inputs[place]) if place < len(inputs) else Origin([], True))
        return _merge(found)

    def used(self, function: str) -> Origin:
        """What a function of a data set, branch or loop is given: any of what that operation is given."""
        users = self.users.get(function)
        if not users:
            return Origin([], True)
        found: list[Origin] = []
        for outer, user in users[:20]:
            found.extend(self.follow(outer, entry) for entry in user.inputs[:20] if not entry.startswith("^"))
        return _merge(found)

    def node(self, graph: Graph, node: GraphNode) -> Origin:
        if not graph.name and node.name in self.assets:
            return Origin([], False, True)
        if node.op == "Const":
            return Origin([_text(value) for value in (node.constant or [])[:MOST_TEXTS]], False)
        inputs = [entry for entry in node.inputs if not entry.startswith("^")]
        if node.op in _KEPT:
            return Origin([], False)
        if node.op == "PlaceholderWithDefault" and inputs:
            return Origin(self.follow(graph, inputs[0]).texts, True)
        if node.op in _GIVEN or not inputs:
            return Origin([], True)
        if node.op in _JOINS:
            return self.joined(graph, node, inputs)
        if node.op in _FIRST:
            return self.follow(graph, inputs[0])
        if node.op in ("Select", "SelectV2"):
            inputs = inputs[1:]
        return _merge([self.follow(graph, entry) for entry in inputs[:20]])

    def joined(self, graph: Graph, node: GraphNode, inputs: list[str]) -> Origin:
        """A join is where its first part is, with the constants of the others behind it."""
        separator = _text(b"".join(node.strings.get("separator", ())))
        parts = [self.follow(graph, entry) for entry in inputs[:20]]
        if (parts[0].given or parts[0].asset) and not parts[0].texts:
            return parts[0]
        texts = [part.texts[0] if part.texts else "…" for part in parts]
        return Origin([separator.join(texts)], parts[0].given)


def _text(value: bytes) -> str:
    return value[:2048].decode("utf-8", "backslashreplace")


def _merge(origins: list[Origin]) -> Origin:
    texts: list[str] = []
    for origin in origins:
        texts.extend(origin.texts)
    given = any(origin.given for origin in origins)
    return Origin(texts[: 2 * MOST_TEXTS], given, any(origin.asset for origin in origins))
