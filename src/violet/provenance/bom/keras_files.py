"""Facts of Keras models: the configuration, the version, and the shapes of the weights.

Layout of ``.keras`` archives and of weight files from ``keras/src/saving/saving_lib.py``, of HDF5 models from
``keras/src/legacy/saving/legacy_h5_format.py``.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from violet.formats.hdf5.facts import Hdf5Facts, StoredArray
from violet.provenance.bom.tensors import believed, count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.base import Parsed
    from violet.provenance.bom.observation import Notes

MOST_CONFIG = 32 << 20
MOST_LAYERS = 20_000
NOT_THE_MODEL = ("/optimizer", "/optimizer_weights", "/metrics", "/_optimizer")
KINDS = {0: "integer", 1: "float", 3: "text", 4: "bits", 5: "opaque", 6: "compound", 8: "enum", 9: "text"}


def hdf5(notes: Notes, parsed: Parsed, key: str = "") -> None:
    """A Keras model or weight file in HDF5; of other HDF5 files the shapes and types only."""
    facts = parsed.facts
    if not isinstance(facts, Hdf5Facts):
        return
    version = facts.attributes.get("keras_version", "")
    weights = [d for d in facts.datasets if _is_weight(d)]
    if version or facts.keras or any("/vars/" in d.path for d in weights):
        notes.add("weights", "keras" if facts.keras else "", f"{key}/")
        notes.add("framework", "Keras", f"{key}@keras_version")
        notes.add("framework_version", version, f"{key}@keras_version")
        notes.add("component", ("keras", version, ""), f"{key}@keras_version")
        notes.add("property", ("keras:backend", facts.attributes.get("backend", "")), f"{key}@backend")
    if not weights:
        return
    notes.add("weights", "hdf5", f"{key}/")
    sound = all(math.prod(d.shape) < 1 << 62 for d in weights)
    if not sound:
        notes.gap(f"{key or 'the file'}: a dataset of more elements than can be")
        return
    count(notes, ((_type(d), math.prod(d.shape)) for d in weights), f"{key}/", believed(parsed))


def _is_weight(array: StoredArray) -> bool:
    """Whether a dataset belongs to the model: not to its optimizer, and no state of a random generator."""
    path = array.path
    return not path.startswith(NOT_THE_MODEL) and "/seed_generator" not in path and KINDS.get(array.kind) != "text"


def _type(array: StoredArray) -> str:
    kind = KINDS.get(array.kind, "unknown")
    return f"{kind}{array.size * 8}" if kind in ("integer", "float", "opaque") else kind


def configuration(notes: Notes, text: bytes, key: str) -> None:
    """``config.json`` of an archive, or the attribute ``model_config`` of an HDF5 file."""
    value = parsed_json(notes, text, key)
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        return
    inner = value.get("config")
    config: dict[str, Any] = inner if isinstance(inner, dict) else {}
    notes.add("architecture", value["class_name"], f"{key}.class_name")
    notes.add("name", _string(config.get("name")), f"{key}.config.name")
    layers = config.get("layers")
    for layer in layers[:MOST_LAYERS] if isinstance(layers, list) else []:
        if isinstance(layer, dict):
            notes.add("classes", _string(layer.get("class_name")), f"{key}.config.layers")
            _input_layer(notes, layer, key)
    _build(notes, value, key)
    compiled = value.get("compile_config")
    if isinstance(compiled, dict):
        _compiled(notes, compiled, f"{key}.compile_config")
    quantised = sorted(set(_quantised(config)))
    if quantised:
        notes.add("quantisation", ", ".join(quantised)[:200], f"{key}.config.layers")


def _input_layer(notes: Notes, layer: dict[str, Any], key: str) -> None:
    settings = layer.get("config")
    if layer.get("class_name") != "InputLayer" or not isinstance(settings, dict):
        return
    shape = settings.get("batch_shape", settings.get("batch_input_shape"))
    if isinstance(shape, list):
        spec = (_string(settings.get("name")) or "input", _string(settings.get("dtype")), _dimensions(shape))
        notes.add("inputs", spec, f"{key}.config.layers.InputLayer")


def _build(notes: Notes, value: dict[str, Any], key: str) -> None:
    build = value.get("build_config")
    shape = build.get("input_shape") if isinstance(build, dict) else None
    if isinstance(shape, list) and not any(o.fact == "inputs" for o in notes.observations):
        notes.add("inputs", ("input", "", _dimensions(shape)), f"{key}.build_config.input_shape")


def _compiled(notes: Notes, compiled: dict[str, Any], key: str) -> None:
    optimizer = compiled.get("optimizer")
    if isinstance(optimizer, dict):
        notes.add("hyperparameters", ("optimizer", _string(optimizer.get("class_name"))), f"{key}.optimizer")
        settings = optimizer.get("config")
        for name, setting in settings.items() if isinstance(settings, dict) else ():
            if isinstance(setting, (int, float, str, bool)):
                notes.add("hyperparameters", (f"optimizer.{name}", str(setting)), f"{key}.optimizer.{name}")
    elif isinstance(optimizer, str):
        notes.add("hyperparameters", ("optimizer", optimizer), f"{key}.optimizer")
    loss = compiled.get("loss")
    if isinstance(loss, str):
        notes.add("hyperparameters", ("loss", loss), f"{key}.loss")


def metadata(notes: Notes, text: bytes, key: str) -> None:
    """``metadata.json`` of an archive."""
    value = parsed_json(notes, text, key)
    if not isinstance(value, dict):
        return
    version = _string(value.get("keras_version"))
    notes.add("framework", "Keras", key)
    notes.add("framework_version", version, f"{key}.keras_version")
    notes.add("component", ("keras", version, ""), f"{key}.keras_version")
    notes.add("property", ("keras:date-saved", _string(value.get("date_saved"))), f"{key}.date_saved")


def parsed_json(notes: Notes, text: bytes, key: str) -> object:
    """The value of a JSON text; ``None`` and a gap where it is none or nests too deep."""
    if len(text) > MOST_CONFIG:
        notes.gap(f"{key}: more than {MOST_CONFIG:,} bytes of JSON")
        return None
    try:
        value: object = json.loads(text)
        return value
    except (ValueError, RecursionError) as error:
        why = "it nests too deep" if isinstance(error, RecursionError) else "it is not valid JSON"
        notes.gap(f"{key}: {why}")
        return None


def _quantised(value: object) -> Iterable[str]:
    """Names of the quantised data types that layers are set to."""
    pending = [value]
    visited = 0
    while pending and visited < 200_000:
        item = pending.pop()
        visited += 1
        if isinstance(item, dict):
            mode = item.get("quantization_mode")
            if isinstance(mode, str):
                yield mode
            if item.get("class_name") in ("QuantizedDTypePolicy", "QuantizedFloat8DTypePolicy", "GPTQDTypePolicy"):
                inner = item.get("config")
                if isinstance(inner, dict) and isinstance(inner.get("mode"), str):
                    yield inner["mode"]
            pending.extend(v for v in item.values() if isinstance(v, (dict, list)))
        elif isinstance(item, list):
            pending.extend(v for v in item if isinstance(v, (dict, list)))


def _dimensions(shape: list[object]) -> list[str]:
    return [str(n) if type(n) is int else "?" for n in shape[:64]]


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
