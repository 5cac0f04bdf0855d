"""Read SPDX 3 documents in JSON-LD, whoever wrote them.

Believes no structure: what is missing or of another type is left out, and kinds of elements that a bill of ours has
no place for are said in ``gaps``.
"""

from __future__ import annotations

import re
from typing import Any

from violet.domain import Digest
from violet.domain.bom import MODEL, Bom, Dataset, Metric, ModelFacts, Property, Reference, Relation, reference
from violet.domain.component import Component
from violet.provenance.bom.cyclonedx_reader import is_fact, own_facts
from violet.provenance.bom.licenses import normal_license
from violet.provenance.bom.observation import clean
from violet.provenance.bom.purls import ecosystem_of
from violet.provenance.bom.spdx import ALGORITHMS, PURPOSES, RELATIONS

MOST_ELEMENTS = 400_000
LONGEST = 4_000
_NAMES = {name: ours for ours, name in ALGORITHMS.items()}
_TYPES = {purpose: ours for ours, purpose in PURPOSES.items()}
_RELATIONS = {name: ours for ours, name in RELATIONS.items()} | {
    "hasOptionalDependency": "depends-on", "hasProvidedDependency": "depends-on", "hasStaticLink": "depends-on",
    "hasDynamicLink": "depends-on", "hasPrerequisite": "depends-on",
}  # fmt: skip
_PARTS = ("ai_AIPackage", "software_Package", "software_File", "dataset_DatasetPackage")
_SILENT = frozenset(
    "CreationInfo SpdxDocument software_Sbom Bom Bundle Relationship LifecycleScopedRelationship Tool Agent"
    " SoftwareAgent Organization Person simplelicensing_LicenseExpression simplelicensing_SimpleLicensingText"
    " expandedlicensing_ListedLicense expandedlicensing_CustomLicense expandedlicensing_IndividualLicensingInfo".split()
)
_OWN = frozenset(
    "violet:type violet:specifier violet:origin violet:ecosystem violet:role violet:location violet:part-license"
    " violet:file-version violet:file-purl".split()
)

Json = dict[str, Any]


def read(value: Json) -> Bom:
    """Raises ``ValueError`` for a document that describes nothing."""
    graph = value.get("@graph")
    elements = [e for e in (graph if isinstance(graph, list) else [value]) if isinstance(e, dict)]
    if len(elements) > MOST_ELEMENTS:
        raise ValueError(f"it has more than {MOST_ELEMENTS:,} elements")
    return _Reader(elements).bom()


