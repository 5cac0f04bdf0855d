"""Known vulnerabilities in a bill of materials, as CycloneDX and SPDX write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from violet.domain.bom import reference
from violet.domain.vulnerability import Exposure, VexStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from violet.domain.vulnerability import Match

Json = dict[str, Any]

_STATES = {
    VexStatus.NOT_AFFECTED: "not_affected",
    VexStatus.AFFECTED: "exploitable",
    VexStatus.FIXED: "resolved",
    VexStatus.UNDER_INVESTIGATION: "in_triage",
}
_JUSTIFICATIONS = {
    "component_not_present": "code_not_present",
    "vulnerable_code_not_present": "code_not_present",
    "vulnerable_code_not_in_execute_path": "code_not_reachable",
    "vulnerable_code_cannot_be_controlled_by_adversary": "requires_environment",
    "inline_mitigations_already_exist": "protected_by_mitigating_control",
}
"""Justifications of OpenVEX and the nearest impact analysis justification of CycloneDX."""


def cyclonedx(matches: Sequence[Match]) -> list[Json]:
    """The entries of ``vulnerabilities``: one a problem and component."""
    return [_entry(match) for match in matches]


def _entry(match: Match) -> Json:
    found: Json = {"bom-ref": f"vulnerability:{match.id}:{reference(match.component)}", "id": match.id}
    found["source"] = {"name": "OSV", "url": f"https://osv.dev/vulnerability/{match.advisories[0]}"}
    others = [name for name in match.names if name != match.id]
    if others:
        found["references"] = [{"id": name, "source": {"name": _authority(name)}} for name in others]
    rating: Json = {}
    if match.severity is not None:
        rating["severity"] = str(match.severity)
    if match.score is not None:
        rating["score"] = match.score
    method = _method(match.vector)
    if method:
        rating["method"] = method
        rating["vector"] = match.vector
    if rating:
        found["ratings"] = [rating]
    numbers = sorted({int(m[1]) for cwe in match.cwes if (m := re.fullmatch(r"CWE-([1-9]\d{0,6})", cwe))})
    if numbers:
        found["cwes"] = numbers
    if match.summary:
        found["description"] = match.summary
    if match.fixed:
        found["recommendation"] = f"Upgrade {match.component.name} to {match.fixed[0]} or later."
    affects: Json = {"ref": reference(match.component)}
    if match.component.version:
        affects["versions"] = [{"version": match.component.version, "status": "affected"}]
    found["affects"] = [affects]
    if match.vex is not None:
        analysis: Json = {"state": _STATES[match.vex.status]}
        justification = _JUSTIFICATIONS.get(match.vex.justification)
        if justification:
            analysis["justification"] = justification
        if match.vex.reason:
            analysis["detail"] = match.vex.reason
        found["analysis"] = analysis
    elif match.exposure is Exposure.POSSIBLE:
        found["analysis"] = {
            "state": "in_triage",
            "detail": f"The version is not pinned: {match.component.specifier or 'any'} allows an affected one.",
        }
    return found


def _method(vector: str) -> str:
    for start, name in (("CVSS:4", "CVSSv4"), ("CVSS:3.1", "CVSSv31"), ("CVSS:3", "CVSSv3"), ("AV:", "CVSSv2")):
        if vector.startswith(start):
            return name
    return ""


def _authority(name: str) -> str:
    return {"CVE": "CVE", "GHSA": "GitHub", "PYSEC": "PyPA"}.get(name.partition("-")[0], "OSV")


def spdx(match: Match, spdx_id: str) -> Json:
    """A ``security_Vulnerability`` element."""
    identifiers = [
        {
            "type": "ExternalIdentifier",
            "externalIdentifierType": "cve" if name.startswith("CVE-") else "securityOther",
            "identifier": name,
        }
        for name in match.names
    ]
    made: Json = {"type": "security_Vulnerability", "spdxId": spdx_id, "creationInfo": "_:creationinfo"}
    made |= {"name": match.id, "externalIdentifier": identifiers}
    if match.summary:
        made["summary"] = match.summary
    return made
