"""``violet intel``: import advisories, and match them against what is installed."""

from __future__ import annotations

import datetime
import sys
from typing import TYPE_CHECKING, Any

from violet.domain import UsageError, shell
from violet.faces.cli.output import chosen, deliver, plan, terminal_width, use_color, write_text
from violet.faces.cli.progress import Progress
from violet.services.configuration import Configuration, load, policy

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.domain.vulnerability import VulnerabilityReport
    from violet.policy import Policy

ACTIONS = ("update", "status", "show", "match")
FORMATS = ("console", "json", "markdown", "sarif", "junit", "html")
PLAIN = ("console", "json")
"""Formats of all that is no report."""

DESCRIPTION = """Import exports of vulnerability databases (OSV format, and CISA's catalogue of known exploited
vulnerabilities), and match them against a bill of materials, a project, a lock file, a model, an environment or
named packages. Nothing is fetched: download the exports, and name the files."""

EXAMPLES = """  violet intel update PyPI-all.zip npm-all.zip       exports: archives, directories, JSON
  violet intel status                                what is imported, and how old that is
  violet intel show CVE-2025-32434                   by id or alias
  violet intel match .                               dependency files of a project
  violet intel match model.cdx.json                  a bill of materials (CycloneDX, SPDX 3)
  violet intel match --package torch==2.5.1 --package npm:lodash==4.17.20
  violet intel match --environment .venv --format json --output vulnerabilities.json
  violet intel match . --vex statements.json --write-vex now.openvex.json

exit codes: 0 all well; 1 a vulnerability reaches --fail-on; 2 wrong usage or configuration;
3 something could not be told, or entries of an export were refused, and nothing worse was found"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS)
    names = parser.add_argument("names", nargs="+", metavar="FILE|ID|TARGET", help="exports, an id, or what to match")
    names.required = False  # "*" would be satisfied before the options, and refuse names behind them
    names.default = []
    what = parser.add_argument_group("match")
    what.add_argument("--package", action="append", default=[], metavar="NAME==VERSION", help="a package by name")
    what.add_argument("--environment", default="", metavar="DIR", help="a virtual environment (.: that of violet)")
    what.add_argument("--vex", action="append", default=[], metavar="FILE", help="obey this OpenVEX or CycloneDX VEX")
    what.add_argument("--signed-vex-only", action="store_true", help="refuse VEX that no trusted signer signed")
    what.add_argument("--write-vex", default="", metavar="FILE", help="write what was found as OpenVEX")
    what.add_argument("--vex-author", default="", metavar="NAME", help="who the written VEX is from")
    what.add_argument("--product", default="", metavar="PURL", help="what the components are in, for VEX about it")
    what.add_argument("--withdrawn", action="store_true", help="also list what withdrawn advisories say")
    what.add_argument("--fail-on", metavar="SEVERITY", help="info, low, medium, high (default) or critical")
    more = parser.add_argument_group("database")
    more.add_argument("--directory", default="", metavar="DIR", help="where advisories are kept")
    more.add_argument("--replace", action="store_true", help="with update: start from nothing")
    shown = parser.add_argument_group("report")
    shown.add_argument("--format", choices=FORMATS, help="default: console")
    shown.add_argument("--output", default="", metavar="FILE", help="write it there; the suffix decides")
    shown.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    shown.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")
    shown.add_argument("--config", default="", metavar="FILE", help="obey this configuration file")
    shown.add_argument("--isolated", action="store_true", help="look at no configuration file")


def run(arguments: Namespace, command_line: list[str]) -> int:
    _check(arguments)
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    if arguments.action == "update":
        return _update(arguments, configuration)
    if arguments.action == "status":
        return _status(arguments, configuration)
    if arguments.action == "show":
        return _show(arguments, configuration)
    return _match(arguments, configuration, command_line)


def _check(arguments: Namespace) -> None:
    if arguments.action != "match":
        given = [
            option
            for option in ("package", "environment", "vex", "signed_vex_only", "write_vex", "vex_author", "product",
                           "withdrawn", "fail_on")
            if getattr(arguments, option)
        ]  # fmt: skip
        if given:
            raise UsageError(f"--{given[0].replace('_', '-')} is for: violet intel match.")
        if arguments.format not in (None, *PLAIN):
            raise UsageError(f"violet intel {arguments.action} writes console and json, no {arguments.format}.")
        arguments.format = chosen(arguments.format, arguments.output, PLAIN)
    if arguments.replace and arguments.action != "update":
        raise UsageError("--replace is for: violet intel update.")
    if arguments.action == "status" and arguments.names:
        raise UsageError("violet intel status takes no names.", "To see one advisory: violet intel show ID")


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _update(arguments: Namespace, configuration: Configuration) -> int:
    from dataclasses import asdict

    from violet.report.visible import visible
    from violet.report.vulnerabilities import dumped
    from violet.services.advisories import update

    progress = Progress(not arguments.no_progress)
    try:
        found = update(
            configuration,
            arguments.names,
            directory=arguments.directory,
            now=_now(),
            replace=arguments.replace,
            progress=progress,
        )
    finally:
        progress.close()
    rejected = sum(one.source.rejected for one in found)
    if arguments.format == "json":
        sources = [{**asdict(one.source), "again": one.again, "problems": list(one.problems)} for one in found]
        deliver(dumped({"schema": "violet-intel-update/1", "sources": sources}), arguments.output)
        return 3 if rejected else 0
    lines = []
    for one in found:
        source = one.source
        entries = "entry" if source.entries == 1 else "entries"
        counts = f"{source.added:,} added, {source.changed:,} changed, {source.unchanged:,} unchanged"
        if one.again:
            counts = f"the same content was imported {source.imported}"
        lines.append(f"{visible(source.name)}: {source.entries:,} {entries}; {counts}; {source.rejected:,} refused")
        lines += [f"  {visible(problem)}" for problem in one.problems]
        left = source.rejected - len(one.problems)
        if one.problems and left > 0:
            lines.append(f"  and {left:,} more")
    again = ["violet", "intel", "status", *(["--directory", arguments.directory] if arguments.directory else [])]
    lines.append(f"See what is there: {shell.join(again)}")
    deliver("\n".join([*lines, ""]), arguments.output)
    return 3 if rejected else 0


def _status(arguments: Namespace, configuration: Configuration) -> int:
    from dataclasses import asdict

    from violet.report.vulnerabilities import dumped, status_text
    from violet.services.advisories import status

    found = status(configuration, directory=arguments.directory, now=_now())
    if arguments.format == "json":
        text = dumped(
            {
                "schema": "violet-intel-status/1",
                **asdict(found.state),
                "age_days": found.age_days,
                "warnings": list(found.warnings),
            }
        )
    else:
        text = status_text(found.state, found.age_days, found.warnings, _width(arguments))
    deliver(text, arguments.output)
    return 0


def _show(arguments: Namespace, configuration: Configuration) -> int:
    from dataclasses import asdict

    from violet.report.vulnerabilities import advisory_text, dumped
    from violet.services.advisories import show

    if not arguments.names:
        raise UsageError("Which advisory?", "Write: violet intel show CVE-2025-32434")
    found = [one for name in arguments.names for one in show(configuration, name, directory=arguments.directory)]
    if arguments.format == "json":
        text = dumped({"schema": "violet-intel-show/1", "advisories": [asdict(one) for one in found]})
    else:
        text = "\n".join(advisory_text(one, _width(arguments)) for one in found)
    deliver(text, arguments.output)
    return 0


def _match(arguments: Namespace, configuration: Configuration, command_line: list[str]) -> int:
    from violet.services.vulnerabilities import as_report, database_directory, decide, match
    from violet.services.vulnerability_target import gather

    outputs = plan(arguments.format or "", [arguments.output] if arguments.output else [], quiet=False)
    progress = Progress(not arguments.no_progress)
    try:
        target = gather(
            arguments.names,
            arguments.package,
            arguments.environment,
            product=arguments.product,
            timeout=configuration.value("scan.timeout"),
            memory=configuration.value("scan.memory"),
            progress=progress,
        )
        report = match(
            target.components,
            database=arguments.directory or database_directory(configuration),
            vex=_statements(arguments, configuration),
            now=_now(),
            subject=target.subject,
            withdrawn=arguments.withdrawn,
            skipped=target.skipped,
            progress=progress,
        )
    finally:
        progress.close()
    plain = as_report(report, target.components)
    decision = decide(report, plain.findings, _policy(arguments, configuration))
    if arguments.write_vex:
        from violet.services.vex import vex_text

        write_text(arguments.write_vex, vex_text(report, arguments.vex_author))
    command = shell.join(["violet", *command_line])
    for path, fmt in outputs.files:
        write_text(path, _rendered(report, plain, decision, command, fmt, None, False))
    color = use_color(arguments.color)
    sys.stdout.write(_rendered(report, plain, decision, command, outputs.standard, terminal_width(), color))
    return decision.exit_code


def _statements(arguments: Namespace, configuration: Configuration) -> Any:
    if not arguments.vex:
        return ()
    from violet.services.vex import read_documents

    return read_documents(arguments.vex, configuration.signers, signed_only=arguments.signed_vex_only)


def _policy(arguments: Namespace, configuration: Configuration) -> Policy:
    try:
        return policy(configuration, arguments.fail_on)
    except ValueError as error:
        raise UsageError(f"--fail-on: {error}.") from error


def _rendered(
    report: VulnerabilityReport,
    plain: Any,
    decision: Any,
    command_line: str,
    fmt: str,
    width: int | None,
    color: bool,
) -> str:
    if fmt in ("console", "json", "markdown"):
        from violet.report import vulnerabilities
        from violet.services.vulnerabilities import for_policy

        view = vulnerabilities.VulnerabilityView(
            report,
            decision,
            for_policy(report),
            command_line,
            width=width,
            color=color,
        )
        render = {
            "console": vulnerabilities.console,
            "json": vulnerabilities.json_text,
            "markdown": vulnerabilities.markdown,
        }
        return render[fmt](view)
    from violet.report import View
    from violet.report import render as render_view
    from violet.services.catalogue import help_for

    known, texts = help_for(finding.rule for finding in (*plain.findings, *plain.accepted))
    return render_view(View(plain, decision, rules=known, rule_help=texts, command_line=command_line), fmt)


def _width(arguments: Namespace) -> int | None:
    return None if arguments.output else terminal_width()
