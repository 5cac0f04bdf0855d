"""``violet bom``: write, compare and merge bills of materials."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError, shell
from violet.faces.cli.output import chosen, deliver, terminal_width, use_color
from violet.faces.cli.progress import Progress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.domain.bom import Bom
    from violet.domain.vulnerability import VulnerabilityReport
    from violet.services.bom import BomOptions

FORMATS = ("console", "cyclonedx", "spdx", "json", "markdown")
ACTIONS = ("diff", "merge")
SUFFIXES = {
    ".cdx.json": "cyclonedx", ".spdx.json": "spdx", ".jsonld": "spdx", ".json": "json", ".md": "markdown",
    ".markdown": "markdown", ".txt": "console",
}  # fmt: skip

DESCRIPTION = """Write down what a model or project is made of: format, framework, architecture, tensors, parameters,
types, inputs and outputs, base model, licence, data sets and packages, each fact with the place it was read from.
Nothing is loaded, imported or executed; files are read in worker processes, with limits. Training data come from
attestations by trusted signers, from descriptions of data sets, and from --training.

violet bom diff A B says what changed between two models, projects or bills; violet bom merge A B makes one of
several. A path that is called diff or merge is written ./diff."""

EXAMPLES = """  violet bom model.safetensors                       show it
  violet bom model/ --output model.cdx.json          CycloneDX 1.6 (ML-BOM); 1.7 with --spec-version 1.7
  violet bom model/ --output model.spdx.json         SPDX 3.0.1 with the AI and Dataset profiles
  violet bom . --environment .venv                   a project, and what is installed for it
  violet bom model.onnx --training train.csv         bind the training data by digest
  violet bom diff v1.safetensors v2.safetensors      what changed
  violet bom diff old.cdx.json model/ --fail-on-change
  violet bom merge a.cdx.json b.spdx.json --output all.cdx.json

exit codes: 0 all well; 1 --fail-on-change and something changed, or --fail-on-conflict and bills disagree;
2 wrong usage or configuration; 3 something could not be read"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a model or project; or diff A B; or merge A B ...")
    what = parser.add_argument_group("what goes into it")
    what.add_argument(
        "--environment",
        nargs="?",
        const=".",
        default="",
        metavar="DIR",
        help="the packages that are installed in this virtual environment (default: Violet's own)",
    )
    what.add_argument(
        "--training",
        action="append",
        default=[],
        metavar="PATH",
        help="data it was trained on, or NAME.data.json of them",
    )
    what.add_argument("--testing", action="append", default=[], metavar="PATH", help="data it was tested on")
    what.add_argument("--data-originator", default="", metavar="NAME", help="who made these data")
    what.add_argument("--data-built", default="", metavar="TIME", help="when they were made")
    what.add_argument("--data-released", default="", metavar="TIME", help="when they were released")
    what.add_argument("--data-location", default="", metavar="URL", help="where they are downloaded from")
    what.add_argument("--endpoint", action="append", default=[], metavar="URL", help="where it is served")
    what.add_argument("--license", action="append", default=[], metavar="NAME", help="a licence that it does not tell")
    what.add_argument("--model-version", default="", metavar="TEXT", help="its version")
    what.add_argument("--supplier", default="", metavar="NAME", help="who supplies it")
    what.add_argument("--location", default="", metavar="URL", help="where it is downloaded from")
    what.add_argument("--released", default="", metavar="TIME", help="when it was released: 2026-11-02T09:00:00Z")
    what.add_argument(
        "--vulnerabilities", action="store_true", help="add what imported advisories know of its packages"
    )
    compared = parser.add_argument_group("diff and merge")
    compared.add_argument("--fail-on-change", action="store_true", help="diff: exit with 1 where anything changed")
    compared.add_argument("--fail-on-conflict", action="store_true", help="exit with 1 where facts or bills disagree")
    compared.add_argument("--name", default="", metavar="NAME", help="merge: what the whole is called")
    shown = parser.add_argument_group("output and settings")
    shown.add_argument("--format", choices=FORMATS, help="default: console, or what --output ends in")
    shown.add_argument("--spec-version", default="", metavar="VERSION", help="CycloneDX 1.6 (default) or 1.7")
    shown.add_argument(
        "--timestamp",
        nargs="?",
        const="now",
        default="",
        metavar="TIME",
        help="state when it was written (default: now); without it the same artifact gives the same file",
    )
    shown.add_argument("--output", default="", metavar="FILE")
    shown.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    shown.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")
    shown.add_argument("--jobs", type=int, default=0, metavar="N", help="worker processes (default: one a processor)")
    shown.add_argument("--timeout", default="", metavar="SECONDS", help="time for one file (default: 120)")
    shown.add_argument("--memory", default="", metavar="SIZE", help="memory of one worker (default: 1GiB)")
    shown.add_argument("--config", default="", metavar="FILE", help="obey this configuration file instead of searching")
    shown.add_argument("--isolated", action="store_true", help="search no violet.toml")
    shown.add_argument("--no-cache", action="store_true", help="hash large unchanged files again")


