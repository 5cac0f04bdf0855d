"""Pins of versions with known vulnerabilities move to the smallest version without any.

## What it changes
In requirements and constraints files, ``pyproject.toml`` and conda environments, the version of ``name==1.2`` becomes
the smallest fixed version that no imported advisory affects. Markers, extras, comments, quotes and everything else of
the file stay as they are, byte for byte.

## When it is exact
The advisories name versions in which a problem is fixed; of these the smallest above the pin is taken for which the
advisories, asked again, know nothing at all. What a VEX statement says does not matter here (``--vex``) is no reason to
move a pin, nor against a version. The file is read again afterwards: only those versions may differ.
Whether the rest of the project works with it is for its tests to say; a change of the major version is pointed out.

## What it refuses
Pins with hashes and lock files, whose digests cannot be known offline (the command to run is named); ranges, which
are not pins; local builds such as ``2.5.1+cu118``; conda builds; packages that are malware; pins for which no fixed
version is known.

## Undo
``violet fix --undo JOURNAL`` puts the original bytes back.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from violet.actions._text import Decoded, TextError, decode_utf8, splice, unified
from violet.actions.base import Action, Plan, Planned, Settings, Target
from violet.actions.journal import ChangedError, read_plain
from violet.domain import Digest, VioletError
from violet.domain.component import Component
from violet.domain.fix import Edit, Fix, Unfixed
from violet.engine.sandbox import Job, Limits, run
from violet.formats.project.names import sort_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.actions.journal import Journal
    from violet.domain.vulnerability import Match, VexStatement
    from violet.intel.osv.database import Database

ID = "raise-pin"
LARGEST = 32 << 20
"""Bytes of a list of packages that are read."""
REWRITTEN = ("requirements", "constraints", "pyproject", "environment")
LOCKS = {
    "uv.lock": "uv lock --upgrade-package {name}=={version}",
    "poetry.lock": "poetry add {name}=={version}, or, where the range allows it: poetry update {name}",
    "pdm.lock": "pdm update {name}",
    "pipfile.lock": "pipenv upgrade {name}=={version}",
    "pylock.toml": "uv pip compile --upgrade-package {name}=={version} with the file it was made from",
    "conda-lock": "conda-lock lock --update {name}",
    "package-lock": "npm install {name}@{version}, or, for what others ask for: npm update {name}",
    "yarn.lock": "yarn upgrade {name}@{version} (Yarn 1), yarn up -R {name} (later ones)",
}
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!_-]{0,63}")
_SHOWN_IDS = 3


def concerns(name: str) -> bool:
    return sort_of(name) in (*REWRITTEN, *LOCKS, "pipfile", "setup.cfg", "setup.py")


def payload(target: Target, settings: Settings) -> Any:
    return [target.path]


def examine(payload: list[Any]) -> dict[str, Any]:
    """``[path]`` to the entries of the file, or ``{"unexamined": why}``."""
    data = read_plain(payload[0], LARGEST + 1)
    if len(data) > LARGEST:
        return {"unexamined": f"it is longer than {LARGEST:,} bytes"}
    return _entries(data, payload[0].rpartition("/")[2])


def read_again(payload: list[Any]) -> dict[str, Any]:
    """``[name, content in base 64]`` to the entries of what would be written."""
    return _entries(base64.b64decode(payload[1]), payload[0])


def _entries(data: bytes, name: str) -> dict[str, Any]:
    from violet.formats.project.dependencies import read_file
    from violet.formats.source import BytesSource

    facts = read_file(BytesSource(data), name)
    if facts is None:
        return {"unexamined": "it is no list of packages"}
    try:
        decoded = decode_utf8(data)
    except TextError as error:
        return {"unexamined": str(error)}
    if decoded.text != facts.document.text:
        return {"unexamined": "its encoding is none in which it could be written again"}
    if facts.problem:
        return {"unexamined": f"it {facts.problem}"}
    entries: list[dict[str, Any]] = []
    places: list[tuple[int, int, str]] = []
    for entry in facts.dependencies:
        if entry.kind != "package":
            continue
        component = entry.component(name)
        place = entry.specifier_region
        places.append((place.start, place.end, "") if place else (0, 0, ""))
        entries.append(
            {
                "name": component.name,
                "version": component.version,
                "ecosystem": component.ecosystem,
                "purl": component.purl,
                "specifier": component.specifier,
                "marker": entry.marker,
                "extras": list(entry.extras),
                "group": entry.group,
                "hashes": len(entry.hashes),
                "locked": entry.locked,
                "line": entry.line,
                "text": entry.text[:300],
                "written": decoded.text[place.start : place.end] if place else "",
            }
        )
    for entry_, spot in zip(entries, _in_bytes(decoded, places), strict=True):
        entry_["place"] = spot
    return {"file": hashlib.sha256(data).hexdigest(), "sort": facts.file, "entries": entries}


def _in_bytes(decoded: Decoded, places: list[tuple[int, int, str]]) -> list[list[int]]:
    """Places in bytes. UTF-8 keeps no state, so that counting the bytes before them is enough."""
    mark = len(decoded.mark)
    text = decoded.text
    if text.isascii():
        return [[start + mark, end + mark] for start, end, _ in places]
    made = []
    for start, end, _ in places:
        begin = mark + len(text[:start].encode("utf-8"))
        made.append([begin, begin + len(text[start:end].encode("utf-8"))])
    return made


def plan(target: Target, answer: Any, settings: Settings) -> Plan:
    if "unexamined" in answer:
        return Plan(unexamined=str(answer["unexamined"]))
    if not answer["entries"]:
        return Plan()
    from violet.intel.osv import open_database

    try:
        database = open_database(settings.intel or None)
    except VioletError as error:
        return Plan(unexamined=f"its versions were not looked up: {error.diagnostics()}")
    with database:
        return _plan(target, answer, Known(database, settings.vex))


class Known:
    """What advisories know of a version, less what VEX statements say does not matter."""

    def __init__(self, database: Database, vex: Iterable[VexStatement] = ()) -> None:
        from violet.intel.vex.products import Statements

        self._database = database
        self._statements = Statements(vex, datetime.datetime.now(datetime.UTC))

    def of(self, component: Component) -> list[Match]:
        from violet.intel.matching import match_component

        weighed = map(self._statements.apply, match_component(component, self._database))
        return [match for match in weighed if not match.suppressed]


def _plan(target: Target, answer: Any, known: Known) -> Plan:
    unfixed: list[Unfixed] = []
    edits: list[tuple[int, int, bytes]] = []
    shown: list[Edit] = []
    expected = [str(entry["written"]) for entry in answer["entries"]]
    for number, entry in enumerate(answer["entries"]):
        component = Component(
            name=str(entry["name"]),
            version=str(entry["version"]),
            ecosystem=str(entry["ecosystem"]),
            purl=str(entry["purl"]),
            specifier=str(entry["specifier"]),
        )
        matches = [match for match in known.of(component) if match.exposure == "affected"]
        if not matches:
            continue
        found = _judged(entry, component, matches, str(answer["sort"]), known)
        if isinstance(found, str):
            start, end = (int(place) for place in entry["place"])
            written = str(entry["written"])
            new = written.replace(component.version, found)
            edits.append((start, end, new.encode("utf-8")))
            expected[number] = new
            shown.append(Edit(_summary(component, found, matches), int(entry["line"]), written, new))
        else:
            reason, advice = found
            unfixed.append(Unfixed(ID, target.shown, reason, advice, str(entry["text"]), int(entry["line"])))
    if not edits:
        return Plan(unfixed=tuple(unfixed))
    before = read_plain(target.path, LARGEST)
    if hashlib.sha256(before).hexdigest() != answer["file"]:
        raise ChangedError
    after = splice(before, edits)
    problem = _verify(target, answer["entries"], expected, after)
    if problem:
        unfixed.append(Unfixed(ID, target.shown, problem, "Raise the versions by hand."))
        return Plan(unfixed=tuple(unfixed))
    fix = Fix(
        ID,
        target.shown,
        Digest("sha256", answer["file"]),
        Digest("sha256", hashlib.sha256(after).hexdigest()),
        tuple(shown),
        unified(target.shown, before, after),
    )
    return Plan((Planned(fix, (before, after)),), tuple(unfixed))


def _judged(
    entry: dict[str, Any], component: Component, matches: list[Match], sort: str, known: Known
) -> str | tuple[str, str]:
    """The version to take, or why none is taken and what to do."""
    ids = _ids(matches)
    name, old = component.name, component.version
    label = f"{name} {old or component.specifier}".strip()
    if any(match.malicious for match in matches):
        return f"{label} is malware ({ids})", f"Remove {name}, and treat machines that installed it as taken over."
    version = fixed_version(component, matches, known)
    if not version:
        return f"{label} has known problems ({ids}), and no version is known without", "Look for another package."
    if entry["locked"]:
        command = LOCKS.get(sort, "").format(name=shlex.quote(name), version=version)
        reason = f"{label} has known problems ({ids}); the digests of {version} for the lock file are not known offline"
        return reason, f"Run: {command}" if command else "Have the tool that wrote the lock file write it again."
    if sort not in REWRITTEN:
        return f"{label} has known problems ({ids}), in a file that is not rewritten", f"Change it to {version}."
    if entry["hashes"]:
        reason = f"{label} has known problems ({ids}), and its hashes are those of {old}"
        command = f"pip-compile --generate-hashes --upgrade-package {shlex.quote(f'{name}=={version}')}"
        return f"{reason}: those of {version} are not known offline", f"Run: {command}"
    if not old:
        reason = f"all versions that {label} allows have known problems ({ids})"
        return reason, f"It is a range, and not a pin: allow {version} or later."
    if "+" in old:
        reason = f"{label} is a build of its own, with known problems ({ids})"
        return reason, f"Look for the build of {version} where this one came from."
    written = str(entry["written"])
    if not re.fullmatch(rf"\s*={{1,3}}\s*{re.escape(old)}\s*|\s*{re.escape(old)}\s*", written):
        reason = f"{label} has known problems ({ids}), and is not pinned by a plain version"
        return reason, f"Change it to {version}."
    if not _VERSION.fullmatch(version):
        return f"{label} has known problems ({ids})", "Raise it by hand."
    return version


def fixed_version(component: Component, matches: Iterable[Match], known: Known) -> str:
    """The smallest version that some advisory calls fixed and none affects; no pre-release unless the pin is one.
    ``""`` where there is none."""
    from violet.intel.versions import InvalidVersionError, compare

    ecosystem = component.ecosystem or "PyPI"
    waiting = sorted({version for match in matches for version in match.fixed})
    seen: set[str] = set()
    best = ""
    while waiting:
        candidate = waiting.pop(0)
        if candidate in seen or len(seen) > 400:
            continue
        seen.add(candidate)
        if _pre_release(candidate) and not _pre_release(component.version):
            continue
        purl = component.purl.partition("@")[0] + (f"@{candidate}" if "@" in component.purl else "")
        raised = replace(component, version=candidate, purl=purl if component.version else component.purl, specifier="")
        found = known.of(raised)
        waiting.extend(version for match in found for version in match.fixed)
        if found:
            continue
        try:
            if not best or compare(ecosystem, candidate, best) < 0:
                best = candidate
        except InvalidVersionError:
            continue
    return best


def _pre_release(version: str) -> bool:
    return re.search(r"[0-9](?:a|b|c|rc|alpha|beta|pre|preview|[.-]?dev)[0-9]*", version.lower()) is not None


def _ids(matches: list[Match]) -> str:
    names = [match.id for match in matches]
    return ", ".join(names[:_SHOWN_IDS]) + (f" and {len(names) - _SHOWN_IDS} more" if len(names) > _SHOWN_IDS else "")


def _summary(component: Component, version: str, matches: list[Match]) -> str:
    major = component.version.partition(".")[0] != version.partition(".")[0]
    note = ", another major version" if major else ""
    return f"{component.name} {component.version} to {version}{note}: {_ids(matches)}"


def _verify(target: Target, entries: Any, expected: list[str], after: bytes) -> str:
    """Read in a worker, what would be written must have the same entries but for the versions, which must be as
    ``expected``."""
    name = target.path.rpartition("/")[2]
    job = Job([name, base64.b64encode(after).decode("ascii")], len(after))
    read: Any = next(answer for _, answer in run(read_again, [job], limits=Limits(seconds=60)))
    changing = ("version", "specifier", "purl", "text", "written", "place")
    try:
        same = [new["written"] for new in read["entries"]] == expected
        for new, old in zip(read["entries"], entries, strict=True):
            same = same and all(new[key] == old[key] for key in new if key not in changing)
    except (TypeError, KeyError, ValueError, AttributeError):
        same = False
    return "" if same else "the rewritten file would not say the same but for the versions"


def apply(planned: Planned, target: Target, settings: Settings, journal: Journal) -> Fix | Unfixed:
    before, after = planned.detail
    journal.replace(target.path, before, after)
    return planned.fix


ACTION = Action(
    id=ID,
    title="Raise pins of vulnerable versions",
    group="pins",
    undo="Puts the original bytes back, which the journal keeps.",
    concerns=concerns,
    payload=payload,
    examine=examine,
    plan=plan,
    apply=apply,
)
