"""Make signing keys, unlock them, and say what a key is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain import UsageError
from violet.provenance.keys import (
    Certificate,
    KeyFileError,
    LockedKeyError,
    PrivateKey,
    exposure,
    generate,
    is_locked,
    kind_of,
    load_certificates,
    load_private,
    load_public,
    read_key_file,
)
from violet.provenance.signing.place import check_writable, read_bounded, write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VARIABLE = "VIOLET_KEY_PASSPHRASE"
SUFFIX = ".pub"
LONGEST = 1024
"""Bytes of a passphrase; OpenSSL takes no longer one."""

SHORT = 12


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What a key file is, without its secrets.

    ``kind`` is ``private``, ``public`` or ``certificate``; ``encrypted`` whether a passphrase locks it; ``public`` the
    path of the public key beside a private one (``""``: there is none). For a certificate ``subject``, ``issuer`` and
    ``until`` (ISO 8601) say whose it is, who certified it, and how long it holds. ``warnings`` are sentences.
    """

    path: str
    kind: str
    curve: str
    key_id: str
    encrypted: bool = False
    public: str = ""
    subject: str = ""
    issuer: str = ""
    until: str = ""
    warnings: tuple[str, ...] = ()


def passphrase_for(
    path: str,
    *,
    file: str = "",
    environment: Mapping[str, str] | None = None,
    ask: Callable[[str], str] | None = None,
) -> str | None:
    """The passphrase of the private key in ``path``; ``None`` where it needs none, or none is known.

    From ``file`` if it is given, else from ``VIOLET_KEY_PASSPHRASE``, else from ``ask(question)`` (a terminal). Raises
    ``KeyFileError`` for a key or passphrase file that cannot be read.
    """
    if file:
        return read_passphrase(file)
    environment = os.environ if environment is None else environment
    if given := environment.get(VARIABLE):
        return given
    if ask is not None and is_locked(read_key_file(path)):
        return ask(f"Passphrase of {path}: ")
    return None


def unlock(path: str, *, file: str = "", ask: Callable[[str], str] | None = None) -> PrivateKey:
    """Load a private key with the passphrase that ``passphrase_for`` finds. Raises ``KeyFileError``."""
    return load_private(path, passphrase_for(path, file=file, ask=ask))


def new_passphrase(
    *, file: str = "", environment: Mapping[str, str] | None = None, ask: Callable[[str], str] | None = None
) -> str:
    """A passphrase for a new key, asked for twice on a terminal. Raises ``UsageError`` where there is none."""
    environment = os.environ if environment is None else environment
    given = read_passphrase(file) if file else environment.get(VARIABLE, "")
    if not given and ask is not None:
        given = ask("Passphrase for the new key: ")
        if given and ask("Once more: ") != given:
            raise UsageError("The two passphrases differ.", "Try again.")
    if not given:
        raise UsageError(
            "A new key needs a passphrase.",
            f"Set {VARIABLE}, give --passphrase-file FILE, or run this on a terminal and type one.",
        )
    if len(given.encode()) > LONGEST:
        raise UsageError(f"A passphrase has at most {LONGEST:,} bytes.")
    return given


def read_passphrase(file: str) -> str:
    """The first line of a file, and its only one. Raises ``KeyFileError``."""
    try:
        content = read_bounded(file, LONGEST + 2)
    except OSError as error:
        raise KeyFileError(f"The passphrase file {file} cannot be read: {error.strerror}.") from error
    text = "" if content is None else content.decode("utf-8", "surrogateescape")
    text = text.removesuffix("\n").removesuffix("\r")
    if content is None or "\n" in text or not text:
        raise KeyFileError(f"The passphrase file {file} must hold one line, of at most {LONGEST:,} bytes.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise KeyFileError(f"The passphrase file {file} is not UTF-8.") from error
    return text


def make(path: str, curve: str, passphrase: str | None) -> KeyFacts:
    """Make a key: the private one in ``path`` (0600), the public one beside it (``.pub``). Nothing is ever
    overwritten. ``passphrase`` ``None`` leaves it in the clear. Raises ``UsageError``."""
    public = path + SUFFIX
    for name in (path, public):
        if os.path.lexists(name):
            raise _exists(name)
        check_writable(name)
    key = generate(curve)
    try:
        write_whole(path, key.pem(passphrase), mode=0o600, replace=False)
    except FileExistsError as error:
        raise _exists(path) from error
    try:
        write_whole(public, key.public.pem, replace=False)
    except BaseException as error:
        os.unlink(path)  # half a pair would only be in the way
        if isinstance(error, FileExistsError):
            raise _exists(public) from error
        raise
    warnings: tuple[str, ...] = ()
    if passphrase is None:
        warnings = (f"{path} is not encrypted: whoever reads it can sign in your name.",)
    elif len(passphrase) < SHORT:
        warnings = (f"The passphrase is short: {SHORT} characters or more are hard to guess.",)
    return KeyFacts(path, "private", curve, key.public.key_id, passphrase is not None, public, warnings=warnings)


def show(path: str, passphrase: Callable[[], str | None]) -> KeyFacts:
    """What the key in ``path`` is. ``passphrase`` is called only for an encrypted key without a public one beside.
    Raises ``KeyFileError``."""
    content = read_key_file(path)
    kind = kind_of(content)
    if kind == "certificate":
        return _certificate(path, load_certificates(path)[0])
    if kind != "private":
        key = load_public(path)
        return KeyFacts(path, "public", key.curve, key.key_id)
    locked = is_locked(content)
    beside = path + SUFFIX if os.path.exists(path + SUFFIX) else ""
    warnings = tuple(filter(None, [exposure(path)]))
    if locked and beside and (known := passphrase()) is None:
        key = load_public(beside)
        warnings += (f"{path} was not opened: that {beside} belongs to it is not proven.",)
        return KeyFacts(path, kind, key.curve, key.key_id, locked, beside, warnings=warnings)
    key = load_private(path, known if locked and beside else passphrase() if locked else None).public
    if beside and load_public(beside).key_id != key.key_id:
        raise KeyFileError(f"{beside} is not the public key of {path}.", "Restore the one that belongs to it.")
    if not locked:
        warnings += (f"{path} is not encrypted: whoever reads it can sign in your name.",)
    return KeyFacts(path, kind, key.curve, key.key_id, locked, beside, warnings=warnings)


def public_pem(path: str, passphrase: Callable[[], str | None]) -> str:
    """The public key in PEM that belongs to any key or certificate. Raises ``KeyFileError``."""
    if kind_of(read_key_file(path)) == "private":
        try:
            return load_private(path, passphrase()).public.pem.decode()
        except LockedKeyError:
            if not os.path.exists(path + SUFFIX):
                raise
            return load_public(path + SUFFIX).pem.decode()
    return load_public(path).pem.decode()


def _certificate(path: str, found: Certificate) -> KeyFacts:
    key = found.public
    return KeyFacts(
        path,
        "certificate",
        key.curve if key else "",
        key.key_id if key else "",
        subject=found.subject,
        issuer=found.issuer,
        until=found.ends.isoformat(),
    )


def _exists(path: str) -> UsageError:
    return UsageError(f"{path} exists already, and keys are never overwritten.", "Choose another name.")
