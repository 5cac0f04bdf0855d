"""How an artifact came about: SLSA provenance, version 1.

Source: SLSA specification v1.0, "Provenance". A training run is a build: its parameters are external, data sets,
code and the base model are resolved dependencies, each with a digest. The specification leaves open what a
dependency is to the result; Violet says it in the annotation ``violet_role`` of the dependency.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from violet.provenance.predicates.resource import Fields, Resource
from violet.provenance.statement import OWN, timestamp

TRAINING = f"{OWN}:training:v1"
"""``buildType`` of a training run."""

ROLE = "violet_role"
ROLES = ("data", "code", "base-model")

RELATION = "relation"
"""External parameter that says what the result is to the base model: ``fine-tune``, ``adapter``, ``merge``,
``distillation``, ``quantisation``, ``conversion``."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """``builder`` is a URI that names who ran it; ``invocation`` the run within that builder."""

    build_type: str
    builder: str
    dependencies: tuple[Resource, ...] = ()
    external: Mapping[str, Any] = field(default_factory=dict)
    internal: Mapping[str, Any] = field(default_factory=dict)
    invocation: str = ""
    started: datetime.datetime | None = None
    finished: datetime.datetime | None = None
    byproducts: tuple[Resource, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)

    def encode(self) -> dict[str, Any]:
        definition: dict[str, Any] = {"buildType": self.build_type, "externalParameters": dict(self.external)}
        if self.internal:
            definition["internalParameters"] = dict(self.internal)
        if self.dependencies:
            definition["resolvedDependencies"] = [entry.encode() for entry in self.dependencies]
        times = {"startedOn": self.started, "finishedOn": self.finished}
        metadata = {name: timestamp(time) for name, time in times.items() if time}
        if self.invocation:
            metadata["invocationId"] = self.invocation
        builder: dict[str, Any] = {"id": self.builder}
        if self.versions:
            builder["version"] = dict(self.versions)
        details: dict[str, Any] = {"builder": builder}
        if metadata:
            details["metadata"] = metadata
        if self.byproducts:
            details["byproducts"] = [entry.encode() for entry in self.byproducts]
        return {"buildDefinition": definition, "runDetails": details}

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> Provenance:
        reader = Fields(value, "the provenance")
        definition, details = reader.inner("buildDefinition"), reader.inner("runDetails")
        metadata = Fields(details.mapping("metadata"), "the metadata")
        builder = details.inner("builder")
        versions = builder.mapping("version")
        return cls(
            build_type=definition.text("buildType"),
            builder=builder.text("id"),
            dependencies=definition.resources("resolvedDependencies"),
            external=definition.mapping("externalParameters"),
            internal=definition.mapping("internalParameters"),
            invocation=metadata.text("invocationId", ""),
            started=metadata.time("startedOn"),
            finished=metadata.time("finishedOn"),
            byproducts=details.resources("byproducts"),
            versions={name: text for name, text in versions.items() if isinstance(text, str)},
        )
