"""Which advisories hit a component.

Source: the Open Source Vulnerability format, sections "Evaluation" and "aliases field".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from violet.domain.outcome import Severity
from violet.domain.vulnerability import Exposure, Match, Range, Rating
from violet.intel.git_commits import commit_verdict
from violet.intel.osv.layout import affected_set, scheme_of, unpack_ranges, unpack_rating
from violet.intel.packages import GIT, Package, package_of, releases_agree
from violet.intel.versions import InvalidVersionError, Key, scheme_for
from violet.intel.versions.intervals import HIGHEST, LOWEST, Bound, Interval, VersionSet, after, before
from violet.intel.versions.specifiers import allowed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain.component import Component
    from violet.intel.osv.database import Database, Row

NO_PACKAGES = frozenset({"file", "data", "machine-learning-model", "device", "firmware", "cryptographic-asset"})
"""Types of components that no package ecosystem knows."""

ANY_VERSION = "*"
"""The specifier of a requirement that names no version; an empty one says that nothing is known."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is known of one component: the problems it has, the worst first; why something could not be told
    (``unknown``: then it is not clean); whether it is no package at all (``ignored``)."""

    matches: tuple[Match, ...] = ()
    unknown: tuple[str, ...] = ()
    withdrawn: tuple[Match, ...] = ()
    ignored: bool = False


def match_component(component: Component, database: Database) -> tuple[Match, ...]:
    """The problems known in ``component``, the worst first. Ask ``assess_component`` for what could not be told."""
    return assess_component(component, database).matches


def assess_component(component: Component, database: Database, *, withdrawn: bool = False) -> Assessment:
    """Look a component up. ``withdrawn`` also lists what withdrawn advisories would have said.

    A component with neither version nor specifier is unknown, unless every version is affected. One with a
    specifier (``ANY_VERSION`` for all) is affected if all versions that it allows are, and possibly affected if
    some are.
    """
    package = package_of(component)
    if package is None:
        if component.type in NO_PACKAGES:
            return Assessment(ignored=True)
        return Assessment(unknown=("its ecosystem is not known",))
    rows = database.rows(package.ecosystem, package.name)
    if not rows:
        if database.knows_ecosystem(package.ecosystem):
            return Assessment()
        return Assessment(unknown=(f"no advisories are imported for {package.ecosystem}",))
    try:
        asked = _asked(component, package)
    except InvalidVersionError as error:
        asked = None
        unreadable = str(error)
    else:
        unreadable = ""
    hits: dict[tuple[bool, int], list[_Hit]] = {}  # by problem; an advisory alone is one, by its negative number
    unknown: dict[str, int] = {}
    for row in rows:
        if row.withdrawn and not withdrawn:
            continue
        hit, reason = _judge(row, package, asked, unreadable)
        if hit is not None:
            problem = -row.number if row.problem is None else row.problem
            hits.setdefault((bool(row.withdrawn), problem), []).append(hit)
        if reason and not row.withdrawn:
            unknown[reason] = unknown.get(reason, 0) + 1
    found = [(gone, _match(component, package, asked, group, database)) for (gone, _), group in hits.items()]
    found.sort(key=lambda entry: _worst_first(entry[1]))
    return Assessment(
        matches=tuple(match for gone, match in found if not gone),
        unknown=tuple(
            f"{reason} ({count:,} {'advisory names' if count == 1 else 'advisories name'} the package)"
            for reason, count in unknown.items()
        ),
        withdrawn=tuple(match for gone, match in found if gone),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a component's version may be: one (``key``), or any of those allowed."""

    version: str
    key: Key | None
    versions: VersionSet | None


@dataclass(frozen=True, slots=True)
class _Said:
    """The body of a row, unpacked. ``texts`` are the versions of events as they were written, ``fixes`` those that
    fix; ``rating`` is the best of the package's own, with its rank; ``problem`` says why the ranges cannot be
    evaluated; ``everything``: every version is affected."""

    release: str
    ranges: tuple[Range, ...]
    versions: VersionSet
    extras: tuple[str, ...]
    rating: tuple[tuple[int, float], Rating] | None
    texts: dict[Key, str]
    fixes: dict[Key, str]
    everything: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Hit:
    row: Row
    said: _Said
    exposure: Exposure


