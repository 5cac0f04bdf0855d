"""Examine files, each in a worker process, and report what was found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

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


def examine_target(payload: list[Any]) -> list[Any]:
    """What a worker does for one file."""
    from violet.checks.examine import examine_file
    from violet.services.wire import encode

    path, shown, logical, root, deep, overrides = payload
    bounds = None
    if overrides:
        from violet.formats.source import Bounds

        bounds = Bounds(**dict(overrides))
    examination = examine_file(path, shown=shown, logical_path=logical, root=root, deep=deep, bounds=bounds)
    return encode(examination)


def _walk(options: ScanOptions) -> Walk:
    walk = Walk(options.ignore, options.configuration)
    for path in options.paths:
        walk.add(path)
    if options.packages:
        from violet.services.packages import package_files

        for name in options.packages:
            for root, files in package_files(name):
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
        return []
    from violet.services.wire import decode

    workers = _workers(targets, options.jobs)
    _warm_up(targets, workers)
    overrides = list(options.bounds)
    jobs = [
        Job(
            [t.path, t.shown, t.logical, t.root, options.deep, overrides],
            t.size,
            options.timeout + t.size // BYTES_PER_SECOND,
        )
        for t in targets
    ]
    limits = Limits(memory=options.memory, seconds=options.timeout)
    results: list[tuple[list[Asset], list[Outcome]]] = [([], []) for _ in targets]
    answers = run(examine_target, jobs, workers=workers, limits=limits, meanwhile=meanwhile)
    for done, (index, answer) in enumerate(answers, 1):
        target = targets[index]
        if not isinstance(answer, Death):
            try:
                examination = decode(answer)
                results[index] = (examination.assets, examination.outcomes)
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


def _warm_up(targets: list[Target], workers: int) -> None:
    """Load what the workers will need before they are forked, so that they share it.

    By the names of the targets, which is a guess: what is missing is loaded where it is needed. Readers load
    their heavy parts when first used; where several workers will use one, reading nothing with it does that here.
    """
    from violet.checks.base import checks_for
    from violet.formats.base import Reading
    from violet.formats.registry import expected
    from violet.formats.source import Bounds, BytesSource, Meter

    names = {name.rpartition(".")[2]: name for name in (t.path.rpartition(os.sep)[2] for t in targets)}
    likely = {entry.id: entry for name in names.values() for entry in expected(name)}
    bounds = Bounds()
    for entry in likely.values():
        checks_for(entry.id)
        if workers > 1 and entry.read is not None:
            try:
                entry.read(BytesSource(b""), Reading("", bounds, Meter(bounds)))
            except Exception:  # whatever it says about an empty file is of no interest here
                continue


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
