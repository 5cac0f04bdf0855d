"""pip's requirements and constraints files.

Source: pip's "Requirements File Format" and its reader: line ends, continuation, comments, options in any
unambiguous abbreviation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from violet.domain.asset import Digest
from violet.formats.project.facts import MOST_DEPENDENCIES, Dependency, DependencyFacts, Setting, digest
from violet.formats.project.specifier import Requirement, kind_of, parse
from violet.formats.text.document import Document
from violet.formats.text.region import Lines, Region

Hash = tuple[Digest, Region]

LONGEST_NAME = 300
"""Characters of the name of an archive."""
_LONG = {
    "index-url": "index", "pypi-url": "index", "extra-index-url": "extra-index", "find-links": "links",
    "trusted-host": "trusted-host", "requirement": "include", "constraint": "constraint", "editable": "editable",
    "no-index": "option", "pre": "option", "prefer-binary": "option", "require-hashes": "option",
    "no-binary": "option", "only-binary": "option", "use-feature": "option", "process-dependency-links": "option",
}  # fmt: skip
_SHORT = {"i": "index", "f": "links", "r": "include", "c": "constraint", "e": "editable"}


def read_requirements(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """Fill ``facts`` from the text of a requirements file."""
    constraints = facts.file == "constraints"
    facts.problem = _other_encoding(document.text)
    for start, text in logical_lines(document.text):
        if len(facts.dependencies) + len(facts.settings) >= MOST_DEPENDENCIES:
            facts.problem = facts.problem or "has more entries than are read"
            break
        entry = classify(text, start, lines)
        if isinstance(entry, Setting):
            facts.settings.append(entry)
        elif entry is not None:
            facts.dependencies.append(_in_group(entry, "constraint") if constraints else entry)


_DECLARED = re.compile(r"coding[:=]\s*([-\w.]{1,60})", re.ASCII)


def _other_encoding(text: str) -> str:
    """Why pip would read other characters than stand here: a comment in the first two lines may name an encoding
    (PEP 263) in which plain letters stand for others. ``""`` where it would not."""
    for line in text.split("\n", 2)[:2]:
        declared = _DECLARED.search(line) if line.startswith("#") else None
        if declared is None:
            continue
        plain = text.encode("ascii", "replace")
        try:
            same = plain.decode(declared.group(1)) == plain.decode("ascii")
        except (LookupError, ValueError):
            same = False
        if not same:
            return f"declares the encoding {declared.group(1)}, in which it says something else"
    return ""


def _in_group(dependency: Dependency, group: str) -> Dependency:
    from dataclasses import replace

    return replace(dependency, group=group)


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that says something and the position at which it starts. Continued lines are joined so that every
    character keeps its distance from the start; comments are blank."""
    start, whole, at = 0, "", 0
    for raw in text.splitlines(keepends=True):
        if not whole:
            start = at
        at += len(raw)
        body = raw.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        commented = _comment().search(body)
        if body.endswith("\\") and commented is None:
            whole += body[:-1] + " " * (len(raw) - len(body) + 1)
            continue
        if commented is not None:
            body = body[: commented.start()]
        whole += body
        if whole.strip():
            lead = len(whole) - len(whole.lstrip())
            yield start + lead, whole.strip()
        whole = ""
    if whole.strip():
        lead = len(whole) - len(whole.lstrip())
        yield start + lead, whole.strip()


@cache
def _comment() -> re.Pattern[str]:
    return re.compile(r"(?:^|\s)#.*$")


def classify(text: str, start: int, lines: Lines) -> Dependency | Setting | None:
    """What one logical line, which stands at ``start``, asks for."""
    region = lines.region(start, start + len(text))
    if text.startswith("-"):
        kind, value = _option(text)
        if kind != "editable":
            return Setting(kind, value, text, region)
        return direct(text, value, start, lines, editable=True)
    if _command().search(text):
        return Setting("command", text, text, region)
    own, hashes = _without_options(text, start, lines)
    found = parse(own)
    if found is None or (not found.specifier and not found.url and _is_file(own)):
        return direct(text, own, start, lines, hashes=hashes)
    return dependency_of(found, text, start, start + len(text), lines, hashes=hashes)


