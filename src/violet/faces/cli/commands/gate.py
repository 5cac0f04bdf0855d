"""``violet gate``: may this model go live?"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain import UsageError, shell
from violet.faces.cli.output import add_report_arguments, plan, terminal_width, use_color, write_text
from violet.faces.cli.progress import Progress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.domain.gate import GateDecision
    from violet.faces.cli.output import Plan

FORMATS = ("console", "json", "sarif", "junit", "markdown", "html")

DESCRIPTION = """Decide whether a model may go live, from evidence that is verified here and now: signatures, signed
reports of scans, bills of materials, lineage. Nothing is fetched. A policy that is missing, empty or cannot be read
denies, and so does evidence that is missing."""

EXAMPLES = """  violet gate init --preset baseline --output violet.toml
                                               a policy to start from: baseline, strict or eu-high-risk
  violet gate model.safetensors                the policy of violet.toml, found upward from here
  violet gate model/ --policy violet.toml --environment production
  violet gate model/ --run-missing             scan, and make the rest, where nobody attested it
  violet gate model/ --key gate.pem            leave the decision as a signed summary
  violet gate model/ --output gate.sarif --output gate.xml --output gate.md
  violet gate model/ --record cases/good.json  keep the evidence as a test case of the policy

exit codes: 0 allowed (with warnings, or without); 1 denied; 2 wrong usage or configuration;
3 denied because something could not be examined, and nothing worse is known"""


def add_arguments(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what to decide")
    what.add_argument("model", metavar="MODEL", help="a file or a directory; or: init")
    what.add_argument("--policy", default="", metavar="FILE", help="the policy (default: the configuration in force)")
    what.add_argument("--environment", default="", metavar="NAME", help="where it is to go live")
    what.add_argument("--preset", default="", metavar="NAME", help="with init: baseline, strict or eu-high-risk")
    proof = parser.add_argument_group("evidence")
    proof.add_argument("--run-missing", action="store_true", help="make what the policy asks for and nobody attested")
    proof.add_argument(
        "--evidence", action="append", default=[], metavar="DIR", help="look for attestations there, too"
    )
    proof.add_argument("--signature", default="", metavar="FILE", help="the model's signature (default: MODEL.sig)")
    proof.add_argument("--trust", action="append", default=[], metavar="NAME=FILE", help="believe this public key, too")
    proof.add_argument("--nonce", default="", metavar="WORD", help="every attestation must carry this word")
    proof.add_argument("--allow-links", action="store_true", help="accept symbolic links within the model")
    proof.add_argument("--no-cache", action="store_true", help="hash every file again")
    summary = parser.add_argument_group("summary and record")
    summary.add_argument("--key", default="", metavar="FILE", help="sign the decision with it (default: sign.key)")
    summary.add_argument("--no-summary", action="store_true", help="leave no signed summary")
    summary.add_argument("--summary-days", type=int, default=30, metavar="N", help="how long it holds (default: 30)")
    summary.add_argument("--record", default="", metavar="FILE", help="write the evidence and outcome as a test case")
    add_report_arguments(parser, FORMATS)
    settings = parser.add_argument_group("settings")
    settings.add_argument("--jobs", type=int, default=0, metavar="N", help="processes (default: one a processor)")
    settings.add_argument("--config", default="", metavar="FILE", help="the configuration, where it is not the policy")
    settings.add_argument("--isolated", action="store_true", help="look for no configuration file")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    if arguments.preset and arguments.model != "init":
        raise UsageError("--preset is for violet gate init.", "See: violet gate --help")
    if arguments.model == "init":
        return _init(arguments)
    from violet.services.gate.examine import examine
    from violet.services.gate.options import GateOptions

    if arguments.jobs < 0 or arguments.summary_days < 1:
        raise UsageError("--jobs must be 0 or more, and --summary-days 1 or more.")
    outputs = plan(arguments.format or "", arguments.output, arguments.quiet)
    progress = Progress(not arguments.no_progress)
    options = GateOptions(
        path=arguments.model,
        policy=arguments.policy,
        environment=arguments.environment,
        config=arguments.config,
        isolated=arguments.isolated,
        run_missing=arguments.run_missing,
        stores=tuple(arguments.evidence),
        trust=tuple(arguments.trust),
        signature=arguments.signature,
        key=arguments.key,
        summary=not arguments.no_summary,
        summary_days=arguments.summary_days,
        links=arguments.allow_links,
        cache=not arguments.no_cache,
        jobs=arguments.jobs,
        nonce=arguments.nonce,
    )
    try:
        examination = examine(options, progress)
    finally:
        progress.close()
    if arguments.record:
        from violet.services.policies import record

        write_text(arguments.record, record(examination.decision, examination.facts))
    _show(examination.decision, outputs, arguments)
    return examination.decision.exit_code


def _show(decision: GateDecision, outputs: Plan, arguments: Namespace) -> None:
    from violet.report.gate import GateView, render
    from violet.services.catalogue import help_for

    findings = decision.report.findings if decision.report is not None else ()
    known, texts = help_for(finding.rule for finding in findings) if findings else ({}, {})
    view = GateView(decision, known, texts)
    for path, fmt in outputs.files:
        write_text(path, render(view, fmt))
    if outputs.standard:
        view = replace(view, width=terminal_width(), color=use_color(arguments.color))
        sys.stdout.write(render(view, outputs.standard))


def _init(arguments: Namespace) -> int:
    from violet.services.policies import preset

    text = preset(arguments.preset or "baseline")
    if len(arguments.output) > 1:
        raise UsageError("A policy is written to one file.", "Give --output once.")
    if not arguments.output:
        sys.stdout.write(text)
        return 0
    import os

    path = arguments.output[0]
    if os.path.exists(path):
        raise UsageError(f"{path} is there already, and is not replaced.", "Choose another --output, or none.")
    write_text(path, text)
    print(f"Wrote {path}. What it asks: {shell.join(['violet', 'policy', 'explain', '--policy', path])}")
    return 0
