"""Read CycloneDX documents (1.2 and later, JSON), whoever wrote them.

Believes no structure: what is missing or of another type is left out. What a bill of ours has no place for is said
in ``gaps``, so that a merge does not lose it silently.
"""

from __future__ import annotations

import re
from typing import Any

from violet.domain import Digest
from violet.domain.bom import (
    MODEL,
    NUMBERS,
    SINGLE,
    Basis,
    Bom,
    Dataset,
    Metric,
    ModelFacts,
    Property,
    Reference,
    Relation,
    Source,
    TensorSpec,
    reference,
)
from violet.domain.component import Component
from violet.provenance.bom.cyclonedx import ALGORITHMS, CONSIDERATIONS, REFERENCES
from violet.provenance.bom.licenses import normal_license
from violet.provenance.bom.observation import clean
from violet.provenance.bom.purls import ecosystem_of

MOST_COMPONENTS = 200_000
MOST_PROPERTIES = 5_000
"""Properties of one part that are read."""
LONGEST = 4_000
_NAMES = {name: ours for ours, (name, _) in ALGORITHMS.items()}
_REFERENCES = {name: ours for ours, name in REFERENCES.items()}
_KINDS = {camel: ours for ours, camel in CONSIDERATIONS.items()}
_LEFT_OUT = (
    "vulnerabilities",
    "compositions",
    "annotations",
    "formulation",
    "declarations",
    "definitions",
    "citations",
)
_SPEC = re.compile(r"(.*): ([^:\[\]]*)\[([^\[\]]*)\]", re.DOTALL)
_OWN_COMPONENT = frozenset(("violet:specifier", "violet:ecosystem", "violet:type", "violet:dirHash"))

Json = dict[str, Any]


def read(value: Json) -> Bom:
    """Raises ``ValueError`` for a document without a component that it is about and without components."""
    return _Reader(value).bom()


