"""From answered requests to batches of rows: what the detectors are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Batch
from violet.detectors.reference import both_classes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.clients import ClientSlots
    from violet.detectors.reference import Reference
    from violet.domain.traffic import Exchange

    Array = NDArray[Any]

LABELS = 10_000
"""Words of labels that are told apart; what comes after shares one code."""
REMEMBERED = 1 << 16
"""Exchanges whose ids evidence can name; older ones are named by their number."""


@dataclass(slots=True, eq=False)
class Observed:
    """One answered request, as the pipeline takes it. ``raw`` float64 ``(n, p)`` as ``Reference.raw`` gives it (``n``
    rows of no columns for texts); ``scores`` ``(n, k)`` or ``None``; ``seconds`` and ``size`` are of the whole
    request."""

    id: str
    at: float
    client: str
    raw: Array
    scores: Array | None = None
    labels: Sequence[float | str] = ()
    seconds: float = 0.0
    size: int = 0
    status: int = 200
    texts: Sequence[str] = ()
    answers: Sequence[str] = ()


class Batcher:
    """Numbers the exchanges, gives clients their slots, and labels their codes. Time never goes back."""

    def __init__(self, reference: Reference | None, slots: ClientSlots) -> None:
        self._reference = reference
        self._slots = slots
        self._ids: list[tuple[int, str]] = [(-1, "")] * REMEMBERED
        self._number = 0
        self._last = 0.0
        self._labels: dict[str, int] = {}

    def id(self, number: int) -> str:
        known, name = self._ids[number % REMEMBERED]
        return name if known == number else f"#{number}"

    def batch(self, requests: Sequence[Observed]) -> Batch | None:
        kept = [one for one in requests if len(one.raw)]
        if not kept:
            return None
        sizes = [len(one.raw) for one in kept]
        total = sum(sizes)
        single = total == len(kept)
        at = np.array([one.at for one in kept])
        if at[0] < self._last or np.any(np.diff(at) < 0):  # the clock was set back: time stands until it is caught up
            np.maximum.accumulate(np.maximum(at, self._last), out=at)
        self._last = float(at[-1])
        client = np.array([self._slots.slot(one.client) for one in kept], np.int32)
        request = np.arange(self._number, self._number + len(kept), dtype=np.int64)
        self._number += len(kept)
        for number, one in enumerate(kept, int(request[0])):
            self._ids[number % REMEMBERED] = (number, one.id)
        seconds = np.array([one.seconds for one in kept], np.float32)
        size = np.array([one.size for one in kept], np.float32)
        status = np.array([one.status for one in kept], np.int16)
        if not single:
            rows = np.array(sizes)
            at, client, request, status = (np.repeat(one, rows) for one in (at, client, request, status))
            seconds, size = np.repeat(seconds / rows, rows), np.repeat(size / rows, rows)
        raw = np.concatenate([one.raw for one in kept])
        if self._reference is not None and raw.shape[1]:
            x = self._reference.encode(raw)
        else:
            x = np.empty((total, 0), np.float32)
        scores = self._scores(kept, sizes, total)
        if scores is not None and scores.shape[1] == 1:
            scores = both_classes(scores)
        texts = [text for one in kept for text in one.texts]
        answers = [text for one in kept for text in one.answers]
        return Batch(
            at=at,
            client=client,
            request=request,
            x=x,
            raw=raw,
            scores=scores,
            label=self._label_codes(kept, sizes, scores, total),
            seconds=seconds,
            size=size,
            digest=self._digests(raw, texts),
            status=status,
            texts=texts if len(texts) == total else None,
            answers=answers if len(answers) == total else None,
            names=self._slots.name,
            exchange=self.id,
        )

    def _scores(self, kept: Sequence[Observed], sizes: Sequence[int], total: int) -> Array | None:
        """NaN where a request's answer had none, or as many as no other has."""
        given = [one.scores for one in kept if one.scores is not None]
        if not given:
            return None
        if len(given) == len(kept) and len({one.shape[1] for one in given}) == 1:
            return np.concatenate(given).astype(np.float32, copy=False)
        width = max(one.shape[1] for one in given)
        found = np.full((total, width), np.nan, np.float32)
        begin = 0
        for one, rows in zip(kept, sizes, strict=True):
            if one.scores is not None and one.scores.shape == (rows, width):
                found[begin : begin + rows] = one.scores
            begin += rows
        return found

    def _label_codes(self, kept: Sequence[Observed], sizes: Sequence[int], scores: Array | None, total: int) -> Array:
        """What the model says it is; where it does not, the class with the greatest score."""
        if scores is None or scores.shape[1] < 2:
            found = np.full(total, -1, np.int32)
        else:
            found = np.where(np.isnan(scores[:, 0]), -1, np.argmax(scores, axis=1)).astype(np.int32)
        begin = 0
        for one, rows in zip(kept, sizes, strict=True):
            if len(one.labels) == rows:
                found[begin : begin + rows] = [self._label_code(label) for label in one.labels]
            begin += rows
        return found

    def _label_code(self, label: float | str) -> int:
        if isinstance(label, int | float):
            return int(label) if 0 <= label < LABELS and label == int(label) else -1
        known = self._labels.get(label)
        if known is None:
            known = min(len(self._labels), LABELS)
            if known < LABELS:
                self._labels[label] = known
        return known

    def _digests(self, raw: Array, texts: Sequence[str]) -> Array:
        if raw.shape[1]:
            width = raw.shape[1] * 8
            content = np.ascontiguousarray(raw).tobytes()
            parts: Iterable[bytes] = (content[begin : begin + width] for begin in range(0, len(content), width))
        else:
            parts = (text.encode("utf-8", "surrogatepass") for text in texts)
        found = b"".join(blake2b(part, digest_size=8).digest() for part in parts)
        digests = np.frombuffer(found, np.uint64)
        return digests if len(digests) == len(raw) else np.zeros(len(raw), np.uint64)


def observed(exchange: Exchange, reference: Reference | None) -> Observed:
    """An exchange of a trace, as the pipeline takes it. Raises ``ValueError`` where its rows do not fit the profile."""
    count = len(exchange.rows) or len(exchange.texts)
    raw = reference.raw(exchange.rows) if reference is not None and exchange.rows else np.empty((count, 0))
    scores = None
    if exchange.scores and len(exchange.scores) == count and len({len(row) for row in exchange.scores}) == 1:
        scores = np.array(exchange.scores, np.float32)
    return Observed(
        id=exchange.id,
        at=exchange.at,
        client=exchange.client,
        raw=raw,
        scores=scores,
        labels=exchange.labels,
        seconds=exchange.seconds,
        size=exchange.request_bytes,
        status=exchange.status,
        texts=exchange.texts,
        answers=exchange.answers,
    )
