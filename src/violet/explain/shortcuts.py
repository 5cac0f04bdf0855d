"""Shortcuts: one feature, patch, corner or border that decides alone.

A shortcut is a rule that works on the data at hand and nowhere else (Geirhos et al. 2020): a leaked column, a watermark
that one class carries. It is found by transplanting: an input of another class is given this part of an input, and
nothing else of it. If the model now says the label of the part's owner, the part decides by itself. Each label is
counted apart, because a watermark speaks for one of them only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import Shortcut, ShortcutKind, ShortcutSearch
from violet.domain.rate import Rate
from violet.explain.base import pieces
from violet.explain.players import image_size, over_channels
from violet.targets.base import InputKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.players import Players
    from violet.targets.base import InputDomain, Target

    Array = NDArray[Any]

FEWEST_PLAYERS = 3
"""With two features it is no wonder that one of them decides."""
FEWEST_INPUTS = 10
"""Of one label: below that its interval says nothing."""
SHOWN = 8
DECIDES = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """Something to transplant: ``mask`` ``(*shape)`` bool."""

    kind: ShortcutKind
    name: str
    mask: Array

    @property
    def area(self) -> float:
        return float(self.mask.mean())


def regions(domain: InputDomain, players: Players) -> list[Region]:
    """What could be a shortcut. Of a table every feature or one-hot group; of an image patches of a quarter of each
    side, half overlapping, those in the corners called so, and the outermost ring."""
    if domain.kind is not InputKind.IMAGE:
        masks = players.mask(np.eye(len(players), dtype=bool))
        return [Region(ShortcutKind.FEATURE, name, mask) for name, mask in zip(players.names, masks, strict=True)]
    rows, columns = image_size(domain)
    high, wide = max(1, rows // 4), max(1, columns // 4)
    found: list[Region] = []
    for top in _starts(rows, high):
        for left in _starts(columns, wide):
            flat = np.zeros((rows, columns), dtype=bool)
            flat[top : top + high, left : left + wide] = True
            corner = top in (0, rows - high) and left in (0, columns - wide)
            name = f"rows {top}-{top + high - 1}, columns {left}-{left + wide - 1}"
            kind = ShortcutKind.CORNER if corner else ShortcutKind.PATCH
            found.append(Region(kind, name, over_channels(domain, flat)))
    ring = max(1, min(rows, columns) // 16)
    flat = np.ones((rows, columns), dtype=bool)
    flat[ring:-ring, ring:-ring] = False
    name = f"the outermost {'ring' if ring == 1 else f'{ring} rings'} of pixels"
    found.append(Region(ShortcutKind.BORDER, name, over_channels(domain, flat)))
    return found


def search(
    target: Target,
    players: Players,
    x: Array,
    y: Array,
    background: Array,
    classes: tuple[str, ...],
    *,
    seed: int,
) -> ShortcutSearch | None:
    """``x`` ``(n, *shape)`` raw with true labels ``y`` ``(n,)``; ``background`` ``(b, *shape)`` fills in where only one
    part is left. One row a region and input. ``None`` where there is too little to choose from: fewer than three
    features, or inputs of one label only."""
    said = np.asarray(target.labels(x))
    places = regions(target.domain, players)
    if len(places) < FEWEST_PLAYERS or len(np.unique(said)) < 2:
        return None
    random = np.random.default_rng(seed)
    receivers = of_other_labels(said, random)
    hits = np.stack([row == said for row in _answers(target, [place.mask for place in places], x, x[receivers])])
    labels = [label for label in np.unique(said) if (said == label).sum() >= FEWEST_INPUTS]
    tried = len(places) * max(len(labels), 1)
    usual = Rate(int((said == y).sum()), len(y))
    ranked = sorted(
        (
            (
                least_share(Rate(int(hits[place, said == label].sum()), int((said == label).sum())), tried),
                place,
                int(label),
            )
            for place in range(len(places))
            for label in labels
        ),
        key=lambda one: (-one[0], places[one[1]].area, one[1], one[2]),
    )
    kept: dict[int, tuple[float, int]] = {}
    for least, place, label in ranked:
        if place not in kept and len(kept) < SHOWN and not _repeats(place, label, kept, places):
            kept[place] = (least, label)
    filled = _filling(target.domain, background, len(x), random)
    alone = _answers(target, [places[place].mask for place in kept], x, filled)
    found = [
        Shortcut(
            kind=places[place].kind,
            name=places[place].name,
            label=classes[label] if label < len(classes) else str(label),
            flips=Rate(int(hits[place, said == label].sum()), int((said == label).sum())),
            least=least,
            alone=Rate(int((answer == y).sum()), len(y)),
            usual=usual,
            area=places[place].area,
            decides=least > DECIDES,
        )
        for (place, (least, label)), answer in zip(kept.items(), alone, strict=True)
    ]
    return ShortcutSearch(tried, len(x), tuple(found))


def _repeats(place: int, label: int, kept: dict[int, tuple[float, int]], places: list[Region]) -> bool:
    """Whether it shares features with a stronger part that decides for the same label: then it is the same shortcut,
    seen again."""
    return any(
        least > DECIDES and owner == label and bool((places[other].mask & places[place].mask).any())
        for other, (least, owner) in kept.items()
    )


def least_share(flips: Rate, tried: int) -> float:
    """The lower limit, at a level that holds for all that was tried together (Bonferroni)."""
    return flips.interval(1 - 0.05 / tried).low


def _answers(target: Target, masks: list[Array], x: Array, under: Array) -> list[Array]:
    """Labels of ``under`` with each mask's part of ``x`` laid over it: one ``(n,)`` for each mask."""
    found: list[Array] = []
    for piece in pieces(len(masks), x.size):
        mixed = np.where(np.stack(masks[piece])[:, None], x[None], under[None])
        found += list(np.asarray(target.labels(mixed.reshape((-1, *x.shape[1:])))).reshape(-1, len(x)))
    return found


def of_other_labels(said: Array, random: np.random.Generator) -> Array:
    """For every input another one that the model gives another label."""
    found = np.empty(len(said), dtype=np.int64)
    for label in np.unique(said):
        own = np.flatnonzero(said == label)
        found[own] = random.choice(np.flatnonzero(said != label), size=len(own))
    return found


def _filling(domain: InputDomain, background: Array, count: int, random: np.random.Generator) -> Array:
    """What stands where all else is taken away: the mean image, or other rows of a table."""
    if domain.kind is InputKind.IMAGE:
        mean = background.astype(np.float64).mean(axis=0)
        return np.asarray(np.broadcast_to(mean, (count, *mean.shape)), dtype=background.dtype)
    return background[random.integers(len(background), size=count)]


def _starts(length: int, size: int) -> list[int]:
    step = max(1, size // 2)
    found = list(range(0, length - size + 1, step))
    return found if found[-1] == length - size else [*found, length - size]
