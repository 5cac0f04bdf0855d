"""Randomised smoothing: the answer by vote over noisy copies of the input, and the radius that the vote certifies.

Source: Cohen, Rosenfeld and Kolter 2019, "Certified Adversarial Robustness via Randomized Smoothing", theorem 1 and
algorithm 1; the bound on the share of votes is Clopper and Pearson's (1934).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Labels = Callable[[Array], Array]

ABSTAIN = -1
ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Certified:
    """For each of ``n`` inputs: ``labels`` ``(n,)`` (``ABSTAIN``: no answer) and ``radius`` ``(n,)``, L2 in unit space
    (0 where it abstains)."""

    labels: Array
    radius: Array


def counts(labels: Labels, x: Array, classes: int, sigma: float, votes: int, generator: np.random.Generator) -> Array:
    """Votes for each class ``(n, classes)``. ``labels`` is asked about unit inputs with Gaussian noise of deviation
    ``sigma``, which may leave the box [0, 1]: cutting it off would be another noise, with another certificate."""
    n = len(x)
    found = np.zeros((n, classes), dtype=np.int64)
    each = max(1, ROWS_AT_ONCE // max(n, 1))
    done = 0
    while done < votes:
        now = min(each, votes - done)
        for start in range(0, n, ROWS_AT_ONCE):
            part = x[start : start + ROWS_AT_ONCE]
            noisy = part[None] + sigma * generator.standard_normal((now, *part.shape))
            answer = labels(noisy.reshape(-1, *x.shape[1:])).reshape(now, len(part))
            for row in answer:
                np.add.at(found, (start + np.arange(len(part)), row), 1)
        done += now
    return found


def certify(
    labels: Labels,
    x: Array,
    classes: int,
    *,
    sigma: float,
    votes: int = 1000,
    selection: int = 100,
    alpha: float = 0.001,
    seed: int = 0,
) -> Certified:
    """Algorithm 1 (CERTIFY) for a batch: a guess by ``selection`` votes, then a bound by ``votes`` fresh ones.

    ``x`` is ``(n, *shape)`` in unit space; ``labels`` maps such inputs to ``(n,)``. The radius of each input holds with
    probability ``1 - alpha``.
    """
    from scipy.stats import beta, norm

    generator = np.random.default_rng(seed)
    guess = counts(labels, x, classes, sigma, selection, generator).argmax(axis=1)
    found = counts(labels, x, classes, sigma, votes, generator)
    hits = found[np.arange(len(x)), guess]
    low = np.where(hits > 0, beta.ppf(alpha, np.maximum(hits, 1), votes - hits + 1), 0.0)
    sure = low > 0.5
    radius = np.where(sure, sigma * norm.ppf(np.where(sure, low, 0.75)), 0.0)
    return Certified(np.where(sure, guess, ABSTAIN).astype(np.int64), np.asarray(radius, dtype=np.float64))


def vote(labels: Labels, x: Array, classes: int, *, sigma: float, votes: int, generator: np.random.Generator) -> Array:
    """Shares of the votes ``(n, classes)``: what the smoothed model gives for scores."""
    return counts(labels, x, classes, sigma, votes, generator) / votes
