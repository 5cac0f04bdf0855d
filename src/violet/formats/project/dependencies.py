"""Everything that a project's files say is installed: one function for every sort of file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from violet.formats.base import Reading
from violet.formats.project.facts import Dependency, DependencyFacts, Setting
from violet.formats.project.names import sort_of
from violet.formats.source import Bounds, BytesSource, FileSource, Meter, Source
from violet.formats.text.document import Document, read_document
from violet.formats.text.region import Lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from violet.domain.component import Component

LARGEST = 32 << 20
"""Bytes of one file that are read."""
MOST_INCLUDES = 50

__all__ = ["Dependency", "DependencyFacts", "Setting", "components", "read_document_of", "read_file"]


def components(file: Path | str | bytes, name: str = "") -> tuple[Component, ...]:
    """The components that a dependency file names, in the order in which they stand.

    ``file`` is a path, or the content of a file called ``name``. Of a path, files that it includes (``-r``) are
    read as well where they lie in the same directory or below. ``origin`` is ``name:line``. ``()`` for a file of no
    known sort; what cannot be understood is left out. Raises ``OSError``.
    """
    if isinstance(file, bytes):
        facts = read_file(BytesSource(file), name)
        return tuple(entry.component(name) for entry in facts.dependencies if entry.name) if facts else ()
    made: list[Component] = []
    root = os.path.dirname(os.path.realpath(file))
    pending = [(os.fspath(file), name or os.path.basename(file))]
    seen: set[str] = set()
    while pending and len(seen) < MOST_INCLUDES:
        path, shown = pending.pop(0)
        real = os.path.realpath(path)
        if real in seen or os.path.commonpath([root, real]) != root:
            continue
        seen.add(real)
        try:
            with FileSource.open(real) as source:
                facts = read_file(BytesSource(source.read(0, LARGEST)), os.path.basename(path), listed=len(seen) > 1)
        except OSError:
            if len(seen) == 1:
                raise
            continue
        if facts is None:
            continue
        made.extend(entry.component(shown) for entry in facts.dependencies if entry.name)
        for setting in facts.settings:
            if setting.kind == "include" and "://" not in setting.value:
                inner = os.path.normpath(os.path.join(os.path.dirname(path), setting.value))
                pending.append((inner, os.path.normpath(os.path.join(os.path.dirname(shown), setting.value))))
    return tuple(made)


def read_file(source: Source, name: str, *, listed: bool = False) -> DependencyFacts | None:
    """What a dependency file says; ``None`` where ``name`` announces none. ``listed``: another file includes it,
    so that it is a requirements file whatever it is called."""
    sort = sort_of(name) or ("requirements" if listed else "")
    if not sort:
        return None
    bounds = Bounds(text=LARGEST)
    document = read_document(source, Reading(name, bounds, Meter(bounds)))
    return read_document_of(sort, document)


def read_document_of(sort: str, document: Document) -> DependencyFacts:
    """What a document says, read as this sort of file (see ``names.sort_of``)."""
    facts = DependencyFacts(document, sort)
    reader = _reader(sort)
    if reader is not None:
        reader(document, facts, Lines(document.text))
    return facts


def _reader(sort: str) -> Callable[[Document, DependencyFacts, Lines], None] | None:
    if sort in ("requirements", "constraints"):
        from violet.formats.project.requirements import read_requirements

        return read_requirements
    if sort in ("pyproject", "pipfile", "uv.toml"):
        from violet.formats.project.python_project import read_project

        return read_project
    if sort in ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml"):
        from violet.formats.project.locks import read_toml_lock

        return read_toml_lock
    if sort == "pipfile.lock":
        from violet.formats.project.locks import read_pipfile_lock

        return read_pipfile_lock
    if sort in ("package-lock", "yarn.lock"):
        from violet.formats.project import npm_locks

        return npm_locks.read_package_lock if sort == "package-lock" else npm_locks.read_yarn_lock
    if sort in ("setup.cfg", "setup.py", "pip.conf"):
        from violet.formats.project import setup_config

        if sort == "pip.conf":
            return setup_config.read_pip_conf
        return setup_config.read_setup_cfg if sort == "setup.cfg" else setup_config.read_setup_py
    if sort in ("environment", "recipe", "conda-lock"):
        from violet.formats.project import conda

        return {"environment": conda.read_environment, "recipe": conda.read_recipe}.get(sort, conda.read_conda_lock)
    return None
