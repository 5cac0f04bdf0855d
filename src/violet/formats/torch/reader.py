"""Reads what the members of a PyTorch archive mean; the zip reader is what opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.formats.base import HEAD, Parsed, Probe
from violet.formats.tensors.layout import note, shown
from violet.formats.torch.facts import Records, ScriptFacts, TorchFacts
from violet.formats.torch.names import sort_names
from violet.formats.torch.script import bytecode_uses, program_uses

if TYPE_CHECKING:
    from violet.formats.base import Reading
    from violet.formats.source import Source

_MOST_TEXT = 64 << 20


def read_archive(source: Source, reading: Reading) -> Parsed:
    """Checkpoints, packages and exported programs: the names say all there is to know."""
    from violet.formats.archive import zip_names

    records = sort_names(zip_names(Probe(source, reading.name, source.read(0, HEAD))))
    parsed = Parsed(facts=TorchFacts(records))
    _roots(records, reading, parsed)
    return parsed


def read_script(source: Source, reading: Reading) -> Parsed:
    """TorchScript: which operators the program uses."""
    members = _members(source, reading)
    records = sort_names(name for name, _ in members)
    facts = ScriptFacts(native=records.native, python=records.python)
    parsed = Parsed(facts=facts)
    _roots(records, reading, parsed)
    code, bytecode = set(records.code), set(records.bytecode)
    left = _MOST_TEXT
    for name, content in members:
        if name in code and left > 0:
            data = _content(content, reading.bounds.text, parsed, name)
            left -= len(data)
            reading.meter.operate(len(data) >> 4)
            facts.sources += 1
            facts.uses.extend(program_uses(data.decode("utf-8", "replace"), name))
        elif name in bytecode:
            data = _content(content, reading.bounds.table, parsed, name)
            reading.meter.operate(len(data) >> 4)
            facts.uses.extend(bytecode_uses(data, name))
    if left <= 0:
        parsed.unexamined.append("the rest of the TorchScript program: it is too long")
    return parsed


def _members(source: Source, reading: Reading) -> list[tuple[str, Source | None]]:
    """Names and contents, those that share a name included: readers differ in which of them they take."""
    from violet.formats.archive import ArchiveFacts
    from violet.formats.registry import by_id

    zip_format = by_id().get("zip")
    if zip_format is None or zip_format.read is None:
        return []
    facts = zip_format.read(source, reading).facts
    if not isinstance(facts, ArchiveFacts):
        return []
    return [(member.name, member.source) for member in facts.members if not member.is_dir]


def _content(source: Source | None, most: int, parsed: Parsed, name: str) -> bytes:
    if source is None:
        parsed.unexamined.append(f"{shown(name)}, a part of the program: it cannot be opened")
        return b""
    if source.size > most:
        parsed.unexamined.append(f"{shown(name)}: longer than {most:,} bytes")
    return source.read(0, min(source.size, most))


def _roots(records: Records, reading: Reading, parsed: Parsed) -> None:
    dot = reading.name.rfind(".")
    suffix = reading.name[dot:].lower() if dot >= 0 else ""
    if len(records.roots) > 1 and suffix in (".pt", ".pth", ".bin", ".ckpt"):
        names = ", ".join(shown(root + "data.pkl") for root in records.roots[:4])
        text = f"The archive holds several object graphs ({names}): readers differ in which they load."
        note(parsed, "contradiction", text, key="several-data-pkl")
