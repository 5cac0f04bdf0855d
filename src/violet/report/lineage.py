"""Lineage as a tree for a terminal, as JSON, and as a graph for Graphviz and Mermaid."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from violet.domain import UsageError
from violet.domain.lineage import Edge, Lineage, Node, NodeKind
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrapped
from violet.report.visible import shortened, visible

SCHEMA = "violet-lineage/1"
FORMATS = ("console", "json", "dot", "mermaid")

_DEEPEST = 24
_MOST_LINES = 400
_MOST_NOTES = 10
_MARGIN = 2
_SHOWN = 16


@dataclass(slots=True, eq=False, repr=False)
class LineageView:
    lineage: Lineage
    command_line: str = ""
    width: int | None = None
    color: bool = False


def render(view: LineageView, fmt: str) -> str:
    """One of ``FORMATS``, ending in one newline. Raises ``UsageError`` for another."""
    if fmt == "json":
        return json.dumps(document(view.lineage), indent=2, ensure_ascii=True) + "\n"
    if fmt == "dot":
        return _dot(view.lineage)
    if fmt == "mermaid":
        return _mermaid(view.lineage)
    if fmt != "console":
        raise UsageError(f"{fmt!r} is no format of a lineage.", f"Use one of {', '.join(FORMATS)}.")
    return printed(_Tree(view).lines(), color=view.color)


def document(lineage: Lineage) -> dict[str, Any]:
    """``schema``, ``root``, ``proven``, ``tainted``; ``nodes``, ``edges``, ``taints`` (with the path from what is
    tainted down to the root), ``loops``, ``descendants`` and ``notes``. Nodes are named by their keys."""
    return {
        "schema": SCHEMA,
        "root": lineage.root,
        "proven": lineage.proven,
        "tainted": lineage.is_tainted,
        "nodes": [
            {
                "key": visible(node.key),
                "name": visible(node.name),
                "kind": str(node.kind),
                "digests": [visible(str(digest)) for digest in node.digests],
                "attested": node.attested,
                "tainted": node.key in lineage.tainted,
                "descendant": node.key in lineage.descendants,
            }
            for node in lineage.nodes.values()
        ],
        "edges": [
            {
                "child": visible(edge.child),
                "parent": visible(edge.parent),
                "relation": visible(edge.relation),
                "proven": edge.proven,
                "signers": [visible(name) for name in edge.signers],
                "source": visible(edge.source),
                "doubt": visible(edge.doubt),
            }
            for edge in lineage.edges
        ],
        "taints": [
            {
                "node": visible(found.taint.node),
                "reason": visible(found.taint.reason),
                "origin": visible(found.taint.origin),
                "signers": [visible(name) for name in found.taint.signers],
                "path": [visible(key) for key in found.path],
                "proven": found.proven,
            }
            for found in lineage.taints
        ],
        "loops": [[visible(key) for key in loop] for loop in lineage.loops],
        "descendants": sorted(visible(key) for key in lineage.descendants),
        "notes": [visible(note) for note in lineage.notes],
    }


class _Tree:
    """Every node is laid out once; where it comes again, it is named with a reference."""

    def __init__(self, view: LineageView) -> None:
        self._view = view
        self._lineage = view.lineage
        self._width = columns(view.width)
        self._up = _by(self._lineage, "child")
        self._down = _by(self._lineage, "parent")
        self._done: set[str] = set()
        self._left = 0

    def lines(self) -> list[Line]:
        lineage = self._lineage
        lines = [self._title(lineage.nodes[lineage.root])]
        lines += self._branch(lineage.root, self._up, upward=True)
        if lineage.descendants:
            self._done = {lineage.root}
            lines += [BLANK, line("Made from it:", "heading")]
            lines += self._branch(lineage.root, self._down, upward=False)
        if self._left:
            lines.append(line(f"and {self._left:,} more: --format json shows all", "dim", _MARGIN))
        lines += self._loops() + self._notes()
        return [*lines, BLANK, *self._ending()]

    def _branch(self, start: str, edges: Mapping[str, list[Edge]], *, upward: bool) -> list[Line]:
        lines: list[Line] = []
        pending = [(edge, 1) for edge in reversed(edges.get(start, []))]
        self._done.add(start)
        while pending:
            edge, depth = pending.pop()
            key = edge.parent if upward else edge.child
            if len(lines) >= _MOST_LINES or depth > _DEEPEST:
                self._left += 1
                continue
            again = key in self._done
            lines += self._edge(edge, self._lineage.nodes[key], depth, again=again, upward=upward)
            if not again:
                self._done.add(key)
                pending += [(following, depth + 1) for following in reversed(edges.get(key, []))]
        return lines

    def _edge(self, edge: Edge, node: Node, depth: int, *, again: bool, upward: bool) -> list[Line]:
        indent = _MARGIN * depth
        tainted = node.key in self._lineage.tainted
        word = edge.relation if upward else _DOWNWARD.get(edge.relation, f"{edge.relation}:")
        spans = [Span(" " * indent), Span(f"{visible(word)}  ", "dim"), Span(_name(node), "bold")]
        spans.append(Span(f"  {_short(node)}".rstrip(), "dim"))
        if tainted:
            spans.append(Span("  TAINTED", "deny"))
        lines: list[Line] = [tuple(spans)]
        if again:
            lines[0] = (*lines[0], Span("  (see above)", "dim"))
            return lines
        inner = indent + _MARGIN
        if edge.proven:
            lines += wrapped(f"proven by {visible(', '.join(edge.signers) or 'content')}", self._width, "allow", inner)
        else:
            lines += wrapped(f"claimed: {visible(shortened(edge.doubt, 240))}", self._width, "warn", inner)
        if upward and node.kind is NodeKind.MODEL and not node.attested:
            lines += wrapped("nothing that is believed says how it was made", self._width, "warn", inner)
        return lines

    def _title(self, node: Node) -> Line:
        spans = [Span(_name(node), "heading"), Span(f"  {visible(node.key)}", "dim")]
        if node.key in self._lineage.tainted:
            spans.append(Span("  TAINTED", "deny"))
        return tuple(spans)

    def _loops(self) -> list[Line]:
        lines: list[Line] = []
        for loop in self._lineage.loops[:_MOST_NOTES]:
            names = ", ".join(_name(self._lineage.nodes[key]) for key in loop[:_MOST_NOTES])
            lines += wrapped(f"A loop, which cannot be: {names}", self._width, "warn")
        return [BLANK, *lines] if lines else []

    def _notes(self) -> list[Line]:
        notes = self._lineage.notes
        lines = [row for note in notes[:_MOST_NOTES] for row in wrapped(visible(note), self._width, "", _MARGIN)]
        if len(notes) > _MOST_NOTES:
            lines.append(line(f"and {len(notes) - _MOST_NOTES:,} more", "dim", _MARGIN))
        return [BLANK, line("Not used:", "heading"), *lines] if lines else []

    def _ending(self) -> list[Line]:
        lineage = self._lineage
        above = lineage.ancestors()
        steps = [edge for edge in lineage.edges if edge.child in above or edge.child == lineage.root]
        proven = sum(edge.proven for edge in steps)
        counts = f"{len(above):,} ancestors, {proven:,} of {len(steps):,} steps proven"
        if lineage.descendants:
            counts += f", {len(lineage.descendants):,} descendants"
        if lineage.is_tainted:
            verdict, style = "TAINTED", "deny"
        elif lineage.proven:
            verdict, style = "PROVEN", "allow"
        else:
            verdict, style = "NOT PROVEN", "warn"
        lines: list[Line] = [(Span(verdict, style), Span(f": {counts}", "bold"))]
        for found in lineage.taints:
            who = f"{found.taint.origin}" + (f", {', '.join(found.taint.signers)}" if found.taint.signers else "")
            lines += wrapped(visible(f"{found.taint.reason} ({who})"), self._width, "", _MARGIN)
            path = " -> ".join(_name(lineage.nodes[key]) for key in found.path)
            how = "proven" if found.proven else "by claims"
            lines += wrapped(f"{how}: {path}", self._width, "dim", _MARGIN * 2)
        if self._view.command_line:
            lines.append((Span("Again: ", "dim"), Span(visible(self._view.command_line))))
        return lines


def _by(lineage: Lineage, end: str) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = {}
    for edge in lineage.edges:
        found.setdefault(getattr(edge, end), []).append(edge)
    return found


def _name(node: Node) -> str:
    prefix = {NodeKind.RUN: "run "}.get(node.kind, "")
    return prefix + visible(shortened(node.name, 80))


def _short(node: Node) -> str:
    if not node.digests:
        return ""
    digest = node.digests[0]
    return f"{visible(digest.algorithm)}:{visible(digest.value[:_SHOWN])}"


_DOWNWARD = {"made-by": "gave", "trained-on": "trained", "ran": "ran in", "used": "used in", "contains": "part of"}
"""Relations are called after what the parent was to the child; this is how they read the other way."""

_SHAPES = {
    NodeKind.DATA: "cylinder",
    NodeKind.CODE: "note",
    NodeKind.RUN: "ellipse",
    NodeKind.MODEL: "box",
    NodeKind.INPUT: "plaintext",
}


def _dot(lineage: Lineage) -> str:
    lines = ["digraph lineage {", "  rankdir=BT;", '  node [fontname="sans-serif"];']
    numbers = {key: f"n{number}" for number, key in enumerate(lineage.nodes)}
    for node in lineage.nodes.values():
        colour = ', style=filled, fillcolor="#f4c7c3"' if node.key in lineage.tainted else ""
        label = _quoted(f"{_name(node)}\n{_short(node)}".strip())
        lines.append(f"  {numbers[node.key]} [label={label}, shape={_SHAPES[node.kind]}{colour}];")
    for edge in lineage.edges:
        style = "" if edge.proven else ", style=dashed"
        label = _quoted(visible(edge.relation))
        lines.append(f"  {numbers[edge.child]} -> {numbers[edge.parent]} [label={label}{style}];")
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'


def _mermaid(lineage: Lineage) -> str:
    lines = ["flowchart BT"]
    numbers = {key: f"n{number}" for number, key in enumerate(lineage.nodes)}
    for node in lineage.nodes.values():
        label = _escaped(f"{_name(node)} {_short(node)}".strip())
        lines.append(f'  {numbers[node.key]}["{label}"]')
    for edge in lineage.edges:
        arrow = "-->" if edge.proven else "-.->"
        lines.append(f'  {numbers[edge.child]} {arrow}|"{_escaped(visible(edge.relation))}"| {numbers[edge.parent]}')
    tainted = [numbers[key] for key in lineage.nodes if key in lineage.tainted]
    if tainted:
        lines += ["  classDef tainted fill:#f4c7c3", f"  class {','.join(tainted)} tainted"]
    return "\n".join([*lines, ""])


def _escaped(text: str) -> str:
    """Mermaid has entities by number and no other escape."""
    return "".join(c if c.isalnum() or c in " .-_/:+@," else f"#{ord(c)};" for c in text)
