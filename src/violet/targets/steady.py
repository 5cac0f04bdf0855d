"""Whether a target can be tested at all: it answers the same twice, and its answers fit the data.

What makes a test impossible is an error; what narrows it is a restriction, in words for the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.rate import Rate
from violet.targets.answers import looks_like_probabilities
from violet.targets.base import InputKind, Offers, TargetError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]

ROWS = 64
"""Asked twice, and again in another order and in parts."""
SAME = 1e-4
"""Scores of one row in two batches that differ by less (of the largest score, at least of 1) are the same: float32 adds
up in another order."""
SAME_BATCH = 1e-6
"""The same for one batch that is asked twice."""
SATURATED = 0.5
"""Share of rows whose largest score leaves nothing to the others, from which scores count as saturated."""
GAP = 17.0
"""Between two logits: beyond it the softmax of float32 is 1, and cross-entropy has no gradient (ln 2**24 is 16.6)."""
FEW = 20
"""Different values of all scores."""
ENOUGH = 200
"""Rows by which accuracy is judged."""


@dataclass(frozen=True, slots=True)
class Change:
    """How far two answers to the same rows are apart. ``labels`` counts rows whose label changed."""

    labels: int
    rows: int
    scores: float = 0.0
    scale: float = 1.0

    def beyond(self, rounding: float) -> bool:
        """Whether it is more than rounding. A label that changes while scores stay within rounding is a tie."""
        return self.scores > rounding * self.scale or (self.labels > 0 and self.scores == 0.0)

    def __str__(self) -> str:
        parts = [f"{self.labels} of {self.rows} labels changed"]
        if self.scores:
            parts.append(f"scores by up to {self.scores:.3g}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class Steadiness:
    """Sentences. ``unsteady``: answers that are not the same each time, so that no figure is exact; ``restrictions``:
    all else that narrows a test."""

    restrictions: tuple[str, ...]
    unsteady: tuple[str, ...]


def check_target(target: Target, data: LabelledData, seed: int) -> tuple[str, ...]:
    """All that ``look_at`` says, in one list."""
    found = look_at(target, data, seed)
    return (*found.unsteady, *found.restrictions)


def look_at(target: Target, data: LabelledData, seed: int) -> Steadiness:
    """What narrows a test of ``target`` on ``data``: no scores or gradients, answers that change between calls or with
    the batch, scores that are saturated or rounded, accuracy at the level of guessing.

    Asks about a few rows of ``data``, drawn with ``seed``; the questions count. Raises ``TargetError`` where the target
    does not take the data's rows, has fewer classes than the data, or answers nonsense.
    """
    if target.domain.shape != data.domain.shape:
        raise TargetError(
            f"{target.name} takes rows of shape {target.domain.shape}; the data has rows of shape {data.domain.shape}."
        )
    if target.classes < len(data.classes):
        raise TargetError(f"{target.name} knows {target.classes} classes, and the data has {len(data.classes)}.")
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(data))[:ENOUGH]
    x, y = data.x[chosen], data.y[chosen]
    answer = _ask(target, x)
    found = [*_offered(target)]
    unsteady = _unsteady(target, x[:ROWS], rng)
    if Offers.SCORES in target.offers:
        found.extend(_shape_of_scores(answer, target))
        if not unsteady:
            found.extend(_contradicting(target, x, answer))
    found.extend(_fitting(_labels_of(answer), y, data))
    return Steadiness(tuple(found), tuple(unsteady))


def is_randomised(target: Target, x: Array, times: int = 3) -> Change:
    """The largest change among ``times`` answers to the same rows. Counts."""
    first = _ask(target, x)
    changes = [_change(first, _ask(target, x)) for _ in range(max(1, times - 1))]
    return max(changes, key=lambda change: (change.labels, change.scores))


def _ask(target: Target, x: Array) -> Array:
    """Scores ``(n, classes)``, or labels ``(n,)`` where there are none."""
    return target.scores(x) if Offers.SCORES in target.offers else target.labels(x)


def _labels_of(answer: Array) -> Array:
    return np.asarray(answer.argmax(axis=1) if answer.ndim == 2 else answer)


def _change(one: Array, other: Array) -> Change:
    moved = int((_labels_of(one) != _labels_of(other)).sum())
    if one.ndim == 1:
        return Change(moved, len(one))
    with np.errstate(invalid="ignore"):
        apart = np.where(one == other, 0.0, np.abs(one - other))  # infinities that agree are the same
    finite = np.abs(one[np.isfinite(one)])
    return Change(moved, len(one), float(apart.max(initial=0.0)), max(1.0, float(finite.max(initial=0.0))))


def _offered(target: Target) -> list[str]:
    if Offers.SCORES not in target.offers:
        return ["The target gives labels only: attacks that need scores or gradients were left out."]
    return []


def _unsteady(target: Target, x: Array, rng: np.random.Generator) -> list[str]:
    first = _ask(target, x)
    again = _change(first, _ask(target, x))
    if again.beyond(SAME_BATCH):
        said = f"The target answers differently when it is asked again: {again}. It is randomised, or it changes: "
        return [said + "attacks have to average over several answers, and figures vary from run to run."]
    order = rng.permutation(len(x))
    shuffled = np.empty_like(first)
    shuffled[order] = _ask(target, x[order])
    moved, how = _change(first, shuffled), "in another order"
    if not moved.beyond(SAME):
        few = min(8, len(x))
        alone = np.concatenate([_ask(target, x[row : row + 1]) for row in range(few)])
        moved, how = _change(first[:few], alone), "one by one"
    if moved.beyond(SAME):
        said = f"The target's answers depend on the other rows of the batch (asked {how}: {moved}): "
        return [said + "what an attack finds in one batch need not hold in another."]
    return []


def _shape_of_scores(scores: Array, target: Target) -> list[str]:
    found = []
    finite = scores[np.isfinite(scores)]
    proper = Offers.PROBABILITIES in target.offers
    if not np.isfinite(scores).all():
        found.append(f"{int((~np.isfinite(scores)).any(axis=1).sum())} of {len(scores)} rows have infinite scores.")
    if proper and not looks_like_probabilities(scores):
        worst = float(np.abs(scores.sum(axis=1) - 1).max())
        found.append(f"What the target gives as probabilities does not add up to 1 (off by up to {worst:.3g}).")
    return [*found, *_flat(scores, finite, target)]


def _flat(scores: Array, finite: Array, target: Target) -> list[str]:
    """What keeps an attack from seeing small changes in the scores."""
    distinct = len(np.unique(finite))
    top = np.sort(scores, axis=1)
    if finite.size and finite.min() >= -1e-6 and finite.max() <= 1 + 1e-6:
        if distinct <= 2:
            return ["The scores are 0 and 1 only: they say no more than labels do."]
        full = float((top[:, -1] >= 1 - 1e-6).mean())
        how = "their largest score is 1"
    else:
        full = float((top[:, -1] - top[:, -2] > GAP).mean())
        how = f"their largest score is over {GAP:g} above the next, where softmax is 1 in float32"
        full = full if Offers.GRADIENTS in target.offers else 0.0
    found = []
    if full >= SATURATED:
        said = f"The scores of {100 * full:.0f} % of the rows are saturated ({how}): "
        found.append(said + "attacks that follow scores or gradients see flat ground there, which hides weaknesses.")
    step = _rounded(finite)
    if step or distinct <= FEW:
        steps = f", in steps of {step:g}" if step else ""
        said = f"The scores take {distinct} different values in {len(scores)} rows{steps}: "
        found.append(said + "attacks that follow scores see no small changes.")
    return found


def _rounded(values: Array) -> float:
    """The step of 10, 1, 0.1 ... that all values lie on; 0 where there is none down to a thousandth."""
    for step in (1.0, 0.5, 0.25, 0.1, 0.05, 0.01, 0.005, 0.001):
        if values.size and np.abs(values / step - np.rint(values / step)).max() < 1e-6:
            return step
    return 0.0


def _contradicting(target: Target, x: Array, scores: Array) -> list[str]:
    """A target may have a rule of its own for labels."""
    labels = target.labels(x[:ROWS])
    apart = int((labels != scores[: len(labels)].argmax(axis=1)).sum())
    if not apart:
        return []
    said = f"In {apart} of {len(labels)} rows the target's label is not the class of its largest score: "
    return [said + "labels decide what counts as fooled."]


def _fitting(labels: Array, y: Array, data: LabelledData) -> list[str]:
    found = []
    foreign = int((labels >= len(data.classes)).sum())
    if foreign:
        found.append(f"{foreign} of {len(labels)} answers are classes that the data does not have.")
    right = Rate(int((labels == y).sum()), len(y))
    guess = max(np.bincount(y, minlength=len(data.classes))) / len(y)
    if right.interval().low > guess:
        return found
    order = better_order(labels, y, len(data.classes))
    if order is not None:
        share = float((np.argsort(order)[np.minimum(labels, len(order) - 1)] == y).mean())
        names = [""] * len(order)
        for ours, theirs in enumerate(order):
            names[theirs] = data.classes[ours]
        said = f"Accuracy is {right}, and would be {100 * share:.0f} % if the model's outputs were, in order, "
        return [*found, said + f"{', '.join(names)}: say --option classes={','.join(names)} if that is so."]
    said = f"Accuracy is {right}, not clearly better than always saying the most frequent class ({100 * guess:.0f} %)"
    hint = {
        InputKind.IMAGE: "does the model expect another range or layout of images (--range, --layout)?",
        InputKind.TABLE: "are the columns in the model's order, and encoded as it was trained?",
    }.get(data.domain.kind, "are inputs and labels those that the model was trained for?")
    found.append(f"{said}: {hint}")
    return found


def better_order(labels: Array, y: Array, classes: int) -> tuple[int, ...] | None:
    """For each class of the data the model's answer that best stands for it, one to one (Kuhn 1955); ``None`` where
    that is the order they have, or does not make accuracy clearly better."""
    if classes < 2 or labels.max(initial=0) >= classes:
        return None
    table = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(table, (y, labels), 1)
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        return None
    rows, columns = linear_sum_assignment(-table)
    matched = Rate(int(table[rows, columns].sum()), len(y))
    guess = float(table.sum(axis=1).max()) / len(y)
    order = tuple(int(column) for column in columns)
    if order == tuple(range(classes)) or matched.interval().low <= max(guess, float(np.trace(table)) / len(y)):
        return None
    return order
