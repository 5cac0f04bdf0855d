"""One entry of the OSV format, taken from JSON with every type checked.

Source: the Open Source Vulnerability format, version 1.7.4, section "Field Details".
"""

from __future__ import annotations

import json
import re
from typing import Any

from violet.domain.outcome import Severity
from violet.domain.vulnerability import Advisory, Affected, Event, Range, Rating

MOST = 200_000
"""Items of any list in an entry."""

LONGEST_ID = 200
LONGEST_SUMMARY = 400
LONGEST_SPECIFIC = 20_000
"""Characters of ``ecosystem_specific`` that are kept."""

_ID = re.compile(r"[^\s\x00-\x1f\x7f]{1,200}")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)?", re.ASCII)
_KINDS = ("introduced", "fixed", "last_affected", "limit")
_TYPES = ("SEMVER", "ECOSYSTEM", "GIT")
_WORDS = {
    "critical": Severity.CRITICAL, "high": Severity.HIGH, "important": Severity.HIGH, "medium": Severity.MEDIUM,
    "moderate": Severity.MEDIUM, "low": Severity.LOW, "minor": Severity.LOW, "negligible": Severity.INFO,
    "unimportant": Severity.INFO, "none": Severity.INFO, "informational": Severity.INFO,
}  # fmt: skip


class EntryError(ValueError):
    """What was read is no entry of the OSV format; the text says why."""


def parse_entry(value: Any) -> Advisory:
    """The advisory that a JSON value describes. Raises ``EntryError``."""
    if not isinstance(value, dict):
        raise EntryError("it is no JSON object")
    number = value.get("id")
    if not isinstance(number, str) or not _ID.fullmatch(number):
        raise EntryError("it has no id")
    version = _text(value, "schema_version") or "1.0.0"
    if version.partition(".")[0].lstrip("v") != "1":
        raise EntryError(f"its schema_version {version[:20]!r} is unknown")
    extra = _table(value, "database_specific")
    ratings = _ratings(value.get("severity"))
    word = _word(extra.get("severity"))
    return Advisory(
        id=number,
        modified=_time(value, "modified", required=True),
        schema_version=version[:20],
        published=_time(value, "published"),
        withdrawn=_time(value, "withdrawn"),
        summary=_summary(value),
        aliases=_names(value, "aliases", number),
        upstream=_names(value, "upstream", number),
        related=_names(value, "related", number),
        ratings=ratings + ((word,) if word else ()),
        affected=tuple(_affected(item) for item in _list(value, "affected")),
        cwes=_cwes(extra),
        references=tuple(
            (str(item.get("type", ""))[:20], url[:1000])
            for item in _list(value, "references")[:100]
            if isinstance(item, dict) and isinstance(url := item.get("url"), str)
        ),
    )


def rate(system: str, value: str) -> Rating:
    """A vector or word with what it amounts to; a malformed vector has neither score nor severity."""
    from violet.intel.cvss import MalformedVectorError, score, severity_of

    if not system.startswith("CVSS"):
        return Rating(system, value, None, _WORDS.get(value.lower()))
    try:
        found = score(value)
    except MalformedVectorError:
        return Rating(system, value)
    return Rating(system, value, found.value, severity_of(found.value, found.version))


def _ratings(value: Any) -> tuple[Rating, ...]:
    found = []
    for item in value if isinstance(value, list) else ():
        if isinstance(item, dict) and isinstance(item.get("type"), str) and isinstance(item.get("score"), str):
            found.append(rate(item["type"][:20], item["score"][:600]))
    return tuple(found[:20])


def _word(value: Any) -> Rating | None:
    """A severity in a database's own words, where it is one of those that are known."""
    return rate("database", value) if isinstance(value, str) and value.lower() in _WORDS else None


