"""``violet attest``: leave signed statements about an artifact, and tell which can be believed."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from violet.domain import UsageError, shell
from violet.faces.cli.output import chosen, deliver, plan, terminal_width, use_color, write_text
from violet.faces.cli.passphrase import asker
from violet.faces.cli.progress import Progress

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.domain.provenance import Identity, Written
    from violet.provenance.keys import PrivateKey
    from violet.services.attest import Terms
    from violet.services.configuration import Configuration

FORMATS = ("console", "json")
ACTIONS = (
    "scan",
    "training",
    "derivation",
    "statement",
    "revoke",
    "countersign",
    "verify",
    "list",
    "export",
)

DESCRIPTION = """Leave signed in-toto statements about a model or data set, bound to its digest, and tell which of those
that lie with it can be believed. An envelope is believed when a trusted signer's signature holds, the statement is
about exactly this content, and it is in force."""

EXAMPLES = """  violet attest scan model.safetensors --key signer.pem --expires 90d
                                               scan it, and leave the result, signed
  violet attest training model/ --data train.csv --code src/ --base base/ --relation fine-tune --git
                                               what it was made from (SLSA provenance)
  violet attest derivation model-int8.onnx --base model.onnx --relation quantisation
  violet attest statement model/ --predicate-type vex --predicate openvex.json
  violet attest revoke sha256:DIGEST --reason "poisoned rows" --store revocations/
  violet attest countersign model.attestations/FILE.dsse.json --key second.pem
  violet attest list model/                    a table of what lies with it
  violet attest verify model/ --trust signer.pub --threshold 2 --require test-result
  violet attest export model/ --oci layout/    for a container registry

actions: scan, training, derivation, statement and revoke sign something new; countersign adds a signature;
list shows, verify decides; export writes an OCI image layout

exit codes: 0 all well; 1 verify found something refused, missing or nothing to believe (list: with --strict), or the
scan's own verdict; 2 wrong usage, configuration or key; 3 something could not be examined"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument(
        "target", metavar="TARGET", help="the artifact; revoke: or its digest; countersign: an envelope"
    )
    signing = parser.add_argument_group("signing")
    signing.add_argument("--key", action="append", default=[], metavar="FILE", help="sign with it; may be repeated")
    signing.add_argument(
        "--passphrase-file", default="", metavar="FILE", help="default: VIOLET_KEY_PASSPHRASE, or asked for"
    )
    signing.add_argument("--expires", default="", metavar="TIME", help="hold for this long: 90d, 12h, 2w")
    signing.add_argument(
        "--environment", default="", metavar="NAME", help="hold in this environment only; also asked by verify"
    )
    signing.add_argument("--nonce", default="", metavar="WORD", help="answer a request; also asked by verify")
    signing.add_argument("--store", action="append", default=[], metavar="DIR", help="keep it there, or look there too")
    made = parser.add_argument_group("training and derivation")
    for name, text in (("data", "a data set"), ("code", "the code"), ("base", "a model it was made from")):
        made.add_argument(
            f"--{name}", action="append", default=[], metavar="PATH", help=f"{text}, or NAME=sha256:DIGEST"
        )
    made.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="a setting of the run")
    made.add_argument(
        "--byproduct", action="append", default=[], metavar="PATH", help="what else came out: logs, figures"
    )
    made.add_argument(
        "--relation", default="", metavar="WORD", help="to its base: fine-tune, adapter, quantisation, ..."
    )
    made.add_argument("--builder", default="", metavar="URI", help="who ran it")
    made.add_argument("--run", default="", metavar="ID", help="which run it was, as the builder names it")
    made.add_argument("--started", default="", metavar="TIME", help="2026-11-02T09:00:00Z")
    made.add_argument("--finished", default="", metavar="TIME", help="default: now")
    made.add_argument("--git", action="store_true", help="note the commit that the code has checked out")
    said = parser.add_argument_group("statement and revoke")
    said.add_argument("--predicate-type", default="", metavar="TYPE", help="a short name (vex, summary, ...) or a URI")
    said.add_argument("--predicate", default="", metavar="FILE", help="the predicate, a JSON object")
    said.add_argument("--reason", default="", metavar="TEXT", help="why it must not be used any more")
    said.add_argument("--reference", default="", metavar="URL", help="where more is written about it")
    judged = parser.add_argument_group("verify and list")
    judged.add_argument(
        "--trust", action="append", default=[], metavar="[NAME=]FILE", help="believe this public key, too"
    )
    judged.add_argument("--threshold", type=int, default=1, metavar="N", help="signers that each must have signed")
    judged.add_argument(
        "--require", action="append", default=[], metavar="TYPE", help="verify: one of these must be believed"
    )
    judged.add_argument("--clock-skew", default="5m", metavar="TIME", help="how far clocks may be apart (default: 5m)")
    judged.add_argument("--at", default="", metavar="TIME", help="judge as of then, not now")
    judged.add_argument("--strict", action="store_true", help="list: exit with 1 where something is refused")
    scanned = parser.add_argument_group("scan")
    scanned.add_argument("--deep", action="store_true", default=None, help="read all content, tensors too")
    scanned.add_argument("--fail-on", metavar="SEVERITY", help="info, low, medium, high (default) or critical")
    exported = parser.add_argument_group("export")
    exported.add_argument("--oci", default="", metavar="DIR", help="the OCI image layout to write")
    shown = parser.add_argument_group("output and settings")
    shown.add_argument("--format", choices=FORMATS, help="default: console")
    shown.add_argument("--output", default="", metavar="FILE")
    shown.add_argument("--color", choices=("auto", "always", "never"), default="auto")
    shown.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")
    shown.add_argument("--config", default="", metavar="FILE", help="obey this configuration file instead of searching")
    shown.add_argument("--isolated", action="store_true", help="search no violet.toml")


