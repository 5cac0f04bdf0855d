"""Answered requests and alerts on their way between a gateway and the judge beside it.

A frame is four bytes of length, big-endian, and MessagePack. Arrays go as their bytes: taking a batch apart and putting
it together again costs less than a microsecond a row.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from violet.runtime.alerts.documents import alert_document, bounded
from violet.runtime.batching import Observed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain.alert import Alert

    Array = NDArray[Any]

LARGEST = 64 << 20
"""Bytes of one frame. Both ends are Violet's own; a longer one means that something is broken."""
_HEAD = struct.Struct("!I")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


class BrokenFrameError(ValueError):
    """What came is no frame."""


def pack(message: Any) -> bytes:
    body = _encode(message)
    return _HEAD.pack(len(body)) + body


class Unpacker:
    """Frames out of a stream that comes in pieces."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Messages that are complete now. Raises ``BrokenFrameError``."""
        held = self._held
        held += data
        begin = 0
        while len(held) - begin >= 4:
            (size,) = _HEAD.unpack_from(held, begin)
            if size > LARGEST:
                raise BrokenFrameError(f"a frame of {size:,} bytes")
            if len(held) - begin - 4 < size:
                break
            body = bytes(held[begin + 4 : begin + 4 + size])
            begin += 4 + size
            try:
                yield _decode(body)
            except msgspec.DecodeError as error:
                raise BrokenFrameError(str(error)) from error
        del held[:begin]


def batch_message(model: str, batch: Sequence[Observed]) -> list[Any]:
    """Requests of one model, all with as many columns."""
    sizes = [len(one.raw) for one in batch]
    widths = [one.scores.shape[1] if one.scores is not None else 0 for one in batch]
    raw = np.concatenate([one.raw for one in batch]) if batch else np.empty((0, 0))
    scores = [one.scores for one in batch if one.scores is not None]
    flat = np.concatenate([part.reshape(-1) for part in scores]) if scores else np.empty(0)
    figures = np.array([(one.at, one.seconds, one.size, one.status) for one in batch], np.float64)
    told = any(one.labels or one.texts or one.answers for one in batch)
    return [
        "batch",
        model,
        [one.id for one in batch],
        [one.client for one in batch],
        sizes,
        widths,
        raw.shape[1],
        np.ascontiguousarray(raw, np.float64).tobytes(),
        flat.astype(np.float32, copy=False).tobytes(),
        figures.tobytes(),
        [(list(one.labels), list(one.texts), list(one.answers)) for one in batch] if told else [],
    ]


def batch_of(message: Sequence[Any]) -> tuple[str, list[Observed]]:
    """What ``batch_message`` made of it."""
    _, model, ids, clients, sizes, widths, columns, raw_bytes, score_bytes, figure_bytes, told = message
    raw = np.frombuffer(raw_bytes, np.float64).reshape(sum(sizes), columns)
    scores = np.frombuffer(score_bytes, np.float32)
    figures = np.frombuffer(figure_bytes, np.float64).reshape(len(ids), 4).tolist()
    found: list[Observed] = []
    row = cell = 0
    for place, (name, client, rows, width) in enumerate(zip(ids, clients, sizes, widths, strict=True)):
        at, seconds, size, status = figures[place]
        own = None
        if width:
            own = scores[cell : cell + rows * width].reshape(rows, width)
            cell += rows * width
        labels, texts, answers = told[place] if told else ((), (), ())
        found.append(
            Observed(
                id=name,
                at=at,
                client=client,
                raw=raw[row : row + rows],
                scores=own,
                labels=labels,
                seconds=seconds,
                size=int(size),
                status=int(status),
                texts=texts,
                answers=answers,
            )
        )
        row += rows
    return model, found


def alert_message(alert: Alert) -> list[Any]:
    """As alerts are everywhere: what a client made long is cut here, and what is no Unicode replaced."""
    return ["alert", alert_document(bounded(alert))]
