"""What the tests of tensor formats share: read bytes as one format, and break valid files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

from violet.formats.base import Parsed, Reading
from violet.formats.registry import by_id, identify
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.source import Source

SMALL = Bounds(members=2_000, expanded=8 << 20, operations=200_000, text=1 << 16, table=1 << 20)


def read(
    format_id: str,
    data: bytes,
    name: str = "",
    bounds: Bounds | None = None,
    beside: dict[str, bytes] | None = None,
) -> Parsed:
    """Read ``data`` as the format, whatever its sniffer says. ``beside`` are the files around it."""
    entry = by_id()[format_id]
    assert entry.read is not None
    files = beside or {}

    def sibling(path: str) -> Source | None:
        return BytesSource(files[path]) if path in files else None

    limits = bounds or Bounds()
    reading = Reading(name, limits, Meter(limits), sibling=sibling, siblings=lambda: list(files))
    return entry.read(BytesSource(data), reading)


def survives(format_id: str, data: bytes, name: str = "") -> None:
    """Identify and read; only an exceeded bound may be raised. Children can be read where they lie."""
    source = BytesSource(data)
    identify(source, name)
    try:
        parsed = read(format_id, data, name, SMALL)
    except BoundExceededError:
        return
    for child in parsed.children:
        assert 0 <= child.source.size <= max(len(data), 4 << 20)
        child.source.read(0, 64)
    for defect in parsed.defects:
        assert defect.kind
        defect.message.encode("ascii")
        defect.key.encode("ascii")


def ids(data: bytes, name: str) -> list[str]:
    """What content is recognised as, the main format first."""
    return [entry.id for entry in identify(BytesSource(data), name)]


def kinds(parsed: Parsed) -> list[str]:
    return [defect.kind for defect in parsed.defects]


def mutations(build: Callable[[], bytes]) -> st.SearchStrategy[bytes]:
    """A valid file with a few bytes changed, a part cut out, or something put in."""
    valid = build()
    places = st.integers(0, len(valid))

    def change(edits: list[tuple[int, int, bytes]]) -> bytes:
        data = valid
        for place, drop, put in edits:
            data = data[:place] + put + data[place + drop :]
        return data

    edit = st.tuples(places, st.integers(0, 9), st.binary(max_size=9))
    return st.lists(edit, min_size=1, max_size=4).map(change)
