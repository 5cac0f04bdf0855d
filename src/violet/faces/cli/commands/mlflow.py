"""``violet mlflow``: watch the aliases of a registry, and keep evidence with its versions."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.commands.promote import add_gate_arguments, gate_options

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Iterator

    from violet.domain.registry import WatchEvent

DESCRIPTION = """Hold an MLflow registry to the policy.

  watch    look at every alias, again and again; put back those that stand for a version the gate denies:
           to the last version that it allowed (asked about again), or, where there is none, to nothing
  fetch    get the files of a version and the evidence kept with it, as the gate sees them
  attach   keep attestations and a signature with a version, where promote and watch find them"""

EXAMPLES = """  violet mlflow watch --alias champion --environment production --state watch.json
  violet mlflow watch --once --dry-run                what would be put back now
  violet mlflow fetch fraud@7                         into fraud-7/files and fraud-7/evidence
  violet mlflow attach fraud@7 model.attestations     a directory: *.dsse.json, *.sig

exit codes: 0 all well; 1 (watch --once) the gate denied something; 2 wrong usage or configuration;
3 the registry did not answer, or something could not be examined"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("watch", "attach", "fetch"))
    parser.add_argument(
        "version", nargs="?", default="", metavar="MODEL@VERSION", help="attach: to which version; fetch: which one"
    )
    parser.add_argument(
        "directory",
        nargs="?",
        default="",
        metavar="DIR",
        help="attach: the evidence; fetch: where to (default: MODEL-VERSION)",
    )
    parser.add_argument("--alias", action="append", default=[], metavar="PATTERN", help="watch these (default: all)")
    parser.add_argument(
        "--model", action="append", default=[], metavar="PATTERN", help="of these models (default: all)"
    )
    parser.add_argument("--once", action="store_true", help="look once, and end")
    parser.add_argument("--interval", type=float, default=15.0, metavar="SECONDS", help="between two looks (15)")
    parser.add_argument(
        "--recheck", type=float, default=3600.0, metavar="SECONDS", help="ask the gate again after so long (3600)"
    )
    parser.add_argument("--state", default="", metavar="FILE", help="remember allowed versions there")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")
    add_gate_arguments(parser)
    parser.add_argument("--format", choices=("console", "json"), default="console", help="a line an event")
    parser.add_argument("--output", default="", metavar="FILE", help="append the events there, too, as JSON lines")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    return {"watch": _watch, "attach": _attach, "fetch": _fetch}[arguments.action](arguments)


def _watch(arguments: Namespace) -> int:
    from violet.services.gate import GateOptions
    from violet.services.registry.connect import connect
    from violet.services.registry.gatekeeper import Gatekeeper
    from violet.services.registry.watch import Watcher, WatchOptions, look

    if arguments.version:
        raise UsageError(f"A watch takes no {arguments.version!r}.", "Choose with --model and --alias.")
    if arguments.interval <= 0 or arguments.recheck < 0:
        raise UsageError("--interval must be above 0, and --recheck not below.")
    registry = connect(arguments.tracking_uri)
    keeper = Gatekeeper(registry, gate_options(arguments, GateOptions))
    options = WatchOptions(
        aliases=tuple(arguments.alias) or ("*",),
        models=tuple(arguments.model) or ("*",),
        recheck=arguments.recheck,
        state=arguments.state,
        dry_run=arguments.dry_run,
    )
    keeper.require_policy()  # else every alias would lose its version
    watcher = Watcher(registry, keeper.ask_of_policy, options)
    events = look(watcher, rounds=1 if arguments.once else 0, interval=arguments.interval)
    return _tell(events, arguments)


def _tell(events: Iterator[WatchEvent], arguments: Namespace) -> int:
    from violet.domain.registry import WatchAction
    from violet.report.registry import event_content, event_line

    code = 0
    for event in events:
        line = json.dumps(event_content(event))
        print(line if arguments.format == "json" else event_line(event), flush=True)
        if arguments.output:
            _append(arguments.output, line)
        if event.action is WatchAction.FAILED:
            code = code or 3
        elif event.action not in (WatchAction.ALLOWED, WatchAction.GONE):
            code = 1
    return code


def _append(path: str, line: str) -> None:
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        print(f"violet: {path} cannot be written: {error.strerror}", file=sys.stderr)


def _attach(arguments: Namespace) -> int:
    from violet.services.registry.connect import connect
    from violet.services.registry.gatekeeper import attach, parse_version

    if not arguments.version or not arguments.directory:
        raise UsageError("Attach what to what?", "violet mlflow attach MODEL@VERSION DIR")
    name, number = parse_version(arguments.version)
    registry = connect(arguments.tracking_uri)
    version = registry.version(name, number)
    count = attach(registry, version, arguments.directory)
    print(f"Kept with {version}: {count} file{'' if count == 1 else 's'} of {arguments.directory}.")
    return 0


def _fetch(arguments: Namespace) -> int:
    import os

    from violet.services.registry.connect import connect
    from violet.services.registry.gatekeeper import fetch, parse_version

    if not arguments.version:
        raise UsageError("Fetch what?", "violet mlflow fetch MODEL@VERSION")
    name, number = parse_version(arguments.version)
    registry = connect(arguments.tracking_uri)
    version = registry.version(name, number)
    folder = arguments.directory or version.folder
    os.makedirs(folder, exist_ok=True)
    path, evidence = fetch(registry, version, folder)
    print(f"model     {os.path.relpath(path)}\nevidence  {os.path.relpath(evidence) if evidence else 'none is kept'}")
    return 0
