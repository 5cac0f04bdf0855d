"""``violet promote``: an alias for a version that the gate allows."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain import shell
from violet.faces.cli.output import plan, terminal_width, use_color, write_text

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.services.gate import GateOptions

FORMATS = ("console", "json", "sarif", "junit", "markdown", "html")

DESCRIPTION = """Run the gate on the files of a version in an MLflow registry, and set an alias only if it allows them.
The decision, the digest and the policy's digest are kept in the version's tags."""

EXAMPLES = """  violet promote fraud@7 --alias champion --environment production
  violet promote fraud@7 --alias champion --dry-run      what the gate would say
  violet promote models:/fraud/7 --alias champion --tracking-uri URI

exit codes: 0 promoted (or would be); 1 denied; 2 wrong usage or configuration;
3 the registry does not answer, or something could not be examined"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("version", metavar="MODEL@VERSION", help="which version")
    parser.add_argument("--alias", required=True, metavar="NAME", help="which alias to set")
    add_gate_arguments(parser)
    parser.add_argument("--key", default="", metavar="FILE", help="sign the decision with it (default: sign.key)")
    parser.add_argument("--dry-run", action="store_true", help="decide, and change nothing")
    parser.add_argument("--format", choices=FORMATS, help="default: console")
    parser.add_argument("--output", action="append", default=[], metavar="FILE", help="write the decision there, too")
    parser.add_argument("--color", choices=("auto", "always", "never"), default="auto")


def add_gate_arguments(parser: ArgumentParser) -> None:
    """Where the registry is, and what the gate is asked there."""
    parser.add_argument(
        "--tracking-uri", default="", metavar="URI", help="the MLflow server (default: MLFLOW_TRACKING_URI)"
    )
    parser.add_argument("--policy", default="", metavar="FILE", help="the policy (default: violet.toml, searched for)")
    parser.add_argument("--environment", default="", metavar="NAME", help="the policy's environment")
    parser.add_argument("--run-missing", action="store_true", help="make what the policy asks for and nobody attested")
    parser.add_argument(
        "--evidence", action="append", default=[], metavar="DIR", help="look for attestations there, too"
    )
    parser.add_argument(
        "--trust", action="append", default=[], metavar="NAME=FILE", help="believe this public key, too"
    )
    parser.add_argument("--config", default="", metavar="FILE", help="the configuration, where it is not the policy")
    parser.add_argument("--isolated", action="store_true", help="look for no configuration file")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    from violet.report.gate import GateView, render
    from violet.report.registry import promotion_line
    from violet.services.catalogue import help_for
    from violet.services.gate import GateOptions
    from violet.services.registry.connect import connect
    from violet.services.registry.gatekeeper import Gatekeeper, parse_version

    outputs = plan(arguments.format or "", arguments.output, quiet=False)
    name, number = parse_version(arguments.version)
    registry = connect(arguments.tracking_uri)
    keeper = Gatekeeper(registry, gate_options(arguments, GateOptions, key=arguments.key))
    promotion = keeper.promote(registry.version(name, number), arguments.alias, dry_run=arguments.dry_run)
    decision = promotion.decision
    findings = decision.report.findings if decision.report is not None else ()
    view = GateView(decision, *(help_for(finding.rule for finding in findings) if findings else ({}, {})))
    for path, fmt in outputs.files:
        write_text(path, render(view, fmt))
    sys.stdout.write(render(replace(view, width=terminal_width(), color=use_color(arguments.color)), outputs.standard))
    if promotion.undo:
        before = [f"{promotion.version.model}@{promotion.previous}", "--alias", arguments.alias]
        promotion = replace(promotion, undo=shell.join(["violet", "promote", *before, *_same(arguments)]))
    fetch = ["violet", "mlflow", "fetch", str(promotion.version), *_server(arguments)]
    print(
        promotion_line(promotion, shell.join(fetch)), file=sys.stdout if outputs.standard == "console" else sys.stderr
    )
    return decision.exit_code


def _server(arguments: Namespace) -> list[str]:
    return ["--tracking-uri", arguments.tracking_uri] if arguments.tracking_uri else []


def _same(arguments: Namespace) -> list[str]:
    """The options that decided, for a command that is to be decided alike."""
    words = _server(arguments)
    for option in ("policy", "environment", "key", "config"):
        words += [f"--{option}", getattr(arguments, option)] if getattr(arguments, option) else []
    words += ["--run-missing"] if arguments.run_missing else []
    words += ["--isolated"] if arguments.isolated else []
    for option in ("evidence", "trust"):
        words += [word for value in getattr(arguments, option) for word in (f"--{option}", value)]
    return words


def gate_options(arguments: Namespace, kind: type[GateOptions], key: str = "") -> GateOptions:
    """What ``add_gate_arguments`` were given."""
    return kind(
        path="",
        policy=arguments.policy,
        environment=arguments.environment,
        config=arguments.config,
        isolated=arguments.isolated,
        run_missing=arguments.run_missing,
        stores=tuple(arguments.evidence),
        trust=tuple(arguments.trust),
        key=key,
    )
