"""``violet demo``: build a small model zoo with a trojan in it, and scan it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from violet.exercises.demo import Exhibit, build
from violet.faces.cli.main import entry

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

DESCRIPTION = """Build a small model zoo, in which one file has been tampered with, and scan it as you would
scan your own models. The payload is harmless, and nothing loads it. Needs scikit-learn: pip install
'violet-mlsecops[demo]'"""

EXAMPLES = """  violet demo
  violet demo --directory /tmp/zoo"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--directory", default="demo", metavar="DIR", help="where to build it (default: demo)")
    parser.add_argument(
        "--seed", type=int, metavar="NUMBER", default=7, help="of the models' random numbers (default: 7)"
    )


def run(arguments: Namespace, _command_line: list[str]) -> int:
    """Exit code 0 where the scan objects to the trojan, and to nothing else."""
    directory = arguments.directory
    zoo = os.path.join(directory, "zoo")
    print(f"Building a model zoo in {zoo} (seed {arguments.seed}) ...\n")
    exhibits = build(zoo, arguments.seed)
    print(_listing(exhibits))
    page, sarif = (os.path.join(directory, name) for name in ("report.html", "report.sarif"))
    command = ["scan", zoo, "--isolated", "--output", page, "--output", sarif]
    print(f"\n$ violet {' '.join(command)}\n")
    sys.stdout.flush()
    code = entry(command)
    print(f"\nexit code {code}\n")
    print(_next_steps(zoo, page))
    return 0 if code == 1 else 3


def _listing(exhibits: tuple[Exhibit, ...]) -> str:
    width = max(len(exhibit.name) for exhibit in exhibits)
    return "\n".join(f"  {exhibit.name:<{width}}  {exhibit.what}" for exhibit in exhibits)


def _next_steps(zoo: str, page: str) -> str:
    return f"""The trojan was found before anything loaded it, and exit code 1 would have stopped a pipeline.

What to try next:
  open {page}   the same report as a page
  violet rules                          every rule, and: violet rules explain ID
  violet scan {zoo} --format json
  violet scan PATH                      your own models
  violet scan --package NAME            an installed package
  violet scan ~/.cache/huggingface/hub  everything you have downloaded"""
