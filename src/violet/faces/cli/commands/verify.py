"""``violet verify``: verify a model or data set, file by file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.commands.sign import Bytes, add_common, settings, show
from violet.report.visible import visible
from violet.services.evidence import trusted as believed
from violet.services.sign import VerifyOptions, sigstore_identity, trusted, verify

if TYPE_CHECKING:
    import datetime
    from argparse import ArgumentParser, Namespace

    from violet.domain.signature import Difference, VerifyResult
    from violet.services.configuration import Configuration

DESCRIPTION = """Verify that a model or data set is what a trusted signer signed, file by file. Signatures of Violet
and of the upstream model_signing program are read. Whoever is trusted stands in violet.toml (trust.signers), or is
named here."""

EXAMPLES = """  violet verify model.safetensors --key signer.pem.pub  reads model.safetensors.sig
  violet verify model/                                  every key of trust.signers counts
  violet verify model/ --signature model.sig --certificate-chain ca.crt
  violet verify model/ --identity me@example.org --issuer https://accounts.google.com
  violet verify model/ --certificate-chain ca.crt --at 2026-06-30T00:00:00Z
  violet verify model/ --ignore-unsigned                accept files that nobody signed

exit codes: 0 verified; 1 not signed, not by somebody trusted, or not as signed; 2 wrong usage, configuration or key;
3 the model could not be read as a whole, or changed meanwhile"""

SCHEMA = "violet-verify/1"
SHOWN = 50
"""Differences on the console; JSON has them all."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a file or a directory")
    who = parser.add_argument_group("who is trusted (default: trust.signers of the configuration)")
    who.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FILE",
        help="only this public key or certificate; may be repeated",
    )
    who.add_argument("--trust", action="append", default=[], metavar="[NAME=]FILE", help="believe this public key, too")
    who.add_argument(
        "--certificate-chain", action="append", default=[], metavar="FILE", help="authorities whose certificates count"
    )
    who.add_argument("--identity", default="", metavar="NAME", help="Sigstore: the address or workflow that signed")
    who.add_argument("--issuer", default="", metavar="URL", help="Sigstore: who vouches for the identity")
    who.add_argument("--trust-config", default="", metavar="FILE", help="Sigstore: another instance than the public")
    what = parser.add_argument_group("what is verified")
    what.add_argument("--signature", default="", metavar="FILE", help="default: MODEL.sig")
    what.add_argument(
        "--ignore", action="append", default=[], metavar="PATH", help="accept that the signature leaves this out"
    )
    what.add_argument("--ignore-unsigned", action="store_true", help="accept files that nobody signed; they are listed")
    what.add_argument("--data", action="store_true", help="it is a data set, whose description must be signed, too")
    when = parser.add_argument_group("certificates that ended")
    when.add_argument("--at", default="", metavar="TIME", help="ask that they are in force then, not now")
    when.add_argument(
        "--accept-expired-certificates", action="store_true", help="although nothing proves when they signed"
    )
    add_common(parser)


def run(arguments: Namespace, _command_line: list[str]) -> int:
    configuration = settings(arguments)
    options = _options(arguments, configuration)
    progress = Bytes(not arguments.no_progress)
    try:
        result = verify(options, progress)
    finally:
        progress.close()
    show(arguments, _as_json(result), _as_text(result), result.warnings)
    return 0 if result.holds else 1


