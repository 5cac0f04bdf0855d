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

    from violet.domain.guarding_calibration import Calibration

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
    from violet.services.guarding.calibrate import calibrate_trace

    watched = watched_options(arguments)
    if watched.calibration:
        raise UsageError("A calibration is made without another one.", "Leave --calibration out.")
    command = again(command_line, ("--output", "--format"), ("--quiet", "--no-progress"))
    bad: set[int] = set()

    def complain(number: int, why: str) -> None:
        """Once for each line, however often the trace is read."""
        if number not in bad and len(bad) < TOLD:
            print(f"violet: line {number:,} is left out: {why}", file=sys.stderr)
        bad.add(number)

    found = calibrate_trace(
        arguments.target,
        watched,
        arguments.output[0] if arguments.output else "",
        rate=arguments.false_alarms,
        trusted=frozenset(arguments.trust),
        force=arguments.force,
        complain=complain,
        command=command,
    )
    if len(bad) > TOLD:
        print(f"violet: {len(bad):,} lines are left out, all in all", file=sys.stderr)
    if arguments.format == "json":
        print(json.dumps(found.to_document(), indent=2, allow_nan=False))
    elif not arguments.quiet:
        print(_said(found, arguments.output[0] if arguments.output else ""), end="")
    return 0


def _said(found: Calibration, path: str) -> str:
    from violet.report.guarding.calibration import render

    return render(found, path)
