"""Path configuration files (``.pth``): Python runs their ``import`` lines at every start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Format, Parsed
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source
    from violet.formats.text.document import Document


class PathFacts:
    """``imports`` are the lines that are run, with their number from 1."""

    __slots__ = ("document", "imports")

    def __init__(self, document: Document, imports: tuple[tuple[int, str], ...]) -> None:
        self.document = document
        self.imports = imports


def _sniff(probe: Probe) -> Certainty:
    # PyTorch uses the suffix for checkpoints, which are not text
    if probe.suffix != ".pth" or probe.source.size > 1 << 20:
        return Certainty.NO
    return Certainty.LIKELY if is_textual(probe) else Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    from violet.formats.text.document import read_document, unexamined_parts

    document = read_document(source, reading)
    lines = enumerate(document.text.splitlines(), 1)
    imports = tuple((number, line) for number, line in lines if line.startswith(("import ", "import\t")))
    return Parsed(facts=PathFacts(document, imports), unexamined=unexamined_parts(document))


FORMAT = Format(
    "python-path", "Python path configuration", (".pth",), _sniff, _read, executable=True, rank=50, textual=True
)
