"""``violet scan``: examine model files without running them."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from violet.domain import Decision, Report, Severity, UsageError, Verdict
from violet.faces.cli.output import Plan, add_report_arguments, plan, terminal_width, use_color, write_text
from violet.faces.cli.progress import Progress
from violet.services.configuration import (
    Configuration,
    ignore_source,
    load,
    parse_seconds,
    parse_size,
    policy,
)
from violet.services.judgement import judge, waivers_of
from violet.services.options import ScanOptions
from violet.services.scan import scan

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from collections.abc import Callable, Mapping

    from violet.domain import Rule
    from violet.policy import Policy

T = TypeVar("T")

FORMATS = ("console", "json", "sarif", "junit", "markdown", "html")

DESCRIPTION = """Examine model files, directories, Hugging Face caches and installed packages. Nothing that is
examined is loaded, imported or executed; each file is read in a process of its own, with limits."""

EXAMPLES = """  violet scan model.pkl                        one file
  violet scan models/ --output report.html     a directory, with a page to read
  violet scan models/ --format sarif           for code-scanning viewers
  violet scan --package lightgbm               an installed package
  violet scan --package torch --python .venv   one of another environment
  violet scan models/ --write-baseline accepted.json
  violet scan models/ --baseline accepted.json only what is new fails
  violet scan model.pkl --attest --key signer.pem
  violet scan ~/Downloads/model --isolated     settings found on this machine are not obeyed

exit codes: 0 all well; 1 a finding reaches --fail-on; 2 wrong usage or configuration;
3 something could not be examined, and nothing worse was found"""


def add_arguments(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what to examine")
    what.add_argument("paths", nargs="*", metavar="PATH", help="a file or a directory")
    what.add_argument("--package", action="append", default=[], metavar="NAME", help="an installed package")
    what.add_argument(
        "--python",
        default="",
        metavar="PATH",
        help="packages of this interpreter or environment, which is not started (default: Violet's own)",
    )
    what.add_argument("--deep", action="store_true", default=None, help="read all content, tensors too")
    what.add_argument("--ignore-file", action="append", default=[], metavar="FILE", help="obey this ignore file, too")
    verdict = parser.add_argument_group("verdict")
    verdict.add_argument("--fail-on", metavar="SEVERITY", help="info, low, medium, high (default) or critical")
    verdict.add_argument("--baseline", default="", metavar="FILE", help="accept the findings of this earlier report")
    verdict.add_argument(
        "--write-baseline", default="", metavar="FILE", help="accept today's findings, and write them down"
    )
    verdict.add_argument(
        "--fingerprints", action="store_true", help="name the fingerprint of each finding on the console, for waivers"
    )
    signed = parser.add_argument_group("attestation")
    signed.add_argument("--attest", action="store_true", help="leave the result beside the artifact, signed")
    signed.add_argument("--key", default="", metavar="FILE", help="sign with it (default: sign.key)")
    signed.add_argument("--expires", default="", metavar="TIME", help="the attestation holds for this long: 90d")
    add_report_arguments(parser, FORMATS)
    limits = parser.add_argument_group("limits and settings")
    limits.add_argument("--jobs", type=int, metavar="N", help="worker processes (default: one a processor)")
    limits.add_argument("--timeout", metavar="SECONDS", help="time for one file (default: 120; large files get more)")
    limits.add_argument("--memory", metavar="SIZE", help="memory of one worker (default: 1GiB)")
    limits.add_argument(
        "--config", default="", metavar="FILE", help="obey this configuration file instead of searching"
    )
    limits.add_argument("--isolated", action="store_true", help="search neither violet.toml nor .violetignore")


def run(arguments: Namespace, command_line: list[str]) -> int:
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    outputs = plan(arguments.format or "", arguments.output, arguments.quiet)
    options = _options(arguments, configuration)
    rules = _policy(arguments, configuration)
    progress = Progress(not arguments.no_progress)
    if arguments.attest or arguments.key or arguments.expires:
        from violet.faces.cli.attested_scan import AttestedScan

        attested: AttestedScan | None = AttestedScan(arguments, configuration, progress)
    else:
        attested = None
    try:
        report = scan(options, progress, meanwhile=lambda: _load_renderers(outputs))
    finally:
        progress.close()
    if arguments.write_baseline:
        report = _write_baseline(arguments.write_baseline, report)
    report, decision = judge(report, rules, waivers_of(configuration))
    if attested is not None:
        attested.leave(report, decision, rules, options)
    _show(report, decision, rules, outputs, arguments, command_line)
    return decision.exit_code


def _options(arguments: Namespace, configuration: Configuration) -> ScanOptions:
    if arguments.python and not arguments.package:
        raise UsageError("--python says where packages are installed, and no --package is named.")
    if arguments.jobs is not None and arguments.jobs < 1:
        raise UsageError("--jobs must be 1 or more.")
    return ScanOptions(
        paths=tuple(arguments.paths),
        packages=tuple(arguments.package),
        python=arguments.python,
        deep=configuration.value("scan.deep") if arguments.deep is None else True,
        jobs=arguments.jobs or configuration.value("scan.jobs"),
        timeout=_parsed("--timeout", parse_seconds, arguments.timeout) or configuration.value("scan.timeout"),
        memory=_parsed("--memory", parse_size, arguments.memory) or configuration.value("scan.memory"),
        baseline=arguments.baseline,
        ignore=configuration.ignore + tuple(ignore_source(path) for path in arguments.ignore_file),
        bounds=configuration.bounds,
        configuration=(*configuration.found_files, *arguments.ignore_file, *filter(None, [arguments.config])),
        intel=configuration.path(configuration.value("intel.directory")),
    )


def _policy(arguments: Namespace, configuration: Configuration) -> Policy:
    chosen = _parsed("--fail-on", lambda name: policy(configuration, name), arguments.fail_on)
    return chosen or policy(configuration)


def _parsed(option: str, parse: Callable[[Any], T], text: str | None) -> T | None:
    if text is None:
        return None
    try:
        return parse(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from error


def _write_baseline(path: str, report: Report) -> Report:
    from violet.services.baseline import accept, baseline_text

    write_text(path, baseline_text(report))
    return accept(report, frozenset(finding.fingerprint for finding in report.findings))


def _load_renderers(outputs: Plan) -> None:
    """Rendering nothing loads all that rendering needs, while the workers are busy."""
    from violet.report import View, render

    empty = View(Report("scan", ""), Decision(Verdict.ALLOW))
    for fmt in outputs.formats:
        render(empty, fmt)


def _show(
    report: Report,
    decision: Decision,
    rules: Policy,
    outputs: Plan,
    arguments: Namespace,
    command_line: list[str],
) -> None:
    from violet.domain import shell
    from violet.report import View, render

    known: Mapping[str, Rule] = {}
    texts: Mapping[str, str] = {}
    if findings := (*report.findings, *report.accepted):
        from violet.services.catalogue import help_for

        known, texts = help_for(finding.rule for finding in findings)
    view = View(
        report=report,
        decision=decision,
        rules=known,
        rule_help=texts,
        command_line=shell.join(["violet", *command_line]),
        fail_on=rules.fail_on if rules.fail_on is not None else Severity.CRITICAL,
        fingerprints=arguments.fingerprints,
    )
    for path, fmt in outputs.files:
        write_text(path, render(view, fmt))
    if outputs.standard:
        if outputs.standard == "console":
            view = replace(view, width=terminal_width(), color=use_color(arguments.color))
        sys.stdout.write(render(view, outputs.standard))