_COMMON = {"action", "target", "format", "output", "color", "no_progress", "config", "isolated", "store"}
_SIGNING = {"key", "passphrase_file", "expires", "environment", "nonce"}
_MADE = {"base", "parameter", "relation"}
_JUDGED = {"trust", "threshold", "clock_skew", "at", "environment", "nonce"}
_TAKES = {
    "scan": _SIGNING | {"deep", "fail_on"},
    "training": _SIGNING | _MADE | {"data", "code", "byproduct", "builder", "run", "started", "finished", "git"},
    "derivation": _SIGNING | _MADE,
    "statement": _SIGNING | {"predicate_type", "predicate"},
    "revoke": _SIGNING | {"reason", "reference"},
    "countersign": {"key", "passphrase_file"},
    "verify": _JUDGED | {"require"},
    "list": _JUDGED | {"strict"},
    "export": {"oci"},
}
"""Options of each action: one that would say nothing is an error, not a silence."""


def run(arguments: Namespace, command_line: list[str]) -> int:
    from violet.services.configuration import load

    _require_fitting(arguments)
    configuration = load(file=arguments.config, isolated=arguments.isolated)
    if arguments.action in ("verify", "list"):
        return _judge(arguments, configuration, command_line)
    action = {
        "scan": _scan,
        "training": _training,
        "derivation": _derivation,
        "statement": _statement,
        "revoke": _revoke,
        "countersign": _countersign,
        "export": _export,
    }[arguments.action]
    return action(arguments, configuration)


def _require_fitting(arguments: Namespace) -> None:
    from violet.faces.cli.parser import Parser

    parser = Parser(prog="violet attest")
    add_arguments(parser)
    allowed = _COMMON | _TAKES[arguments.action]
    for name, value in vars(arguments).items():
        if name not in allowed and value != parser.get_default(name):
            option = f"--{name.replace('_', '-')}"
            takers = ", ".join(action for action in ACTIONS if name in _TAKES[action])
            meant = " To believe a public key: --trust FILE" if name == "key" and "trust" in allowed else ""
            raise UsageError(f"{option} says nothing to {arguments.action}.", f"It belongs to: {takers}.{meant}")


def _scan(arguments: Namespace, configuration: Configuration) -> int:
    from violet.services.attest_scan import attest_scan

    progress = Progress(not arguments.no_progress)
    try:
        done = attest_scan(
            arguments.target,
            configuration,
            _keys(arguments, configuration),
            _store(arguments, configuration),
            terms=_terms(arguments),
            deep=arguments.deep,
            fail_on=arguments.fail_on,
            progress=progress,
        )
    finally:
        progress.close()
    verdict = done.decision.verdict.upper()
    _say(done.written, arguments, configuration, f"{verdict}: {' '.join(done.decision.reasons)}".rstrip(": "))
    return done.decision.exit_code


