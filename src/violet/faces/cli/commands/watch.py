"""``violet watch``: what a guard does at this moment, and what its spool holds."""

from __future__ import annotations

import math
import sys
import time
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError
from violet.faces.cli.output import terminal_width, use_color

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.services.guarding.watching import SpoolLines

DESCRIPTION = """Show what a guard does at this moment: clients by suspicion and rate, detectors, the latest alerts,
what is being done with whom, sharing and spool. On a terminal it goes on until Ctrl-C; elsewhere it shows one frame.

With --spool, print the exchanges that were kept, as JSON Lines."""

EXAMPLES = """  violet watch /var/lib/violet/guard
  violet watch /var/lib/violet/guard --once --format json
  violet watch --spool /var/lib/violet/guard/spool --since 1h > traffic.jsonl
  violet watch --spool /var/lib/violet/guard/spool --follow --reader platform
  violet watch --spool /var/lib/violet/guard/spool --format ocsf --follow | your-siem
  violet watch --spool /var/lib/violet/guard/spool --client key:1f0c9a --limit 20

exit codes: 0 all well; 2 wrong usage, or no guard has written there; 3 no worker tells of itself any more, or something
in the spool could not be read"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("directory", nargs="?", default="", metavar="DIR", help="what violet guard --state was given")
    parser.add_argument("--once", action="store_true", help="show one frame, and end")
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="between two frames (1)")
    parser.add_argument(
        "--format",
        choices=("console", "json", "ocsf"),
        default="console",
        help="json: a line a frame; ocsf: of a spool",
    )
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    spool = parser.add_argument_group("exchanges that were kept")
    spool.add_argument("--spool", default="", metavar="DIR", help="print what this spool holds")
    spool.add_argument("--follow", action="store_true", help="and what comes, until Ctrl-C")
    spool.add_argument("--since", default="", metavar="TIME", help="2026-12-01T10:00:00Z, or 15m, 2h, 1d ago")
    spool.add_argument("--until", default="", metavar="TIME", help="likewise")
    spool.add_argument("--client", default="", metavar="ID", help="of this client alone")
    spool.add_argument("--model", default="", metavar="NAME", help="of this model alone")
    spool.add_argument("--limit", type=int, default=0, metavar="N", help="so many, and end")
    spool.add_argument("--reader", default="", metavar="NAME", help="go on where the reader of this name has ended")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    if not 0.05 <= arguments.interval <= 3_600:
        raise UsageError("--interval must be from 0.05 to 3600 seconds.")
    if arguments.spool:
        return _spool(arguments)
    for name in ("follow", "since", "until", "client", "model", "limit", "reader"):
        if getattr(arguments, name):
            raise UsageError(f"--{name} is about a spool.", "Say which: --spool DIR.")
    if arguments.format == "ocsf":
        raise UsageError("Events of OCSF are made of exchanges.", "Say --spool DIR.")
    if not arguments.directory:
        raise UsageError("Watch which guard?", "Give its state directory: violet watch DIR (see violet guard --state).")
    return _watch(arguments)


def _watch(arguments: Namespace) -> int:
    from violet.report.watching import render_watched
    from violet.services.guarding.watching import watched

    color = use_color(arguments.color)
    first = watched(arguments.directory)
    terminal = sys.stdout.isatty()
    if arguments.once or (not terminal and arguments.format == "console"):
        sys.stdout.write(render_watched(first, arguments.format, width=terminal_width(), color=color))
        return 0 if first.live else 3
    try:
        if arguments.format == "json":
            while True:
                sys.stdout.write(render_watched(watched(arguments.directory), "json"))
                sys.stdout.flush()
                time.sleep(arguments.interval)
        from violet.report.watching.live import follow

        follow(lambda: watched(arguments.directory), color=color, interval=arguments.interval)
    except KeyboardInterrupt:  # the way to end it
        return 0
    return 0


def _spool(arguments: Namespace) -> int:
    from violet.services.guarding.watching import SpoolLines, SpoolQuery, moment

    if arguments.directory:
        raise UsageError(f"A spool is read alone, without {arguments.directory!r}.", "violet watch --spool DIR")
    if arguments.limit < 0:
        raise UsageError("--limit must be 0 or more.")
    query = SpoolQuery(
        directory=arguments.spool,
        since=moment(arguments.since) if arguments.since else -math.inf,
        until=moment(arguments.until) if arguments.until else math.inf,
        client=arguments.client,
        model=arguments.model,
        reader=arguments.reader,
        follow=arguments.follow,
        most=arguments.limit,
        ocsf=arguments.format == "ocsf",
    )
    spool = SpoolLines(query)
    lines = spool.lines()
    try:
        for line in lines:
            sys.stdout.write(line.decode() + "\n")
            if arguments.follow:
                sys.stdout.flush()
        sys.stdout.flush()
    except KeyboardInterrupt:
        sys.stdout.flush()
    finally:
        lines.close()
    return _lost(spool)


def _lost(spool: SpoolLines) -> int:
    losses = spool.losses
    said = [
        (losses.damaged, "damaged places"),
        (losses.torn, "torn ends"),
        (losses.undecodable, "records that cannot be understood"),
        (losses.unreadable, "segments that cannot be read"),
    ]
    found = [f"{count:,} {what}" for count, what in said if count]
    if found:
        print(f"violet: the spool has {', '.join(found)}.", file=sys.stderr)
    return 3 if found else 0
