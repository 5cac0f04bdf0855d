"""``violet sign``: sign a model or data set."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.output import SUFFIXES, Plan, plan, write_text
from violet.faces.cli.passphrase import asker
from violet.faces.cli.progress import Progress
from violet.report.visible import visible
from violet.services.configuration import Configuration, load
from violet.services.keys import passphrase_for
from violet.services.sign import SignOptions, sign

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from violet.domain.signature import SignResult, SigstoreSigning

FORMATS = ("console", "json")
SCHEMA = "violet-sign/1"

DESCRIPTION = """Sign a model or data set, file or directory: an OpenSSF model signature, which the upstream
model_signing program verifies, too. Files are hashed on all processors."""

EXAMPLES = """  violet sign model.safetensors --key signer.pem        writes model.safetensors.sig
  violet sign model/ --key signer.pem --signature model.sig
  violet sign model/ --ignore checkpoints --ignore logs leave those out; verifying must accept that
  violet sign huge.gguf --key signer.pem --shards 1GB   one large file on all processors
  violet sign train.parquet --key signer.pem --data     name changed rows and columns, later
  violet sign model/ --key signer.pem --certificate signer.crt --chain ca.crt
  violet sign model/ --sigstore --ambient               keyless, in a CI system

at the top of a directory .git, .gitattributes, .github and .gitignore are not part of the model

exit codes: 0 signed; 2 wrong usage, configuration or key; 3 the model could not be read as a whole, or changed"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a file or a directory")
    how = parser.add_argument_group("signing")
    how.add_argument("--key", default="", metavar="FILE", help="private key (default: sign.key of the configuration)")
    how.add_argument(
        "--passphrase-file", default="", metavar="FILE", help="default: VIOLET_KEY_PASSPHRASE, or asked for"
    )
    how.add_argument("--certificate", default="", metavar="FILE", help="the key's certificate, in PEM")
    how.add_argument(
        "--chain", action="append", default=[], metavar="FILE", help="authorities above it, up to the root"
    )
    how.add_argument("--sigstore", action="store_true", help="keyless, with an identity instead of a key")
    how.add_argument("--identity-token", default="", metavar="FILE", help="with --sigstore: a token, kept in a file")
    how.add_argument("--ambient", action="store_true", help="with --sigstore: the identity of this CI job")
    how.add_argument(
        "--trust-config", default="", metavar="FILE", help="with --sigstore: another instance than the public"
    )
    what = parser.add_argument_group("what is signed")
    what.add_argument("--signature", default="", metavar="FILE", help="where to write it (default: MODEL.sig)")
    what.add_argument("--ignore", action="append", default=[], metavar="PATH", help="leave out, relative to MODEL")
    what.add_argument("--allow-links", action="store_true", help="accept symbolic links to files within MODEL")
    what.add_argument(
        "--shards", default="", metavar="SIZE", help="sign shards of files: 1GB; hashes one file in parallel"
    )
    what.add_argument(
        "--data", action="store_true", help="it is a data set: describe and sign its columns and rows, too"
    )
    what.add_argument(
        "--exact-rows",
        type=int,
        default=0,
        metavar="N",
        help="with --data: rows that are named one by one; blocks of them where there are more (default: 1,000,000)",
    )
    what.add_argument(
        "--decode", action="store_true", help="with --data: decode Parquet, so that its rows are named, too (pyarrow)"
    )
    add_common(parser)


def add_common(parser: ArgumentParser) -> None:
    """Options that ``violet verify`` has, too."""
    other = parser.add_argument_group("output and settings")
    other.add_argument("--format", choices=FORMATS, help="default: console")
    other.add_argument("--output", default="", metavar="FILE", help="write it there, too; the suffix decides")
    other.add_argument("--quiet", action="store_true", help="print nothing but errors")
    other.add_argument("--no-progress", action="store_true", help="no progress line on a terminal")
    other.add_argument("--jobs", type=int, default=0, metavar="N", help="threads (default: one a processor)")
    other.add_argument("--no-cache", action="store_true", help="hash everything, also files known to be unchanged")
    other.add_argument("--config", default="", metavar="FILE", help="obey this configuration file instead of searching")
    other.add_argument("--isolated", action="store_true", help="search no configuration file")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    configuration = settings(arguments)
    options = _options(arguments, configuration)
    progress = Bytes(not arguments.no_progress)
    try:
        result = sign(options, progress)
    finally:
        progress.close()
    show(arguments, _as_json(result), _as_text(result), result.warnings)
    return 0


class Bytes(Progress):
    """A progress line that counts MiB."""

    def __call__(self, done: int, total: int, path: str) -> None:
        super().__call__(done >> 20, total >> 20, f"MiB  {path}")