def _asked(component: Component, package: Package) -> _Asked | None:
    """``None`` where nothing is known. Raises ``InvalidVersionError``."""
    scheme = scheme_for(package.ecosystem)
    if package.version:
        if scheme is None or package.ecosystem == GIT:
            return _Asked(package.version, None, None)
        key = scheme.key(package.version)
        if package.ecosystem == "PyPI" and len(key) == 6:
            key = (*key[:5], ())  # 2.5.1+cu118 is a build of 2.5.1
        return _Asked(package.version, key, None)
    if component.specifier:
        if scheme is None:
            raise InvalidVersionError(f"versions of {package.ecosystem} have no known order")
        return _Asked("", None, allowed(component.specifier, scheme))
    return None


@lru_cache(maxsize=32768)
def _said(body: str, ecosystem: str) -> _Said:
    release, packed, extras, ratings = json.loads(body)
    ranges = unpack_ranges(packed)
    problem = ""
    versions = VersionSet(())
    texts: dict[Key, str] = {}
    fixes: dict[Key, str] = {}
    try:
        versions = affected_set(ranges, ecosystem)
        for one in ranges if ecosystem != GIT else ():
            scheme = scheme_of(one.type, ecosystem)
            for event in one.events:
                key = scheme.key(event.version)
                texts.setdefault(key, event.version)
                if event.kind == "fixed":
                    fixes.setdefault(key, event.version)
    except InvalidVersionError as error:
        problem = f"a range cannot be evaluated: {error}"
    everything = versions.intervals == ((LOWEST, HIGHEST),) and not problem
    return _Said(release, ranges, versions, tuple(extras), _best(ratings), texts, fixes, everything, problem)


@dataclass(frozen=True, slots=True)
class _Head:
    """The head of a row, unpacked; ``rating`` is the best, with its rank."""

    aliases: tuple[str, ...]
    rating: tuple[tuple[int, float], Rating] | None
    summary: str
    published: str
    cwes: tuple[str, ...]
    upstream: tuple[str, ...]


@lru_cache(maxsize=32768)
def _head(text: str) -> _Head:
    aliases, ratings, summary, published, cwes, upstream = json.loads(text)
    return _Head(tuple(aliases), _best(ratings), summary, published, tuple(cwes), tuple(upstream))


_SYSTEMS = ("CVSS_V4", "CVSS_V3", "CVSS_V2", "Ubuntu", "database")


def _best(packed: list[list[Any]]) -> tuple[tuple[int, float], Rating] | None:
    """The rating by the newest system; of several by one system, the highest."""
    found = None
    for entry in packed:
        system, _, score, severity = entry
        if severity is None:
            continue
        place = _SYSTEMS.index(system) if system in _SYSTEMS else len(_SYSTEMS)
        rank = (place, -(score if score is not None else float(severity)))
        if found is None or rank < found[0]:
            found = (rank, entry)
    return None if found is None else (found[0], unpack_rating(found[1]))


