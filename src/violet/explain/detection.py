"""Attribution shift: do the explanations of attacked inputs look unlike those of clean ones, and is that any use?

The score of an input is the distance of its attributions from the nearest ones among clean inputs that the model gives
the same label, each player in units of its spread there. It needs the input alone, not its clean twin, so it could be
used in operation. It stands beside what costs nothing: the largest probability, and the distance of the raw input from
the nearest clean input of the same label; and beside noise of the size of the attack's change, which harms nobody: a
score that rises just as much for noise tells a change, not an attack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import DetectionScore, ShiftDetection
from violet.explain.base import scores_of
from violet.explain.statistics import auc, auc_gain, auc_interval
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.base import Explainer
    from violet.explain.players import Players
    from violet.targets.base import InputDomain, Target

    Array = NDArray[Any]
    Score = Callable[[Array], Array]

FEWEST = 10
"""Pairs below which no figure is worth its interval."""


class Neighbours:
    """Distance to the nearest known point of the same label, features in units of their spread."""

    def __init__(self, points: Array, labels: Array) -> None:
        """``points`` ``(m, k)`` with ``labels`` ``(m,)``."""
        spread = points.std(axis=0)
        floor = max(1e-3 * float(spread.max(initial=0.0)), 1e-12)  # what never varies must not outweigh all else
        self._scale = np.maximum(spread, floor)
        self._points = points / self._scale
        self._labels = labels

    def __call__(self, points: Array, labels: Array) -> Array:
        """``(n, k)`` and ``(n,)`` to ``(n,)``. A label that no known point has is compared with all of them."""
        found = np.empty(len(points))
        asked = points / self._scale
        for label in np.unique(labels):
            rows = np.flatnonzero(labels == label)
            known = self._points[self._labels == label]
            known = known if len(known) else self._points
            square = (asked[rows] ** 2).sum(axis=1)[:, None] + (known**2).sum(axis=1)[None]
            square = square - 2 * asked[rows] @ known.T
            found[rows] = np.sqrt(np.maximum(square, 0.0)).min(axis=1)
        return found


def shift_detection(
    target: Target,
    explainer: Explainer,
    players: Players,
    reference: Array,
    pairs: tuple[Array, Array],
    *,
    seed: int,
) -> ShiftDetection:
    """``reference`` ``(m, *shape)``: clean inputs to compare with; ``pairs``: other clean inputs and what an attack
    that fooled the model made of them, ``(p, *shape)`` each, raw; at least ``FEWEST`` of them."""
    clean, attacked = pairs
    noisy = same_size_noise(target.domain, clean, attacked, seed)
    shift = attribution_shift(target, explainer, players, reference)
    shifts = {name: shift(x) for name, x in (("clean", clean), ("attacked", attacked), ("noise", noisy))}
    ours = (shifts["attacked"], shifts["clean"])
    rows: list[tuple[str, str, tuple[Array, Array]]] = []
    if Offers.SCORES in target.offers:
        doubts = (doubt(target, attacked), doubt(target, clean))
        rows.append(("maximum probability", "how unsure the model is of its label", doubts))
    near = raw_distance(target, reference)
    rows.append(
        ("raw distance", "distance of the input from the nearest clean one of its label", (near(attacked), near(clean)))
    )
    rows.append(
        (
            "same-size noise",
            "the attribution shift of harmless noise as large as the attack's change",
            (shifts["noise"], shifts["clean"]),
        )
    )
    return judged(ours, rows, len(clean), len(reference), seed)


def judged(
    ours: tuple[Array, Array],
    rows: list[tuple[str, str, tuple[Array, Array]]],
    pairs: int,
    reference: int,
    seed: int,
) -> ShiftDetection:
    """The shift's scores ``(attacked, clean)``, beside baselines: name, what it is, and its scores."""
    baselines = [_scored(name, what, score, ours, seed + place) for place, (name, what, score) in enumerate(rows)]
    own = auc(*ours)
    main = DetectionScore(
        "attribution shift",
        "distance of the attributions from the nearest of a clean input of the same label",
        own,
        auc_interval(own, len(ours[0]), len(ours[1])),
    )
    lacking = [one for one in baselines if not beaten(one)]
    return ShiftDetection(
        pairs=pairs,
        reference=reference,
        shift=main,
        baselines=tuple(baselines),
        adds=not lacking,
        verdict=_verdict(main, lacking),
    )


