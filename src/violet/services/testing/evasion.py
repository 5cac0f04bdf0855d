"""The use case: test a model against evasion, judge what was found, keep what can be gone on from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.services.testing.assemble import assemble, references
from violet.services.testing.judge import report_of
from violet.services.testing.run import prepare, run_campaign

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain import Report
    from violet.domain.robustness import DenialResult, EvasionTest, ShiftResult
    from violet.services.testing.options import RobustnessOptions
    from violet.services.testing.run import Arena
    from violet.targets.base import LabelledData, Target

    Array = NDArray[Any]
    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """The adversarial examples that were found: first axis ``m``; ``index`` is the row in the data."""

    original: Array
    adversarial: Array
    labels: Array
    predicted: Array
    distance: Array
    index: Array
    attack: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class EvasionOutcome:
    """The test, its findings and measurements as a report, and the examples. ``index`` are the rows of the data that
    were tested, ``correct`` which of them were classified as they should be, ``standing`` which withstood, too; all
    ``(n,)``."""

    test: EvasionTest
    report: Report
    examples: Examples
    index: Array
    correct: Array
    standing: Array


def run_evasion_test(
    options: RobustnessOptions,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
    command: str = "",
    target: Target | None = None,
    data: LabelledData | None = None,
) -> EvasionOutcome:
    """Run the suite that ``options`` names. ``stop`` is asked between steps: what was reached until then is reported as
    partial. A ``target`` and ``data`` at hand are used as they are; then all runs in this process.

    Raises ``VioletError`` where the target or the data cannot be used, and ``UsageError`` where no attack fits.
    """
    from violet.services.testing.directory import claim

    if options.engine == "" and target is not None:
        from dataclasses import replace

        options = replace(options, jobs=1)
    arena, restrictions, unsteady = prepare(options, progress, stop, target, data)
    from violet.engine.executors import open_executor

    with claim(options, arena) as arena.run, _stop_file(arena), open_executor(options.engine, options.jobs) as engine:
        arena.engine = engine
        campaign = run_campaign(arena, unsteady)
        shifts, denial = _beside(arena)
        transfers = () if arena.stopped() else references(arena)
        test = assemble(campaign, restrictions, shifts, denial, transfers, _reliance(arena), command)
        examples = examples_of(arena)
    return EvasionOutcome(test, report_of(test), examples, arena.index, arena.correct, arena.standing)


@contextmanager
def _stop_file(arena: Arena) -> Iterator[None]:
    """Where workers look whether to end: in the run directory, or in one of its own that goes with the test."""
    if arena.run is not None:
        arena.stop_file = str(arena.run.stop_file)
        yield
        return
    with tempfile.TemporaryDirectory(prefix="violet-") as folder:
        arena.stop_file = os.path.join(folder, "stop")
        yield


def _beside(arena: Arena) -> tuple[tuple[ShiftResult, ...], tuple[DenialResult, ...]]:
    """Natural shifts, and inputs that cost more than others, in what is left of the time."""
    if arena.stopped() or arena.options.suite == "quick":
        return (), ()
    from dataclasses import replace

    from violet.attacks.base import Clock
    from violet.attacks.denial.measure import measure_denial
    from violet.attacks.shifts.measure import measure_shifts
    from violet.services.testing.books import seed_of

    sample = replace(arena.data, x=arena.x[:500], y=arena.y[:500], segments={})
    seed = arena.options.seed
    arena.tell("natural shifts")
    shifts = measure_shifts(arena.target, sample, seed_of(seed, "shifts"), Clock(max(5.0, arena.purse.left * 0.5)))
    if arena.stopped() or arena.options.suite == "shifts":
        return shifts, ()
    arena.tell("inputs that cost more than others")
    seconds = min(60.0, max(5.0, arena.purse.left * 0.5))
    return shifts, measure_denial(arena.target, sample, seed_of(seed, "denial"), Clock(seconds))


def _reliance(arena: Arena) -> tuple[str, tuple[tuple[str, float], ...]]:
    """What the model relies on, of a table: the method's name, and features with their shares, the largest first.
    Nothing where it cannot be told at little cost."""
    from violet.domain.errors import VioletError
    from violet.services.explaining.explain import explain
    from violet.services.explaining.options import ExplainOptions
    from violet.targets.base import InputKind

    domain = arena.target.domain
    if arena.stopped() or domain.kind in (InputKind.TEXT, InputKind.IMAGE) or len(domain.shape) != 1:
        return "", ()
    cheap = getattr(arena.target, "native", None) is not None
    options = ExplainOptions(
        target=arena.options.target,
        data=arena.options.data,
        method="auto" if cheap else "permutation",
        samples=64,
        background=32,
        seed=arena.options.seed,
        attributions_only=True,
    )
    arena.tell("what the model relies on")
    try:
        found = explain(options, target=arena.target, data=arena.data).explanation
    except VioletError:  # it is a by-product: the test stands without it
        return "", ()
    ordered = sorted(found.reliance, key=lambda entry: -entry.share)
    return found.method.value, tuple((entry.feature, entry.share) for entry in ordered)


def examples_of(arena: Arena) -> Examples:
    import numpy as np

    rows = np.flatnonzero(np.isfinite(arena.nearest))
    adversarial = arena.examples[rows]
    return Examples(
        original=arena.x[rows],
        adversarial=adversarial,
        labels=arena.y[rows],
        predicted=arena.target.labels(adversarial) if len(rows) else np.zeros(0, dtype=np.int64),
        distance=arena.nearest[rows],
        index=arena.index[rows],
        attack=tuple(arena.fell_to[int(row)] for row in rows),
    )
