"""Jinja templates (chat templates above all): parsed by Jinja's own parser, never compiled or rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Parsed, Probe, Reading
    from violet.formats.source import Source

SUFFIXES = (".jinja", ".jinja2", ".j2", ".tpl")
_NOT_ALONE = (
    ".html",
    ".htm",
    ".md",
    ".rst",
    ".py",
    ".json",
    ".tex",
    ".yaml",
    ".yml",
    ".xml",
    ".tp",
    ".pyx",
    ".pxd",
    ".pxi",
)
"""Names of other things that braces can begin; Cython's ``.tp`` are templates of another language."""


def _sniff(probe: Probe) -> Certainty:
    if probe.suffix in SUFFIXES[:3]:
        return Certainty.LIKELY if is_textual(probe) else Certainty.NO
    start = probe.head[:64].lstrip()[:3]
    if start[:2] in (b"{%", b"{{", b"{#") and probe.suffix not in _NOT_ALONE and is_textual(probe):
        closing = {b"{%": b"%}", b"{{": b"}}", b"{#": b"#}"}[start[:2]]
        return Certainty.LIKELY if closing in probe.head else Certainty.NO
    return Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.jinja.reader import read

    return read(source, reading)


FORMAT = Format("jinja", "Jinja template", SUFFIXES, _sniff, _read, executable=True, rank=60, textual=True)
