"""Rules explained: one for ``violet rules explain``, the list for ``violet rules``, all for the docs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from violet.domain import Rule, UsageError
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrap, wrapped
from violet.report.markdown import code, escape
from violet.report.model import WORST_FIRST, cwe_url, sortable, technique_url
from violet.report.prose import Block, Kind, Mark, blocks, inline
from violet.report.visible import visible, visible_lines

_FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
_HEADING = re.compile(r"(#{1,6})(\s.*)")
_DEEPEST = 6
_RULE_LEVEL = 3


def explain(
    rule: Rule, help_text: str = "", *, fmt: str = "console", width: int | None = None, color: bool = False
) -> str:
    """One rule with its help (Markdown). ``fmt`` is ``console`` or ``markdown``; else ``UsageError``."""
    if fmt == "console":
        return printed(_console(rule, help_text, columns(width)), color=color)
    if fmt == "markdown":
        return "\n".join([*_section(rule, help_text, level=1)]).rstrip("\n") + "\n"
    raise UsageError(f"A rule cannot be explained as {fmt!r}.", "Use console or markdown.")


def rules_list(rules: Iterable[Rule], *, width: int | None = None, color: bool = False) -> str:
    """Every rule on a line of its own (two where it is long), by id."""
    ordered = sorted(rules, key=lambda rule: sortable(rule.id))
    room = columns(width)
    longest = max((len(visible(rule.id)) for rule in ordered), default=0)
    title_at = 10 + longest + 2
    lines: list[Line] = []
    for rule in ordered:
        severity, name = str(rule.severity), visible(rule.id)
        head = (Span(severity, severity), Span(" " * (10 - len(severity))), Span(name, "bold"))
        if title_at + 24 > room:
            lines += [head, *wrapped(visible(rule.title), room, "", 10)]
            continue
        first, *rest = wrap(visible(rule.title), room - title_at)
        lines.append((*head, Span(" " * (longest + 2 - len(name))), Span(first)))
        lines += [line(part, "", title_at) for part in rest]
    return printed(lines, color=color)


def rules_reference(rules: Iterable[Rule], helps: Mapping[str, str]) -> str:
    """The rule reference as Markdown: families, an index for each, and every rule with its help."""
    families: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: sortable(rule.id)):
        families.setdefault(rule.id.partition("/")[0], []).append(rule)
    count = sum(len(members) for members in families.values())
    lines = ["# Rules", "", _INTRODUCTION.format(count=count, severities=_severities()), ""]
    for family, members in families.items():
        lines += [f"## {_family(family)}", "", "| Rule | Severity | What it finds |", "| --- | --- | --- |"]
        lines += [
            f"| [{escape(rule.id)}](#{_anchor(rule.id)}) | {rule.severity} | {escape(rule.title)} |" for rule in members
        ]
        lines.append("")
        for rule in members:
            lines += _section(rule, helps.get(rule.id, ""), level=_RULE_LEVEL)
    return "\n".join(lines).rstrip("\n") + "\n"


_INTRODUCTION = (
    "Violet has {count} rules. Each has its usual severity ({severities}); a finding may carry another where "
    "what was seen is more or less harmful. `violet rules explain ID` prints any of them. This page is made "
    "from the rules themselves by `make docs`."
)


def _severities() -> str:
    return ", ".join(str(severity) for severity in WORST_FIRST)


def _console(rule: Rule, help_text: str, width: int) -> list[Line]:
    severity = str(rule.severity)
    lines: list[Line] = [(Span(visible(rule.id), "heading"), Span("  "), Span(severity, severity))]
    lines += [*wrapped(visible(rule.title), width), BLANK]
    previous: Block | None = None
    for block in blocks(visible_lines(help_text)):
        if previous and previous.kind is Kind.ITEM and block.kind is not Kind.ITEM:
            lines.append(BLANK)
        lines += _block(block, width)
        previous = block
    if lines[-1] != BLANK:
        lines.append(BLANK)
    if rule.fix and not _tells_fix(help_text):
        lines += [*wrapped(f"Fix: {visible(rule.fix)}", width, "fix"), BLANK]
    for name, values in _facts(rule):
        lines.append((Span(f"{name + ':':<12}", "dim"), Span(values[0][0])))
        lines += [line(text, "", 12) for text, _ in values[1:]]
    return lines


def _block(block: Block, width: int) -> list[Line]:
    if block.kind is Kind.CODE:
        return [*(line(text, "code", 4) for text in block.text.split("\n")), BLANK]
    text = "".join(f"`{run.text}`" if run.mark is Mark.CODE else run.text for run in inline(block.text))
    if block.kind is Kind.HEADING:
        return [*wrapped(text, width, "heading")]
    if block.kind is Kind.ITEM:
        first, *rest = wrap(text, width - 4)
        return [line(f"- {first}", "", 2), *(line(part, "", 4) for part in rest)]
    return [*wrapped(text, width), BLANK]


def _facts(rule: Rule) -> list[tuple[str, list[tuple[str, str]]]]:
    """What is known of a rule beyond its help: names, and for each values with their addresses."""
    facts = [
        ("Stage", [(rule.stage.value, "")]),
        ("Cost", [(rule.cost.value, "")]),
        ("ATLAS", [(visible(name), technique_url(name)) for name in rule.techniques]),
        ("CWE", [(f"CWE-{number}", cwe_url(number)) for number in rule.cwe]),
        ("References", [(visible(reference), "") for reference in rule.references]),
    ]
    return [(name, values) for name, values in facts if values]


def _section(rule: Rule, help_text: str, level: int) -> list[str]:
    lines = [f"{'#' * level} {code(rule.id)}", ""]
    if rule.title:
        lines += [f"**{escape(rule.title)}**", ""]
    facts = [f"severity {rule.severity}"]
    for name, values in _facts(rule):
        if name == "References":
            continue
        shown = ", ".join(f"[{text}]({address})" if address else escape(text) for text, address in values)
        facts.append(f"{name if name.isupper() else name.lower()} {shown}")
    lines += [_capital("; ".join(facts)) + ".", ""]
    if help_text.strip():
        lines += [*_deeper(visible_lines(help_text).strip("\n"), level), ""]
    if rule.fix and not _tells_fix(help_text):
        lines += [f"**Fix:** {escape(rule.fix)}", ""]
    if rule.references:
        lines += ["**References:**", "", *(f"- {_reference(text)}" for text in rule.references), ""]
    return lines


def _deeper(text: str, level: int) -> list[str]:
    """Help with its headings below those of the rule that it belongs to; code is left alone."""
    lines: list[str] = []
    fence = ""
    for entry in text.split("\n"):
        mark = _FENCE.match(entry)
        if mark and not fence:
            fence = mark[1]
        elif fence and entry.strip().startswith(fence):
            fence = ""
        elif not fence and (heading := _HEADING.fullmatch(entry)):
            depth = min(max(len(heading[1]), level + 1), _DEEPEST)
            entry = "#" * depth + heading[2]
        lines.append(entry)
    return lines


def _reference(text: str) -> str:
    shown = visible(text)
    return f"<{shown}>" if re.fullmatch(r"https://[^\s<>]+", shown) else escape(text)


def _tells_fix(help_text: str) -> bool:
    return any(block.kind is Kind.HEADING and "fix" in block.text.lower() for block in blocks(help_text))


def _family(name: str) -> str:
    return escape(_capital(name.replace("_", " ").replace("-", " ")))


def _anchor(rule_id: str) -> str:
    """The anchor that GitHub and Python-Markdown make of the rule's heading."""
    return re.sub(r"[^\w\- ]", "", visible(rule_id).lower()).replace(" ", "-")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
