"""A small part of YAML 1.1, enough for the files that MLflow and conda write: block mappings and lists, plain and
quoted scalars, one-line flow lists. What is beyond that part is named in ``strange``, never guessed at."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

Yaml = str | list["Yaml"] | dict[str, "Yaml"] | None

DEEPEST = 24
MOST_LINES = 20_000


@dataclass(slots=True)
class YamlText:
    """``value`` is what was understood; ``strange`` names, with line numbers, the syntax that was not;
    ``lines`` tells at which line each top-level key stands."""

    value: Yaml = None
    strange: list[tuple[int, str]] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    indent: int
    text: str


@cache
def _key() -> re.Pattern[str]:
    return re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s"'\[\]{}#&*!|>%@`,?][^#]*?))\s*:(?:\s+|$)""")


def parse(text: str) -> YamlText:
    """Read a text. Never raises: what is not understood is in ``strange``."""
    result = YamlText()
    lines: list[_Line] = []
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if number > MOST_LINES:
            result.strange.append((number, "too many lines"))
            break
        if stripped in ("---", "...") and raw.startswith(stripped):
            if lines:
                result.strange.append((number, "more than one document"))
                break
            continue
        if raw.startswith("%"):
            result.strange.append((number, stripped[:40]))
            continue
        if "\t" in raw[: len(raw) - len(raw.lstrip())]:
            result.strange.append((number, "a tab as indentation"))
        lines.append(_Line(number, len(raw) - len(raw.lstrip(" ")), stripped))
    reader = _Reader(lines, result)
    if lines:
        result.value = reader.block(lines[0].indent, 0)
        if reader.at < len(lines):
            result.strange.append((lines[reader.at].number, "indentation that fits nothing"))
    return result


class _Reader:
    def __init__(self, lines: list[_Line], result: YamlText) -> None:
        self.lines = lines
        self.at = 0
        self.result = result

    def block(self, indent: int, depth: int) -> Yaml:
        """The value that starts at the current line, whose lines are indented by ``indent``."""
        if depth > DEEPEST:
            self._strange("nested too deep")
            self.at = len(self.lines)
            return None
        first = self.lines[self.at]
        if first.text == "-" or first.text.startswith("- "):
            return self._list(indent, depth)
        if _key().match(first.text):
            return self._mapping(indent, depth)
        self.at += 1
        return self._scalar(first.text, indent)

    def _list(self, indent: int, depth: int) -> Yaml:
        items: list[Yaml] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.indent != indent or not (line.text == "-" or line.text.startswith("- ")):
                break
            rest = line.text[1:].strip()
            if not rest:
                self.at += 1
                items.append(self._below(indent, depth))
            else:
                inner = indent + len(line.text) - len(line.text[1:].lstrip())
                self.lines[self.at] = _Line(line.number, inner, rest)
                items.append(self.block(inner, depth + 1))
        return items

    def _mapping(self, indent: int, depth: int) -> Yaml:
        made: dict[str, Yaml] = {}
        while self.at < len(self.lines):
            line = self.lines[self.at]
            match = _key().match(line.text)
            if line.indent != indent or match is None:
                if line.indent == indent and not line.text.startswith("-"):
                    self._strange("not a key")
                    self.at += 1
                    continue
                break
            key = self._key_text(match)
            if depth == 0:
                self.result.lines.setdefault(key, line.number)
            if key in made:
                self._strange(f"the key {key[:40]!r} twice")
            rest = line.text[match.end() :].strip()
            self.at += 1
            if not rest or rest.startswith("#"):
                made[key] = self._below(indent, depth, lists=True)
            else:
                made[key] = self._scalar(rest, indent)
        return made

    def _below(self, indent: int, depth: int, *, lists: bool = False) -> Yaml:
        if self.at >= len(self.lines):
            return None
        following = self.lines[self.at]
        if following.indent > indent:
            return self.block(following.indent, depth + 1)
        if lists and following.indent == indent and following.text.startswith("-"):
            return self._list(indent, depth + 1)
        return None

    def _key_text(self, match: re.Match[str]) -> str:
        double, single, plain = match.groups()
        if double is not None:
            return self._unescape(double)
        if single is not None:
            return single.replace("''", "'")
        if plain == "<<":
            self._strange("a merge key")
        return str(plain)

    def _scalar(self, text: str, indent: int) -> Yaml:
        if text[0] in "&*!":
            self._strange(text[:60])
        if text[0] in "|>":
            return self._literal(indent)
        if text[0] in "\"'":
            return self._quoted(text)
        if text[0] == "[":
            return self._flow(text)
        if text[0] == "{":
            if text.split("#")[0].strip() == "{}":
                return {}
            self._strange("a mapping in braces")
            return text
        text = text.split(" #")[0].strip()
        while self.at < len(self.lines) and self.lines[self.at].indent > indent:
            text += " " + self.lines[self.at].text
            self.at += 1
        return None if text in ("null", "~") else text

    def _literal(self, indent: int) -> str:
        parts = []
        while self.at < len(self.lines) and self.lines[self.at].indent > indent:
            parts.append(self.lines[self.at].text)
            self.at += 1
        return "\n".join(parts)

    def _quoted(self, text: str) -> str:
        quote = text[0]
        while not self._closed(text, quote) and self.at < len(self.lines):
            text += " " + self.lines[self.at].text
            self.at += 1
        if not self._closed(text, quote):
            self._strange("a quote that is not closed")
            return text[1:]
        inner = text[1 : text.rindex(quote)]
        return self._unescape(inner) if quote == '"' else inner.replace("''", "'")

    @staticmethod
    def _closed(text: str, quote: str) -> bool:
        if quote == "'":
            body = text[1:].split(" #")[0].rstrip()
            return body.endswith("'") and (len(body) - len(body.rstrip("'"))) % 2 == 1
        body = text[1:].rstrip()
        if not body.endswith('"'):
            return False
        slashes = len(body[:-1]) - len(body[:-1].rstrip("\\"))
        return slashes % 2 == 0

    def _flow(self, text: str) -> Yaml:
        body = text.split(" #")[0].strip()
        while not body.endswith("]") and self.at < len(self.lines):
            body += " " + self.lines[self.at].text
            self.at += 1
        inner = body[1:-1]
        if any(mark in inner for mark in "[]{}&*!"):
            self._strange("a nested flow list")
        return [part.strip().strip("'\"") for part in inner.split(",") if part.strip()]

    def _unescape(self, text: str) -> str:
        if "\\" not in text:
            return text

        def plain(match: re.Match[str]) -> str:
            code = match.group(1)
            if code[0] in "xuU":
                number = int(code[1:], 16)
                return chr(number) if number < 0x110000 else ""
            return {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "e": "\x1b"}.get(code, code)

        return re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", plain, text)

    def _strange(self, what: str) -> None:
        number = self.lines[min(self.at, len(self.lines) - 1)].number if self.lines else 0
        if len(self.result.strange) < 50:
            self.result.strange.append((number, what))