def doubt(target: Target, x: Array) -> Array:
    """The logarithm of what the largest probability leaves to the others, ``(n,)``: it keeps the order where
    probabilities round to 1. Scores that are no probabilities go through a softmax first (Hendrycks and Gimpel 2017),
    because the largest logit alone says little."""
    scores = scores_of(target, x)
    top = scores.argmax(axis=1)
    rest = np.delete(scores.ravel(), np.arange(len(scores)) * scores.shape[1] + top).reshape(len(scores), -1)
    if Offers.PROBABILITIES in target.offers:
        return np.asarray(np.log(np.maximum(rest.sum(axis=1), 1e-300)))
    behind = rest - scores.max(axis=1, keepdims=True)
    odds = np.logaddexp.reduce(behind, axis=1)
    return np.asarray(odds - np.logaddexp(0.0, odds))


def attribution_shift(target: Target, explainer: Explainer, players: Players, reference: Array) -> Score:
    """The score described above, as a function of raw inputs."""
    labels = np.asarray(target.labels(reference))
    known = Neighbours(players.total(explainer.explain(reference, labels).values), labels)

    def score(x: Array) -> Array:
        said = np.asarray(target.labels(x))
        return known(players.total(explainer.explain(x, said).values), said)

    return score


def raw_distance(target: Target, reference: Array) -> Score:
    """The same distance of the inputs themselves, in unit space."""

    def flat(x: Array) -> Array:
        return target.domain.to_unit(x).reshape(len(x), -1)

    known = Neighbours(flat(reference), np.asarray(target.labels(reference)))
    return lambda x: known(flat(x), np.asarray(target.labels(x)))


def same_size_noise(domain: InputDomain, clean: Array, attacked: Array, seed: int) -> Array:
    """Each clean input changed by as much as the attack changed another one, every feature in a random direction: of
    the size and in the places of the attack, and without its aim. Where a direction leads out of the domain the other
    one is taken; raw, in the domain's dtype."""
    random = np.random.default_rng(seed)
    before, after = domain.to_unit(clean), domain.to_unit(attacked)
    size = np.abs(after - before)[_derangement(len(clean), random)]
    sign = random.choice([-1.0, 1.0], size=size.shape)
    moved = before + sign * size
    out = (moved < 0) | (moved > 1)
    moved = np.where(out, before - sign * size, moved)
    return domain.to_raw(np.clip(moved, 0.0, 1.0))


def _derangement(count: int, random: np.random.Generator) -> Array:
    """A random order in which nothing stays in its place."""
    order = random.permutation(count)
    back = np.empty(count, dtype=np.int64)
    back[order] = np.roll(order, 1)
    return back


def _scored(name: str, what: str, score: tuple[Array, Array], ours: tuple[Array, Array], seed: int) -> DetectionScore:
    area = auc(*score)
    gain, interval = auc_gain(ours, score, seed)
    return DetectionScore(name, what, area, auc_interval(area, len(score[0]), len(score[1])), gain, interval)


def beaten(baseline: DetectionScore) -> bool:
    """Whether the attribution shift is better than this by more than chance: its gain's whole interval is above 0."""
    return baseline.gain_interval is not None and baseline.gain_interval.low > 0


def _verdict(main: DetectionScore, lacking: list[DetectionScore]) -> str:
    if not lacking:
        return f"The attribution shift (AUC {main.auc:.2f}) tells attacked inputs better than every baseline."
    said = []
    for one in lacking:
        if one.gain is None or one.gain_interval is None:
            continue
        low, high = one.gain_interval.low, one.gain_interval.high
        than = "worse than" if high < 0 else "not measurably better than"
        said.append(f"{than} {one.name} ({one.auc:.2f}; difference {one.gain:+.2f}, {low:+.2f} to {high:+.2f})")
    return (
        f"The explanation adds nothing as a detector here: the attribution shift (AUC {main.auc:.2f}) is "
        + "; ".join(said)
        + "."
    )