def _judge(row: Row, package: Package, asked: _Asked | None, unreadable: str) -> tuple[_Hit | None, str]:
    """Whether a row hits; and what cannot be told, if it does not."""
    said = _said(row.body, package.ecosystem)
    agree = not said.release or releases_agree(package.ecosystem, package.release, said.release)
    if agree is False:
        return None, ""
    if agree is None:
        return None, f"its release of {package.ecosystem} is not known"
    if package.ecosystem == GIT:
        verdict = commit_verdict(package.version, said.ranges, said.extras)
        return (_Hit(row, said, Exposure.AFFECTED), "") if verdict == "affected" else (None, verdict)
    if said.everything:
        return _Hit(row, said, Exposure.AFFECTED), ""
    if asked is None:
        if package.version and package.version in said.extras:
            return _Hit(row, said, Exposure.AFFECTED), ""
        return None, unreadable or "its version is not known"
    if asked.versions is not None:
        exposure = _of_specifier(asked.versions, said, package.ecosystem)
        return (_Hit(row, said, exposure) if exposure else None), said.problem if exposure is None else ""
    if asked.version in said.extras:
        return _Hit(row, said, Exposure.AFFECTED), ""
    if asked.key is None:
        return None, f"versions of {package.ecosystem} have no known order" if said.ranges else ""
    if asked.key in said.versions or (said.extras and asked.key in _keys(said.extras, package.ecosystem)):
        return _Hit(row, said, Exposure.AFFECTED), ""
    return None, said.problem


def _of_specifier(asked: VersionSet, said: _Said, ecosystem: str) -> Exposure | None:
    affected = said.versions
    for key in _keys(said.extras, ecosystem):
        affected = affected.union(VersionSet(((before(key), after(key)),)))
    if not asked.meet(affected):
        return None
    return Exposure.AFFECTED if asked.within(affected) else Exposure.POSSIBLE


def _keys(versions: Iterable[str], ecosystem: str) -> list[Key]:
    scheme = scheme_for(ecosystem)
    found = []
    for version in versions if scheme is not None else ():
        try:
            found.append(scheme.key(version))  # type: ignore[union-attr]
        except InvalidVersionError:
            continue
    return found


def _match(
    component: Component,
    package: Package,
    asked: _Asked | None,
    hits: Sequence[_Hit],
    database: Database,
) -> Match:
    heads = [_head(hit.row.head) for hit in hits]
    ids = _by_age(hits, heads)
    names = dict.fromkeys(ids)
    for head in heads:
        names.update(dict.fromkeys(head.aliases))
    problem = hits[0].row.problem
    if problem is not None:
        names.update(dict.fromkeys(database.names_of(problem)))
    exposure = min(hit.exposure for hit in hits)  # "affected" goes before "possible"
    malicious = ids[0].startswith("MAL-") or any(name.startswith("MAL-") for name in ids)
    rating, rated_by = _rating(hits, heads)
    severity = Severity.CRITICAL if malicious else rating.severity if rating else None
    affected, fixed, note = _versions(package, asked, hits)
    return Match(
        component=component,
        id=_shown(names),
        advisories=tuple(ids),
        aliases=tuple(name for name in names if name not in ids),
        exposure=exposure,
        affected=affected,
        fixed=fixed,
        severity=severity,
        score=rating.score if rating else None,
        vector=rating.value if rating and rating.system.startswith("CVSS") else "",
        rated_by=rated_by,
        summary=next((head.summary for head in heads if head.summary), ""),
        cwes=heads[0].cwes if len(heads) == 1 else tuple(dict.fromkeys(cwe for head in heads for cwe in head.cwes)),
        upstream=tuple(dict.fromkeys(name for head in heads for name in head.upstream)),
        published=heads[0].published
        if len(heads) == 1
        else min((h.published for h in heads if h.published), default=""),
        withdrawn=hits[0].row.withdrawn,
        malicious=malicious,
        known_exploited=not database.exploited.isdisjoint(names),
        note="; ".join((package.note, note)) if package.note and note else package.note or note,
    )


def _by_age(hits: Sequence[_Hit], heads: Sequence[_Head]) -> list[str]:
    """The ids of some advisories, the first published first: a name given later changes nothing at the front."""
    if len(hits) == 1:
        return [hits[0].row.id]
    return [name for _, name in sorted({(h.published or "9", hit.row.id) for hit, h in zip(hits, heads, strict=True)})]


def _shown(names: Iterable[str]) -> str:
    """The name that people know a problem by."""
    found = tuple(names)
    for prefix in ("MAL-", "CVE-", "GHSA-"):
        for name in found:
            if name.startswith(prefix):
                return name
    return found[0]