class _Reader:
    def __init__(self, value: Json) -> None:
        self.value = value
        self.components: dict[str, Component] = {}
        self.datasets: dict[str, Dataset] = {}
        self.models: dict[str, ModelFacts] = {}
        self.properties: list[Property] = []
        self.relations: list[Relation] = []
        self.names: dict[str, str] = {}
        """References as the document gives them, and ours."""
        self.data_of: list[tuple[str, str]] = []
        self.deferred: list[tuple[str, str, str]] = []
        self.gaps: list[str] = []
        self.count = 0

    def bom(self) -> Bom:
        metadata = _dict(self.value.get("metadata"))
        main = _dict(metadata.get("component"))
        nested = _list(main.get("components"))
        subject = _component(main) if main else None
        if subject is None and not _list(self.value.get("components")):
            raise ValueError("it names nothing that it is about")
        if subject is None:
            subject = Component("unnamed", type="application")
        self.ref = reference(subject)
        self._remember(main, self.ref)
        facts = self._details(main, self.ref, subject)
        self._all(nested, self.ref, "contains")
        self._all(_list(_dict(main.get("pedigree")).get("ancestors")), self.ref, "derived-from")
        self._all(_list(self.value.get("components")), "", "")
        self._dependencies()
        self._deferred()
        for key in _LEFT_OUT:
            if self.value.get(key):
                size = len(self.value[key]) if isinstance(self.value[key], list) else 1
                self.gaps.append(f"not carried over from the document: {key} ({size})")
        own, gaps, conflicts = self._metadata_properties(metadata)
        return Bom(
            subject=subject,
            facts=facts,
            components=tuple(self.components.values()),
            datasets=tuple(self.datasets.values()),
            relations=tuple(dict.fromkeys(self.relations)),
            references=tuple(self._references(main)),
            properties=(*own, *dict.fromkeys(self.properties)),
            models=tuple(self.models.items()),
            gaps=(*gaps, *self.gaps),
            conflicts=conflicts,
        )

    def _remember(self, entry: Json, ref: str) -> None:
        given = entry.get("bom-ref")
        if isinstance(given, str) and given:
            if self.names.setdefault(given, ref) != ref:
                self.gaps.append(f"two parts of the document are called {clean(given, 200)!r}")

    def _all(self, entries: list[Any], owner: str, kind: str) -> None:
        """Components and all that are nested in them, without recursion."""
        pending = [(entry, owner, kind) for entry in reversed(entries)]
        while pending:
            entry, above, relation = pending.pop()
            if not isinstance(entry, dict):
                continue
            self.count += 1
            if self.count > MOST_COMPONENTS:
                raise ValueError(f"it has more than {MOST_COMPONENTS:,} components")
            ref = self._one(entry)
            if not ref:
                continue
            if above:
                self.relations.append(Relation(above, relation, ref))
            pending.extend((inner, ref, "contains") for inner in reversed(_list(entry.get("components"))))
            ancestors = _list(_dict(entry.get("pedigree")).get("ancestors"))
            pending.extend((inner, ref, "derived-from") for inner in reversed(ancestors))

    def _one(self, entry: Json) -> str:
        if entry.get("type") == "data":
            made = _dataset(entry)
            if made is None:
                return ""
            ref = reference(made)
            self.datasets.setdefault(ref, made)
            self._remember(entry, ref)
            for name, value in _properties(entry):
                if name not in ("violet:role", "violet:size", "violet:location", "violet:dirHash"):
                    self.properties.append(Property(ref, name, value))
            return ref
        part = _component(entry)
        if part is None:
            return ""
        ref = reference(part)
        self._remember(entry, ref)
        if ref in self.components:
            return ref
        self.components[ref] = part
        facts = self._details(entry, ref, part)
        if part.type == MODEL and (entry.get("modelCard") is not None or not facts.empty):
            self.models[ref] = facts
        return ref

    def _details(self, entry: Json, ref: str, part: Component) -> ModelFacts:
        """The properties of a component, and the facts of its model card."""
        left: list[tuple[str, str]] = []
        inside: list[tuple[str, str]] = []
        for name, value in _properties(entry):
            if name in ("violet:contains", "violet:derived-from"):
                self.deferred.append((ref, name.removeprefix("violet:"), value))
            elif part.type != MODEL and is_fact(name):
                inside.append((name, value))
            elif name not in _OWN_COMPONENT:
                left.append((name, value))
        if entry.get("scope") == "optional" and not any(name == "violet:scope" for name, _ in left):
            left.append(("violet:scope", "optional"))
        description = _string(entry.get("description"))
        if description and part.type != MODEL:
            left.append(("description", description))
        supplier = _string(_dict(entry.get("supplier")).get("name"))
        if supplier:
            left.append(("supplier", supplier))
        self.properties.extend(Property(ref, name, value) for name, value in left)
        card = _dict(entry.get("modelCard"))
        for data in _list(_dict(card.get("modelParameters")).get("datasets")):
            given = _string(_dict(data).get("ref"))
            if given:
                self.data_of.append((ref, given))
            elif _dict(data).get("name"):
                made = Dataset(_string(data["name"]), location=_url(data), origin="model card")
                self.datasets.setdefault(reference(made), made)
                self.relations.append(Relation(ref, "trained-on", reference(made)))
        return facts_of(card, description if part.type == MODEL else "", inside, entry)

    def _dependencies(self) -> None:
        for entry in _list(self.value.get("dependencies")):
            source = self.names.get(_string(_dict(entry).get("ref")))
            for target in _list(_dict(entry).get("dependsOn")):
                known = self.names.get(target) if isinstance(target, str) else None
                if source and known:
                    self.relations.append(Relation(source, "depends-on", known))

    def _deferred(self) -> None:
        for ref, given in self.data_of:
            known = self.names.get(given)
            if known in self.datasets:
                kind = "tested-on" if self.datasets[known].role == "testing" else "trained-on"
                self.relations.append(Relation(ref, kind, known))
        known_refs = {self.ref, *self.components, *self.datasets}
        for ref, kind, given in self.deferred:
            target = self.names.get(given, given)
            if target in known_refs:
                self.relations.append(Relation(ref, kind, target))

    def _metadata_properties(self, metadata: Json) -> tuple[list[Property], tuple[str, ...], tuple[str, ...]]:
        own: list[Property] = []
        gaps: list[str] = []
        conflicts: list[str] = []
        for name, value in _properties(metadata):
            if name == "violet:gap":
                gaps.append(value)
            elif name == "violet:conflict":
                conflicts.append(value)
            else:
                own.append(Property("", name, value))
        return own, tuple(gaps), tuple(conflicts)

    def _references(self, main: Json) -> list[Reference]:
        found: list[Reference] = []
        for entry in _list(main.get("externalReferences")) + _list(self.value.get("externalReferences")):
            given = _dict(entry)
            kind, url = _string(given.get("type")), _string(given.get("url"))
            if url and kind != "distribution":
                found.append(
                    Reference(_REFERENCES.get(kind, "other"), url, _hashes(given), _string(given.get("comment")))
                )
        for service in _list(self.value.get("services")):
            for url in _list(_dict(service).get("endpoints")):
                if isinstance(url, str):
                    found.append(Reference("endpoint", clean(url, LONGEST)))
        return list(dict.fromkeys(found))


