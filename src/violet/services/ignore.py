"""Ignore files, in the syntax of gitignore(5).

Implemented from git's manual: blank lines and ``#`` comments, ``!`` negation, the last match decides, ``/``
at the end for directories, a ``/`` elsewhere anchors to the file's directory, ``**`` across directories,
``[...]`` classes, backslash escapes, trailing spaces dropped unless escaped; what lies in an ignored
directory cannot be taken back.
"""

from __future__ import annotations

import re
from functools import lru_cache


class IgnoreRule:
    """One line of an ignore file."""

    __slots__ = ("directories_only", "expression", "line", "negated")

    def __init__(self, line: int, negated: bool, directories_only: bool, expression: re.Pattern[str]) -> None:
        self.line = line
        self.negated = negated
        self.directories_only = directories_only
        self.expression = expression


def parse_rule(text: str, line: int = 0) -> IgnoreRule | None:
    """The rule in one line; ``None`` for comments, blank lines and patterns that can match nothing."""
    text = _strip_trailing_spaces(text.rstrip("\r\n"))
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    if negated:
        text = text[1:]
    directories_only = text.endswith("/")
    if directories_only:
        text = text[:-1]
    if not text:
        return None
    expression = _compile(text)
    return None if expression is None else IgnoreRule(line, negated, directories_only, expression)


def deciding_rule(rules: list[IgnoreRule], path: str, is_directory: bool) -> IgnoreRule | None:
    """The last rule that matches ``path`` (relative, POSIX) itself; the caller does not descend into
    ignored directories, as git does not."""
    for rule in reversed(rules):
        if rule.directories_only and not is_directory:
            continue
        if rule.expression.fullmatch(path):
            return rule
    return None


def _strip_trailing_spaces(text: str) -> str:
    while text.endswith(" "):
        backslashes = len(text) - 1 - len(text[:-1].rstrip("\\"))
        if backslashes % 2:
            break
        text = text[:-1]
    return text


@lru_cache(maxsize=1024)
def _compile(pattern: str) -> re.Pattern[str] | None:
    anchored = "/" in pattern
    if pattern.startswith("/"):
        pattern = pattern[1:]
    parts: list[str] = [] if anchored else ["(?:.*/)?"]
    index = 0
    while index < len(pattern):
        if anchored and pattern.startswith("**", index) and (index == 0 or pattern[index - 1] == "/"):
            after = index + 2
            if after == len(pattern):
                parts.append(".+" if index else ".*")
                break
            if pattern[after] == "/":
                parts.append("(?:.*/)?")
                index = after + 1
                continue
        piece, index = _piece(pattern, index)
        if piece is None:
            return None
        parts.append(piece)
    return re.compile("".join(parts), re.DOTALL)


def _piece(pattern: str, index: int) -> tuple[str | None, int]:
    """The regular expression of one element of the pattern and where the next begins."""
    character = pattern[index]
    if character == "*":
        while index < len(pattern) and pattern[index] == "*":
            index += 1
        return "[^/]*", index
    if character == "?":
        return "[^/]", index + 1
    if character == "[":
        return _character_class(pattern, index)
    if character == "\\":
        if index + 1 == len(pattern):
            return None, index
        return re.escape(pattern[index + 1]), index + 2
    return re.escape(character), index + 1


_POSIX_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r" \t",
    "digit": "0-9",
    "lower": "a-z",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}


def _character_class(pattern: str, index: int) -> tuple[str | None, int]:
    """``[abc]``, ``[!a-z]``, ``[[:digit:]]``. One that is never closed matches nothing, as in git."""
    index += 1
    negated = index < len(pattern) and pattern[index] in "!^"
    index += negated
    parts: list[str] = []
    first = True
    while index < len(pattern) and (first or pattern[index] != "]"):
        first = False
        if pattern.startswith("[:", index) and (end := pattern.find(":]", index)) > 0:
            known = _POSIX_CLASSES.get(pattern[index + 2 : end])
            if known is None:
                return None, index
            parts.append(known)
            index = end + 2
            continue
        low, index = _class_character(pattern, index)
        if index + 1 < len(pattern) and pattern[index] == "-" and pattern[index + 1] != "]":
            high, index = _class_character(pattern, index + 1)
            if low <= high:
                parts.append(f"{re.escape(low)}-{re.escape(high)}")
        else:
            parts.append(re.escape(low))
    if index >= len(pattern):
        return None, index
    inside = "".join(parts)
    if not inside:
        return ("[^/]" if negated else "(?!)"), index + 1
    return (f"(?!/)[^{inside}]" if negated else f"(?!/)[{inside}]"), index + 1


def _class_character(pattern: str, index: int) -> tuple[str, int]:
    if pattern[index] == "\\" and index + 1 < len(pattern):
        return pattern[index + 1], index + 2
    return pattern[index], index + 1