def dependency_of(
    found: Requirement,
    text: str,
    start: int,
    end: int,
    lines: Lines,
    *,
    group: str = "",
    hashes: tuple[Hash, ...] = (),
    exact_places: bool = True,
) -> Dependency:
    """A parsed requirement that stands at ``start``. ``exact_places`` is false where the text was written with
    escapes, so that positions within it mean nothing."""
    name, specifier = found.name_at, found.specifier_at
    return Dependency(
        kind=found.kind,
        name=found.name,
        text=text,
        region=lines.region(start, end),
        specifier=found.specifier,
        version=found.version,
        extras=found.extras,
        marker=found.marker,
        url=found.url,
        hashes=tuple(one for one, _ in hashes),
        group=group,
        name_region=lines.region(start + name[0], start + name[1]) if exact_places else None,
        specifier_region=lines.region(start + specifier[0], start + specifier[1])
        if specifier and exact_places
        else None,
        hash_regions=tuple(place for _, place in hashes),
    )


def direct(
    text: str,
    address: str,
    start: int,
    lines: Lines,
    *,
    editable: bool = False,
    hashes: tuple[Hash, ...] = (),
    group: str = "",
) -> Dependency:
    """Something that is installed from an address or a path, not by name."""
    named = parse(address)
    extras: tuple[str, ...] = ()
    name = ""
    if named is not None and named.url:
        name, extras, address = named.name, named.extras, named.url
    address, _, marker = address.partition(" ;")
    return Dependency(
        kind=kind_of(address),
        name=name or _name_of(address),
        text=text,
        region=lines.region(start, start + len(text)),
        extras=extras,
        marker=marker.strip(),
        url=address.strip(),
        hashes=tuple(one for one, _ in hashes),
        group=group,
        editable=editable,
        version=_wheel_version(address),
        hash_regions=tuple(place for _, place in hashes),
    )


@cache
def _egg() -> re.Pattern[str]:
    return re.compile(r"[#&]egg=([A-Za-z0-9][\w.-]*)")


@cache
def _wheel() -> re.Pattern[str]:
    return re.compile(
        r"([A-Za-z0-9][\w.]*)-(\d[\w.!+]*)(?:-[\w.]+){2,4}\.whl|([A-Za-z0-9][\w.-]*?)-(\d[\w.!+]*)\.tar\.gz"
    )


def _name_of(address: str) -> str:
    """The name that an address tells: behind ``#egg=``, of a wheel, or the last part of a repository's path."""
    match = _egg().search(address)
    if match is not None:
        return match.group(1)
    last = address.partition("#")[0].partition("?")[0].rstrip("/").rpartition("/")[2]
    match = _wheel().fullmatch(last) if len(last) <= LONGEST_NAME else None
    if match is not None:
        return str(match.group(1) or match.group(3))
    if kind_of(address) == "repository":
        return last.partition("@")[0].removesuffix(".git")
    return ""


def _wheel_version(address: str) -> str:
    last = address.partition("#")[0].partition("?")[0].rpartition("/")[2].replace("%2B", "+")
    match = _wheel().fullmatch(last) if len(last) <= LONGEST_NAME else None
    return str(match.group(2) or match.group(4)) if match is not None else ""


def _option(text: str) -> tuple[str, str]:
    """The kind of an option, and its value."""
    match = re.match(r"--([A-Za-z][\w-]*)(?:(?:\s*=\s*|\s+)(.*))?$|-([A-Za-z])\s*=?\s*(.*)$", text, re.DOTALL)
    if match is None:
        return "option", ""
    if match.group(3) is not None:
        return _SHORT.get(match.group(3), "option"), _unquoted(match.group(4))
    name = match.group(1).lower()
    kinds = {_LONG[long] for long in _LONG if long == name} or {_LONG[long] for long in _LONG if long.startswith(name)}
    kind = kinds.pop() if len(kinds) == 1 else "option"
    return kind, _unquoted(match.group(2) or "")


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    return text


@cache
def _command() -> re.Pattern[str]:
    return re.compile(r"[;&|`]\s*(?:curl|wget|bash|sh|python|rm)\b|\$\(", re.IGNORECASE)


@cache
def _hash() -> re.Pattern[str]:
    return re.compile(r"--hash[= ]\s*([A-Za-z0-9_]+:[0-9a-fA-F]+)")


@cache
def _own_option() -> re.Pattern[str]:
    return re.compile(r"\s--?[A-Za-z]")


def _without_options(text: str, start: int, lines: Lines) -> tuple[str, tuple[Hash, ...]]:
    """A requirement without the options behind it, and its hashes."""
    match = _own_option().search(text)
    if match is None:
        return text, ()
    found: list[Hash] = []
    for one in _hash().finditer(text, match.start()):
        value = digest(one.group(1))
        if value is not None:
            found.append((value, lines.region(start + one.start(), start + one.end())))
    return text[: match.start()].rstrip(), tuple(found)


def _is_file(text: str) -> bool:
    lowered = text.lower()
    return text.startswith((".", "/", "~", "\\")) or lowered.endswith((".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz"))
