"""Dockerfiles and Containerfiles: instructions, stages and what they start from, never built.

Source: Docker's "Dockerfile reference": parser directives, continuation, comments, heredocs, the scope of ``ARG``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.base import Parsed
from violet.formats.project.images import Image, image
from violet.formats.shell.commands import Command, hostile_commands
from violet.formats.text.document import Document, read_document, unexamined_parts
from violet.formats.text.region import Lines, Region

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

MOST_INSTRUCTIONS = 5_000
LONGEST = 1 << 20
"""Characters of one file that are read."""
LONGEST_VALUE = 4_096


@dataclass(frozen=True, slots=True)
class Heredoc:
    """The text between ``<<NAME`` and ``NAME``, and where it starts."""

    name: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: ``name`` in capitals, its ``flags`` (``--from=...``), the ``text`` of its arguments with
    continued lines joined (``start`` is where that begins; every character keeps its distance from it)."""

    name: str
    text: str
    region: Region
    start: int
    stage: int
    flags: dict[str, str]
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def line(self) -> int:
        return self.region.line

    @property
    def words(self) -> list[str]:
        """The arguments: of the JSON form, its texts; else what stands between blanks."""
        stripped = self.text.strip()
        if stripped.startswith("["):
            try:
                made = json.loads(stripped)
            except (ValueError, RecursionError):
                made = None
            if isinstance(made, list):
                return [word for word in made if isinstance(word, str)]
        return stripped.split()

    @property
    def command(self) -> str:
        """What a shell gets to see of ``RUN``, ``CMD`` and ``ENTRYPOINT``."""
        stripped = self.text.strip()
        if stripped.startswith("[") and self.words:
            words = self.words
            return words[-1] if len(words) > 2 and words[1].startswith("-") and "c" in words[1] else " ".join(words)
        return self.text


@dataclass(slots=True)
class Stage:
    """One ``FROM``. ``image`` is what it starts from, with arguments filled in where they are known; ``None``
    where it starts from an earlier stage or from ``scratch``. ``region`` is the place of the reference."""

    index: int
    name: str
    image: Image | None
    written: str
    region: Region
    user: str = ""
    runs: int = 0


@dataclass(slots=True)
class DockerfileFacts:
    """``commands`` are the hostile ones of ``RUN`` and its kin, each with its line."""

    document: Document
    instructions: list[Instruction] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    commands: list[tuple[int, Command]] = field(default_factory=list)
    problem: str = ""

    def of(self, *names: str) -> list[Instruction]:
        """The instructions of these names."""
        return [instruction for instruction in self.instructions if instruction.name in names]


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading, LONGEST)
    facts = parse(document)
    unexamined = unexamined_parts(document)
    if document.truncated:
        unexamined.append("instructions beyond the bound on text")
    if facts.problem:
        unexamined.append(f"the rest of a Dockerfile that {facts.problem}")
    return Parsed(facts=facts, unexamined=unexamined)


def parse(document: Document) -> DockerfileFacts:
    """What a Dockerfile says. Never raises."""
    facts = DockerfileFacts(document)
    lines = Lines(document.text)
    _Parser(document.text, facts, lines).run()
    _follow(facts, lines)
    for instruction in facts.of("RUN", "CMD", "ENTRYPOINT", "ONBUILD", "HEALTHCHECK"):
        for command in hostile_commands(instruction.command):
            exact = instruction.command is instruction.text
            line = document.line(instruction.start + command.start) if exact else instruction.line
            facts.commands.append((line, command))
        for heredoc in instruction.heredocs:
            for command in hostile_commands(heredoc.text):
                facts.commands.append((document.line(heredoc.start + command.start), command))
    return facts


@cache
def _instruction() -> re.Pattern[str]:
    return re.compile(r"\s*([A-Za-z]+)(?:\s+|$)")


@cache
def _flag() -> re.Pattern[str]:
    return re.compile(r"--([a-z][\w-]*)(?:=(\"[^\"]*\"|\S*))?\s*")


@cache
def _heredoc() -> re.Pattern[str]:
    return re.compile(r"<<(-?)\s*([\"']?)([A-Za-z_][\w.-]*)\2")