def is_fact(name: str) -> bool:
    """Whether a property of a component that is no model is one of its facts."""
    if not name.startswith("violet:"):
        return False
    first = name.removeprefix("violet:").partition(":")[0]
    return first in SINGLE or first in (
        "dtype", "base_model", "license", "language", "class", "hyperparameter", "consideration", "source",
        "fact-conflict", "input", "output", "metric",
    )  # fmt: skip


def facts_of(card: Json, description: str, extra: list[tuple[str, str]], entry: Json) -> ModelFacts:
    """The facts in a model card, and in the properties that Violet writes."""
    parameters = _dict(card.get("modelParameters"))
    known: dict[str, Any] = {
        "task": _string(parameters.get("task")),
        "family": _string(parameters.get("architectureFamily")),
        "architecture": _string(parameters.get("modelArchitecture")),
        "approach": _string(_dict(parameters.get("approach")).get("type")),
        "description": description,
        "inputs": _specs(parameters.get("inputs")),
        "outputs": _specs(parameters.get("outputs")),
    }
    analysis = _dict(card.get("quantitativeAnalysis"))
    known["metrics"] = tuple(
        Metric(_string(m.get("type")), _string(m.get("value")), _string(m.get("slice")))
        for m in map(_dict, _list(analysis.get("performanceMetrics")))
        if m
    )
    several: dict[str, list[Any]] = {}
    considerations = _dict(card.get("considerations"))
    for camel, kind in _KINDS.items():
        for text in _list(considerations.get(camel)):
            if isinstance(text, str):
                several.setdefault("considerations", []).append((kind, clean(text, LONGEST)))
    for risk in _list(considerations.get("ethicalConsiderations")):
        name = _string(_dict(risk).get("name"))
        if name:
            several.setdefault("considerations", []).append(("ethics", name))
    for name, value in [*_properties(card), *extra]:
        if name.startswith("violet:"):
            _own(name.removeprefix("violet:"), value, known, several)
    for reference_ in _list(entry.get("externalReferences")):
        if _dict(reference_).get("type") == "distribution" and not known.get("location"):
            known["location"] = _string(_dict(reference_).get("url"))
    if not several.get("licenses"):
        several["licenses"] = list(_licenses(entry))
    known.update({name: tuple(dict.fromkeys(items)) for name, items in several.items()})
    return ModelFacts(**known)


def own_facts(properties: list[tuple[str, str]], known: dict[str, Any]) -> ModelFacts:
    """The facts that properties written by Violet say, besides those that are ``known`` from elsewhere."""
    several: dict[str, list[Any]] = {}
    for name, value in properties:
        if name.startswith("violet:"):
            _own(name.removeprefix("violet:"), value, known, several)
    known.update({name: tuple(dict.fromkeys(items)) for name, items in several.items()})
    return ModelFacts(**known)


def _own(name: str, value: str, known: dict[str, Any], several: dict[str, list[Any]]) -> None:
    """One property that Violet wrote."""
    kind, _, rest = name.partition(":")
    if name in NUMBERS:
        if value.isascii() and value.isdigit() and len(value) < 20:
            known[name] = int(value)
    elif name in SINGLE:
        known[name] = value
    elif kind == "dtype" and value.isascii() and value.isdigit() and len(value) < 20:
        several.setdefault("dtypes", []).append((rest, int(value)))
    elif kind == "hyperparameter":
        several.setdefault("hyperparameters", []).append((rest, value))
    elif kind in ("input", "output"):
        several.setdefault(f"{kind}s", []).extend(_specs([{"format": value}]))
    elif kind == "metric":
        figure, _, data = value.partition(" on ")
        several.setdefault("metrics", []).append(Metric(rest, figure, data))
    elif kind == "consideration":
        several.setdefault("considerations", []).append((rest, value))
    elif kind == "source":
        basis, _, place = value.partition(" ")
        origin, _, read_value = place.partition(" = ")
        if basis in set(Basis):
            several.setdefault("sources", []).append(Source(rest, read_value, Basis(basis), origin))
    elif name in _LISTS:
        several.setdefault(_LISTS[name], []).append(value)


