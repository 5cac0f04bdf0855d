"""Test a model against evasion: samples, probes, the cascade of attacks, what is believable, and what it means."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError, VioletError
from violet.services.testing.believable import Evidence, sanity_checks
from violet.services.testing.books import Outcome, Purse, chunks, key_of, merge, seed_of
from violet.services.testing.plan import Plan, Planned, make_plan
from violet.services.testing.work import Chunk, ChunkResult, lend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain.robustness import SanityCheck
    from violet.engine.executors import Engine
    from violet.engine.runs import RunDirectory
    from violet.services.testing.options import RobustnessOptions
    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]
    Progress = Callable[[int, int, str], None]

POOL = 512
"""Rows that an attacker is given beside the samples, to start from and to train a surrogate on."""
PROBES_SHARE, CURVE_SHARE, CASCADE_SHARE = 0.3, 0.25, 0.8
"""Of the time that is left when each stage begins."""
GRACE = 10.0
"""Seconds that workers have to hand over what they reached when somebody asks to end."""
FUNCTION = "violet.services.testing.work:attack_chunk"


@dataclass(slots=True, eq=False)
class Arena:
    """One test under way. ``x`` and ``y`` are the samples, raw; ``standing`` those that are classified as they should
    be and have not fallen; ``nearest`` the distance each fell at, with the example in ``examples``."""

    options: RobustnessOptions
    data: LabelledData
    target: Target
    digest: str
    x: Array
    y: Array
    index: Array
    """Of each sample in the data."""
    correct: Array
    pool: Array
    pool_labels: Array
    purse: Purse
    run: RunDirectory | None = None
    progress: Progress | None = None
    stop: Callable[[], bool] = lambda: False
    stop_file: str = ""
    done: int = 0
    total: int = 0
    interrupted: bool = False
    engine: Engine | None = None
    """Open workers, which serve for all attacks of the test."""
    _killed_at: float = float("inf")
    standing: Array = field(init=False)
    nearest: Array = field(init=False)
    examples: Array = field(init=False)
    fell_to: list[str] = field(init=False)
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        import numpy as np

        self.standing = self.correct.copy()
        self.nearest = np.full(len(self.y), np.inf)
        self.examples = np.array(self.x, copy=True)
        self.fell_to = [""] * len(self.y)

    def attack(self, plans: Sequence[tuple[Planned, Array]], until: float) -> list[Outcome]:
        """Run these attacks on these rows, side by side, until then (monotonic). What was already reached in the run
        directory is taken from there."""
        waiting: list[tuple[int, Array, int]] = []
        parts: list[list[tuple[Array, ChunkResult]]] = [[] for _ in plans]
        errors: list[list[str]] = [[] for _ in plans]
        for at, (planned, rows) in enumerate(plans):
            for number, part in enumerate(chunks(rows, planned.attack.startswith("gradient/"))):
                seed = seed_of(self.options.seed, planned.attack, planned.label, planned.role, number)
                kept = self._kept(planned, part, seed)
                if kept is not None:
                    parts[at].append((part, kept))
                else:
                    waiting.append((at, part, seed))
        self.total = max(self.total, self.done + len(waiting))
        for at, part, result in self._answers(plans, waiting, until):
            if isinstance(result, str):
                errors[at].append(result)
            else:
                parts[at].append((part, result))
        made = [
            merge(planned, rows, parts[at], self.x, self.options.seed, tuple(dict.fromkeys(errors[at])))
            for at, (planned, rows) in enumerate(plans)
        ]
        self.outcomes += made
        return made

    def _answers(
        self, plans: Sequence[tuple[Planned, Array]], waiting: list[tuple[int, Array, int]], until: float
    ) -> Iterator[tuple[int, Array, ChunkResult | str]]:
        from violet.engine.tasks import Task, TaskFailure, run_tasks

        left = len(waiting)
        workers = self.options.jobs or _processors()

        def tasks() -> Iterable[Task]:
            nonlocal left
            for number, (at, part, seed) in enumerate(waiting):
                remaining = until - time.monotonic()
                if remaining <= 0 or self.stopped():
                    return
                seconds = max(0.2, min(remaining, remaining * workers / max(left, workers)))
                left -= 1
                yield Task(str(number), FUNCTION, (self._chunk(plans[at][0], part, seed, seconds),))

        engine = self.engine or self.options.engine
        for task, answer in run_tasks(tasks(), engine=engine, jobs=self.options.jobs, stopped=self._gone):
            at, part, seed = waiting[int(task.key)]
            self.done += 1
            self.tell(plans[at][0].name)
            if isinstance(answer, TaskFailure):
                yield at, part, answer.error
                continue
            assert isinstance(answer, ChunkResult)
            if answer.complete:
                self._keep(plans[at][0], part, seed, answer)
            yield at, part, answer

    def stopped(self) -> bool:
        """Whether somebody asked to end. Workers are told by the stop file, and hand over what they have reached."""
        if not self.interrupted and self.stop():
            self.interrupted = True
            self._killed_at = time.monotonic() + GRACE
            if self.stop_file:
                with contextlib.suppress(OSError), open(self.stop_file, "w", encoding="utf-8"):
                    pass
        return self.interrupted

    def _gone(self) -> bool:
        """Whether workers had their time to hand over, and are to be killed."""
        return self.stopped() and time.monotonic() > self._killed_at

    def _chunk(self, planned: Planned, rows: Array, seed: int, seconds: float) -> Chunk:
        return Chunk(
            spec=self.options.target,
            digest=self.digest,
            domain=self.target.domain,
            names=self.data.classes,
            attack=planned.attack,
            x=self.x[rows],
            y=self.y[rows],
            threat=planned.threat,
            queries=planned.queries,
            seconds=seconds,
            seed=seed,
            goal=planned.goal,
            pool=self.pool,
            pool_labels=self.pool_labels,
            options=planned.options,
            stop=self.stop_file,
        )

    def _kept(self, planned: Planned, rows: Array, seed: int) -> ChunkResult | None:
        from violet.services.testing.kept import load

        return None if self.run is None else load(self.run, key_of(planned, self.index[rows], seed))

    def _keep(self, planned: Planned, rows: Array, seed: int, result: ChunkResult) -> None:
        from violet.services.testing.kept import save

        if self.run is not None:
            save(self.run, key_of(planned, self.index[rows], seed), result)

    def take(self, outcome: Outcome) -> None:
        """Let what an attack found count against its samples."""
        import numpy as np

        within = outcome.fooled & (outcome.distance <= self.options.threat.eps * (1 + 1e-6) + 1e-6)
        for at in np.flatnonzero(within):
            row = int(outcome.rows[at])
            self.standing[row] = False
            if outcome.distance[at] < self.nearest[row]:
                self.nearest[row] = outcome.distance[at]
                self.examples[row] = outcome.adversarial[at]
                self.fell_to[row] = outcome.planned.attack

    def tell(self, what: str) -> None:
        if self.progress is not None:
            self.progress(self.done, max(self.total, self.done), what)


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """All that was run, before it is summed up."""

    arena: Arena
    plan: Plan
    probes: Mapping[str, Outcome]
    curve: tuple[Outcome, ...]
    smallest: tuple[Outcome, ...]
    cascade: tuple[Outcome, ...]
    adaptive: tuple[Outcome, ...]
    sanity: tuple[SanityCheck, ...]
    probe_rows: Array
    """All probes, those that are misclassified to begin with too."""


def run_campaign(arena: Arena, unsteady: tuple[str, ...]) -> Campaign:
    """Probes first, then the curve, then the cascade on what still stands; an adaptive attack where a check failed."""
    import numpy as np

    from violet.domain.robustness import Believed
    from violet.targets.base import InputKind, Offers

    plan = make_plan(arena.options, arena.target)
    generator = np.random.default_rng(seed_of(arena.options.seed, "probes"))
    probe_rows = np.sort(generator.permutation(len(arena.y))[: arena.options.probes])
    probed = probe_rows[arena.correct[probe_rows]]
    arena.total = _expected(plan, len(probed), int(arena.standing.sum()))
    probes = {
        o.planned.name: o for o in arena.attack([(p, probed) for p in plan.probes], arena.purse.stage(PROBES_SHARE))
    }
    for outcome in probes.values():
        arena.take(outcome)
    others = arena.attack([(p, probed) for p in (*plan.curve, *plan.smallest)], arena.purse.stage(CURVE_SHARE))
    curve = tuple(o for o in others if o.planned.role == "curve")
    smallest = tuple(o for o in others if o.planned.role == "smallest")
    for outcome in others:
        arena.take(outcome)
    cascade = _cascade(arena, plan.cascade, CASCADE_SHARE)
    schema = arena.target.domain.schema
    white = Offers.GRADIENTS in arena.target.offers and arena.options.suite != "black-box"
    evidence = Evidence(
        probes=probes,
        curve=curve,
        cascade=cascade,
        white_box=white,
        unsteady=unsteady,
        immutable=arena.target.domain.kind is InputKind.TEXT
        or (schema is not None and any(f.direction.value != "any" for f in schema.features)),
    )
    sanity = sanity_checks(evidence)
    adaptive: tuple[Outcome, ...] = ()
    if plan.adaptive and any(c.outcome is Believed.FAILED and c.decisive for c in sanity):
        adaptive = _cascade(arena, plan.adaptive, 0.9)
    return Campaign(arena, plan, probes, curve, smallest, cascade, adaptive, sanity, probe_rows)


def _cascade(arena: Arena, plans: Sequence[Planned], share: float) -> tuple[Outcome, ...]:
    import numpy as np

    found = []
    until = arena.purse.stage(share)
    for number, planned in enumerate(plans):
        rows = np.flatnonzero(arena.standing)
        if not len(rows) or arena.stopped():
            break
        now = time.monotonic()
        (outcome,) = arena.attack([(planned, rows)], now + (until - now) / (len(plans) - number))
        arena.take(outcome)
        found.append(outcome)
    return tuple(found)


def _expected(plan: Plan, probed: int, standing: int) -> int:
    """About how many tasks there will be."""
    each = max(1, -(-probed // 128))
    return each * len((*plan.probes, *plan.curve, *plan.smallest)) + len(plan.cascade) * max(1, standing // 512)


def prepare(
    options: RobustnessOptions,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
    target: Target | None = None,
    data: LabelledData | None = None,
) -> tuple[Arena, tuple[str, ...], tuple[str, ...]]:
    """Read the data, open the target, and find out what it gets right. Gives the arena, restrictions, and what is
    unsteady. A ``target`` and ``data`` already at hand are taken as they are (and run in this process)."""
    import numpy as np

    from violet.services.testing.opening import examine, open_examined
    from violet.services.testing.sources import load_source
    from violet.targets.steady import look_at

    purse = Purse(options.budget)
    if data is None:
        data = load_source(options.data)
    digest = ""
    if target is None:
        digest, _ = examine(options.target) if options.scan else ("", None)
        target = open_examined(options.target, digest, data.domain, data.classes)
    lend(options.target, target)
    steadiness = look_at(target, data, seed=options.seed)
    if target.classes < len(data.classes):
        raise UsageError(
            f"{target.name} knows {target.classes} classes, and the data {len(data.classes)}.",
            "Give data whose labels are the model's classes.",
        )
    generator = np.random.default_rng(seed_of(options.seed, "samples"))
    order = generator.permutation(len(data))
    wanted = len(data) if not options.samples else min(options.samples, len(data))
    index, rest = np.sort(order[:wanted]), order[wanted:]
    x, y = data.x[index], np.asarray(data.y[index], dtype=np.int64)
    correct = np.asarray(target.labels(x) == y)
    if not correct.any():
        raise VioletError(
            f"{target.name} classifies none of the {len(y):,} samples as the data do.",
            "Are the labels in the order of its classes, and the inputs scaled as in training?",
        )
    pool_rows = np.sort(rest[:POOL]) if len(rest) >= 32 else np.sort(order[:POOL])
    pool = data.x[pool_rows]
    arena = Arena(
        options=options,
        data=data,
        target=target,
        digest=digest,
        x=x,
        y=y,
        index=index,
        correct=correct,
        pool=pool,
        pool_labels=np.asarray(target.labels(pool), dtype=np.int64),
        purse=purse,
        progress=progress,
        stop=stop,
    )
    return arena, steadiness.restrictions, steadiness.unsteady


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
