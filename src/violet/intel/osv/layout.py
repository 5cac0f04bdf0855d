"""How the database lies in its file, and how advisories are packed into its columns.

Decision 0014 says why. Version 1 of the layout, kept in ``PRAGMA user_version``.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from typing import Any

from violet.domain.outcome import Severity
from violet.domain.vulnerability import Advisory, Affected, Event, Range, Rating
from violet.intel.packages import GIT, canonical_name, repository
from violet.intel.versions import InvalidVersionError, Key, Scheme, scheme_for, scheme_named
from violet.intel.versions.intervals import NONE, VersionSet, from_events

APPLICATION = 0x56494F53
"""``VIOS`` in SQLite's ``application_id``."""

VERSION = 1

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE source (digest TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE advisory (
  number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, modified TEXT NOT NULL, withdrawn TEXT NOT NULL,
  problem INTEGER, head TEXT NOT NULL, rest BLOB NOT NULL
);
CREATE INDEX advisory_problem ON advisory (problem) WHERE problem IS NOT NULL;
CREATE TABLE alias (name TEXT NOT NULL, advisory INTEGER NOT NULL, PRIMARY KEY (name, advisory)) WITHOUT ROWID;
CREATE TABLE package (
  number INTEGER PRIMARY KEY, ecosystem TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (ecosystem, name)
);
CREATE TABLE affected (
  package INTEGER NOT NULL, advisory INTEGER NOT NULL, part INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (package, advisory, part)
) WITHOUT ROWID;
CREATE TABLE exploited (name TEXT PRIMARY KEY, added TEXT NOT NULL) WITHOUT ROWID;
"""

_LETTERS = {"introduced": "i", "fixed": "f", "last_affected": "l", "limit": "m"}
_KINDS = {letter: kind for kind, letter in _LETTERS.items()}
_TYPES = {"SEMVER": "S", "ECOSYSTEM": "E", "GIT": "G"}
_TYPE_NAMES = {letter: name for name, letter in _TYPES.items()}

# What entries have in common, for the compressor: a small text is otherwise not worth compressing.
_DICTIONARY = (
    b'"specific":"{\\"binaries\\":[{\\"urgency\\":\\"not yet assigned\\"}]}"["PACKAGE","https://pypi.org/project/'
    b'"],["WEB","https://www.npmjs.com/package/"],["FIX","https://github.com/"],["REPORT","https://github.com/'
    b'/issues/"],["ADVISORY","https://nvd.nist.gov/vuln/detail/CVE-202"],["WEB","https://github.com/advisories/GHSA-'
    b'["WEB","https://github.com//commit/"],["WEB","https://github.com//security/advisories/GHSA-"]],"schema_version":'
    b'"1.7.3","related":["CVE-2025-"],"references":[["ADVISORY","https://security-tracker.debian.org/tracker/CVE-'
    b'"affected":[{"ecosystem":"PyPI","name":"","purl":"pkg:pypi/","ranges":[["E","","i","0","f","2.0.0"]],"versions":'
    b'["0.1.0","0.1.1","0.2.0","1.0.0","1.0.1","1.1.0","1.2.0"],"ratings":[],"specific":""}'
)


def pack_head(advisory: Advisory) -> str:
    """What matching needs of an advisory, as JSON text."""
    return _json(
        [
            advisory.aliases,
            [_pack_rating(rating) for rating in advisory.ratings],
            advisory.summary,
            advisory.published,
            advisory.cwes,
            advisory.upstream,
        ]
    )


def pack_rest(advisory: Advisory) -> bytes:
    """All else, compressed."""
    content = _json(
        {
            "schema_version": advisory.schema_version,
            "related": advisory.related,
            "references": advisory.references,
            "affected": [
                {
                    "ecosystem": affected.ecosystem,
                    "name": affected.name,
                    "purl": affected.purl,
                    "ranges": [_pack_range(found) for found in affected.ranges],
                    "versions": affected.versions,
                    "ratings": [_pack_rating(rating) for rating in affected.ratings],
                    "specific": affected.specific,
                }
                for affected in advisory.affected
            ],
        }
    )
    squeeze = zlib.compressobj(level=3, zdict=_DICTIONARY)
    return squeeze.compress(content.encode("utf-8", "surrogatepass")) + squeeze.flush()


def unpack(number: str, modified: str, withdrawn: str, head: str, rest: bytes) -> Advisory:
    """The advisory as it was before ``pack_head`` and ``pack_rest``."""
    aliases, ratings, summary, published, cwes, upstream = json.loads(head)
    more = json.loads(zlib.decompressobj(zdict=_DICTIONARY).decompress(rest).decode("utf-8", "surrogatepass"))
    return Advisory(
        id=number,
        modified=modified,
        schema_version=more["schema_version"],
        published=published,
        withdrawn=withdrawn,
        summary=summary,
        aliases=tuple(aliases),
        upstream=tuple(upstream),
        related=tuple(more["related"]),
        ratings=tuple(unpack_rating(rating) for rating in ratings),
        affected=tuple(
            Affected(
                found["ecosystem"],
                found["name"],
                found["purl"],
                tuple(_unpack_range(one) for one in found["ranges"]),
                tuple(found["versions"]),
                tuple(unpack_rating(rating) for rating in found["ratings"]),
                found["specific"],
            )
            for found in more["affected"]
        ),
        cwes=tuple(cwes),
        references=tuple((kind, url) for kind, url in more["references"]),
    )


def pack_affected(advisory: Advisory) -> list[tuple[str, str, str]]:
    """Ecosystem, canonical name and body (JSON text) of each package that an advisory names.

    Versions that lie in a range anyway are left out: they are what databases compute from the ranges, and nearly
    all of what an export holds. Commits are kept under their repository.
    """
    found: list[tuple[str, str, str]] = []
    for affected in advisory.affected:
        ranges = [one for one in affected.ranges if one.type != "GIT"]
        if affected.ecosystem and affected.name:
            base, _, release = affected.ecosystem.partition(":")
            extras = _beyond(affected, ranges)
            if ranges or extras:
                body = _body(release, ranges, extras, affected.ratings)
                found.append((base, canonical_name(base, affected.name), body))
        for one in affected.ranges:
            if one.type == "GIT" and one.repo:
                tags = affected.versions if not affected.name else ()
                found.append((GIT, repository(one.repo), _body("", [one], tags, affected.ratings)))
    return found


def _body(release: str, ranges: list[Range], versions: tuple[str, ...], ratings: tuple[Rating, ...]) -> str:
    return _json([release, [_pack_range(one) for one in ranges], versions, [_pack_rating(r) for r in ratings]])


def unpack_ranges(packed: list[list[str]]) -> tuple[Range, ...]:
    return tuple(_unpack_range(one) for one in packed)


def affected_set(ranges: tuple[Range, ...] | list[Range], ecosystem: str) -> VersionSet:
    """The versions in any of the ranges that are ordered. Raises ``InvalidVersionError`` where they cannot be."""
    found = NONE
    for one in ranges:
        if one.type != "GIT":
            found = found.union(from_events(one.events, scheme_of(one.type, ecosystem)))
    return found


def scheme_of(kind: str, ecosystem: str) -> Scheme:
    """The order of a range's versions: ``SEMVER`` says so itself, else the ecosystem does."""
    own = scheme_for(ecosystem)
    if kind == "SEMVER" and (own is None or own.name not in ("semver", "go", "pub", "nuget")):
        return scheme_named("semver")
    if own is None:
        raise InvalidVersionError(f"versions of {ecosystem} have no known order")
    return own


def _beyond(affected: Affected, ranges: list[Range]) -> tuple[str, ...]:
    """The versions that are listed and in none of the ranges, or whose place cannot be told."""
    if not ranges or not affected.versions:
        return affected.versions
    try:
        covered = affected_set(ranges, affected.ecosystem)
        scheme = scheme_of(ranges[0].type, affected.ecosystem).name
    except InvalidVersionError:
        return affected.versions
    found = []
    for version in affected.versions:
        try:
            if _key(scheme, version) not in covered:
                found.append(version)
        except InvalidVersionError:
            found.append(version)
    return tuple(found)


@lru_cache(maxsize=1 << 17)
def _key(scheme: str, version: str) -> Key:
    """Every entry about a package lists the same versions again."""
    return scheme_named(scheme).key(version)


def _pack_range(one: Range) -> list[str]:
    return [_TYPES[one.type], one.repo, *(text for e in one.events for text in (_LETTERS[e.kind], e.version))]


def _unpack_range(packed: list[str]) -> Range:
    events = tuple(Event(_KINDS[kind], version) for kind, version in zip(packed[2::2], packed[3::2], strict=True))
    return Range(_TYPE_NAMES[packed[0]], events, packed[1])


def _pack_rating(rating: Rating) -> list[Any]:
    severity = None if rating.severity is None else int(rating.severity)
    return [rating.system, rating.value, rating.score, severity]


def unpack_rating(packed: list[Any]) -> Rating:
    system, value, score, severity = packed
    return Rating(system, value, score, None if severity is None else Severity(severity))


_json = json.JSONEncoder(separators=(",", ":")).encode
