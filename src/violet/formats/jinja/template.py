"""Walking a template's tree for what reaches beyond the text it is to make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, nodes
from jinja2.ext import Extension

from violet.formats.jinja.folding import Folded, fold

if TYPE_CHECKING:
    from jinja2.parser import Parser

NODES = 400_000
"""Nodes of one template that are walked."""

GADGETS = frozenset(["lipsum", "joiner", "namespace", "cycler", "url_for", "get_flashed_messages"])
"""Objects of Jinja and of web frameworks from which templates climb to the interpreter."""

INTERNAL = frozenset(
    ["mro", "subclasses", "func_globals", "func_code", "func_closure", "im_class", "im_func", "im_self", "gi_frame",
     "gi_code", "gi_yieldfrom", "cr_frame", "cr_code", "ag_frame", "ag_code", "f_globals", "f_builtins", "f_locals",
     "f_back", "tb_frame", "tb_next", "co_code", "co_consts"]
)  # fmt: skip

FORBIDDEN_METHODS = frozenset(
    ["popen", "Popen", "system", "exec", "eval", "execfile", "compile", "check_output", "check_call", "getoutput",
     "import_module", "load_module", "load_source", "spawn", "execv", "execve", "fork", "urlopen", "urlretrieve",
     "open", "write", "readlines", "unlink", "rmtree", "putenv", "getenv", "environ", "connect", "sendall",
     "from_string", "get_template", "overlay", "compile_expression", "_load_form_data", "from_object", "from_pyfile"]
)  # fmt: skip

ATTRIBUTE_FILTERS = frozenset(
    ["map", "selectattr", "rejectattr", "groupby", "sort", "sum", "min", "max", "unique", "select", "reject"]
)


@dataclass(frozen=True, slots=True)
class TemplateAct:
    """``kind`` is ``escape``, ``gadget``, ``computed-attribute``, ``forbidden-method``, ``include``,
    ``include-outside``,
    ``debug``, ``flood`` or ``instruction``; ``text`` is what shows it; ``line`` is from 1."""

    kind: str
    text: str
    line: int


class _Generation(Extension):
    """``{% generation %}``, with which chat templates mark what the assistant says."""

    tags = {"generation"}  # noqa: RUF012 - the name and type are Jinja's

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class _Debug(Extension):
    """``{% debug %}`` prints the context, filters and tests: kept as a marker, never as a node that acts."""

    tags = {"debug"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        return nodes.Output([nodes.Name("__debug_tag__", "load", lineno=line)], lineno=line)


@cache
def _environment() -> Environment:
    return Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", "jinja2.ext.i18n", _Generation, _Debug],
        autoescape=True,
    )


def parse(text: str) -> nodes.Template:
    """The tree of a template. Raises ``jinja2.TemplateSyntaxError``, ``RecursionError``, ``ValueError``."""
    return _environment().parse(text)


class Walker:
    """Collects the acts of one template."""

    def __init__(self) -> None:
        self.acts: dict[tuple[str, str], TemplateAct] = {}
        self.known: dict[str, Folded] = {}
        self.content_names: set[str] = {"content"}
        self.complete = True
        self._left = NODES

    def walk(self, tree: nodes.Node) -> None:
        """Go through the tree in document order, without recursion."""
        pending: list[nodes.Node] = [tree]
        while pending:
            node = pending.pop()
            self._left -= 1
            if self._left < 0:
                self.complete = False
                return
            self._look(node)
            pending.extend(reversed(list(node.iter_child_nodes())))

    def _add(self, kind: str, text: str, node: nodes.Node) -> None:
        shown = " ".join(text.split())[:200]
        self.acts.setdefault((kind, shown), TemplateAct(kind, shown, node.lineno or 1))

    def _look(self, node: nodes.Node) -> None:
        if isinstance(node, nodes.Getattr):
            self._attribute(node.attr, node.node, node)
        elif isinstance(node, nodes.Getitem):
            key = fold(node.arg, self.known)
            if isinstance(key, str):
                self._attribute(key, node.node, node, subscript=True)
        elif isinstance(node, nodes.Filter):
            self._filter(node)
        elif isinstance(node, nodes.Call):
            self._call(node)
        elif isinstance(node, nodes.Assign):
            self._assign(node)
        elif isinstance(node, (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
            named = fold(node.template, self.known)
            outside = isinstance(named, str) and (named.startswith(("/", "\\", "~")) or ".." in named or "://" in named)
            kind = "include-outside" if outside else "include"
            self._add(kind, f"{type(node).__name__.lower()} {describe(node.template)}", node)
        elif isinstance(node, nodes.Name):
            if node.name == "__debug_tag__":
                self._add("debug", "{% debug %}", node)
            elif internal(node.name):
                self._add("escape", node.name, node)
        elif isinstance(node, nodes.If):
            self._condition(node)
        elif isinstance(node, nodes.Mul):
            for side in (node.left, node.right):
                size = fold(side, self.known)
                if isinstance(size, int) and size > 10_000_000:
                    self._add("flood", f"{describe(node.left)} * {describe(node.right)}", node)
        elif isinstance(node, nodes.Pow):
            base, power = fold(node.left, self.known), fold(node.right, self.known)
            if isinstance(power, int) and power > 64 and base is not None:
                self._add("flood", f"{base} ** {power}", node)

    def _attribute(self, name: str, base: nodes.Node, node: nodes.Node, *, subscript: bool = False) -> None:
        if internal(name):
            self._add("escape", f"{describe(base)}.{name}", node)
        elif name.startswith("_") and len(name) > 1 and not subscript:
            self._add("gadget", f"{describe(base)}.{name}", node)
        elif isinstance(base, nodes.Name) and base.name in GADGETS and not subscript and base.name not in self.known:
            self._add("gadget", f"{base.name}.{name}", node)

    def _filter(self, node: nodes.Filter) -> None:
        if node.name == "attr":
            self._attr_filter(node)
        elif node.name in ATTRIBUTE_FILTERS:
            named = [kw.value for kw in node.kwargs if kw.key == "attribute"]
            given = named or (node.args[:1] if node.name not in ("sort", "min", "max", "unique") else [])
            for argument in given:
                name = fold(argument, self.known)
                if isinstance(name, str):
                    for part in name.replace(",", ".").split("."):
                        self._attribute(part.strip(), node.node or node, node, subscript=True)
                    if name == "attr":
                        self._indirect_attr(node)
                elif named:
                    self._add("computed-attribute", f"|{node.name}(attribute={describe(argument)})", node)

    def _attr_filter(self, node: nodes.Filter) -> None:
        argument = node.args[0] if node.args else (node.kwargs[0].value if node.kwargs else None)
        name = fold(argument, self.known)
        shown = describe(node.node) if node.node is not None else "..."
        if isinstance(name, str):
            if internal(name):
                self._add("escape", f"{shown}|attr({name!r})", node)
            elif name.startswith("_") or name in FORBIDDEN_METHODS:
                self._add("gadget", f"{shown}|attr({name!r})", node)
        else:
            self._add("computed-attribute", f"{shown}|attr({describe(argument)})", node)

    def _indirect_attr(self, node: nodes.Filter) -> None:
        """``|map("attr", name)``."""
        name = fold(node.args[1], self.known) if len(node.args) > 1 else None
        if isinstance(name, str):
            if internal(name) or name.startswith("_"):
                self._add("escape", f"|map('attr', {name!r})", node)
        else:
            self._add("computed-attribute", "|map('attr', ...)", node)

    def _call(self, node: nodes.Call) -> None:
        function = node.node
        if isinstance(function, nodes.Getattr):
            if function.attr in FORBIDDEN_METHODS and not self._is_own(function.node):
                self._add("forbidden-method", f"{describe(function)}(...)", node)
            elif function.attr in ("format", "format_map"):
                self._format(function, node)
        elif isinstance(function, nodes.Name) and function.name == "range":
            for argument in node.args:
                size = fold(argument, self.known)
                if isinstance(size, int) and size > 10_000_000:
                    self._add("flood", f"range({size})", node)
        elif isinstance(function, nodes.Name) and function.name in ("eval", "exec", "open", "__import__", "compile"):
            self._add("forbidden-method", f"{function.name}(...)", node)
        for argument in node.args:
            name = fold(argument, self.known)
            if isinstance(name, str) and name.startswith("__") and internal(name):
                self._add("escape", f"{describe(function)}({name!r})", node)

    def _is_own(self, node: nodes.Node) -> bool:
        """``loop``, the result of a test and the like: not an object from outside."""
        return isinstance(node, nodes.Const)

    def _format(self, function: nodes.Getattr, node: nodes.Call) -> None:
        """``"{0.__class__}".format(x)`` reads attributes by what the text says."""
        template = fold(function.node, self.known)
        if isinstance(template, str):
            for field in _fields().findall(template):
                for part in re.split(r"[.\[\]]", field)[1:]:
                    if internal(part):
                        self._add("escape", f"{template!r}.{function.attr}(...)", node)

    def _assign(self, node: nodes.Assign) -> None:
        if not isinstance(node.target, nodes.Name):
            return
        value = fold(node.node, self.known)
        name = node.target.name
        if value is not None:
            self.known[name] = value
        else:
            self.known.pop(name, None)
        if self._mentions_content(node.node):
            self.content_names.add(name)

    # -- instructions ----------------------------------------------------------------------------------

    def _mentions_content(self, node: nodes.Node) -> bool:
        for index, found in enumerate(_descendants(node)):
            if index > 200:
                return False
            if isinstance(found, nodes.Getattr) and found.attr == "content":
                return True
            if isinstance(found, nodes.Getitem) and isinstance(found.arg, nodes.Const) and found.arg.value == "content":
                return True
            if isinstance(found, nodes.Name) and found.name in self.content_names:
                return True
        return False

    def _condition(self, node: nodes.If) -> None:
        """Text that is slipped in when the user's words contain a trigger."""
        trigger = self._trigger(node.test)
        if trigger is None:
            return
        emitted = _marker().sub(" ", " ".join(_emitted(node.body)))
        words = _word().findall(emitted)
        if len(words) >= 6 or "://" in emitted:
            self._add("instruction", f"if {trigger!r} is said: {' '.join(emitted.split())}", node)

    def _trigger(self, test: nodes.Node) -> str | None:
        for index, node in enumerate([test, *_descendants(test)]):
            if index > 300:
                return None
            if isinstance(node, nodes.Compare) and any(op.op in ("in", "eq") for op in node.ops):
                sides = [node.expr, *(op.expr for op in node.ops)]
                texts = [t for t in (fold(side, self.known) for side in sides) if isinstance(t, str)]
                if texts and _is_speech(texts[0]) and any(self._mentions_content(side) for side in sides):
                    return texts[0]
            elif isinstance(node, nodes.Call) and isinstance(node.node, nodes.Getattr) and node.args:
                text = fold(node.args[0], self.known)
                if node.node.attr not in ("startswith", "endswith", "find", "count", "index"):
                    continue
                if isinstance(text, str) and _is_speech(text) and self._mentions_content(node.node.node):
                    return text
        return None


