"""Facts of one file: told by its content what it is, read by the bounded parsers, never loaded.

Runs in a worker process: what it reads is not trusted.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain.bom import Basis
from violet.formats.base import HEAD, Parsed, Reading, Relation
from violet.formats.registry import by_id, identify
from violet.formats.source import BoundExceededError, Bounds, FileSource, Meter, Source
from violet.provenance.bom.observation import Notes

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_JSON = 64 << 20
MOST_TEXT = 1 << 20
DEEPEST = 4
"""Wrappers (compressed files) around a model that are opened."""
CARDS = ("readme.md", "model_card.md", "modelcard.md", "model-card.md")
TOKENIZERS = {
    "tokenizer.model": "SentencePiece", "spiece.model": "SentencePiece", "sentencepiece.bpe.model": "SentencePiece",
    "vocab.txt": "WordPiece", "merges.txt": "BPE",
}  # fmt: skip
DEPENDENCIES = ("requirements", "python-project", "lock-file", "setup-script")
ARCHIVES = ("zip", "npz", "torch_zip", "torchscript", "torch_export", "torch_package", "keras", "skops")


def file_facts(path: str, name: str) -> Notes:
    """What the file tells. Never raises for what it holds: what cannot be read is a gap."""
    notes = Notes()
    try:
        with FileSource.open(path) as source:
            meter = Meter(Bounds())
            _examine(notes, source, name, meter, 0)
    except OSError as error:
        notes.gap(f"it cannot be read: {error.strerror or error}")
    return notes


def _examine(notes: Notes, source: Source, name: str, meter: Meter, depth: int) -> None:
    recognised = identify(source, name)
    ids = [entry.id for entry in recognised]
    if not depth or not notes.format:
        notes.format = "torch_legacy" if "torch_legacy" in ids else ids[0] if ids else "unknown"
    try:
        _dispatch(notes, source, name, ids, meter, depth)
    except BoundExceededError as error:
        notes.gap(f"reading it would take more than it may use: it {error.message}")
    except (MemoryError, RecursionError) as error:
        notes.gap(f"it exhausts the reader ({type(error).__name__})")
    except OSError as error:
        notes.gap(f"it cannot be read: {error.strerror or error}")
    except Exception as error:  # whatever hostile bytes did to a reader, the other files are still read
        notes.gap(f"a reader broke on it ({type(error).__name__})")


def _dispatch(notes: Notes, source: Source, name: str, ids: list[str], meter: Meter, depth: int) -> None:
    lowered = name.lower()
    kind = ids[0] if ids else ""
    if lowered in TOKENIZERS:
        notes.add("tokenizer", TOKENIZERS[lowered], name, Basis.CLAIMED)
    elif lowered in CARDS:
        from violet.provenance.bom.documents import model_card

        model_card(notes, source.read(0, MOST_TEXT).decode("utf-8", "replace"))
    elif kind == "mlflow":
        from violet.provenance.bom.documents import mlmodel

        mlmodel(notes, source.read(0, MOST_TEXT).decode("utf-8", "replace"))
    elif "torch_legacy" in ids:
        _torch_legacy(notes, source, name, meter)
    elif any(entry in DEPENDENCIES for entry in ids):
        _packages(notes, source, name, next(entry for entry in ids if entry in DEPENDENCIES), meter)
    elif kind in _READERS:
        _READERS[kind](notes, source, name, meter)
    elif any(entry in ids for entry in ARCHIVES):
        _archive(notes, source, name, ids, meter)
    elif _json_like(source):
        _json(notes, source, name)
    elif source.read(0, 16).startswith(b"tree\nversion=v"):
        from violet.provenance.bom import boosting

        size = source.size
        boosting.lightgbm(
            notes, source.read(0, boosting.LIGHTGBM_READ), source.read(max(0, size - MOST_TEXT), MOST_TEXT)
        )
    elif kind in ("gzip", "bzip2", "xz", "lzma", "zlib", "zstd", "lz4", "zfile") and depth < DEEPEST:
        _unwrap(notes, source, name, kind, meter, depth)


def _read(format_id: str, source: Source, name: str, meter: Meter) -> Parsed:
    entry = by_id()[format_id]
    if entry.read is None:
        return Parsed()
    return entry.read(source, Reading(name, meter.bounds, meter))


def _note_defects(notes: Notes, parsed: Parsed) -> None:
    for defect in parsed.defects[:5]:
        notes.gap(f"{defect.kind}: {defect.message.rstrip('.')}")
    for part in parsed.unexamined[:5]:
        notes.gap(f"not read: {part}")


def _safetensors(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    from violet.provenance.bom.tensors import safetensors

    parsed = _read("safetensors", source, name, meter)
    safetensors(notes, parsed)
    _note_defects(notes, parsed)


def _gguf(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    from violet.provenance.bom.tensors import gguf

    parsed = _read("gguf", source, name, meter)
    gguf(notes, parsed)
    _note_defects(notes, parsed)


def _npy(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    from violet.provenance.bom.tensors import believed, count, npy

    parsed = _read("npy", source, name, meter)
    found = npy(notes, parsed)
    if found is not None:
        notes.add("weights", "numpy", "header")
        notes.add("framework", "NumPy", "header", Basis.MEASURED)
        count(notes, [found], "header", believed(parsed))
    _note_defects(notes, parsed)


def _onnx(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    from violet.provenance.bom.graphs import onnx

    onnx(notes, source, meter)


def _saved_model(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    from violet.provenance.bom.graphs import saved_model

    saved_model(notes, source, meter)


def _hdf5(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    from violet.provenance.bom.keras_files import configuration, hdf5

    parsed = _read("hdf5", source, name, meter)
    for child in parsed.children:
        if child.format == "keras-config" and child.name == "model_config":
            configuration(notes, child.source.read(0, child.source.size), "@model_config")
    hdf5(notes, parsed)
    _note_defects(notes, parsed)


def _pickle(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    from violet.provenance.bom.estimators import pickled
    from violet.provenance.bom.pickles import Graph
    from violet.provenance.bom.torch_files import checkpoint

    graph = Graph(source, 0, meter)
    if not checkpoint(notes, graph, "pickle"):
        pickled(notes, graph, "pickle")


def _torch_legacy(notes: Notes, source: Source, name: str, meter: Meter) -> None:
    """Before 1.6: the magic number, the protocol and system data, the object, then keys and storages."""
    from violet.provenance.bom.pickles import Graph
    from violet.provenance.bom.torch_files import checkpoint

    start = 0
    for _ in range(3):
        stream = Graph(source, start, meter).stream
        if stream.broken:
            notes.gap(f"the pickle breaks ({stream.broken})")
            return
        start = stream.end
    graph = Graph(source, start, meter)
    checkpoint(notes, graph, "pickle 4", room=source.size - graph.stream.end)


_READERS: dict[str, Callable[[Notes, Source, str, Meter], None]] = {
    "safetensors": _safetensors,
    "gguf": _gguf,
    "npy": _npy,
    "onnx": _onnx,
    "tensorflow-savedmodel": _saved_model,
    "hdf5": _hdf5,
    "pickle": _pickle,
}


def _packages(notes: Notes, source: Source, name: str, kind: str, meter: Meter) -> None:
    """What a file of the project has installed; constraints install nothing by themselves."""
    from violet.formats.project.facts import DependencyFacts
    from violet.provenance.bom.observation import MOST_HASHES, Package

    parsed = _read(kind, source, name, meter)
    facts = parsed.facts
    if not isinstance(facts, DependencyFacts):
        return
    notes.add("property", (f"project:{facts.file}", facts.own or "read"), "name")
    notes.add("property", ("requires-python", facts.python), "python")
    for entry in facts.dependencies:
        if not entry.name or entry.group == "constraint":
            continue
        part = entry.component("")
        package = Package(
            part.name,
            part.version,
            part.specifier,
            part.ecosystem,
            part.purl,
            entry.group,
            entry.url,
            tuple(str(d) for d in part.hashes[:MOST_HASHES]),
        )
        notes.add("package", package.row(), f"{entry.line}")
    _note_defects(notes, parsed)


def _archive(notes: Notes, source: Source, name: str, ids: list[str], meter: Meter) -> None:
    """Zip archives: PyTorch, Keras, skops and NumPy keep their parts in members of known names."""
    from violet.formats.archive import ArchiveFacts

    parsed = _read("zip", source, name, meter)
    if not isinstance(parsed.facts, ArchiveFacts):
        return
    members = {m.name: m.source for m in parsed.facts.members if m.source is not None}
    if len(members) < sum(1 for m in parsed.facts.members if not m.is_dir):
        notes.gap("some members of the archive cannot be read, or share a name")
    if "keras" in ids:
        _keras_archive(notes, members, meter)
    elif "skops" in ids:
        from violet.provenance.bom.estimators import skops
        from violet.provenance.bom.keras_files import parsed_json

        schema = members.get("schema.json")
        if schema is not None:
            skops(notes, parsed_json(notes, schema.read(0, MOST_JSON), "schema.json"), "schema.json")
    elif "npz" in ids:
        _npz(notes, members, meter)
    else:
        _torch_archive(notes, members, meter)
    if parsed.defects:
        _only_claims(notes)
    _note_defects(notes, Parsed(defects=parsed.defects))


def _only_claims(notes: Notes) -> None:
    """An archive that contradicts itself: loaders may read something else, so nothing in it counts as measured."""
    for index, found in enumerate(notes.observations):
        if found.basis is Basis.MEASURED:
            fact = "parameters_claimed" if found.fact == "parameters" else found.fact
            notes.observations[index] = replace(found, fact=fact, basis=Basis.CLAIMED)


def _torch_archive(notes: Notes, members: dict[str, Source], meter: Meter) -> None:
    from violet.provenance.bom.pickles import Graph
    from violet.provenance.bom.torch_files import checkpoint

    for name, content in members.items():
        if name.rpartition("/")[2].lower() != "data.pkl":
            continue
        root = name[: -len("data.pkl")]
        sizes = {n[len(root) + 5 :]: s.size for n, s in members.items() if n.startswith(f"{root}data/")}
        graph = Graph(content, 0, meter)
        if not checkpoint(notes, graph, name, sizes):
            from violet.provenance.bom.estimators import pickled

            pickled(notes, graph, name)
        return


def _keras_archive(notes: Notes, members: dict[str, Source], meter: Meter) -> None:
    from violet.provenance.bom.keras_files import configuration, hdf5, metadata

    notes.add("weights", "keras", "model.weights.h5")
    for name, read in (("metadata.json", metadata), ("config.json", configuration)):
        if name in members:
            read(notes, members[name].read(0, MOST_JSON), name)
    weights = members.get("model.weights.h5")
    if weights is None:
        notes.gap("the archive has no model.weights.h5")
        return
    parsed = _read("hdf5", weights, "model.weights.h5", meter)
    hdf5(notes, parsed, "model.weights.h5")
    _note_defects(notes, parsed)


def _npz(notes: Notes, members: dict[str, Source], meter: Meter) -> None:
    from violet.provenance.bom.tensors import believed, count, npy

    arrays: list[tuple[str, int]] = []
    basis = Basis.MEASURED
    for name, content in members.items():
        parsed = _read("npy", content, name, meter)
        found = npy(notes, parsed, name)
        if found is not None:
            arrays.append(found)
            basis = basis if believed(parsed) is Basis.MEASURED else Basis.CLAIMED
    if arrays:
        notes.add("weights", "numpy", "members")
        notes.add("framework", "NumPy", "members", Basis.MEASURED)
        count(notes, arrays, "members", basis)


def _json_like(source: Source) -> bool:
    return source.read(0, HEAD).lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def _json(notes: Notes, source: Source, name: str) -> None:
    from violet.provenance.bom import boosting, documents
    from violet.provenance.bom.keras_files import configuration, parsed_json

    if source.size > MOST_JSON:
        notes.gap(f"more than {MOST_JSON:,} bytes of JSON")
        return
    data = source.read(0, source.size)
    value = parsed_json(notes, data, name)
    if isinstance(value, dict) and value.get("type") == "violet-dataset":
        from violet.provenance.bom.data_manifest import note

        note(notes, data)
    elif boosting.is_xgboost(value) and isinstance(value, dict):
        boosting.xgboost(notes, value)
    elif not documents.hugging_face(notes, name.lower(), value) and isinstance(value, dict) and "class_name" in value:
        configuration(notes, data, name)


def _unwrap(notes: Notes, source: Source, name: str, kind: str, meter: Meter, depth: int) -> None:
    parsed = _read(kind, source, name, meter)
    for child in parsed.children:
        if child.relation is Relation.CONTENT:
            notes.add("property", ("compression", kind), "header", Basis.MEASURED)
            _examine(notes, child.source, name.rpartition(".")[0] or name, meter, depth + 1)
            return
    _note_defects(notes, parsed)
