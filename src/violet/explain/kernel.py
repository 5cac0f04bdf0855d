"""Kernel SHAP in batches: Shapley values of any model from its scores.

The value of a coalition S of players is the mean score over background inputs whose players in S are replaced by those
of the explained input (interventional, as in Lundberg and Lee 2017, section 4.1). Shapley values solve a weighted least
squares problem under the constraint that they add up. All inputs share one design: the same coalitions, hence one
factorisation for the whole batch, and calls of the model with as many rows as fit.

Coalitions are taken in full, from the outermost sizes inwards, as long as the budget allows, which makes the values
exact for few players; what is left of the kernel's weight is spread over random coalitions, each with its complement
(paired sampling: Covert and Lee 2021, section 4.2).
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import Method
from violet.explain.base import Attributions, Explainer, pieces, scores_of, unit_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.players import Players
    from violet.targets.base import Target

    Array = NDArray[Any]

COALITIONS = 512
"""Coalitions beyond two for each player."""


def kernel_shap(
    target: Target,
    background: Array,
    players: Players,
    *,
    seed: int,
    coalitions: int = 0,
    notes: tuple[str, ...] = (),
    against: str = "",
) -> Explainer:
    """``background`` is ``(b, *shape)``, raw; ``coalitions`` the most that an input is evaluated on (0: 512 and two for
    each player); ``against`` says in words what the background is. One input costs ``coalitions * b + 1`` rows."""
    most = coalitions or COALITIONS + 2 * len(players)
    chosen, weights, exact = design(len(players), most, np.random.default_rng(seed))
    empty = scores_of(target, background).mean(axis=0)

    def explain(x: Array, classes: Array) -> Attributions:
        full = scores_of(target, x)[np.arange(len(x)), classes]
        base = empty[classes]
        worth = coalition_values(target, background, players, chosen, x, classes)
        totals = solve(chosen, weights, worth - base[:, None], full - base)
        return Attributions(players.spread(totals), base, full)

    return Explainer(
        Method.KERNEL_SHAP,
        unit_of(target),
        against or f"the mean over {len(background):,} other inputs",
        explain,
        exact,
        True,
        notes,
    )


def design(players: int, most: int, random: np.random.Generator) -> tuple[Array, Array, bool]:
    """Coalitions ``(k, players)`` bool without the empty and the full one, their weights ``(k,)``, and whether they are
    all there are."""
    if players < 2:
        return np.zeros((0, players), dtype=bool), np.zeros(0), True
    sizes = np.arange(1, players)
    mass = (players - 1) / (sizes * (players - sizes))
    mass = mass / mass.sum()
    rows: list[Array] = []
    weights: list[float] = []
    left = most
    outer = 1
    while outer <= players // 2:
        pair = (outer,) if 2 * outer == players else (outer, players - outer)
        count = comb(players, outer)
        if count * len(pair) > left:
            break
        for size in pair:
            for members in combinations(range(players), size):
                row = np.zeros(players, dtype=bool)
                row[list(members)] = True
                rows.append(row)
            weights += [mass[size - 1] / count] * count
        left -= count * len(pair)
        outer += 1
    inner = np.arange(outer, players - outer + 1)
    if not len(inner):
        return np.array(rows), np.array(weights), True
    rest = mass[inner - 1]
    drawn = max(left // 2, 1)
    for size in random.choice(inner, size=drawn, p=rest / rest.sum()):
        row = np.zeros(players, dtype=bool)
        row[random.permutation(players)[:size]] = True
        rows += [row, ~row]
    weights += [float(rest.sum()) / (2 * drawn)] * (2 * drawn)
    return np.array(rows), np.array(weights), False


def coalition_values(
    target: Target, background: Array, players: Players, chosen: Array, x: Array, classes: Array
) -> Array:
    """Mean score of each row's class over the background, for every coalition: ``(n, k)``."""
    n, k, b = len(x), len(chosen), len(background)
    masks = players.mask(chosen) if k else np.zeros((0, *x.shape[1:]), dtype=bool)
    found = np.empty(n * k)
    for piece in pieces(n * k, b * int(np.prod(x.shape[1:]))):
        row, coalition = np.divmod(np.arange(piece.start, piece.stop), k)
        mixed = np.where(masks[coalition][:, None], x[row][:, None], background[None])
        scores = scores_of(target, mixed.reshape((-1, *x.shape[1:])))
        own = scores.reshape(len(row), b, -1).mean(axis=1)
        found[piece] = own[np.arange(len(row)), classes[row]]
    return found.reshape(n, k)


def solve(chosen: Array, weights: Array, worth: Array, total: Array) -> Array:
    """Weighted least squares under the constraint that values add up to ``total`` ``(n,)`` (Covert and Lee 2021,
    equation 7): worths ``(n, k)`` less that of the empty coalition to values ``(n, players)``."""
    players = chosen.shape[1]
    if players < 2:
        return np.asarray(total[:, None])
    z = chosen.astype(np.float64)
    gram = (z * weights[:, None]).T @ z
    right = (worth * weights) @ z
    inverse = np.linalg.pinv(gram, hermitian=True)
    free = right @ inverse
    ones = inverse.sum(axis=1)
    surplus = (free.sum(axis=1) - total) / ones.sum()
    return np.asarray(free - surplus[:, None] * ones)
