"""Write a bill of materials as CycloneDX 1.6 or 1.7 in JSON (ECMA-424).

What has a field of its own there stands in it; every other fact is a property whose name begins with ``violet:``.
The same bill gives the same bytes: the serial number is made of the content, and there is no time in it unless one
is given.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from typing import TYPE_CHECKING, Any

from violet.domain.bom import MODEL, SINGLE, Bom, Dataset, ModelFacts, reference
from violet.domain.component import Component
from violet.provenance.bom.licenses import expression, is_single

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from violet.domain.asset import Digest
    from violet.domain.vulnerability import Match

VERSIONS = ("1.6", "1.7")
ALGORITHMS = {
    "md5": ("MD5", 32), "sha1": ("SHA-1", 40), "sha256": ("SHA-256", 64), "sha384": ("SHA-384", 96),
    "sha512": ("SHA-512", 128), "sha3-256": ("SHA3-256", 64), "sha3-384": ("SHA3-384", 96),
    "sha3-512": ("SHA3-512", 128), "blake2b-256": ("BLAKE2b-256", 64), "blake2b-384": ("BLAKE2b-384", 96),
    "blake2b": ("BLAKE2b-512", 128), "blake3": ("BLAKE3", 64),
}  # fmt: skip
"""Names of algorithms here and there, and the length of their digests in hexadecimal."""
TYPES = frozenset(
    "application framework library container platform operating-system device device-driver firmware file"
    " machine-learning-model data cryptographic-asset".split()
)
APPROACHES = ("supervised", "unsupervised", "reinforcement-learning", "semi-supervised", "self-supervised")
REFERENCES = {
    "signature": "digital-signature", "attestation": "attestation", "model-card": "model-card", "website": "website",
    "distribution": "distribution", "other": "other",
}  # fmt: skip
CONSIDERATIONS = {"users": "users", "use-cases": "useCases", "limitations": "technicalLimitations",
                  "trade-offs": "performanceTradeoffs"}  # fmt: skip
"""Kinds of considerations that are plain lists of texts there."""
IN_CARD = ("architecture", "family", "task", "approach")
"""Facts with a field in ``modelCard.modelParameters``."""

Json = dict[str, Any]


def document(
    bom: Bom, tool_version: str, *, spec_version: str = "1.6", timestamp: str = "", matches: Sequence[Match] = ()
) -> Json:
    """The bill as a CycloneDX document, ready for ``json.dumps``. ``timestamp`` is in RFC 3339; ``matches`` are known
    vulnerabilities of its components."""
    return _Writer(bom, spec_version).document(tool_version, timestamp, matches)


def text(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


class _Writer:
    def __init__(self, bom: Bom, spec_version: str) -> None:
        self.bom = bom
        self.spec_version = spec_version
        self.subject = reference(bom.subject)
        self.facts = {self.subject: bom.facts, **dict(bom.models)}
        self.by_source: dict[tuple[str, str], list[str]] = {}
        for relation in bom.relations:
            self.by_source.setdefault((relation.source, relation.kind), []).append(relation.target)
        self.parts = {reference(part): part for part in bom.components}
        self.datasets = {reference(part): part for part in bom.datasets}

    def document(self, tool_version: str, timestamp: str, matches: Sequence[Match]) -> Json:
        nested = [r for r in self._of(self.subject, "contains") if r in self.parts]
        ancestors = [r for r in self._of(self.subject, "derived-from") if r in self.parts]
        subject = self.component(self.subject, self.bom.subject)
        if ancestors:
            subject["pedigree"] = {"ancestors": [self.component(r, self.parts[r]) for r in ancestors]}
        external = self._external()
        if external:
            subject["externalReferences"] = external
        if nested:
            subject["components"] = [self.component(r, self.parts[r]) for r in nested]
        placed = {*nested, *ancestors}
        components = [self.component(r, part) for r, part in self.parts.items() if r not in placed]
        components += [self.dataset(r, part) for r, part in self.datasets.items()]
        metadata: Json = {}
        if timestamp:
            metadata["timestamp"] = timestamp
        if self.bom.subject.type == MODEL:
            metadata["lifecycles"] = [{"phase": "post-build"}]
        tool = {"type": "application", "name": "violet", "version": tool_version}
        metadata["tools"] = {"components": [tool]}
        metadata["component"] = subject
        properties = [(p.name, p.value) for p in self.bom.properties if not p.part]
        properties += [("violet:gap", gap) for gap in self.bom.gaps]
        properties += [("violet:conflict", conflict) for conflict in self.bom.conflicts]
        if properties:
            metadata["properties"] = _properties(properties)
        content: Json = {"metadata": metadata, "components": components}
        endpoints = [r.location for r in self.bom.references if r.kind == "endpoint"]
        if endpoints:
            content["services"] = [
                {"bom-ref": f"service:{_digest_of(url)[:12]}", "name": self.bom.subject.name, "endpoints": [url]}
                for url in endpoints
            ]
        content["dependencies"] = self._dependencies()
        if matches:
            from violet.provenance.bom import advisories

            content["vulnerabilities"] = advisories.cyclonedx(matches)
        head: Json = {
            "$schema": f"http://cyclonedx.org/schema/bom-{self.spec_version}.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": self.spec_version,
        }
        # RFC 4122 version 5: the name is the content, so that equal bills have equal serial numbers.
        canonical = json.dumps([head, content], sort_keys=True, separators=(",", ":"))
        serial = uuid.uuid5(uuid.NAMESPACE_URL, f"violet:bom:{_digest_of(canonical)}")
        return {**head, "serialNumber": serial.urn, "version": 1, **content}

    def _of(self, source: str, kind: str) -> list[str]:
        return list(dict.fromkeys(self.by_source.get((source, kind), ())))

    def _dependencies(self) -> list[Json]:
        sources = {source for source, kind in self.by_source if kind == "depends-on"}
        known = {self.subject, *self.parts, *self.datasets}
        entries: list[Json] = []
        for source in [self.subject, *sorted(sources - {self.subject})]:
            targets = sorted(t for t in self._of(source, "depends-on") if t in known)
            if source in known:
                entries.append({"ref": source, "dependsOn": targets} if targets else {"ref": source})
        return entries

    def component(self, ref: str, part: Component) -> Json:
        found: Json = {"type": part.type if part.type in TYPES else "library", "bom-ref": ref, "name": part.name}
        if part.version:
            found["version"] = part.version
        scope = self._property(ref, "violet:scope")
        if scope and part is not self.bom.subject:
            found["scope"] = "optional"
        description = self.facts[ref].description if ref in self.facts else self._property(ref, "description")
        if description:
            found["description"] = description
        hashes, other = _hashes(part.hashes)
        if hashes:
            found["hashes"] = hashes
        if part.licenses:
            found["licenses"] = licenses(part.licenses)
        if part.purl:
            found["purl"] = part.purl
        if part.origin:
            found["evidence"] = {"occurrences": [_occurrence(part.origin)]}
        if ref in self.facts and part.type == MODEL:
            found["modelCard"] = self.card(ref, self.facts[ref])
        properties = [(f"violet:{d.algorithm}", d.value) for d in other]
        if part.specifier:
            properties.append(("violet:specifier", part.specifier))
        if part.ecosystem and not part.purl:
            properties.append(("violet:ecosystem", part.ecosystem))
        if part.type not in TYPES:
            properties.append(("violet:type", part.type))
        properties += [(p.name, p.value) for p in self.bom.properties if p.part == ref and p.name != "description"]
        properties += self._other_relations(ref)
        if ref in self.facts and part.type != MODEL:  # only models may have a card
            properties += [(f"violet:{k}", getattr(self.facts[ref], k)) for k in IN_CARD if getattr(self.facts[ref], k)]
            properties += fact_properties(self.facts[ref])
        if properties:
            found["properties"] = _properties(properties)
        return found

    def _other_relations(self, ref: str) -> Iterable[tuple[str, str]]:
        """What CycloneDX has no place for: parts and ancestors of what is not the subject."""
        if ref == self.subject:
            return
        for kind in ("contains", "derived-from"):
            for target in self._of(ref, kind):
                yield f"violet:{kind}", target

    def _property(self, ref: str, name: str) -> str:
        return next((p.value for p in self.bom.properties if p.part == ref and p.name == name), "")

    def dataset(self, ref: str, part: Dataset) -> Json:
        found: Json = {"type": "data", "bom-ref": ref, "name": part.name}
        hashes, other = _hashes(part.digests)
        if hashes:
            found["hashes"] = hashes
        if part.licenses:
            found["licenses"] = licenses(part.licenses)
        if part.origin:
            found["evidence"] = {"occurrences": [_occurrence(part.origin)]}
        data: Json = {"type": "dataset", "name": part.name}
        if part.location and _is_reference(part.location):
            data["contents"] = {"url": part.location}
        found["data"] = [data]
        properties = [("violet:role", part.role)] + [(f"violet:{d.algorithm}", d.value) for d in other]
        if part.location and not _is_reference(part.location):
            properties.append(("violet:location", part.location))
        if part.size >= 0:
            properties.append(("violet:size", str(part.size)))
        properties += [(p.name, p.value) for p in self.bom.properties if p.part == ref]
        found["properties"] = _properties(properties)
        return found

    def card(self, ref: str, facts: ModelFacts) -> Json:
        parameters: Json = {}
        if facts.approach in APPROACHES:
            parameters["approach"] = {"type": facts.approach}
        for key, value in (
            ("task", facts.task), ("architectureFamily", facts.family), ("modelArchitecture", facts.architecture)
        ):  # fmt: skip
            if value:
                parameters[key] = value
        data = [r for kind in ("trained-on", "tested-on") for r in self._of(ref, kind) if r in self.datasets]
        if data:
            parameters["datasets"] = [{"ref": r} for r in dict.fromkeys(data)]
        if facts.inputs:
            parameters["inputs"] = [{"format": str(spec)} for spec in facts.inputs]
        if facts.outputs:
            parameters["outputs"] = [{"format": str(spec)} for spec in facts.outputs]
        card: Json = {"modelParameters": parameters} if parameters else {}
        if facts.metrics:
            card["quantitativeAnalysis"] = {
                "performanceMetrics": [
                    {"type": m.name, "value": m.value, **({"slice": m.dataset} if m.dataset else {})}
                    for m in facts.metrics
                ]
            }
        considerations = _considerations(facts)
        if considerations:
            card["considerations"] = considerations
        properties = _properties(fact_properties(facts))
        if properties:
            card["properties"] = properties
        return card

    def _external(self) -> list[Json]:
        found: list[Json] = []
        facts = self.bom.facts
        if facts.location and _is_reference(facts.location):
            found.append({"type": "distribution", "url": facts.location})
        for entry in self.bom.references:
            if entry.kind == "endpoint" or not _is_reference(entry.location):
                continue
            made: Json = {"type": REFERENCES.get(entry.kind, "other"), "url": entry.location}
            if entry.comment:
                made["comment"] = entry.comment
            hashes, _ = _hashes(entry.digests)
            if hashes:
                made["hashes"] = hashes
            found.append(made)
        return found


def fact_properties(facts: ModelFacts) -> list[tuple[str, str]]:
    """The facts that have no field of their own, with the places where all of them were read."""
    found: list[tuple[str, str]] = []
    for name in SINGLE:
        value = getattr(facts, name)
        if value in ("", None) or name == "description" or (name in IN_CARD and name != "approach"):
            continue
        if name == "approach" and value in APPROACHES:
            continue
        if name == "location" and _is_reference(value):
            continue
        found.append((f"violet:{name}", str(value)))
    found += [(f"violet:dtype:{dtype}", str(number)) for dtype, number in facts.dtypes]
    found += [("violet:base_model", name) for name in facts.base_models]
    found += [("violet:license", name) for name in facts.licenses]
    found += [("violet:language", name) for name in facts.languages]
    found += [("violet:class", name) for name in facts.classes]
    found += [(f"violet:hyperparameter:{name}", value) for name, value in facts.hyperparameters]
    plain = (*CONSIDERATIONS, "ethics")
    found += [(f"violet:consideration:{kind}", value) for kind, value in facts.considerations if kind not in plain]
    for source in facts.sources:
        found.append((f"violet:source:{source.fact}", f"{source.basis} {source.origin} = {source.value}"))
    found += [("violet:fact-conflict", conflict) for conflict in facts.conflicts]
    return found


def _considerations(facts: ModelFacts) -> Json:
    found: Json = {}
    for kind, value in facts.considerations:
        if kind in CONSIDERATIONS:
            found.setdefault(CONSIDERATIONS[kind], []).append(value)
        elif kind == "ethics":
            found.setdefault("ethicalConsiderations", []).append({"name": value})
    return found


def licenses(names: Iterable[str]) -> list[Json]:
    """Licences as CycloneDX writes them: one expression alone, or a list of identifiers and names."""
    entries = list(dict.fromkeys(names))
    if len(entries) == 1 and not is_single(entries[0]) and expression(entries[0]):
        return [{"expression": expression(entries[0])}]
    return [
        {"license": {"id": expression(name)} if is_single(name) else {"name": name or "unknown"}} for name in entries
    ]


def _hashes(digests: Iterable[Digest]) -> tuple[list[Json], list[Digest]]:
    """Digests of files, and those of a kind that CycloneDX does not know."""
    known: list[Json] = []
    other: list[Digest] = []
    for digest in digests:
        name, length = ALGORITHMS.get(digest.algorithm.lower(), ("", 0))
        if name and len(digest.value) == length and not digest.value.strip("0123456789abcdefABCDEF"):
            known.append({"alg": name, "content": digest.value.lower()})
        else:
            other.append(digest)
    return known, other


def _occurrence(origin: str) -> Json:
    path, colon, line = origin.rpartition(":")
    if colon and line.isdigit() and len(line) < 10 and path:
        return {"location": path, "line": int(line)}
    return {"location": origin}


def _is_reference(location: str) -> bool:
    """Whether it may stand where an IRI reference must: without spaces and characters that IRIs do not have."""
    return bool(location) and not any(c in ' "<>\\^`{|}\n' or not c.isprintable() for c in location)


def _properties(pairs: Iterable[tuple[str, str]]) -> list[Mapping[str, str]]:
    return [{"name": name, "value": value} for name, value in dict.fromkeys(pairs)]


def _digest_of(content: str) -> str:
    return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()
