"""The books of one test: what each sample met, what it fell to, and what is left of the time."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain.robustness import AttackRun, Spent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from violet.services.testing.plan import Planned
    from violet.services.testing.work import ChunkResult

    Array = NDArray[Any]

WHITE_BOX_ROWS, BLACK_BOX_ROWS = (128, 512), (256, 1024)
"""Least and most rows of one task. Black boxes answer many rows for little more than one, so their chunks are
larger."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One attack on the samples ``rows`` (indices into the test's samples), of which it did ``reached`` before time ran
    out. All arrays have ``len(rows)`` for first axis; ``adversarial`` is raw."""

    planned: Planned
    rows: Array
    reached: Array
    adversarial: Array
    fooled: Array
    distance: Array
    queries: Array
    gradients: Array
    first: Array
    seconds: float
    seed: int
    complete: bool
    reported: int
    recount: int
    rejected: int
    diagnostics: Mapping[str, Array] = field(default_factory=dict)
    errors: tuple[str, ...] = ()

    def summary(self) -> AttackRun:
        import numpy as np

        done = self.reached
        fell = self.distance[self.fooled]
        errors = self.errors
        if self.rejected:
            errors += (f"{self.rejected} claimed examples did not hold when the model was asked again",)
        return AttackRun(
            attack=self.planned.name,
            threat=self.planned.threat,
            attempted=int(done.sum()),
            fooled=int(self.fooled.sum()),
            queries=spent(self.queries[done]),
            gradients=spent(self.gradients[done]),
            budget=self.planned.queries,
            seconds=self.seconds,
            seed=self.seed,
            complete=self.complete,
            median_distance=float(np.median(fell)) if len(fell) else float("nan"),
            reported=self.reported,
            recount=self.recount,
            options=tuple((name, str(value)) for name, value in self.planned.options.items()),
            errors=errors,
        )


def spent(counts: Array) -> Spent:
    import numpy as np

    if not len(counts):
        return Spent(0.0, 0.0, 0)
    return Spent(float(np.mean(counts)), float(np.median(counts)), int(np.max(counts)))


def chunks(rows: Array, white_box: bool) -> list[Array]:
    """Split into tasks: the same whatever the number of workers is, so that results are, too."""
    import numpy as np

    if not len(rows):
        return []
    least, most = WHITE_BOX_ROWS if white_box else BLACK_BOX_ROWS
    size = min(most, max(least, -(-len(rows) // 2)))
    return [np.asarray(part) for part in np.array_split(rows, -(-len(rows) // size))]


def seed_of(seed: int, *parts: object) -> int:
    """A seed for one task, from the test's and what the task is."""
    text = "\0".join(map(str, (seed, *parts)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")


def key_of(planned: Planned, rows: Array, seed: int) -> str:
    """Names a task's result in the run directory: what would make it another result is in it."""
    import numpy as np

    settings = sorted((name, str(value)) for name, value in planned.options.items())
    described = (planned.attack, planned.role, planned.queries, str(planned.threat), planned.goal, settings, seed)
    digest = hashlib.sha256(repr(described).encode())
    digest.update(np.ascontiguousarray(rows, dtype=np.int64).tobytes())
    return f"{planned.role}-{planned.attack.replace('/', '.')}-{digest.hexdigest()[:16]}"


def merge(
    planned: Planned,
    rows: Array,
    parts: Sequence[tuple[Array, ChunkResult]],
    x: Array,
    seed: int,
    errors: tuple[str, ...],
) -> Outcome:
    """Put the chunks of one attack together, in the order of ``rows``."""
    import numpy as np

    place = {int(row): at for at, row in enumerate(rows)}
    n = len(rows)
    made = Outcome(
        planned=planned,
        rows=rows,
        reached=np.zeros(n, dtype=bool),
        adversarial=np.array(x[rows], copy=True),
        fooled=np.zeros(n, dtype=bool),
        distance=np.full(n, np.inf),
        queries=np.zeros(n, dtype=np.int64),
        gradients=np.zeros(n, dtype=np.int64),
        first=np.full(n, -1, dtype=np.int64),
        seconds=sum(result.seconds for _, result in parts),
        seed=seed,
        complete=sum(len(part) for part, _ in parts) == n and all(result.complete for _, result in parts),
        reported=sum(result.reported for _, result in parts),
        recount=sum(result.recount for _, result in parts),
        rejected=sum(result.rejected for _, result in parts),
        diagnostics=_joined(
            [(np.array([place[int(r)] for r in part]), result.diagnostics) for part, result in parts], n
        ),
        errors=errors,
    )
    for part, result in parts:
        at = np.array([place[int(row)] for row in part], dtype=np.int64)
        made.reached[at] = True
        for name in ("adversarial", "fooled", "distance", "queries", "gradients", "first"):
            getattr(made, name)[at] = getattr(result, name)
    return made


def _joined(parts: Sequence[tuple[Array, Mapping[str, Array]]], n: int) -> dict[str, Array]:
    """Diagnostics that have one number a sample; where a chunk has none, NaN."""
    import numpy as np

    names = sorted({name for _, found in parts for name in found})
    joined: dict[str, Array] = {}
    for name in names:
        values = np.full(n, np.nan)
        for at, found in parts:
            value = found.get(name)
            if value is not None and value.shape == (len(at),):
                values[at] = value
        joined[name] = values
    return joined


class Purse:
    """The time of a test. Stages get a share of what is left, and so does each task of a stage."""

    def __init__(self, seconds: float) -> None:
        self.begun = time.monotonic()
        self._end = self.begun + seconds

    @property
    def left(self) -> float:
        return max(0.0, self._end - time.monotonic())

    @property
    def used(self) -> float:
        return time.monotonic() - self.begun

    def stage(self, share: float) -> float:
        """The moment (monotonic) at which a stage ends that may use this share of what is left."""
        return time.monotonic() + self.left * share
