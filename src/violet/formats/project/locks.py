"""Lock files: which version of everything was chosen, and the digests of its archives.

Sources: the lock files that Poetry, uv, PDM, Pipenv and conda-lock write, and PyPA's "pylock.toml specification"
(PEP 751).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from violet.formats.project.facts import MOST_DEPENDENCIES, Dependency, DependencyFacts, Setting, digest
from violet.formats.project.python_project import tables
from violet.formats.project.toml_text import Toml, TomlError, parse

if TYPE_CHECKING:
    from violet.domain.asset import Digest
    from violet.formats.text.document import Document
    from violet.formats.text.region import Lines, Region

_COLON = re.compile(r"\s*:")
MOST_HASHES = 500
"""Digests of one package that are kept."""


def read_toml_lock(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``poetry.lock``, ``uv.lock``, ``pdm.lock`` and ``pylock.toml``."""
    try:
        root = parse(document.text)
    except TomlError as error:
        facts.problem = f"is not valid TOML: {error}"
        return
    facts.python = root.text("requires-python") or root.text("metadata", "python-versions")
    old_files = root.get("metadata", "files")
    for package in tables(root, "packages" if facts.file == "pylock.toml" else "package"):
        if len(facts.dependencies) >= MOST_DEPENDENCIES:
            facts.problem = "has more entries than are read"
            break
        _package(package, old_files, facts, lines)


def _package(package: Toml, old_files: Toml, facts: DependencyFacts, lines: Lines) -> None:
    name, version = package.get("name"), package.get("version")
    if name.kind != "text":
        return
    kind, url = _source(package)
    if kind == "own":
        facts.own = facts.own or name.scalar
        return
    hashes: list[tuple[Digest, Region]] = []
    for listed in (package.get("files"), package.get("wheels"), old_files.get(name.scalar)):
        for entry in listed.items:
            _hashes(entry, hashes, lines)
    for single in ("sdist", "archive", "metadata"):
        _hashes(package.get(single), hashes, lines)
    registry = package.text("source", "registry") or package.text("index")
    if package.text("source", "type") == "legacy":
        registry = package.text("source", "url")
    facts.dependencies.append(
        Dependency(
            kind=kind,
            name=name.scalar,
            text=f"{name.scalar} {version.scalar}".strip(),
            region=lines.region(package.start, package.end),
            specifier=f"=={version.scalar}" if version.scalar else "",
            version=version.scalar,
            marker=package.text("marker"),
            url=url,
            hashes=tuple(one for one, _ in hashes),
            group=_group(package),
            index=registry,
            locked=True,
            editable=bool(package.text("source", "editable")),
            name_region=lines.region(name.inner, name.end - 1) if name.plain else None,
            specifier_region=lines.region(version.inner, version.end - 1)
            if version.kind == "text" and version.plain
            else None,
            hash_regions=tuple(place for _, place in hashes),
        )
    )


def _source(package: Toml) -> tuple[str, str]:
    """Whence a locked package comes: its kind and address. ``own`` is the project itself."""
    source = package.get("source")
    if source.text("virtual") or source.text("editable") == ".":
        return "own", ""
    git = source.text("git") or package.text("git") or package.text("vcs", "url")
    commit = (
        source.text("resolved_reference") or package.text("revision") or package.text("vcs", "commit-id")
        or (git.rpartition("#")[2] if "#" in git else "")
    )  # fmt: skip
    if source.text("type") == "git":
        git = source.text("url")
    if git:
        return "repository", f"git+{git.partition('#')[0].partition('?')[0]}@{commit}"
    for path in ("path", "directory", "editable"):
        if source.text(path) or package.text(path):
            return "path", source.text(path) or package.text(path)
    if source.text("type") in ("directory", "file"):
        return "path", source.text("url")
    if package.get("directory").kind == "table" and package.get("directory").table:
        return "path", package.text("directory", "path")
    address = source.text("url") if source.text("type") in ("", "url") else ""
    address = address or package.text("archive", "url") or package.text("url")
    return ("url", address) if address else ("package", "")


