"""The use case: test, harden, test again on the same samples, and say what came of it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.defenses.paired import compare
from violet.domain.errors import UsageError
from violet.domain.hardening import Effect, Hardening, Paired
from violet.domain.robustness import Believed
from violet.services.hardening.methods import Bench, check_fits, harden_with
from violet.services.hardening.options import HardenOptions, method_of
from violet.services.testing.evasion import EvasionOutcome, run_evasion_test
from violet.services.testing.opening import digest_of, examine, open_examined
from violet.services.testing.sources import load_source

if TYPE_CHECKING:
    from violet.domain import Report
    from violet.domain.robustness import EvasionTest
    from violet.services.testing.options import RobustnessOptions
    from violet.targets.base import LabelledData

    Progress = Callable[[int, int, str], None]

MASKING = frozenset(
    {"black-box-not-stronger", "transfer-not-stronger", "iterations-help", "gradients-alive", "loss-rises",
     "larger-radius-finds-more", "everything-breaks", "decisions-not-stronger"}
)  # fmt: skip
"""Sanity checks that fail where attacks are misled."""
SURE = 0.05
"""McNemar's p-value below which a difference is one."""


@dataclass(frozen=True, slots=True, eq=False)
class Hardened:
    """``report`` is that of the test afterwards."""

    hardening: Hardening
    report: Report


def harden(
    options: HardenOptions,
    *,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
    command: str = "",
) -> Hardened:
    """Raises ``UsageError`` where the method does not fit the model, and whatever a test raises."""
    method = method_of(options.method)
    _check_output(options)
    begun = time.monotonic()
    test = options.test
    digest, _ = examine(test.target)
    data = load_source(test.data)
    train = None
    if options.train is not None:
        train = load_source(options.train)
        _check_train(data, train)
    elif method.trains:
        raise UsageError(f"{method.name} needs data to train on.", "Give training data, not the held-out: --train FILE")
    target = open_examined(test.target, digest, data.domain, data.classes)
    bench = Bench(options, target, digest, data, train, progress, stop)
    check_fits(bench)
    before = run_evasion_test(_part(test, "before"), progress=progress, stop=stop)
    made = harden_with(bench)
    after = run_evasion_test(replace(_part(test, "after"), target=made.spec), progress=progress, stop=stop)
    clean, robust = _compared(before, after)
    effect, verdict = judge_effect(before.test, after.test, clean, robust, options.max_clean_loss)
    hardening = Hardening(
        method=method.name,
        parent=test.target.location,
        parent_digest=digest,
        output=options.output,
        output_digest=digest_of(options.output),
        effect=effect,
        verdict=verdict,
        before=before.test,
        after=after.test,
        clean=clean,
        robust=robust,
        seed=test.seed,
        settings=options.settings,
        steps=made.steps,
        certificate=made.certificate,
        calibration=made.calibration,
        notes=made.notes,
        command=command,
        seconds=time.monotonic() - begun,
    )
    return Hardened(hardening, after.report)


def _check_output(options: HardenOptions) -> None:
    folder = os.path.dirname(os.path.abspath(options.output))
    if not options.output:
        raise UsageError("There is no name for the hardened model.", "Give one: --save FILE")
    if not os.path.isdir(folder):
        raise UsageError(f"The directory {folder} does not exist.", "Make it, or write somewhere else.")
    if os.path.exists(options.output):
        raise UsageError(f"{options.output} exists already.", "Nothing is overwritten: give another name.")


def _check_train(held_out: LabelledData, train: LabelledData) -> None:
    """Training on what is tested with would prove nothing."""
    if train.digest and train.digest == held_out.digest:
        raise UsageError(
            "The training data are the held-out data.", "Give data that the test does not use: --train FILE"
        )
    if train.x.shape[1:] != held_out.x.shape[1:] or train.classes != held_out.classes:
        raise UsageError("The training data and the held-out data have other shapes or classes.")


def _part(test: RobustnessOptions, name: str) -> RobustnessOptions:
    """One of the two tests, each with a run directory of its own."""
    return replace(test, run=os.path.join(test.run, name)) if test.run else test


def _compared(before: EvasionOutcome, after: EvasionOutcome) -> tuple[Paired, Paired]:
    """The same samples, drawn by the same seed from the same data."""
    assert (before.index == after.index).all()
    return compare(before.correct, after.correct), compare(before.standing, after.standing)


def judge_effect(
    before: EvasionTest, after: EvasionTest, clean: Paired, robust: Paired, max_clean_loss: float
) -> tuple[Effect, str]:
    """What came of it, and one sentence that says so."""
    gain = 100 * robust.difference
    stands = f"{100 * after.bound.value:.1f} % withstand {after.threat} instead of {100 * before.bound.value:.1f} %"
    failed = [c for c in after.sanity if c.outcome is Believed.FAILED and c.decisive]
    failed_before = {c.id for c in before.sanity if c.outcome is Believed.FAILED and c.decisive}
    new = [c for c in failed if c.id not in failed_before]
    better = robust.chance < SURE and robust.difference > 0
    if new and any(c.id in MASKING for c in new):
        return (
            Effect.MASKS,
            f"It masks gradients instead of withstanding: {new[0].detail} Against all attacks {stands}.",
        )
    if not better:
        return Effect.NO_BETTER, f"No more samples withstand than chance explains ({gain:+.1f} points; {stands})."
    if -clean.difference > max_clean_loss:
        return Effect.COSTS_TOO_MUCH, f"{stands}, but clean accuracy fell by {-100 * clean.difference:.1f} points."
    if after.withheld:
        return Effect.NO_BETTER, f"{stands}, which cannot be believed: {after.withheld[0]}"
    return Effect.HARDER, f"{stands}; clean accuracy changed by {100 * clean.difference:+.1f} points."
