"""What a worker does: one attack on one chunk of samples, and then it asks the model again about all that was found.

Claims of an attack are not believed. Each adversarial example is taken back to what the model is really given (its own
units, its own number format), and counts only where the model still answers wrongly, the radius holds, and the row is
one that can be.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.attacks.base import Budget, Clock, Goal, Problem, find, run_attack
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm, Threat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from violet.attacks.base import AttackResult
    from violet.targets.base import InputDomain, Target, TargetSpec

    Array = NDArray[Any]

TOLERANCE = 1e-6
"""By how much of itself a radius may be overstepped: what rounding to float32 does."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """One task: everything a worker needs, as plain values and arrays. ``x`` is raw."""

    spec: TargetSpec
    digest: str
    domain: InputDomain
    names: tuple[str, ...]
    attack: str
    x: Array
    y: Array
    threat: Threat
    queries: int
    seconds: float
    seed: int
    goal: Goal = Goal.WITHIN
    pool: Array | None = None
    pool_labels: Array | None = None
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    stop: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ChunkResult:
    """What came of a ``Chunk``. Arrays have the chunk's rows for first axis; ``adversarial`` is raw. ``reported`` and
    ``recount`` are rows asked, as the attack says and as the model counted; ``rejected`` are claims that did not
    hold."""

    adversarial: Array
    fooled: Array
    distance: Array
    queries: Array
    gradients: Array
    first: Array
    seconds: float
    complete: bool
    reported: int
    recount: int
    rejected: int
    diagnostics: Mapping[str, Array] = field(default_factory=dict)


_OPEN: dict[TargetSpec, Target] = {}
"""Targets of this process: a worker opens each once."""


def lend(spec: TargetSpec, target: Target) -> None:
    """Make a target that is already open known in this process."""
    _OPEN[spec] = target


def opened(spec: TargetSpec, digest: str, domain: InputDomain, names: tuple[str, ...]) -> Target:
    """The target, opened once a process. Raises ``VioletError`` where the file is not the one that was examined."""
    if spec not in _OPEN:
        from violet.services.testing.opening import open_examined

        _OPEN[spec] = open_examined(spec, digest, domain, names)
    return _OPEN[spec]


def attack_chunk(chunk: Chunk) -> ChunkResult:
    """Run the attack, then verify what it found. Raises ``VioletError`` where the target cannot answer."""
    import numpy as np

    from violet.targets.unit import in_unit_space

    target = opened(chunk.spec, chunk.digest, chunk.domain, chunk.names)
    entry = find(chunk.attack)
    unit = entry.attack.unit
    domain = target.domain
    asked = in_unit_space(target) if unit else target
    before = target.counter.rows
    problem = Problem(
        target=asked,
        x=domain.to_unit(chunk.x) if unit else chunk.x,
        y=chunk.y,
        threat=chunk.threat,
        budget=Budget(chunk.queries, chunk.seconds),
        seed=chunk.seed,
        goal=chunk.goal,
        clock=Clock(chunk.seconds, chunk.stop),
        pool=None if chunk.pool is None else (domain.to_unit(chunk.pool) if unit else chunk.pool),
        pool_labels=chunk.pool_labels,
        options=dict(chunk.options),
    )
    result = run_attack(entry, problem)
    recount = target.counter.rows - before
    raw = domain.to_raw(result.adversarial) if unit else result.adversarial
    fooled, distance = verified(target, chunk, raw, result, unit)
    return ChunkResult(
        adversarial=raw,
        fooled=fooled,
        distance=distance,
        queries=np.asarray(result.queries, dtype=np.int64),
        gradients=np.asarray(result.gradients, dtype=np.int64),
        first=np.where(fooled, result.first, -1).astype(np.int64),
        seconds=result.seconds,
        complete=result.complete,
        reported=int(result.queries.sum()),
        recount=recount,
        rejected=int((result.fooled & ~fooled).sum()),
        diagnostics={name: np.asarray(value) for name, value in result.diagnostics.items()},
    )


def verified(target: Target, chunk: Chunk, raw: Array, result: AttackResult, unit: bool) -> tuple[Array, Array]:
    """Which claims hold, ``(n,)``, and the distances that were measured here (``inf`` where not)."""
    import numpy as np

    claimed = np.flatnonzero(result.fooled)
    fooled = np.zeros(len(raw), dtype=bool)
    distance = np.full(len(raw), np.inf)
    if not len(claimed):
        return fooled, distance
    answer = target.labels(raw[claimed])
    holds = answer != chunk.y[claimed]
    if unit:
        from violet.attacks.geometry import distance as measure

        moved, original = chunk.domain.to_unit(raw[claimed]), chunk.domain.to_unit(chunk.x[claimed])
        # A number that the domain's type cannot hold exactly moves by its rounding, which is no attack.
        slack = TOLERANCE * max(1.0, _rounding(chunk.domain))
        found = measure(moved, original, chunk.threat.norm)
        flat = moved.reshape(len(moved), -1)
        holds &= ((flat >= -slack) & (flat <= 1 + slack)).all(axis=1)
        if chunk.threat.norm is Norm.L0:
            found = (np.abs(flat - original.reshape(len(moved), -1)) > slack).sum(axis=1).astype(float)
    else:
        slack = TOLERANCE
        found = _raw_distance(chunk, raw[claimed], chunk.x[claimed])
        if chunk.domain.schema is not None:
            from violet.targets.feasibility import Feasibility

            holds &= Feasibility(chunk.domain.schema).feasible(chunk.x[claimed], raw[claimed])
    if chunk.goal is Goal.WITHIN:
        holds &= found <= chunk.threat.eps * (1 + TOLERANCE) + slack * _sides(chunk, unit)
    fooled[claimed] = holds
    distance[claimed] = np.where(holds, found, np.inf)
    return fooled, distance


def _raw_distance(chunk: Chunk, moved: Array, original: Array) -> Array:
    """Changed features of a table (a one-hot group counts once), or changed words of a text, ``(m,)``."""
    import numpy as np

    from violet.targets.base import InputKind

    if chunk.domain.kind is InputKind.TEXT:
        from violet.attacks.text.distance import changed_words

        return np.asarray(changed_words(original, moved), dtype=float)
    from violet.targets.feasibility import Feasibility

    assert chunk.domain.schema is not None, "the plan lets no attack on raw rows run without a schema"
    return np.asarray(Feasibility(chunk.domain.schema).changed(original, moved), dtype=float)


def _rounding(domain: InputDomain) -> float:
    """How many ``TOLERANCE`` one rounding of float32 may be, of the widest feature's range."""
    import numpy as np

    if domain.dtype != "float32":
        return 1.0
    low, high = np.asarray(domain.low, dtype=float), np.asarray(domain.high, dtype=float)
    span = np.where(high > low, high - low, 1.0)
    largest = np.maximum(np.abs(low), np.abs(high)) / span
    return float(np.max(largest, initial=1.0)) * float(np.finfo(np.float32).eps) / TOLERANCE


