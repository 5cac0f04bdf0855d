"""``violet drift``: what changed between a reference and what came later, and who carries it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.commands.profile import add_role_arguments, roles_of
from violet.faces.cli.output import add_report_arguments, plan
from violet.faces.cli.progress import Progress
from violet.faces.cli.shown import again, show
from violet.services.configuration import load, policy
from violet.services.drifting.options import DriftOptions
from violet.services.judgement import judge, waivers_of
from violet.services.needs import require
from violet.services.testing.options import parse_duration

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMATS = ("console", "json", "sarif", "junit", "markdown", "html")
FAIL_ON = "medium"

DESCRIPTION = """Compare data with a profile, or with other data. A verdict goes by the size of a change: beyond the
threshold, beyond what chance gives with so many rows, and beyond what windows of the reference differ by. It says which
columns changed, how (at once, by and by, again and again), in which segment, what it may cost the model's accuracy,
and, where clients are known, whether many carry it, as drift is carried, or few, as an attack is."""

EXAMPLES = """  violet drift model.profile today.parquet
  violet drift train.parquet today.csv --client-column account --time-column at --by-time 1d --output drift.html
  violet drift model.profile trace.jsonl --window 10000                 what the guard recorded
  violet drift model.profile today.parquet --score p_default --truth default
  violet drift model.profile monday.profile --format json

severities: moderate changes are low; columns, segments and combinations that drifted are medium; what costs accuracy
and what few clients carry is high

exit codes: 0 all well; 1 drift reaches --fail-on; 2 wrong usage or configuration; 3 a column could not be compared, or
a file not read"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("reference", metavar="REF", help="a profile, or data")
    parser.add_argument("current", metavar="CUR", help="data, or a profile with the same bins")
    add_role_arguments(parser)
    how = parser.add_argument_group("comparison")
    how.add_argument("--window", type=int, default=0, metavar="N", help="rows of a window (default: a 32nd of them)")
    how.add_argument("--by-time", default="", metavar="TIME", help="windows of so long, like 1h or 1d")
    how.add_argument(
        "--threshold",
        type=float,
        default=0.1,
        metavar="X",
        help="effect that is drift; of PSI twice that (default: 0.1)",
    )
    how.add_argument(
        "--level", type=float, default=0.001, metavar="P", help="of calling chance a change, over all (default: 0.001)"
    )
    how.add_argument("--seed", type=int, default=0, metavar="N", help="of all randomness (default: 0)")
    parser.add_argument_group("verdict").add_argument(
        "--fail-on", metavar="SEVERITY", help=f"info, low, {FAIL_ON} (default), high, critical or never"
    )
    add_report_arguments(parser, FORMATS)
    settings = parser.add_argument_group("settings")
    settings.add_argument("--config", default="", metavar="FILE", help="obey this file instead of searching")
    settings.add_argument("--isolated", action="store_true", help="search no violet.toml")


def run(arguments: Namespace, command_line: list[str]) -> int:
    require("Comparing data", "guard")
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    outputs = plan(arguments.format or "", arguments.output, arguments.quiet)
    options = _options(arguments)
    try:
        rules = policy(configuration, arguments.fail_on or FAIL_ON)
    except ValueError as error:
        raise UsageError(f"--fail-on: {error}.") from error
    command = again(command_line, ("--output", "--format", "--color"), ("--quiet", "--no-progress"))
    progress = Progress(not arguments.no_progress)
    from violet.services.drifting.compare import compare

    try:
        compared = compare(options, progress=progress, command=command)
    finally:
        progress.close()
    report, decision = judge(compared.report, rules, waivers_of(configuration))
    from violet.report.drift import render_drift

    found = compared.drift
    show(report, decision, rules, outputs, arguments, command, lambda view, fmt: render_drift(found, view, fmt))
    return decision.exit_code


def _options(arguments: Namespace) -> DriftOptions:
    roles = roles_of(arguments)
    if arguments.window and arguments.by_time:
        raise UsageError("--window and --by-time do not go together.", "Cut by rows or by time.")
    if arguments.window and arguments.window < 50:
        raise UsageError("--window must be 50 or more: fewer rows say little about a distribution.")
    if not 0 < arguments.threshold <= 1:
        raise UsageError("--threshold must lie between 0 and 1.", "It is a distance of shares.")
    if not 0 < arguments.level <= 0.2:
        raise UsageError("--level must lie between 0 and 0.2.")
    if arguments.seed < 0:
        raise UsageError("--seed must be 0 or more.")
    return DriftOptions(
        reference=arguments.reference,
        current=arguments.current,
        roles=roles,
        segments=tuple(arguments.segment),
        window=arguments.window,
        span=parse_duration(arguments.by_time, "--by-time") if arguments.by_time else 0.0,
        threshold=arguments.threshold,
        level=arguments.level,
        seed=arguments.seed,
    )