def _affected(value: Any) -> Affected:
    if not isinstance(value, dict):
        raise EntryError("an item of affected is no object")
    package = _table(value, "package")
    specific, own = _table(value, "ecosystem_specific"), _table(value, "database_specific")
    word = _word(own.get("severity")) or _word(specific.get("severity")) or _word(specific.get("urgency"))
    versions = _list(value, "versions")
    if not all(isinstance(version, str) for version in versions):
        raise EntryError("an affected version is no text")
    return Affected(
        ecosystem=_text(package, "ecosystem"),
        name=_text(package, "name"),
        purl=_text(package, "purl"),
        ranges=tuple(_range(item) for item in _list(value, "ranges")),
        versions=tuple(versions),
        ratings=_ratings(value.get("severity")) + ((word,) if word else ()),
        specific=_specific(specific),
    )


def _specific(value: dict[str, Any]) -> str:
    if not value:
        return ""
    text = json.dumps(value, separators=(",", ":"))
    return text if len(text) <= LONGEST_SPECIFIC else json.dumps({"left_out": f"{len(text)} characters"})


def _range(value: Any) -> Range:
    if not isinstance(value, dict) or value.get("type") not in _TYPES:
        raise EntryError("a range has none of the types SEMVER, ECOSYSTEM and GIT")
    events = []
    for item in _list(value, "events"):
        kinds = [kind for kind in _KINDS if kind in item] if isinstance(item, dict) else []
        if len(kinds) != 1 or not isinstance(item[kinds[0]], str) or not item[kinds[0]]:
            raise EntryError("an event of a range is none of introduced, fixed, last_affected and limit")
        events.append(Event(kinds[0], item[kinds[0]]))
    if not any(event.kind == "introduced" for event in events):
        raise EntryError("a range introduces nothing")
    return Range(value["type"], tuple(events), _text(value, "repo"))


def _summary(value: dict[str, Any]) -> str:
    """The summary, or the beginning of the details, on one line."""
    text = _text(value, "summary")
    if not text:
        details = _text(value, "details")
        text = re.split(r"(?<=[.!?])\s", details.strip().lstrip("# "), maxsplit=1)[0] if details else ""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_SUMMARY else text[: LONGEST_SUMMARY - 1] + "…"


def _cwes(extra: dict[str, Any]) -> tuple[str, ...]:
    found = extra.get("cwe_ids")
    return tuple(cwe[:20] for cwe in found[:50] if isinstance(cwe, str)) if isinstance(found, list) else ()


def _time(value: dict[str, Any], field: str, required: bool = False) -> str:
    """RFC 3339 in UTC, without trailing zeros of the fraction, so that texts compare as times do."""
    text = value.get(field)
    if text is None and not required:
        return ""
    match = _TIME.fullmatch(text) if isinstance(text, str) and len(text) < 60 else None
    if match is None:
        raise EntryError(f"{field} is no time")
    day, clock, fraction, zone = match.groups()
    if zone and zone not in "Zz":
        import datetime

        try:
            moment = datetime.datetime.fromisoformat(f"{day}T{clock}{zone}").astimezone(datetime.UTC)
        except (ValueError, OverflowError):
            raise EntryError(f"{field} is no time") from None
        day, clock = moment.strftime("%Y-%m-%d"), moment.strftime("%H:%M:%S")
    fraction = (fraction or "").rstrip("0")[:9]
    return f"{day}T{clock}{'.' + fraction if fraction else ''}Z"


def _names(value: dict[str, Any], field: str, own: str) -> tuple[str, ...]:
    found = _list(value, field)
    if not all(isinstance(name, str) and _ID.fullmatch(name) for name in found):
        raise EntryError(f"{field} holds what is no id")
    return tuple(name for name in dict.fromkeys(found) if name != own)


def _list(value: dict[str, Any], field: str) -> list[Any]:
    found = value.get(field)
    if found is None:
        return []
    if not isinstance(found, list):
        raise EntryError(f"{field} is no list")
    if len(found) > MOST:
        raise EntryError(f"{field} has {len(found):,} items")
    return found


def _table(value: dict[str, Any], field: str) -> dict[str, Any]:
    found = value.get(field)
    return found if isinstance(found, dict) else {}


def _text(value: dict[str, Any], field: str) -> str:
    found = value.get(field)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise EntryError(f"{field} is no text")
    return found
