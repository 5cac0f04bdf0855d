"""``violet fix``: convert proven pickles, repair unsafe loading, raise vulnerable pins."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError, shell
from violet.faces.cli.output import plan, terminal_width, use_color, write_text
from violet.faces.cli.progress import Progress
from violet.services.configuration import Configuration, ignore_source, load

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.domain.vulnerability import VexStatement
    from violet.services.fix import FixOptions

FORMATS = ("console", "json", "markdown")

DESCRIPTION = """Put right what can be put right exactly: pickles that are proven to hold tensors only become
safetensors, without being executed; unsafe loading calls are rewritten; vulnerable pins move to the fixed version.
What cannot be fixed exactly is left as it is, with the reason. Every run leaves a journal that takes it back."""

EXAMPLES = """  violet fix model.pt --dry-run                  what would be written, tensor by tensor
  violet fix model.pt                            writes model.safetensors beside it
  violet fix model.pt --replace                  and renames the original to model.pt.quarantined
  violet fix model.pt --attest --key key.pem     and signs which file was made of which
  violet fix project/ --only loading --dry-run   a diff of the loading calls
  violet fix project/ --only pins --format json
  violet fix --undo last                         take back the latest run

exit codes: 0 all that was found is fixed, or nothing was found; 1 something remains that could not be
fixed; 2 wrong usage; 3 something was not examined, and nothing else remains. A rehearsal exits likewise."""


def add_arguments(parser: ArgumentParser) -> None:
    what = parser.add_argument_group("what to fix")
    what.add_argument("paths", nargs="*", metavar="PATH", help="a file or a directory")
    what.add_argument(
        "--only", action="append", default=[], metavar="KIND", help="convert, loading, pins; several with commas"
    )
    what.add_argument("--ignore-file", action="append", default=[], metavar="FILE", help="obey this ignore file, too")
    how = parser.add_argument_group("how")
    how.add_argument("--dry-run", action="store_true", help="show what would be done, and change nothing")
    how.add_argument("--replace", action="store_true", help="rename a converted original to NAME.quarantined")
    how.add_argument(
        "--tied",
        choices=("duplicate", "once"),
        default="duplicate",
        help="tensors that share all elements: write each (default), or one, and name the others in the metadata",
    )
    how.add_argument("--aggressive", action="store_true", help="also rewrite what was asked for in so many words")
    how.add_argument("--backup", default="", metavar="DIR", help="keep journal and originals there")
    how.add_argument("--undo", default="", metavar="JOURNAL", help="take back the run of this journal, or the last")
    proof = parser.add_argument_group("attestation")
    proof.add_argument("--attest", action="store_true", help="sign which file was made of which")
    proof.add_argument("--key", default="", metavar="FILE", help="private key (default: sign.key of the configuration)")
    shown = parser.add_argument_group("report")
    shown.add_argument("--format", choices=FORMATS, help="default: console")
    shown.add_argument("--output", action="append", default=[], metavar="FILE", help="write it there; may be repeated")
    shown.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    shown.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")
    limits = parser.add_argument_group("settings")
    limits.add_argument("--intel", default="", metavar="FILE", help="database of advisories (violet intel update)")
    limits.add_argument("--vex", action="append", default=[], metavar="FILE", help="leave pins that this VEX acquits")
    limits.add_argument("--signed-vex-only", action="store_true", help="refuse VEX that no trusted signer signed")
    limits.add_argument(
        "--config", default="", metavar="FILE", help="obey this configuration file instead of searching"
    )
    limits.add_argument("--isolated", action="store_true", help="search neither violet.toml nor .violetignore")


def run(arguments: Namespace, command_line: list[str]) -> int:
    from violet.report import fix as render

    outputs = plan(arguments.format or "", arguments.output, False)
    if any(fmt not in FORMATS for _, fmt in outputs.files):
        raise UsageError("violet fix writes console, json and markdown.", "End the name in .txt, .json or .md.")
    if arguments.undo:
        return _undo(arguments)
    from violet.services.fix import fix

    configuration = load(file=arguments.config, isolated=arguments.isolated)
    progress = Progress(not arguments.no_progress)
    options = _options(arguments, configuration)
    try:
        report = fix(options, progress)
    finally:
        progress.close()
    view = render.FixView(report, shell.join(["violet", *command_line]))
    for path, fmt in outputs.files:
        write_text(path, render.render(view, fmt))
    if outputs.standard:
        if outputs.standard == "console":
            view.width, view.color = terminal_width(), use_color(arguments.color)
        sys.stdout.write(render.render(view, outputs.standard))
    return report.exit_code


def _undo(arguments: Namespace) -> int:
    if arguments.paths:
        raise UsageError("--undo takes back a whole run.", "Leave the paths out.")
    from violet.report.fix import render_undo
    from violet.services.fix import take_back

    report = take_back(arguments.undo)
    text = render_undo(report, arguments.format or "console")
    for path in arguments.output:
        write_text(path, text)
    if not arguments.output:
        sys.stdout.write(text)
    return report.exit_code


def _statements(arguments: Namespace, configuration: Configuration) -> tuple[VexStatement, ...]:
    if not arguments.vex:
        return ()
    from violet.services.vex import read_documents

    return read_documents(arguments.vex, configuration.signers, signed_only=arguments.signed_vex_only)


def _options(arguments: Namespace, configuration: Configuration) -> FixOptions:
    from violet.services.fix import FixOptions, attestor, settings

    only = tuple(word.strip() for text in arguments.only for word in text.split(",") if word.strip())
    return FixOptions(
        paths=tuple(arguments.paths),
        only=only,
        dry_run=arguments.dry_run,
        backup=arguments.backup,
        attest=attestor(configuration, arguments.key) if arguments.attest or arguments.key else None,
        jobs=configuration.value("scan.jobs"),
        settings=settings(
            replace=arguments.replace,
            tied=arguments.tied,
            aggressive=arguments.aggressive,
            intel=arguments.intel or configuration.path(configuration.value("intel.directory")),
            vex=_statements(arguments, configuration),
            timeout=configuration.value("scan.timeout"),
            memory=configuration.value("scan.memory"),
        ),
        ignore=configuration.ignore + tuple(ignore_source(path) for path in arguments.ignore_file),
        configuration=(*configuration.found_files, *arguments.ignore_file, *filter(None, [arguments.config])),
    )