def _sides(chunk: Chunk, unit: bool) -> float:
    """How often roundings of single features add up in the norm."""
    import numpy as np

    if not unit or chunk.threat.norm in (Norm.LINF, Norm.L0):
        return 1.0
    size = float(np.prod(chunk.domain.shape))
    return size if chunk.threat.norm is Norm.L1 else size**0.5


def settings_of(attack: str, settings: tuple[tuple[str, str], ...]) -> dict[str, float | int | str | bool]:
    """Options of one attack from ``ID.NAME=VALUE`` settings, in the types of its defaults. Raises ``UsageError``."""
    entry = find(attack)
    chosen: dict[str, float | int | str | bool] = {}
    for full, text in settings:
        name, _, option = full.rpartition(".")
        if find(name).attack.id != entry.attack.id:
            continue
        default = entry.attack.options.get(option)
        if default is None:
            has = ", ".join(entry.attack.options) or "none"
            raise UsageError(f"{entry.attack.id} has no option {option!r}.", f"Its options: {has}.")
        chosen[option] = _typed(full, text, default)
    return chosen


def _typed(name: str, text: str, default: float | int | str | bool) -> float | int | str | bool:
    try:
        if isinstance(default, bool):
            return {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}[text.lower()]
        if isinstance(default, int):
            return int(text)
        return float(text) if isinstance(default, float) else text
    except (KeyError, ValueError):
        kind = type(default).__name__
        raise UsageError(f"--set {name}={text}: that is no {kind}.", f"Its default is {default}.") from None