def run(arguments: Namespace, command_line: list[str]) -> int:
    if arguments.paths[:1] == ["diff"]:
        return _diff(arguments)
    if arguments.paths[:1] == ["merge"]:
        return _merge(arguments, command_line)
    for option in ("fail_on_change", "name"):
        if getattr(arguments, option):
            raise UsageError(f"--{option.replace('_', '-')} says nothing here.", "See: violet bom --help")
    if len(arguments.paths) > 1:
        raise UsageError(
            "A bill is made of one model or project.", "For several: violet bom merge A B, or violet bom diff A B"
        )
    from violet.services.bom import make_bom

    progress = Progress(not arguments.no_progress)
    try:
        options = _options(arguments, arguments.paths[0] if arguments.paths else "")
        bom = make_bom(options, progress)
    finally:
        progress.close()
    _show(bom, arguments, command_line)
    return 1 if arguments.fail_on_conflict and (bom.conflicts or bom.facts.conflicts) else 0


def _options(arguments: Namespace, path: str) -> BomOptions:
    from violet.services.bom import BomOptions
    from violet.services.bom_data import DataTerms
    from violet.services.configuration import load, parse_seconds, parse_size

    if arguments.jobs < 0:
        raise UsageError("--jobs must be 1 or more.")
    try:
        timeout = parse_seconds(arguments.timeout) if arguments.timeout else 120.0
        memory = parse_size(arguments.memory) if arguments.memory else 1 << 30
    except ValueError as error:
        raise UsageError(f"--timeout or --memory: {error}.") from error
    released = _time("--released", arguments.released) if arguments.released else ""
    data = DataTerms(
        arguments.data_originator,
        _time("--data-built", arguments.data_built) if arguments.data_built else "",
        _time("--data-released", arguments.data_released) if arguments.data_released else "",
        arguments.data_location,
    )
    if data != DataTerms() and not (arguments.training or arguments.testing):
        raise UsageError("The --data options say something of data.", "Name these with --training or --testing.")
    return BomOptions(
        path=path,
        data=data,
        environment=arguments.environment,
        training=tuple(arguments.training),
        testing=tuple(arguments.testing),
        supplier=arguments.supplier,
        version=arguments.model_version,
        location=arguments.location,
        released=released,
        licenses=tuple(arguments.license),
        endpoints=tuple(arguments.endpoint),
        configuration=load(file=arguments.config, isolated=arguments.isolated),
        jobs=arguments.jobs,
        timeout=timeout,
        memory=memory,
        cache=not arguments.no_cache,
    )


def _time(option: str, text: str) -> str:
    """A moment in UTC as RFC 3339 writes it, without fractions."""
    import datetime

    if text == "now":
        moment = datetime.datetime.now(datetime.UTC)
    else:
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise UsageError(f"{option}: {text!r} is no time.", "Write it like 2026-11-02T09:00:00Z") from None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _format(arguments: Namespace, allowed: tuple[str, ...] = FORMATS) -> str:
    found = chosen(arguments.format, arguments.output, FORMATS, SUFFIXES)
    if found not in allowed:
        raise UsageError(f"A difference is not written as {found}.", f"Use one of {', '.join(allowed)}.")
    return found


