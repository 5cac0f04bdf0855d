"""``violet harden``: make a model harder to attack, and prove it by the same test."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.domain.robustness import Threat
from violet.faces.cli.interruption import Interruptible, Told
from violet.faces.cli.model_arguments import add_data_arguments, add_target_arguments, data_of, target_of
from violet.faces.cli.output import add_report_arguments, plan, terminal_width, use_color, write_text
from violet.faces.cli.progress import Progress
from violet.services.configuration import load
from violet.services.hardening.options import METHODS, NAMES, HardenOptions
from violet.services.needs import require
from violet.services.testing.options import SUITES, RobustnessOptions, parse_duration

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.faces.cli.output import Plan
    from violet.services.configuration import Configuration
    from violet.services.hardening.harden import Hardened

FORMATS = ("console", "json", "markdown", "html")

_LISTED = "\n".join(f"  {method.name:<22}{method.summary}" for method in METHODS)

DESCRIPTION = f"""Harden a model, and test it before and after with the same attacks on the same samples. A defence that
only misleads attacks is called so. The hardened model is a new file; its parent stays as it is.

methods:
{_LISTED}"""

EXAMPLES = """  violet harden weights.pt --factory nets:make --data holdout.npz --train train.npz \\
      --method adversarial-training --threat linf:0.1 --save hardened.pt
  violet harden credit.ubj --data holdout.csv --train train.csv --label default --schema table.toml \\
      --method feasible-rows --threat feasible:2 --save credit-hard.ubj
  violet harden model.onnx --data holdout.npz --method smoothing --set sigma=0.1 --threat l2:0.25 --save smoothed.json
  violet harden model.onnx --data holdout.npz --method discretise --threat linf:0.05 --save coarse.json
  violet test smoothed.json --data holdout.npz --threat l2:0.25        a defended model is tested as any other

exit codes: 0 it became harder; 1 it did not, or only masks gradients, or costs too much; 2 wrong usage or
configuration; 3 not all could be tested"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a file, module:function, or a URL")
    add_target_arguments(parser)
    add_data_arguments(parser)
    how = parser.add_argument_group("hardening")
    how.add_argument("--method", required=True, metavar="NAME", help=f"one of {', '.join(NAMES)}")
    how.add_argument("--save", required=True, metavar="FILE", help="where the hardened model goes")
    how.add_argument("--train", default="", metavar="PATH", help="training data; never the held-out")
    how.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", dest="settings", help="of the method")
    how.add_argument("--member", action="append", default=[], metavar="FILE", help="another model of an ensemble")
    how.add_argument(
        "--max-clean-loss", type=float, default=0.05, metavar="SHARE", help="clean accuracy it may cost (default: 0.05)"
    )
    test = parser.add_argument_group("the test, before and after")
    test.add_argument("--threat", required=True, metavar="NORM:RADIUS", help="linf, l2, l1, l0 or feasible")
    test.add_argument("--suite", choices=SUITES[:3], default="evasion", help="default: evasion")
    test.add_argument("--samples", type=int, default=500, metavar="N", help="rows to attack (0: all; default: 500)")
    test.add_argument("--probes", type=int, default=128, metavar="N", help="samples on which attacks are compared")
    test.add_argument("--budget", default="10m", metavar="TIME", help="for each of the two tests (default: 10m)")
    test.add_argument("--seed", type=int, default=0, metavar="N", help="of all randomness (default: 0)")
    test.add_argument("--jobs", type=int, default=0, metavar="N", help="worker processes (default: one a processor)")
    test.add_argument("--engine", default="", metavar="ADDRESS", help="a Dask scheduler, tcp://host:8786")
    signed = parser.add_argument_group("attestation")
    signed.add_argument("--attest", action="store_true", help="say, signed, that it was made from its parent")
    signed.add_argument("--key", default="", metavar="FILE", help="sign with it (default: sign.key)")
    add_report_arguments(parser, FORMATS)
    settings = parser.add_argument_group("settings")
    settings.add_argument("--config", default="", metavar="FILE", help="obey this file instead of searching")
    settings.add_argument("--isolated", action="store_true", help="search no violet.toml")


