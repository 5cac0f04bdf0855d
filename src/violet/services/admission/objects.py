"""The models that a Kubernetes object wants to run.

KServe's kinds name them in ``storageUri`` and ``storage`` fields (``serving.kserve.io/v1beta1``), those for language
models in ``uri`` fields below ``model``, adapters among them; a ServingRuntime's or any pod's containers may take
them from ``STORAGE_URI``; and every pod, or template of pods, may name them in annotations of ours. A pod that serves
a model nobody can see (an image with the model baked in) is let through unless an annotation is demanded of it. An
address that is there but hidden, because it comes out of a secret, is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from violet.domain.admission import AdmissionRequest, ModelReference

ANNOTATION_URI = "violet.dev/model"
ANNOTATION_DIGEST = "violet.dev/model-digest"
ANNOTATION_SOURCE = "internal.serving.kserve.io/storage-initializer-sourceuri"
"""From which KServe itself makes the container that loads a model."""

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

DEEPEST = 40
MOST = 64
"""Models that one object may name: each is examined."""


class ObjectError(ValueError):
    """An object that is not shaped as its kind says."""


def references(request: AdmissionRequest) -> tuple[ModelReference, ...]:
    """Every model that the object names, each once. Raises ``ObjectError``."""
    found = tuple(dict.fromkeys(_references(request)))
    if len(found) > MOST:
        raise ObjectError(f"it names {len(found):,} models, and {MOST} are looked at")
    return found


def old_references(request: AdmissionRequest) -> tuple[ModelReference, ...]:
    """The same of the object as it was. Raises ``ObjectError``."""
    return references(replace(request, object=request.old))


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
    source = _annotation(pod, ANNOTATION_SOURCE)
    if source:
        yield ModelReference(f"{prefix}metadata.annotations[{ANNOTATION_SOURCE}]", source, digest)
    for group in ("initContainers", "containers", "ephemeralContainers"):
        for number, container in enumerate(_sequence(spec.get(group), f"{prefix}spec.{group}")):
            place = f"{prefix}spec.{group}[{number}]"
            container = _mapping(container, place)
            yield from _environment(container.get("env"), f"{place}.env", digest)
            if container.get("name") == "storage-initializer":
                # Address and place, as many times as there are models.
                arguments = _sequence(container.get("args"), f"{place}.args")
                for index in range(0, len(arguments), 2):
                    yield ModelReference(
                        f"{place}.args[{index}]", _address(arguments[index], f"{place}.args[{index}]"), digest
                    )


def _environment(env: Any, place: str, digest: str) -> Iterator[ModelReference]:
    for entry in _sequence(env, place):
        entry = _mapping(entry, place)
        if entry.get("name") != "STORAGE_URI":
            continue
        if entry.get("valueFrom") is not None:
            raise ObjectError(f"{place}.STORAGE_URI comes from elsewhere (valueFrom), where nobody can judge it")
        value = _address(entry.get("value", ""), f"{place}.STORAGE_URI")
        if value:
            yield ModelReference(f"{place}.STORAGE_URI", value, digest)


def _address(value: Any, place: str) -> str:
    if not isinstance(value, str):
        raise ObjectError(f"{place} is no text")
    return value


def _storage(node: Any, place: str, digest: str, depth: int) -> Iterator[ModelReference]:
    """``storageUri`` and ``storage`` wherever they stand in a KServe specification: frameworks have changed places
    between versions."""
    if depth > DEEPEST:
        raise ObjectError(f"{place} is nested too deeply")
    if isinstance(node, Mapping):
        for name, value in node.items():
            here = f"{place}.{name}"
            if name == "storageUri" or (name == "uri" and place.startswith("spec.model")):
                if value is not None:
                    yield ModelReference(here, _address(value, here), digest)
            elif name == "storageUris":
                for number, entry in enumerate(_sequence(value, here)):
                    uri = entry.get("uri") if isinstance(entry, Mapping) else entry
                    yield ModelReference(f"{here}[{number}]", _address(uri, f"{here}[{number}]"), digest)
            elif name == "storage" and value is not None:
                yield ModelReference(here, _stored(_mapping(value, here), here), digest)
            elif name == "env":
                yield from _environment(value, here, digest)
            else:
                yield from _storage(value, here, digest, depth + 1)
    elif isinstance(node, (list, tuple)):
        for number, value in enumerate(node):
            yield from _storage(value, f"{place}[{number}]", digest, depth + 1)


def _stored(storage: Mapping[str, Any], place: str) -> str:
    """The address that a ``storage`` entry stands for: a key into a secret, parameters that change what the secret
    says (the bucket), and a path: ``storage://minio;bucket=other/fraud/1``."""
    key, path = storage.get("key"), storage.get("path")
    parameters = _mapping(storage.get("parameters"), f"{place}.parameters")
    changed = "".join(f";{name}={_address(value, f'{place}.parameters')}" for name, value in sorted(parameters.items()))
    start = _address(key, f"{place}.key") if key is not None else "default"
    return f"storage://{start}{changed}/{(_address(path, f'{place}.path') if path is not None else '').lstrip('/')}"


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
