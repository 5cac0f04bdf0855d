"""Facts of formats that are a table of tensors: safetensors, GGUF, npy and npz.

Key names of GGUF from ``docs/gguf.md`` of the ggml repository, of tensor and file types from ``gguf/constants.py``
of llama.cpp; ``modelspec.*`` keys of safetensors from Stability AI's "Stable Model Metadata Standard Specification".
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from violet.domain.bom import Basis
from violet.formats.gguf.reader import ArrayInfo, GgufFacts
from violet.formats.numpy_array.reader import NpyFacts
from violet.formats.safetensors.reader import SafetensorsFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from violet.formats.base import Parsed
    from violet.provenance.bom.observation import Notes

GGML_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1", 10: "Q2_K", 11: "Q3_K",
    12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S",
    20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64",
    29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4", 41: "Q1_0",
}  # fmt: skip
GGUF_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K", 11: "Q3_K_S",
    12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S", 17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS",
    20: "IQ2_XS", 21: "Q2_K_S", 22: "IQ3_XS", 23: "IQ3_XXS", 24: "IQ1_S", 25: "IQ4_NL", 26: "IQ3_S", 27: "IQ3_M",
    28: "IQ2_S", 29: "IQ2_M", 30: "IQ4_XS", 31: "IQ1_M", 32: "BF16", 36: "TQ1_0", 37: "TQ2_0", 38: "MXFP4_MOE",
    39: "NVFP4", 40: "Q1_0",
}  # fmt: skip
QUANTISED = frozenset(name for name in GGML_TYPES.values() if name[0] in "QTMN" or name.startswith("IQ"))

_MODELSPEC = {
    "architecture": "architecture", "title": "name", "author": "producer", "license": "licenses", "date": "created",
    "description": "description", "implementation": "framework", "merged_from": "base_models", "tags": "",
}  # fmt: skip
_GENERAL = {
    "name": "name", "version": "version", "description": "description", "license": "licenses", "url": "location",
    "repo_url": "location", "quantized_by": "producer",
}  # fmt: skip
_FRAMEWORKS = {"pt": "PyTorch", "tf": "TensorFlow", "flax": "Flax", "np": "NumPy", "mlx": "MLX"}
MOST_HYPERPARAMETERS = 200


def believed(parsed: Parsed) -> Basis:
    """A table that contradicts itself, or is cut short, only claims what it says."""
    return Basis.CLAIMED if parsed.defects or parsed.unexamined else Basis.MEASURED


def count(notes: Notes, tensors: Iterable[tuple[str, int]], key: str, basis: Basis, *, plain: bool = False) -> None:
    """Note tensors, parameters and types, given the type and the number of elements of each tensor; where most of the
    elements are of a type of one byte or less, that is the quantisation (unless ``plain``: told otherwise)."""
    found = list(tensors)
    by_type: dict[str, int] = {}
    for dtype, elements in found:
        by_type[dtype] = by_type.get(dtype, 0) + elements
    notes.add("tensors", len(found), key, basis)
    notes.add("parameters" if basis is Basis.MEASURED else "parameters_claimed", sum(by_type.values()), key, basis)
    for dtype, elements in sorted(by_type.items()):
        notes.add("dtypes", (dtype, elements), key, basis)
    most = max(by_type, key=by_type.__getitem__, default="")
    if not plain and most.lower().startswith(_SMALL):
        notes.add("quantisation", most, key, basis)


_SMALL = ("qint", "quint", "int8", "i8", "float8", "f8", "f4", "f6")
"""How the names of types begin in which nothing but quantised weights is kept."""


def safetensors(notes: Notes, parsed: Parsed) -> None:
    facts = parsed.facts
    if not isinstance(facts, SafetensorsFacts):
        return
    notes.add("weights", "safetensors", "header")
    count(notes, ((t.dtype, math.prod(t.shape)) for t in facts.tensors), "header", believed(parsed))
    for key, value in facts.metadata.items():
        where = f"header.__metadata__.{key}"
        if key == "format" and value in _FRAMEWORKS:
            notes.add("framework", _FRAMEWORKS[value], where)
        elif key.startswith("modelspec."):
            fact = _MODELSPEC.get(key.removeprefix("modelspec."), "")
            if fact:
                notes.add(fact, value, where)
        elif key == "ss_base_model_version":
            notes.add("base_models", value, where)
        elif key.startswith("ss_") and len(value) <= 200:
            notes.add("hyperparameters", (key.removeprefix("ss_"), value), where)
        elif key not in ("format", "total_size"):
            notes.add("property", (f"safetensors:{key}", value), where)


def gguf(notes: Notes, parsed: Parsed) -> None:
    facts = parsed.facts
    if not isinstance(facts, GgufFacts):
        return
    basis = believed(parsed)
    notes.add("weights", "gguf", "tensors")
    notes.add("framework", "GGUF", "header")
    notes.add("framework_version", str(facts.version), "header.version")
    types = [(GGML_TYPES.get(t.type, f"type {t.type}"), math.prod(t.dimensions)) for t in facts.tensors]
    count(notes, types, "tensors", basis, plain=True)
    metadata = facts.metadata
    _quantisation(notes, facts, types)
    family = metadata.get("general.architecture")
    if isinstance(family, str):
        notes.add("family", family, "general.architecture")
        _architecture(notes, facts, family)
    for key, fact in _GENERAL.items():
        value = metadata.get(f"general.{key}")
        if isinstance(value, str):
            notes.add(fact, value, f"general.{key}")
    for key in ("organization", "author"):
        value = metadata.get(f"general.{key}")
        if isinstance(value, str):
            notes.add("producer", value, f"general.{key}")
            break
    _ancestors(notes, facts)
    languages = metadata.get("general.languages")
    for language in languages.strings if isinstance(languages, ArrayInfo) else ():
        notes.add("languages", language, "general.languages")
    label = metadata.get("general.size_label")
    if isinstance(label, str):
        notes.add("property", ("gguf:size-label", label), "general.size_label")
    _tokenizer(notes, facts)


def _quantisation(notes: Notes, facts: GgufFacts, types: list[tuple[str, int]]) -> None:
    """What the types of the tensors show, and the file type that the header declares."""
    declared = facts.metadata.get("general.file_type")
    name = GGUF_FILE_TYPES.get(declared) if isinstance(declared, int) else None
    present = {dtype for dtype, _ in types}
    if name and (present & QUANTISED or name in present or not types):
        notes.add("quantisation", name, "general.file_type")
        return
    most = max(types, key=lambda entry: entry[1], default=("", 0))[0]
    if most in QUANTISED:
        notes.add("quantisation", most, "tensors", Basis.MEASURED)
    if name and most and name.split("_")[0] != most.split("_")[0]:
        notes.gap(f"general.file_type says {name}, but most tensors are {most}")


def _architecture(notes: Notes, facts: GgufFacts, family: str) -> None:
    prefix = f"{family}."
    kept = 0
    for key, value in facts.metadata.items():
        if key.startswith(prefix) and not isinstance(value, ArrayInfo) and kept < MOST_HYPERPARAMETERS:
            kept += 1
            notes.add("hyperparameters", (key.removeprefix(prefix), _shown(value)), key)


def _ancestors(notes: Notes, facts: GgufFacts) -> None:
    """``general.base_model.N.*`` and ``general.dataset.N.*``."""
    metadata = facts.metadata
    for number in range(64):
        base = f"general.base_model.{number}"
        name, location = metadata.get(f"{base}.name"), metadata.get(f"{base}.repo_url")
        if isinstance(location, str) and location:
            notes.add("base_models", location, f"{base}.repo_url")
        elif isinstance(name, str):
            organisation = metadata.get(f"{base}.organization")
            notes.add(
                "base_models", f"{organisation}/{name}" if isinstance(organisation, str) else name, f"{base}.name"
            )
        data = f"general.dataset.{number}"
        name, location = metadata.get(f"{data}.name"), metadata.get(f"{data}.repo_url")
        if isinstance(name, str):
            notes.add("dataset", (name, "training", location if isinstance(location, str) else ""), f"{data}.name")
    datasets = metadata.get("general.datasets")
    for name in datasets.strings if isinstance(datasets, ArrayInfo) else ():
        notes.add("dataset", (name, "training", ""), "general.datasets")


def _tokenizer(notes: Notes, facts: GgufFacts) -> None:
    model = facts.metadata.get("tokenizer.ggml.model")
    if not isinstance(model, str):
        return
    words = facts.metadata.get("tokenizer.ggml.tokens")
    size = f", {words.length:,} tokens" if isinstance(words, ArrayInfo) else ""
    before = facts.metadata.get("tokenizer.ggml.pre")
    shown = f"{model}/{before}" if isinstance(before, str) else model
    notes.add("tokenizer", shown + size, "tokenizer.ggml.model")


def _shown(value: int | float | bool | str) -> str:
    return f"{value:.8g}" if isinstance(value, float) else str(value)


def npy(notes: Notes, parsed: Parsed, key: str = "header") -> tuple[str, int] | None:
    """Type and number of elements of an array; ``None`` for one of Python objects."""
    facts = parsed.facts
    if not isinstance(facts, NpyFacts) or facts.objects or not facts.descr:
        return None
    notes.add("property", (f"array:{key}", f"{numpy_type(facts.descr)}{list(facts.shape)}"), key, Basis.MEASURED)
    return numpy_type(facts.descr), math.prod(facts.shape)


def numpy_type(descr: str) -> str:
    """``<f4`` as ``float32``; what is not of that form stays as it is."""
    kinds = {"f": "float", "i": "int", "u": "uint", "c": "complex", "b": "bool", "?": "bool"}
    text = descr.lstrip("<>=|")
    if text[:1] == "O":
        return "object"
    if text[:1] in "V[":
        return "structured"
    if text[:1] not in kinds or not (text[1:].isdigit() or text in ("?", "b")):
        return descr[:40]
    kind = kinds[text[0]]
    return kind if kind == "bool" else f"{kind}{int(text[1:]) * 8}"
