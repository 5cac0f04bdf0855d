"""That an artifact was made from others without training: converted, quantised, merged, repaired.

A predicate of Violet's own, ``urn:violet-mlsecops:derivation:v1``:

    {"relation": "conversion", "from": [RESOURCE, ...], "tool": RESOURCE, "parameters": {...}, "note": "..."}

``relation`` and ``from`` are required; every resource in ``from`` has a digest. The statement's subject is what
came out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from violet.provenance.predicates.resource import Fields, PredicateError, Resource

RELATIONS = (
    "conversion",
    "quantisation",
    "adapter",
    "merge",
    "fine-tune",
    "distillation",
    "repair",
    "copy",
    "hardening",
)


@dataclass(frozen=True, slots=True)
class Derivation:
    relation: str
    sources: tuple[Resource, ...]
    tool: Resource | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    def encode(self) -> dict[str, Any]:
        if self.relation not in RELATIONS:
            raise PredicateError(f"{self.relation!r} is no relation: use one of {', '.join(RELATIONS)}")
        if not self.sources or any(not source.digests for source in self.sources):
            raise PredicateError("what something was made from needs a digest")
        value: dict[str, Any] = {"relation": self.relation, "from": [source.encode() for source in self.sources]}
        if self.tool is not None:
            value["tool"] = self.tool.encode()
        if self.parameters:
            value["parameters"] = dict(self.parameters)
        if self.note:
            value["note"] = self.note
        return value

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> Derivation:
        reader = Fields(value, "the derivation")
        sources = reader.resources("from")
        if not sources or any(not source.digests for source in sources):
            raise PredicateError("the derivation does not say by digest what the artifact was made from")
        return cls(
            relation=reader.text("relation"),
            sources=sources,
            tool=Resource.decode(value["tool"]) if value.get("tool") else None,
            parameters=reader.mapping("parameters"),
            note=reader.text("note", ""),
        )
