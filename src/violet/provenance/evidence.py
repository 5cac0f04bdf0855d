"""Collect what lies with an artifact, and believe only what holds.

Every envelope is asked the same questions, in this order, and the first "no" refuses it: can it be read
(``malformed``), does the signature of a trusted key hold (``bad-signature``, ``unknown-signer``), is it about this
content (``wrong-subject``), may the signer say such a thing (``not-vouched-for``), did enough of them sign
(``too-few-signers``), is it in force (``not-yet-valid``, ``expired``), and was it made for this occasion
(``replayed``). What a newer answer to the same question replaces is set apart (``superseded``).

``replayed`` means: genuine, and used again where it does not count. That is a statement made for another
environment, another policy or another request than the one asked for, and a second copy of a statement that has
been counted. Two envelopes with the same statement by different signers are no copies: they are one statement
with two signatures.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain.provenance import Attestation, Evidence, Refusal
from violet.provenance import envelope as dsse
from violet.provenance import statement as intoto
from violet.provenance.envelope import Believed, EnvelopeError, Keyring
from violet.provenance.stores import DIGITS

if TYPE_CHECKING:
    from violet.domain import Digest
    from violet.domain.provenance import Identity, Statement, TrustedSigner
    from violet.provenance.envelope import Envelope
    from violet.provenance.stores import Store, Stored

CLOCK_SKEW = datetime.timedelta(minutes=5)
"""How far the clocks of signer and verifier may be apart."""

MOST_SEARCHED = 1_000
MOST_NAMESAKES = 20
"""Envelopes about other content that are looked at, and named, to explain why nothing fits."""

ANSWERS = frozenset({"test-result", "summary", "vex", "cyclonedx", "spdx"})
"""Predicates that answer a question anew each time: the newest of the same signers counts. The others tell what
happened once, and stand side by side."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What evidence must have been made for. An empty field asks for nothing.

    ``policy`` is the SHA-256 of the policy, asked of statements that name one; ``nonce`` is asked of every
    statement; ``environment`` of those that name one. ``threshold`` signers must each have signed with a key of
    their own.
    """

    environment: str = ""
    policy: str = ""
    nonce: str = ""
    threshold: int = 1
    skew: datetime.timedelta = CLOCK_SKEW


@dataclass(frozen=True, slots=True)
class Read:
    """An envelope and its statement, well formed and not yet verified."""

    stored: Stored
    envelope: Envelope
    statement: Statement

    @property
    def digest(self) -> Digest:
        return dsse.content_digest(self.stored.content)


@dataclass(frozen=True, slots=True)
class _Candidate:
    read: Read
    believed: tuple[Believed, ...]


def collect(
    identity: Identity,
    stores: Iterable[Store],
    signers: Iterable[TrustedSigner] | Keyring,
    *,
    now: datetime.datetime | None = None,
    expected: Expected | None = None,
) -> Evidence:
    """Everything in ``stores`` about the artifact, verified.

    ``now`` (default: the clock) needs a time zone. Raises ``KeyFileError`` where a trusted key cannot be read and
    ``VioletError`` where a store cannot.
    """
    now = now or datetime.datetime.now(datetime.UTC)
    expected = expected or Expected()
    ring = signers if isinstance(signers, Keyring) else Keyring.load(signers, now)
    refused: list[Refusal] = []
    candidates: list[_Candidate] = []
    shared: list[Store] = []
    for store in stores:
        for stored in store.entries(identity.digest.value):
            judged = _candidate(stored, ring, identity, shared=store.shared)
            if isinstance(judged, _Candidate):
                candidates.append(judged)
            elif judged is not None:
                refused.append(judged)
        if store.shared:
            shared.append(store)
    attestations: list[Attestation] = []
    for group in _merged(candidates, refused):
        result = _judge(group, identity, now, expected)
        (attestations if isinstance(result, Attestation) else refused).append(result)  # type: ignore[arg-type]
    if not attestations and not refused:
        refused = [refusal for store in shared for refusal in _namesakes(store, identity)]
    counted, superseded = _newest(attestations)
    return Evidence(identity, counted, tuple(sorted(refused, key=lambda r: (r.path, r.code))), superseded)


def open_stored(stored: Stored) -> Read | Refusal:
    """Read an envelope and its statement; nothing is verified."""
    if stored.problem:
        return Refusal(stored.path, "malformed", _sentence(stored, stored.problem), "Get the original back.")
    try:
        envelope = dsse.decode(stored.content)
    except EnvelopeError as error:
        return Refusal(stored.path, error.code, _sentence(stored, str(error)), error.fix)
    if envelope.payload_type != intoto.PAYLOAD_TYPE:
        reason = f"it carries {envelope.payload_type[:60]!a}, which is no in-toto statement"
        return Refusal(stored.path, "malformed", _sentence(stored, reason), "Remove it.")
    try:
        return Read(stored, envelope, intoto.decode(envelope.payload))
    except intoto.StatementError as error:
        return Refusal(stored.path, "malformed", _sentence(stored, str(error)), "Make it again.")


def believe(read: Read, ring: Keyring) -> tuple[Believed, ...] | Refusal:
    """Whose signatures on it hold, and may say such a thing."""
    kind = read.statement.predicate_type
    try:
        believed = dsse.verify(read.envelope, ring)
    except EnvelopeError as error:
        return Refusal(read.stored.path, error.code, _sentence(read.stored, str(error)), error.fix, kind)
    promised = read.stored.promised
    if promised and promised != read.digest.value[:DIGITS]:
        reason = f"it was changed since it was written: its name promises the digest {promised}"
        found = f"its content has {read.digest.value[:DIGITS]}"
        fix = "Get the original back; sha256sum shows the digest of the file."
        return Refusal(read.stored.path, "malformed", _sentence(read.stored, f"{reason}, and {found}"), fix, kind)
    allowed = tuple(b for b in believed if vouches(b.signer, kind))
    if not allowed:
        names = ", ".join(sorted({b.signer.name for b in believed}))
        reason = f"{names} is not trusted to make statements of the type {intoto.short_name(kind)}"
        fix = "If that is wrong, extend vouches_for of the signer in the configuration."
        return Refusal(read.stored.path, "not-vouched-for", _sentence(read.stored, reason), fix, kind)
    return allowed


def vouches(signer: TrustedSigner, predicate_type: str) -> bool:
    """Whether statements of this type (a URI) are believed from this signer."""
    names = {"*", predicate_type, intoto.short_name(predicate_type)}
    return not names.isdisjoint(signer.vouches_for)


def in_force(
    stored: Stored, kind: str, binding: intoto.Binding, now: datetime.datetime, skew: datetime.timedelta
) -> Refusal | None:
    """``None`` where a statement is in force; clocks may be apart by ``skew`` either way."""
    # Differences, because sums may lie beyond the calendar: "never" is often written as the end of the year 9999.
    if binding.issued and binding.issued - now > skew:
        reason = f"it was issued at {intoto.timestamp(binding.issued)}, and now it is {intoto.timestamp(now)}"
        fix = "Check the clocks of both machines; --clock-skew says how far they may be apart."
        return Refusal(stored.path, "not-yet-valid", _sentence(stored, reason), fix, kind)
    if binding.expires and now - binding.expires >= skew:
        reason = f"it expired at {intoto.timestamp(binding.expires)}"
        return Refusal(stored.path, "expired", _sentence(stored, reason), "Make it again.", kind)
    return None


def _candidate(stored: Stored, ring: Keyring, identity: Identity, *, shared: bool) -> _Candidate | Refusal | None:
    read = open_stored(stored)
    if isinstance(read, Refusal):
        return read
    about = intoto.subject_for(read.statement, identity)
    if about is None and shared:
        return None
    believed = believe(read, ring)
    if isinstance(believed, Refusal):
        return believed
    if about is None:
        return _wrong_subject(read, identity)
    return _Candidate(read, believed)


def _wrong_subject(read: Read, identity: Identity) -> Refusal:
    first = read.statement.subjects[0]
    bound = str(first.digests[0])
    more = len(read.statement.subjects) - 1
    what = f"it is about {_name(first.name)} with {bound}" + (f" and {more:,} more" if more else "")
    return Refusal(
        read.stored.path,
        "wrong-subject",
        _sentence(read.stored, f"{what}, and {_name(identity.name)} has {identity.digest}"),
        "The artifact was changed or replaced, or this belongs to another one: examine it again.",
        read.statement.predicate_type,
    )


def _namesakes(store: Store, identity: Identity) -> list[Refusal]:
    """In a store of many artifacts: what is about other content of the same name, to explain why nothing fits."""
    found: list[Refusal] = []
    for number, stored in enumerate(store.entries()):
        if number >= MOST_SEARCHED or len(found) >= MOST_NAMESAKES:
            break
        read = open_stored(stored)
        if isinstance(read, Refusal) or intoto.subject_for(read.statement, identity) is not None:
            continue
        if any(subject.name == identity.name for subject in read.statement.subjects):
            found.append(_wrong_subject(read, identity))
    return found


def _merged(candidates: Sequence[_Candidate], refused: list[Refusal]) -> list[_Candidate]:
    """One candidate a statement, with the signers of all its envelopes; copies that add nobody are refused."""
    first: dict[bytes, _Candidate] = {}
    for candidate in candidates:
        payload = candidate.read.envelope.payload
        known = first.get(payload)
        if known is None:
            first[payload] = candidate
            continue
        together = tuple(dict.fromkeys((*known.believed, *candidate.believed)))
        if len(together) > len(known.believed):
            first[payload] = replace(known, believed=together)
        elif candidate.read.stored.content != known.read.stored.content or _same_place(candidate, known):
            stored = candidate.read.stored
            reason = f"it is a copy of {known.read.stored.path}: the same statement by the same signer counts once"
            kind = candidate.read.statement.predicate_type
            refused.append(Refusal(stored.path, "replayed", _sentence(stored, reason), "Remove it.", kind))
    return list(first.values())


def _same_place(one: _Candidate, other: _Candidate) -> bool:
    """The same envelope in two stores (beside the artifact and exported) is no offence; twice in one is."""
    import os

    return os.path.dirname(one.read.stored.path) == os.path.dirname(other.read.stored.path)


def _judge(
    candidate: _Candidate, identity: Identity, now: datetime.datetime, expected: Expected
) -> Attestation | Refusal:
    stored, statement = candidate.read.stored, candidate.read.statement
    kind = statement.predicate_type
    subject = intoto.subject_for(statement, identity)
    assert subject is not None
    signers = count_signers(candidate.believed)
    if signers < expected.threshold:
        reason = f"it has {signers} of the {expected.threshold} signers that are asked for"
        fix = "Have it signed by another signer: violet attest countersign FILE --key KEY"
        return Refusal(stored.path, "too-few-signers", _sentence(stored, reason), fix, kind)
    try:
        binding = intoto.binding_of(subject, statement)
    except intoto.StatementError as error:
        return Refusal(stored.path, "malformed", _sentence(stored, str(error)), "Make it again.", kind)
    late = in_force(stored, kind, binding, now, expected.skew) or _replayed(stored, kind, binding, expected)
    if late:
        return late
    return Attestation(
        path=stored.path,
        statement=statement,
        signers=tuple(sorted({b.signer.name for b in candidate.believed})),
        key_ids=tuple(sorted({b.key_id for b in candidate.believed})),
        digest=candidate.read.digest,
        issued=binding.issued,
        expires=binding.expires,
        environment=binding.environment,
        check=binding.check,
    )


def count_signers(believed: Iterable[Believed]) -> int:
    """The most signers that can each be given a key of their own: neither one person with two keys nor one key
    under two names makes two (a maximum matching)."""
    keys: dict[str, list[str]] = {}
    for entry in believed:
        keys.setdefault(entry.signer.name, []).append(entry.key_id)
    owner: dict[str, str] = {}

    def give(name: str, tried: set[str]) -> bool:
        for key in keys[name]:
            if key not in tried:
                tried.add(key)
                if key not in owner or give(owner[key], tried):
                    owner[key] = name
                    return True
        return False

    return sum(give(name, set()) for name in keys)


def _replayed(stored: Stored, kind: str, binding: intoto.Binding, expected: Expected) -> Refusal | None:
    reason = ""
    if expected.environment and binding.environment not in ("", expected.environment):
        reason = f"it was made for the environment {binding.environment!r}, and this is {expected.environment!r}"
    elif expected.policy and binding.policy not in ("", expected.policy):
        reason = f"it was made under the policy sha256:{binding.policy}, and the one asked for is {expected.policy}"
    elif expected.nonce and binding.nonce != expected.nonce:
        made = f"carries {binding.nonce[:64]!a}" if binding.nonce else "carries none"
        reason = f"the nonce {expected.nonce!r} was asked for, and it {made}"
    if not reason:
        return None
    return Refusal(stored.path, "replayed", _sentence(stored, reason), "Make one for this occasion.", kind)


def _newest(found: Sequence[Attestation]) -> tuple[tuple[Attestation, ...], tuple[Refusal, ...]]:
    """Of the answers to one question by the same signers, the newest; the rest with what took its place."""
    newest: dict[tuple[str, ...], Attestation] = {}
    for attestation in found:
        key = _question(attestation)
        if key and (key not in newest or _age(newest[key]) < _age(attestation)):
            newest[key] = attestation
    counted, old = [], []
    for attestation in found:
        best = newest.get(_question(attestation), attestation)
        if best is attestation or best.issued == attestation.issued:
            counted.append(attestation)
            continue
        assert best.issued is not None
        reason = f"{attestation.path} was superseded on {intoto.timestamp(best.issued)} by {best.path}."
        kind = attestation.statement.predicate_type
        old.append(Refusal(attestation.path, "superseded", reason, "It may be removed.", kind))
    counted.sort(key=lambda a: (a.statement.predicate_type, a.path))
    return tuple(counted), tuple(sorted(old, key=lambda r: r.path))


def _question(attestation: Attestation) -> tuple[str, ...]:
    kind = intoto.short_name(attestation.statement.predicate_type)
    if kind not in ANSWERS or attestation.issued is None or (kind == "test-result" and not attestation.check):
        return ()
    return (kind, attestation.check, attestation.environment, *attestation.signers)


def _age(attestation: Attestation) -> datetime.datetime:
    return attestation.issued or datetime.datetime.min.replace(tzinfo=datetime.UTC)


def _name(name: str) -> str:
    return ascii(name[:120])[1:-1] or "something without a name"


def _sentence(stored: Stored, clause: str) -> str:
    return f"{stored.path}: {clause}."
