"""Which formats there are, and which of them a piece of content is."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from violet.domain.discovery import module_names
from violet.formats.base import HEAD, Certainty, Format, Probe
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
    """The formats worth asking about content that begins with this byte (-1: that is empty)."""
    return tuple(
        entry
        for entry in formats()
        if (not entry.first or (first >= 0 and first in entry.first)) and not (binary and entry.textual)
    )


def identify(source: Source, name: str) -> tuple[Format, ...]:
    """What the content is, the main format first. Several where the content is several things at once
    (a polyglot); empty where nothing is known about it."""
    probe = Probe(source, name, source.read(0, HEAD))
    head = probe.head
    binary = b"\x00" in head[:1024] and not head.startswith((b"\xff\xfe", b"\xfe\xff"))
    scored: list[tuple[int, int, Format]] = []
    best = Certainty.POSSIBLE
    for entry in _candidates(head[0] if head else -1, binary):
        certainty = entry.sniff(probe)
        if certainty:
            scored.append((-certainty, entry.rank, entry))
            best = max(best, certainty)
    if not scored:
        return ()
    scored.sort(key=lambda item: item[:2])
    if best == Certainty.POSSIBLE:
        return (scored[0][2],)
    return tuple(entry for negative, _, entry in scored if -negative >= Certainty.LIKELY)
