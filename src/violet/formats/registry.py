"""Which formats there are, and which of them a piece of content is."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from violet.domain.discovery import module_names
from violet.formats.base import HEAD, Certainty, Format, Probe, never
from violet.formats.source import Source


@cache
def formats() -> tuple[Format, ...]:
    """Every format, by rank and then id. Raises ``ValueError`` where two share an id."""
    import violet.formats as package

    found: dict[str, Format] = {}
    for name in module_names(package.__path__):
        loaded = import_module(f"violet.formats.{name}")
        declared = getattr(loaded, "FORMATS", None) or (getattr(loaded, "FORMAT", None),)
        for entry in declared:
            if entry is None:
                continue
            if entry.id in found:
                raise ValueError(f"two formats are called {entry.id!r}")
            found[entry.id] = entry
    return tuple(sorted(found.values(), key=lambda f: (f.rank, f.id)))


@cache
def by_id() -> dict[str, Format]:
    return {entry.id: entry for entry in formats()}


@cache
def by_suffix() -> dict[str, tuple[Format, ...]]:
    """For each suffix or whole name, the formats that are expected under it."""
    table: dict[str, list[Format]] = {}
    for entry in formats():
        for suffix in entry.suffixes:
            table.setdefault(suffix, []).append(entry)
    return {suffix: tuple(entries) for suffix, entries in table.items()}


def expected(name: str) -> tuple[Format, ...]:
    """The formats that the name announces; empty where the name says nothing."""
    lowered = name.lower()
    table = by_suffix()
    if lowered in table:
        return table[lowered]
    dot = lowered.rfind(".")
    return table.get(lowered[dot:], ()) if dot >= 0 else ()


@cache
def _candidates(first: int, binary: bool) -> tuple[Format, ...]:
    """The formats worth asking about content that begins with this byte (-1: that is empty), one by one."""
    return tuple(entry for entry in _possible(first, binary) if not _shared(entry))


@cache
def _marked(first: int, binary: bool) -> tuple[tuple[int, tuple[bytes, ...], tuple[Format, ...]], ...]:
    """The formats that are told by a mark at an offset: by offset, all the marks there, and the formats."""
    table: dict[int, list[tuple[tuple[bytes, ...], Format]]] = {}
    for entry in _possible(first, binary):
        marks = getattr(entry.sniff, "marks", None)
        if marks is not None:
            table.setdefault(marks[0], []).append((marks[1], entry))
    return tuple((at, tuple(m for marks, _ in e for m in marks), tuple(f for _, f in e)) for at, e in table.items())


@cache
def _named(first: int, binary: bool) -> dict[str, tuple[Format, ...]]:
    """The formats that are told by the name alone, by suffix."""
    table: dict[str, tuple[Format, ...]] = {}
    for entry in _possible(first, binary):
        for suffix in getattr(entry.sniff, "suffixes", ()):
            table[suffix] = (*table.get(suffix, ()), entry)
    return table


def _shared(entry: Format) -> bool:
    """Whether one look decides for several formats at once."""
    return hasattr(entry.sniff, "marks") or hasattr(entry.sniff, "suffixes")


def _possible(first: int, binary: bool) -> tuple[Format, ...]:
    return tuple(
        entry
        for entry in formats()
        if (not entry.first or (first >= 0 and first in entry.first))
        and not (binary and entry.textual)
        and entry.sniff is not never
    )


def identify(source: Source, name: str) -> tuple[Format, ...]:
    """What the content is, the main format first. Several where the content is several things at once
    (a polyglot); empty where nothing is known about it."""
    probe = Probe(source, name, source.read(0, HEAD))
    head = probe.head
    binary = b"\x00" in head[:1024] and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
    first = head[0] if head else -1
    scored = [(-certainty, e.rank, e.id, e) for e in _candidates(first, binary) if (certainty := e.sniff(probe))]
    for at, marks, entries in _marked(first, binary):
        if head.startswith(marks, at):
            scored.extend((-certainty, e.rank, e.id, e) for e in entries if (certainty := e.sniff(probe)))
    for entry in _named(first, binary).get(probe.suffix, ()):
        if certainty := entry.sniff(probe):
            scored.append((-certainty, entry.rank, entry.id, entry))
    if not scored:
        return ()
    scored.sort(key=lambda item: item[:3])
    if scored[0][0] == -Certainty.POSSIBLE:
        return (scored[0][3],)
    return tuple(entry for negative, _, _, entry in scored if -negative >= Certainty.LIKELY)
