"""What the attacks on tables share: candidates that are feasible before they are asked about, and their distances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.attacks.tally import Tally, margin
from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.base import Problem
    from violet.targets.feasibility import Feasibility

    Array = NDArray[Any]

CALL = 8192
"""Rows of one call of the model, about."""


class Books:
    """A tally whose distances are changed features, and which asks about feasible rows only."""

    def __init__(self, problem: Problem, rules: Feasibility, by_scores: bool) -> None:
        if problem.x.ndim != 2 or problem.x.dtype.kind not in "fiu":
            raise UsageError(
                f"Rows of shape {problem.x.shape} and type {problem.x.dtype} are no table of numbers.",
                "Describe categories in the schema, so that they are read as codes.",
            )
        self.problem = problem
        self.rules = rules
        self.tally = Tally(problem, rules.changed)
        self.by_scores = by_scores

    def repaired(self, rows: Array, candidates: Array) -> Array:
        return self.rules.repair(self.problem.x[rows], candidates)

    def worth(self, rows: Array, candidates: Array) -> Array:
        """``(r,)`` bool: repaired candidates that differ from their sample, and are within the radius."""
        far = self.rules.changed(self.problem.x[rows], candidates)
        return np.asarray((far > 0) & (far <= self.problem.threat.eps))

    def ask(self, rows: Array, candidates: Array) -> Array:
        """Loss ``(r,)`` of feasible candidates: the margin, or +1 and -1 by labels. Below 0: fooled."""
        y = self.problem.y[rows]
        if self.by_scores:
            scores = self.tally.scores(rows, candidates)
            fooled = scores.argmax(axis=1) != y
            losses = margin(scores, y)
            # A tie that the label decides for another class has a margin of 0, and is fooled all the same.
            losses = np.where(fooled, np.minimum(losses, -1e-12), np.maximum(losses, 0.0))
        else:
            losses = np.where(self.tally.labels(rows, candidates) != y, -1.0, 1.0)
        inside = self.rules.changed(self.problem.x[rows], candidates) <= self.problem.threat.eps
        self.tally.approach(rows[inside], candidates[inside], losses[inside])
        return np.asarray(losses)


def within_budget(owners: Array, left: Array) -> Array:
    """``(r,)`` bool: of each owner's rows, the first ``left``."""
    order = np.argsort(owners, kind="stable")
    ordered = owners[order]
    start = np.searchsorted(ordered, ordered, side="left")
    rank = np.empty(len(owners), dtype=np.int64)
    rank[order] = np.arange(len(owners)) - start
    return np.asarray(rank < left)
