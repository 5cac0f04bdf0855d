"""Python source: followed statement by statement without running it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format
from violet.formats.shell import interpreter
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

SUFFIXES = (".py", ".pyw", ".pyi")


def _sniff(probe: Probe) -> Certainty:
    program = interpreter(probe.head)
    if program.startswith((b"python", b"pypy", b"ipython")):
        return Certainty.CERTAIN
    if probe.suffix in SUFFIXES and not program and is_textual(probe):
        return Certainty.LIKELY
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.python_source.reader import read

    return read(source, reading)


FORMAT = Format("python", "Python source", SUFFIXES, _sniff, _read, executable=True, rank=60, textual=True)
