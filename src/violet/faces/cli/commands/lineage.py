"""``violet lineage``: what a model was made of, and what was made of it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError, shell
from violet.faces.cli.output import plan, terminal_width, use_color, write_text
from violet.faces.cli.progress import Progress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMATS = ("console", "json", "dot", "mermaid")

DESCRIPTION = """Show what a model was made of (data, code, training run, base models) and what was made of it, from
signed attestations. What a trusted signer vouches for is proven; all else is shown as a claim, with the reason.
Whatever is made from something tainted is tainted."""

EXAMPLES = """  violet lineage model/ --search registry/        ancestors, as far as attestations tell
  violet lineage model/ --descendants --search registry/
                                                  what would have to be withdrawn with it
  violet lineage model/ --taint sha256:DIGEST="poisoned rows" --search registry/
  violet lineage model/ --format json --output lineage.json
  violet lineage model/ --format dot | dot -Tsvg  a picture

exit codes: 0 not tainted; 1 the model is tainted (with --require-proven, also: its lineage is not proven);
2 wrong usage or configuration; 3 something could not be read"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("target", metavar="MODEL", help="a file or a directory")
    sought = parser.add_argument_group("where to look")
    sought.add_argument(
        "--search", action="append", default=[], metavar="DIR", help="attestations lie below it, or in this OCI layout"
    )
    sought.add_argument("--descendants", action="store_true", help="also what was made from it")
    sought.add_argument("--no-claims", action="store_true", help="do not read what the model says of itself")
    judged = parser.add_argument_group("judgement")
    judged.add_argument(
        "--taint", action="append", default=[], metavar="DIGEST=REASON", help="it must not be used; may be repeated"
    )
    judged.add_argument(
        "--trust", action="append", default=[], metavar="[NAME=]FILE", help="believe this public key, too"
    )
    judged.add_argument("--require-proven", action="store_true", help="exit with 1 where any step is only claimed")
    judged.add_argument("--clock-skew", default="5m", metavar="TIME", help="how far clocks may be apart (default: 5m)")
    judged.add_argument("--at", default="", metavar="TIME", help="judge as of then, not now")
    shown = parser.add_argument_group("output and settings")
    shown.add_argument("--format", choices=FORMATS)
    shown.add_argument("--output", default="", metavar="FILE")
    shown.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    shown.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")
    shown.add_argument("--config", default="", metavar="FILE", help="obey this configuration file instead of searching")
    shown.add_argument("--isolated", action="store_true", help="search no violet.toml")


_SUFFIXES = {".json": "json", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".txt": "console"}


def run(arguments: Namespace, command_line: list[str]) -> int:
    from violet.report.lineage import LineageView, render
    from violet.services.attest import parse_duration, parse_moment
    from violet.services.configuration import load
    from violet.services.evidence import trusted
    from violet.services.lineage import LineageOptions, lineage_of

    outputs = plan(arguments.format or "", [arguments.output] if arguments.output else [], False, _SUFFIXES)
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    try:
        skew = parse_duration(arguments.clock_skew)
        now = parse_moment(arguments.at) if arguments.at else None
    except ValueError as error:
        raise UsageError(f"A time cannot be understood: {error}.") from error
    options = LineageOptions(
        path=arguments.target,
        search=tuple(arguments.search),
        taints=tuple(arguments.taint),
        descendants=arguments.descendants,
        claims=not arguments.no_claims,
        now=now,
        skew=skew,
    )
    progress = Progress(not arguments.no_progress)
    try:
        lineage = lineage_of(options, configuration, signers=trusted(configuration, arguments.trust), progress=progress)
    finally:
        progress.close()
    view = LineageView(lineage, shell.join(["violet", *command_line]))
    for path, fmt in outputs.files:
        write_text(path, render(view, fmt))
    if outputs.standard == "console":
        view.width, view.color = terminal_width(), use_color(arguments.color)
    sys.stdout.write(render(view, outputs.standard))
    return 1 if lineage.is_tainted or (arguments.require_proven and not lineage.proven) else 0
