"""What was put right, and what was not: for a terminal, as JSON, and as Markdown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import shell
from violet.report.layout import BLANK, Line, Span, cells, columns, line, printed, wrapped
from violet.report.visible import shortened, visible, visible_lines

if TYPE_CHECKING:
    from violet.domain.fix import Conversion, ConvertedTensor, Edit, Fix, FixReport, UndoReport, Unfixed

FORMATS = ("console", "json", "markdown")
SCHEMA = "violet-fix/1"
_MARGIN = 2
_BODY = 4
_TENSORS_SHOWN = 12
_PLAIN_SHOWN = 8
_DIFF_SHOWN = 200
_LONGEST = 200


@dataclass(slots=True, eq=False, repr=False)
class FixView:
    """``command_line`` reproduces the report; ``width`` is in terminal cells (``None``: 80)."""

    report: FixReport
    command_line: str = ""
    width: int | None = None
    color: bool = False


def render(view: FixView, fmt: str) -> str:
    """The report in one of ``FORMATS``, ending in one newline, free of control characters."""
    if fmt == "json":
        return json.dumps(document(view.report), indent=2, ensure_ascii=True) + "\n"
    if fmt == "markdown":
        return _markdown(view)
    return printed(_lines(view), color=view.color)


def digest_command(path: str, offset: int, size: int) -> str:
    """A shell command that prints the SHA-256 of a part of a file without Violet."""
    return f"tail -c +{offset + 1} {shell.quote(path)} | head -c {size} | sha256sum"


# -- JSON --------------------------------------------------------------------------------------------


def document(report: FixReport) -> dict[str, Any]:
    """``schema``, ``version``, ``rehearsed``, ``files``, ``journal`` (``null``: nothing was changed), and the lists
    ``fixes``, ``unfixed`` and ``unexamined``; ``exit_code``."""
    return {
        "schema": SCHEMA,
        "version": report.version,
        "rehearsed": report.rehearsed,
        "files": report.files,
        "journal": visible(report.journal) or None,
        "fixes": [_fix_json(fix) for fix in report.fixes],
        "unfixed": [_unfixed_json(item) for item in report.unfixed],
        "unexamined": [{"path": visible(u.path), "reason": visible(u.reason)} for u in report.unexamined],
        "exit_code": report.exit_code,
    }


def _fix_json(fix: Fix) -> dict[str, Any]:
    value: dict[str, Any] = {
        "action": fix.action,
        "path": visible(fix.path),
        "before": str(fix.before),
        "after": str(fix.after) if fix.after else None,
        "attestation": visible(fix.attestation) or None,
    }
    if fix.conversion is not None:
        value["conversion"] = {**_conversion_json(fix.conversion), "attestation": value["attestation"]}
    else:
        value["edits"] = [
            {
                "line": edit.line,
                "cell": edit.cell or None,
                "summary": visible(edit.summary),
                "text": visible_lines(edit.text),
                "replacement": visible_lines(edit.replacement),
            }
            for edit in fix.edits
        ]
        value["diff"] = visible_lines(fix.diff)
    return value


def _conversion_json(conversion: Conversion) -> dict[str, Any]:
    return {
        "target": visible(conversion.target),
        "layout": conversion.layout,
        "contents": str(conversion.contents),
        "size": conversion.size,
        "calls": {visible(name): count for name, count in conversion.calls},
        "plain_values": conversion.plain_count,
        "plain": [[visible(place), visible(value)] for place, value in conversion.plain],
        "aliases": {visible(name): visible(first) for name, first in conversion.aliases},
        "quarantined": visible(conversion.quarantined) or None,
        "tensors": [
            {
                "name": visible(t.name),
                "dtype": t.dtype,
                "shape": list(t.shape),
                "size": t.size,
                "digest": f"sha256:{t.digest}",
                "kind": t.kind,
                "offset": t.offset,
                "source_offset": t.source_offset,
            }
            for t in conversion.tensors
        ],
    }


def _unfixed_json(item: Unfixed) -> dict[str, Any]:
    return {
        "action": item.action,
        "path": visible(item.path),
        "line": item.line or None,
        "cell": item.cell or None,
        "offset": item.offset,
        "reason": visible(item.reason),
        "advice": visible(item.advice),
        "evidence": visible(item.evidence),
    }


# -- console -----------------------------------------------------------------------------------------


def _lines(view: FixView) -> list[Line]:
    width = columns(view.width)
    report = view.report
    lines: list[Line] = []
    for fix in report.fixes:
        lines += [*_fix(fix, report.rehearsed, width), BLANK]
    if report.unfixed:
        lines.append(line(f"Not fixed: {len(report.unfixed):,}", "heading"))
        for item in report.unfixed:
            lines += _unfixed(item, width)
        lines.append(BLANK)
    if report.unexamined:
        lines.append(line(f"Not examined: {len(report.unexamined):,}", "heading"))
        for gap in report.unexamined:
            lines += [line(visible(gap.path), "", _MARGIN), *wrapped(visible(gap.reason), width, "dim", _BODY)]
        lines.append(BLANK)
    lines += wrapped(summary(report), width, "bold" if report.exit_code == 0 else "warn")
    if report.journal:
        lines.append(line(f"Undo: violet fix --undo {shell.quote(report.journal)}", "code"))
    elif report.rehearsed and report.fixes:
        lines.append(line("Nothing was changed. Without --dry-run these changes are made.", "dim"))
    return lines


def summary(report: FixReport) -> str:
    """One line: how many files, how many changes, what remains."""
    verb = "would be fixed" if report.rehearsed else "fixed"
    parts = [
        f"{len(report.fixes):,} {_files(len(report.fixes))} {verb}",
        f"{len(report.unfixed):,} not fixed",
        f"{report.files:,} examined",
    ]
    if report.unexamined:
        parts.append(f"{len(report.unexamined):,} not examined")
    return "; ".join(parts)


def _files(count: int) -> str:
    return "file" if count == 1 else "files"


def _fix(fix: Fix, rehearsed: bool, width: int) -> list[Line]:
    lines = [line(visible(fix.path), "heading")]
    if fix.conversion is not None:
        return lines + _conversion(fix, fix.conversion, rehearsed, width)
    for edit in fix.edits:
        lines += wrapped(f"{_where(edit)}{visible(edit.summary)}", width, "fix", _MARGIN)
    if rehearsed:
        shown = fix.diff.splitlines()
        for text in shown[:_DIFF_SHOWN]:
            style = {"+": "allow", "-": "high", "@": "dim"}.get(text[:1], "")
            lines.append(line(visible(text), style, _MARGIN))
        if len(shown) > _DIFF_SHOWN:
            lines.append(line(f"... {len(shown) - _DIFF_SHOWN:,} more lines: --format json", "dim", _MARGIN))
    return lines + _attestation(fix)


def _attestation(fix: Fix) -> list[Line]:
    return [line(f"Attestation: {visible(fix.attestation)}", "", _MARGIN)] if fix.attestation else []


def _where(edit: Edit) -> str:
    return f"cell {edit.cell}, line {edit.line}: " if edit.cell else f"line {edit.line}: "


def _conversion(fix: Fix, conversion: Conversion, rehearsed: bool, width: int) -> list[Line]:
    verb = "would become" if rehearsed else "became"
    lines = wrapped(f"{verb} {visible(conversion.target)}", width, "fix", _MARGIN)
    calls = ", ".join(f"{visible(name)} ({count:,})" for name, count in conversion.calls)
    lines += wrapped(f"Proven to hold tensors only; its calls: {calls or 'none'}", width, "", _MARGIN)
    lines += _table(conversion.tensors)
    if conversion.aliases:
        shown = ", ".join(f"{visible(a)} = {visible(b)}" for a, b in conversion.aliases[:_PLAIN_SHOWN])
        lines += wrapped(f"Share their elements: {shown}{_more(len(conversion.aliases), _PLAIN_SHOWN)}", width, "", 2)
    if conversion.plain_count:
        shown = ", ".join(f"{visible(p)} = {visible(shortened(v, 40))}" for p, v in conversion.plain[:_PLAIN_SHOWN])
        text = f"Plain values, kept in the metadata: {shown}{_more(conversion.plain_count, _PLAIN_SHOWN)}"
        lines += wrapped(text, width, "", _MARGIN)
    lines.append(line(f"before    {conversion.before}", "dim", _MARGIN))
    if conversion.after is not None:
        lines.append(line(f"after     {conversion.after}", "dim", _MARGIN))
    lines.append(line(f"contents  {conversion.contents}", "dim", _MARGIN))
    if conversion.quarantined:
        lines.append(line(f"The original is now {visible(conversion.quarantined)}", "", _MARGIN))
    return lines + _attestation(fix) + _reproduce(conversion)


def _more(count: int, shown: int) -> str:
    return f" and {count - shown:,} more" if count > shown else ""


def _table(tensors: tuple[ConvertedTensor, ...]) -> list[Line]:
    shown = tensors[:_TENSORS_SHOWN]
    rows = [
        (visible(shortened(t.name, 48)), t.dtype, "x".join(map(str, t.shape)) or "scalar", t.digest[:16]) for t in shown
    ]
    rows.insert(0, ("tensor", "type", "shape", "sha256"))
    widths = [max(cells(row[column]) for row in rows) for column in range(3)]
    lines: list[Line] = []
    for number, row in enumerate(rows):
        text = "  ".join(part + " " * (size - cells(part)) for part, size in zip(row[:3], widths, strict=True))
        lines.append((Span(" " * _BODY), Span(f"{text}  {row[3]}", "dim" if number == 0 else "")))
    if len(tensors) > len(shown):
        lines.append(line(f"and {len(tensors) - len(shown):,} more: --format json", "dim", _BODY))
    return lines


def _reproduce(conversion: Conversion) -> list[Line]:
    """Commands that print the digest of one tensor before and after."""
    sized = [t for t in conversion.tensors if t.size]
    if not sized:
        return []
    chosen = max(sized, key=lambda tensor: (tensor.source_offset is not None, tensor.size))
    lines: list[Line] = []
    if chosen.source_offset is not None:
        command = digest_command(conversion.quarantined or conversion.source, chosen.source_offset, chosen.size)
        lines.append(line(visible(command), "code", _BODY))
    if conversion.after is not None:
        lines.append(line(visible(digest_command(conversion.target, chosen.offset, chosen.size)), "code", _BODY))
    title = f"The digest of {visible(shortened(chosen.name, 48))} again, without Violet:"
    return [line(title, "dim", _MARGIN), *lines] if lines else []


def _unfixed(item: Unfixed, width: int) -> list[Line]:
    place = visible(item.path)
    if item.cell:
        place += f", cell {item.cell}"
    if item.line:
        place += f":{item.line}" if not item.cell else f", line {item.line}"
    lines = [line(place, "", _MARGIN), *wrapped(visible(item.reason), width, "warn", _BODY)]
    if item.evidence:
        at = f"  byte {item.offset:,}" if item.offset is not None else ""
        lines += wrapped(f"{visible(shortened(item.evidence, _LONGEST))}{at}", width, "evidence", _BODY)
    elif item.offset is not None:
        lines.append(line(f"byte {item.offset:,}", "evidence", _BODY))
    if item.advice:
        lines += wrapped(visible(item.advice), width, "fix", _BODY)
    return lines


# -- Markdown ----------------------------------------------------------------------------------------


def _markdown(view: FixView) -> str:
    report = view.report
    parts = ["# violet fix", "", f"{_escaped(summary(report))}.", ""]
    for fix in report.fixes:
        parts += [f"## {_escaped(visible(fix.path))}", ""]
        if fix.conversion is not None:
            parts += _markdown_conversion(fix.conversion)
        else:
            parts += [f"- {_escaped(_where(edit))}{_escaped(visible(edit.summary))}" for edit in fix.edits]
            parts += ["", *_fenced(visible_lines(fix.diff).rstrip("\n"), "diff"), ""]
    if report.unfixed:
        parts += ["## Not fixed", ""]
        for item in report.unfixed:
            place = visible(item.path) + (f":{item.line}" if item.line else "")
            text = f"- **{_escaped(place)}**: {_escaped(visible(item.reason))}."
            parts.append(f"{text} {_escaped(visible(item.advice))}".rstrip())
        parts.append("")
    if report.unexamined:
        parts += ["## Not examined", ""]
        parts += [f"- **{_escaped(visible(u.path))}**: {_escaped(visible(u.reason))}" for u in report.unexamined]
        parts.append("")
    if report.journal:
        parts += [*_fenced(f"violet fix --undo {shell.quote(report.journal)}", "sh"), ""]
    return "\n".join(parts).rstrip("\n") + "\n"


def _markdown_conversion(conversion: Conversion) -> list[str]:
    target, count = _escaped(visible(conversion.target)), len(conversion.tensors)
    parts = [
        f"Becomes {target}; {count:,} tensors, {conversion.size:,} bytes, contents `{conversion.contents}`.",
        "",
        "| tensor | type | shape | SHA-256 |",
        "|---|---|---|---|",
    ]
    for t in conversion.tensors:
        shape = " × ".join(map(str, t.shape)) or "scalar"
        parts.append(f"| {_escaped(visible(t.name))} | {t.dtype} | {shape} | `{t.digest}` |")
    return [*parts, ""]


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]<>()#+-!|~" else c for c in text)


def _fenced(text: str, language: str) -> list[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}{language}", text, fence]


def render_undo(report: UndoReport, fmt: str) -> str:
    """What was taken back. JSON: ``schema``, ``journal``, ``restored``, ``unfixed``, ``exit_code``."""
    if fmt == "json":
        value = {
            "schema": "violet-fix-undo/1",
            "journal": visible(report.journal),
            "restored": [visible(path) for path in report.restored],
            "unfixed": [_unfixed_json(item) for item in report.unfixed],
            "exit_code": report.exit_code,
        }
        return json.dumps(value, indent=2) + "\n"
    lines = [f"as before: {visible(path)}" for path in report.restored]
    lines += [f"not restored: {visible(item.path)}: {visible(item.reason)}" for item in report.unfixed]
    lines.append(f"{len(report.restored):,} restored, {len(report.unfixed):,} not")
    return "\n".join(lines) + "\n"
