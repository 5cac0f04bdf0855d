"""Ollama's ``Modelfile``: names the weights, and may bring a template and a system prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import Certainty, Child, Format, Parsed, Relation
from violet.formats.source import BytesSource
from violet.formats.text import is_textual

if TYPE_CHECKING:
    from violet.formats.base import Probe, Reading
    from violet.formats.source import Source


def _sniff(probe: Probe) -> Certainty:
    if not (probe.head.startswith(b"FROM ") or probe.name.lower().startswith("modelfile")):
        return Certainty.NO
    named = any(b"\n" + word in probe.head for word in (b"TEMPLATE ", b"PARAMETER ", b"SYSTEM ", b"ADAPTER "))
    return Certainty.LIKELY if named and b"FROM " in probe.head and is_textual(probe) else Certainty.NO


def _read(source: Source, reading: Reading) -> Parsed:
    import re

    from violet.formats.jinja.reader import suspects
    from violet.formats.text.document import read_document, unexamined_parts

    document = read_document(source, reading)
    parsed = Parsed(facts=document, unexamined=unexamined_parts(document))
    for match in re.finditer(r'^(TEMPLATE|SYSTEM)\s+(?:"""([\s\S]*?)"""|(.*))', document.text, re.MULTILINE):
        text = match.group(2) or match.group(3) or ""
        # its templates are Go's; one that names what leads out of Jinja's sandbox is meant for Jinja
        if suspects(text):
            name = match.group(1).lower()
            parsed.children.append(Child(name, BytesSource(text.encode()), Relation.TEXT, format="jinja"))
    return parsed


FORMAT = Format("modelfile", "Ollama Modelfile", ("modelfile",), _sniff, _read, inert=True, rank=75, textual=True)
