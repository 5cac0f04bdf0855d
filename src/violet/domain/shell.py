"""Commands that Violet prints, written so that they run when they are pasted.

Names of files hold whatever their makers like. A report shows what cannot be seen as an escape, so a command that
held such a character as it is would name another file. It is written as ``$'...'`` instead, which bash and zsh read
byte by byte (POSIX.1-2024, Shell Command Language, 2.2.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

INVISIBLE = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)
"""Printable by their category, yet drawn as nothing or as a blank: fillers, joiners, variation selectors."""

_NAMED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "'": "\\'", "\\": "\\\\"}


def quote(word: str) -> str:
    """One word of a command line, as a shell reads it; with nothing in it that a terminal would obey or hide."""
    if all(map(_plain, word)):
        import shlex  # only reports print commands: nothing else pays for loading it

        return shlex.quote(word)
    return f"$'{''.join(map(_escaped, word))}'"


def join(words: Iterable[str]) -> str:
    """A whole command line."""
    return " ".join(map(quote, words))


def _plain(character: str) -> bool:
    return character.isprintable() and character not in INVISIBLE


def _escaped(character: str) -> str:
    named = _NAMED.get(character)
    if named or _plain(character):
        return named or character
    # Bytes of a name that are no UTF-8 stand in Python's texts as surrogates (PEP 383); others are of no name.
    octets = character.encode("utf-8", "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass")
    return "".join(f"\\x{octet:02x}" for octet in octets)
