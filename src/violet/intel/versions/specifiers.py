"""What a requirement allows, as a set of versions.

Sources: "Version specifiers" of the Python Packaging User Guide (PEP 440); the ``vers`` range notation of the
Package-URL project; npm's documentation of version ranges.
"""

from __future__ import annotations

import re
from functools import lru_cache
from math import inf

from violet.intel.versions.base import InvalidVersionError, Key, Scheme
from violet.intel.versions.intervals import ALL, HIGHEST, LOWEST, NONE, VersionSet, after, before, merged
from violet.intel.versions.pep440 import ANY_LOCAL, DEV_ONLY, NO_PRE, PEP440

LONGEST = 4096
"""Characters of a specifier."""

_CLAUSE = re.compile(r"\s*(===|==|~=|!=|<=|>=|<|>)?\s*([^\s,<>=~]+)\s*")


@lru_cache(maxsize=16384)
def allowed(specifier: str, scheme: Scheme) -> VersionSet:
    """The versions that ``specifier`` allows; an empty one allows all.

    Pre-releases count as allowed: whether an installer takes one depends on what else there is. Raises
    ``InvalidVersionError`` for what is no specifier of the scheme.
    """
    if len(specifier) > LONGEST:
        raise InvalidVersionError(f"a specifier of {len(specifier):,} characters")
    text = specifier.strip()
    if text.startswith("vers:"):
        return _vers(text, scheme)
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    if text in ("", "*"):
        return ALL
    if scheme is PEP440:
        return _every([_pep440_clause(clause) for clause in text.rstrip(", ").split(",")])
    if scheme.name == "semver":
        from violet.intel.versions.node import node_range

        return node_range(text, scheme)
    return _every([_plain_clause(clause, scheme) for clause in text.rstrip(", ").split(",")])


def _every(sets: list[VersionSet]) -> VersionSet:
    found = ALL
    for one in sets:
        found = found.meet(one)
    return found


def _pep440_clause(clause: str) -> VersionSet:
    match = _CLAUSE.fullmatch(clause)
    if match is None or match[1] is None:
        raise InvalidVersionError(f"{clause.strip()!r} is no version specifier")
    operator, text = match[1], match[2]
    if text.endswith(".*"):
        if operator not in ("==", "!="):
            raise InvalidVersionError(f"{operator} takes no .*")
        found = _prefix(_numbers(text[:-2]))
        return found if operator == "==" else found.complement()
    key = PEP440.key(text)
    if key[0] < 0 and operator != "===":
        raise InvalidVersionError(f"{text!r} follows no version scheme")
    if operator in ("==", "==="):
        return _exactly(key)
    if operator == "!=":
        return _exactly(key).complement()
    if operator == ">=":
        return VersionSet(((before(key), HIGHEST),))
    if operator == "<=":
        return VersionSet(((LOWEST, after(_with_any_local(key))),))
    if operator == ">":
        return VersionSet(((after(_above(key)), HIGHEST),))
    if operator == "<":
        return VersionSet(((LOWEST, before(_below(key))),))
    numbers = _numbers(_release_part(text))
    if len(numbers[1]) < 2:
        raise InvalidVersionError(f"~={text} needs two numbers at least")
    return VersionSet(((before(key), HIGHEST),)).meet(_prefix((numbers[0], numbers[1][:-1])))


def _exactly(key: Key) -> VersionSet:
    """``==1.2`` takes 1.2+cu118 as well; ``==1.2+cu118`` takes that alone."""
    return VersionSet(((before(key), after(key if key[-1] else _with_any_local(key))),))


def _with_any_local(key: Key) -> Key:
    return (*key[:5], ANY_LOCAL) if len(key) == 6 else key


def _above(key: Key) -> Key:
    """``>1.2`` takes neither post-releases of 1.2 nor local versions; ``>1.2.post1`` takes 1.2.post2."""
    epoch, release, pre, post, dev, _ = key
    if post == -1 and dev == inf:
        return (epoch, release, pre, inf, inf, ANY_LOCAL)
    return (epoch, release, pre, post, dev, ANY_LOCAL)