class _Reader:
    def __init__(self, elements: list[Json]) -> None:
        self.elements = elements
        self.by_id = {i: e for e in elements if (i := _string(e.get("spdxId")) or _string(e.get("@id")))}
        self.licenses: dict[str, tuple[str, ...]] = {}
        self.refs: dict[str, str] = {}
        self.components: dict[str, Component] = {}
        self.datasets: dict[str, Dataset] = {}
        self.models: dict[str, ModelFacts] = {}
        self.properties: list[Property] = []
        self.roles: dict[str, str] = {}

    def bom(self) -> Bom:
        relations = [e for e in self.elements if _string(e.get("type")).endswith("Relationship")]
        for entry in relations:
            kind, source = _string(entry.get("relationshipType")), _string(entry.get("from"))
            for target in _texts(entry.get("to")):
                if kind == "hasDeclaredLicense":
                    self.licenses[source] = (*self.licenses.get(source, ()), *self._license(target))
                elif kind in ("trainedOn", "testedOn"):
                    self.roles.setdefault(target, "training" if kind == "trainedOn" else "testing")
        for identifier, element in self.by_id.items():
            if element.get("type") in _PARTS:
                self._part(identifier, element)
        main = self._subject()
        if main is None:
            raise ValueError("it names nothing that it is about")
        subject = self.components.pop(main)
        found: list[Relation] = []
        for entry in relations:
            kind = _RELATIONS.get(_string(entry.get("relationshipType")), "")
            source = self.refs.get(_string(entry.get("from")), "")
            for target in _texts(entry.get("to")):
                if kind and source and target in self.refs:
                    found.append(Relation(source, kind, self.refs[target]))
                    if entry.get("relationshipType") == "hasOptionalDependency":
                        self._optional(self.refs[target])
        own, gaps, conflicts = self._of_the_whole()
        strange: dict[str, int] = {}
        for element in self.elements:
            kind = _string(element.get("type"))
            if kind not in _SILENT and kind not in _PARTS:
                strange[kind] = strange.get(kind, 0) + 1
        gaps += [f"not carried over from the document: {kind} ({n})" for kind, n in sorted(strange.items()) if kind]
        return Bom(
            subject=subject,
            facts=self.models.pop(main, ModelFacts()),
            components=tuple(self.components.values()),
            datasets=tuple(self.datasets.values()),
            relations=tuple(dict.fromkeys(found)),
            references=self._references(main),
            properties=(*own, *dict.fromkeys(self.properties)),
            models=tuple(self.models.items()),
            gaps=tuple(gaps),
            conflicts=tuple(conflicts),
        )

    def _subject(self) -> str | None:
        """The part that the bill is about: what the outermost collection has as its root."""
        collections = [e for e in self.elements if e.get("type") in ("software_Sbom", "SpdxDocument", "Bom", "Bundle")]
        for entry in collections:
            for root in _texts(entry.get("rootElement")):
                if self.refs.get(root) in self.components:
                    return self.refs[root]
        return next(iter(self.components), None)

    def _optional(self, ref: str) -> None:
        if not any(p.part == ref and p.name == "violet:scope" for p in self.properties):
            self.properties.append(Property(ref, "violet:scope", "optional"))

    def _part(self, identifier: str, element: Json) -> None:
        properties = _properties(element)
        own = {name: value for name, value in properties if name in _OWN}
        name = _string(element.get("name")) or identifier
        licenses = tuple(value for key, value in properties if key == "violet:part-license")
        licenses = licenses or tuple(dict.fromkeys(self.licenses.get(identifier, ())))
        hashes = _hashes(element)
        left = [(key, value) for key, value in properties if key not in _OWN]
        if element.get("type") == "dataset_DatasetPackage":
            size = element.get("dataset_datasetSize")
            location = own.get("violet:location", "") or _string(element.get("software_downloadLocation"))
            role = own.get("violet:role", self.roles.get(identifier, ""))
            whole = size if type(size) is int and size >= 0 else -1
            data = Dataset(name, role, hashes, licenses, location, own.get("violet:origin", ""), whole)
            ref = reference(data)
            self.datasets.setdefault(ref, data)
        else:
            part = self._component(element, name, own, hashes, licenses)
            ref = reference(part)
            self.components.setdefault(ref, part)
            facts = [pair for pair in left if is_fact(pair[0]) or _in_card(pair[0])]
            left = [pair for pair in left if pair not in facts]
            if part.type == MODEL or facts:
                made = own_facts(facts, self._known(element))
                if part.type != MODEL or not made.empty or element.get("extension"):
                    self.models.setdefault(ref, made)
        self.refs[identifier] = ref
        self.properties.extend(Property(ref, key, value) for key, value in left)

    def _component(
        self, element: Json, name: str, own: dict[str, str], hashes: tuple[Digest, ...], licenses: tuple[str, ...]
    ) -> Component:
        kind = {"ai_AIPackage": MODEL, "software_File": "file"}.get(_string(element.get("type")), "")
        if not kind:
            kind = own.get("violet:type") or _TYPES.get(_string(element.get("software_primaryPurpose")), "library")
        purl = _string(element.get("software_packageUrl")) or own.get("violet:file-purl", "")
        for entry in _list(element.get("externalIdentifier")):
            if isinstance(entry, dict) and entry.get("externalIdentifierType") == "packageUrl" and not purl:
                purl = _string(entry.get("identifier"))
        return Component(
            name=name,
            version=_string(element.get("software_packageVersion")) or own.get("violet:file-version", ""),
            type=kind,
            ecosystem=own.get("violet:ecosystem", ecosystem_of(purl)),
            purl=purl,
            specifier=own.get("violet:specifier", ""),
            hashes=hashes,
            licenses=licenses,
            origin=own.get("violet:origin", ""),
        )

    def _known(self, element: Json) -> dict[str, Any]:
        """Facts in the properties that SPDX itself has for models."""
        known: dict[str, Any] = {
            "description": _string(element.get("description")),
            "location": _string(element.get("software_downloadLocation")),
            "created": _string(element.get("releaseTime")),
            "version": _string(element.get("software_packageVersion")),
            "task": next(iter(_texts(element.get("ai_domain"))), ""),
        }
        ours = bool(_properties(element))
        supplier = self.by_id.get(_string(element.get("suppliedBy")), {})
        known["producer"] = _string(supplier.get("name"))
        if not ours:  # Violet says all of this in properties, too, and more exactly
            kinds = _texts(element.get("ai_typeOfModel"))
            known["architecture"] = kinds[-1] if kinds else ""
            known["hyperparameters"] = tuple(_entries(element.get("ai_hyperparameter")))
            known["metrics"] = tuple(Metric(name, value) for name, value in _entries(element.get("ai_metric")))
            texts = [
                (kind, _string(element.get(key)))
                for key, kind in (
                    ("ai_informationAboutTraining", "training"),
                    ("ai_informationAboutApplication", "use-cases"),
                    ("ai_limitation", "limitations"),
                )
            ]
            known["considerations"] = tuple(pair for pair in texts if pair[1])
        return known

    def _license(self, target: str) -> tuple[str, ...]:
        element = self.by_id.get(target)
        if element is None:
            tail = re.split(r"[/_]", target)[-1]
            return () if tail in ("NoAssertionLicense", "NoneLicense") else (clean(target, 200),)
        text = _string(element.get("simplelicensing_licenseExpression")) or _string(element.get("name"))
        if not text and element.get("type") == "expandedlicensing_ListedLicense":
            text = target.rpartition("/")[2]
        return (normal_license(text),) if text else ()

    def _of_the_whole(self) -> tuple[list[Property], list[str], list[str]]:
        own: list[Property] = []
        gaps: list[str] = []
        conflicts: list[str] = []
        for element in self.elements:
            if element.get("type") in ("software_Sbom", "SpdxDocument"):
                for name, value in _properties(element):
                    if name == "violet:gap":
                        gaps.append(value)
                    elif name == "violet:conflict":
                        conflicts.append(value)
                    else:
                        own.append(Property("", name, value))
        return own, gaps, conflicts

    def _references(self, main: str) -> tuple[Reference, ...]:
        found: list[Reference] = []
        for identifier, element in self.by_id.items():
            if self.refs.get(identifier) != main:
                continue
            for entry in _list(element.get("externalRef")):
                given = entry if isinstance(entry, dict) else {}
                for location in _texts(given.get("locator")):
                    found.append(_reference(location, _string(given.get("comment"))))
        return tuple(dict.fromkeys(found))


