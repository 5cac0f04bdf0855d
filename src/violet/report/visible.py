"""Hostile text made harmless: what cannot be seen is written out as an escape.

Names, messages and evidence come from files under examination. A terminal obeys escape sequences,
bidirectional controls reorder what a reader sees (CVE-2021-42574), unpaired surrogates are not Unicode
text, and XML forbids most control characters. All of these are shown as ``\\x1b`` or ``\\u202e``.
"""

from __future__ import annotations

from violet.domain.shell import INVISIBLE


def visible(text: str) -> str:
    """``text`` on one line, with every character that is not plainly seen replaced by its escape.

    ``str.isprintable`` is false for control, format, surrogate, private-use and unassigned characters,
    for line and paragraph separators and for blanks other than the space.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() and c not in INVISIBLE else escaped(c) for c in text)


def visible_lines(text: str) -> str:
    """``visible``, but with line ends kept: for text that has a layout of its own, such as rule help."""
    return "\n".join(visible(line.replace("\t", "    ")) for line in text.split("\n"))


def escaped(character: str) -> str:
    """The Python escape of one character: ``\\n``, ``\\x1b``, ``\\u202e`` or ``\\U000e0001``."""
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character)
    if named:
        return named
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def shortened(text: str, limit: int) -> str:
    """``text`` with its middle left out where it is longer than ``limit`` characters."""
    if len(text) <= limit:
        return text
    note = f" ... ({len(text):,} characters) ... "
    keep = max(limit - len(note), 8)
    head = keep * 2 // 3
    return text[:head] + note + text[len(text) - (keep - head) :]