def _show(bom: Bom, arguments: Namespace, command_line: list[str]) -> None:
    fmt = _format(arguments)
    known = _known(bom, arguments)
    if fmt in ("cyclonedx", "spdx"):
        from violet.services.bom import render_document

        timestamp = _time("--timestamp", arguments.timestamp) if arguments.timestamp else ""
        matches = (*known.matches, *known.suppressed) if known else ()
        text = render_document(bom, fmt, spec_version=arguments.spec_version, timestamp=timestamp, matches=matches)
    elif arguments.spec_version or arguments.timestamp:
        raise UsageError(
            "--spec-version and --timestamp are for documents.", "Add --format cyclonedx or --format spdx."
        )
    elif fmt == "json":
        from violet.report.bom_json import bom_json

        text = bom_json(bom, known)
    else:
        from violet.report import bom as report

        if fmt == "markdown":
            text = report.markdown(bom, known)
        else:
            to_file = bool(arguments.output)
            more = shell.join(["violet", *command_line, "--format", "markdown"])
            text = report.console(
                bom,
                width=None if to_file else terminal_width(),
                color=not to_file and use_color(arguments.color),
                full=to_file,
                more=more,
                known=known,
            )
    deliver(text, arguments.output, _told(bom, fmt))


def _told(bom: Bom, fmt: str) -> str:
    """What is in the file, and what is not: nobody reads a document to learn that something is missing in it."""
    what = {"cyclonedx": "CycloneDX", "spdx": "SPDX"}.get(fmt, "a bill of materials")
    count = len(bom.components)
    parts = [f"{what} of {bom.subject.name}, with {count:,} {'component' if count == 1 else 'components'}"]
    gaps, conflicts = len(bom.gaps), len(bom.conflicts) + len(bom.facts.conflicts)
    if gaps:
        parts.append(f"{gaps:,} not known or not read")
    if conflicts:
        parts.append(f"{conflicts:,} in disagreement")
    return "; ".join(parts)


def _known(bom: Bom, arguments: Namespace) -> VulnerabilityReport | None:
    if not arguments.vulnerabilities:
        return None
    from violet.services.bom import known_vulnerabilities
    from violet.services.configuration import load

    return known_vulnerabilities(bom, load(file=arguments.config, isolated=arguments.isolated))


def _diff(arguments: Namespace) -> int:
    if len(arguments.paths) != 3:
        raise UsageError("A difference is between two things.", "Write: violet bom diff A B")
    fmt = _format(arguments, ("console", "json", "markdown"))
    from violet.services.bom import difference

    found = difference(arguments.paths[1], arguments.paths[2], _options(arguments, ""))
    if fmt == "json":
        from violet.report.bom_json import difference_json

        text = difference_json(found)
    else:
        from violet.report import bom as report

        if fmt == "markdown":
            text = report.difference_markdown(found)
        else:
            to_file = bool(arguments.output)
            text = report.difference_console(
                found,
                width=None if to_file else terminal_width(),
                color=not to_file and use_color(arguments.color),
            )
    deliver(text, arguments.output, "the same" if found.empty else "there are differences")
    return 1 if arguments.fail_on_change and not found.empty else 0


def _merge(arguments: Namespace, command_line: list[str]) -> int:
    if len(arguments.paths) < 3:
        raise UsageError("A merge needs two bills or more.", "Write: violet bom merge A B --output FILE")
    from violet.services.bom import merged

    bom = merged(arguments.paths[1:], _options(arguments, ""), arguments.name)
    for conflict in bom.conflicts:
        print(f"violet: {_safe(conflict)}", file=sys.stderr)
    _show(bom, arguments, command_line)
    return 1 if arguments.fail_on_conflict and bom.conflicts else 0


def _safe(text: str) -> str:
    from violet.report.visible import visible

    return visible(text)
