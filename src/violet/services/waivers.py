"""Waivers: signed files in ``violet.waivers/`` beside the policy, one for each thing that is accepted."""

from __future__ import annotations

import datetime
import hashlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from violet.domain import ConfigurationError, UsageError
from violet.domain.gate import CheckedWaiver, Waiver, WaiverStatus
from violet.services.options import WAIVERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.provenance import TrustedSigner
    from violet.policy.gate import Settings
    from violet.provenance.envelope import Keyring
    from violet.provenance.keys import PrivateKey
    from violet.services.configuration import Configuration
    from violet.services.policies import PolicyFile

DIRECTORY = WAIVERS
ROLE = "waiver"
"""The word in ``vouches_for`` of those whose waivers are believed."""
SUFFIX = ".dsse.json"
LARGEST = 64 << 10
"""Bytes of one waiver's file that are read."""
MOST = 10_000
"""Waivers in one directory."""


@dataclass(frozen=True, slots=True)
class WaiverRequest:
    """What somebody asks to accept, and who approves it. Either ``fingerprint`` or ``requirement`` is set."""

    owner: str
    approver: str
    reason: str
    until: datetime.date
    fingerprint: str = ""
    requirement: str = ""
    model: str = "*"
    environment: str = ""
    content: str = ""


def directory_of(configuration: Configuration) -> str:
    """Where the waivers lie that belong to a configuration file."""
    return os.path.join(configuration.root, DIRECTORY)


def for_scan(configuration: Configuration) -> tuple[CheckedWaiver, ...]:
    """The waivers that a scan under this configuration obeys: those beside its file."""
    return load(directory_of(configuration), configuration.signers, today(), longest(configuration))


def longest(configuration: Configuration) -> int:
    """The days that a waiver may hold at most, as ``[gate]`` says, whatever else is in there."""
    from violet.policy.gate import Settings

    table = configuration.gate if isinstance(configuration.gate, dict) else {}
    days = table.get("max_waiver_days", Settings().max_waiver_days)
    return days if isinstance(days, int) and not isinstance(days, bool) else 0


def load(
    directory: str,
    signers: Sequence[TrustedSigner],
    day: datetime.date,
    max_days: int,
    now: datetime.datetime | None = None,
) -> tuple[CheckedWaiver, ...]:
    """Every waiver in ``directory``, verified, in the order of the files' names. One that does not count is given
    with the reason. Certificates of signers must be in force ``now`` (default: the clock), not when a waiver says it
    was made: it dates itself, and whoever found the key of a certificate that ran out could date it back.

    Raises ``ConfigurationError`` for a directory that cannot be listed and ``KeyFileError`` for a trusted key that
    cannot be read.
    """
    try:
        names = sorted(name for name in os.listdir(directory) if not name.startswith((".", "README")))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise ConfigurationError(f"The waivers in {directory} cannot be read: {error.strerror}.") from error
    if len(names) > MOST:
        raise ConfigurationError(f"There are more than {MOST:,} files in {directory}.", "Remove waivers that ran out.")
    if not names:
        return ()
    from violet.provenance.envelope import Keyring

    ring = Keyring.load(signers, now)
    checked = [_checked(os.path.join(directory, name), ring, day, max_days) for name in names]
    return tuple(_unique(checked))


def valid(waivers: Sequence[CheckedWaiver]) -> tuple[Waiver, ...]:
    """Those that count."""
    return tuple(entry.waiver for entry in waivers if entry.status is WaiverStatus.VALID and entry.waiver is not None)


def make(
    request: WaiverRequest,
    key: PrivateKey,
    directory: str,
    signers: Sequence[TrustedSigner],
    max_days: int,
    day: datetime.date | None = None,
) -> CheckedWaiver:
    """Sign a waiver with the approver's key and keep it in ``directory``.

    Raises ``UsageError`` for one that would not count, before anything is written.
    """
    from violet.policy.waivers import PAYLOAD_TYPE, document
    from violet.provenance.envelope import Keyring, sign
    from violet.provenance.stores import write_once
    from violet.provenance.strict_json import canonical

    created = day or today()
    waiver = Waiver(
        id="",
        owner=request.owner.strip(),
        approver=request.approver.strip(),
        reason=request.reason.strip(),
        created=created,
        expires=request.until,
        fingerprint=request.fingerprint,
        requirement=request.requirement,
        model=request.model,
        environment=request.environment,
        content=request.content,
    )
    waiver = replace(waiver, id=hashlib.sha256(canonical(document(waiver))).hexdigest()[:16])
    content = sign(canonical(document(waiver)), PAYLOAD_TYPE, [key]).to_bytes()
    what = f"finding-{waiver.fingerprint}" if waiver.fingerprint else f"requirement-{_file_name(waiver.requirement)}"
    path = os.path.join(directory, f"{what}-{waiver.id}{SUFFIX}")
    ring = Keyring.load(signers)
    checked = _judged(path, content, ring, created, max_days)
    if checked.status is not WaiverStatus.VALID:
        hint = _REMEDIES.get(checked.status, "")
        whose = [signer.name for signer, known in ring.entries if known.key_id == key.public.key_id]
        if whose and waiver.approver not in whose:
            hint = f"This key is {whose[0]}'s, and --approver is {waiver.approver}: they must be the same."
        raise UsageError(f"This waiver would not count: {checked.reason}.", hint)
    write_once(path, content)
    return checked


