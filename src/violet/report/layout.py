"""Lines of styled spans: one layout that is printed plainly or in colour, so that the two agree.

Plain output needs no package; colour is left to rich, which is loaded only then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

DEFAULT_WIDTH = 80
_NARROWEST, _WIDEST = 40, 120

# Terminal palette names, so that the reader's own theme decides on the shades.
_STYLES = {
    "critical": "bold white on red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
    "deny": "bold red",
    "warn": "bold yellow",
    "allow": "bold green",
    "heading": "bold",
    "evidence": "magenta",
    "fix": "green",
    "dim": "dim",
    "code": "cyan",
    "bold": "bold",
}


class Span:
    """A run of text in one style; the text is made visible by whoever made it."""

    __slots__ = ("style", "text")

    def __init__(self, text: str, style: str = "") -> None:
        self.text = text
        self.style = style


Line = tuple[Span, ...]
BLANK: Line = ()


def line(text: str, style: str = "", indent: int = 0) -> Line:
    return (Span(" " * indent), Span(text, style)) if indent else (Span(text, style),)


def columns(width: int | None) -> int:
    """The width to lay out for: what was asked for within readable bounds."""
    return min(max(width or DEFAULT_WIDTH, _NARROWEST), _WIDEST)


def wrapped(text: str, width: int, style: str = "", indent: int = 0) -> list[Line]:
    return [line(part, style, indent) for part in wrap(text, width - indent)]


def wrap(text: str, width: int) -> list[str]:
    """``text`` in lines of at most ``width`` terminal cells, broken at spaces, or within a longer word."""
    lines: list[str] = []
    current, used = "", 0
    for word in text.split(" "):
        size = cells(word)
        if current and used + 1 + size <= width:
            current, used = f"{current} {word}", used + 1 + size
            continue
        if current:
            lines.append(current)
        while size > width:
            head = _fitting(word, width)
            lines.append(head)
            word = word[len(head) :]
            size = cells(word)
        current, used = word, size
    lines.append(current)
    return [part.rstrip(" ") for part in lines if part] or [""]


def cells(text: str) -> int:
    """The terminal cells that ``text`` takes: East Asian wide characters take two."""
    return len(text) if text.isascii() else sum(map(_cell, text))


def plain(lines: Iterable[Line]) -> str:
    return "".join("".join(span.text for span in entry) + "\n" for entry in lines)


def colored(lines: Sequence[Line]) -> str:
    """The same text with terminal colours, whatever the environment says of the present terminal."""
    import io

    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        force_jupyter=False,
        color_system="standard",
        no_color=False,
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        width=1000,
        _environ={},
    )
    text = Text()
    for entry in lines:
        for span in entry:
            text.append(span.text, _STYLES.get(span.style, ""))
        text.append("\n")
    with console.capture() as capture:
        console.print(text, soft_wrap=True, end="")
    return capture.get()


def printed(lines: Sequence[Line], *, color: bool) -> str:
    return colored(lines) if color else plain(lines)


def _cell(character: str) -> int:
    import unicodedata

    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _fitting(word: str, width: int) -> str:
    used = 0
    for index, character in enumerate(word):
        used += 1 if character.isascii() else _cell(character)
        if used > width:
            return word[: max(index, 1)]
    return word
