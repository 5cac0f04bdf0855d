"""Lock files of npm and Yarn: which version of everything was chosen, and the digests of its archives.

Sources: npm's documentation, "package-lock.json" (versions 1 to 3 of the format); the lock files that Yarn 1 and
Yarn 2 and later write.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from violet.domain.asset import Digest
from violet.formats.project.facts import LENGTHS, MOST_DEPENDENCIES, Dependency, DependencyFacts
from violet.formats.project.locks import Finder

if TYPE_CHECKING:
    from violet.formats.text.document import Document
    from violet.formats.text.region import Lines, Region

DEEPEST = 60
LONGEST_LINE = 20_000
"""Characters of one line of Yarn's file; longer ones are not understood."""
_FOLDER = "node_modules/"

Json = dict[str, Any]


def read_package_lock(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``package-lock.json`` and ``npm-shrinkwrap.json``."""
    try:
        root = json.loads(document.text)
    except (ValueError, RecursionError) as error:
        facts.problem = f"is not valid JSON: {str(error)[:100]}"
        return
    if not isinstance(root, dict):
        facts.problem = "holds no object"
        return
    facts.own = _text(root.get("name"))
    search = Finder(document.text)
    packages = root.get("packages")
    if isinstance(packages, dict):
        search.key("packages")
        found = _installed(packages, search)
    else:
        search.key("dependencies")
        found = _nested(root, facts, search)
    for name, entry, (start, end) in found:
        if len(facts.dependencies) >= MOST_DEPENDENCIES:
            facts.problem = "has more entries than are read"
            return
        made = _entry(name, entry, lines.region(start, end))
        if made is not None:
            facts.dependencies.append(made)


def _installed(packages: Json, search: Finder) -> Iterator[tuple[str, Json, tuple[int, int]]]:
    """Versions 2 and 3 of the format: by the place where each is installed. What lies elsewhere is the project's."""
    for place, entry in packages.items():
        at = search.key(place)
        if _FOLDER in place and isinstance(entry, dict) and entry.get("link") is not True:
            yield _text(entry.get("name")) or place.rpartition(_FOLDER)[2], entry, at


def _nested(root: Json, facts: DependencyFacts, search: Finder) -> Iterator[tuple[str, Json, tuple[int, int]]]:
    """Version 1: by name, and below each what only that one uses."""
    stack = [iter(_object(root.get("dependencies")).items())]
    while stack:
        following = next(stack[-1], None)
        if following is None:
            stack.pop()
            continue
        name, entry = following
        at = search.key(name)
        if not isinstance(entry, dict):
            continue
        yield name, entry, at
        inner = _object(entry.get("dependencies"))
        if inner and len(stack) >= DEEPEST:
            facts.problem = "nests deeper than is read"
        elif inner:
            stack.append(iter(inner.items()))


def _entry(name: str, entry: Json, region: Region) -> Dependency | None:
    version, resolved = _text(entry.get("version")), _text(entry.get("resolved"))
    if version.startswith("npm:"):  # version 1 says so of what goes by another name
        name, _, version = version[4:].rpartition("@")
    kind, url = "package", resolved
    if "://" in version or version.startswith(("file:", "git+", "github:", "git@")):
        resolved, version = version, ""
    if resolved.startswith(("git+", "git:", "git@", "github:")):
        address, _, commit = resolved.removeprefix("git+").partition("#")
        kind, url = "repository", f"git+{address}@{commit}"
    elif resolved.startswith(("file:", "link:")):
        kind, url = "path", resolved
    elif resolved and not version:
        kind, url = "url", resolved
    if not name or (not version and kind == "package"):
        return None
    group = "dev" if entry.get("dev") is True or entry.get("devOptional") is True else ""
    return _made(name, version, kind, url, integrity(_text(entry.get("integrity"))), region, group)


def _made(
    name: str, version: str, kind: str, url: str, hashes: tuple[Digest, ...], region: Region, group: str = ""
) -> Dependency:
    return Dependency(
        kind=kind,
        name=name,
        text=f"{name} {version}".strip(),
        region=region,
        specifier=version,
        version=version,
        url=url,
        hashes=hashes,
        group=group or "",
        ecosystem="npm",
        locked=True,
        name_region=region,
    )


def integrity(text: str) -> tuple[Digest, ...]:
    """The digests of a subresource integrity text, ``sha512-`` and Base64 (W3C, "Subresource Integrity")."""
    found = []
    for word in text.split()[:20]:
        algorithm, dash, value = word.partition("?")[0].partition("-")
        if not dash or algorithm not in ("sha1", "sha256", "sha384", "sha512"):
            continue
        try:
            digest = base64.b64decode(value, validate=True).hex()
        except (binascii.Error, ValueError):
            continue
        if len(digest) == LENGTHS[algorithm]:
            found.append(Digest(algorithm, digest))
    return tuple(dict.fromkeys(found))


# -- Yarn --------------------------------------------------------------------------------------------


@cache
def _said() -> re.Pattern[str]:
    return re.compile(r"  (version|resolution|integrity|resolved):? +(\"?)(\S[^\"\r\n]*?)\2 *$")


def read_yarn_lock(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``yarn.lock``. Yarn 1 has a format of its own, later ones write YAML of the same shape, line by line."""
    start, at, said = -1, 0, dict[str, str]()
    head = ""
    for raw in [*document.text.splitlines(keepends=True), "end:"]:
        begin, at = at, at + len(raw)
        if len(raw) > LONGEST_LINE:
            facts.problem = f"has lines of more than {LONGEST_LINE:,} characters"
            continue
        line = raw.rstrip("\r\n")
        if not line or line.startswith("#"):
            continue
        if line[0] not in " \t":
            if start >= 0:
                _yarn_entry(head, said, lines.region(start, start + len(head)), facts)
            head, start, said = line.rstrip(": "), begin, {}
        elif (match := _said().match(line)) is not None:
            said.setdefault(match.group(1), match.group(3))


def _yarn_entry(head: str, said: dict[str, str], region: Region, facts: DependencyFacts) -> None:
    asked = head.strip('"').partition('", "')[0].partition(", ")[0].strip('"')
    name, wanted = _descriptor(said.get("resolution") or asked)
    if wanted.startswith("npm:") and "@" in wanted[5:]:
        name = wanted[4:].rpartition("@")[0]  # Yarn 1: a package under another name
    version = said.get("version", "")
    if not name or not version or name == "__metadata" or wanted.startswith(("workspace:", "link:")):
        return
    if len(facts.dependencies) >= MOST_DEPENDENCIES:
        facts.problem = "has more entries than are read"
        return
    resolved = said.get("resolved", "")
    kind, url = "package", resolved
    source = resolved or wanted
    if source.startswith(("git+", "git:", "git@", "github:")) or ".git#" in source:
        address, _, commit = source.removeprefix("git+").partition("#")
        kind, url = "repository", f"git+{address}@{commit.removeprefix('commit=')}"
    elif wanted.startswith(("file:", "portal:")):
        kind, url = "path", wanted
    elif wanted.startswith(("http://", "https://")):
        kind, url = "url", wanted
    facts.dependencies.append(_made(name, version, kind, url, integrity(said.get("integrity", "")), region))


def _descriptor(text: str) -> tuple[str, str]:
    """``@scope/name@range`` in two."""
    place = text.find("@", 1)
    return (text, "") if place < 0 else (text[:place], text[place + 1 :])


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
