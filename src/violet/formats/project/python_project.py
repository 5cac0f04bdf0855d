"""``pyproject.toml``, ``Pipfile`` and ``uv.toml``: what a Python project asks to have installed, and from where.

Sources: PyPA's "pyproject.toml specification" and "Dependency Groups" (PEP 621, 735), and the documentation of
Poetry, uv, PDM, Hatch and Pipenv on their tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.formats.project.facts import MOST_DEPENDENCIES, Dependency, DependencyFacts, Setting, canonical
from violet.formats.project.requirements import dependency_of, direct
from violet.formats.project.specifier import exact
from violet.formats.project.specifier import parse as parse_requirement
from violet.formats.project.toml_text import Toml, TomlError, parse

if TYPE_CHECKING:
    from violet.formats.text.document import Document
    from violet.formats.text.region import Lines


def read_project(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """Fill ``facts`` from the text of one of these files."""
    try:
        root = parse(document.text)
    except TomlError as error:
        facts.problem = f"is not valid TOML: {error}"
        return
    reader = _Reader(document.text, lines, facts)
    if facts.file == "pipfile":
        reader.pipfile(root)
    elif facts.file == "uv.toml":
        reader.uv(root)
    else:
        reader.pyproject(root)


class _Reader:
    def __init__(self, text: str, lines: Lines, facts: DependencyFacts) -> None:
        self.source = text
        self.lines = lines
        self.facts = facts

    def pyproject(self, root: Toml) -> None:
        project = root.get("project")
        self.facts.own = project.text("name") or root.text("tool", "poetry", "name")
        self.facts.python = project.text("requires-python")
        self._list(project.get("dependencies"), "")
        for name, listed in project.get("optional-dependencies").table.items():
            self._list(listed, name)
        for name, listed in root.get("dependency-groups").table.items():
            self._list(listed, name)
        self._list(root.get("build-system", "requires"), "build")
        tool = root.get("tool")
        self._poetry(tool.get("poetry"))
        self._pdm(tool.get("pdm"))
        for environment in tool.get("hatch", "envs").table.values():
            for key in ("dependencies", "extra-dependencies"):
                self._list(environment.get(key), "dev")
        self.uv(tool.get("uv"))

    def pipfile(self, root: Toml) -> None:
        self.facts.python = root.text("requires", "python_version")
        self._table(root.get("packages"), "")
        self._table(root.get("dev-packages"), "dev")
        for number, source in enumerate(root.get("source").items):
            self._index(source, extra=number > 0, verified=source.get("verify_ssl"))

    # -- tools ---------------------------------------------------------------------------------------------------

    def _poetry(self, poetry: Toml) -> None:
        python = poetry.get("dependencies", "python")
        self.facts.python = self.facts.python or python.scalar
        self._table(poetry.get("dependencies"), "")
        self._table(poetry.get("dev-dependencies"), "dev")
        for name, group in poetry.get("group").table.items():
            self._table(group.get("dependencies"), name)
        for source in poetry.get("source").items:
            priority = source.text("priority")
            self._index(source, extra=priority not in ("default", "primary"), explicit=priority == "explicit")

    def _pdm(self, pdm: Toml) -> None:
        for name, listed in pdm.get("dev-dependencies").table.items():
            self._list(listed, name)
        for source in pdm.get("source").items:
            self._index(source, extra=source.text("name") != "pypi", verified=source.get("verify_ssl"))

    def uv(self, uv: Toml) -> None:
        self._list(uv.get("dev-dependencies"), "dev")
        self._list(uv.get("constraint-dependencies"), "constraint")
        self._list(uv.get("override-dependencies"), "constraint")
        for index in uv.get("index").items:
            default = index.get("default").scalar == "true"
            self._index(index, extra=not default, explicit=index.get("explicit").scalar == "true")
        for table in (uv, uv.get("pip")):
            self._address(table.get("index-url"), "index")
            for key, kind in (("extra-index-url", "extra-index"), ("find-links", "links"),
                              ("allow-insecure-host", "trusted-host")):  # fmt: skip
                for item in table.get(key).items:
                    self._address(item, kind)
            strategy = table.get("index-strategy")
            if strategy.scalar:
                self._setting("option", strategy.scalar, strategy, f"index-strategy = {strategy.scalar}")
        self._bind(uv.get("sources"))

    def _bind(self, sources: Toml) -> None:
        """uv's sources say for single names where they come from."""
        bound = {canonical(name): value for name, value in sources.table.items()}
        for place, dependency in enumerate(self.facts.dependencies):
            source = bound.get(canonical(dependency.name))
            if source is not None and dependency.kind == "package":
                first = source.items[0] if source.items else source
                self.facts.dependencies[place] = _from_source(dependency, first)

    # -- entries -------------------------------------------------------------------------------------------------

    def _list(self, listed: Toml, group: str) -> None:
        for item in listed.items:
            if item.kind != "text" or self._full():
                continue
            found = parse_requirement(item.scalar)
            if found is None:
                self.facts.dependencies.append(direct(item.scalar, item.scalar, item.start, self.lines, group=group))
                continue
            start = item.inner if item.plain else item.start
            end = item.end - 1 if item.plain else item.end
            self.facts.dependencies.append(
                dependency_of(found, item.scalar, start, end, self.lines, group=group, exact_places=item.plain)
            )

    def _table(self, table: Toml, group: str) -> None:
        for name, value in table.table.items():
            if name == "python":
                continue
            for one in value.items or [value]:
                if not self._full():
                    self.facts.dependencies.append(self._entry(name, one, group, value.key))

    def _entry(self, name: str, value: Toml, group: str, key: tuple[int, int]) -> Dependency:
        """``name = "^1.2"`` or ``name = {version = "^1.2", ...}`` of Poetry and Pipenv."""
        written = value if value.kind == "text" else value.get("version")
        specifier = "" if written.scalar == "*" else written.scalar
        start, end = (key[0] or value.start), value.end
        extras = tuple(item.scalar for item in value.get("extras").items)
        made = Dependency(
            kind="package",
            name=name,
            text=" ".join(self.source[start:end].split())[:300],
            region=self.lines.region(start, end),
            specifier=specifier,
            version=_poetry_version(specifier) if self.facts.file == "pyproject" else exact(specifier),
            extras=extras,
            marker=value.text("markers"),
            group=group,
            index=value.text("source") or value.text("index"),
            name_region=self.lines.region(*key),
            specifier_region=self.lines.region(written.inner, written.end - 1)
            if written.kind == "text" and written.plain
            else None,
        )
        return _from_source(made, value)

    def _full(self) -> bool:
        if len(self.facts.dependencies) >= MOST_DEPENDENCIES:
            self.facts.problem = self.facts.problem or "has more entries than are read"
            return True
        return False

    # -- indexes -------------------------------------------------------------------------------------------------

    def _index(self, table: Toml, *, extra: bool, explicit: bool = False, verified: Toml | None = None) -> None:
        url = table.get("url")
        kind = "extra-index" if extra else "index"
        if url.scalar:
            self._setting(kind, url.scalar, url, f"url = {url.scalar}", table.text("name"), explicit)
        if verified is not None and verified.scalar == "false":
            self._setting("trusted-host", url.scalar, verified, f"verify_ssl = false for {url.scalar}")

    def _address(self, value: Toml, kind: str) -> None:
        if value.kind == "text":
            self._setting(kind, value.scalar, value, value.scalar)

    def _setting(self, kind: str, value: str, at: Toml, text: str, name: str = "", explicit: bool = False) -> None:
        region = self.lines.region(at.start, at.end)
        self.facts.settings.append(Setting(kind, value, text, region, name, explicit))


def _poetry_version(specifier: str) -> str:
    """Poetry reads a bare version as exactly that one."""
    text = specifier.strip().lstrip("=").strip()
    return text if text and text[0].isdigit() and not set(text) & set("*,^~<>| ") else ""


def _from_source(dependency: Dependency, source: Toml) -> Dependency:
    """The same entry, where a table says that it comes from a repository, an address, a path or another index."""
    if source.kind != "table":
        return dependency
    git = source.text("git")
    if git:
        place = source.text("rev") or source.text("ref") or source.text("tag") or source.text("branch")
        url = git if git.startswith("git+") else f"git+{git}"
        return replace(dependency, kind="repository", url=f"{url}@{place}" if place else url, version="")
    if source.text("url") or source.text("file"):
        return replace(dependency, kind="url", url=source.text("url") or source.text("file"), version="")
    if source.text("path") or source.get("workspace").scalar == "true":
        return replace(dependency, kind="path", url=source.text("path") or ".", version="")
    return replace(dependency, index=source.text("index") or dependency.index)


def tables(root: Toml, name: str) -> Iterator[Toml]:
    """The tables of an array of tables."""
    for item in root.get(name).items:
        if item.kind == "table":
            yield item
