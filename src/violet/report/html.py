"""The report as one self-contained page: no script, nothing fetched, readable on screen and on paper.

The page's content-security policy allows nothing but its own style sheet, by digest; the template engine
escapes every value; and text from examined files is made visible before it gets there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from violet.domain import Confidence, Failed, Finding, Skipped, Verdict
from violet.report.model import (
    FileGroup,
    RuleGroup,
    Summary,
    asset_paths,
    by_file,
    cwe_url,
    gaps,
    place,
    sortable,
    split_member,
    summary,
    technique_url,
)
from violet.report.prose import Block, blocks, inline
from violet.report.visible import visible, visible_lines

if TYPE_CHECKING:
    import jinja2

    from violet.domain import Asset, Measurement, Rule
    from violet.report import View

T = TypeVar("T")

_SHOWN = 3
_MESSAGES_SHOWN = 5
_MOST_ROWS = 2000
_WORDS = {Verdict.ALLOW: "Allowed", Verdict.WARN: "Allowed, with warnings", Verdict.DENY: "Denied"}


@dataclass(frozen=True, slots=True)
class Path:
    """A path in the parts that are set differently: directory, name, and member of an archive."""

    folder: str
    name: str
    member: str


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Sight:
    """One occurrence: what was seen, where, and its fingerprint."""

    evidence: str
    place: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Said:
    """A message with the occurrences that it is about: ``first`` in the open, ``rest`` folded."""

    message: str
    doubt: str
    first: tuple[Sight, ...]
    rest: tuple[Sight, ...]


@dataclass(frozen=True, slots=True)
class Row:
    severity: str
    rule: str
    anchor: str
    title: str
    count: int
    said: tuple[Said, ...]
    said_more: tuple[Said, ...]
    more: int
    fixes: tuple[str, ...]
    techniques: tuple[Link, ...]
    weaknesses: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Card:
    paths: tuple[Path, ...]
    worst: str
    about: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    reason: str
    first: tuple[Path, ...]
    rest: tuple[Path, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Explained:
    id: str
    anchor: str
    title: str
    severity: str
    help: tuple[Block, ...]


def render(view: View) -> str:
    style, digest = style_and_digest("report.css")
    page: str = template("report.html").render(style=style, style_digest=digest, **values(view))
    return page.rstrip("\n") + "\n"


def values(view: View) -> dict[str, Any]:
    """What the template shows of a view."""
    report = view.report
    known = asset_paths(report)
    counts = summary(report)
    used = sorted({finding.rule for finding in (*report.findings, *report.accepted)}, key=sortable)
    anchors = {rule: f"rule-{number}" for number, rule in enumerate(used, start=1)}
    assets = {asset.path: asset for asset in report.assets}
    cards = [_card(group, view, known, anchors, assets) for group in by_file(report.findings)]
    return {
        "title": visible(f"Violet {report.command}".strip()),
        "version": visible(report.version),
        "command_line": visible(view.command_line),
        "verdict": view.decision.verdict.value,
        "verdict_words": _WORDS[view.decision.verdict],
        "reasons": [visible(reason) for reason in view.decision.reasons],
        "static": report.command == "scan",
        "exit_code": view.decision.exit_code,
        "counts": counts,
        "tiles": [(str(severity), count) for severity, count in counts.by_severity.items()],
        "facts": _facts(counts),
        "cards_shown": cards,
        "gap_sections": _gap_sections(view, known),
        "accepted": [_card(g, view, known, anchors, assets) for g in by_file(report.accepted)],
        "rules": [_explained(rule, anchors[rule], view) for rule in used],
        "assets": [_asset(asset, known) for asset in report.assets[:_MOST_ROWS]],
        "assets_left": max(len(report.assets) - _MOST_ROWS, 0),
        "measurements": [_measurement(entry, known) for entry in report.measurements[:_MOST_ROWS]],
        "measurements_left": max(len(report.measurements) - _MOST_ROWS, 0),
    }


def _facts(counts: Summary) -> list[tuple[str, int, str]]:
    """The figures beside the severities: name, count and the section that tells more."""
    return [
        (f"file{'' if counts.files == 1 else 's'} examined", counts.files, "#examined"),
        ("not examined", counts.skipped, "#not-examined"),
        ("failed", counts.failed, "#failed"),
        ("accepted", counts.accepted, "#accepted"),
    ]


def _card(
    group: FileGroup,
    view: View,
    known: frozenset[str],
    anchors: dict[str, str],
    assets: dict[str, Asset],
) -> Card:
    asset = assets.get(group.paths[0])
    about = "" if asset is None or len(group.paths) > 1 else f"{visible(asset.format)}, {size(asset.size)}"
    rows = tuple(_row(rule, view.rules.get(rule.rule), anchors) for rule in group.groups)
    return Card(tuple(_path(path, known) for path in group.paths), str(group.worst), about, rows)


def _row(group: RuleGroup, rule: Rule | None, anchors: dict[str, str]) -> Row:
    by_message: dict[str, list[Finding]] = {}
    for finding in group.findings:
        by_message.setdefault(finding.message, []).append(finding)
    techniques = _distinct(name for finding in group.findings for name in finding.techniques)
    said = tuple(_said(message, found) for message, found in by_message.items())
    more = said[_MESSAGES_SHOWN:]
    return Row(
        severity=str(group.severity),
        rule=visible(group.rule),
        anchor=anchors[group.rule],
        title=visible(rule.title) if rule else "",
        count=len(group.findings),
        said=said[:_MESSAGES_SHOWN],
        said_more=more,
        more=sum(len(entry.first) + len(entry.rest) for entry in more),
        fixes=tuple(visible(fix) for fix in _distinct(f.fix for f in group.findings if f.fix)),
        techniques=tuple(Link(visible(name), technique_url(name)) for name in techniques),
        weaknesses=tuple(Link(f"CWE-{number}", cwe_url(number)) for number in (rule.cwe if rule else ())),
    )


def _said(message: str, findings: Sequence[Finding]) -> Said:
    confidence = max(finding.confidence for finding in findings)
    sights = [Sight(visible(f.evidence), place(f.location), f.fingerprint) for f in findings]
    return Said(
        visible(message),
        "" if confidence is Confidence.HIGH else f"{confidence} confidence",
        tuple(sights[:_SHOWN]),
        tuple(sights[_SHOWN:]),
    )


def _gap_sections(view: View, known: frozenset[str]) -> list[tuple[str, str, str, list[Missing]]]:
    return [
        (
            "not-examined",
            "Not examined",
            "These were found and not looked into. Nothing is known about what they would do.",
            _missing(view.report.skipped, known),
        ),
        (
            "failed",
            "Failed",
            "These could not be opened or read. Nothing is known about them.",
            _missing(view.report.failed, known),
        ),
    ]


def _missing(outcomes: Sequence[Skipped | Failed], known: frozenset[str]) -> list[Missing]:
    made: list[Missing] = []
    for gap in gaps(outcomes):
        paths = tuple(_path(path, known) for path in _distinct(gap.paths))
        reason = visible(gap.reason) or "no reason given"
        made.append(Missing(reason, paths[:_SHOWN], paths[_SHOWN:], len(gap.paths)))
    return made


def _explained(rule_id: str, anchor: str, view: View) -> Explained:
    rule = view.rules.get(rule_id)
    text = view.rule_help.get(rule_id, "") or (rule.fix if rule else "")
    return Explained(
        visible(rule_id),
        anchor,
        visible(rule.title) if rule else "",
        str(rule.severity) if rule else "",
        tuple(blocks(visible_lines(text))),
    )


def _asset(asset: Asset, known: frozenset[str]) -> tuple[Path, str, str, str]:
    digest = "" if asset.digest is None else visible(str(asset.digest))
    return _path(asset.path, known), visible(asset.format), size(asset.size), digest


def _measurement(entry: Measurement, known: frozenset[str]) -> tuple[Path, str, str, str]:
    return _path(entry.location.path, known), visible(entry.name), f"{entry.value:,g}", visible(entry.unit)


def _path(path: str, known: frozenset[str]) -> Path:
    file, member = split_member(path, known)
    folder, slash, name = file.rpartition("/")
    return Path(visible(folder + slash), visible(name), visible(member))


def size(count: int) -> str:
    """Bytes in the largest decimal unit that keeps the figure above one: ``1.2 GB``."""
    figure = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if figure < 1000:
            return f"{figure:.0f} {unit}" if unit == "bytes" else f"{figure:.3g} {unit}"
        figure /= 1000
    return f"{figure:,.4g} TB"


@cache
def template(name: str) -> jinja2.Template:
    """One of the templates of pages, which may import the macros of the others."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(resource),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["inline"] = inline
    return environment.get_template(name)


def style_and_digest(*names: str) -> tuple[str, str]:
    """The style sheets as one, and the digest by which the page's policy allows it."""
    style = "".join(map(resource, names))
    return style, base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


def resource(name: str) -> str:
    from importlib.resources import files

    return files("violet.report").joinpath("templates", name).read_text(encoding="utf-8")


def _distinct(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))
