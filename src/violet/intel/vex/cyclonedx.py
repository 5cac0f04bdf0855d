"""VEX within CycloneDX bills: ``vulnerabilities[].analysis``.

Source: CycloneDX specification 1.6, "Vulnerability Exploitability Exchange".
"""

from __future__ import annotations

from typing import Any

from violet.domain.vulnerability import VexProduct, VexStatement, VexStatus
from violet.intel.vex.base import MOST_PRODUCTS, MOST_STATEMENTS, VexError, items, moment, text_of

_STATES = {
    "resolved": VexStatus.FIXED,
    "resolved_with_pedigree": VexStatus.FIXED,
    "exploitable": VexStatus.AFFECTED,
    "in_triage": VexStatus.UNDER_INVESTIGATION,
    "false_positive": VexStatus.NOT_AFFECTED,
    "not_affected": VexStatus.NOT_AFFECTED,
}
_JUSTIFICATIONS = {
    "code_not_present": "vulnerable_code_not_present",
    "code_not_reachable": "vulnerable_code_not_in_execute_path",
    "requires_configuration": "vulnerable_code_cannot_be_controlled_by_adversary",
    "requires_dependency": "component_not_present",
    "requires_environment": "vulnerable_code_cannot_be_controlled_by_adversary",
    "protected_by_compiler": "inline_mitigations_already_exist",
    "protected_at_runtime": "inline_mitigations_already_exist",
    "protected_at_perimeter": "inline_mitigations_already_exist",
    "protected_by_mitigating_control": "inline_mitigations_already_exist",
}
_DEPTH = 32


def read_cyclonedx(value: dict[str, Any], source: str, *, signers: tuple[str, ...] = ()) -> tuple[VexStatement, ...]:
    """The analyses of a bill. Those without a state, and those about nothing in it, say nothing. Raises
    ``VexError``."""
    given = value.get("metadata")
    metadata: dict[str, Any] = given if isinstance(given, dict) else {}
    purls: dict[str, str] = {}
    _collect([metadata.get("component")], purls, 0)
    _collect(value.get("components"), purls, 0)
    author = _author(metadata)
    found = []
    for number, entry in enumerate(items(value.get("vulnerabilities"), MOST_STATEMENTS, f"{source}, vulnerabilities")):
        where = f"{source}, vulnerability {number + 1}"
        if not isinstance(entry, dict) or not text_of(entry.get("id")):
            raise VexError(f"{where} has no id.")
        analysis = entry.get("analysis")
        if not isinstance(analysis, dict) or analysis.get("state") is None:
            continue
        status = _STATES.get(str(analysis["state"]))
        if status is None:
            raise VexError(f"{where} has the state {str(analysis['state'])[:40]!r}, which CycloneDX does not know.")
        word = text_of(analysis.get("justification"))
        detail = text_of(analysis.get("detail"))
        if analysis["state"] == "false_positive":
            detail = detail or "a false positive"
        if status is VexStatus.NOT_AFFECTED and word not in _JUSTIFICATIONS and not detail:
            raise VexError(f"{where} says not_affected and not why.", "It needs a justification or a detail.")
        when = analysis.get("lastUpdated") or entry.get("updated") or metadata.get("timestamp")
        products = _products(entry.get("affects"), purls, where)
        if products:
            found.append(
                VexStatement(
                    vulnerability=text_of(entry["id"]),
                    status=status,
                    products=products,
                    timestamp=moment(when, where),
                    aliases=_aliases(entry, where),
                    justification=_JUSTIFICATIONS.get(word, ""),
                    impact=detail if status is not VexStatus.AFFECTED else "",
                    action=text_of(entry.get("recommendation")) or (detail if status is VexStatus.AFFECTED else ""),
                    notes=f"CycloneDX: {word}" if word else "",
                    author=author,
                    source=source,
                    signers=signers,
                )
            )
    return tuple(found)


def _collect(components: Any, purls: dict[str, str], depth: int) -> None:
    """The purl of each component, by the reference it is known by."""
    if not isinstance(components, list) or depth > _DEPTH:
        return
    for component in components[:MOST_PRODUCTS]:
        if isinstance(component, dict):
            purl, ref = text_of(component.get("purl")), text_of(component.get("bom-ref"))
            if purl:
                purls[ref or purl] = purl
            _collect(component.get("components"), purls, depth + 1)


def _products(affects: Any, purls: dict[str, str], where: str) -> tuple[VexProduct, ...]:
    found = []
    for item in items(affects, MOST_PRODUCTS, f"{where}, affects"):
        ref = text_of(item.get("ref")) if isinstance(item, dict) else ""
        ref = ref.rpartition("#")[2] if ref.startswith("urn:cdx:") else ref
        purl = purls.get(ref, ref if ref.startswith("pkg:") else "")
        if not purl:
            continue
        versions = [
            text_of(entry.get("version"))
            for entry in items(item.get("versions"), 10_000, f"{where}, versions")
            if isinstance(entry, dict)
        ]
        if "@" in purl.partition("/")[2].rpartition("/")[2] or not versions:
            found.append(VexProduct((purl,)))
        else:  # ranges are left out: what they cover stays as it was
            found.extend(VexProduct((f"{purl}@{version}",)) for version in versions if version)
    return tuple(found)


def _aliases(entry: dict[str, Any], where: str) -> tuple[str, ...]:
    references = items(entry.get("references"), 1000, f"{where}, references")
    return tuple(filter(None, (text_of(item.get("id")) for item in references if isinstance(item, dict))))


def _author(metadata: dict[str, Any]) -> str:
    for field in ("authors", "manufacturer", "supplier"):
        given = metadata.get(field)
        for item in given if isinstance(given, list) else [given]:
            if isinstance(item, dict) and text_of(item.get("name")):
                return text_of(item["name"])
    return ""
