"""``violet demo``: build a small model zoo with a trojan in it, and show what Violet does about it."""

from __future__ import annotations

import os
import secrets
import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError, shell
from violet.exercises.demo import Deployment, Exhibit, Step, build, build_credit, model_server, steps
from violet.faces.cli.main import entry

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """Build a small model zoo, in which one file has been tampered with; scan it as you would scan your own
models; then sign the good model, and let the gate decide about it, about its trojaned twin, and about a changed copy.
Then attack a model of credit risk, explain why it gives way, and harden it; last, deploy it behind the guard, attack it
there, and see the alert. The payload is harmless, and nothing loads it. Needs more than the base: pip install
'violet-mlsecops[demo]'"""

EXAMPLES = """  violet demo
  violet demo --directory /tmp/zoo
  violet demo --only-scan

exit codes: 0 everything came out as it should; 3 something did not"""

MADE = ("zoo", "release.key", "release.key.pub", "violet.toml", "tampered", "credit")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--directory", default="demo", metavar="DIR", help="where to build it (default: demo)")
    parser.add_argument(
        "--seed", type=int, metavar="NUMBER", default=7, help="of the models' random numbers (default: 7)"
    )
    parser.add_argument("--only-scan", action="store_true", help="end after the scan")
    parser.add_argument(
        "--serve", default="", metavar="DIR", help="serve the model of credit risk that was built there"
    )
    parser.add_argument(
        "--listen", default="127.0.0.1:8080", metavar="HOST:PORT", help="where (default: 127.0.0.1:8080)"
    )


def run(arguments: Namespace, _command_line: list[str]) -> int:
    """Exit code 0 where every step came out as it should."""
    if arguments.serve:
        return _serve(arguments)
    directory = arguments.directory
    _clear(directory)
    zoo = os.path.join(directory, "zoo")
    print(f"Building a model zoo in {zoo} (seed {arguments.seed}) ...\n")
    print(_listing(build(zoo, arguments.seed)))
    deployment = Deployment(os.path.join(directory, "credit"))
    if not arguments.only_scan:
        build_credit(deployment.directory, arguments.seed)
        deployment.record(arguments.seed)
    tour = steps(directory, deployment)[: 1 if arguments.only_scan else None]
    os.environ.setdefault("VIOLET_KEY_PASSPHRASE", secrets.token_urlsafe(18))
    try:
        wrong = [step for number, step in enumerate(tour, 1) if not _take(step, f"{number}/{len(tour)}")]
    finally:
        deployment.close()
    if wrong:
        for step in wrong:
            print(f"\nThis did not come out as it should: {_typed(step)}", file=sys.stderr)
        return 3
    print(_next_steps(zoo, os.path.join(directory, "report.html"), arguments.only_scan))
    return 0


def _serve(arguments: Namespace) -> int:
    from violet.faces.gateway.server import GatewayOptions, serve

    host, _, port = arguments.listen.rpartition(":")
    if not port.isascii() or not port.isdigit():
        raise UsageError(f"--listen {arguments.listen} is no address.", "Write HOST:PORT.")
    model = model_server(arguments.serve)

    def started(address: str) -> None:
        print(f"serving {model.name} on {address}", flush=True)

    serve(lambda number: model, GatewayOptions(host=host, port=int(port)), started)
    return 0


def _clear(directory: str) -> None:
    """Remove what an earlier demonstration made; refuse a directory that holds anything else of these names."""
    import shutil

    marker = os.path.join(directory, ".violet-demo")
    there = [name for name in MADE if os.path.lexists(os.path.join(directory, name))]
    if there and not os.path.isfile(marker):
        raise UsageError(
            f"{directory} holds {there[0]} already.", "Name another directory: violet demo --directory DIR"
        )
    for name in there:
        path = os.path.join(directory, name)
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    os.makedirs(directory, exist_ok=True)
    with open(marker, "w", encoding="utf-8") as file:
        file.write("made by violet demo, which removes what it made before\n")


def _take(step: Step, number: str) -> bool:
    """Run one step as a user would; whether it came out as expected."""
    print(f"\n── {number}  {step.why}")
    if step.prepare is not None:
        step.prepare()
        print(f"   ({step.did})")
    print(f"\n$ {_typed(step)}\n")
    sys.stdout.flush()
    code = entry(list(step.arguments))
    print(f"\nexit code {code}")
    sys.stdout.flush()
    return code == step.expected


def _typed(step: Step) -> str:
    return shell.join(["violet", *step.arguments])


def _listing(exhibits: tuple[Exhibit, ...]) -> str:
    width = max(len(exhibit.name) for exhibit in exhibits)
    return "\n".join(f"  {exhibit.name:<{width}}  {exhibit.what}" for exhibit in exhibits)


def _next_steps(zoo: str, page: str, only_scan: bool) -> str:
    told = "The trojan was found before anything loaded it, and exit code 1 would have stopped a pipeline."
    if not only_scan:
        told += "\nThe gate let through what is proven, and neither what is dangerous nor what was changed."
        told += (
            "\nThe model of credit risk gave way to whoever states other things; fitted again, it mostly withstands."
        )
    good = shell.quote(os.path.join(zoo, "churn-forest.pkl"))
    public = shell.quote(os.path.join(os.path.dirname(zoo), "release.key.pub"))
    signed = f"  violet verify {good} --key {public}\n  violet attest verify {good} --trust {public}\n"
    robustness = (
        f"\n  open {os.path.join(os.path.dirname(page), 'credit', 'robustness.html')}   the test's, with its curves"
    )
    if only_scan:  # then nothing was signed, and nothing attacked
        signed = robustness = ""
    return f"""
{told}

What to try next:
  open {page}   the scan's report as a page{robustness}
  violet rules                          every rule, and: violet rules explain ID
{signed}  violet fix {shell.quote(os.path.join(zoo, "perceptron.pt"))} --dry-run
  violet scan PATH                      your own models, and repositories
  violet scan ~/.cache/huggingface/hub  everything you have downloaded"""
