"""The attack surface: what attacks moved, beside what the model relies on.

Where both are high an attacker has a handle: the feature matters, and it gives way. A feature that attacks move and
that the model hardly reads is noise of the attack; one that the model relies on and no attack moved is either out of
reach or was not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import AttackSurface, SurfaceEntry
from violet.domain.rate import Rate
from violet.explain.statistics import percentiles, spearman, weights
from violet.targets.schema import Direction

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.players import Players
    from violet.targets.base import InputDomain

    Array = NDArray[Any]

MOVED = 1e-9
"""A feature that moved by less, in unit space, has not moved."""


@dataclass(frozen=True, slots=True)
class Success:
    """What an attack reached: ``fooled`` counts the inputs it fooled among those it tried; ``selected`` where they were
    chosen because they fell, so that this says nothing."""

    attack: str
    threat: str
    fooled: Rate
    selected: bool = False


def attack_surface(
    domain: InputDomain,
    players: Players,
    moves: tuple[Array, Array],
    sizes: Array,
    success: Success,
    *,
    seed: int,
) -> AttackSurface:
    """``moves`` are the inputs that were fooled and what they became, ``(m, *shape)`` each, raw; ``sizes`` ``(n,
    players)`` the absolute attributions of clean inputs."""
    before, after = (domain.to_unit(part) for part in moves)
    change = players.total(np.abs(after - before))
    moved = _shares(change)
    mean_moved, mean_relied = moved.mean(axis=0), _shares(sizes.mean(axis=0)[None])[0]
    exposure = np.sqrt(mean_moved * mean_relied)
    exposure = exposure / max(float(exposure.sum()), 1e-300)
    changed = (change > MOVED).sum(axis=0)
    directions = _directions(domain, players)
    entries = [
        SurfaceEntry(
            feature=players.names[at],
            moved=float(mean_moved[at]),
            relied=float(mean_relied[at]),
            exposure=float(exposure[at]),
            changed=Rate(int(changed[at]), len(change)),
            immutable=players.immutable[at],
            note=_note(players.immutable[at], int(changed[at]), directions[at]),
        )
        for at in np.argsort(-exposure, kind="stable")
    ]
    drawn_moved = weights(len(moved), seed) @ moved
    drawn_relied = weights(len(sizes), seed + 1) @ sizes
    return AttackSurface(
        attack=success.attack,
        threat=success.threat,
        fooled=success.fooled,
        entries=tuple(entries),
        agreement=float(spearman(mean_moved[None], mean_relied[None])[0]),
        agreement_interval=percentiles(spearman(drawn_moved, drawn_relied)),
        selected=success.selected,
    )


def _shares(sizes: Array) -> Array:
    """Rows that add up to 1; rows of nothing stay nothing."""
    total = sizes.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(sizes, total, out=np.zeros_like(sizes, dtype=np.float64), where=total > 0))


def _directions(domain: InputDomain, players: Players) -> list[Direction]:
    found = [Direction.ANY] * len(players)
    if domain.schema is not None and len(domain.schema.features) == len(players.of):
        for feature, player in zip(domain.schema.features, players.of, strict=True):
            found[player] = feature.direction
    return found


def _note(immutable: bool, changed: int, direction: Direction) -> str:
    if immutable and changed:
        return "marked immutable, and moved all the same: this attack does not obey the schema"
    if immutable:
        return "marked immutable: out of an attacker's reach, if that holds"
    if direction is Direction.UP:
        return "can only be raised"
    return "can only be lowered" if direction is Direction.DOWN else ""
