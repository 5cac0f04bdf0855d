"""``violet keys``: make a signing key, or show one."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.faces.cli.output import chosen, deliver
from violet.faces.cli.passphrase import asker
from violet.services.keys import KeyFacts, make, new_passphrase, passphrase_for, public_pem, show

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

FORMATS = ("console", "json")
SCHEMA = "violet-keys/1"

DESCRIPTION = """Make an ECDSA key for signing models, or show what a key or certificate is. The private key is
encrypted (PKCS#8) and readable by you alone; the public key is written beside it. Nothing is overwritten."""

EXAMPLES = """  violet keys new signer.pem                    asks for a passphrase twice; writes signer.pem.pub too
  VIOLET_KEY_PASSPHRASE=... violet keys new signer.pem --curve p384
  violet keys show signer.pem                   kind, curve and key id
  violet keys show signer.pem --public          the public key, to give away

exit codes: 0 all well; 2 wrong usage, or a key that cannot be used"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=("new", "show"))
    parser.add_argument("file", metavar="FILE", help="the private key to make; for show: any key or certificate")
    parser.add_argument("--curve", choices=("p256", "p384", "p521"), help="default: p256")
    parser.add_argument("--passphrase-file", default="", metavar="FILE", help="take the passphrase from there")
    parser.add_argument(
        "--unencrypted-i-accept-the-risk", action="store_true", help="make a key that anybody who reads it can use"
    )
    parser.add_argument("--public", action="store_true", help="with show: print the public key in PEM")
    parser.add_argument("--format", choices=FORMATS, help="default: console, or what --output ends in")
    parser.add_argument("--output", default="", metavar="FILE")


def run(arguments: Namespace, _command_line: list[str]) -> int:
    fmt = "" if arguments.public else chosen(arguments.format, arguments.output, FORMATS)
    if arguments.action == "new":
        text = _facts(_new(arguments), fmt)
    else:
        if arguments.curve or arguments.unencrypted_i_accept_the_risk:
            raise UsageError("--curve and --unencrypted-i-accept-the-risk are for: violet keys new.")
        if arguments.public:
            text = public_pem(arguments.file, lambda: _known(arguments))
        else:
            text = _facts(show(arguments.file, lambda: _known(arguments)), fmt)
    deliver(text, arguments.output)
    return 0


def _new(arguments: Namespace) -> KeyFacts:
    if arguments.public:
        raise UsageError("--public is for: violet keys show.")
    if not arguments.unencrypted_i_accept_the_risk:
        return make(
            arguments.file,
            arguments.curve or "p256",
            new_passphrase(file=arguments.passphrase_file, ask=asker()),
        )
    if arguments.passphrase_file:
        raise UsageError("A passphrase file and --unencrypted-i-accept-the-risk contradict each other.")
    return make(arguments.file, arguments.curve or "p256", None)


def _known(arguments: Namespace) -> str | None:
    return passphrase_for(arguments.file, file=arguments.passphrase_file, ask=asker())


def _facts(facts: KeyFacts, fmt: str) -> str:
    if fmt == "json":
        return json.dumps({"schema": SCHEMA, **asdict(facts)}, indent=2) + "\n"
    for warning in facts.warnings:
        print(f"violet: warning: {warning}", file=sys.stderr)
    lock = {"private": ", encrypted" if facts.encrypted else ", NOT encrypted"}.get(facts.kind, "")
    rows = [
        ("file", f"{facts.path} ({facts.kind}{lock})"),
        ("curve", facts.curve),
        ("key id", facts.key_id),
        ("public key", facts.public),
        ("subject", facts.subject),
        ("issuer", facts.issuer),
        ("valid until", facts.until),
    ]
    text = "".join(f"{name:<12}{value}\n" for name, value in rows if value)
    if facts.kind == "private" and facts.public:
        text += f'\nto trust it, in violet.toml:\n[trust.signers.NAME]\nkey = "{facts.public}"\n'
    return text
