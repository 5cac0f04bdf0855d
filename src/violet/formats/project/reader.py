"""From bytes to what a dependency file says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import HEAD, Parsed
from violet.formats.project.dependencies import read_document_of
from violet.formats.project.names import by_content, sort_of
from violet.formats.text.document import read_document, unexamined_parts

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source


def read_dependencies(source: Source, reading: Reading) -> Parsed:
    """Any of the files that name packages."""
    suffix = f".{reading.name.lower().rpartition('.')[2]}"
    return _read(source, reading, sort_of(reading.name) or by_content(source.read(0, HEAD), suffix) or "requirements")


def read_setup(source: Source, reading: Reading) -> Parsed:
    return _read(source, reading, "setup.py")


LOCK_NAMES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml")


def _read(source: Source, reading: Reading, sort: str) -> Parsed:
    most = reading.bounds.table // 2 if sort.endswith("lock") else 0  # lock files are long, and regular
    document = read_document(source, reading, most)
    parsed = Parsed(unexamined=unexamined_parts(document))
    if document.truncated:
        parsed.unexamined.append("entries beyond the bound on text")
    facts = read_document_of(sort, document)
    if facts.problem:
        parsed.unexamined.append(f"the entries of a list of packages that {facts.problem}")
    if sort in ("pyproject", "pipfile", "setup.cfg", "setup.py", "environment", "requirements"):
        facts.locked_beside = any(reading.sibling(name) is not None for name in LOCK_NAMES)
    parsed.facts = facts
    return parsed