def settings(arguments: Namespace) -> Configuration:
    """The configuration in force. Raises ``UsageError`` for jobs or an output that cannot be."""
    planned(arguments)
    if arguments.jobs < 0:
        raise UsageError("--jobs must be 1 or more.")
    return load(file=arguments.config, isolated=arguments.isolated)


def planned(arguments: Namespace) -> Plan:
    suffixes = {end: fmt for end, fmt in SUFFIXES.items() if fmt in FORMATS}
    return plan(arguments.format or "", [arguments.output] if arguments.output else [], arguments.quiet, suffixes)


def show(arguments: Namespace, content: object, text: str, warnings: tuple[str, ...]) -> None:
    """Write one result to standard output, and to a file."""
    for warning in warnings:
        print(f"violet: warning: {visible(warning)}", file=sys.stderr)
    outputs = planned(arguments)
    texts = {"": "", "console": text, "json": json.dumps(content, indent=2) + "\n"}
    for path, fmt in outputs.files:
        write_text(path, texts[fmt])
    sys.stdout.write(texts[outputs.standard])


def _options(arguments: Namespace, configuration: Configuration) -> SignOptions:
    sigstore = _sigstore(arguments)
    key = arguments.key or ("" if sigstore else configuration.path(configuration.value("sign.key")))
    return SignOptions(
        path=arguments.model,
        key=key,
        passphrase=passphrase_for(key, file=arguments.passphrase_file, ask=asker()) if key else None,
        signature=arguments.signature,
        directory=configuration.path(configuration.value("evidence.directory")),
        certificate=arguments.certificate,
        chain=tuple(arguments.chain),
        sigstore=sigstore,
        shard_size=_size(arguments.shards) if arguments.shards else 0,
        ignore=tuple(arguments.ignore),
        links=arguments.allow_links,
        data=arguments.data,
        exact_rows=_exact_rows(arguments),
        decode=arguments.decode,
        jobs=arguments.jobs,
        cache=not arguments.no_cache,
    )


def _exact_rows(arguments: Namespace) -> int:
    if (arguments.exact_rows or arguments.decode) and not arguments.data:
        raise UsageError("--exact-rows and --decode need --data.")
    if arguments.exact_rows < 0:
        raise UsageError("--exact-rows must be 1 or more.")
    return int(arguments.exact_rows)


def _sigstore(arguments: Namespace) -> SigstoreSigning | None:
    if not arguments.sigstore:
        if arguments.identity_token or arguments.ambient or arguments.trust_config:
            raise UsageError("--identity-token, --ambient and --trust-config need --sigstore.")
        return None
    from violet.services.sign import sigstore_signing

    return sigstore_signing(arguments.identity_token, arguments.ambient, arguments.trust_config)


_UNITS = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30}


def _size(text: str) -> int:
    digits = text.strip().lower().rstrip("bgikm")
    unit = _UNITS.get(text.strip().lower()[len(digits) :].strip())
    if unit is None or not (digits.strip().isascii() and digits.strip().isdecimal()):
        raise UsageError(f"--shards: {text!r} is not a size.", "Give a number with MB, GB, MiB or GiB: 1GB")
    return int(digits) * unit


def _as_json(result: SignResult) -> object:
    return {
        "schema": SCHEMA,
        "path": result.path,
        "signature": result.signature,
        "signer": {
            "name": result.signer.name,
            "method": result.signer.method,
            "key_id": result.signer.key_id,
            "issuer": result.signer.issuer,
        },
        "digest": str(result.identity.digest) if result.identity else None,
        "files": result.files,
        "bytes": result.size,
        "algorithm": result.algorithm,
        "shard_size": result.shard_size,
        "ignored": list(result.ignored),
        "dataset": result.dataset or None,
        "commands": list(result.commands),
        "warnings": list(result.warnings),
    }


def _as_text(result: SignResult) -> str:
    files = f"{result.files:,} file{'s' if result.files != 1 else ''}, {result.size:,} bytes"
    signer = result.signer
    rows = [
        ("signed", f"{result.path} ({files})"),
        ("signature", result.signature),
        ("description", result.dataset),
        ("signer", f"{signer.name} ({signer.method})"),
        ("issuer", signer.issuer),
        ("key id", signer.key_id),
        ("digest", str(result.identity.digest) if result.identity else ""),
        ("left out", ", ".join(result.ignored)),
    ]
    lines = [f"{name:<12}{value}" for name, value in rows if value]
    lines += ["", "to verify it:", *(f"  {command}" for command in result.commands), ""]
    return "\n".join(map(visible, lines))
