"""The models that a Kubernetes object wants to run.

KServe's InferenceService and InferenceGraph-free kin name them in ``storageUri`` and ``storage`` fields
(``serving.kserve.io/v1beta1``); a ServingRuntime's or any pod's containers may take them from ``STORAGE_URI``; and
every pod, or template of pods, may name them in annotations of ours. A pod that serves a model nobody can see (an
image with the model baked in) is let through unless an annotation is demanded of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from violet.domain.admission import AdmissionRequest, ModelReference

ANNOTATION_URI = "violet.dev/model"
ANNOTATION_DIGEST = "violet.dev/model-digest"

TEMPLATES = {
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "PodTemplate": ("template",),
}
"""Where the kinds that make pods keep their template."""

COMPONENTS = ("predictor", "transformer", "explainer")
DEEPEST = 40


class ObjectError(ValueError):
    """An object that is not shaped as its kind says."""


def references(request: AdmissionRequest) -> tuple[ModelReference, ...]:
    """Every model that the object names, each once. Raises ``ObjectError``."""
    return tuple(dict.fromkeys(_references(request)))


def _references(request: AdmissionRequest) -> Iterator[ModelReference]:
    thing = request.object
    if request.kind == "Pod":
        yield from _pod(thing, "")
    elif request.kind in TEMPLATES:
        path = TEMPLATES[request.kind]
        template: Any = thing
        for name in path:
            template = _mapping(template.get(name), name)
        yield from _pod(template, ".".join(path) + ".")
        yield from _annotated(thing, "")
    elif request.group == "serving.kserve.io":
        yield from _annotated(thing, "")
        yield from _storage(_mapping(thing.get("spec"), "spec"), "spec", _annotation(thing, ANNOTATION_DIGEST), 0)
    else:
        yield from _annotated(thing, "")


def _pod(pod: Mapping[str, Any], prefix: str) -> Iterator[ModelReference]:
    """Annotations of a pod, and the storage addresses that its containers take from their environment."""
    yield from _annotated(pod, prefix)
    digest = _annotation(pod, ANNOTATION_DIGEST)
    spec = _mapping(pod.get("spec"), f"{prefix}spec")
    for group in ("initContainers", "containers"):
        for number, container in enumerate(_sequence(spec.get(group), f"{prefix}spec.{group}")):
            place = f"{prefix}spec.{group}[{number}]"
            container = _mapping(container, place)
            for entry in _sequence(container.get("env"), f"{place}.env"):
                entry = _mapping(entry, f"{place}.env")
                if entry.get("name") == "STORAGE_URI" and isinstance(entry.get("value"), str):
                    yield ModelReference(f"{place}.env.STORAGE_URI", entry["value"], digest)
            if container.get("name") == "storage-initializer":
                arguments = _sequence(container.get("args"), f"{place}.args")
                if arguments and isinstance(arguments[0], str):
                    yield ModelReference(f"{place}.args[0]", arguments[0], digest)


def _storage(node: Any, place: str, digest: str, depth: int) -> Iterator[ModelReference]:
    """``storageUri`` and ``storage`` wherever they stand in a KServe specification: frameworks have changed places
    between versions."""
    if depth > DEEPEST:
        raise ObjectError(f"{place} is nested too deeply")
    if isinstance(node, Mapping):
        for name, value in node.items():
            here = f"{place}.{name}"
            if name == "storageUri" and isinstance(value, str):
                yield ModelReference(here, value, digest)
            elif name == "storageUris":
                for number, entry in enumerate(_sequence(value, here)):
                    uri = entry.get("uri") if isinstance(entry, Mapping) else entry
                    if isinstance(uri, str):
                        yield ModelReference(f"{here}[{number}]", uri, digest)
            elif name == "storage" and isinstance(value, Mapping) and isinstance(value.get("path"), str):
                yield ModelReference(here, _stored(value), digest)
            elif name == "env":
                for entry in _sequence(value, here):
                    if isinstance(entry, Mapping) and entry.get("name") == "STORAGE_URI":
                        if isinstance(entry.get("value"), str):
                            yield ModelReference(f"{here}.STORAGE_URI", entry["value"], digest)
            else:
                yield from _storage(value, here, digest, depth + 1)
    elif isinstance(node, (list, tuple)):
        for number, value in enumerate(node):
            yield from _storage(value, f"{place}[{number}]", digest, depth + 1)


def _stored(storage: Mapping[str, Any]) -> str:
    """The address that a ``storage`` entry (a key into a secret, and a path) stands for."""
    key = storage.get("key")
    return f"storage://{key if isinstance(key, str) else 'default'}/{storage['path'].lstrip('/')}"


def _annotated(thing: Mapping[str, Any], prefix: str) -> Iterator[ModelReference]:
    uri, digest = _annotation(thing, ANNOTATION_URI), _annotation(thing, ANNOTATION_DIGEST)
    if uri:
        yield ModelReference(f"{prefix}metadata.annotations[{ANNOTATION_URI}]", uri, digest)
    elif digest:
        yield ModelReference(f"{prefix}metadata.annotations[{ANNOTATION_DIGEST}]", "", digest)


def _annotation(thing: Mapping[str, Any], name: str) -> str:
    metadata = _mapping(thing.get("metadata"), "metadata")
    value = _mapping(metadata.get("annotations"), "metadata.annotations").get(name, "")
    if not isinstance(value, str):
        raise ObjectError(f"metadata.annotations[{name}] is no text")
    return value.strip()


def _mapping(value: Any, place: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ObjectError(f"{place} is no object")
    return value


def _sequence(value: Any, place: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ObjectError(f"{place} is no list")
    return value
