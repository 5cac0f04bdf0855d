"""What detectors ask of a batch again and again, computed once: its rows by client, and each row beside the reference.

Nothing here depends on how the stream is cut into batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.contrast import RAREST
from violet.detectors.reference import QUANTILES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch
    from violet.detectors.reference import Reference

    Array = NDArray[Any]

TIED = 1e-6
"""Margins no further apart are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """A batch's rows by client. ``order`` ``(n,)`` sorts them (stable); ``slots`` ``(g,)`` are the clients, ascending,
    ``starts`` and ``counts`` ``(g,)`` say where each one's rows stand in that order; ``rank`` ``(n,)`` counts, in that
    order, from 0 for a client's first row."""

    order: Array
    slots: Array
    starts: Array
    counts: Array
    rank: Array


def groups(batch: Batch) -> Groups:
    found = batch.memo.get("groups")
    if found is None:
        order = np.argsort(batch.client, kind="stable")
        clients = batch.client[order]
        new = np.empty(len(clients), dtype=bool)
        new[:1] = True
        np.not_equal(clients[1:], clients[:-1], out=new[1:])
        starts = np.flatnonzero(new)
        counts = np.diff(starts, append=len(clients))
        rank = np.arange(len(clients)) - np.repeat(starts, counts)
        found = batch.memo["groups"] = Groups(order, clients[starts], starts, counts, rank)
    assert isinstance(found, Groups)
    return found


def slots(batch: Batch) -> list[int]:
    """``batch.client`` as plain numbers."""
    return _listed(batch, "slots", batch.client)


def numbers(batch: Batch) -> list[int]:
    """``batch.request`` as plain numbers."""
    return _listed(batch, "numbers", batch.request)


def times(batch: Batch) -> list[float]:
    """``batch.at`` as plain numbers."""
    return _listed(batch, "times", batch.at)


def _listed(batch: Batch, name: str, column: Array) -> list[Any]:
    found = batch.memo.get(name)
    if found is None:
        found = batch.memo[name] = column.tolist()
    assert isinstance(found, list)
    return found


def unanswered(batch: Batch) -> list[bool]:
    """Which rows got no answer, or an error: whoever asks them again is right to."""
    return _listed(batch, "unanswered", (batch.status >= 400) | (batch.status == 0))


def features(batch: Batch, reference: Reference) -> Array:
    """Random features of the rows, float32 ``(n, m)``. Not to be written to."""
    key = ("features", reference)
    found = batch.memo.get(key)
    if found is None:
        found = batch.memo[key] = reference.features(batch.x)
    return np.asarray(found)


def strangeness(batch: Batch, reference: Reference) -> Array:
    """``-log`` of the share of benign rows that lie as far out as each row does by Mahalanobis distance, float64
    ``(n,)``: 1 on average where rows are benign, at most 6.9. Narrow populations inside the benign one have less."""
    key = ("strangeness", reference)
    found = batch.memo.get(key)
    if found is None:
        away = reference.mahalanobis(batch.x)
        beyond = 1.0 - np.interp(away, reference.distance, QUANTILES)
        found = batch.memo[key] = -np.log(np.maximum(beyond, RAREST))
    return np.asarray(found)


def margins(batch: Batch) -> Array:
    """Difference of the two greatest scores, float32 ``(n,)``; NaN where the model gave no two."""
    found = batch.memo.get("margins")
    if found is None:
        if batch.scores is None or batch.scores.shape[1] < 2:
            found = np.full(len(batch), np.nan, np.float32)
        else:
            with np.errstate(invalid="ignore"):
                found = np.abs(batch.scores[:, 0] - batch.scores[:, 1])
                if batch.scores.shape[1] > 2:
                    two = np.partition(batch.scores, -2, axis=1)[:, -2:]
                    found = two[:, 1] - two[:, 0]
            found = np.where(np.isfinite(found), found, np.float32(np.nan))
        batch.memo["margins"] = found
    return np.asarray(found)


def below(batch: Batch, reference: Reference) -> Array:
    """The share of benign rows whose margin is at most that of each row, float64 ``(n,)``: 0 at the boundary, 1 where
    the model is surest; NaN where the margin, or the reference's, is not known."""
    key = ("below", reference)
    found = batch.memo.get(key)
    if found is None:
        margin = margins(batch)
        if len(reference.margin) != len(QUANTILES):
            found = np.full(len(margin), np.nan)
        else:
            known = np.isfinite(margin)
            found = np.full(len(margin), np.nan)
            # Ties (a model of few leaves gives few margins) count half: np.interp would take the greatest. What was
            # computed in double precision there may be a little off here.
            left = np.searchsorted(reference.margin, margin[known] - np.float32(TIED), side="left")
            right = np.searchsorted(reference.margin, margin[known] + np.float32(TIED), side="right")
            smooth = np.interp(margin[known], reference.margin, QUANTILES)
            tied = QUANTILES[np.minimum(left, len(QUANTILES) - 1)] * 0.5
            tied += QUANTILES[np.clip(right - 1, 0, len(QUANTILES) - 1)] * 0.5
            found[known] = np.where(right - left > 1, tied, smooth)
        batch.memo[key] = found
    return np.asarray(found)
