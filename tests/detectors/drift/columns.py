"""Columns as real tables have them: zero-inflated, heavy-tailed, whole, constant, with two narrow peaks, far from
zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, Coded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def ugly(rows: int, seed: int, moved: bool = False) -> dict[str, Array]:
    """``moved``: each a little otherwise."""
    rng = np.random.default_rng(seed)
    z = rng.standard_normal(rows)
    more = 1.0 if moved else 0.0
    return {
        "normal": z + 0.1 * more,
        "zero-inflated": np.where(rng.random(rows) < 0.6 + 0.05 * more, 0.0, rng.lognormal(size=rows)),
        "cauchy": rng.standard_cauchy(rows) * (1 + 0.2 * more),
        "lognormal": rng.lognormal(sigma=3, size=rows) * (1 + 0.5 * more),
        "counts": rng.poisson(3 + 0.2 * more, rows).astype(np.float64),
        "constant": np.full(rows, 7.0),
        "one constant, another": np.full(rows, 7.0 + more),
        "two narrow peaks": np.where(rng.random(rows) < 0.5 + 0.05 * more, 1e-3 * z, 1e6 + 1e-3 * z),
        "tiny spread far out": 1e9 + 1e-3 * z + 1e-4 * more,
        "all beyond the range": z + 1000 * more,
        "sentinel": np.where(rng.random(rows) < 0.02 + 0.05 * more, -999.0, z),
        "infinities": np.where(rng.random(rows) < 0.01, np.inf, np.where(rng.random(rows) < 0.01, -np.inf, z)),
        "uniform": rng.random(rows) ** (1 + 0.2 * more),
        "mass that jitters": np.where(rng.random(rows) < 0.5, more * 1e-7 * z, z),
        "whole that is no more": rng.poisson(3, rows) + more * 0.5 * rng.random(rows),
        "some missing": np.where(rng.random(rows) < 0.3, np.nan, z + 0.2 * more),
        "many whole": np.round(1e5 * rng.random(rows) ** (1 + 0.1 * more)),
        "negative tail": -rng.pareto(1.5, rows) * (1 + more),
    }


def words(rows: int, seed: int, kinds: int = 40, shift: float = 0.0) -> Coded:
    rng = np.random.default_rng(seed)
    weights = 1.0 / np.arange(1, kinds + 1)
    weights[0] += shift
    return Coded(tuple(f"w{kind}" for kind in range(kinds)), rng.choice(kinds, rows, p=weights / weights.sum()))


def chunk(rows: int, seed: int, moved: bool = False, first: int = 0) -> Chunk:
    """Of everything a profile counts."""
    rng = np.random.default_rng([seed, 1])
    score = rng.random(rows)
    classes = ("no", "yes")
    texts = [
        None if draw < 0.05 else " ".join(["loan", "card", "Home 7", "é"][int(k)] for k in rng.integers(0, 4, 5))
        for draw in rng.random(rows)
    ]
    return Chunk(
        rows=rows,
        first=first,
        numbers=ugly(rows, seed, moved),
        words={"city": words(rows, seed, 6), "shop": words(rows, seed + 1, 2000)},
        texts={"remark": texts},
        vectors={"picture": rng.standard_normal((rows, 600)).astype(np.float32)},
        at=1.7e9 + np.arange(first, first + rows, dtype=np.float64),
        client=Coded(tuple(f"key:{k}" for k in range(20)), rng.integers(0, 20, rows)),
        scores=score.reshape(-1, 1),
        truth=Coded(classes, (rng.random(rows) < score).astype(np.int64)),
    )
