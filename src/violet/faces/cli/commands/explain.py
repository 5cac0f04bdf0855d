"""``violet explain``: what a model relies on, what an attack changed of it, and how far that can be trusted."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.domain.robustness import Threat
from violet.faces.cli.model_arguments import add_data_arguments, add_target_arguments, data_of, target_of
from violet.faces.cli.output import add_report_arguments, plan
from violet.faces.cli.progress import Progress
from violet.faces.cli.shown import again, show
from violet.services.configuration import Configuration, load, policy
from violet.services.explaining.options import ExplainOptions
from violet.services.judgement import judge, waivers_of
from violet.services.needs import require
from violet.services.testing.options import parse_duration

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.policy import Policy

FORMATS = ("console", "json", "sarif", "junit", "markdown", "html")
METHODS = (
    "auto",
    "shap",
    "tree-shap",
    "booster-shap",
    "linear-shap",
    "kernel-shap",
    "permutation",
    "gradient",
    "integrated-gradients",
)

DESCRIPTION = """Show what a model relies on, which of it attacks move, whether attribution shift tells attacked inputs
better than plain baselines do, whether one detail decides alone, and how stable the explanation is; with a summary for
people who are not in machine learning. The model is scanned first; what would run code when loaded is loaded only with
--trust, in a process with limits."""

EXAMPLES = """  violet explain model.json --data holdout.csv --label default
  violet explain model.onnx --data holdout.npz --input 17 --output report.html
  violet explain weights.pt --factory nets:make --data images/ --method integrated-gradients
  violet explain forest.joblib --trust --data holdout.npz --adversarial examples.npz
  violet explain model.json --data holdout.csv --schema table.toml --threat feasible:2
  violet explain reviews.skops --data held.jsonl --budget 2m   texts: by words; Ctrl-C leaves what was found
  violet explain model.onnx --data holdout.npz --attributions-only --format json

exit codes: 0 all well; 1 a finding reaches --fail-on, or the model is condemned by its scan; 2 wrong usage or
configuration; 3 the model or the data could not be used"""


def add_arguments(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what to explain")
    what.add_argument("model", nargs="?", default="", metavar="MODEL", help="a file, module:function, or a URL")
    what.add_argument(
        "--input", action="append", type=int, default=[], metavar="I", help="show this row of the data; may be repeated"
    )
    add_target_arguments(parser)
    add_data_arguments(parser)
    how = parser.add_argument_group("attributions")
    how.add_argument("--method", choices=METHODS, default="auto", metavar="NAME", help=f"one of {', '.join(METHODS)}")
    how.add_argument(
        "--samples", type=int, default=0, metavar="N", help="inputs to explain (default: 200; 60 by kernel SHAP)"
    )
    how.add_argument(
        "--background", type=int, default=100, metavar="N", help="other inputs to compare with (default: 100)"
    )
    how.add_argument(
        "--coalitions", type=int, default=0, metavar="N", help="kernel SHAP: sets of features to ask about"
    )
    how.add_argument("--seed", type=int, default=0, metavar="N", help="of all randomness (default: 0)")
    how.add_argument("--budget", default="", metavar="TIME", help="for all of it: 90s, 10m (default: none)")
    how.add_argument("--attributions-only", action="store_true", help="no attack, no shortcuts, no stability")
    attack = parser.add_argument_group("the attack to explain")
    attack.add_argument(
        "--adversarial", default="", metavar="FILE", help="examples from violet test --save-adversarial"
    )
    attack.add_argument("--attack", default="", metavar="ID", help="default: one that fits the model")
    attack.add_argument("--threat", default="", metavar="NORM:RADIUS", help="default: by the kind of input")
    attack.add_argument("--queries", type=int, default=0, metavar="N", help="of the attack, for each input")
    parser.add_argument_group("verdict").add_argument(
        "--fail-on", metavar="SEVERITY", help="info, low, medium, high (default) or critical"
    )
    add_report_arguments(parser, FORMATS)
    settings = parser.add_argument_group("settings")
    settings.add_argument("--config", default="", metavar="FILE", help="obey this file instead of searching")
    settings.add_argument("--isolated", action="store_true", help="search no violet.toml")


def run(arguments: Namespace, command_line: list[str]) -> int:
    require("Explaining a model", "test")
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    outputs = plan(arguments.format or "", arguments.output, arguments.quiet)
    options = _options(arguments)
    rules = _policy(arguments, configuration)
    command = again(command_line, ("--output", "--format", "--color"), ("--quiet", "--no-progress"))
    progress = Progress(not arguments.no_progress)
    from violet.services.explaining.explain import explain

    try:
        explained = explain(options, progress=progress, command=command)
    finally:
        progress.close()
    report, decision = judge(explained.report, rules, waivers_of(configuration))
    from violet.report.explaining import render_explanation

    found = explained.explanation
    show(report, decision, rules, outputs, arguments, command, lambda view, fmt: render_explanation(found, view, fmt))
    if found.partial:
        print("violet: the explanation is partial; its restrictions say what was not measured", file=sys.stderr)
    return decision.exit_code


def _options(arguments: Namespace) -> ExplainOptions:
    target, data = target_of(arguments), data_of(arguments)
    for name, least in (("samples", 0), ("background", 2), ("coalitions", 0), ("queries", 0), ("seed", 0)):
        if getattr(arguments, name) < least:
            raise UsageError(f"--{name} must be {least} or more.")
    if arguments.adversarial and (arguments.attack or arguments.threat):
        raise UsageError("--adversarial brings its own examples: it goes with neither --attack nor --threat.")
    return ExplainOptions(
        target=target,
        data=data,
        method=arguments.method,
        samples=arguments.samples,
        background=arguments.background,
        coalitions=arguments.coalitions,
        inputs=tuple(arguments.input),
        adversarial=arguments.adversarial,
        attack=arguments.attack,
        threat=Threat.parse(arguments.threat) if arguments.threat else None,
        queries=arguments.queries,
        seed=arguments.seed,
        scan=not arguments.no_scan,
        attributions_only=arguments.attributions_only,
        seconds=parse_duration(arguments.budget) if arguments.budget else float("inf"),
    )


def _policy(arguments: Namespace, configuration: Configuration) -> Policy:
    if arguments.fail_on is None:
        return policy(configuration)
    try:
        return policy(configuration, arguments.fail_on)
    except ValueError as error:
        raise UsageError(f"--fail-on: {error}.") from error
