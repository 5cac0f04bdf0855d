"""``violet test``: measure how a model stands against attacks."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from violet.domain import UsageError
from violet.domain.robustness import Threat
from violet.faces.cli.interruption import Interruptible, Told
from violet.faces.cli.model_arguments import add_data_arguments, add_target_arguments, data_of, target_of
from violet.faces.cli.output import add_report_arguments, plan
from violet.faces.cli.progress import Progress
from violet.faces.cli.shown import again, show
from violet.services.configuration import Configuration, load, policy
from violet.services.judgement import judge, waivers_of
from violet.services.needs import require
from violet.services.testing.options import SUITES, RobustnessOptions, parse_duration

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.policy import Policy

FORMATS = ("console", "json", "sarif", "junit", "markdown", "html")

DESCRIPTION = """Attack a model with held-out data, and say how many samples withstand the worst of all attacks within
the threat. The figure is withheld where a sanity check says that it cannot be believed. The model is scanned first;
what would run code when loaded is loaded only with --trust, in a process with limits."""

EXAMPLES = """  violet test model.onnx --data holdout.npz --threat linf:0.03
  violet test model.skops --data holdout.csv --label default --schema table.toml --threat feasible:3
  violet test weights.pt --factory nets:make --data images/ --threat l2:0.5 --budget 10m
  violet test forest.joblib --trust --data holdout.npz --threat linf:0.05 --suite quick
  violet test http://127.0.0.1:8080 --protocol v2 --data holdout.npz --threat linf:0.05 --suite black-box
  violet test model.onnx --data holdout.npz --threat linf:0.03 --run runs/a   Ctrl-C leaves a partial report ...
  violet test model.onnx --data holdout.npz --threat linf:0.03 --run runs/a --resume    ... and this goes on
  violet test model.onnx --data holdout.npz --threat linf:0.03 --output report.html --output report.sarif
  violet test --list                                       the attacks there are

