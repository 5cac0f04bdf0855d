"""``violet guard calibrate``: thresholds from one's own benign traffic."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.guarding.options import watched_options
from violet.faces.cli.output import require_writable
from violet.faces.cli.shown import again

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from violet.domain.guarding_calibration import Calibration
    from violet.domain.traffic import Exchange

TOLD = 3
"""Lines of which it is said why they are left out; the others are counted."""


def calibrate(arguments: Namespace, command_line: list[str]) -> int:
    """Thresholds, written and shown; for which detectors they had to stay as they come is in them."""
    from violet.services.guarding.needs import require_guard

    require_guard()
    if not arguments.target:
        raise UsageError("Which traffic is benign is not said.", "violet guard calibrate TRACE --profile FILE")
    if len(arguments.output) > 1:
        raise UsageError("A calibration is one file.", "Give --output once.")
    if not 0 < arguments.false_alarms <= 1000:
        raise UsageError("--false-alarms must be above 0 and at most 1000, in 10,000 benign rows.")
    for path in arguments.output:
        require_writable(path)
    from violet.runtime.calibration_file import write_calibration
    from violet.runtime.judging.spec import constraints_of, reference_of
    from violet.runtime.trace import read_trace
    from violet.services.guarding.calibrate import CalibrateOptions
    from violet.services.guarding.calibrate import calibrate as fitted
    from violet.services.guarding.watched import model_spec

    watched = watched_options(arguments)
    if watched.calibration:
        raise UsageError("A calibration is made without another one.", "Leave --calibration out.")
    spec, _ = model_spec(watched)
    reference = reference_of(spec)
    options = CalibrateOptions(
        rate=arguments.false_alarms,
        model=spec.name,
        trusted=frozenset(arguments.trust),
        clients=watched.clients,
        seed=watched.seed,
        force=arguments.force,
        off=frozenset(spec.off),
        only=frozenset(spec.only),
        options=spec.options,
        constraints=constraints_of(spec, reference),
    )
    command = again(command_line, ("--output", "--format"), ("--quiet", "--no-progress"))
    bad: set[int] = set()

    def complain(number: int, why: str) -> None:
        """Once for each line, however often the trace is read."""
        if number not in bad and len(bad) < TOLD:
            print(f"violet: line {number:,} is left out: {why}", file=sys.stderr)
        bad.add(number)

    def traffic() -> Iterator[Exchange]:
        """Read again where clients are left out: what they did to others' scores is undone so."""
        return read_trace(arguments.target, complain=complain)

    once = traffic() if arguments.target == "-" else traffic
    found = fitted(once, reference, options, source=arguments.target, command=command)
    if len(bad) > TOLD:
        print(f"violet: {len(bad):,} lines are left out, all in all", file=sys.stderr)
    if arguments.output:
        write_calibration(arguments.output[0], found)
    if arguments.format == "json":
        print(json.dumps(found.to_document(), indent=2, allow_nan=False))
    elif not arguments.quiet:
        print(_said(found, arguments.output[0] if arguments.output else ""), end="")
    return 0


def _said(found: Calibration, path: str) -> str:
    from violet.report.guarding.calibration import render

    return render(found, path)