def _training(arguments: Namespace, configuration: Configuration) -> int:
    from violet.services.attest import attest_statement
    from violet.services.training import BUILDER, Training, provenance_of

    keys = _keys(arguments, configuration)
    progress = Progress(not arguments.no_progress)
    try:
        made = provenance_of(
            Training(
                data=tuple(arguments.data),
                code=tuple(arguments.code),
                base=tuple(arguments.base),
                parameters=tuple(arguments.parameter),
                byproducts=tuple(arguments.byproduct),
                relation=arguments.relation,
                builder=arguments.builder or BUILDER,
                run=arguments.run,
                started=_time("--started", arguments.started),
                finished=_time("--finished", arguments.finished),
                git=arguments.git,
            ),
            progress,
        )
        identity = _identity(arguments, progress)
    finally:
        progress.close()
    store = _store(arguments, configuration)
    written = attest_statement(identity, "provenance", made.encode(), keys, store, terms=_terms(arguments))
    _say(written, arguments, configuration)
    return 0


def _derivation(arguments: Namespace, configuration: Configuration) -> int:
    from violet.services.attest import attest_derivation
    from violet.services.training import parameters, sources

    keys = _keys(arguments, configuration)
    progress = Progress(not arguments.no_progress)
    try:
        bases = sources(arguments.base, progress)
        identity = _identity(arguments, progress)
    finally:
        progress.close()
    written = attest_derivation(
        identity,
        bases,
        arguments.relation,
        keys,
        _store(arguments, configuration),
        parameters=parameters(arguments.parameter),
        terms=_terms(arguments),
    )
    _say(written, arguments, configuration)
    return 0


def _statement(arguments: Namespace, configuration: Configuration) -> int:
    from violet.services.attest import attest_statement, read_predicate

    if not arguments.predicate_type or not arguments.predicate:
        raise UsageError("A statement needs --predicate-type TYPE and --predicate FILE.")
    predicate = read_predicate(arguments.predicate)
    keys = _keys(arguments, configuration)
    identity = _identity(arguments)
    store = _store(arguments, configuration)
    written = attest_statement(identity, arguments.predicate_type, predicate, keys, store, terms=_terms(arguments))
    _say(written, arguments, configuration)
    return 0


def _revoke(arguments: Namespace, configuration: Configuration) -> int:
    from violet.services.attest import revoke
    from violet.services.training import sources

    keys = _keys(arguments, configuration)
    (subject,) = sources([arguments.target])
    store = _store(arguments, configuration)
    terms = _terms(arguments)
    written = revoke(subject, arguments.reason, keys, store, reference=arguments.reference, terms=terms)
    _say(written, arguments, configuration)
    return 0


def _countersign(arguments: Namespace, configuration: Configuration) -> int:
    from violet.services.attest import countersign

    file = arguments.target
    for key in _keys(arguments, configuration):
        written = countersign(file, key)
        file = written.path
    _say(written, arguments, configuration)
    return 0


def _export(arguments: Namespace, configuration: Configuration) -> int:
    from violet.services.evidence import export_oci

    if not arguments.oci:
        raise UsageError("Where to export to is not said.", "Add --oci DIR.")
    count = export_oci(arguments.target, _identity(arguments), configuration, arguments.oci, arguments.store)
    fmt = chosen(arguments.format, arguments.output, FORMATS)
    what = "attestation" if count == 1 else "attestations"
    text = f"{count:,} {what} of {arguments.target} written to {arguments.oci}.\n"
    if fmt == "json":
        text = json.dumps({"path": arguments.target, "oci": arguments.oci, "attestations": count}, indent=2) + "\n"
    deliver(text, arguments.output)
    return 0


