"""conda's environments, recipes and locks, and MLflow's ``python_env.yaml``.

Sources: conda's documentation, "Managing environments" and "Package match specifications"; conda-lock's output.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.project.facts import MOST_DEPENDENCIES, Dependency, DependencyFacts, Setting, digest
from violet.formats.project.requirements import classify
from violet.formats.project.yaml_text import Yaml, YamlError, parse

if TYPE_CHECKING:
    from violet.formats.text.document import Document
    from violet.formats.text.region import Lines


LONGEST_LINE = 2_000
"""Characters of one line that says something; longer ones are not understood."""


def read_environment(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``environment.yml``, MLflow's ``conda.yaml`` and ``python_env.yaml``."""
    try:
        documents = parse(document.text)
    except YamlError as error:
        facts.problem = f"is not valid YAML: {error}"
        _by_lines(document.text, facts, lines)
        return
    root = documents[0] if documents else None
    if root is None or root.kind != "mapping":
        return
    facts.python = root.text("python")
    python_only = bool(facts.python) or bool(root.get("build_dependencies").items)
    for channel in root.get("channels").texts():
        region = lines.region(channel.start, channel.end)
        facts.settings.append(Setting("channel", channel.value, channel.value, region))
    for key, group in (("dependencies", ""), ("build_dependencies", "build")):
        for item in root.get(key).items:
            if len(facts.dependencies) >= MOST_DEPENDENCIES:
                facts.problem = "has more entries than are read"
                return
            if item.kind == "scalar":
                if python_only:
                    _pip_line(item, facts, lines, group)
                else:
                    _match_spec(item.value, item.inner, item.end, facts, lines, group)
            for name, listed in item.entries():
                for line in listed.texts() if name == "pip" else []:
                    _pip_line(line, facts, lines, group)


def _pip_line(item: Yaml, facts: DependencyFacts, lines: Lines, group: str) -> None:
    text = item.value.strip()
    if not text:
        return
    entry = classify(re.sub(r"\s#.*$", "", text), item.inner, lines)
    if isinstance(entry, Setting):
        facts.settings.append(entry)
    elif entry is not None:
        facts.dependencies.append(replace(entry, group=group) if group else entry)


@cache
def _spec() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?P<channel>[^\s:]+(?:/[^\s:]+)?)::)?(?P<name>[A-Za-z0-9_][\w.-]*)\s*(?P<rest>.*)$", re.DOTALL
    )


def _match_spec(text: str, start: int, end: int, facts: DependencyFacts, lines: Lines, group: str) -> None:
    """``channel::name=1.2=build``, ``name >=1,<2``, ``name[version=...]``."""
    match = _spec().match(text)
    if match is None:
        return
    rest = match.group("rest").strip()
    inside = re.search(r"\bversion\s*=\s*['\"]?([^'\",\]]+)", rest) if rest.startswith("[") else None
    specifier = inside.group(1) if inside else rest.partition("[")[0].strip()
    name_at = start + match.start("name")
    at = start + match.start("rest")
    facts.dependencies.append(
        Dependency(
            kind="package",
            name=match.group("name"),
            text=text,
            region=lines.region(start, end),
            specifier=specifier,
            version=_exact(specifier),
            group=group,
            index=match.group("channel") or "",
            ecosystem="conda",
            name_region=lines.region(name_at, name_at + len(match.group("name"))),
            specifier_region=lines.region(at, at + len(specifier)) if specifier and not inside else None,
        )
    )


def _exact(specifier: str) -> str:
    """The version of ``=1.2.3``, ``==1.2.3``, ``=1.2.3=build``: conda takes ``=1.2`` as any ``1.2.*``, so that
    only a full version counts as one."""
    match = re.fullmatch(r"(={0,2})\s*([0-9][\w.!+]*)(?:(?:=|\s+)([\w*.]+))?", specifier.strip())
    if match is None or "*" in match.group(2):
        return ""
    several = match.group(1) == "=" and match.group(3) is None and match.group(2).count(".") < 2
    return "" if several else match.group(2)


def _by_lines(text: str, facts: DependencyFacts, lines: Lines) -> None:
    """The list entries of a text that is no YAML, wherever they stand: they may still be meant for somebody."""
    at = 0
    for raw in text.splitlines(keepends=True):
        start, at = at, at + len(raw)
        line = _line(raw, facts)
        if line.startswith("- ") and not line.endswith(":") and _has_room(facts):
            entry = re.sub(r"\s#.*$", "", line[1:]).strip("\"' ")
            if entry:
                made = classify(entry, start + raw.index(entry), lines)
                if isinstance(made, Setting):
                    facts.settings.append(made)
                elif made is not None:
                    facts.dependencies.append(made)


