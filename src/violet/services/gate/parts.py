"""What the model is made of, and what is known to be wrong with those parts."""

from __future__ import annotations

import datetime
import hashlib
from typing import TYPE_CHECKING, Any

from violet.domain import VioletError
from violet.domain.gate import EvidenceItem, MissingEvidence
from violet.domain.vulnerability import Exposure
from violet.services.gate.context import age, text, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.bom import Bom, Dataset
    from violet.domain.component import Component
    from violet.domain.provenance import Attestation, Evidence
    from violet.domain.vulnerability import Match, VexStatement, VulnerabilityReport
    from violet.services.gate.gather import Gathered, Request

KINDS = ("cyclonedx", "spdx")
PACKAGES = ("library", "framework", "application")


def billed(request: Request, evidence: Evidence) -> Gathered:
    """The bill of materials: the newest one that somebody attested, else one that the gate makes itself. A file that
    lies beside the model is not believed: whoever ships the model could have written it."""
    from violet.services.gate.gather import Gathered

    boms, items, problems = _bills(request, evidence)
    if not boms:
        fix = f"violet gate {request.shown} --run-missing"
        reason = " ".join(("There is no signed bill of materials that can be believed.", *problems))
        return Gathered(missing=MissingEvidence("bom", reason, fix), problems=problems)
    signers = sorted({name for item in items for name in item.signers})
    return Gathered({"bom": _entry(boms[0], signers)}, items, problems=problems)


def searched(request: Request, evidence: Evidence) -> Gathered:
    """Known vulnerabilities of the components that believed bills of materials name, by the imported advisories.
    Only VEX statements that a trusted signer attested are weighed."""
    from violet.intel.osv.database import MissingDatabaseError
    from violet.services.gate.gather import Gathered
    from violet.services.vulnerabilities import database_directory, match

    boms, items, problems = _bills(request, evidence)
    if not boms:
        reason = "There is no believed bill of materials whose components could be searched."
        fix = f"violet gate {request.shown} --run-missing"
        return Gathered(missing=MissingEvidence("vulnerabilities", " ".join((reason, *problems)), fix))
    components = dict.fromkeys(part for bom in boms for part in bom.components if part.type in PACKAGES)
    statements, vex_items, vex_problems = _vex(evidence)
    try:
        report = match(
            components,
            database=database_directory(request.configuration),
            vex=statements,
            now=request.now,
            subject=boms[0].subject,
        )
    except MissingDatabaseError as error:
        return Gathered(missing=MissingEvidence("vulnerabilities", error.what, "violet intel update FILE"))
    database = EvidenceItem("advisories", f"{report.database.advisories:,} advisories", report.database.path)
    return Gathered(_findings(report, request.now), (*items, *vex_items, database), problems=(*problems, *vex_problems))


def _vex(evidence: Evidence) -> tuple[tuple[VexStatement, ...], tuple[EvidenceItem, ...], tuple[str, ...]]:
    from violet.intel.vex import VexError, read_vex
    from violet.provenance.statement import short_name
    from violet.services.gate.gather import attestation_item

    statements: list[VexStatement] = []
    items: list[EvidenceItem] = []
    problems: list[str] = []
    for attestation in evidence.attestations:
        if short_name(attestation.statement.predicate_type) != "vex":
            continue
        try:
            found = read_vex(dict(attestation.statement.predicate), attestation.path, signers=attestation.signers)
        except VexError as error:
            problems.append(str(error))
            continue
        statements += found
        items.append(attestation_item(attestation))
    return tuple(statements), tuple(items), tuple(problems)


def _findings(report: VulnerabilityReport, now: datetime.datetime) -> dict[str, Any]:
    from violet.services.vulnerabilities import age_days

    matches = (*report.matches, *report.suppressed)
    state = report.database
    old = age_days(state, now)
    return {
        "vulnerabilities": [_vulnerability(problem) for problem in matches],
        "advisories": {
            "age": datetime.timedelta(days=max(old, 0.0)) if old is not None else _NEVER,
            "newest": _since(state.newest, now),
            "count": state.advisories,
            "unknown": [text(gap.reason) for gap in report.skipped],
        },
    }


_NEVER = datetime.timedelta(days=36_500)


