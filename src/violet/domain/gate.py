"""What decides whether a model may go live: requirements, how each came out, waivers, and the decision."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime

    from violet.domain.asset import Digest
    from violet.domain.outcome import Finding, Report, Verdict
    from violet.domain.provenance import Identity, Refusal


class Enforcement(enum.StrEnum):
    """What follows where a requirement is not met."""

    DENY = "deny"
    WARN = "warn"


class Outcome(enum.StrEnum):
    """How a requirement came out. Only ``MET`` and ``WAIVED`` let a model pass."""

    MET = "met"
    WAIVED = "waived"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"
    """Evidence that it asks about is missing."""
    ERROR = "error"
    """Its expression could not be worked out."""


class WaiverStatus(enum.StrEnum):
    """Whether a waiver counts, and why not."""

    VALID = "valid"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    TOO_LONG = "too-long"
    SELF_APPROVED = "self-approved"
    UNSIGNED = "unsigned"
    UNKNOWN_SIGNER = "unknown-signer"
    NOT_VOUCHED_FOR = "not-vouched-for"
    WRONG_APPROVER = "wrong-approver"
    TAMPERED = "tampered"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One named thing that must hold, as it is in force in one environment.

    ``expression`` is CEL; ``description`` says in words what it asks, ``remedy`` what to do where it is not met;
    ``needs`` names the evidence it takes (``scan``, ``signature``, ``bom``, ``vulnerabilities``, ``lineage``,
    ``attestations``); ``references`` are clauses of laws and standards that it serves; ``origin`` is where it was
    written (``[gate.requirements.x]``). ``loosened`` is the reason for which an environment asks less than the one
    it inherits from, empty where it does not.
    """

    name: str
    expression: str
    description: str = ""
    enforcement: Enforcement = Enforcement.DENY
    remedy: str = ""
    needs: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    waivable: bool = True
    origin: str = ""
    loosened: str = ""


@dataclass(frozen=True, slots=True)
class Waiver:
    """Somebody accepts one finding, or one requirement that is not met, until a day and for a reason.

    Either ``fingerprint`` or ``requirement`` is set. ``model`` is a pattern for the model's name, ``environment``
    one environment's name (``""``: any), ``content`` the digest of the one content that it is for (``""``: every
    version). Days are in UTC; ``expires`` is the last one on which it holds. ``path`` is
    the file it was read from, ``digest`` that file's.
    """

    id: str
    owner: str
    approver: str
    reason: str
    created: datetime.date
    expires: datetime.date
    fingerprint: str = ""
    requirement: str = ""
    model: str = "*"
    environment: str = ""
    content: str = ""
    path: str = ""
    digest: str = ""

    @property
    def target(self) -> str:
        return f"finding {self.fingerprint}" if self.fingerprint else f"requirement {self.requirement}"


@dataclass(frozen=True, slots=True)
class CheckedWaiver:
    """A waiver's file and whether it counts. ``waiver`` is ``None`` where the file says nothing that can be read;
    ``reason`` is one sentence, empty where it is valid."""

    path: str
    status: WaiverStatus
    waiver: Waiver | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """Something a decision rests on: ``kind`` is ``scan``, ``attestation``, ``signature``, ``bom``, ...; ``digest``
    that of the file at ``path`` (empty for what the gate did itself); ``detail`` says what it is in a few words."""

    kind: str
    detail: str
    path: str = ""
    digest: str = ""
    signers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MissingEvidence:
    """Evidence that is not there: ``reason`` is one sentence, ``fix`` a command. ``failed`` tells that looking for
    it broke, so that nothing is known either way."""

    source: str
    reason: str
    fix: str = ""
    failed: bool = False


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """How one requirement came out.

    ``reason`` is one plain sentence; ``details`` are what it is about, one line each (the findings that are too
    severe); ``reproduce`` and ``fix`` are commands; ``waivers`` are the ids of those without which it would not be
    met.
    """

    requirement: Requirement
    outcome: Outcome
    reason: str
    details: tuple[str, ...] = ()
    evidence: tuple[EvidenceItem, ...] = ()
    reproduce: str = ""
    fix: str = ""
    waivers: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def passed(self) -> bool:
        return self.outcome in (Outcome.MET, Outcome.WAIVED)


@dataclass(frozen=True, slots=True)
class GateDecision:
    """Whether a model may go live, and why.

    ``exit_code`` is 0 (allowed, with warnings or without), 1 (denied) or 3 (denied because something could not be
    examined, and nothing worse is known). ``reasons`` are plain sentences beyond the requirements' own;
    ``warnings`` are about the policy itself, and about evidence that was passed over. ``evidence`` are all items
    that were looked at, ``missing`` those that were not there, ``refused`` attestations that are not believed.
    ``report`` is what was found in the model. ``command`` makes the decision again; ``summary`` is the path of the
    signed verification summary.
    """

    verdict: Verdict
    exit_code: int
    identity: Identity
    path: str
    environment: str
    time: datetime.datetime
    policy: str
    policy_digest: Digest | None = None
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    results: tuple[RequirementResult, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    """Those without which the verdict would be another."""
    ineffective: tuple[CheckedWaiver, ...] = ()
    """Expired, unsigned or otherwise refused ones."""
    evidence: tuple[EvidenceItem, ...] = ()
    missing: tuple[MissingEvidence, ...] = ()
    refused: tuple[Refusal, ...] = ()
    report: Report | None = None
    command: str = ""
    summary: str = ""
    version: str = ""

    @property
    def unmet(self) -> tuple[RequirementResult, ...]:
        return tuple(result for result in self.results if not result.passed)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """A recorded case and what the policy says of it now. ``mismatches`` are sentences; none means that it is as
    expected."""

    name: str
    path: str
    environment: str
    verdict: Verdict
    mismatches: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mutant:
    """A policy with one thing taken out. ``noticed_by`` are the names of the cases that come out otherwise; none
    means that no case tests ``what`` of ``requirement``."""

    requirement: str
    environment: str
    what: str
    noticed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PolicyTest:
    """What came of testing a policy. ``mutants`` is empty where none were asked for."""

    policy: str
    cases: tuple[CaseResult, ...]
    mutants: tuple[Mutant, ...] = ()

    @property
    def passed(self) -> bool:
        return not any(case.mismatches for case in self.cases)

    @property
    def unnoticed(self) -> tuple[Mutant, ...]:
        return tuple(mutant for mutant in self.mutants if not mutant.noticed_by)
