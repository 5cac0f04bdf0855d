"""One requirement, ``name[extras] >=1,<2 ; marker`` or ``name @ address``, with the places of its parts.

Source: PyPA's "Dependency specifiers". More lenient than that where installers are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

LONGEST = 4_096
"""Characters of one requirement; longer ones are not understood."""
VCS = ("git", "hg", "svn", "bzr")


@dataclass(frozen=True, slots=True)
class Requirement:
    """The parts of a requirement. ``name_at`` and ``specifier_at`` are (start, end) within the text."""

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str = ""
    url: str = ""
    name_at: tuple[int, int] = (0, 0)
    specifier_at: tuple[int, int] | None = None

    @property
    def version(self) -> str:
        return exact(self.specifier)

    @property
    def kind(self) -> str:
        return kind_of(self.url) if self.url else "package"


@cache
def _pattern() -> re.Pattern[str]:
    name = r"(?P<name>[^\W_](?:[\w.-]*[^\W_])?)"
    clause = r"(?:===|==|~=|!=|<=|>=|<|>)\s*+[^\s,;()\[\]]++"
    clauses = rf"{clause}(?:\s*+,\s*+{clause})*(?:\s*+,)?"
    # possessive blanks: however many there are, they are gone through once
    return re.compile(
        rf"\s*+{name}\s*+(?:\[(?P<extras>[^\]]*)\]\s*+)?"
        rf"(?:@\s*+(?P<url>[^\s;]++)|\(\s*+(?P<inside>{clauses})?\s*+\)|(?P<clauses>{clauses}))?"
        r"\s*+(?:;(?P<marker>.*))?$",
        re.DOTALL,
    )


def parse(text: str) -> Requirement | None:
    """The requirement in ``text``; ``None`` where it is none."""
    if len(text) > LONGEST:
        return None
    match = _pattern().match(text)
    if match is None:
        return None
    extras = tuple(part.strip() for part in (match.group("extras") or "").split(",") if part.strip())
    where = "inside" if match.group("inside") else "clauses"
    specifier = match.group(where) or ""
    trimmed = specifier.rstrip(", \t\r\n")
    start = match.start(where)
    return Requirement(
        name=match.group("name"),
        extras=extras,
        specifier=" ".join(trimmed.split()),
        marker=(match.group("marker") or "").strip(),
        url=(match.group("url") or "").strip(),
        name_at=match.span("name"),
        specifier_at=(start, start + len(trimmed)) if trimmed else None,
    )


def exact(specifier: str) -> str:
    """The one version that a specifier allows; ``""`` where it allows several."""
    for clause in specifier.split(","):
        match = re.fullmatch(r"\s*={2,3}\s*([^\s*]+)\s*", clause)
        if match is not None and not match.group(1).endswith("."):
            return match.group(1)
    return ""


def kind_of(address: str) -> str:
    """``repository``, ``url`` or ``path``."""
    scheme = address.partition(":")[0].lower()
    if "+" in scheme and scheme.partition("+")[0] in VCS:
        return "repository"
    if re.match(r"git@[\w.-]+:|(?:git|ssh)://", address) or re.search(r"\.git(?:@|#|$)", address):
        return "repository"
    if scheme == "file":
        return "path"
    return "url" if "://" in address else "path"


def pep440(specifier: str, *, conda: bool = False) -> str:
    """A specifier of Poetry (``^1.2``, ``~1.2``, ``1.2``) or conda (``=1.2``, ``1.2.*``) as PEP 440 spells it."""
    return ",".join(filter(None, (_clause(part.strip(), conda) for part in specifier.split(","))))


def _clause(clause: str, conda: bool) -> str:
    match = re.fullmatch(r"(\^|~(?!=)|=(?!=)|)\s*v?(\d+(?:\.\d+)*)(\S*)", clause)
    if match is None:
        return "" if clause == "*" else clause
    operator, numbers, rest = match.groups()
    parts = [int(part) for part in numbers.split(".")[:8]]
    if operator == "^":
        first = next((at for at, part in enumerate(parts) if part), len(parts) - 1)
        upper = [*parts[:first], parts[first] + 1]
        return f">={numbers}{rest},<{'.'.join(map(str, upper))}"
    if operator == "~":
        upper = [parts[0], parts[1] + 1] if len(parts) > 1 else [parts[0] + 1]
        return f">={numbers}{rest},<{'.'.join(map(str, upper))}"
    if conda:
        version = rest.partition("=")[0]
        loose = operator == "=" and "=" not in rest and not version
        return f"=={numbers}{version}" + (".*" if loose else "")
    return f"=={numbers}{rest}"
