"""Whether bytes without a magic number are a pickle, told by running the symbolic machine on them."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from violet.formats.pickle.machine import Machine
from violet.formats.source import BoundExceededError, Bounds, BytesSource, Meter

if TYPE_CHECKING:
    from violet.formats.pickle.facts import Stream
    from violet.formats.source import Source

TRIED = 8192
"""Bytes of a candidate that are tried."""
MOST_CANDIDATES = 20_000
MOST_FOLLOWED = 16 << 20
"""Bytes that all candidates of one source together are followed for: lists of words hold thousands of them."""
MOST_FOUND = 16
CANDIDATE = (
    rb"\x80[\x00-\x05][\x28\x29\x4b\x4e\x55\x58\x5d\x63\x71\x7d\x8a\x8c\x8f\x95]"
    rb"|[ci](?=[A-Za-z_][\w.]{1,60}\n[A-Za-z_][\w.]{0,60}\n)"  # one may begin within another
    rb"|(?:\x8c.|X.\x00\x00\x00)[A-Za-z_][\w.]{1,60}(?:\x94|q.)?(?:\x8c.|X.\x00\x00\x00)[A-Za-z_][\w.]{0,60}(?:\x94|q.)?\x93"
)


def _dotted(name: str) -> bool:
    """Whether it is identifiers with dots between them, as the names of modules are."""
    return all(part.isidentifier() for part in name.split("."))


def could_be_pickle(source: Source, start: int) -> bool:
    """Whether a pickle without PROTO begins at ``start``: it reaches STOP where the data ends, or it
    imports and calls something before it breaks."""
    data = source.read(start, TRIED)
    stream = _try(data)
    if _executes(stream):
        return True
    if stream.broken:
        return source.size - start > TRIED and _ran_out(stream) and _goes_on(source, start)
    rest = data[stream.end :]
    return stream.end > 1 and not rest.strip(b"\x00\r\n\t ") and source.size - start <= TRIED


def _ran_out(stream: Stream) -> bool:
    """Whether a trial broke because the bytes tried were too few."""
    return stream.broken.startswith("ends ") or stream.end >= TRIED - 16


def _goes_on(source: Source, start: int) -> bool:
    """Whether what is valid as far as the trial went is a pickle as a whole."""
    try:
        stream = Machine(source.window(start, source.size - start), 0, Meter(Bounds())).run()
    except BoundExceededError:
        return True
    return _executes(stream) or (not stream.broken and stream.end == source.size - start)


def ends_as_pickle(source: Source, start: int) -> bool:
    """Whether what begins at ``start`` reaches STOP, behind a stream that did: loaders that read on take it."""
    stream = _try(source.read(start, TRIED))
    return not stream.broken and stream.end > 1


def holds_pickle(source: Source) -> bool:
    """Whether bytes that begin like a pickle are one: they end as one, or act before they break."""
    stream = Machine(source, 0, Meter(Bounds())).run()
    return not stream.broken or _executes(stream)


def _try(data: bytes) -> Stream:
    return Machine(BytesSource(data), 0, Meter(Bounds())).run()


def _executes(stream: Stream) -> bool:
    return imports_something(stream) or bool(stream.computed_calls)


def imports_something(stream: Stream) -> bool:
    """Whether a trial came to an import that is no accident."""
    for found in stream.globals:
        if found.computed:
            # Three bytes in any data are an extension code: only a use of what it stands for is no accident.
            if found.called or found.constructed or not stream.broken:
                return True
            continue
        if not _dotted(found.module) or not _dotted(found.name):
            continue
        if found.called or found.constructed or (stream.protocol > 1 and not stream.broken):
            return True
        if stream.protocol > 1 and found.module.partition(".")[0] in sys.stdlib_module_names:
            return True  # in lists of words, "cos" before "cosine" is an import too: there a use is asked for
    return False


def carve(source: Source, meter: Meter, start: int = 0) -> list[int]:
    """Offsets from ``start`` on at which a pickle begins that imports something, as far as the meter lets it search."""
    found: list[int] = []
    tried = followed = 0
    window = 1 << 20
    offset = start
    last = -1
    end = start + meter.carve(max(source.size - start, 0))
    while offset < end:
        data = source.read(offset, window + 256)
        possible = b"\x80" in data or b"\x93" in data or data.count(b"\n") > 1  # one of them is in every candidate
        for match in re.finditer(CANDIDATE, data) if possible else ():
            at = offset + match.start()
            if at <= last or at >= end or match.start() >= window:
                continue
            tried += 1
            if tried > MOST_CANDIDATES or followed > MOST_FOLLOWED:
                meter.unsearched += end - at
                return found
            stream = _try(source.read(at, TRIED))
            followed += stream.end
            if _executes(stream):
                found.append(at)
                last = at + stream.end
                if len(found) >= MOST_FOUND:
                    return found
        offset += window
    return found
