"""Which version of a package the project around a file asks for: it decides what a call does by default."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from violet.formats.project.facts import DependencyFacts, canonical

if TYPE_CHECKING:
    from violet.formats.base import Reading

PLACES = ("", "../", "../../", "../../../")
FILES = (
    "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements.txt", "pyproject.toml",
    "setup.py", "setup.cfg", "Pipfile", "environment.yml", "conda.yaml",
)  # fmt: skip
LARGEST = 8 << 20
OTHER_NAMES = {"torch": ("torch", "pytorch"), "pyyaml": ("pyyaml",)}

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pin:
    """What a project allows of a package: ``lowest`` and ``below`` (exclusive) are versions as numbers, ``None``
    where there is no such bound; ``origin`` is the file and line that say so."""

    name: str
    lowest: Version | None
    below: Version | None
    origin: str

    def at_least(self, *version: int) -> bool:
        """Whether every version that is allowed is this one or newer."""
        return self.lowest is not None and self.lowest >= version

    def before(self, *version: int) -> bool:
        """Whether every version that is allowed is older than this one."""
        return self.below is not None and self.below <= version


def pin(reading: Reading, name: str) -> Pin | None:
    """What the nearest dependency file, in the directory of the file that is read or above it, says of a package
    (of Python itself: ``python``). Lock files come first. ``None`` where none says anything."""
    for place in PLACES:
        for file in FILES:
            source = reading.sibling(place + file)
            if source is None or source.size > LARGEST:
                continue
            for pinned in _pins(file, source.read(0, LARGEST)):
                if pinned.name == name:
                    return pinned
    return None


@lru_cache(maxsize=32)
def _pins(file: str, data: bytes) -> tuple[Pin, ...]:
    from violet.formats.project.dependencies import read_file
    from violet.formats.source import BytesSource

    facts = read_file(BytesSource(data), file)
    return tuple(_of(facts, file)) if facts is not None else ()


def _of(facts: DependencyFacts, file: str) -> list[Pin]:
    found: dict[str, Pin] = {}
    for name, names in OTHER_NAMES.items():
        for dependency in facts.dependencies:
            if canonical(dependency.name) in names and (dependency.specifier or dependency.version):
                lowest, below = bounds(dependency.specifier or f"=={dependency.version}")
                made = Pin(name, lowest, below, f"{file}:{dependency.line}")
                known = found.get(name)
                if known is None or (lowest or ()) < (known.lowest or ()):
                    found[name] = made  # of several entries the one that allows the oldest counts
    if facts.python:
        lowest, below = bounds(facts.python)
        found["python"] = Pin("python", lowest, below, file)
    return list(found.values())


def bounds(specifier: str) -> tuple[Version | None, Version | None]:
    """The lowest version that a specifier allows, and the first above all that it allows."""
    lowest: Version | None = None
    below: Version | None = None
    if "|" in specifier:  # one range or another: nothing is known that holds for both
        return None, None
    for clause in specifier.split(","):
        match = re.match(r"\s*(===?|~=|>=|<=|<|>|\^|~|!=|=)?\s*v?(\d+(?:\.\d+)*)(\.\*)?", clause)
        if match is None:
            continue
        operator, version = match.group(1) or "==", tuple(int(part) for part in match.group(2).split(".")[:6])
        if operator in ("==", "===", "=", "~=", ">=", ">", "^", "~"):
            lowest = version if lowest is None else max(lowest, version)
        if operator in ("==", "===", "="):
            below = _least(below, (*version[:-1], version[-1] + 1) if match.group(3) else (*version, 0, 0, 1))
        elif operator == "<":
            below = _least(below, version)
        elif operator == "<=":
            below = _least(below, (*version, 0, 0, 1))
        elif operator == "^":
            below = _least(below, (version[0] + 1,))
        elif operator in ("~=", "~") and len(version) > 1:
            below = _least(below, (*version[:-2], version[-2] + 1))
    return lowest, below


def _least(one: Version | None, other: Version) -> Version:
    return other if one is None else min(one, other)


NEEDED = {"torch-load": "torch", "yaml-load": "pyyaml", "archive-extract": "python"}
"""For kinds of unsafe calls, the package whose version decides."""


def pins_for(kinds: frozenset[str], reading: Reading) -> tuple[Pin, ...]:
    """The pins that decide about calls of these kinds."""
    found = (pin(reading, name) for kind, name in NEEDED.items() if kind in kinds)
    return tuple(one for one in found if one is not None)