def run(arguments: Namespace, command_line: list[str]) -> int:
    require("Hardening a model", "test")
    from violet.domain import shell

    configuration = load(file=arguments.config, isolated=arguments.isolated)
    outputs = plan(arguments.format or "", arguments.output, arguments.quiet)
    options = _options(arguments)
    progress = Progress(not arguments.no_progress)
    attested = _attested(arguments, configuration)
    from violet.services.hardening.harden import harden

    command = shell.join(["violet", *_again(command_line, arguments.save)])
    with Interruptible() as interruption:
        try:
            hardened = harden(options, progress=Told(progress), stop=interruption.asked, command=command)
        finally:
            progress.close()
    if attested is not None:
        attested.leave(options, hardened)
    _show(hardened, outputs, arguments)
    if hardened.hardening.effect.value != "harder":
        return 1
    return 3 if hardened.hardening.after.partial else 0


def _again(command_line: list[str], save: str) -> list[str]:
    """The same once more. Nothing is overwritten, so the model goes to another file."""
    stem, suffix = os.path.splitext(save)
    other = f"{stem}-again{suffix}"
    return [other if word == save else word.replace(f"--save={save}", f"--save={other}") for word in command_line]


def _options(arguments: Namespace) -> HardenOptions:
    for name, least in (("samples", 0), ("probes", 1), ("jobs", 0), ("seed", 0)):
        if getattr(arguments, name) < least:
            raise UsageError(f"--{name} must be {least} or more.")
    if not 0 <= arguments.max_clean_loss <= 1:
        raise UsageError("--max-clean-loss must lie between 0 and 1.")
    data = data_of(arguments)
    return HardenOptions(
        test=RobustnessOptions(
            target=target_of(arguments),
            data=data,
            threat=Threat.parse(arguments.threat),
            suite=arguments.suite,
            samples=arguments.samples,
            budget=parse_duration(arguments.budget),
            seed=arguments.seed,
            jobs=arguments.jobs,
            engine=arguments.engine or os.environ.get("VIOLET_ENGINE", ""),
            probes=arguments.probes,
            scan=not arguments.no_scan,
        ),
        method=arguments.method,
        output=arguments.save,
        train=replace(data, path=arguments.train) if arguments.train else None,
        settings=tuple(_setting(text) for text in arguments.settings),
        members=tuple(arguments.member),
        max_clean_loss=arguments.max_clean_loss,
    )


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--set {text}: that is no NAME=VALUE.", "Write it like --set sigma=0.1")
    return name, value


def _attested(arguments: Namespace, configuration: Configuration) -> _Attested | None:
    if not (arguments.attest or arguments.key):
        return None
    if not arguments.attest:
        raise UsageError("--key belongs to --attest.", "Add --attest.")
    return _Attested(arguments, configuration)


class _Attested:
    """Made before anything is trained, so that a missing key is known at once."""

    def __init__(self, arguments: Namespace, configuration: Configuration) -> None:
        from violet.faces.cli.passphrase import asker
        from violet.services.attest import signing_key

        self._configuration = configuration
        self._key = signing_key(configuration, arguments.key, ask=asker())

    def leave(self, options: HardenOptions, hardened: Hardened) -> None:
        from violet.services.hardening.attested import attest_hardened

        written = attest_hardened(options, hardened, self._configuration, self._key)
        for one in written:
            print(f"violet: signed: {one.path}", file=sys.stderr)


def _show(hardened: Hardened, outputs: Plan, arguments: Namespace) -> None:
    from violet.report.hardening import HardeningView, render_hardening

    view = HardeningView(hardened.hardening)
    for path, fmt in outputs.files:
        write_text(path, render_hardening(view, fmt))
    if outputs.standard:
        if outputs.standard == "console":
            view = replace(view, width=terminal_width(), color=use_color(arguments.color))
        sys.stdout.write(render_hardening(view, outputs.standard))
