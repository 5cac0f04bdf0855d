"""Read VEX documents from files, plain or in signed envelopes, and write them."""

from __future__ import annotations

import datetime
import os
from typing import TYPE_CHECKING, Any

from violet.domain.vulnerability import VexProduct
from violet.intel.vex import VexError, read_vex
from violet.provenance.strict_json import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.domain.provenance import TrustedSigner
    from violet.domain.vulnerability import VexStatement, VulnerabilityReport

LARGEST = 64 << 20
"""Bytes of one document."""

_IN_TOTO = "application/vnd.in-toto+json"
_OPENVEX = "https://openvex.dev/ns"
_CYCLONEDX = "https://cyclonedx.org/"


def read_documents(
    paths: Iterable[str],
    signers: tuple[TrustedSigner, ...] = (),
    *,
    signed_only: bool = False,
    now: datetime.datetime | None = None,
) -> tuple[VexStatement, ...]:
    """The statements of some documents. One in a DSSE envelope counts if a trusted signer's signature holds and, in an
    in-toto statement, if that is in force (at ``now``, by default the clock's); ``signed_only`` refuses those that come
    without. Raises ``VexError``: of one that is not believed nothing is used, and what it would have suppressed is not
    passed over in silence."""
    found: list[VexStatement] = []
    now = now or datetime.datetime.now(datetime.UTC)
    for path in paths:
        found.extend(_document(path, signers, signed_only, now))
    return tuple(found)


def _document(
    path: str, signers: tuple[TrustedSigner, ...], signed_only: bool, now: datetime.datetime
) -> tuple[VexStatement, ...]:
    value = _json(_content(path), path)
    if not (isinstance(value, dict) and "payloadType" in value and "signatures" in value):
        if signed_only:
            raise VexError(f"{path} is not signed.", "Ask for a signed one, or leave --signed-vex-only out.")
        return read_vex(value, path)
    from violet.provenance.envelope import EnvelopeError, Keyring, decode, verify

    try:
        envelope = decode(_content(path))
        believed = verify(envelope, Keyring.load(signers, now))
    except EnvelopeError as error:
        raise VexError(f"{path} is not believed: {error}.", error.fix) from error
    names = tuple(dict.fromkeys(entry.signer.name for entry in believed if _vouches(entry.signer)))
    if not names:
        raise VexError(f"{path} is signed by nobody who vouches for VEX.", "Name vex in vouches_for of the signer.")
    payload = _json(envelope.payload, path)
    if envelope.payload_type != _IN_TOTO:
        return read_vex(payload, path, signers=names)
    return _statement(payload, path, names, now)


def _vouches(signer: TrustedSigner) -> bool:
    return "*" in signer.vouches_for or "vex" in signer.vouches_for


def _statement(payload: Any, path: str, names: tuple[str, ...], now: datetime.datetime) -> tuple[VexStatement, ...]:
    """An in-toto statement: its subjects are the products of statements that name none."""
    kind = payload.get("predicateType") if isinstance(payload, dict) else None
    if not isinstance(kind, str) or not kind.startswith((_OPENVEX, _CYCLONEDX)):
        raise VexError(f"{path} holds no VEX document: its predicate is of the type {str(kind)[:80]!r}.")
    products = []
    subjects = payload.get("subject")
    for subject in subjects if isinstance(subjects, list) else ():
        if isinstance(subject, dict) and isinstance(subject.get("digest"), dict):
            name = subject.get("name")
            hashes = tuple(f"{algorithm}:{value}" for algorithm, value in subject["digest"].items())
            products.append(VexProduct((name,) if isinstance(name, str) and name else (), hashes))
            _in_force(subject.get("annotations"), path, now)
    return read_vex(payload.get("predicate"), path, signers=names, products=products)


def _in_force(notes: Any, path: str, now: datetime.datetime) -> None:
    """Raise ``VexError`` unless the statement is in force for this subject: its signer may have set an end to it."""
    from violet.domain.provenance import Statement, Subject
    from violet.provenance.evidence import CLOCK_SKEW
    from violet.provenance.statement import StatementError, binding_of, timestamp

    if not isinstance(notes, dict):
        return
    subject = Subject("", (), notes)
    try:
        binding = binding_of(subject, Statement((subject,), "", {}))
    except StatementError as error:
        raise VexError(f"{path} is not believed: {error}.", "Ask its signer for another one.") from error
    if binding.issued is not None and binding.issued - now > CLOCK_SKEW:
        raise VexError(f"{path} is not believed: it was issued in the future, at {timestamp(binding.issued)}.")
    if binding.expires is not None and now - binding.expires >= CLOCK_SKEW:
        raise VexError(
            f"{path} is not believed: it expired at {timestamp(binding.expires)}.", "Ask its signer for a newer one."
        )


def _content(path: str) -> bytes:
    try:
        if not os.path.isfile(path):
            raise VexError(f"{path} is no file.", "Name a VEX document.")
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise VexError(f"{path} cannot be read: {error.strerror}.") from error


def _json(content: bytes, path: str) -> Any:
    try:
        return parse(content, LARGEST)
    except ValueError as error:
        raise VexError(f"{path} is no VEX document: {error}.") from error


def vex_text(report: VulnerabilityReport, author: str) -> str:
    """An OpenVEX document of what a report says, as JSON text."""
    import json

    from violet import __version__
    from violet.intel.vex.openvex import write_openvex

    return json.dumps(write_openvex(report, author or "Unknown Author", f"violet {__version__}"), indent=2) + "\n"