def _judge(arguments: Namespace, configuration: Configuration, command_line: list[str]) -> int:
    from violet.report.attestations import EvidenceView, render
    from violet.services.evidence import Expected, gather, judge_evidence, kinds_and_words, trusted

    outputs = plan(arguments.format or "", [arguments.output] if arguments.output else [], quiet=False)
    expected = Expected(
        environment=arguments.environment,
        nonce=arguments.nonce,
        threshold=_threshold(arguments.threshold),
        skew=_duration("--clock-skew", arguments.clock_skew),
    )
    evidence = gather(
        arguments.target,
        configuration,
        identity=_identity(arguments),
        extra=arguments.store,
        signers=trusted(configuration, arguments.trust),
        now=_time("--at", arguments.at),
        expected=expected,
    )
    asked = arguments.action == "verify" or arguments.strict
    reasons = judge_evidence(evidence, arguments.require) if asked else ()
    kinds, says = kinds_and_words(evidence)
    view = EvidenceView(
        evidence,
        kinds,
        says,
        shell.join(["violet", *command_line]),
        evidence.identity.command(arguments.target),
        not reasons if asked else None,
        reasons,
    )
    for path, fmt in outputs.files:
        write_text(path, render(view, fmt))
    if outputs.standard == "console":
        view.width, view.color = terminal_width(), use_color(arguments.color)
    sys.stdout.write(render(view, outputs.standard))
    return 1 if reasons else 0


def _identity(arguments: Namespace, progress: Progress | None = None) -> Identity:
    from violet.services.attest import identity_of

    shown = progress or Progress(not arguments.no_progress)
    try:
        return identity_of(arguments.target, shown)
    finally:
        shown.close()


def _keys(arguments: Namespace, configuration: Configuration) -> list[PrivateKey]:
    from violet.services.attest import signing_key

    return [
        signing_key(configuration, file, passphrase_file=arguments.passphrase_file, ask=asker())
        for file in arguments.key or [""]
    ]


def _store(arguments: Namespace, configuration: Configuration) -> Any:
    from violet.services.evidence import store_to_write

    if len(arguments.store) > 1:
        raise UsageError("An attestation is kept in one place.", "Give --store once.")
    return store_to_write(arguments.target, configuration, arguments.store[0] if arguments.store else "")


def _terms(arguments: Namespace) -> Terms:
    from violet.services.attest import Terms

    expires = _duration("--expires", arguments.expires) if arguments.expires else None
    return Terms(expires, arguments.environment, arguments.nonce)


def _threshold(number: int) -> int:
    if number < 1:
        raise UsageError("--threshold must be 1 or more.")
    return number


def _duration(option: str, text: str) -> Any:
    from violet.services.attest import parse_duration

    try:
        return parse_duration(text)
    except ValueError as error:
        raise UsageError(f"{option}: {error}.") from error


def _time(option: str, text: str) -> Any:
    from violet.services.attest import parse_moment

    try:
        return parse_moment(text) if text else None
    except ValueError:
        raise UsageError(f"{option}: {text!r} is no time.", "Write it with its zone: 2026-11-02T09:00:00Z") from None


def _say(written: Written, arguments: Namespace, configuration: Configuration, note: str = "") -> None:
    from violet.report.attestations import render_written

    trusted = _trusting(arguments.key or [configuration.path(configuration.value("sign.key"))])
    words = ["violet", "attest", "verify", arguments.target, *trusted]
    if arguments.action == "revoke":
        words = ["violet", "lineage", "MODEL", "--search", os.path.dirname(written.path), *trusted]
    elif arguments.action == "countersign":
        folder = os.path.dirname(arguments.target)
        beside = folder.removesuffix(".attestations") if folder.endswith(".attestations") else "MODEL"
        words = ["violet", "attest", "verify", beside, "--trust", "PUBLIC_KEY", *trusted, "--threshold", "2"]
    elif arguments.store:
        words += ["--store", arguments.store[0]]
    if arguments.config:
        words += ["--config", arguments.config]
    fmt = chosen(arguments.format, arguments.output, FORMATS)
    deliver(render_written(written, note, shell.join(words), fmt), arguments.output)


def _trusting(keys: list[str]) -> list[str]:
    """How to believe these private keys: the public ones lie beside them, where ``violet keys new`` made them."""
    public = [f"{key}.pub" if os.path.isfile(f"{key}.pub") else "PUBLIC_KEY" for key in keys]
    return [word for key in dict.fromkeys(public) for word in ("--trust", key)]