def _options(arguments: Namespace, configuration: Configuration) -> VerifyOptions:
    if bool(arguments.identity) != bool(arguments.issuer):
        raise UsageError("--identity and --issuer belong together.", "Who signed, and who vouches for that name?")
    if arguments.trust_config and not arguments.identity:
        raise UsageError("--trust-config needs --identity and --issuer.")
    named = arguments.key or arguments.certificate_chain or arguments.identity
    also = believed(configuration, arguments.trust)[len(configuration.signers) :]
    return VerifyOptions(
        path=arguments.model,
        signature=arguments.signature,
        directory=configuration.path(configuration.value("evidence.directory")),
        signers=(trusted(arguments.key) if named else configuration.signers) + also,
        chain=tuple(arguments.certificate_chain),
        sigstore=sigstore_identity(arguments.identity, arguments.issuer, arguments.trust_config),
        ignore=tuple(arguments.ignore),
        ignore_unsigned=arguments.ignore_unsigned,
        data=arguments.data,
        at=_time(arguments),
        accept_expired=arguments.accept_expired_certificates,
        jobs=arguments.jobs,
        cache=not arguments.no_cache,
    )


def _time(arguments: Namespace) -> datetime.datetime | None:
    from violet.services.attest import parse_moment

    if arguments.at and arguments.accept_expired_certificates:
        raise UsageError("--at and --accept-expired-certificates exclude each other.")
    try:
        return parse_moment(arguments.at) if arguments.at else None
    except (ValueError, OverflowError):
        raise UsageError(
            f"--at: {arguments.at!r} is no time.", "Write it with its zone: 2026-11-02T09:00:00Z"
        ) from None


def _as_json(result: VerifyResult) -> object:
    return {
        "schema": SCHEMA,
        "path": result.path,
        "signature": result.signature,
        "outcome": str(result.outcome),
        "holds": result.holds,
        "reason": result.reason,
        "fix": result.fix,
        "signers": [
            {"name": signer.name, "method": signer.method, "key_id": signer.key_id, "issuer": signer.issuer}
            for signer in result.signers
        ],
        "claimed": list(result.claimed),
        "tried": list(result.tried),
        "digest": str(result.identity.digest) if result.identity else None,
        "algorithm": result.algorithm,
        "shard_size": result.shard_size,
        "files": [{"path": file.path, "bytes": file.size, "digest": str(file.digest)} for file in result.files],
        "differences": [_difference(difference) for difference in result.differences],
        "ignored": list(result.ignored),
        "unsigned": list(result.unsigned),
        "dataset": result.dataset or None,
        "commands": list(result.commands),
        "warnings": list(result.warnings),
    }


def _difference(difference: Difference) -> dict[str, object]:
    return {
        "change": str(difference.change),
        "path": difference.path,
        "sentence": difference.sentence,
        "was": difference.was or None,
        "start": difference.start,
        "end": difference.end,
        "expected": str(difference.expected) if difference.expected else None,
        "actual": str(difference.actual) if difference.actual else None,
    }


def _as_text(result: VerifyResult) -> str:
    lines = [f"{'verified' if result.holds else 'NOT VERIFIED'}: {_head(result)}"]
    for signer in result.signers:
        issuer = f", certified by {signer.issuer}" if signer.issuer else ""
        lines.append(
            f"  signer    {signer.name} ({signer.method}{issuer}){' ' + signer.key_id if signer.key_id else ''}"
        )
    if result.identity is not None:
        lines.append(f"  digest    {result.identity.digest}")
    for difference in result.differences[:SHOWN]:
        lines.append(f"  {difference.change:<9} {difference.sentence}")
    if len(result.differences) > SHOWN:
        lines.append(f"  ... and {len(result.differences) - SHOWN:,} more: --format json")
    if result.unsigned:
        lines.append(f"  accepted  {len(result.unsigned):,} files that nobody signed: {_some(result.unsigned)}")
    if result.ignored:
        lines.append(f"  accepted  paths that the signature leaves out: {_some(result.ignored)}")
    if result.fix:
        lines.append(f"  to do     {result.fix}")
    if result.holds:
        lines += [f"  again     {command}" for command in result.commands]
    return "\n".join([*map(visible, lines), ""])


def _head(result: VerifyResult) -> str:
    if result.holds or not result.differences:
        return result.reason
    count = len(result.differences)
    return f"{result.path} is not as it was signed ({count:,} difference{'s' if count != 1 else ''})."


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
