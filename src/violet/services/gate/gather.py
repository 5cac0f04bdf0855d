"""Evidence of each kind, verified, in the words of the policy's context. One function a source.

Each gives what it found, or says why there is nothing: ``MissingEvidence``, which no policy can mistake for "nothing
is wrong". What somebody else made is believed only in an envelope of a trusted signer, bound to the digest that the
gate computed itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from violet.domain import VioletError, shell
from violet.domain.gate import EvidenceItem, MissingEvidence

if TYPE_CHECKING:
    from violet.domain import Report
    from violet.domain.provenance import Attestation, Evidence, Identity, TrustedSigner
    from violet.policy.gate import Settings
    from violet.provenance.stores import Store
    from violet.services.configuration import Configuration
    from violet.services.gate.options import GateOptions

    Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What every source needs to know."""

    options: GateOptions
    configuration: Configuration
    settings: Settings
    identity: Identity
    signers: tuple[TrustedSigner, ...]
    stores: tuple[Store, ...]
    now: datetime.datetime
    progress: Progress | None = None

    @property
    def path(self) -> str:
        return self.options.path

    @property
    def shown(self) -> str:
        """The model's path as a word of a command."""
        return shell.quote(self.options.path)


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Variables of the context, what they rest on, and what is not there."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    items: tuple[EvidenceItem, ...] = ()
    missing: MissingEvidence | None = None
    report: Report | None = None
    problems: tuple[str, ...] = ()
    """Sentences about evidence that was passed over."""


def gather(request: Request, needs: Sequence[str], evidence: Evidence) -> dict[str, Gathered]:
    """By source, the evidence that the policy asks about, and the attestations in any case."""
    found = {"attestations": attestations(request, evidence)}
    from violet.services.gate import origins, parts, robustness

    makers: dict[str, Callable[[Request, Evidence], Gathered]] = {
        "scan": scanned,
        "tests": robustness.tested,
        "signature": origins.signed,
        "bom": parts.billed,
        "vulnerabilities": parts.searched,
        "lineage": origins.descended,
    }
    for source in needs:
        if source in makers:
            found[source] = _guarded(source, makers[source], request, evidence)
    return found


def _guarded(
    source: str, maker: Callable[[Request, Evidence], Gathered], request: Request, evidence: Evidence
) -> Gathered:
    """Evidence whose making fails is missing, and known to have failed."""
    try:
        return maker(request, evidence)
    except VioletError as error:
        if error.exit_code == 2:
            raise
        return Gathered(missing=MissingEvidence(source, error.what, error.hint, failed=True))


def attestations(request: Request, evidence: Evidence) -> Gathered:
    """All signed statements about the model, believed and refused."""
    from violet.services.gate.context import attestation_entry, refusal_entry

    return Gathered(
        {
            "attestations": [attestation_entry(a, request.now) for a in evidence.attestations],
            "refused": [refusal_entry(refusal) for refusal in evidence.refused],
        },
        tuple(attestation_item(a) for a in evidence.attestations),
    )


def attestation_item(attestation: Attestation) -> EvidenceItem:
    from violet.provenance.statement import short_name

    kind = short_name(attestation.statement.predicate_type)
    check = f" ({attestation.check})" if attestation.check else ""
    return EvidenceItem("attestation", f"{kind}{check}", attestation.path, str(attestation.digest), attestation.signers)


def scanned(request: Request, evidence: Evidence) -> Gathered:
    """The findings: of signed reports where the policy trusts them, else of a scan here and now."""
    from violet.services.gate import reports

    believed, problems = reports.attested(request, evidence)
    if believed:
        return reports.combined(request, believed, problems)
    if request.options.run_missing:
        return reports.live(request)
    deep = " --deep" if request.settings.deep_scan else ""
    attest = f"violet attest scan {request.shown}{deep} --key KEY"
    if not request.settings.trust_attested_scans:
        reason, fix = "The policy trusts no attested scan, and the gate was not asked to scan.", _again(request)
    else:
        reason = "There is no signed report of a scan that can be believed; --run-missing would scan here."
        fix = attest
    return Gathered(missing=MissingEvidence("scan", " ".join((reason, *problems)), fix), problems=problems)


def _again(request: Request) -> str:
    return f"violet gate {request.shown} --run-missing"
