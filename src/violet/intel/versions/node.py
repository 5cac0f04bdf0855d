"""npm's ranges: ``^1.2``, ``~1.2.3``, ``1.x``, ``1.2 - 2.3``, ``>=1 <2 || 3.x``.

Source: npm's documentation, "semver", section "Ranges". Pre-releases within the bounds count as allowed, which
npm does only when asked to.
"""

from __future__ import annotations

import re

from violet.intel.versions.base import InvalidVersionError, Scheme
from violet.intel.versions.intervals import ALL, NONE, VersionSet
from violet.intel.versions.specifiers import comparison

_PART = r"(?:[0-9]+|[xX*])"
_PARTIAL = re.compile(
    rf"[v=]*\s*({_PART})(?:\.({_PART})(?:\.({_PART})(?:-([0-9A-Za-z.\-]+))?(?:\+[0-9A-Za-z.\-]+)?)?)?", re.ASCII
)
_COMPARATOR = re.compile(r"(>=|<=|>|<|=|\^|~>?)?\s*([^\s<>=^~|]+)")
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")


def node_range(text: str, scheme: Scheme) -> VersionSet:
    """The versions of an npm range. Raises ``InvalidVersionError``."""
    found = NONE
    for alternative in text.split("||"):
        found = found.union(_alternative(alternative.strip(), scheme))
    return found


def _alternative(text: str, scheme: Scheme) -> VersionSet:
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen:
        return _span(">=", hyphen[1], scheme).meet(_span("<=", hyphen[2], scheme))
    found = ALL
    rest = text.replace(",", " ").strip()
    while rest:
        match = _COMPARATOR.match(rest)
        if match is None:
            raise InvalidVersionError(f"{text!r} is no version range")
        found = found.meet(_span(match[1] or "", match[2], scheme))
        rest = rest[match.end() :].strip()
    return found


def _span(operator: str, text: str, scheme: Scheme) -> VersionSet:
    match = _PARTIAL.fullmatch(text)
    if match is None:
        raise InvalidVersionError(f"{text!r} is no version of a range")
    given = [None if part is None or part in "xX*" else int(part) for part in match.groups()[:3]]
    numbers: list[int] = []
    for part in given:
        if part is None:
            break
        numbers.append(part)
    low = ".".join(map(str, [*numbers, 0, 0, 0][:3]))
    whole = len(numbers) == 3
    if not whole:
        low += "-0"  # before all pre-releases
    elif match[4]:
        low += f"-{match[4]}"
    if not numbers:
        return NONE if operator in ("<", ">") else ALL
    if operator == "^":
        place = next((i for i, n in enumerate(numbers) if n), len(numbers) - 1)
        return _between(low, numbers[: place + 1], scheme)
    if operator.startswith("~"):
        return _between(low, numbers[:2], scheme)
    if operator in ("", "="):
        return comparison("==", low, scheme) if whole else _between(low, numbers, scheme)
    if operator in (">", "<=") and not whole:  # >1.2 is >=1.3.0; <=1.2 is <1.3.0
        return comparison(">=" if operator == ">" else "<", _next(numbers), scheme)
    return comparison(operator, low, scheme)


def _between(low: str, fixed: list[int], scheme: Scheme) -> VersionSet:
    """From ``low`` to the next number after those that are fixed."""
    return comparison(">=", low, scheme).meet(comparison("<", _next(fixed), scheme))


def _next(numbers: list[int]) -> str:
    raised = [*numbers[:-1], numbers[-1] + 1]
    return ".".join(map(str, [*raised, 0, 0][:3])) + "-0"
