"""in-toto Statements, version 1: building, reading and binding them to an artifact.

Source: the in-toto attestation framework, ``spec/v1/statement.md``, ``digest_set.md`` and
``resource_descriptor.md``. A statement has no field for how long, where and for what it holds. Violet writes
these as annotations of the subject, which every predicate type has room for:

=====================  ==============================================================================
``violet_issued``      when it was signed (RFC 3339, UTC)
``violet_expires``     from when on it is not believed any more
``violet_environment`` the environment that it was made for; absent: any
``violet_check``       the question that it answers (``scan``): a newer answer supersedes it
``violet_nonce``       a word that a verifier asked for, to know that the answer is fresh
``violet_policy``      the SHA-256 of the policy that it was made for
=====================  ==============================================================================
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet.domain import Digest
from violet.domain.provenance import DIRECTORY_DIGEST, FILE_DIGEST, Identity, Statement, Subject
from violet.provenance.strict_json import canonical, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
LARGEST = 16 << 20
"""Bytes of a statement that are read."""
MOST_SUBJECTS = 100_000

OWN = "urn:violet-mlsecops"
"""Prefix of the types that Violet defines itself; ``docs/tasks/attest-a-model.md`` describes them."""

PREDICATES: dict[str, str] = {
    "test-result": "https://in-toto.io/attestation/test-result/v0.1",
    "provenance": "https://slsa.dev/provenance/v1",
    "summary": "https://slsa.dev/verification_summary/v1",
    "vex": "https://openvex.dev/ns/v0.2.0",
    "cyclonedx": "https://cyclonedx.org/bom",
    "spdx": "https://spdx.dev/Document/v3",
    "derivation": f"{OWN}:derivation:v1",
    "revocation": f"{OWN}:revocation:v1",
}
"""Short names of predicate types, as configuration and policies use them, and their URIs."""

_ALIASES = (
    (re.compile(r"https://cyclonedx\.org/bom/v?\d+(\.\d+)*"), "cyclonedx"),
    (re.compile(r"https://openvex\.dev/ns(/v\d+(\.\d+)*)?"), "vex"),
)
"""What versions of the same type are also called."""

ISSUED, EXPIRES, ENVIRONMENT = "violet_issued", "violet_expires", "violet_environment"
CHECK, NONCE, POLICY = "violet_check", "violet_nonce", "violet_policy"

_DIRECTORY_NAMES = frozenset({DIRECTORY_DIGEST, "dirHash1"})
"""The specification writes the name both ways."""
_HEXADECIMAL = re.compile(r"[0-9a-f]{32,128}")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,2048}")
_ALGORITHM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,63}")
_VALUE = re.compile(r"[!-~]{1,1024}")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII)
"""RFC 3339, section 5.6. Python reads more than that, also a time with something behind it."""
_NANOSECONDS = re.compile(r"(\.\d{6})\d+")


class StatementError(ValueError):
    """No in-toto statement that can be read; the text is a clause that says why."""


@dataclass(frozen=True, slots=True)
class Binding:
    """For how long, where and for what a statement holds. Times are in UTC."""

    issued: datetime.datetime | None = None
    expires: datetime.datetime | None = None
    environment: str = ""
    check: str = ""
    nonce: str = ""
    policy: str = ""

    def annotations(self) -> dict[str, Any]:
        times = ((ISSUED, self.issued), (EXPIRES, self.expires))
        texts = ((ENVIRONMENT, self.environment), (CHECK, self.check), (NONCE, self.nonce), (POLICY, self.policy))
        written = {name: timestamp(time, fraction=True) for name, time in times if time}
        return written | {name: text for name, text in texts if text}


def predicate_uri(name: str) -> str:
    """The URI of a short name; a URI is itself. Raises ``ValueError`` for anything else."""
    if name in PREDICATES:
        return PREDICATES[name]
    if not _URI.fullmatch(name):
        raise ValueError(f"{name!r} is neither a URI nor one of {', '.join(PREDICATES)}")
    return name


def short_name(uri: str) -> str:
    """The short name of a predicate type, or the URI itself where it has none."""
    for name, known in PREDICATES.items():
        if uri == known:
            return name
    return next((name for pattern, name in _ALIASES if pattern.fullmatch(uri)), uri)


def subject_of(identity: Identity, binding: Binding | None = None) -> Subject:
    """The artifact as a subject: a file by ``sha256``, a directory by ``dirHash``, which covers all its files."""
    name = identity.name.encode("utf-8", "backslashreplace").decode()  # a name that is no Unicode text binds nothing
    return Subject(name, (identity.digest,), binding.annotations() if binding else {})


def build(identity: Identity, predicate_type: str, predicate: Mapping[str, Any], binding: Binding) -> Statement:
    """A statement about one artifact. ``predicate_type`` is a short name or a URI."""
    return Statement((subject_of(identity, binding),), predicate_uri(predicate_type), predicate)


def encode(statement: Statement) -> bytes:
    """The statement as JSON, always the same bytes for the same statement."""
    subjects = [
        {
            "name": subject.name,
            "digest": {digest.algorithm: digest.value for digest in subject.digests},
            **({"annotations": dict(subject.annotations)} if subject.annotations else {}),
        }
        for subject in statement.subjects
    ]
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "subject": subjects,
            "predicateType": statement.predicate_type,
            "predicate": statement.predicate,
        }
    )


def decode(payload: bytes) -> Statement:
    """Read a statement. Raises ``StatementError``. Unknown fields are passed over, as the framework asks."""
    try:
        value = parse(payload, LARGEST)
    except ValueError as error:
        raise StatementError(f"its statement cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise StatementError("its statement is no JSON object")
    if value.get("_type") != STATEMENT_TYPE:
        raise StatementError(f"its statement is of the type {_shown(value.get('_type'))}, not {STATEMENT_TYPE}")
    kind, predicate, subjects = value.get("predicateType"), value.get("predicate"), value.get("subject")
    if not isinstance(kind, str) or not _URI.fullmatch(kind):
        raise StatementError("its statement has no predicateType that is a URI")
    if not isinstance(predicate, dict) or not predicate:
        raise StatementError("its statement has no predicate")
    if not isinstance(subjects, list) or not subjects:
        raise StatementError("its statement is about nothing: the subject is missing or empty")
    if len(subjects) > MOST_SUBJECTS:
        raise StatementError(f"its statement has more than {MOST_SUBJECTS:,} subjects")
    return Statement(tuple(_subject(entry) for entry in subjects), kind, predicate)


def digests(value: Any) -> tuple[Digest, ...]:
    """A DigestSet as digests, in the order of their names. Raises ``StatementError``."""
    if not isinstance(value, dict) or not value:
        raise StatementError("a digest in it is missing or empty")
    for name, text in value.items():
        if not _ALGORITHM.fullmatch(name):
            raise StatementError(f"the digest {_shown(name)} in it is called after no algorithm")
        if not isinstance(text, str) or not _VALUE.fullmatch(text):
            raise StatementError(f"the digest {name!r} in it is no text")
        if name in (FILE_DIGEST, *_DIRECTORY_NAMES) and not _HEXADECIMAL.fullmatch(text):
            raise StatementError(f"the digest {name!r} in it is not lower-case hexadecimal")
    named = ((DIRECTORY_DIGEST if name in _DIRECTORY_NAMES else name, text) for name, text in sorted(value.items()))
    found = tuple(dict.fromkeys(Digest(name, text) for name, text in named))
    if sum(digest.algorithm == DIRECTORY_DIGEST for digest in found) > 1:
        raise StatementError(f"it has two digests {DIRECTORY_DIGEST}")
    return found


def subject_for(statement: Statement, identity: Identity) -> Subject | None:
    """The subject through which the statement is about this artifact; ``None`` where it is about another.

    A file is bound by its ``sha256``. A directory is bound by its ``dirHash``, or by subjects that name its files,
    all of them and nothing else, each once, with its ``sha256`` and the same annotations: a statement about more files,
    or about fewer, is about another directory, and one that names a file twice could be about any mixture. Names bind
    nothing else: only digests do.
    """
    for subject in statement.subjects:
        if identity.digest in subject.digests:
            return subject
    if identity.is_directory and len(identity.files) == len(statement.subjects):
        first = statement.subjects[0]
        agreeing = (subject for subject in statement.subjects if subject.annotations == first.annotations)
        known = {_plain(subject.name): subject.digests for subject in agreeing}
        if all(file.digest in known.get(file.path, ()) for file in identity.files):
            return first
    return None


def _plain(name: str) -> str:
    """``sha256sum`` and others write ``./a`` for ``a``."""
    return name.removeprefix("./")


def binding_of(subject: Subject, statement: Statement) -> Binding:
    """What the subject's annotations say. A summary or provenance that another program made dates itself.

    Raises ``StatementError`` where they cannot be understood: nothing that sets a limit is passed over.
    """
    notes = subject.annotations
    issued, expires = _time(notes, ISSUED), _time(notes, EXPIRES)
    if issued and expires and expires <= issued:
        raise StatementError("it expires before it was issued")
    texts = {name: notes.get(name, "") for name in (ENVIRONMENT, CHECK, NONCE, POLICY)}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise StatementError(f"its {name} is no text")
    return Binding(
        issued or _dated_by_predicate(statement),
        expires,
        texts[ENVIRONMENT],
        texts[CHECK],
        texts[NONCE],
        texts[POLICY] or _policy_of_summary(statement),
    )


def timestamp(time: datetime.datetime, *, fraction: bool = False) -> str:
    """RFC 3339 in UTC with ``Z``, to the second; with ``fraction`` to the microsecond, so that two statements of
    one second are two. Raises ``ValueError`` for a time without a zone."""
    if time.tzinfo is None:
        raise ValueError("a time needs a zone")
    utc = time.astimezone(datetime.UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="microseconds" if fraction and utc.microsecond else "seconds") + "Z"


def parse_time(text: Any) -> datetime.datetime:
    """RFC 3339 with a zone, in UTC. Raises ``ValueError``."""
    if not isinstance(text, str):
        raise ValueError("a time must be a text")
    if not _TIME.fullmatch(text):
        raise ValueError(f"{_shown(text)} is no time as RFC 3339 writes it")
    time = datetime.datetime.fromisoformat(_NANOSECONDS.sub(r"\1", text))
    if time.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return time.astimezone(datetime.UTC)


def _subject(value: Any) -> Subject:
    if not isinstance(value, dict):
        raise StatementError("a subject of its statement is no JSON object")
    name, notes = value.get("name", ""), value.get("annotations", {})
    if not isinstance(name, str) or not isinstance(notes, dict):
        raise StatementError("a subject of its statement has a name or annotations of a wrong type")
    return Subject(name, digests(value.get("digest")), notes)


def _time(notes: Mapping[str, Any], name: str) -> datetime.datetime | None:
    if name not in notes:
        return None
    try:
        return parse_time(notes[name])
    except (ValueError, OverflowError):
        raise StatementError(f"its {name} is {_shown(notes[name])}, which is no time") from None


_DATES: Mapping[str, Sequence[tuple[str, ...]]] = {
    "summary": (("timeVerified",),),
    "provenance": (("runDetails", "metadata", "finishedOn"), ("runDetails", "metadata", "startedOn")),
    "vex": (("timestamp",),),
    "cyclonedx": (("metadata", "timestamp"),),
}
"""Where a predicate says when it was made."""


def _dated_by_predicate(statement: Statement) -> datetime.datetime | None:
    for path in _DATES.get(short_name(statement.predicate_type), ()):
        value: Any = statement.predicate
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is None:
            continue
        try:
            return parse_time(value)
        except (ValueError, OverflowError):
            raise StatementError(f"its {'.'.join(path)} is {_shown(value)}, which is no time") from None
    return None


def _policy_of_summary(statement: Statement) -> str:
    if short_name(statement.predicate_type) != "summary":
        return ""
    policy = statement.predicate.get("policy")
    digest = policy.get("digest") if isinstance(policy, dict) else None
    found = digest.get(FILE_DIGEST, "") if isinstance(digest, dict) else ""
    return found if isinstance(found, str) else ""


def _shown(value: Any) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
