"""Write a bill of materials as SPDX 3.0.1 in JSON-LD, with the AI and Dataset profiles.

Facts for which the model has no property stand in the extension that SPDX defines for properties of CycloneDX
(``CdxPropertiesExtension``), with names that begin with ``violet:``.

The AI and Dataset profiles want facts that an artifact rarely tells (who supplies it, when it was released, where it
is downloaded from). What is not known is not made up: a document claims conformance to a profile only where all that
the profile requires is known, and its comment says what is missing otherwise.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import uuid
from typing import TYPE_CHECKING, Any

from violet.domain.bom import MODEL, Bom, Dataset, ModelFacts, Relation, reference
from violet.domain.component import Component
from violet.provenance.bom.cyclonedx import IN_CARD, fact_properties
from violet.provenance.bom.licenses import expression

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from violet.domain.asset import Digest
    from violet.domain.vulnerability import Match

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
VERSION = "3.0.1"
NO_LICENSE = "expandedlicensing_NoAssertionLicense"
ALGORITHMS = {
    "md5": "md5", "sha1": "sha1", "sha224": "sha224", "sha256": "sha256", "sha384": "sha384", "sha512": "sha512",
    "sha3-256": "sha3_256", "sha3-384": "sha3_384", "sha3-512": "sha3_512", "blake2b-256": "blake2b256",
    "blake2b-384": "blake2b384", "blake2b": "blake2b512", "blake3": "blake3",
}  # fmt: skip
PURPOSES = {
    "library": "library", "framework": "framework", "application": "application", "container": "container",
    "platform": "platform", "operating-system": "operatingSystem", "device": "device", "firmware": "firmware",
    "device-driver": "deviceDriver", "file": "file", MODEL: "model", "data": "data",
}  # fmt: skip
RELATIONS = {"depends-on": "dependsOn", "contains": "contains", "trained-on": "trainedOn", "tested-on": "testedOn",
             "derived-from": "descendantOf"}  # fmt: skip
UNTIMED = "1970-01-01T00:00:00Z"
UNTIMED_NOTE = (
    "The time of creation is left out, so that the same artifact always gives the same document."
    " It is stated with: violet bom --timestamp"
)
AI_REQUIRES = {"suppliedBy": "supplier", "releaseTime": "time of release", "software_downloadLocation": "location",
               "software_packageVersion": "version"}  # fmt: skip
"""What the AI profile requires of a package (AIPackage, "External properties restrictions"), beside what is always
written."""
ORIGINATOR, BUILT, RELEASED = "violet:originator", "violet:built", "violet:released"
"""Properties of a data set that the Dataset profile has fields for."""
DATASET_REQUIRES = ("builtTime", "originatedBy", "releaseTime", "software_downloadLocation")

Json = dict[str, Any]


def document(bom: Bom, tool_version: str, *, timestamp: str = "", matches: Sequence[Match] = ()) -> Json:
    """The bill as an SPDX document, ready for ``json.dumps``. ``timestamp`` is in RFC 3339, in UTC; ``matches`` are
    known vulnerabilities of its components."""
    return _Writer(bom, tool_version, timestamp).document(matches)


def text(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True) + "\n"


class _Writer:
    def __init__(self, bom: Bom, tool_version: str, timestamp: str) -> None:
        self.bom = bom
        self.subject = reference(bom.subject)
        self.facts = {self.subject: bom.facts, **dict(bom.models)}
        self.tool_version = tool_version
        self.created, self.untimed = _created(timestamp)
        # RFC 4122 version 5: the name is the content, so that equal bills have equal identifiers.
        content = f"{tool_version}\0{self.created}\0{bom!r}".encode("utf-8", "surrogatepass")
        self.base = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, hashlib.sha256(content).hexdigest())}"
        self.elements: list[Json] = []
        self.licenses: dict[str, str] = {}
        self.missing: set[str] = set()
        self.uses_ai = self.uses_data = False
        self.optional = {p.part for p in bom.properties if p.name == "violet:scope" and p.part}

    def id(self, name: str) -> str:
        return f"{self.base}#{name}"

    def document(self, matches: Sequence[Match] = ()) -> Json:
        info: Json = {
            "type": "CreationInfo",
            "@id": "_:creationinfo",
            "specVersion": VERSION,
            "created": self.created,
            "createdBy": [self.id("violet")],
            "createdUsing": [self.id("violet-tool")],
        }
        if self.untimed:
            info["comment"] = UNTIMED_NOTE
        agent = {"type": "SoftwareAgent", **self._common("violet"), "name": "violet"}
        tool = {"type": "Tool", **self._common("violet-tool"), "name": f"violet {self.tool_version}"}
        supplier = self._supplier()
        subject = self.part(self.subject, self.bom.subject)
        for part in self.bom.components:
            self.part(reference(part), part)
        for data in self.bom.datasets:
            self.dataset(reference(data), data)
        self._relationships()
        self._vulnerabilities(matches)
        sbom: Json = {"type": "software_Sbom", **self._common("sbom"), "software_sbomType": ["analyzed"]}
        sbom["rootElement"] = [subject["spdxId"]]
        sbom["element"] = [element["spdxId"] for element in self.elements]
        notes = [p for p in self.bom.properties if not p.part]
        extra = [(p.name, p.value) for p in notes]
        extra += [("violet:gap", gap) for gap in self.bom.gaps]
        extra += [("violet:conflict", conflict) for conflict in self.bom.conflicts]
        if extra:
            sbom["extension"] = [_extension(extra)]
        everything = [agent, tool, *supplier, *self.elements, sbom]
        top: Json = {
            "type": "SpdxDocument",
            **self._common("document"),
            "name": self.bom.subject.name,
            "profileConformance": self._profiles(),
            "rootElement": [sbom["spdxId"]],
            "element": [element["spdxId"] for element in everything],
        }
        if self.missing:
            names = ", ".join(sorted(self.missing))
            top["comment"] = f"Not conformant to every profile that it uses, because these are not known: {names}."
        return {"@context": CONTEXT, "@graph": [info, top, *everything]}

    def _common(self, name: str) -> Json:
        return {"spdxId": self.id(name), "creationInfo": "_:creationinfo"}

    def _profiles(self) -> list[str]:
        found = ["core", "software", "simpleLicensing"]
        if self.uses_ai and not any(text.startswith("the model's") for text in self.missing):
            found.append("ai")
        if self.uses_data and not any(text.startswith("a data set's") for text in self.missing):
            found.append("dataset")
        return [*found, "extension"]

    def _supplier(self) -> list[Json]:
        """Who supplies each model, or made each data set, as an agent of that name."""
        originators = {p.value for p in self.bom.properties if p.name == ORIGINATOR and p.value}
        names = sorted({facts.producer for facts in self.facts.values() if facts.producer} | originators)
        return [{"type": "Agent", **self._common(_slug("agent", name)), "name": name} for name in names]

    def part(self, ref: str, part: Component) -> Json:
        facts = self.facts.get(ref, ModelFacts())
        made: Json
        if part.type == MODEL:
            made = {"type": "ai_AIPackage", **self._common(_slug(part.name, ref)), "name": part.name}
            self._model(made, facts, known=ref in self.facts)
        elif part.type == "file":
            made = {"type": "software_File", **self._common(_slug(part.name, ref)), "name": part.name}
        else:
            made = {"type": "software_Package", **self._common(_slug(part.name, ref)), "name": part.name}
        made["software_primaryPurpose"] = PURPOSES.get(part.type, "other")
        if part.type != "file":
            if part.version:
                made["software_packageVersion"] = part.version
            if part.purl:
                made["software_packageUrl"] = part.purl
        if part.type == MODEL and ref in self.facts:
            self.missing |= {f"the model's {what}" for key, what in AI_REQUIRES.items() if key not in made}
        if part.hashes:
            made["verifiedUsing"] = [_hash(digest) for digest in part.hashes]
        properties = [("violet:type", part.type)] if part.type not in PURPOSES else []
        properties += [(f"violet:{k}", v) for k, v in (("specifier", part.specifier), ("origin", part.origin)) if v]
        if part.ecosystem and not part.purl:
            properties.append(("violet:ecosystem", part.ecosystem))
        if part.type == "file" and (part.version or part.purl):
            properties += [(f"violet:file-{k}", v) for k, v in (("version", part.version), ("purl", part.purl)) if v]
        properties += self._fact_properties(facts)
        properties += [("violet:part-license", name) for name in part.licenses if _needs_property(part.licenses)]
        properties += [(p.name, p.value) for p in self.bom.properties if p.part == ref]
        if properties:
            made["extension"] = [_extension(properties)]
        if ref == self.subject:
            references = self._references()
            if references:
                made["externalRef"] = references
        self.elements.append(made)
        declared = self._license(part.licenses)
        self._relate(ref, made["spdxId"], "hasDeclaredLicense", declared)
        if part.type == MODEL:
            self._relate(ref, made["spdxId"], "hasConcludedLicense", NO_LICENSE)
        return made

    def _fact_properties(self, facts: ModelFacts) -> list[tuple[str, str]]:
        found = [(f"violet:{name}", getattr(facts, name)) for name in IN_CARD if getattr(facts, name)]
        found += [pair for pair in fact_properties(facts) if not pair[0].startswith("violet:consideration:")]
        found += [(f"violet:consideration:{kind}", value) for kind, value in facts.considerations]
        found += [("violet:location", facts.location)] if facts.location else []
        found += [("violet:input", str(spec)) for spec in facts.inputs]
        found += [("violet:output", str(spec)) for spec in facts.outputs]
        for metric in facts.metrics:
            shown = f"{metric.value} on {metric.dataset}" if metric.dataset else metric.value
            found.append((f"violet:metric:{metric.name}", shown))
        return found

    def _model(self, made: Json, facts: ModelFacts, *, known: bool) -> None:
        self.uses_ai = self.uses_ai or known
        if facts.description:
            made["description"] = facts.description
        if facts.producer:
            made["suppliedBy"] = self.id(_slug("agent", facts.producer))
        if _is_time(facts.created):
            made["releaseTime"] = facts.created
        if facts.location and re.match(r"[a-z][a-z0-9+.-]*:", facts.location):
            made["software_downloadLocation"] = facts.location
        kinds = [text for text in (facts.approach, facts.family, facts.architecture) if text]
        if kinds:
            made["ai_typeOfModel"] = list(dict.fromkeys(kinds))
        if facts.task:
            made["ai_domain"] = [facts.task]
        if facts.hyperparameters:
            made["ai_hyperparameter"] = [_entry(name, value) for name, value in facts.hyperparameters]
        if facts.metrics:
            made["ai_metric"] = [
                _entry(f"{m.name} ({m.dataset})" if m.dataset else m.name, m.value) for m in facts.metrics
            ]
        for key, wanted in (
            ("ai_informationAboutTraining", ("training",)),
            ("ai_informationAboutApplication", ("users", "use-cases")),
            ("ai_limitation", ("limitations", "trade-offs", "ethics")),
        ):
            texts = [text for kind, text in facts.considerations if kind in wanted]
            if texts:
                made[key] = "\n\n".join(texts)
        for key, kind_wanted in (
            ("ai_modelDataPreprocessing", "preprocessing"),
            ("ai_modelExplainability", "explainability"),
        ):
            texts = [text for kind, text in facts.considerations if kind == kind_wanted]
            if texts:
                made[key] = texts

    def dataset(self, ref: str, part: Dataset) -> None:
        self.uses_data = True
        made: Json = {"type": "dataset_DatasetPackage", **self._common(_slug(part.name, ref)), "name": part.name}
        made["dataset_datasetType"] = ["noAssertion"]
        made["software_primaryPurpose"] = "data"
        if part.size >= 0:
            made["dataset_datasetSize"] = part.size
        if part.location and re.match(r"[a-z][a-z0-9+.-]*:", part.location) and " " not in part.location:
            made["software_downloadLocation"] = part.location
        if part.digests:
            made["verifiedUsing"] = [_hash(digest) for digest in part.digests]
        stated = {p.name: p.value for p in self.bom.properties if p.part == ref}
        if stated.get(ORIGINATOR):
            made["originatedBy"] = [self.id(_slug("agent", stated[ORIGINATOR]))]
        for name, key in ((BUILT, "builtTime"), (RELEASED, "releaseTime")):
            if _is_time(stated.get(name, "")):
                made[key] = stated[name]
        self.missing |= {f"a data set's {key.removeprefix('software_')}" for key in DATASET_REQUIRES if key not in made}
        properties = [("violet:role", part.role)]
        properties += [(f"violet:{k}", v) for k, v in (("origin", part.origin), ("location", part.location)) if v]
        properties += [("violet:part-license", name) for name in part.licenses if _needs_property(part.licenses)]
        properties += [(p.name, p.value) for p in self.bom.properties if p.part == ref]
        made["extension"] = [_extension(properties)]
        self.elements.append(made)
        self._relate(ref, made["spdxId"], "hasDeclaredLicense", self._license(part.licenses))

    def _references(self) -> list[Json]:
        found: list[Json] = []
        for entry in self.bom.references:
            comment = entry.kind + (f": {entry.comment}" if entry.comment else "")
            comment += "".join(f" {digest}" for digest in entry.digests)
            kind = {"model-card": "documentation", "website": "altWebPage"}.get(entry.kind, "other")
            found.append(
                {"type": "ExternalRef", "externalRefType": kind, "locator": [entry.location], "comment": comment}
            )
        return found

    # -- licences and relationships --------------------------------------------------------------

    def _license(self, names: tuple[str, ...]) -> str:
        """The element of a licence expression; names that are no expression become references of their own."""
        if not names:
            return NO_LICENSE
        terms: list[str] = []
        custom: list[Json] = []
        for name in names:
            known = expression(name)
            if not known:
                known = "LicenseRef-" + (re.sub(r"[^A-Za-z0-9.-]+", "-", name).strip("-")[:60] or "unnamed")
                custom.append(_entry(known, self._license_text(name)))
            terms.append(f"({known})" if " OR " in known and len(names) > 1 else known)
        joined = " AND ".join(dict.fromkeys(terms))
        key = f"{joined}\0{custom!r}"
        if key not in self.licenses:
            name = _slug("license", key)
            made: Json = {"type": "simplelicensing_LicenseExpression", **self._common(name)}
            made["simplelicensing_licenseExpression"] = joined
            if custom:
                made["simplelicensing_customIdToUri"] = custom
            self.elements.append(made)
            self.licenses[key] = made["spdxId"]
        return self.licenses[key]

    def _license_text(self, name: str) -> str:
        ref = _slug("license-text", name)
        if f"text\0{name}" not in self.licenses:
            made: Json = {"type": "simplelicensing_SimpleLicensingText", **self._common(ref), "name": name}
            made["simplelicensing_licenseText"] = f"Only the name of this licence is known: {name}"
            self.elements.append(made)
            self.licenses[f"text\0{name}"] = made["spdxId"]
        return self.licenses[f"text\0{name}"]

    def _relate(self, key: str, source: str, kind: str, *targets: str) -> None:
        name = _slug("relationship", f"{key}\0{kind}\0{targets}")
        made: Json = {"type": "Relationship", **self._common(name), "from": source}
        self.elements.append({**made, "relationshipType": kind, "to": list(targets)})

    def _relationships(self) -> None:
        ids = {reference(part): self.id(_slug(part.name, reference(part))) for part in self.bom.components}
        ids |= {reference(part): self.id(_slug(part.name, reference(part))) for part in self.bom.datasets}
        ids[self.subject] = self.id(_slug(self.bom.subject.name, self.subject))
        grouped: dict[tuple[str, str], list[str]] = {}
        for relation in self.bom.relations:
            if relation.source in ids and relation.target in ids:
                grouped.setdefault((relation.source, self._kind(relation)), []).append(ids[relation.target])
        for (source, kind), targets in grouped.items():
            self._relate(source, ids[source], kind, *dict.fromkeys(targets))

    def _vulnerabilities(self, matches: Sequence[Match]) -> None:
        from violet.provenance.bom import advisories

        made: set[str] = set()
        for match in matches:
            if match.suppressed:
                continue
            identifier = self.id(_slug(match.id, f"vulnerability\0{match.id}"))
            if identifier not in made:
                made.add(identifier)
                self.elements.append(advisories.spdx(match, identifier))
            ref = reference(match.component)
            part = self.id(_slug(match.component.name, ref))
            self._relate(ref, part, "hasAssociatedVulnerability", identifier)

    def _kind(self, relation: Relation) -> str:
        if relation.kind == "depends-on" and relation.target in self.optional:
            return "hasOptionalDependency"
        return RELATIONS.get(relation.kind, "other")


def _created(timestamp: str) -> tuple[str, bool]:
    if timestamp:
        return timestamp, False
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit() and len(epoch) < 12:
        import datetime

        moment = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ"), False
    return UNTIMED, True


def _is_time(value: str) -> bool:
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None


def _entry(key: str, value: str) -> Json:
    return {"type": "DictionaryEntry", "key": key, "value": value}


def _hash(digest: Digest) -> Json:
    name = ALGORITHMS.get(digest.algorithm.lower())
    if name:
        return {"type": "Hash", "algorithm": name, "hashValue": digest.value.lower()}
    return {"type": "Hash", "algorithm": "other", "hashValue": digest.value, "comment": digest.algorithm}


def _extension(pairs: Iterable[tuple[str, str]]) -> Json:
    entries = [
        {"type": "extension_CdxPropertyEntry", "extension_cdxPropName": name, "extension_cdxPropValue": value}
        for name, value in dict.fromkeys(pairs)
    ]
    return {"type": "extension_CdxPropertiesExtension", "extension_cdxProperty": entries}


def _needs_property(names: tuple[str, ...]) -> bool:
    """Whether a joined expression would not give the licences back as they are."""
    return len(names) > 1 or any(not expression(name) for name in names)


def _slug(name: str, ref: str) -> str:
    """A fragment that tells parts apart: the name, cut down to what identifiers may hold, and a digest."""
    word = re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:50].strip("-") or "part"
    return f"{word}-{hashlib.sha256(ref.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"