def _line(raw: str, facts: DependencyFacts) -> str:
    """A line without blanks around it; ``""`` for one that is too long, which is said."""
    if len(raw) > LONGEST_LINE:
        facts.problem = facts.problem or f"has lines of more than {LONGEST_LINE:,} characters"
        return ""
    return raw.strip()


def _has_room(facts: DependencyFacts) -> bool:
    if len(facts.dependencies) >= MOST_DEPENDENCIES:
        facts.problem = "has more entries than are read"
        return False
    return True


def read_recipe(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``meta.yaml``: a Jinja template, so its lists are read line by line, with ``{% set %}`` filled in."""
    values = dict(re.findall(r"{%-?\s*set\s+(\w+)\s*=\s*[\"']([^\"']*)[\"']", document.text))
    within, at, group = False, 0, ""
    for raw in document.text.splitlines(keepends=True):
        start, at = at, at + len(raw)
        line = _line(raw, facts)
        if raw[:1].isalpha():
            within = line.startswith("requirements:")
        if within and line.rstrip(":") in ("host", "build", "run", "run_constrained"):
            group = "" if line.startswith("run") else "build"
        if within and line.startswith("- ") and _has_room(facts):
            entry = re.sub(r"\s#.*$", "", line[1:]).strip("\"' ")
            filled = re.sub(r"{{\s*+(\w++)[^{}]*+}}", lambda m: values.get(m.group(1), ""), entry)
            if entry and filled == entry:
                begin = start + raw.index(entry)
                _match_spec(entry, begin, begin + len(entry), facts, lines, group)
            elif filled and "{" not in filled:
                begin = start + raw.index("- ") + 2
                _match_spec(filled, begin, begin, facts, lines, group)


def read_conda_lock(document: Document, facts: DependencyFacts, lines: Lines) -> None:
    """``conda-lock.yml``, and the explicit lists of addresses that conda itself writes."""
    if "@EXPLICIT" in document.text:
        _explicit(document.text, facts, lines)
        return
    try:
        documents = parse(document.text)
    except YamlError as error:
        facts.problem = f"is not valid YAML: {error}"
        return
    told: set[tuple[str, str, str]] = set()
    for package in documents[0].get("package").items if documents else []:
        name, version, manager = package.text("name"), package.get("version"), package.text("manager")
        if not name:
            continue
        if not _has_room(facts):
            return
        if (name, version.value, manager) in told:  # the same for another platform
            continue
        told.add((name, version.value, manager))
        named = package.get("name")
        hashes = [digest(f"{algorithm}:{value.value}") for algorithm, value in package.get("hash").entries()]
        facts.dependencies.append(
            Dependency(
                kind="package",
                name=name,
                text=f"{name} {version.value}",
                region=lines.region(package.start, named.end),
                specifier=f"=={version.value}",
                version=version.value,
                url=package.text("url"),
                hashes=tuple(one for one in hashes if one is not None),
                group="" if package.text("category") in ("", "main") else package.text("category"),
                ecosystem="PyPI" if manager == "pip" else "conda",
                locked=True,
                name_region=lines.region(named.inner, named.inner + len(name)),
                specifier_region=lines.region(version.inner, version.inner + len(version.value)),
            )
        )


@cache
def _address() -> re.Pattern[str]:
    return re.compile(r"(https?://[^\s#]+/([\w.-]+?)-([\w.!+]+)-\w+\.(?:conda|tar\.bz2))(?:#(\S+))?\s*$")


def _explicit(text: str, facts: DependencyFacts, lines: Lines) -> None:
    at = 0
    for raw in text.splitlines(keepends=True):
        start, at = at, at + len(raw)
        match = _address().match(raw) if _line(raw, facts).startswith("http") and raw.startswith("http") else None
        if match is None:
            continue
        if not _has_room(facts):
            return
        written = match.group(4) or ""
        made = digest(written if ":" in written else f"{'sha256' if len(written) == 64 else 'md5'}:{written}")
        places = [lines.region(start + match.start(part), start + match.end(part)) for part in (1, 2, 3)]
        facts.dependencies.append(
            Dependency(
                kind="package",
                name=match.group(2),
                text=match.group(1)[:300],
                region=places[0],
                specifier=f"=={match.group(3)}",
                version=match.group(3),
                url=match.group(1),
                hashes=(made,) if made else (),
                ecosystem="conda",
                locked=True,
                name_region=places[1],
                specifier_region=places[2],
            )
        )
