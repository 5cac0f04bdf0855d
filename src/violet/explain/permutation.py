"""Permutation attributions: what the score loses when one player alone takes the values of other inputs.

For one input this is its leave-one-out contribution; its mean over inputs is the permutation importance of Breiman
(2001), section 10, in units of the score. It needs ``players * draws`` rows an input, the least of all methods that ask
for scores only; it does not add up, and two features that stand in for each other both look needless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import Method
from violet.domain.rate import Rate
from violet.explain.base import Attributions, Explainer, own_class, pieces, scores_of, unit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.players import Players
    from violet.targets.base import Target

    Array = NDArray[Any]

DRAWS = 16
"""Other inputs whose values a player takes, one after the other."""


def permutation(target: Target, background: Array, players: Players, *, seed: int, draws: int = DRAWS) -> Explainer:
    """``background`` ``(b, *shape)`` gives the values; each input draws its own ``draws`` rows of it."""
    each = np.eye(len(players), dtype=bool)

    def explain(x: Array, classes: Array) -> Attributions:
        full = own_class(scores_of(target, x), classes)
        base = np.empty(len(x))
        values = np.empty((len(x), len(players)))
        masks = players.mask(each)
        cells = len(players) * draws * int(np.prod(x.shape[1:]))
        random = np.random.default_rng(seed)
        donors = random.integers(len(background), size=(len(x), draws))
        for piece in pieces(len(x), cells):
            rows = x[piece]
            other = background[donors[piece]]
            mixed = np.where(masks[None, :, None], other[:, None], rows[:, None, None])
            scores = scores_of(target, mixed.reshape((-1, *x.shape[1:])))
            own = scores.reshape(len(rows), len(players), draws, -1).mean(axis=2)
            values[piece] = full[piece, None] - own[np.arange(len(rows)), :, classes[piece]]
            without = scores_of(target, other.reshape((-1, *x.shape[1:]))).reshape(len(rows), draws, -1).mean(axis=1)
            base[piece] = without[np.arange(len(rows)), classes[piece]]
        return Attributions(players.spread(values), base, full)

    return Explainer(
        Method.PERMUTATION,
        unit_of(target),
        f"the mean of {draws} other inputs each",
        explain,
        exact=False,
        complete=False,
    )


def flips(target: Target, x: Array, labels: Array, background: Array, players: Players, *, seed: int) -> list[Rate]:
    """Of each player, how many inputs change their label when it alone takes the value of one other input, drawn from
    the background: a binomial share, one draw an input."""
    random = np.random.default_rng(seed)
    other = background[random.integers(len(background), size=len(x))]
    masks = players.mask(np.eye(len(players), dtype=bool))
    found: list[Rate] = []
    per_call = pieces(len(players), len(x) * int(np.prod(x.shape[1:])))
    for piece in per_call:
        mixed = np.where(masks[piece][:, None], other[None], x[None])
        answer = np.asarray(target.labels(mixed.reshape((-1, *x.shape[1:])))).reshape(-1, len(x))
        found += [Rate(int(row.sum()), len(x)) for row in answer != labels[None]]
    return found
