"""What a Hugging Face configuration names: modules to import, repositories, weight files, chat templates.

Sources: transformers' ``dynamic_module_utils`` (``auto_map``, ``repository--module.Class``), ``pipelines``
(``custom_pipelines``), diffusers' ``model_index.json``, PEFT's ``auto_mapping``, sentence-transformers'
``modules.json``, and the index files of sharded weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from violet.formats.base import Child, Defect, Parsed, Reading, Relation
from violet.formats.json_text.reader import JsonFacts, parse
from violet.formats.source import BytesSource, Source
from violet.formats.text.document import Document, read_document, unexamined_parts

MOST_VALUES = 50_000
TRUSTED_LIBRARIES = frozenset(
    "transformers diffusers peft sentence_transformers onnxruntime stable_diffusion flax tokenizers accelerate timm"
    " open_clip optimum".split(" ")
)
CODE_READ = 2 << 20


@dataclass(frozen=True, slots=True)
class CodeReference:
    """A module that loading imports. ``key`` is where it is named (``auto_map.AutoModel``), ``text`` as it
    stands there; ``repository`` another repository it comes from, or ``""``; ``file`` the path of the code
    beside the configuration; ``present`` whether it is there; ``outside`` that it leaves the directory;
    ``imported`` that it is imported by its full name, from wherever it is installed."""

    key: str
    text: str
    repository: str = ""
    file: str = ""
    present: bool = False
    outside: bool = False
    imported: bool = False


@dataclass(slots=True)
class HuggingFaceFacts:
    """``code`` is what would be imported; ``sources`` the text of those files that are here, by path;
    ``trusts`` keys that switch on remote code; ``outside`` weight files that are not in the directory."""

    document: Document
    value: object = None
    code: list[CodeReference] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    trusts: list[str] = field(default_factory=list)
    outside: list[tuple[str, str]] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    targets: list[tuple[str, str]] = field(default_factory=list)


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    parsed = Parsed(unexamined=unexamined_parts(document))
    facts = HuggingFaceFacts(document)
    parsed.facts = facts
    values = JsonFacts(document)
    parse(values, source, watch_duplicates=True)
    facts.duplicates = values.duplicates
    if values.problem:
        kind = "truncated" if document.size and "Expecting" in values.problem else "malformed"
        parsed.defects.append(Defect(kind, f"is not valid JSON: {values.problem}", key="json"))
        parsed.unexamined.append("the values of a configuration that is not valid JSON")
        return parsed
    facts.value = values.value
    _collect(facts, values.value, reading, parsed)
    for reference in facts.code:
        if reference.file and not reference.present and not reference.repository:
            parsed.unexamined.append(f"the code {reference.file} that {reference.key} names: it is not here")
    return parsed


def _walk(value: object) -> Iterator[tuple[str, str, object]]:
    """Every key of every object: where it is, its name, its value."""
    pending: list[tuple[str, object]] = [("", value)]
    count = 0
    while pending and count < MOST_VALUES:
        where, current = pending.pop()
        if isinstance(current, dict):
            for key, inner in current.items():
                count += 1
                path = f"{where}.{key}" if where else str(key)
                yield path, str(key), inner
                if isinstance(inner, (dict, list)) and key != "weight_map":
                    pending.append((path, inner))
        elif isinstance(current, list):
            for index, inner in enumerate(current[:MOST_VALUES]):
                count += 1
                if isinstance(inner, (dict, list)):
                    pending.append((f"{where}[{index}]", inner))


def _collect(facts: HuggingFaceFacts, value: object, reading: Reading, parsed: Parsed) -> None:
    name = reading.name.lower()
    for where, key, inner in _walk(value):
        if key == "auto_map" and isinstance(inner, dict):
            for entry, reference in inner.items():
                _references(facts, f"{where}.{entry}", reference, reading)
        elif key == "auto_map":
            _references(facts, where, inner, reading)
        elif key == "custom_pipelines" and isinstance(inner, dict):
            for task, settings in inner.items():
                if isinstance(settings, dict):
                    _references(facts, f"{where}.{task}.impl", settings.get("impl"), reading)
        elif key == "trust_remote_code" and inner is True:
            facts.trusts.append(where)
        elif key == "auto_mapping" and isinstance(inner, dict):
            _library(facts, f"{where}.parent_library", inner.get("parent_library"), reading)
        elif key == "weight_map" and isinstance(inner, dict):
            _weights(facts, inner)
        elif key == "_target_" and isinstance(inner, str):
            facts.targets.append((where, inner))
        elif key == "chat_template":
            _templates(parsed, inner)
        elif key == "type" and name == "modules.json" and isinstance(inner, str):
            _library(facts, where, inner, reading)
    if name == "model_index.json" and isinstance(value, dict):
        _pipeline(facts, value, reading)


def _references(facts: HuggingFaceFacts, key: str, value: object, reading: Reading) -> None:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str) and item:
            facts.code.append(_reference(facts, key, item, reading))


def _reference(facts: HuggingFaceFacts, key: str, text: str, reading: Reading) -> CodeReference:
    repository, dashes, rest = text.rpartition("--")
    module = rest.rpartition(".")[0] or rest
    file = module.replace(".", "/").lstrip("/") + ".py"
    outside = "/" in module or "\\" in module or ".." in rest
    present = not dashes and _load(facts, file, reading)
    return CodeReference(key, text, repository if dashes else "", file, present, outside)


def _load(facts: HuggingFaceFacts, file: str, reading: Reading) -> bool:
    if file in facts.sources:
        return True
    code = reading.sibling(file)
    if code is None or len(facts.sources) >= 50:
        return False
    facts.sources[file] = code.read(0, CODE_READ).decode("utf-8", "replace")
    return True


def _library(facts: HuggingFaceFacts, key: str, value: object, reading: Reading) -> None:
    """A module that is imported by its full name: trusted where it is of a known library."""
    if isinstance(value, str) and value and value.partition(".")[0] not in TRUSTED_LIBRARIES:
        file = value.rpartition(".")[0].replace(".", "/") + ".py"
        own = value.replace(".", "/") + ".py"
        present = _load(facts, own, reading) or _load(facts, file, reading)
        found = own if own in facts.sources else file
        facts.code.append(CodeReference(key, value, "", found, present, imported=True))


def _pipeline(facts: HuggingFaceFacts, value: dict[str, object], reading: Reading) -> None:
    """diffusers: ``"unet": ["library or file", "Class"]``, ``"_class_name": ["file", "Class"]``."""
    for key, entry in value.items():
        if isinstance(entry, list) and len(entry) == 2 and isinstance(entry[0], str):
            library = entry[0]
            if library.partition(".")[0] not in TRUSTED_LIBRARIES:
                file = library.replace(".", "/") + ".py"
                folder = f"{key}/{file}"
                present = _load(facts, file, reading) or _load(facts, folder, reading)
                if present or key == "_class_name":
                    facts.code.append(CodeReference(key, f"{library}.{entry[1]}", "", file, present))


def _weights(facts: HuggingFaceFacts, mapping: dict[str, object]) -> None:
    for file in dict.fromkeys(v for v in mapping.values() if isinstance(v, str)):
        parts = file.replace("\\", "/").split("/")
        if file.startswith(("/", "\\", "~")) or ".." in parts or ":" in parts[0] or "\x00" in file:
            tensor = next(str(k) for k, v in mapping.items() if v == file)
            facts.outside.append((tensor, file))


def _templates(parsed: Parsed, value: object) -> None:
    entries: list[tuple[str, object]] = []
    if isinstance(value, list):
        for item in value[:100]:
            if isinstance(item, dict):
                entries.append((f"chat_template[{str(item.get('name', ''))[:60]}]", item.get("template")))
    elif isinstance(value, dict):
        entries.extend((f"chat_template[{str(name)[:60]}]", text) for name, text in list(value.items())[:100])
    else:
        entries.append(("chat_template", value))
    for name, text in entries:
        if isinstance(text, str) and text:
            data = text.encode("utf-8", "backslashreplace")
            parsed.children.append(Child(name, BytesSource(data), Relation.TEXT, format="jinja"))