_REMEDIES = {
    WaiverStatus.SELF_APPROVED: "Somebody else must approve it.",
    WaiverStatus.TOO_LONG: "Choose an earlier --until, or raise max_waiver_days in [gate].",
    WaiverStatus.UNKNOWN_SIGNER: "Name the approver's public key in [trust.signers.NAME] of the configuration.",
    WaiverStatus.NOT_VOUCHED_FOR: f"Add {ROLE!r} to vouches_for of the approver in the configuration.",
    WaiverStatus.WRONG_APPROVER: "--approver must be the name under which [trust.signers] knows the key.",
    WaiverStatus.EXPIRED: "Choose a later --until.",
}


def today() -> datetime.date:
    return datetime.datetime.now(datetime.UTC).date()


def _unique(checked: list[CheckedWaiver]) -> list[CheckedWaiver]:
    """A copy of a waiver under another name says nothing new."""
    seen: set[str] = set()
    kept = []
    for entry in checked:
        identifier = entry.waiver.id if entry.waiver is not None and entry.status is WaiverStatus.VALID else ""
        if identifier not in seen or not identifier:
            kept.append(entry)
        seen.add(identifier)
    return kept


def _checked(path: str, ring: Keyring, day: datetime.date, max_days: int) -> CheckedWaiver:
    from violet.provenance.stores import read

    stored = read(path, LARGEST)
    if stored.problem:
        return CheckedWaiver(path, WaiverStatus.MALFORMED, None, stored.problem)
    return _judged(path, stored.content, ring, day, max_days)


def _judged(path: str, content: bytes, ring: Keyring, day: datetime.date, max_days: int) -> CheckedWaiver:
    from violet.policy.waivers import PAYLOAD_TYPE, check, read
    from violet.provenance.envelope import EnvelopeError, decode, verify
    from violet.provenance.strict_json import parse

    try:
        envelope = decode(content)
    except EnvelopeError as error:
        if _plain(content):
            return CheckedWaiver(path, WaiverStatus.UNSIGNED, _plain(content), "nobody signed it")
        empty = error.code == "bad-signature"  # an envelope that carries no signature at all
        status = WaiverStatus.UNSIGNED if empty else WaiverStatus.MALFORMED
        return CheckedWaiver(path, status, None, str(error))
    if envelope.payload_type != PAYLOAD_TYPE:
        return CheckedWaiver(path, WaiverStatus.MALFORMED, None, "it is signed, but it is no waiver")
    try:
        waiver = read(parse(envelope.payload, LARGEST), path, hashlib.sha256(content).hexdigest())
    except ValueError as error:
        return CheckedWaiver(path, WaiverStatus.MALFORMED, None, str(error))
    try:
        believed = verify(envelope, ring)
    except EnvelopeError as error:
        status = WaiverStatus.UNKNOWN_SIGNER if error.code == "unknown-signer" else WaiverStatus.TAMPERED
        return CheckedWaiver(path, status, waiver, str(error))
    names = sorted({entry.signer.name for entry in believed if ROLE in entry.signer.vouches_for})
    if not names:
        everybody = ", ".join(sorted({entry.signer.name for entry in believed}))
        reason = f"{everybody} signed it, who may not approve waivers"
        return CheckedWaiver(path, WaiverStatus.NOT_VOUCHED_FOR, waiver, reason)
    return check(waiver, names, day, max_days)


def _plain(content: bytes) -> Waiver | None:
    """The waiver that somebody wrote without an envelope."""
    from violet.policy.waivers import read
    from violet.provenance.strict_json import parse

    try:
        return read(parse(content, LARGEST))
    except ValueError:
        return None


def _file_name(text: str) -> str:
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in text)[:60]


def place(opened: PolicyFile) -> str:
    """Where the waivers of a policy lie: beside it."""
    return os.path.join(opened.directory, DIRECTORY)


def listed(opened: PolicyFile, environment: str = "") -> tuple[CheckedWaiver, ...]:
    """Every waiver beside the policy, and whether it counts today."""
    settings = settings_for(opened, environment)
    return load(place(opened), opened.configuration.signers, today(), settings.max_waiver_days)


def settings_for(opened: PolicyFile, environment: str = "", requirement: str = "") -> Settings:
    """What the policy says about waivers in an environment. Raises ``ConfigurationError`` where there is no policy,
    or no such environment, and ``UsageError`` for a requirement that is not there or cannot be waived."""
    from violet.services.policies import in_force

    rules = in_force(opened, environment)
    if requirement:
        assert opened.policy is not None
        everywhere = [in_force(opened, name) for name in ("", *opened.policy.environments)]
        known = {r.name: r for r in (*(r for other in everywhere for r in other.requirements), *rules.requirements)}
        if requirement not in known:
            import difflib

            close = difflib.get_close_matches(requirement, known, 1, 0.5)
            hint = f"Did you mean {close[0]!r}?" if close else f"It has {', '.join(known)}."
            raise UsageError(f"The policy {opened.path} has no requirement {requirement!r}.", hint)
        if not known[requirement].waivable:
            raise UsageError(f"The policy {opened.path} lets nobody waive {requirement!r}.")
    return rules.settings
