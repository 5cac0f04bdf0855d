"""Examine files, each in a worker process, and report what was found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from violet import __version__
from violet.domain import (
    Confidence,
    Failed,
    Finding,
    Location,
    Measurement,
    Outcome,
    Report,
    Skipped,
    UsageError,
)
from violet.engine.sandbox import Death, Job, Limits, run
from violet.services import early
from violet.services.examination import examine_target, warm_up
from violet.services.walk import Target, Walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.domain import Asset
    from violet.services.options import ScanOptions

    Progress = Callable[[int, int, str], None]

BYTES_PER_SECOND = 20 << 20
"""Reading speed that large files are granted on top of the timeout."""

WORTH_ANOTHER_WORKER = 24
"""Small files; for fewer, a second worker costs more than it saves."""

LARGE = 1 << 20
"""Bytes from which a file is worth a worker of its own."""


def scan(
    options: ScanOptions,
    progress: Progress | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> Report:
    """Examine everything ``options`` names. Nothing is loaded, imported or executed.

    ``progress(done, total, path)`` is called after every file; ``meanwhile`` once, while the workers are
    busy. Raises ``UsageError`` for a path that does not exist and ``ConfigurationError`` for a bad
    baseline.
    """
    if not options.paths and not options.packages:
        raise UsageError("There is nothing to scan.", "Name a file or a directory: violet scan PATH")
    baseline = frozenset[str]()
    if options.baseline:
        from violet.services.baseline import read_baseline

        baseline = read_baseline(options.baseline)
    walk = _walk(options)
    results = _examine_all(walk.targets, options, progress, meanwhile)
    report = _report(walk, results)
    if baseline:
        from violet.services.baseline import accept

        report = accept(report, baseline)
    return report


def _walk(options: ScanOptions) -> Walk:
    walk = Walk(options.ignore, options.configuration)
    for path in options.paths:
        walk.add(path)
    if options.packages:
        from violet.services.packages import package_files

        for name in options.packages:
            for root, files in package_files(name, options.python):
                walk.add_listed(root, files)
    walk.targets.sort(key=lambda t: t.shown)
    walk.finish()
    return walk


def _examine_all(
    targets: list[Target],
    options: ScanOptions,
    progress: Progress | None,
    meanwhile: Callable[[], None] | None,
) -> list[tuple[list[Asset], list[Outcome]]]:
    """Assets and outcomes of each target, in the order of the targets."""
    if not targets:
        early.discard()
        return []
    from violet.services.wire import decode

    workers = _workers(targets, options.jobs)
    spare = early.take()
    if spare is not None and workers > 1:  # it has loaded what others should share
        spare.stop()
        spare = None
    if spare is None:
        warm_up([t.path for t in targets], workers)
    overrides = list(options.bounds)
    jobs = [
        Job(
            [t.path, t.shown, t.logical, t.root, options.deep, overrides, options.intel],
            t.size,
            options.timeout + t.size // BYTES_PER_SECOND,
        )
        for t in targets
    ]
    limits = Limits(memory=options.memory, seconds=options.timeout)
    results: list[tuple[list[Asset], list[Outcome]]] = [([], []) for _ in targets]
    answers = run(examine_target, jobs, workers=workers, limits=limits, meanwhile=meanwhile, spare=spare)
    for done, (index, answer) in enumerate(answers, 1):
        target = targets[index]
        if not isinstance(answer, Death):
            try:
                results[index] = decode(answer)
            except ValueError as error:
                answer = Death("protocol", f"sent something that is no answer ({error})")
        if isinstance(answer, Death):
            results[index] = ([], _death(target, answer))
        if progress is not None:
            progress(done, len(targets), target.shown)
    return results


def _workers(targets: list[Target], jobs: int) -> int:
    """How many processes are worth starting."""
    most = jobs or _processors()
    large = sum(1 for t in targets if t.size > LARGE)
    return max(1, min(most, large + -(-(len(targets) - large) // WORTH_ANOTHER_WORKER)))


def _processors() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _death(target: Target, death: Death) -> list[Outcome]:
    from violet.services.rules.worker_death import RULE

    where = Location(target.shown)
    return [
        Finding(
            rule=RULE.id,
            severity=RULE.severity,
            confidence=Confidence.MEDIUM,
            message=f"The process that examined this file {death.reason}.",
            location=where,
            evidence=death.cause,
            fix=RULE.fix,
            techniques=RULE.techniques,
            key=death.cause,
            logical_path=target.logical,
        ),
        Skipped(where, "the process that examined it did not finish", "file"),
    ]


def _report(walk: Walk, results: list[tuple[list[Asset], list[Outcome]]]) -> Report:
    outcomes = [*walk.outcomes, *(outcome for _, found in results for outcome in found)]
    outcomes.sort(key=lambda o: o.location.path.partition("!")[0])
    figures = (
        Measurement(Location(""), "scan.files", len(walk.targets)),
        Measurement(Location(""), "scan.bytes", sum(t.size for t in walk.targets), "bytes"),
    )
    return Report(
        command="scan",
        version=__version__,
        assets=tuple(asset for assets, _ in results for asset in assets),
        findings=tuple(o for o in outcomes if isinstance(o, Finding)),
        skipped=tuple(o for o in outcomes if isinstance(o, Skipped)),
        failed=tuple(o for o in outcomes if isinstance(o, Failed)),
        measurements=figures + tuple(o for o in outcomes if isinstance(o, Measurement)),
    )