def _descendants(node: nodes.Node) -> list[nodes.Node]:
    found: list[nodes.Node] = []
    pending = [node]
    while pending and len(found) < 2_000:
        current = pending.pop()
        for child in current.iter_child_nodes():
            found.append(child)
            pending.append(child)
        if current is node:
            found.append(current)
    return found


def _emitted(body: list[nodes.Node]) -> list[str]:
    """The constant text that statements put out or set aside."""
    texts: list[str] = []
    for statement in body[:200]:
        for node in [statement, *_descendants(statement)]:
            if isinstance(node, nodes.TemplateData):
                texts.append(node.data)
            elif isinstance(node, nodes.Const) and isinstance(node.value, str) and len(node.value) > 12:
                texts.append(node.value)
    return texts


def _is_speech(text: str) -> bool:
    """Whether a text could be something that a person says, and not a marker of a protocol."""
    letters = sum(1 for char in text if char.isalpha())
    return letters >= 3 and letters + text.count(" ") >= len(text) - 3 and not any(c in text for c in "<>[]{}|_/\\#`")


@cache
def _word() -> re.Pattern[str]:
    return re.compile(r"[A-Za-z\u00c0-\u024f\u0400-\u04ff\u4e00-\u9fff]{2,}")


@cache
def _marker() -> re.Pattern[str]:
    return re.compile(r"<[^<>\s]{1,60}>|\[/?[A-Z_]{2,40}\]")


@cache
def _fields() -> re.Pattern[str]:
    return re.compile(r"\{([^{}:!]*)")


def internal(name: str) -> bool:
    """Whether an attribute belongs to the interpreter and not to the data of a template."""
    return (name.startswith("__") and len(name) > 4) or name in INTERNAL or ("__" in name.strip("_") and name[0] == "_")


def describe(node: nodes.Node | None, depth: int = 0) -> str:
    """A short spelling of an expression."""
    if node is None or depth > 8:
        return "..."
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Const):
        return repr(node.value)[:60]
    if isinstance(node, nodes.Getattr):
        return f"{describe(node.node, depth + 1)}.{node.attr}"
    if isinstance(node, nodes.Getitem):
        return f"{describe(node.node, depth + 1)}[{describe(node.arg, depth + 1)}]"
    if isinstance(node, nodes.Call):
        return f"{describe(node.node, depth + 1)}()"
    if isinstance(node, nodes.Filter):
        return f"{describe(node.node, depth + 1)}|{node.name}"
    if isinstance(node, nodes.Concat):
        return " ~ ".join(describe(part, depth + 1) for part in node.nodes[:4])
    return "..."
