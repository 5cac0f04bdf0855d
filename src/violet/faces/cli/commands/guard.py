"""``violet guard``: stand before a model, or read what passed it, and see attacks as they happen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.guarding.control import add_control_arguments
from violet.faces.cli.guarding.options import add_watched_arguments
from violet.faces.cli.guarding.serving import add_serving_arguments

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

ACTIONS = ("run", "calibrate", "fingerprints", "detectors", "rulings", "release", "replay", "routes")

DESCRIPTION = """Stand before a model as a reverse proxy (--upstream), or read a recorded or growing trace (--attach),
and tell of extraction, evasion, probing, denial, drift and leaks while they happen.

  run           the default: the proxy, or the trace
  calibrate     fit thresholds to benign traffic, for a stated rate of false alarms
  fingerprints  make known what adversarial examples look like, without showing them
  detectors     list what is looked for, or explain one
  rulings       what is being done with whom
  release       end what is being done with a client, or for a reason
  replay        the exchanges that an alert rests on
  routes        send a test alert along each route"""

EXAMPLES = """  violet guard --upstream http://model:8080 --model credit-risk --profile risk.profile
  violet guard --attach traffic.jsonl --profile risk.profile --calibration risk.calibration.json
  violet guard --attach traffic.jsonl --follow --profile risk.profile
  violet guard calibrate benign.jsonl --profile risk.profile --false-alarms 1 --output risk.calibration.json
  violet guard fingerprints examples.npz --profile risk.profile --output known.campaign
  violet guard detectors extraction/boundary
  violet guard --policy guard.toml --state /var/lib/violet/guard --workers 2 --metrics 127.0.0.1:9464
  violet guard release key:1f0c9a --state /var/lib/violet/guard --spare 1d

exit codes: 0 all well; 1 an alert reaches --fail-on; 2 wrong usage or configuration; 3 nothing could be judged"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=ACTIONS, default="run", metavar="ACTION", help=", ".join(ACTIONS))
    parser.add_argument(
        "target",
        nargs="?",
        default="",
        metavar="TARGET",
        help="calibrate: a trace; fingerprints: examples; detectors: an id; release: a client or reason; routes: one",
    )
    where = parser.add_argument_group("where the traffic is")
    where.add_argument(
        "--attach", default="", metavar="TRACE", help="read exchanges (JSON Lines, CloudEvents; -: stdin)"
    )
    where.add_argument("--follow", action="store_true", help="go on when the trace grows, and tell at once")
    add_serving_arguments(parser)
    add_watched_arguments(parser)
    add_control_arguments(parser)
    fit = parser.add_argument_group("calibrate")
    fit.add_argument(
        "--false-alarms", type=float, default=1.0, metavar="N", help="in 10,000 benign rows, all together (default: 1)"
    )
    fit.add_argument(
        "--trust", action="append", default=[], metavar="CLIENT", help="honest, whatever it does; may be repeated"
    )
    fit.add_argument("--force", action="store_true", help="fit although the traffic is too little to say")
    out = parser.add_argument_group("output")
    out.add_argument("--fail-on", default="medium", metavar="SEVERITY", help="of alerts (default: medium)")
    out.add_argument("--format", choices=("console", "json", "jsonl", "markdown"), help="default: console")
    out.add_argument("--output", action="append", default=[], metavar="FILE", help="may be repeated: .json .jsonl .md")
    out.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    out.add_argument("--quiet", action="store_true", help="write files only")
    out.add_argument("--no-progress", action="store_true")


def run(arguments: Namespace, command_line: list[str]) -> int:
    if arguments.action == "detectors":
        from violet.faces.cli.guarding.listing import detectors

        return detectors(arguments)
    if arguments.action == "calibrate":
        from violet.faces.cli.guarding.calibrating import calibrate

        return calibrate(arguments, command_line)
    if arguments.action == "fingerprints":
        from violet.faces.cli.guarding.fingerprints import fingerprints

        return fingerprints(arguments)
    if arguments.action in ("rulings", "release", "replay", "routes"):
        from violet.faces.cli.guarding import control

        code: int = getattr(control, arguments.action)(arguments)
        return code
    if arguments.target:
        raise UsageError(f"violet guard run takes no {arguments.target!r}.", "See: violet guard --help")
    if arguments.attach:
        from violet.faces.cli.guarding.replaying import attach

        return attach(arguments, command_line)
    if arguments.upstream or arguments.policy or arguments.config:
        from violet.faces.cli.guarding.serving import serve

        return serve(arguments)
    raise UsageError("There is no traffic to watch.", "Say --upstream http://model:8080, or --attach TRACE")
