"""What an ``MLmodel`` file has MLflow import and load.

Source: MLflow's "MLflow Model" documentation and ``mlflow.pyfunc`` (``loader_module``, ``code``, ``data``,
``model_code_path``, ``env``, ``python_model``, ``artifacts``).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from violet.formats.base import Parsed, Reading
from violet.formats.source import Source
from violet.formats.text.document import Document, read_document, unexamined_parts
from violet.formats.text.yaml_lines import Yaml, parse

PATH_KEYS = frozenset(
    [
        "code", "data", "pickled_model", "model_path", "model_code_path", "python_model", "uri", "path", "env",
        "model_data", "artifact_path", "conda", "virtualenv", "saved_model_dir", "model_file", "state_dict",
        "requirements_file", "extra_files", "model_uri", "tokenizer_path", "serialized_model", "data_path",
    ]
)  # fmt: skip
CODE_READ = 2 << 20
MOST_SOURCES = 50


@dataclass(slots=True)
class MlflowFacts:
    """``loaders`` are the modules that flavors name to load the model with; ``code`` the directories put on
    the import path; ``code_model`` the script that defines the model, or ``""``; ``pickled`` paths of
    pickles; ``outside`` keys whose path leaves the directory; ``sources`` texts of the Python files of the
    code that is here; ``strange`` syntax that MLflow does not write, with its line."""

    document: Document
    loaders: list[tuple[str, str]] = field(default_factory=list)
    code: list[str] = field(default_factory=list)
    code_model: str = ""
    pickled: list[tuple[str, str]] = field(default_factory=list)
    outside: list[tuple[str, str]] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)
    strange: list[tuple[int, str]] = field(default_factory=list)
    flavors: list[str] = field(default_factory=list)


def read(source: Source, reading: Reading) -> Parsed:
    document = read_document(source, reading)
    facts = MlflowFacts(document)
    parsed = Parsed(facts=facts, unexamined=unexamined_parts(document))
    tree = parse(document.text)
    facts.strange = tree.strange
    flavors = tree.value.get("flavors") if isinstance(tree.value, dict) else None
    if not isinstance(flavors, dict):
        facts.strange.append((1, "no flavors"))
        parsed.unexamined.append("an MLmodel file without flavors")
        return parsed
    facts.flavors = list(flavors)
    for flavor, settings in flavors.items():
        if isinstance(settings, dict):
            _flavor(facts, flavor, settings)
    _sources(facts, reading)
    return parsed


def _flavor(facts: MlflowFacts, flavor: str, settings: dict[str, Yaml]) -> None:
    loader = settings.get("loader_module")
    if isinstance(loader, str):
        facts.loaders.append((flavor, loader))
    code = settings.get("code")
    if isinstance(code, str) and code not in facts.code:
        facts.code.append(code)
    script = settings.get("model_code_path")
    if isinstance(script, str) and script:
        facts.code_model = script.replace("\\", "/").rpartition("/")[2]
    for key in ("pickled_model", "python_model", "model_path", "cloudpickle_version", "serialization_format"):
        value = settings.get(key)
        if isinstance(value, str) and (
            value.endswith((".pkl", ".pickle", ".joblib")) or value in ("cloudpickle", "pickle")
        ):
            facts.pickled.append((f"{flavor}.{key}", value))
    _paths(facts, flavor, settings, 0)


def _paths(facts: MlflowFacts, where: str, settings: dict[str, Yaml], depth: int) -> None:
    for key, value in settings.items():
        place = f"{where}.{key}"
        if isinstance(value, dict) and depth < 6:
            _paths(facts, place, value, depth + 1)
        elif isinstance(value, str) and key in PATH_KEYS and key not in ("model_code_path", "uri", "model_uri"):
            parts = value.replace("\\", "/").split("/")
            if value.startswith(("/", "\\", "~")) or ".." in parts or "://" in value or parts[0].endswith(":"):
                facts.outside.append((place, value))


def _sources(facts: MlflowFacts, reading: Reading) -> None:
    """The Python files of the code directories, and the script of a model defined by code."""
    wanted = [facts.code_model] if facts.code_model else []
    folders = tuple(f"{code.strip('./')}/" for code in facts.code if code.strip("./"))
    if folders:
        wanted += [name for name in reading.siblings() if name.endswith(".py") and name.startswith(folders)]
    for name in wanted[:MOST_SOURCES]:
        found = reading.sibling(name)
        if found is not None:
            facts.sources[name] = found.read(0, CODE_READ).decode("utf-8", "replace")
