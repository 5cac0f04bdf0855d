"""The report as GitHub-flavoured Markdown, short enough for a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from violet.domain import Confidence, Failed, Finding, Skipped, Verdict
from violet.report.model import FileGroup, RuleGroup, by_file, gaps, place, sortable, summary, technique_url
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from violet.report import View

T = TypeVar("T")

# GitHub refuses comments of more than 65,536 characters; the summary and the tail need some of them.
_LONGEST = 60_000
_LONGEST_TAIL = 12_000
_PATHS_SHOWN = 3
_MESSAGES_SHOWN = 4
_EVIDENCE_SHOWN = 3
_TEXT_LENGTH = 300
_WORDS = {Verdict.ALLOW: "allowed", Verdict.WARN: "allowed with warnings", Verdict.DENY: "denied"}
_SPECIAL = re.compile(r"[\\`*_\[\]#|~$!]")
_LEADING = re.compile(r"\s*(?:[-+=]|[0-9]+(?=[.)]))")


def render(view: View) -> str:
    counts = summary(view.report)
    command = f" {escape(view.report.command)}" if view.report.command else ""
    head = [f"## Violet{command}: {_WORDS[view.decision.verdict]}", ""]
    head += [f"**{_capital(counts.severities())}**; {counts.examined()}.", ""]
    head += [f"- {escape(_clip(reason))}" for reason in view.decision.reasons[:20]]
    if view.decision.reasons:
        head.append("")
    tail = _tail(view)
    room = _LONGEST - sum(len(text) + 1 for text in head + tail)
    lines = head + _findings(view.report.findings, room) + tail
    return "\n".join(lines).rstrip("\n") + "\n"


def escape(text: str) -> str:
    """Text that Markdown shows as it is: no markup, HTML, links, mentions or line ends of its own."""
    shown = visible(text)
    shown = _SPECIAL.sub(lambda match: "\\" + match[0], shown.strip(" "))
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # Bare addresses and mentions become links without any markup, unless something stands within them.
    shown = shown.replace("://", "&#58;//").replace("www.", "www&#46;").replace("@", "@<!-- -->")
    leading = _LEADING.match(shown)
    if leading:
        at = leading.end()
        shown = f"{shown[:at]}\\{shown[at:]}" if shown[at - 1].isdigit() else f"{shown[: at - 1]}\\{shown[at - 1 :]}"
    return shown


def code(text: str) -> str:
    """A code span that holds ``text``, whatever backticks are in it; nothing for nothing."""
    shown = visible(text)
    if not shown:
        return ""
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _findings(findings: Sequence[Finding], room: int) -> list[str]:
    """File by file for as long as there is room; what is left out is counted."""
    lines: list[str] = []
    groups = by_file(findings)
    for number, group in enumerate(groups):
        made = _file(group)
        size = sum(len(text) + 1 for text in made)
        if size > room:
            left = sum(rest.count * len(rest.paths) for rest in groups[number:])
            return [*lines, f"**{left:,} more findings** are not shown here: see the full report.", ""]
        room -= size
        lines += made
    return lines


def _file(group: FileGroup) -> list[str]:
    names = ", ".join(code(_clip(path)) for path in group.paths[:_PATHS_SHOWN])
    left = len(group.paths) - _PATHS_SHOWN
    lines = [f"### {names}" + (f" and {left:,} more" if left > 0 else ""), ""]
    for rule in group.groups:
        lines += _rule(rule)
    return [*lines, ""]


def _rule(group: RuleGroup) -> list[str]:
    by_message: dict[str, list[Finding]] = {}
    for finding in group.findings:
        by_message.setdefault(finding.message, []).append(finding)
    head = f"- **{group.severity}** {code(group.rule)}"
    if len(by_message) == 1:
        message, found = next(iter(by_message.items()))
        lines = [f"{head}: {_said(message, found)}", *_sights(found, "  ")]
    else:
        lines = [f"{head}: {len(group.findings):,} findings"]
        for message in list(by_message)[:_MESSAGES_SHOWN]:
            lines += [f"  - {_said(message, by_message[message])}", *_sights(by_message[message], "    ")]
        left = sum(len(found) for found in list(by_message.values())[_MESSAGES_SHOWN:])
        if left:
            lines.append(f"  - and {left:,} more of this rule")
    techniques = _distinct(name for finding in group.findings for name in finding.techniques)
    if techniques:
        lines.append(f"  - ATLAS: {', '.join(_technique(name) for name in techniques[:10])}")
    for fix in _distinct(finding.fix for finding in group.findings if finding.fix)[:_EVIDENCE_SHOWN]:
        lines.append(f"  - Fix: {escape(_clip(fix))}")
    return lines


def _said(message: str, findings: Iterable[Finding]) -> str:
    confidence = max(finding.confidence for finding in findings)
    doubt = "" if confidence is Confidence.HIGH else f" ({confidence} confidence)"
    return escape(_clip(message)) + doubt


def _sights(findings: Iterable[Finding], indent: str) -> list[str]:
    seen = _distinct((finding.evidence, place(finding.location)) for finding in findings)
    seen = [entry for entry in seen if any(entry)]
    lines = [
        f"{indent}- " + " at ".join(filter(None, (code(_clip(evidence)), where)))
        for evidence, where in seen[:_EVIDENCE_SHOWN]
    ]
    if len(seen) > _EVIDENCE_SHOWN:
        lines.append(f"{indent}- and {len(seen) - _EVIDENCE_SHOWN:,} more")
    return lines


def _technique(name: str) -> str:
    address = technique_url(name)
    return f"[{name}]({address})" if address else escape(_clip(name))


def _tail(view: View) -> list[str]:
    lines = _gap_section("Not examined", view.report.skipped)
    lines += _gap_section("Failed", view.report.failed)
    lines += _accepted(view.report.accepted)
    if view.command_line:
        lines.append(f"Again: {code(shortened(view.command_line, 2000))}")
    return lines


def _gap_section(title: str, outcomes: Sequence[Skipped | Failed]) -> list[str]:
    groups = [(escape(_clip(gap.reason)) or "no reason given", gap.paths) for gap in gaps(outcomes)]
    return _folded(f"{title}: {len(outcomes):,}", groups)


def _accepted(findings: Sequence[Finding]) -> list[str]:
    rules: dict[str, list[str]] = {}
    for finding in findings:
        named = f"**{finding.severity}** {code(_clip(finding.rule))}"
        rules.setdefault(named, []).append(finding.location.path)
    groups = [(rule, rules[rule]) for rule in sorted(rules, key=sortable)]
    return _folded(f"Accepted, and not counted: {len(findings):,}", groups)


def _folded(title: str, groups: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    if not groups:
        return []
    lines = [f"<details><summary>{title}</summary>", ""]
    room = _LONGEST_TAIL
    for number, (reason, paths) in enumerate(groups):
        names = _distinct(sorted(paths, key=sortable))
        shown = ", ".join(code(_clip(name)) for name in names[:_PATHS_SHOWN] if name)
        left = len(names) - _PATHS_SHOWN
        entry = f"- {reason} ({len(paths):,}): {shown}" + (f" and {left:,} more" if left > 0 else "")
        room -= len(entry)
        if room < 0:
            lines.append(f"- and {len(groups) - number:,} more reasons")
            break
        lines.append(entry)
    return [*lines, "", "</details>", ""]


def _clip(text: str) -> str:
    return shortened(visible(text), _TEXT_LENGTH)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _distinct(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))
