"""``setup.cfg`` and the literal lists in ``setup.py``, which is never run.

Source: setuptools' documentation, "Dependency management".
"""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from violet.formats.project.facts import MOST_DEPENDENCIES, DependencyFacts, Setting
from violet.formats.project.requirements import classify, dependency_of
from violet.formats.project.specifier import parse
from violet.formats.python_source.loading import Places

if TYPE_CHECKING:
    from violet.formats.text.document import Document
    from violet.formats.text.region import Lines

MOST_WITHIN = 20
"""Lists within lists, and additions of lists."""
_LISTS = {"install_requires": "", "setup_requires": "build", "tests_require": "test"}


def read_setup_cfg(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """The lists below ``[options]`` and ``[options.extras_require]``."""
    section, group, wanted, at = "", "", False, 0
    for raw in document.text.splitlines(keepends=True):
        start, at = at, at + len(raw)
        text = raw.strip()
        if not text or text[0] in "#;":
            continue
        header = re.match(r"\[([^\]]+)\]", raw)
        if header is not None:
            section, wanted = header.group(1).strip().lower(), False
            continue
        # A key begins a line; what is indented goes on with the one before.
        key = re.match(r"([\w][\w.-]*)[ \t]*[=:]\s*", raw)
        if key is not None:
            name = key.group(1).lower().replace("-", "_")
            if section == "metadata" and name == "name":
                facts.own = raw[key.end() :].strip()
            if section == "options" and name == "python_requires":
                facts.python = raw[key.end() :].strip()
            wanted = (section == "options" and name in _LISTS) or section == "options.extras_require"
            group = key.group(1) if section == "options.extras_require" else _LISTS.get(name, "")
            start, raw = start + key.end(), raw[key.end() :]
        if wanted and raw.strip():
            _line(raw, start, group, facts, lines)


def _line(raw: str, start: int, group: str, facts: DependencyFacts, lines: Lines) -> None:
    text = re.sub(r"\s#.*$", "", raw.rstrip()).strip()
    if not text:
        return
    if len(facts.dependencies) >= MOST_DEPENDENCIES:
        facts.problem = "has more entries than are read"
        return
    begin = start + len(raw) - len(raw.lstrip())
    if text.startswith("file:"):
        region = lines.region(begin, begin + len(text))
        facts.settings.append(Setting("include", text[5:].strip(), text, region))
        return
    found = parse(text)
    if found is not None:
        facts.dependencies.append(dependency_of(found, text, begin, begin + len(text), lines, group=group))
    else:
        entry = classify(text, begin, lines)
        if entry is not None and not isinstance(entry, Setting):
            facts.dependencies.append(entry)


_PIP_KEYS = {
    "index_url": "index",
    "extra_index_url": "extra-index",
    "find_links": "links",
    "trusted_host": "trusted-host",
}


def read_pip_conf(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``pip.conf``: where pip looks, for everything that is installed with it."""
    kind, at = "", 0
    for raw in document.text.splitlines(keepends=True):
        start, at = at, at + len(raw)
        if not raw.strip() or raw.lstrip()[0] in "#;[":
            continue
        key = re.match(r"([A-Za-z][\w-]*)\s*[=:]\s*", raw)
        if key is not None:
            kind = _PIP_KEYS.get(key.group(1).lower().replace("-", "_"), "")
            start, raw = start + key.end(), raw[key.end() :]
        for word in re.finditer(r"\S+", raw) if kind else ():
            if len(facts.settings) >= MOST_DEPENDENCIES:
                facts.problem = "has more entries than are read"
                return
            region = lines.region(start + word.start(), start + word.end())
            facts.settings.append(Setting(kind, word.group(0), word.group(0), region))


def read_setup_py(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """The lists that a call of ``setup()`` is given as they stand, or by the name of a list in the file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(document.text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        facts.problem = "is not valid for this version of Python"
        return
    known: dict[str, ast.expr] = {}
    calls: list[ast.Call] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            known[node.targets[0].id] = node.value
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "setup":
                calls.append(node)
    reader = _Setup(document.text, facts, lines, known)
    for call in calls[:5]:
        reader.call(call)


class _Setup:
    def __init__(self, text: str, facts: DependencyFacts, lines: Lines, known: dict[str, ast.expr]) -> None:
        self.text = text
        self.facts = facts
        self.lines = lines
        self.known = known
        self.places = Places(text)

    def call(self, call: ast.Call) -> None:
        for keyword in call.keywords:
            value = self._value(keyword.value)
            if keyword.arg in _LISTS:
                self._list(value, _LISTS[keyword.arg])
            elif keyword.arg == "extras_require" and isinstance(value, ast.Dict):
                for key, listed in zip(value.keys, value.values, strict=True):
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        self._list(self._value(listed), key.value)
            elif isinstance(value, ast.Constant) and isinstance(value.value, str):
                if keyword.arg == "name":
                    self.facts.own = value.value
                elif keyword.arg == "python_requires":
                    self.facts.python = value.value

    def _value(self, node: ast.expr) -> ast.expr:
        return self.known.get(node.id, node) if isinstance(node, ast.Name) else node

    def _list(self, node: ast.expr, group: str, depth: int = 0) -> None:
        """The texts of a list; of lists that are added, and lists within (``*BASE``), by their names, too."""
        if depth > MOST_WITHIN:
            return
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            self._list(self._value(node.left), group, depth + 1)
            self._list(self._value(node.right), group, depth + 1)
        if not isinstance(node, (ast.List, ast.Tuple)):
            return
        for element in node.elts:
            if isinstance(element, ast.Starred):
                self._list(self._value(element.value), group, depth + 1)
                continue
            if len(self.facts.dependencies) >= MOST_DEPENDENCIES:
                self.facts.problem = "has more entries than are read"
                return
            if not (isinstance(element, ast.Constant) and isinstance(element.value, str)):
                continue
            found = parse(element.value)
            if found is None:
                continue
            region = self.places.of(element)
            plain = self.text[region.start + 1 : region.end - 1] == element.value
            start, end = (region.start + 1, region.end - 1) if plain else (region.start, region.end)
            self.facts.dependencies.append(
                dependency_of(found, element.value, start, end, self.lines, group=group, exact_places=plain)
            )