def _below(key: Key) -> Key:
    """``<1.2`` takes no pre-release of 1.2, unless it names one itself."""
    epoch, release, pre, post, dev, _ = key
    if pre == NO_PRE and post == -1 and dev == inf:
        return (epoch, release, DEV_ONLY, -1, 0, ())
    return (*key[:5], ())


def _release_part(text: str) -> str:
    match = re.match(r"v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*", text, re.ASCII)
    return match[0] if match else text


def _numbers(text: str) -> tuple[int, tuple[int, ...]]:
    """The epoch and the numbers, with trailing zeros."""
    match = re.fullmatch(r"v?(?:([0-9]+)!)?([0-9]+(?:\.[0-9]+)*)", text, re.ASCII)
    if match is None:
        raise InvalidVersionError(f"{text!r} is no release")
    return int(match[1] or 0), tuple(int(part) for part in match[2].split("."))


def _prefix(numbers: tuple[int, tuple[int, ...]]) -> VersionSet:
    """``1.2.*``: from the first development release of 1.2 to that of 1.3."""
    epoch, release = numbers
    low, high = release, (*release[:-1], release[-1] + 1)
    return VersionSet(((before(_first(epoch, low)), before(_first(epoch, high))),))


def _first(epoch: int, release: tuple[int, ...]) -> Key:
    found = list(release)
    while len(found) > 1 and found[-1] == 0:
        found.pop()
    return (epoch, tuple(found), DEV_ONLY, -1, 0, ())


def _plain_clause(clause: str, scheme: Scheme) -> VersionSet:
    match = _CLAUSE.fullmatch(clause)
    if match is None:
        raise InvalidVersionError(f"{clause.strip()!r} is no version specifier")
    return comparison(match[1] or "==", match[2], scheme)


def comparison(operator: str, version: str, scheme: Scheme) -> VersionSet:
    """The versions that compare so. Raises ``InvalidVersionError``."""
    key = scheme.key(version)
    if operator in ("=", "==", "==="):
        return VersionSet(((before(key), after(key)),))
    if operator == "!=":
        return VersionSet(((before(key), after(key)),)).complement()
    if operator in (">", ">="):
        return VersionSet(((before(key) if operator == ">=" else after(key), HIGHEST),))
    if operator in ("<", "<="):
        return VersionSet(((LOWEST, after(key) if operator == "<=" else before(key)),))
    raise InvalidVersionError(f"{operator} has no meaning for {scheme.name} versions")


def _vers(text: str, scheme: Scheme) -> VersionSet:
    """``vers:pypi/>=1.0|<2.0|!=1.5``: constraints in the order of their versions; a lower bound pairs with the upper
    bound that follows it, single versions add themselves, ``!=`` takes one away."""
    _, slash, constraints = text.partition("/")
    if not slash:
        raise InvalidVersionError(f"{text[:60]!r} is no vers range")
    if constraints.strip() == "*":
        return ALL
    parsed = []
    for constraint in constraints.split("|"):
        match = re.fullmatch(r"\s*(>=|<=|!=|>|<|=)?\s*([^\s<>=!|]+)\s*", constraint)
        if match is None:
            raise InvalidVersionError(f"{constraint!r} is no constraint")
        parsed.append((match[1] or "=", scheme.key(match[2]), match[2]))
    parsed.sort(key=lambda entry: entry[1])
    found, without, low = NONE, ALL, None
    for operator, _, version in parsed:
        one = comparison(operator, version, scheme)
        if operator == "=":
            found = found.union(one)
        elif operator == "!=":
            without = without.meet(one)
        elif operator[0] == ">":
            low = one
        else:
            found = found.union(one if low is None else low.meet(one))
            low = None
    if low is not None:
        found = found.union(low)
    if not found and all(operator == "!=" for operator, _, _ in parsed):
        found = ALL
    return merged(found.meet(without).intervals)