exit codes: 0 all well; 1 a finding reaches --fail-on, or the model is condemned by its scan; 2 wrong usage or
configuration; 3 not all could be tested, and nothing worse was found"""


def add_arguments(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what to test")
    what.add_argument("model", nargs="?", default="", metavar="MODEL", help="a file, module:function, or a URL")
    what.add_argument("--list", action="store_true", help="list the attacks there are, and end")
    add_target_arguments(parser)
    add_data_arguments(parser)
    how = parser.add_argument_group("attacks")
    how.add_argument(
        "--threat", metavar="NORM:RADIUS", help="linf, l2, l1, l0 or feasible; in shares of each feature's range"
    )
    how.add_argument("--suite", choices=SUITES, default="evasion", help="default: evasion")
    how.add_argument("--attack", action="append", default=[], metavar="ID", help="these attacks instead of the suite's")
    how.add_argument(
        "--set", action="append", default=[], metavar="ID.NAME=VALUE", dest="settings", help="an option of an attack"
    )
    how.add_argument("--samples", type=int, default=1000, metavar="N", help="rows to attack (0: all; default: 1000)")
    how.add_argument("--probes", type=int, default=128, metavar="N", help="samples on which attacks are compared")
    how.add_argument("--queries", type=int, default=0, metavar="N", help="of each attack, for each sample")
    how.add_argument("--budget", default="10m", metavar="TIME", help="for the whole test: 90s, 10m, 2h (default: 10m)")
    how.add_argument("--seed", type=int, default=0, metavar="N", help="of all randomness (default: 0)")
    work = parser.add_argument_group("work")
    work.add_argument("--jobs", type=int, default=0, metavar="N", help="worker processes (default: one a processor)")
    work.add_argument(
        "--engine", default="", metavar="ADDRESS", help="a Dask scheduler, tcp://host:8786 (default: VIOLET_ENGINE)"
    )
    work.add_argument("--run", default="", metavar="DIRECTORY", help="keep what is reached there")
    work.add_argument("--resume", action="store_true", help="go on with what the run directory holds")
    kept = parser.add_argument_group("results")
    kept.add_argument("--save-adversarial", default="", metavar="FILE", help="write the examples that fool it, as .npz")
    kept.add_argument("--fail-on", metavar="SEVERITY", help="info, low, medium, high (default) or critical")
    kept.add_argument("--min-robust", type=float, metavar="SHARE", help="robust accuracy asked for (default: 0.5)")
    kept.add_argument("--attest", action="store_true", help="leave the result beside the model, signed")
    kept.add_argument("--key", default="", metavar="FILE", help="sign with it (default: sign.key)")
    kept.add_argument("--expires", default="", metavar="TIME", help="the attestation holds for this long: 90d")
    add_report_arguments(parser, FORMATS)
    settings = parser.add_argument_group("settings")
    settings.add_argument("--config", default="", metavar="FILE", help="obey this file instead of searching")
    settings.add_argument("--isolated", action="store_true", help="search no violet.toml")


def run(arguments: Namespace, command_line: list[str]) -> int:
    require("Testing a model", "test")
    if arguments.list:
        from violet.services.testing.listing import listing

        sys.stdout.write(listing())
        return 0
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    outputs = plan(arguments.format or "", arguments.output, arguments.quiet)
    options = _options(arguments, configuration)
    rules = _policy(arguments, configuration)
    progress = Progress(not arguments.no_progress)
    command = _again(command_line)
    attested = _attested(arguments, configuration, progress)
    from violet.services.testing.evasion import run_evasion_test

    with Interruptible() as interruption:
        try:
            tested = run_evasion_test(options, progress=Told(progress), stop=interruption.asked, command=command)
        finally:
            progress.close()
    if arguments.save_adversarial:
        from violet.services.testing.examples import save_examples

        save_examples(arguments.save_adversarial, tested.examples)
    report, decision = judge(tested.report, rules, waivers_of(configuration))
    if attested is not None:
        attested.leave(report, decision, rules, str(options.threat))
    from violet.report.testing import render_test

    show(report, decision, rules, outputs, arguments, command, lambda view, fmt: render_test(tested.test, view, fmt))
    if interruption.happened:
        print("violet: interrupted; the report is of what was reached until then", file=sys.stderr)
    return decision.exit_code


def _options(arguments: Namespace, configuration: Configuration) -> RobustnessOptions:
    target, data = target_of(arguments), data_of(arguments)
    if not arguments.threat and arguments.suite != "shifts":
        raise UsageError(
            "There is no threat to test against.", "Say what an attacker may change: --threat linf:0.03, or feasible:3"
        )
    for name, least in (("samples", 0), ("probes", 1), ("queries", 0), ("jobs", 0), ("seed", 0)):
        if getattr(arguments, name) < least:
            raise UsageError(f"--{name} must be {least} or more.")
    if arguments.resume and not arguments.run:
        raise UsageError("--resume needs the directory of the run.", "Add --run DIRECTORY.")
    thresholds = {
        name: configuration.value(f"test.{name}")
        for name in ("min_robust_accuracy", "max_shift_loss", "cheap_queries", "max_cost_factor")
    }
    if arguments.min_robust is not None:
        if not 0 <= arguments.min_robust <= 1:
            raise UsageError("--min-robust must lie between 0 and 1.")
        thresholds["min_robust_accuracy"] = arguments.min_robust
    return RobustnessOptions(
        target=target,
        data=data,
        threat=Threat.parse(arguments.threat or "linf:0.03"),
        suite=arguments.suite,
        samples=arguments.samples,
        budget=parse_duration(arguments.budget),
        queries=arguments.queries,
        seed=arguments.seed,
        jobs=arguments.jobs,
        engine=arguments.engine or os.environ.get("VIOLET_ENGINE", ""),
        run=arguments.run,
        resume=arguments.resume,
        probes=arguments.probes,
        attacks=tuple(arguments.attack),
        settings=tuple(_setting(text) for text in arguments.settings),
        thresholds=thresholds,
        scan=not arguments.no_scan,
    )


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or "." not in name:
        raise UsageError(f"--set {text}: that is no ID.NAME=VALUE.", "Write it like --set gradient/pgd.steps=50")
    return name, value


def _policy(arguments: Namespace, configuration: Configuration) -> Policy:
    if arguments.fail_on is None:
        return policy(configuration)
    try:
        return policy(configuration, arguments.fail_on)
    except ValueError as error:
        raise UsageError(f"--fail-on: {error}.") from error


def _attested(arguments: Namespace, configuration: Configuration, progress: Progress) -> Any:
    if not (arguments.attest or arguments.key or arguments.expires):
        return None
    from violet.faces.cli.attested_test import AttestedTest

    return AttestedTest(arguments, configuration, progress)


def _again(command_line: list[str]) -> str:
    with_value = ("--output", "--format", "--run", "--save-adversarial", "--color", "--key", "--expires", "--jobs")
    return again(command_line, with_value, ("--quiet", "--no-progress", "--resume", "--attest"))
