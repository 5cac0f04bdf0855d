"""The little Markdown that rule help is written in: headings, paragraphs, lists, code; and its plain form."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass


class Kind(enum.Enum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    CODE = "code"


class Mark(enum.Enum):
    TEXT = "text"
    CODE = "code"
    BOLD = "bold"


@dataclass(frozen=True, slots=True)
class Block:
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a paragraph, set in one way."""

    mark: Mark
    text: str


_HEADING = re.compile(r"#{1,6}\s+(.*?)\s*#*")
_ITEM = re.compile(r"\s{0,3}(?:[-*+]|[0-9]{1,3}[.)])\s+(.*)")
_FENCE = re.compile(r"\s{0,3}(```+|~~~+).*")
_UNDERLINE = re.compile(r"(=+|-{3,}|~{3,})\s*")
_INLINE = re.compile(r"(?P<ticks>`+)(?P<code>.+?)(?<!`)(?P=ticks)(?!`)|\*\*(?P<bold>[^*]+)\*\*")


def blocks(text: str) -> list[Block]:
    """The blocks of a help text, in order. Any text gives some; nothing is lost but the markup."""
    made: list[Block] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif fence := _FENCE.fullmatch(line):
            at = _fenced(lines, at + 1, fence[1], made)
        elif line.startswith("    "):
            at = _indented(lines, at, made)
        elif heading := _HEADING.fullmatch(line):
            made.append(Block(Kind.HEADING, heading[1]))
            at += 1
        elif item := _ITEM.fullmatch(line):
            at = _running(lines, at + 1, Kind.ITEM, item[1], made)
        elif at + 1 < len(lines) and _UNDERLINE.fullmatch(lines[at + 1]):
            made.append(Block(Kind.HEADING, line.strip()))
            at += 2
        else:
            at = _running(lines, at + 1, Kind.PARAGRAPH, line.strip(), made)
    return made


def inline(text: str) -> list[Run]:
    """The runs of a paragraph: code in backticks (one or two), bold in double asterisks, text."""
    runs: list[Run] = []
    at = 0
    for match in _INLINE.finditer(text):
        if match.start() > at:
            runs.append(Run(Mark.TEXT, text[at : match.start()]))
        if match["bold"] is not None:
            runs.append(Run(Mark.BOLD, match["bold"]))
        else:
            runs.append(Run(Mark.CODE, match["code"].strip() or match["code"]))
        at = match.end()
    if at < len(text):
        runs.append(Run(Mark.TEXT, text[at:]))
    return runs


def as_text(text: str) -> str:
    """The help without its markup, for viewers that show plain text only."""
    parts: list[str] = []
    previous = None
    for block in blocks(text):
        if block.kind is Kind.CODE:
            shown = "\n".join(f"    {line}" for line in block.text.split("\n"))
        else:
            shown = "".join(run.text for run in inline(block.text))
            shown = f"- {shown}" if block.kind is Kind.ITEM else shown
        tight = block.kind is Kind.ITEM and previous is Kind.ITEM
        parts.append(("\n" if tight else "\n\n") * bool(parts) + shown)
        previous = block.kind
    return "".join(parts)


def _fenced(lines: list[str], at: int, fence: str, made: list[Block]) -> int:
    start = at
    while at < len(lines) and not lines[at].strip().startswith(fence):
        at += 1
    made.append(Block(Kind.CODE, "\n".join(lines[start:at])))
    return at + 1


def _indented(lines: list[str], at: int, made: list[Block]) -> int:
    kept: list[str] = []
    while at < len(lines) and (lines[at].startswith("    ") or not lines[at].strip()):
        kept.append(lines[at][4:])
        at += 1
    made.append(Block(Kind.CODE, "\n".join(kept).rstrip()))
    return at


def _running(lines: list[str], at: int, kind: Kind, first: str, made: list[Block]) -> int:
    """A paragraph or list item up to the line that ends it."""
    kept = [first]
    while at < len(lines):
        line = lines[at]
        if not line.strip() or _ITEM.fullmatch(line) or _FENCE.fullmatch(line) or _HEADING.fullmatch(line):
            break
        kept.append(line.strip())
        at += 1
    made.append(Block(kind, " ".join(kept)))
    return at