def _reference(location: str, comment: str) -> Reference:
    """Violet writes kind, comment and digests as ``kind: comment algorithm:hex``."""
    words = comment.split(" ")
    digests: list[Digest] = []
    while words and (match := re.fullmatch(r"([a-zA-Z0-9-]+):([0-9a-f]{32,128})", words[-1])):
        digests.insert(0, Digest(match[1], match[2]))
        words.pop()
    kind, _, rest = " ".join(words).partition(": ")
    known = ("signature", "attestation", "model-card", "website", "endpoint", "other")
    if kind not in known:
        return Reference("other", location, tuple(digests), comment)
    return Reference(kind, location, tuple(digests), rest)


def _in_card(name: str) -> bool:
    return name in ("violet:architecture", "violet:family", "violet:task", "violet:approach")


def _hashes(element: Json) -> tuple[Digest, ...]:
    found: list[Digest] = []
    for entry in _list(element.get("verifiedUsing")):
        given = entry if isinstance(entry, dict) else {}
        name, value = _string(given.get("algorithm")), _string(given.get("hashValue"))
        if name and value:
            ours = _string(given.get("comment")) or "other" if name == "other" else _NAMES.get(name, name)
            found.append(Digest(ours, value))
    return tuple(dict.fromkeys(found))


def _properties(element: Json) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for extension in _list(element.get("extension")):
        for entry in _list(extension.get("extension_cdxProperty")) if isinstance(extension, dict) else ():
            if isinstance(entry, dict) and _string(entry.get("extension_cdxPropName")):
                found.append((_string(entry["extension_cdxPropName"]), _string(entry.get("extension_cdxPropValue"))))
    return found


def _entries(value: object) -> list[tuple[str, str]]:
    return [(_string(e.get("key")), _string(e.get("value"))) for e in _list(value) if isinstance(e, dict)]


def _texts(value: object) -> list[str]:
    """Texts of a property that may have one value or several, and elements that stand in place by their ids."""
    found: list[str] = []
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            found.append(clean(item, LONGEST))
        elif isinstance(item, dict) and isinstance(item.get("spdxId"), str):
            found.append(clean(item["spdxId"], LONGEST))
    return found


def _string(value: object) -> str:
    return clean(value, LONGEST) if isinstance(value, str) else ""


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