class _Parser:
    def __init__(self, text: str, facts: DockerfileFacts, lines: Lines) -> None:
        self.source = text
        self.facts = facts
        self.lines = lines
        self.starts = [*self.lines.starts, len(text)]
        self.escape = _escape_of(text)
        self.number = 0
        self.stage = -1

    def run(self) -> None:
        while self.number < len(self.starts) - 1:
            if len(self.facts.instructions) >= MOST_INSTRUCTIONS:
                self.facts.problem = "holds more instructions than are read"
                return
            start = self.starts[self.number]
            text = self._logical_line()
            if text.strip():
                self._take(start, text)

    def _line(self, number: int) -> str:
        return self.source[self.starts[number] : self.starts[number + 1]]

    def _logical_line(self) -> str:
        """The next instruction; comments and empty lines within it are blank, and every character keeps its
        distance from the start."""
        parts: list[str] = []
        while self.number < len(self.starts) - 1:
            raw = self._line(self.number)
            self.number += 1
            body = raw.rstrip("\r\n")
            ended = len(raw) - len(body)
            stripped = body.strip()
            if stripped.startswith("#") or (parts and not stripped):
                parts.append(" " * len(raw))
                if len(parts) == 1:
                    break
                continue
            trimmed = body.rstrip(" \t")
            if trimmed.endswith(self.escape):
                parts.append(trimmed[:-1] + " " * (len(body) - len(trimmed) + 1 + ended))
                continue
            parts.append(body)
            break
        return "".join(parts)

    def _take(self, start: int, text: str) -> None:
        match = _instruction().match(text)
        if match is None:
            return
        name = match.group(1).upper()
        flags: dict[str, str] = {}
        at = match.end()
        while (flag := _flag().match(text, at)) is not None and len(flags) < 50:
            flags[flag.group(1)] = (flag.group(2) or "").strip('"')
            at = flag.end()
        heredocs = self._heredocs(text[at:]) if name in ("RUN", "COPY", "ADD") else ()
        if name == "FROM":
            self.stage += 1
        lead = len(text) - len(text.lstrip())
        end = self.starts[self.number] if heredocs else start + len(text.rstrip())
        region = self.lines.region(start + lead, end)
        made = Instruction(name, text[at:].rstrip(), region, start + at, self.stage, flags, heredocs)
        self.facts.instructions.append(made)

    def _heredocs(self, text: str) -> tuple[Heredoc, ...]:
        found: list[Heredoc] = []
        for match in list(_heredoc().finditer(text))[:10]:
            name = match.group(3)
            first = self.starts[self.number]
            while self.number < len(self.starts) - 1:
                raw = self._line(self.number).rstrip("\r\n")
                self.number += 1
                if (raw.lstrip("\t") if match.group(1) else raw) == name:
                    break
            else:
                self.facts.problem = f"leaves the heredoc {name[:40]} open"
            end = self.starts[max(self.number - 1, 0)]
            found.append(Heredoc(name, self.source[first : max(first, end)], first))
        return tuple(found)


def _escape_of(text: str) -> str:
    """The character that continues a line, as a directive among the first comments may say."""
    for line in text.split("\n", 10)[:10]:
        match = re.match(r"\s*#\s*([a-zA-Z]+)\s*=\s*(\S+)", line)
        if match is None:
            break
        if match.group(1).lower() == "escape" and match.group(2) in ("`", "\\"):
            return match.group(2)
    return "\\"


def _follow(facts: DockerfileFacts, lines: Lines) -> None:
    """Stages, with the arguments that are known filled in."""
    first: dict[str, str] = {}
    names: dict[str, Stage] = {}
    for instruction in facts.instructions:
        if instruction.name == "ARG" and not facts.stages:
            for name, value in assignments(instruction):
                first[name] = expand(value, first)
        elif instruction.name == "FROM":
            facts.stages.append(_stage(len(facts.stages), instruction, first, names, lines))
            names[facts.stages[-1].name.lower()] = facts.stages[-1]
        elif facts.stages and instruction.name == "USER":
            facts.stages[-1].user = expand(instruction.text.strip(), first)
        elif facts.stages and instruction.name in ("RUN", "CMD", "ENTRYPOINT"):
            facts.stages[-1].runs += 1


def _stage(index: int, instruction: Instruction, known: dict[str, str], names: dict[str, Stage], lines: Lines) -> Stage:
    words = instruction.text.split()
    written = words[0] if words else ""
    name = words[2] if len(words) > 2 and words[1].lower() == "as" else ""
    start = instruction.start + instruction.text.find(written)
    region = lines.region(start, start + len(written))
    reference = expand(written, known)
    stage = Stage(index, name, None, written, region)
    earlier = names.get(reference.lower()) if reference else None
    if earlier is not None:
        stage.user = earlier.user
    elif reference.lower() != "scratch":
        stage.image = image(reference)
    return stage


def assignments(instruction: Instruction) -> list[tuple[str, str]]:
    """The names and values that ``ARG``, ``ENV`` and ``LABEL`` set."""
    text = instruction.text.strip()
    if instruction.name == "ENV" and re.match(r"[A-Za-z_]\w*\s+[^=\s]", text) and "=" not in text.split()[0]:
        name, _, value = text.partition(" ")
        return [(name, value.strip()[:LONGEST_VALUE])]
    found = []
    for match in re.finditer(r"([A-Za-z_][\w.-]*)(?:=(\"(?:[^\"\\]|\\.)*\"|'[^']*'|(?:[^\s\\]|\\.)*))?", text):
        value = match.group(2) or ""
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found.append((match.group(1), value[:LONGEST_VALUE]))
        if len(found) >= 500:
            break
    return found


@cache
def _variable() -> re.Pattern[str]:
    return re.compile(r"\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^{}]*))?\})")


def expand(text: str, known: dict[str, str]) -> str:
    """``$NAME``, ``${NAME}``, ``${NAME:-default}`` and ``${NAME:+other}`` filled in where they are known, and left
    as they are where not."""

    def value(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        found, operator, other = known.get(name, ""), match.group(3) or "", match.group(4) or ""
        if "-" in operator:
            return found or other
        if "+" in operator:
            return other if found else ""
        return found or match.group(0)

    return _variable().sub(value, text)[:LONGEST_VALUE]
