"""How a query lies among those near the one it was made from: the geometry of a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.evasion._scale import SPARSE
from violet.detectors.fingerprints import TINY

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.evasion._scale import Scale

    Array = NDArray[Any]

STRAIGHT = 0.9
"""Cosine beyond which two steps have one direction."""
STEADY = 0.6
"""The same for pictures: what a slider does to them bends, and is rounded."""
CROWD = 6
"""Rows near a base before their directions are counted."""
NARROW = 3.5
"""Directions: a crowd around a picture that has less is a slider's, or two sliders'."""


@dataclass(frozen=True, slots=True, eq=False)
class Shapes:
    """Of ``s`` linked rows, which are those at ``which``: ``length`` (squared) and ``moved`` (columns) of the step from
    the base ``before`` ``(s, d)``; ``step`` itself. ``fresh``: no other row near the base lies in this direction or
    the opposite one, and those there are lie in several. ``pair``: one lies exactly opposite, as far from the base, and
    no other on that line. ``shell``: how many lie as far from the base in other directions. ``halving``: half as far
    from the base as another one on the same line. ``spread``: how many directions the ``members`` around the base have,
    this row included."""

    which: Array
    length: Array
    moved: Array
    step: Array
    before: Array
    fresh: Array
    pair: Array
    shell: Array
    halving: Array
    spread: Array
    members: Array


def shapes_of(scale: Scale, which: Array, past: Array, parent: Array, valid: Array, before: Array) -> Shapes:
    """``past`` ``(s, m, d)`` are displacements from each of the rows ``which`` to its client's last ones, ``valid``
    ``(s, m)`` those of them that are any; ``parent`` ``(s,)`` says which of them is the base, ``before`` ``(s, d)``
    what it is."""
    index = np.arange(len(which))
    step = -past[index, parent]
    around = past + step[:, None, :]  # from the base to all others
    length = np.einsum("sd,sd->s", step, step)
    square = np.einsum("smd,smd->sm", around, around)
    near = square <= np.float32(4.0 * scale.near**2)
    moved = np.count_nonzero(step, axis=1)
    dense, itself = np.ones((), bool), np.ones(len(which), bool)
    if scale.table:
        shifted = (around != 0).astype(np.float32) @ np.ones(around.shape[2], np.float32)
        if scale.few:
            near |= shifted <= scale.few
        dense, itself = shifted > SPARSE, moved > SPARSE
    near &= valid & (square > TINY)
    with np.errstate(divide="ignore", invalid="ignore"):
        cosine = np.einsum("smd,sd->sm", around, step) / np.sqrt(square * length[:, None])
        ratio = np.sqrt(square / length[:, None])
    dense = dense & near
    off = np.abs(cosine)
    aligned = near & (off > (STRAIGHT if scale.table else STEADY))
    line = aligned & (off > 0.999)
    even = np.abs(ratio - 1.0)
    fresh = ~aligned.any(axis=1)
    pair = (near & (cosine < -0.995) & (even < 0.02)).any(axis=1) & ~(aligned & (even >= 0.02)).any(axis=1)
    halving = (line & (np.abs(ratio - 2.0) < 0.1)).any(axis=1)
    if scale.table:
        halving &= ~(line & (even < 0.1)).any(axis=1)
    else:  # Sliders lie on lines, too, and their users move them to and fro.
        notable = np.flatnonzero((near.sum(axis=1) >= CROWD) & (fresh | pair | halving))
        slid = notable[_directions(around, step, near, notable) < NARROW]
        fresh[slid] = pair[slid] = halving[slid] = False
    # Of tables, benign rows are a crowd as well where they lie closest.
    reach = np.minimum(4.0 * length, np.float32(scale.near**2)) if scale.table else 4.0 * length
    close = dense & (square <= reach[:, None])
    crowd = close.sum(axis=1)
    spread = np.zeros(len(which))
    some = np.flatnonzero((crowd >= CROWD) & itself)
    spread[some] = _directions(around, step, close, some)
    return Shapes(
        which,
        length,
        moved,
        step,
        before,
        fresh,
        pair,
        shell=(dense & (even < 0.1) & (off < 0.75)).sum(axis=1),
        halving=halving,
        spread=spread,
        members=crowd + itself,
    )


def _directions(around: Array, step: Array, members: Array, rows: Array) -> Array:
    """For each of ``rows``, the participation ratio of the signs of its step and of the displacements of ``members``: 1
    where all lie on one line, as many as there are where they are orthogonal. Signs, since the scales of columns
    differ, and the few widest would be all directions there are."""
    if not len(rows):
        return np.empty(0)
    vectors = np.sign(np.concatenate([around[rows], step[rows, None]], axis=1)).astype(np.float64)
    lengths = np.sqrt(np.einsum("smd,smd->sm", vectors, vectors))
    taken = np.concatenate([members[rows], np.ones((len(rows), 1), bool)], axis=1)
    vectors *= (taken / np.maximum(lengths, 1.0))[:, :, None]
    turned = vectors.transpose(0, 2, 1)
    gram = turned @ vectors if vectors.shape[2] < vectors.shape[1] else vectors @ turned
    return np.asarray(taken.sum(axis=1) ** 2 / np.einsum("sij,sij->s", gram, gram))
