"""Bills of materials as JSON of our own: every field of ``violet.domain.bom``, by its name.

``{"schema": "violet/bom/1", "subject": {...}, "facts": {...}, "components": [...], "datasets": [...], "relations":
[{"source", "kind", "target"}], "references": [...], "properties": [...], "models": {reference: facts}, "gaps": [...],
"conflicts": [...]}``, and ``vulnerabilities`` and ``unknown`` (packages of which nothing can be told) where these
were asked for; components and datasets have their ``reference``. Differences: ``{"schema":
"violet/bom-difference/1", "before", "after", "changed", "subject": [change], "facts": [change], "components":
[change], "licenses": [change], "datasets": [change]}`` with changes as ``{"what", "kind", "before", "after"}``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from violet.domain.bom import Bom, BomDifference, Change, Dataset, ModelFacts, reference

if TYPE_CHECKING:
    from violet.domain.asset import Digest
    from violet.domain.component import Component
    from violet.domain.vulnerability import VulnerabilityReport

BOM_SCHEMA = "violet/bom/1"
DIFFERENCE_SCHEMA = "violet/bom-difference/1"


def bom_json(bom: Bom, known: VulnerabilityReport | None = None) -> str:
    """The bill; with what is known of its packages, where that was asked for."""
    content: dict[str, Any] = {
        "schema": BOM_SCHEMA,
        "subject": component(bom.subject),
        "facts": facts(bom.facts),
        "components": [component(part) for part in bom.components],
        "datasets": [dataset(part) for part in bom.datasets],
        "relations": [{"source": r.source, "kind": r.kind, "target": r.target} for r in bom.relations],
        "references": [
            {"kind": r.kind, "location": r.location, "digests": digests(r.digests), "comment": r.comment}
            for r in bom.references
        ],
        "properties": [{"part": p.part, "name": p.name, "value": p.value} for p in bom.properties],
        "models": {ref: facts(found) for ref, found in bom.models},
        "gaps": list(bom.gaps),
        "conflicts": list(bom.conflicts),
    }
    if known is not None:
        content["vulnerabilities"] = [
            {
                "id": match.id,
                "aliases": list(match.aliases),
                "component": reference(match.component),
                "severity": str(match.severity) if match.severity is not None else None,
                "score": match.score,
                "vector": match.vector,
                "exposure": str(match.exposure),
                "fixed": list(match.fixed),
                "summary": match.summary,
                "suppressed": match.suppressed,
            }
            for match in (*known.matches, *known.suppressed)
        ]
        content["unknown"] = [skipped.reason for skipped in known.skipped]
    return json.dumps(content, indent=2, ensure_ascii=True) + "\n"


def component(part: Component) -> dict[str, Any]:
    return {
        "reference": reference(part),
        "type": part.type,
        "name": part.name,
        "version": part.version,
        "ecosystem": part.ecosystem,
        "purl": part.purl,
        "specifier": part.specifier,
        "digests": digests(part.hashes),
        "licenses": list(part.licenses),
        "origin": part.origin,
    }


def dataset(part: Dataset) -> dict[str, Any]:
    return {
        "reference": reference(part),
        "name": part.name,
        "role": part.role,
        "digests": digests(part.digests),
        "licenses": list(part.licenses),
        "location": part.location,
        "origin": part.origin,
        "size": part.size if part.size >= 0 else None,
    }


def facts(found: ModelFacts) -> dict[str, Any]:
    return {
        "format": found.format,
        "framework": found.framework,
        "framework_version": found.framework_version,
        "architecture": found.architecture,
        "family": found.family,
        "task": found.task,
        "approach": found.approach,
        "tensors": found.tensors,
        "parameters": found.parameters,
        "parameters_claimed": found.parameters_claimed,
        "dtypes": dict(found.dtypes),
        "quantisation": found.quantisation,
        "inputs": [{"name": s.name, "dtype": s.dtype, "shape": list(s.shape)} for s in found.inputs],
        "outputs": [{"name": s.name, "dtype": s.dtype, "shape": list(s.shape)} for s in found.outputs],
        "tokenizer": found.tokenizer,
        "base_models": list(found.base_models),
        "licenses": list(found.licenses),
        "languages": list(found.languages),
        "hyperparameters": [{"name": name, "value": value} for name, value in found.hyperparameters],
        "metrics": [{"name": m.name, "value": m.value, "dataset": m.dataset} for m in found.metrics],
        "considerations": [{"kind": kind, "text": text} for kind, text in found.considerations],
        "classes": list(found.classes),
        "producer": found.producer,
        "version": found.version,
        "description": found.description,
        "location": found.location,
        "created": found.created,
        "sources": [
            {"fact": s.fact, "value": s.value, "basis": str(s.basis), "origin": s.origin} for s in found.sources
        ],
        "conflicts": list(found.conflicts),
    }


def digests(found: tuple[Digest, ...]) -> list[dict[str, str]]:
    return [{"algorithm": d.algorithm, "value": d.value} for d in found]


def difference_json(found: BomDifference) -> str:
    def changes(items: tuple[Change, ...]) -> list[dict[str, str]]:
        return [{"what": c.what, "kind": c.kind, "before": c.before, "after": c.after} for c in items]

    content = {
        "schema": DIFFERENCE_SCHEMA,
        "before": found.before,
        "after": found.after,
        "changed": not found.empty,
        "subject": changes(found.subject),
        "facts": changes(found.facts),
        "components": changes(found.components),
        "licenses": changes(found.licenses),
        "datasets": changes(found.datasets),
    }
    return json.dumps(content, indent=2, ensure_ascii=True) + "\n"