_LISTS = {"base_model": "base_models", "license": "licenses", "language": "languages", "class": "classes",
          "fact-conflict": "conflicts"}  # fmt: skip


def _specs(value: object) -> tuple[TensorSpec, ...]:
    found: list[TensorSpec] = []
    for entry in _list(value):
        text = _string(_dict(entry).get("format"))
        match = _SPEC.fullmatch(text)
        if match:
            shape = tuple(match[3].split(", ")) if match[3] else ()
            found.append(TensorSpec(match[1], "" if match[2] == "?" else match[2], shape))
        elif text:
            found.append(TensorSpec(text))
    return tuple(found)


def _component(entry: Json) -> Component | None:
    name = _string(entry.get("name"))
    kind = _string(entry.get("type")) or "library"
    if not name:
        return None
    group = _string(entry.get("group"))
    purl = _string(entry.get("purl"))
    ecosystem = ecosystem_of(purl)
    if group:
        name = f"{group}:{name}" if ecosystem == "Maven" else f"{group}/{name}"
    own = dict(_properties(entry))
    origin = ""
    for occurrence in _list(_dict(entry.get("evidence")).get("occurrences"))[:1]:
        origin = _string(_dict(occurrence).get("location"))
        line = _dict(occurrence).get("line")
        if origin and type(line) is int and line >= 0:
            origin = f"{origin}:{line}"
    hashes = _hashes(entry)
    if "violet:dirHash" in own:
        hashes = (*hashes, Digest("dirHash", own["violet:dirHash"]))
    return Component(
        name=name,
        version=_string(entry.get("version")),
        type=own.get("violet:type", kind),
        ecosystem=own.get("violet:ecosystem", ecosystem),
        purl=purl,
        specifier=own.get("violet:specifier", ""),
        hashes=hashes,
        licenses=_licenses(entry),
        origin=origin,
    )


def _dataset(entry: Json) -> Dataset | None:
    name = _string(entry.get("name"))
    if not name:
        return None
    own = dict(_properties(entry))
    data = next((_dict(d) for d in _list(entry.get("data"))), {})
    location = own.get("violet:location") or _url(data)
    size = own.get("violet:size", "")
    digests = _hashes(entry)
    if "violet:dirHash" in own:
        digests = (*digests, Digest("dirHash", own["violet:dirHash"]))
    origin = ""
    for occurrence in _list(_dict(entry.get("evidence")).get("occurrences"))[:1]:
        origin = _string(_dict(occurrence).get("location"))
    return Dataset(
        name,
        own.get("violet:role", "training" if "violet:role" not in own else ""),
        digests,
        _licenses(entry),
        location,
        origin,
        int(size) if size.isascii() and size.isdigit() and len(size) < 20 else -1,
    )


def _url(data: Json) -> str:
    return _string(_dict(data.get("contents")).get("url"))


def _licenses(entry: Json) -> tuple[str, ...]:
    found: list[str] = []
    for choice in map(_dict, _list(entry.get("licenses"))):
        license_ = _dict(choice.get("license"))
        text = _string(choice.get("expression")) or _string(license_.get("id")) or _string(license_.get("name"))
        if text:
            found.append(normal_license(text))
    return tuple(dict.fromkeys(found))


def _hashes(entry: Json) -> tuple[Digest, ...]:
    found: list[Digest] = []
    for item in map(_dict, _list(entry.get("hashes"))):
        name, content = _string(item.get("alg")), _string(item.get("content"))
        if name and content:
            found.append(Digest(_NAMES.get(name, name.lower()), content.lower()))
    return tuple(dict.fromkeys(found))


def _properties(entry: Json) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for item in _list(entry.get("properties"))[:MOST_PROPERTIES]:
        name, value = _string(_dict(item).get("name")), _string(_dict(item).get("value"))
        if name:
            found.append((name, value))
    return found


def _string(value: object) -> str:
    return clean(value, LONGEST) if isinstance(value, str) else ""


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