def _since(moment: str, now: datetime.datetime) -> datetime.timedelta:
    if not moment:
        return _NEVER
    return age(datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")[:19] + "+00:00"), now)


def _vulnerability(problem: Match) -> dict[str, Any]:
    from violet.services.vulnerabilities import severity_of

    severity = severity_of(problem)
    entry: dict[str, Any] = {
        "id": text(problem.id),
        "aliases": [text(name) for name in problem.names if name != problem.id],
        "severity": int(severity),
        "level": str(severity),
        "component": text(problem.component.name),
        "version": text(problem.component.version or problem.component.specifier),
        "fixed": [text(version) for version in problem.fixed],
        "status": problem.vex.status.value if problem.vex is not None else "affected",
        "certain": problem.exposure is Exposure.AFFECTED,
        "exploited": problem.known_exploited,
        "malicious": problem.malicious,
        "fingerprint": fingerprint(problem),
    }
    if problem.score is not None:
        entry["score"] = float(problem.score)
    return entry


def fingerprint(problem: Match) -> str:
    """What a waiver of this problem names: the advisory and the package, whatever its version and wherever it is
    named, so that a new version of the model keeps it."""
    part = problem.component
    joined = "\0".join(("vulnerability", part.ecosystem, part.name, problem.advisories[0]))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _bills(request: Request, evidence: Evidence) -> tuple[list[Bom], tuple[EvidenceItem, ...], tuple[str, ...]]:
    """The believed bills, the newest first, and what they rest on."""
    from violet.provenance.bom.reader import read_bom
    from violet.provenance.strict_json import canonical
    from violet.services.gate.gather import attestation_item

    boms: list[Bom] = []
    items: list[EvidenceItem] = []
    problems: list[str] = []
    for attestation in sorted(_attested(evidence), key=_issued, reverse=True):
        try:
            bom = read_bom(canonical(attestation.statement.predicate), attestation.path)
        except VioletError as error:
            problems.append(error.what)
            continue
        if bom is None:
            problems.append(f"{attestation.path} holds no bill of materials.")
            continue
        boms.append(bom)
        items.append(attestation_item(attestation))
    if not boms and request.options.run_missing:
        made = _made(request)
        return [made], (EvidenceItem("bom", "read from the model here", request.path),), tuple(problems)
    return boms, tuple(items), tuple(problems)


def _attested(evidence: Evidence) -> Sequence[Attestation]:
    from violet.provenance.statement import short_name

    return [a for a in evidence.attestations if short_name(a.statement.predicate_type) in KINDS]


def _issued(attestation: Attestation) -> float:
    return attestation.issued.timestamp() if attestation.issued is not None else 0.0


def _made(request: Request) -> Bom:
    from violet.services.bom import BomOptions, make_bom

    configuration = request.configuration
    return make_bom(
        BomOptions(
            path=request.path,
            configuration=configuration,
            jobs=request.options.jobs or configuration.value("scan.jobs"),
            timeout=configuration.value("scan.timeout"),
            memory=configuration.value("scan.memory"),
            cache=request.options.cache,
        ),
        request.progress,
    )


def _entry(bom: Bom, signers: Sequence[str]) -> dict[str, Any]:
    facts = bom.facts
    entry: dict[str, Any] = {
        "licenses": [text(name) for name in facts.licenses or bom.subject.licenses],
        "framework": text(facts.framework),
        "framework_version": text(facts.framework_version),
        "architecture": text(facts.architecture),
        "format": text(facts.format),
        "task": text(facts.task),
        "quantisation": text(facts.quantisation),
        "dtypes": [text(name) for name, _ in facts.dtypes],
        "measured": facts.parameters is not None,
        "datasets": [_dataset(data) for data in bom.datasets if data.role != "testing"],
        "base_models": [text(name) for name in facts.base_models],
        "components": [_component(part) for part in bom.components if part.type in PACKAGES],
        "gaps": [text(sentence) for sentence in bom.gaps],
        "conflicts": [text(sentence) for sentence in (*bom.conflicts, *facts.conflicts)],
        "considerations": bool(facts.considerations),
        "performance": bool(facts.metrics),
        "signers": [text(name) for name in signers],
    }
    parameters = facts.parameters if facts.parameters is not None else facts.parameters_claimed
    if parameters is not None:
        entry["parameters"] = whole(parameters)
    return entry


def _dataset(data: Dataset) -> dict[str, Any]:
    return {
        "name": text(data.name),
        "role": text(data.role),
        "digest": str(data.digests[0]) if data.digests else "",
        "licenses": [text(name) for name in data.licenses],
    }


def _component(part: Component) -> dict[str, Any]:
    return {
        "name": text(part.name),
        "version": text(part.version),
        "type": text(part.type),
        "ecosystem": text(part.ecosystem),
        "purl": text(part.purl),
        "licenses": [text(name) for name in part.licenses],
        "hashed": bool(part.hashes),
    }
