"""``violet profile``: count data into a small file that later data can be compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.output import deliver, require_writable, terminal_width, use_color
from violet.faces.cli.progress import Progress
from violet.faces.cli.shown import again
from violet.services.drifting.options import ProfileOptions, Roles
from violet.services.needs import require

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """Profile data: training data, held-out data, a day of traffic. The profile is small whatever the data
are, holds no raw row but a sample that detectors measure distances to (--keep-rows 0: none), and is what violet drift
compares with and what the guard's detectors know benign traffic by. Profiles that count against the same bins (--like)
add up: those of replicas, those of days."""

EXAMPLES = """  violet profile train.parquet -o model.profile
  violet profile holdout.csv --score p_default --truth default --client-column account -o model.profile
  violet profile trace.jsonl -o model.profile                           exchanges that the guard recorded
  violet profile monday.parquet --like model.profile -o monday.profile
  violet profile monday.profile tuesday.profile -o days.profile         they add up

exit codes: 0 written; 2 wrong usage; 3 the data could not be read"""


def add_role_arguments(parser: ArgumentParser) -> None:
    """What columns are: shared by the commands that read tables of traffic."""
    what = parser.add_argument_group("columns")
    what.add_argument("--columns", default="", metavar="A,B", help="only these (default: all)")
    what.add_argument("--exclude", default="", metavar="A,B", help="not these")
    what.add_argument("--time-column", default="", metavar="COLUMN", help="when a row was")
    what.add_argument("--client-column", default="", metavar="COLUMN", help="who sent it: tells drift from attack")
    what.add_argument(
        "--score",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a probability of the model's: of the second class, or one for each class in sorted order",
    )
    what.add_argument("--label-column", default="", metavar="COLUMN", help="the class that the model said")
    what.add_argument("--truth", default="", metavar="COLUMN", help="the class that was right: calibrates")
    what.add_argument("--segment", action="append", default=[], metavar="COLUMN", help="split by it; may be repeated")


def roles_of(arguments: Namespace) -> Roles:
    return Roles(
        columns=_names(arguments.columns),
        exclude=_names(arguments.exclude),
        time=arguments.time_column,
        client=arguments.client_column,
        label=arguments.label_column,
        scores=tuple(arguments.score),
        truth=arguments.truth,
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "data", nargs="+", metavar="DATA", help="Parquet, Arrow, CSV, JSON lines, npz, a trace, a spool; or profiles"
    )
    parser.add_argument("-o", "--profile", required=True, metavar="FILE", help="where the profile goes")
    parser.add_argument("--like", default="", metavar="PROFILE", help="count against the bins of this one")
    add_role_arguments(parser)
    how = parser.add_argument_group("profile")
    how.add_argument(
        "--keep-rows", type=int, default=1024, metavar="N", help="raw rows kept for detectors (default: 1024; 0: none)"
    )
    how.add_argument("--seed", type=int, default=0, metavar="N", help="of all randomness (default: 0)")
    shown = parser.add_argument_group("report")
    shown.add_argument("--format", choices=("console", "json"), default="console", help="default: console")
    shown.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    shown.add_argument("--quiet", action="store_true", help="say nothing")
    shown.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")


def run(arguments: Namespace, command_line: list[str]) -> int:
    require("Profiling data", "guard")
    if arguments.seed < 0:
        raise UsageError("--seed must be 0 or more.")
    if not 0 <= arguments.keep_rows <= 10_000:
        raise UsageError("--keep-rows must lie between 0 and 10,000.")
    require_writable(arguments.profile)
    roles = roles_of(arguments)
    if arguments.like and arguments.segment:
        raise UsageError("--segment is decided when bins are made: it does not go with --like.")
    from violet import __version__
    from violet.services.drifting.profile import make_profile

    options = ProfileOptions(
        paths=tuple(arguments.data),
        output=arguments.profile,
        roles=roles,
        like=arguments.like,
        segments=tuple(arguments.segment),
        keep=arguments.keep_rows,
        seed=arguments.seed,
    )
    command = again(command_line, ("--format", "--color"), ("--quiet", "--no-progress"))
    progress = Progress(not arguments.no_progress)
    try:
        summary = make_profile(options, progress=progress, command=command, version=__version__)
    finally:
        progress.close()
    if not arguments.quiet:
        from violet.report.drift import render_profile

        width = terminal_width() if arguments.format == "console" else None
        deliver(render_profile(summary, arguments.format, color=use_color(arguments.color), width=width), "")
    return 0
