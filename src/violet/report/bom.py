"""Bills of materials and their differences for readers: a terminal, or Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.bom import MODEL, NUMBERS, Bom, BomDifference, Change, ModelFacts, TensorSpec, identity_of
from violet.report.layout import BLANK, Line, Span, columns, line, printed, wrapped
from violet.report.visible import shortened, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain.bom import Dataset
    from violet.domain.component import Component
    from violet.domain.vulnerability import VulnerabilityReport

MOST_ROWS = 40
"""Rows of one list on a terminal; files have more."""
_LABEL = 20
_SIGNS = {"added": "+", "removed": "-", "upgraded": "↑", "downgraded": "↓", "changed": "~"}
_STYLES = {"added": "allow", "removed": "deny", "upgraded": "code", "downgraded": "warn", "changed": "code"}
_BASIS = {"measured": "seen", "declared": "declared", "claimed": "claimed"}


def console(
    bom: Bom,
    *,
    width: int | None = None,
    color: bool = False,
    full: bool = False,
    more: str = "",
    known: VulnerabilityReport | None = None,
) -> str:
    """The bill for a terminal. Long lists are cut unless ``full``; ``more`` is the command that shows all; ``known``
    is what is known of its packages, where that was asked for."""
    return printed(_lay_out(bom, columns(width), MOST_ROWS if not full else 1 << 30, more, known), color=color)


def _lay_out(bom: Bom, width: int, most: int, more: str, known: VulnerabilityReport | None) -> list[Line]:
    subject = bom.subject
    title = f"{subject.name} {subject.version}".strip()
    lines: list[Line] = [line(visible(title), "heading")]
    lines += _pairs([("type", subject.type), *((d.algorithm, d.value) for d in subject.hashes)], width)
    lines += _pairs(_facts_rows(bom.facts), width)
    if subject.licenses and not bom.facts.licenses:
        lines += _pairs([("licence", ", ".join(subject.licenses))], width)
    hidden = 0
    for heading, rows in _lists(bom) + _vulnerabilities(known):
        lines += [BLANK, line(f"{heading} ({len(rows):,})", "bold")]
        for row in rows[:most]:
            lines.append(line(shortened(visible(row), 400), "", 2))
        if len(rows) > most:
            hidden += len(rows) - most
            lines.append(line(f"and {len(rows) - most:,} more", "dim", 2))
    for heading, notes, style in (
        ("These disagree", _conflicts(bom), "warn"),
        ("Not known or not read", bom.gaps, "dim"),
    ):
        if notes:
            lines += [BLANK, line(heading, "bold")]
            for note in notes[:most]:
                lines += wrapped(visible(note), width, style, 2)
            hidden += max(len(notes) - most, 0)
    if hidden and more:
        lines += [BLANK, *wrapped(f"All of it: {more}", width, "dim")]
    return lines


def _conflicts(bom: Bom) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*bom.conflicts, *bom.facts.conflicts)))


def _pairs(rows: Iterable[tuple[str, str]], width: int) -> list[Line]:
    found: list[Line] = []
    for label, text in rows:
        if not text:
            continue
        shown = visible(shortened(text, 600))
        # What is one word (a digest, a URL) is kept whole, so that it can be copied.
        parts = wrapped(shown, width - _LABEL) if " " in shown else [line(shown)]
        found.append((Span(f"  {label:<{_LABEL - 2}}", "dim"), *parts[0]))
        found += [(Span(" " * _LABEL), *part) for part in parts[1:]]
    return found


def _facts_rows(facts: ModelFacts) -> list[tuple[str, str]]:
    counted = "" if facts.parameters is None else f"{facts.parameters:,}{_basis(facts, 'parameters')}"
    claimed = "" if facts.parameters_claimed is None else f"{facts.parameters_claimed:,} (claimed)"
    parameters = ", ".join(part for part in (counted, claimed) if part)
    types = ", ".join(f"{dtype} {number:,}" for dtype, number in facts.dtypes)
    settings = ", ".join(f"{name}={value}" for name, value in facts.hyperparameters[:12])
    if len(facts.hyperparameters) > 12:
        settings += f" and {len(facts.hyperparameters) - 12:,} more"
    return [
        ("format", facts.format),
        ("framework", f"{facts.framework} {facts.framework_version}".strip()),
        ("architecture", facts.architecture + _basis(facts, "architecture")),
        ("family", facts.family),
        ("task", " / ".join(part for part in (facts.task, facts.approach) if part)),
        ("tensors", "" if facts.tensors is None else f"{facts.tensors:,}"),
        ("parameters", parameters),
        ("elements by type", types),
        ("quantisation", facts.quantisation + _basis(facts, "quantisation")),
        ("inputs", _some([_spec(spec) for spec in facts.inputs])),
        ("outputs", _some([_spec(spec) for spec in facts.outputs])),
        ("tokenizer", facts.tokenizer),
        ("base model", ", ".join(facts.base_models)),
        ("licence", ", ".join(facts.licenses) + _basis(facts, "licenses")),
        ("languages", _some(list(facts.languages))),
        ("classes", _some(list(facts.classes))),
        ("settings", settings),
        ("producer", facts.producer),
        ("made", facts.created),
        ("from", facts.location),
        ("description", facts.description),
    ]


def _basis(facts: ModelFacts, name: str) -> str:
    """`` (counted)``: how far the fact can be believed."""
    bases = {str(source.basis) for source in facts.sources if source.fact == name}
    if not bases or not getattr(facts, name):
        return ""
    best = next((basis for basis in _BASIS if basis in bases), "claimed")
    if best == "measured" and name in NUMBERS:
        return " (counted)"
    return f" ({_BASIS[best]})"


def _spec(spec: TensorSpec) -> str:
    """A column needs no shape."""
    if spec.shape in ((), ("?",)):
        return f"{spec.name}: {spec.dtype}" if spec.dtype else spec.name
    return str(spec)


def _some(items: list[str]) -> str:
    shown = ", ".join(items[:10])
    return shown + (f" and {len(items) - 10:,} more" if len(items) > 10 else "")


def _lists(bom: Bom) -> list[tuple[str, list[str]]]:
    packages = [part for part in bom.components if identity_of(part)[0] == "package"]
    models = [part for part in bom.components if part.type == MODEL]
    files = [part for part in bom.components if part.type == "file"]
    others = [part for part in bom.components if part not in packages and part not in models and part not in files]
    found = [
        ("Packages", [_package(part) for part in packages]),
        ("Models", [_part(part) for part in models]),
        ("Data sets", [_dataset(part) for part in bom.datasets]),
        ("Metrics", [f"{m.name} {m.value}{f' on {m.dataset}' if m.dataset else ''}" for m in bom.facts.metrics]),
        ("Files", [_part(part) for part in files]),
        ("Other parts", [_part(part) for part in others]),
        ("References", [f"{r.kind} {r.location}" for r in bom.references]),
    ]
    return [(heading, rows) for heading, rows in found if rows]


def _vulnerabilities(known: VulnerabilityReport | None) -> list[tuple[str, list[str]]]:
    """Problems by component, and packages of which nothing can be told: that list is never taken for clean."""
    if known is None:
        return []
    rows = []
    for match in known.matches:
        level = str(match.severity) if match.severity is not None else "not rated"
        fixed = f"; repaired in {match.fixed[0]}" if match.fixed else "; no repaired version"
        possible = "; only if an affected version is installed" if match.exposure == "possible" else ""
        rows.append(f"{match.id}  {level}; {match.component.name} {match.component.version}{fixed}{possible}")
    found = [("Known vulnerabilities", rows or ["none in the imported advisories"])]
    unknown = [skipped.reason for skipped in known.skipped] + list(known.warnings)
    return found + ([("Nothing can be told of", unknown)] if unknown else [])


def _package(part: Component) -> str:
    version = part.version or part.specifier or "any version"
    notes = [", ".join(part.licenses), f"from {part.origin}" if part.origin else ""]
    if not part.version:
        notes.insert(0, "not pinned")
    return f"{part.name} {version}  " + "; ".join(note for note in notes if note)


def _part(part: Component) -> str:
    digest = f"  {part.hashes[0].algorithm}:{part.hashes[0].value[:16]}…" if part.hashes else ""
    return f"{part.name} {part.version}".rstrip() + digest


def _dataset(part: Dataset) -> str:
    bound = f"{part.digests[0].algorithm}:{part.digests[0].value[:16]}…" if part.digests else "no digest"
    where = "stated here" if part.origin == "stated" else f"named by {part.origin}"
    return f"{part.name}  {part.role or 'data'}; {bound}" + (f"; {where}" if part.origin else "")


# -- Markdown ----------------------------------------------------------------------------------------


def markdown(bom: Bom, known: VulnerabilityReport | None = None) -> str:
    """The bill as a page: facts with the places where they were read, then every list in full."""
    subject = bom.subject
    text = [f"# Bill of materials: {_md(f'{subject.name} {subject.version}'.strip())}", ""]
    text += ["| | |", "|---|---|", f"| type | {_md(subject.type)} |"]
    text += [f"| {_md(d.algorithm)} | `{_code(d.value)}` |" for d in subject.hashes]
    text += [f"| {label} | {_md(value)} |" for label, value in _facts_rows(bom.facts) if value]
    text.append("")
    if bom.facts.sources:
        text += ["## Where the facts were read", "", "| fact | basis | place | value |", "|---|---|---|---|"]
        text += [
            f"| {_md(s.fact)} | {s.basis} | `{_code(s.origin)}` | {_md(shortened(s.value, 120))} |"
            for s in bom.facts.sources
        ]
        text.append("")
    for kind, body in bom.facts.considerations:
        text += [f"## From the model card: {_md(kind)}", "", *(f"> {_md(row)}" for row in body.split("\n")), ""]
    for heading, rows in _lists(bom) + _vulnerabilities(known):
        text += [f"## {heading}", "", *(f"- {_md(row)}" for row in rows), ""]
    for heading, notes in (("These disagree", _conflicts(bom)), ("Not known or not read", bom.gaps)):
        if notes:
            text += [f"## {heading}", "", *(f"- {_md(note)}" for note in notes), ""]
    return "\n".join(text).rstrip("\n") + "\n"


def difference_markdown(found: BomDifference) -> str:
    text = [f"# {_md(found.before)} → {_md(found.after)}", ""]
    if found.empty:
        text += ["Nothing that a bill of materials tells has changed.", ""]
    for heading, changes in _sections(found):
        text += [f"## {heading}", "", "| | what | before | after |", "|---|---|---|---|"]
        text += [f"| {c.kind} | {_md(c.what)} | {_md(c.before)} | {_md(c.after)} |" for c in changes]
        text.append("")
    return "\n".join(text).rstrip("\n") + "\n"


def _md(text: str) -> str:
    """Text as it may stand in a cell or list entry: nothing in it is markup."""
    safe = visible(text).replace("\\", "\\\\")
    for character in "`*_[]<>|#":
        safe = safe.replace(character, "\\" + character)
    return safe


def _code(text: str) -> str:
    return visible(text).replace("`", "'").replace("|", "\\|")


# -- differences -------------------------------------------------------------------------------------


def difference_console(found: BomDifference, *, width: int | None = None, color: bool = False) -> str:
    wide = columns(width)
    lines: list[Line] = [line(f"{visible(found.before)} → {visible(found.after)}", "heading")]
    if found.empty:
        lines += [BLANK, line("Nothing that a bill of materials tells has changed.")]
    for heading, changes in _sections(found):
        lines += [BLANK, line(f"{heading} ({len(changes):,})", "bold")]
        for change in changes:
            lines += _change(change, wide)
    return printed(lines, color=color)


def _sections(found: BomDifference) -> list[tuple[str, Sequence[Change]]]:
    every = (
        ("The subject", found.subject),
        ("Facts", found.facts),
        ("Components", found.components),
        ("Licences", found.licenses),
        ("Data sets", found.datasets),
    )
    return [(heading, changes) for heading, changes in every if changes]


def _change(change: Change, width: int) -> list[Line]:
    sign, style = _SIGNS.get(change.kind, "~"), _STYLES.get(change.kind, "code")
    what = visible(shortened(change.what, 200))
    if change.kind in ("added", "removed"):
        value = change.after or change.before
        text = f"{what}  {visible(value)}" if value else what
    else:
        text = f"{what}  {visible(change.before) or 'nothing'} → {visible(change.after) or 'nothing'}"
    if change.kind in ("upgraded", "downgraded"):
        text += f"  ({change.kind})"
    parts = wrapped(text, width - 4)
    first = (Span(f"  {sign} ", style), *parts[0])
    return [first, *((Span("    "), *part) for part in parts[1:])]


__all__ = ["console", "difference_console", "difference_markdown", "markdown"]
