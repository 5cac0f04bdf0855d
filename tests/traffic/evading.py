"""Attackers that look for an input the model gets wrong: the attacks of ``violet.attacks`` themselves, run against a
target that writes down what it is asked.

A client attacks one case after another. Attacks that can make the distance smaller go on until the budget is spent, the
others until they are done. The goal is reached with the query that fools the model within the radius for the first
time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.traffic.trace import START, Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.traffic.world import World
    from violet.domain.robustness import Threat
    from violet.targets.base import Target

    Array = NDArray[Any]


ROUNDING = 1.2
"""How much farther than the radius a row may lie that was rounded to grids."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Threats as ``Threat.parse`` reads them, for tables and for pictures of 28 by 28 (empty: not for those; an L2
    radius shrinks with the side, as lengths of pictures do). ``snapped``: what is sent is rounded to the application's
    grids, so that nothing but the pattern betrays it. ``scattered``: before each query, what hardly matters to the
    model is taken from some row of the population (tables) or the light changes a little (pictures), so that no query
    is near another one; after OARS (Feng et al. 2023), which adapts queries so that stateful defences do not match
    them."""

    attack: str
    table: str
    picture: str
    snapped: bool = False
    scattered: bool = False
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)


EVADING: Mapping[str, Plan] = {
    "hopskipjump": Plan("decisions/hopskipjump", "l2:0.04", "l2:2"),
    "hopskipjump-snapped": Plan("decisions/hopskipjump", "l2:0.04", "l2:2", snapped=True),
    "surfree": Plan("decisions/surfree", "l2:0.04", "l2:2"),
    "rays": Plan("decisions/rays", "linf:0.015", "linf:0.08"),
    "sign-opt": Plan("decisions/opt", "l2:0.04", "l2:2"),
    "nes": Plan("scores/nes", "linf:0.015", "linf:0.08"),
    "spsa": Plan("scores/spsa", "linf:0.015", "linf:0.08"),
    "square": Plan("scores/square", "linf:0.015", "linf:0.08"),
    "square-snapped": Plan("scores/square", "linf:0.015", "linf:0.08", snapped=True),
    "simba": Plan("scores/simba", "l2:0.04", "l2:2"),
    "feasible-search": Plan("tabular/feasible-search", "feasible:3", ""),
    "feasible-decisions": Plan("tabular/feasible-decisions", "feasible:3", ""),
}

ADAPTIVE: Mapping[str, Plan] = {
    "square-scattered": Plan("scores/square", "linf:0.015", "linf:0.08", snapped=True, scattered=True),
    "hopskipjump-scattered": Plan("decisions/hopskipjump", "l2:0.04", "l2:2", snapped=True, scattered=True),
    "feasible-search-scattered": Plan("tabular/feasible-search", "feasible:3", "", scattered=True),
}
"""Attackers who know how they are looked for. What they changed so as to hide does not count against the radius."""


def threat(world: World, plan: Plan) -> Threat:
    from violet.domain.robustness import Norm, Threat

    found = Threat.parse(plan.picture if world.shape else plan.table)
    if world.shape and found.norm is Norm.L2:
        return Threat(Norm.L2, found.eps * world.shape[0] / 28)
    return found


def kinds(world: World) -> tuple[str, ...]:
    """Those of ``EVADING`` that this world knows."""
    return _known(world, EVADING)


def adaptive_kinds(world: World) -> tuple[str, ...]:
    """Those of ``ADAPTIVE``."""
    return _known(world, ADAPTIVE)


def _known(world: World, plans: Mapping[str, Plan]) -> tuple[str, ...]:
    return tuple(name for name, plan in plans.items() if (plan.picture if world.shape else plan.table))


def evade(
    world: World,
    kind: str,
    seed: int,
    *,
    samples: int = 3,
    queries: int = 500,
    start: float = START,
    rate: float = 5.0,
) -> Piece:
    """Traffic of one attacker, who attacks ``samples`` cases with at most ``queries`` each, ``rate`` queries a second.
    Cases are those of which the model is sure."""
    rng = np.random.default_rng([seed, 41])
    plan = EVADING[kind] if kind in EVADING else ADAPTIVE[kind]
    rows: list[Array] = []
    goal = -1
    for number, case in enumerate(_cases(world, rng, samples)):
        asked = _attack(world, plan, case, rng, seed + 1000 * number, queries)
        fooling = np.flatnonzero(_fooled(world, plan, case, asked))
        if len(fooling) and goal < 0:
            goal = sum(map(len, rows)) + int(fooling[0])
        rows.append(asked)
    raw = np.concatenate(rows)
    reached = np.zeros(len(raw), dtype=bool)
    if goal >= 0:
        reached[goal] = True
    at = start + np.cumsum(rng.exponential(1.0 / rate, len(raw)))
    name = f"evasion:{kind}"
    return Piece(f"key:{name}-{seed}", name, at, raw, goal=reached, campaign=f"{name}/{seed}")


def _cases(world: World, rng: np.random.Generator, count: int) -> Array:
    """Of tables, applications that are declined (the attacker wants them granted); of pictures, any."""
    rows = world.population.draw(rng, 60 * count + 400)
    scores = world.answer(rows)
    top = np.partition(scores, -2, axis=1)[:, -2:]
    margin = top[:, 1] - top[:, 0]
    wanted = margin > 0.95
    if not world.shape:
        wanted &= scores.argmax(axis=1) == 1
    return rows[np.flatnonzero(wanted)[:count]]


def _fooled(world: World, plan: Plan, case: Array, asked: Array) -> Array:
    """Which queries are adversarial examples within the radius, ``(m,)`` bool."""
    from violet.attacks.geometry import distance
    from violet.domain.robustness import Norm

    allowed = threat(world, plan)
    labels = world.labels(asked)
    if plan.scattered and not world.shape:
        asked = asked.copy()
        asked[:, idle_columns(world)] = case[idle_columns(world)]
    if allowed.norm is Norm.FEASIBLE:
        away = (np.abs(asked - case) > 1e-9).sum(axis=1)
    else:
        unit = world.domain.to_unit
        away = distance(unit(_shaped(world, asked)), unit(_shaped(world, case[None])), allowed.norm)
    room = ROUNDING if plan.snapped else 1 + 1e-9
    return np.asarray((labels != world.labels(case[None])[0]) & (away <= allowed.eps * room))


def _attack(world: World, plan: Plan, case: Array, rng: np.random.Generator, seed: int, queries: int) -> Array:
    """What was asked ``(m, p)``."""
    from violet.attacks.base import Budget, Goal, Problem, find, run_attack
    from violet.targets.unit import in_unit_space

    recorder = Recorder(world, plan.snapped, np.random.default_rng([seed, 42]) if plan.scattered else None)
    entry = find(plan.attack)
    others = world.population.draw(rng, 40)
    x, pool, target = _shaped(world, case[None]), _shaped(world, others), recorder.target()
    if entry.attack.unit:
        x, pool, target = world.domain.to_unit(x), world.domain.to_unit(pool), in_unit_space(target)
    problem = Problem(
        target=target,
        x=x,
        y=world.labels(case[None]),
        threat=threat(world, plan),
        budget=Budget(queries),
        seed=seed,
        goal=Goal.SMALLEST if entry.attack.minimal else Goal.WITHIN,
        pool=pool,
        pool_labels=world.labels(others),
        options=plan.options,
    )
    run_attack(entry, problem)
    return recorder.rows()


def _shaped(world: World, rows: Array) -> Array:
    return rows.reshape(len(rows), *world.domain.shape)


class Recorder:
    """A target that keeps what it is asked, in order. With ``scatter`` it changes what hardly matters first."""

    def __init__(self, world: World, snapped: bool = False, scatter: np.random.Generator | None = None) -> None:
        self.world = world
        self.snapped = snapped
        self._scatter = scatter
        self._asked: list[Array] = []

    def target(self) -> Target:
        from violet.targets.base import Offers
        from violet.targets.callable_target import CallableTarget

        offers = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
        return CallableTarget(self._predict, self.world.domain, self.world.classes, offers, self.world.name)

    def rows(self) -> Array:
        return np.concatenate(self._asked) if self._asked else np.empty((0, len(self.world.names)))

    def _predict(self, x: Array) -> Array:
        flat = np.array(x, dtype=float).reshape(len(x), -1)
        if self._scatter is not None:
            if self.world.shape:
                flat *= self._scatter.uniform(0.85, 1.15, (len(flat), 1))
            else:
                idle = idle_columns(self.world)
                flat[:, idle] = self.world.population.draw(self._scatter, max(2, len(flat)))[: len(flat), idle]
        if self.snapped:
            flat = self.world.population.snap(flat)
        self._asked.append(flat.copy())
        return self.world.answer(flat)


_IDLE: dict[str, Array] = {}


def idle_columns(world: World) -> Array:
    """The half of the columns that move the model's scores least when they are shuffled, but for those that others are
    computed from."""
    if world.name not in _IDLE:
        rows = world.held[:1000]
        plain, rng = world.answer(rows), np.random.default_rng(9)
        moved = []
        for column in range(rows.shape[1]):
            other = rows.copy()
            other[:, column] = rng.permutation(other[:, column])
            moved.append(float(np.abs(world.answer(other) - plain).mean()))
        schema = world.domain.schema
        tied = " ".join(constraint.text for constraint in schema.constraints) if schema is not None else ""
        free = [place for place in np.argsort(moved).tolist() if world.names[place] not in tied.split()]
        _IDLE[world.name] = np.sort(free[: rows.shape[1] // 2])
    return _IDLE[world.name]