def _rating(hits: Sequence[_Hit], heads: Sequence[_Head]) -> tuple[Rating | None, str]:
    """The rating by the newest system, of several the highest. What an advisory says of the package itself goes
    before what it says of all."""
    found = []
    for hit, head in zip(hits, heads, strict=True):
        best = hit.said.rating or head.rating
        if best is not None:
            found.append((*best, hit.row.id))
    if not found:
        return None, ""
    _, rating, name = min(found, key=lambda entry: (entry[0], entry[2]))
    return rating, f"{name} {rating.system}"


def _worst_first(match: Match) -> tuple[object, ...]:
    severity = Severity.HIGH if match.severity is None else match.severity
    return (match.exposure is not Exposure.AFFECTED, -severity, -(match.score or 0), match.id)


def _versions(package: Package, asked: _Asked | None, hits: Sequence[_Hit]) -> tuple[str, tuple[str, ...], str]:
    """What is affected, what is not any more, and a remark."""
    if package.ecosystem == GIT:
        return "", tuple(dict.fromkeys(e.version for h in hits for r in h.said.ranges for e in r.events
                                       if e.kind == "fixed")), ""  # fmt: skip
    first = hits[0].said
    affected, texts, fixes = first.versions, first.texts, first.fixes
    if len(hits) > 1 or first.extras:
        texts, fixes = dict(texts), dict(fixes)
        for hit in hits:
            affected = affected.union(hit.said.versions)
            texts.update(hit.said.texts)
            fixes.update(hit.said.fixes)
            for text in hit.said.extras:
                for key in _keys((text,), package.ecosystem):
                    affected = affected.union(VersionSet(((before(key), after(key)),)))
                    texts.setdefault(key, text)
    if asked is not None and asked.key is not None:
        place: Bound = (1, asked.key, 0)
        hit_here = [interval for interval in affected.intervals if interval[0] < place < interval[1]]
        fixed = [key for key in fixes if key > asked.key and key not in affected]
        remark = ""
    else:
        hit_here, fixed, remark = _of_range(None if asked is None else asked.versions, affected, fixes)
    if len(fixed) > 1:
        fixed.sort()
    return _described(hit_here, texts), tuple(fixes[key] for key in fixed), remark


def _of_range(
    asked: VersionSet | None, affected: VersionSet, fixes: dict[Key, str]
) -> tuple[list[Interval], list[Key], str]:
    """The affected intervals that a specifier meets (``None``: nothing is known), the versions from which on
    nothing is affected, and a remark."""
    if asked is None:
        return list(affected.intervals), [key for key in fixes if key not in affected], ""
    met = [interval for interval in affected.intervals if asked.meet(VersionSet((interval,)))]
    fixed = [key for key in fixes if not affected.meet(VersionSet(((before(key), HIGHEST),)))]
    newest_is_free = asked.intervals[-1][1] == HIGHEST and affected.intervals[-1][1] != HIGHEST
    return met, fixed, "the newest version that it allows is not affected" if newest_is_free else ""


def _described(intervals: Iterable[Interval], texts: dict[Key, str]) -> str:
    """``>=2.0,<2.6.0 || ==3.0.1``."""
    parts = []
    for low, high in intervals:
        if low == LOWEST and high == HIGHEST:
            return "all versions"
        if low != LOWEST and high != HIGHEST and low[1] == high[1]:
            parts.append(f"=={_text(low, texts)}")
            continue
        ends = []
        if low != LOWEST:
            ends.append(f"{'>=' if low[2] == -1 else '>'}{_text(low, texts)}")
        if high != HIGHEST:
            ends.append(f"{'<' if high[2] == -1 else '<='}{_text(high, texts)}")
        parts.append(",".join(ends))
    return " || ".join(parts)


def _text(bound: Bound, texts: dict[Key, str]) -> str:
    key = bound[1]
    return texts.get(key, "?") if isinstance(key, tuple) else "?"
