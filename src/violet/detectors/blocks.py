"""The rows of each client that count, summed up by 16, which are judged together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors import measures
from violet.detectors.contrast import RAREST, Contrast
from violet.detectors.steps import Steps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

BLOCK = 16
"""Rows of a client that are summed up before they are judged together."""
LABELS = 8
"""Predicted classes that a block counts; more share them."""


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """Blocks that were completed in a batch, in the order of the stream: ``rows`` ``(k,)`` the row that completed each,
    ``clients`` ``(k,)`` whose it is, ``features`` ``(k, m)`` sums of random features, and sums ``(k,)`` of their
    ``squares``, of ``strange``, of ``odd`` and of ``near`` (how far out rows are, how made up they look, and how
    near to the boundary; 1 a row where benign, near of the ``known`` rows that have a margin); ``labels`` ``(k, 8)``
    counts predicted classes."""

    rows: Array
    clients: Array
    features: Array
    squares: Array
    strange: Array
    near: Array
    known: Array
    odd: Array
    labels: Array


class Blocks:
    """Rows of each client that count (see ``Steps``) summed up by ``BLOCK``: ``4 * m + 60`` bytes a client."""

    __slots__ = ("_contrast", "_counts", "_partial", "_reference", "_steps")

    def __init__(self, reference: Reference, clients: int, steps: Steps, contrast: Contrast) -> None:
        self._reference = reference
        self._contrast = contrast
        self._steps = steps
        self._partial = np.zeros((clients, len(reference.phase) + 5 + LABELS), np.float32)
        self._counts = np.zeros(clients, np.int64)

    @classmethod
    def of(cls, setup: Setup) -> Blocks:
        """The one of the setup's detectors."""
        assert setup.reference is not None
        found = setup.shared.get("blocks")
        if found is None:
            found = setup.shared["blocks"] = cls(setup.reference, setup.clients, Steps.of(setup), Contrast.of(setup))
        assert isinstance(found, Blocks)
        return found

    def forget(self, slots: Array) -> None:
        self._steps.forget(slots)
        self._partial[slots] = 0
        self._counts[slots] = 0

    def step(self, batch: Batch) -> Completed:
        """Take the batch in, once, however many detectors ask."""
        key = ("blocks", self)
        found = batch.memo.get(key)
        if found is None:
            found = batch.memo[key] = self._step(batch)
        assert isinstance(found, Completed)
        return found

    def _values(self, batch: Batch) -> Array:
        m = len(self._reference.phase)
        values = np.zeros((len(batch), m + 5 + LABELS), np.float32)
        phi = measures.features(batch, self._reference)
        values[:, :m] = phi
        values[:, m] = np.einsum("ij,ij->i", phi, phi)
        values[:, m + 1] = measures.strangeness(batch, self._reference)
        share = measures.below(batch, self._reference)
        known = np.isfinite(share)
        values[:, m + 2] = np.where(known, -np.log(np.maximum(np.where(known, share, 1.0), RAREST)), 0.0)
        values[:, m + 3] = known
        values[:, m + 4] = -np.log(self._contrast.beyond(batch))
        told = np.flatnonzero(batch.label >= 0)
        values[told, m + 5 + batch.label[told] % LABELS] = 1.0
        return values

    def _step(self, batch: Batch) -> Completed:
        counting = self._steps.step(batch).counts
        if not counting.any():
            return self._completed(batch, np.empty(0, np.int64), np.empty((0, self._partial.shape[1])))
        by = measures.groups(batch)
        # Of the rows by client, those that count.
        order = by.order[counting[by.order]]
        clients = batch.client[order]
        new = np.empty(len(order), dtype=bool)
        new[0] = True
        np.not_equal(clients[1:], clients[:-1], out=new[1:])
        starts = np.flatnonzero(new)
        slots, counts = clients[starts], np.diff(starts, append=len(order))
        before = self._counts[slots]
        position = np.arange(len(order)) + np.repeat(before - starts, counts)
        piece = np.flatnonzero(new | (position % BLOCK == 0))
        sums = np.add.reduceat(self._values(batch)[order], piece, axis=0)
        last = np.append(piece[1:], len(order)) - 1
        done = position[last] % BLOCK == BLOCK - 1
        first_of = new[piece]
        sums[first_of] += self._partial[slots]
        final = np.append(first_of[1:], True)
        self._partial[slots] = np.where(done[final][:, None], np.float32(0), sums[final])
        self._counts[slots] = (before + counts) % BLOCK
        rows = order[last[done]]
        inorder = np.argsort(rows)
        kept = sums[done][inorder].astype(np.float64)
        rows = rows[inorder]
        return self._completed(batch, rows, kept)

    def _completed(self, batch: Batch, rows: Array, sums: Array) -> Completed:
        m = len(self._reference.phase)
        return Completed(
            rows=rows,
            clients=batch.client[rows],
            features=sums[:, :m],
            squares=sums[:, m],
            strange=sums[:, m + 1],
            near=sums[:, m + 2],
            known=sums[:, m + 3],
            odd=sums[:, m + 4],
            labels=sums[:, m + 5 :],
        )
