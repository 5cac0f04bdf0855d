"""Reading what would be installed, and from where.

Sources: pip's "Requirements File Format", conda's environment files, MLflow's ``python_env.yaml``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from violet.formats.base import Parsed, Reading
from violet.formats.source import Source
from violet.formats.text.document import Document, read_document, unexamined_parts

MOST_LINES = 20_000


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line that installs or sets how to install. ``kind`` is ``package``, ``url``, ``repository``
    (git and the like), ``path``, ``index``, ``extra-index``, ``links``, ``trusted-host``, ``option``, ``include``,
    ``channel`` or ``command`` (a line that only a shell would do something with)."""

    kind: str
    text: str
    line: int
    pinned: bool = False


@dataclass(slots=True)
class RequirementsFacts:
    document: Document
    requirements: tuple[Requirement, ...]


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    unexamined = unexamined_parts(document)
    if document.truncated:
        unexamined.append("lines beyond the bound on text")
    found = _environment(document.text) if reading.name.lower().endswith((".yaml", ".yml")) else _lines(document.text)
    return Parsed(facts=RequirementsFacts(document, tuple(found)), unexamined=unexamined)


def _lines(text: str) -> list[Requirement]:
    found: list[Requirement] = []
    whole = ""
    for number, raw in enumerate(text.splitlines(), 1):
        if number > MOST_LINES:
            break
        line = whole + raw.strip()
        if line.endswith("\\"):
            whole = line[:-1] + " "
            continue
        whole = ""
        line = re.sub(r"(^|\s)#.*$", "", line).strip()
        if line:
            found.append(classify(line, number))
    return found


def _environment(text: str) -> list[Requirement]:
    """The list entries of a YAML environment, wherever they stand: pip's lines, packages and channels."""
    found: list[Requirement] = []
    section = ""
    for number, raw in enumerate(text.splitlines()[:MOST_LINES], 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if not line.startswith("-") and line.endswith(":"):
            section = line[:-1]
        if line.startswith("- ") or (line.startswith("-") and line[1:2] in "\"'"):
            entry = line[1:].strip()
            if entry.endswith(":"):
                section = entry[:-1]
                continue
            entry = re.sub(r"\s+#.*$", "", entry).strip("\"' ")
            if entry.startswith(("-r ", "-r=")):
                found.append(Requirement("include", entry, number))
            elif section == "channels":
                found.append(Requirement("channel", entry, number, entry in ("defaults", "conda-forge", "nodefaults")))
            elif entry:
                found.append(classify(entry, number))
    return found


@cache
def _option() -> re.Pattern[str]:
    return re.compile(r"(--?[A-Za-z][\w-]*)(?:[ =]+(\S+))?")


_OPTIONS = {
    "-i": "index", "--index-url": "index", "--pypi-url": "index", "--extra-index-url": "extra-index", "-f": "links",
    "--find-links": "links", "--trusted-host": "trusted-host", "-r": "include", "--requirement": "include",
    "-c": "include", "--constraint": "include", "-e": "path", "--editable": "path",
}  # fmt: skip


def classify(line: str, number: int) -> Requirement:
    """What one line of a requirements file asks for."""
    lowered = line.lower()
    pinned = "==" in line or "--hash=" in line or re.search(r"@[0-9a-f]{40}\b", lowered) is not None
    if line.startswith("-"):
        match = _option().match(line)
        option = match.group(1) if match else line
        rest = (match.group(2) or "") if match else ""
        kind = _OPTIONS.get(option, "option")
        if kind == "path" and ("+" in rest.partition("://")[0] or "://" in rest):
            kind = "repository"
        return Requirement(kind, line, number, pinned)
    if re.search(r"(?:^|@\s*)(?:git|hg|svn|bzr)\+", lowered):
        return Requirement("repository", line, number, pinned)
    if re.search(r"(?:^|@\s*)(?:https?|ftp|file)://", lowered):
        return Requirement("url", line, number, pinned)
    if re.search(r"[;&|`]\s*(?:curl|wget|bash|sh|python|rm)\b|\$\(", lowered):
        return Requirement("command", line, number)
    if line.startswith(("./", "../", "/", "~")) or lowered.endswith((".whl", ".tar.gz", ".zip")):
        return Requirement("path", line, number, pinned)
    return Requirement("package", line, number, pinned)