def _group(package: Toml) -> str:
    groups = {item.scalar for item in package.get("groups").items} or {package.text("category")} - {""}
    if not groups or groups & {"main", "default"}:
        return ""
    return sorted(groups)[0]


def _hashes(entry: Toml, found: list[tuple[Digest, Region]], lines: Lines) -> None:
    """The digests of one archive: ``hash = "sha256:..."`` or ``hashes = {sha256 = "..."}``."""
    if entry.kind != "table" or len(found) >= MOST_HASHES:
        return
    written = entry.get("hash")
    if written.kind == "text":
        made = digest(written.scalar)
        if made is not None:
            found.append((made, lines.region(written.inner, written.end - 1)))
    for algorithm, value in entry.get("hashes").table.items():
        made = digest(f"{algorithm}:{value.scalar}")
        if made is not None:
            found.append((made, lines.region(value.inner, value.end - 1)))


def read_pipfile_lock(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``Pipfile.lock``."""
    try:
        root = json.loads(document.text)
    except (ValueError, RecursionError) as error:
        facts.problem = f"is not valid JSON: {str(error)[:100]}"
        return
    if not isinstance(root, dict):
        facts.problem = "holds no object"
        return
    search = Finder(document.text)
    meta = root.get("_meta")
    sources = meta.get("sources") if isinstance(meta, dict) else None
    for source in sources if isinstance(sources, list) else []:
        if isinstance(source, dict) and isinstance(source.get("url"), str):
            start, end = search.key("url")
            kind = "index" if not facts.settings else "extra-index"
            name = str(source.get("name", ""))
            facts.settings.append(Setting(kind, source["url"], source["url"], lines.region(start, end), name))
            if source.get("verify_ssl") is False:
                facts.settings.append(
                    Setting("trusted-host", source["url"], "verify_ssl = false", lines.region(start, end))
                )
    for section, entries in root.items():
        if section != "_meta" and isinstance(entries, dict):
            search.key(section)
            for name, entry in entries.items():
                start, end = search.key(name)
                if len(facts.dependencies) >= MOST_DEPENDENCIES:
                    facts.problem = "has more entries than are read"
                    return
                if isinstance(entry, dict):
                    facts.dependencies.append(_pipfile_entry(section, name, entry, lines.region(start, end)))


def _pipfile_entry(section: str, name: str, entry: dict[str, object], region: Region) -> Dependency:
    version = entry.get("version")
    specifier = version if isinstance(version, str) else ""
    listed = entry.get("hashes")
    texts = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
    hashes = [made for made in map(digest, texts[:MOST_HASHES]) if made is not None]
    git, ref = entry.get("git"), entry.get("ref")
    kind, url = "package", ""
    if isinstance(git, str):
        kind, url = "repository", f"git+{git}@{ref}" if isinstance(ref, str) else f"git+{git}"
    elif isinstance(entry.get("path"), str):
        kind, url = "path", str(entry["path"])
    elif isinstance(entry.get("file"), str):
        kind, url = "url", str(entry["file"])
    return Dependency(
        kind=kind,
        name=name,
        text=f"{name} {specifier}".strip(),
        region=region,
        specifier=specifier,
        version=specifier.lstrip("=") if specifier.startswith("==") else "",
        url=url,
        hashes=tuple(hashes),
        group="" if section == "default" else section,
        index=str(entry.get("index", "")),
        locked=True,
        name_region=region,
    )


class Finder:
    """Finds the keys of a JSON text in the order in which they stand."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lost = False

    def key(self, name: str) -> tuple[int, int]:
        """Where the next key of this name stands, without its quotes."""
        written = json.dumps(name, ensure_ascii=False)
        start = -1 if self.lost else self.text.find(written, self.at)
        while start >= 0 and not _COLON.match(self.text, start + len(written)):
            start = self.text.find(written, start + 1)
        if start < 0:
            # Written with escapes: from here on places are not known, and nobody goes through the text again and again.
            self.lost = True
            return self.at, self.at
        self.at = start + len(written)
        return start + 1, start + len(written) - 1
