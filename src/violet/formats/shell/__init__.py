"""Shell scripts, batch files and PowerShell: recognised, searched for hostile commands, never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source

_SHELLS = (b"sh", b"bash", b"dash", b"zsh", b"ksh", b"ash", b"fish", b"csh", b"tcsh", b"pwsh", b"busybox")
_OTHERS = (b"perl", b"ruby", b"node", b"php", b"osascript", b"awk", b"lua", b"deno", b"tclsh")
_WINDOWS = (".bat", ".cmd", ".ps1", ".psm1", ".vbs", ".wsf", ".hta")
_NAMED = (".sh", ".bash", ".zsh", ".ksh", *_WINDOWS)


def interpreter(head: bytes) -> bytes:
    """The program that a ``#!`` line names (``env`` and options left out), or ``b""``."""
    if not head.startswith(b"#!"):
        return b""
    words = head[2:256].split(b"\n", 1)[0].split()
    for word in words:
        name = word.rpartition(b"/")[2]
        if name != b"env" and not name.startswith(b"-") and b"=" not in name:
            return name
    return b""


def _sniff(probe: Probe) -> Certainty:
    if probe.head[:1] not in (b"#", b"@", b"e", b"E") and probe.suffix not in _NAMED:
        return Certainty.NO
    program = interpreter(probe.head)
    if program in _SHELLS or program.rstrip(b"0123456789.") in _OTHERS:
        return Certainty.CERTAIN
    if probe.head[:16].lstrip(b"@").lower().startswith((b"echo off\r", b"echo off\n")):
        return Certainty.CERTAIN
    if probe.suffix in _NAMED and is_textual(probe):
        return Certainty.LIKELY
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.shell.commands import ShellFacts, busy_from, hostile_commands
    from violet.formats.text.document import read_document, unexamined_parts

    document = read_document(source, reading)
    unexamined = unexamined_parts(document)
    if document.truncated:
        unexamined.append("a script longer than is read")
    if (busy := busy_from(document.text)) is not None:
        unexamined.append(f"commands beyond character {busy:,} of an overlong script")
    return Parsed(facts=ShellFacts(document, hostile_commands(document.text)), unexamined=unexamined)


FORMAT = Format(
    "shell",
    "Script",
    (".sh", ".bash", ".zsh", ".ksh", *_WINDOWS),
    _sniff,
    _read,
    executable=True,
    rank=60,
)
