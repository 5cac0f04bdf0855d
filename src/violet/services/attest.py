"""Make attestations, keep them, and collect those that can be believed.

For other services: ``gather`` (or ``collect``, where the identity, stores and signers are at hand) gives the
verified evidence of an artifact; ``report_from`` the report that a test result carries; ``attest_report``,
``write_summary``, ``attest_derivation`` and ``attest_statement`` leave a signed statement.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain import Digest, UsageError, Verdict, VioletError
from violet.domain.provenance import Written
from violet.provenance import envelope as dsse
from violet.provenance import statement as intoto
from violet.provenance.predicates.resource import PredicateError, Resource
from violet.provenance.stores import DirectoryStore
from violet.services.evidence import Expected, collect, gather, stores_for, trusted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from violet.domain import Decision, Report
    from violet.domain.provenance import Attestation, Identity
    from violet.provenance.keys import PrivateKey
    from violet.provenance.stores import Store
    from violet.services.configuration import Configuration
    from violet.services.options import ScanOptions

    Progress = Callable[[int, int, str], None]

__all__ = [
    "Expected",
    "Terms",
    "Written",
    "attest_derivation",
    "attest_report",
    "attest_statement",
    "collect",
    "countersign",
    "gather",
    "report_from",
    "revoke",
    "signing_key",
    "stores_for",
    "trusted",
    "write_summary",
]

VERIFIER = f"pkg:pypi/violet-mlsecops@{__version__}"
EMBEDDED = 256 << 10
"""Bytes up to which a report travels within the statement; larger ones lie in the store, bound by digest."""


@dataclass(frozen=True, slots=True)
class Terms:
    """For how long, where and for what a statement is to hold; ``now`` is when it is issued (default: the clock)."""

    expires: datetime.timedelta | None = None
    environment: str = ""
    nonce: str = ""
    policy: str = ""
    now: datetime.datetime | None = None

    def binding(self, check: str = "") -> intoto.Binding:
        issued = self.now or datetime.datetime.now(datetime.UTC)
        if self.expires is not None and self.expires <= datetime.timedelta(0):
            raise UsageError("What is attested must hold for some time.", "Give a longer --expires, or none.")
        try:
            ends = None if self.expires is None else issued + self.expires
        except OverflowError:
            raise UsageError("That expiry lies beyond the end of the calendar.") from None
        return intoto.Binding(issued, ends, self.environment, check, self.nonce, self.policy)


def signing_key(
    configuration: Configuration,
    file: str = "",
    passphrase: str | None = None,
    *,
    passphrase_file: str = "",
    ask: Callable[[str], str] | None = None,
) -> PrivateKey:
    """The key named ``file``, or that of ``sign.key``, unlocked with ``passphrase``, or else as
    ``violet.services.keys.passphrase_for`` says. Raises ``UsageError`` where no key is configured, ``KeyFileError``
    where it cannot be used."""
    from violet.provenance.keys import load_private
    from violet.services.keys import unlock

    chosen = file or configuration.path(configuration.value("sign.key"))
    if not chosen:
        raise UsageError(
            "There is no key to sign with.", "Make one with violet keys new, and give --key FILE or set sign.key."
        )
    if passphrase is not None:
        return load_private(chosen, passphrase)
    return unlock(chosen, file=passphrase_file, ask=ask)


def attest_statement(
    identity: Identity,
    kind: str,
    predicate: Mapping[str, Any],
    keys: PrivateKey | Sequence[PrivateKey],
    store: Store,
    *,
    terms: Terms | None = None,
    check: str = "",
) -> Written:
    """Sign any predicate about the artifact, and keep it. ``kind`` is a short name or a URI."""
    binding = (terms or Terms()).binding(check)
    try:
        statement = intoto.build(identity, kind, predicate, binding)
        payload = intoto.encode(statement)
        intoto.decode(payload)
    except intoto.StatementError as error:
        raise UsageError(f"This statement would be refused: {error}.") from error
    except (ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"This cannot be attested: {error}.") from error
    signing = list(keys) if isinstance(keys, Sequence) else [keys]
    content = dsse.sign(payload, intoto.PAYLOAD_TYPE, signing).to_bytes()
    short = intoto.short_name(statement.predicate_type)
    path = store.write(short, identity.digest, content)
    return Written(
        path,
        short,
        dsse.content_digest(content),
        identity.digest,
        signing[0].public.key_id,
        binding.issued,
        binding.expires,
    )


def attest_report(
    report: Report,
    identity: Identity,
    key: PrivateKey | Sequence[PrivateKey],
    store: Store,
    *,
    decision: Decision,
    options: ScanOptions | None = None,
    fail_on: str = "",
    terms: Terms | None = None,
    question: str = "",
) -> Written:
    """Leave the report of a scan or test as a signed test result.

    ``question`` names what it answers, where that is more than the report's command: a newer answer supersedes it.

    ``decision`` makes the result: allow is PASSED, warn WARNED, deny FAILED. ``options`` and ``fail_on`` are
    recorded, with a digest each, as the configuration that the result depends on.
    """
    from violet.services.report_content import MEDIA_TYPE, report_content
    from violet.services.rule_results import test_result

    content = report_content(report)
    digest = Digest("sha256", hashlib.sha256(content).hexdigest())
    embedded = len(content) <= EMBEDDED
    if not embedded:
        store.write_blob(content)
    reference = Resource("report.json", digests=(digest,), content=content if embedded else None, media_type=MEDIA_TYPE)
    result = test_result(report, decision, options, fail_on, reference)
    check = question or (f"{report.command}-deep" if options is not None and options.deep else report.command)
    return attest_statement(identity, "test-result", result.encode(), key, store, terms=terms, check=check)


def report_from(attestation: Attestation, stores: Iterable[Store] = ()) -> Report:
    """The report that a test result carries, or refers to in one of ``stores``.

    Raises ``VioletError`` where it carries none, or one that is not the one which was signed.
    """
    from violet.provenance.predicates.test_result import TestResult
    from violet.services.report_content import report_of

    try:
        found = TestResult.decode(attestation.statement.predicate).report
    except PredicateError as error:
        raise VioletError(f"{attestation.path} is no test result: {error}.") from error
    if found is None:
        raise VioletError(f"{attestation.path} carries no report.", "It was not made by Violet: judge its result.")
    content, digest = found.content, found.digest("sha256")
    if content is None and digest is not None:
        held = (DirectoryStore(os.path.dirname(attestation.path)), *stores)
        content = next((blob for store in held if (blob := store.blob(digest)) is not None), None)
    if content is None:
        raise VioletError(f"The report that {attestation.path} refers to is missing ({digest}).", "Scan again.")
    if digest is not None and hashlib.sha256(content).hexdigest() != digest.value:
        raise VioletError(f"The report in {attestation.path} does not have the digest that it names.", "Scan again.")
    try:
        return report_of(content)
    except ValueError as error:
        raise VioletError(f"The report in {attestation.path} cannot be read: {error}.", "Scan again.") from error


def write_summary(
    identity: Identity,
    key: PrivateKey | Sequence[PrivateKey],
    store: Store,
    *,
    verdict: Verdict,
    policy_uri: str,
    policy_digest: Digest,
    inputs: Iterable[Attestation] = (),
    levels: Sequence[str] = (),
    resource_uri: str = "",
    verifier: str = VERIFIER,
    terms: Terms | None = None,
) -> Written:
    """Leave a decision as a signed SLSA verification summary. ``deny`` is FAILED; ``allow`` and ``warn`` are
    PASSED, and ``warn`` says so among the levels.

    ``policy_digest`` is the SHA-256 of the policy's text; ``inputs`` are all attestations that were relied upon;
    ``resource_uri`` says as what it was verified (default: the artifact's name and environment).
    """
    from violet.provenance.predicates.summary import Summary

    terms = terms or Terms()
    now = terms.now or datetime.datetime.now(datetime.UTC)
    where = f"?environment={_percent(terms.environment)}" if terms.environment else ""
    achieved = tuple(levels) or (f"VIOLET_POLICY_{'WARNED' if verdict is Verdict.WARN else 'MET'}",)
    summary = Summary(
        verifier=verifier,
        verified=now,
        resource=resource_uri or f"pkg:generic/{_percent(identity.name)}{where}",
        policy=Resource(uri=policy_uri, digests=(policy_digest,)),
        passed=verdict is not Verdict.DENY,
        levels=achieved,
        inputs=tuple(Resource(uri=f"file:{_percent(os.path.basename(a.path))}", digests=(a.digest,)) for a in inputs),
    )
    at = Terms(terms.expires, terms.environment, terms.nonce, terms.policy or policy_digest.value, now)
    return attest_statement(identity, "summary", summary.encode(), key, store, terms=at, check="gate")


def attest_derivation(
    identity: Identity,
    sources: Sequence[Identity],
    relation: str,
    key: PrivateKey | Sequence[PrivateKey],
    store: Store,
    *,
    tool: str = VERIFIER,
    parameters: Mapping[str, Any] | None = None,
    note: str = "",
    terms: Terms | None = None,
) -> Written:
    """Leave a signed statement that the artifact was made from ``sources`` (``relation``: one of
    ``violet.provenance.predicates.derivation.RELATIONS``), with the digests before and after."""
    from violet.provenance.predicates.derivation import Derivation

    made = Derivation(
        relation,
        tuple(Resource(intoto.subject_of(s).name, digests=(s.digest,)) for s in sources),
        Resource(uri=tool),
        parameters or {},
        note,
    )
    try:
        predicate = made.encode()
    except PredicateError as error:
        raise UsageError(f"This cannot be attested: {error}.") from error
    return attest_statement(identity, "derivation", predicate, key, store, terms=terms)


def revoke(
    subject: Identity,
    reason: str,
    key: PrivateKey | Sequence[PrivateKey],
    store: Store,
    *,
    reference: str = "",
    terms: Terms | None = None,
) -> Written:
    """Leave a signed statement that ``subject`` must not be used any more; ``violet lineage`` taints by it."""
    from violet.provenance.predicates.revocation import Revocation

    if not reason.strip():
        raise UsageError("A revocation needs a reason.", "Add --reason TEXT.")
    now = (terms.now if terms else None) or datetime.datetime.now(datetime.UTC)
    predicate = Revocation(reason.strip(), now, reference).encode()
    return attest_statement(subject, "revocation", predicate, key, store, terms=terms)


def _percent(text: str) -> str:
    from urllib.parse import quote

    return quote(text.encode("utf-8", "surrogateescape"), safe="")


def countersign(file: str, key: PrivateKey) -> Written:
    """Add a signature to an envelope. The new file takes the place of the old one.

    Whoever signs vouches for what it says, so it must be an in-toto statement that can be read. Raises
    ``VioletError`` where it is none.
    """
    from violet.domain.provenance import Refusal
    from violet.provenance.evidence import open_stored
    from violet.provenance.stores import file_name, read, write_once

    opened = open_stored(read(file))
    if isinstance(opened, Refusal):
        raise VioletError(opened.reason, "Name an envelope: P.attestations/FILE.dsse.json")
    subject = opened.statement.subjects[0]
    content = dsse.countersign(opened.envelope, key).to_bytes()
    kind = intoto.short_name(opened.statement.predicate_type)
    target = os.path.join(os.path.dirname(file), file_name(kind, subject.digests[0], content))
    write_once(target, content)
    if os.path.abspath(target) != os.path.abspath(file):
        os.unlink(file)
    binding = intoto.binding_of(subject, opened.statement)
    return Written(
        target,
        kind,
        dsse.content_digest(content),
        subject.digests[0],
        key.public.key_id,
        binding.issued,
        binding.expires,
    )


def identity_of(path: str, progress: Progress | None = None) -> Identity:
    """Hash what is attested. Raises ``UsageError`` for what is neither file nor directory: what comes through a pipe
    is gone when somebody wants to check it."""
    from violet.provenance.identity import identify

    if path == "-" or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)):
        raise UsageError(f"{path} is neither a file nor a directory.", "Write it to a file first.")
    if not os.path.exists(path):
        raise UsageError(f"{path} does not exist.")
    return identify(path, progress=progress)


def read_predicate(file: str) -> Mapping[str, Any]:
    """A JSON object from a regular file of at most 16 MiB. Raises ``UsageError``."""
    from violet.provenance.stores import read
    from violet.provenance.strict_json import parse

    stored = read(os.path.realpath(file), intoto.LARGEST)
    try:
        if stored.problem:
            raise ValueError(stored.problem)
        value = parse(stored.content, intoto.LARGEST)
    except ValueError as error:
        raise UsageError(f"{file} is no predicate: {error}.") from error
    if not isinstance(value, dict):
        raise UsageError(f"{file} is no predicate: it is no JSON object.")
    return value


_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def parse_duration(text: str) -> datetime.timedelta:
    """``90d``, ``12h``, ``2w``, ``30m`` or ``45s``. Raises ``ValueError``."""
    number, unit = text[:-1], text[-1:]
    if unit not in _UNITS or not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise ValueError(f"{text!r} is no time: write a number with s, m, h, d or w (90d)")
    try:
        return datetime.timedelta(seconds=int(number) * _UNITS[unit])
    except OverflowError:
        raise ValueError(f"{text!r} is too long") from None


def parse_moment(text: str) -> datetime.datetime:
    """A time with its zone (RFC 3339), in UTC. Raises ``ValueError``."""
    return intoto.parse_time(text)
