"""Facts of the documents beside a model: Hugging Face configurations, model cards, MLflow's ``MLmodel``.

What they say is claimed, not measured. Keys from the documentation of transformers, PEFT, diffusers and
sentence-transformers, from "Model Cards" of the Hugging Face Hub, and from "MLflow Model" of MLflow.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from violet.domain.bom import Basis
from violet.formats.text.yaml_lines import Yaml, parse

if TYPE_CHECKING:
    from violet.provenance.bom.observation import Notes

CLAIMED = Basis.CLAIMED
MOST_HYPERPARAMETERS = 200
MOST_RESULTS = 500
LONGEST_SECTION = 2_000
_SKIPPED = frozenset(
    "architectures model_type torch_dtype dtype quantization_config transformers_version _name_or_path id2label"
    " label2id auto_map task_specific_params".split()
)
_SECTIONS = (
    ("environment", ("environmental impact", "carbon", "energy")),
    ("ethics", ("ethical", "bias", "fairness")),
    ("users", ("intended users", "users of")),
    ("use-cases", ("intended use", "use cases", "uses", "direct use", "downstream use", "usage")),
    ("limitations", ("limitation", "out-of-scope", "out of scope", "known issues", "risks")),
    ("trade-offs", ("trade-off", "tradeoff")),
    ("preprocessing", ("preprocessing", "pre-processing")),
    ("explainability", ("explainab", "interpretab")),
    ("training", ("training",)),
)
"""Kinds of sections of a model card, by words in their headings; the first that fits counts."""


def hugging_face(notes: Notes, name: str, value: object) -> bool:
    """Facts of one JSON file of a model directory, by its name and content. Says whether it was one."""
    if not isinstance(value, dict):
        return False
    if name == "adapter_config.json" and ("peft_type" in value or "base_model_name_or_path" in value):
        _adapter(notes, value)
    elif name == "model_index.json" and "_class_name" in value:
        _diffusers(notes, value)
    elif name == "tokenizer_config.json":
        notes.add("tokenizer", _text(value.get("tokenizer_class")), "tokenizer_class", CLAIMED)
    elif name == "tokenizer.json":
        _tokenizer(notes, value)
    elif name.endswith(".index.json") and isinstance(value.get("weight_map"), dict):
        _index(notes, value)
    elif name == "config_sentence_transformers.json":
        versions = value.get("__version__")
        for package, version in versions.items() if isinstance(versions, dict) else ():
            known = {"sentence_transformers": "sentence-transformers", "pytorch": "torch"}.get(package, package)
            if isinstance(version, str):
                notes.add("component", (known, version, ""), f"__version__.{package}", CLAIMED)
    elif "model_type" in value or "architectures" in value or "transformers_version" in value:
        _config(notes, value)
    else:
        return False
    return True


def _config(notes: Notes, value: dict[str, Any]) -> None:
    architectures = value.get("architectures")
    for architecture in architectures[:8] if isinstance(architectures, list) else ():
        notes.add("architecture", _text(architecture), "architectures", CLAIMED)
        notes.add("task", _task_of(_text(architecture)), f"architectures ({architecture})", CLAIMED)
    notes.add("family", _text(value.get("model_type")), "model_type", CLAIMED)
    version = _text(value.get("transformers_version"))
    if version or architectures:
        notes.add("component", ("transformers", version, ""), "transformers_version", CLAIMED)
    for key in ("dtype", "torch_dtype"):
        if isinstance(value.get(key), str):
            notes.add("property", ("huggingface:dtype", value[key]), key, CLAIMED)
            break
    origin = _text(value.get("_name_or_path"))
    if "/" in origin and not origin.startswith((".", "/", "~")):
        notes.add("base_models", origin, "_name_or_path", CLAIMED)
    quantisation = value.get("quantization_config")
    if isinstance(quantisation, dict):
        notes.add("quantisation", _quantisation(quantisation), "quantization_config", CLAIMED)
    labels = value.get("id2label")
    if isinstance(labels, dict) and len(labels) <= 500:
        notes.add("property", ("labels", ", ".join(map(str, labels.values()))), "id2label", CLAIMED)
    _scalars(notes, value, "")


def _scalars(notes: Notes, value: dict[str, Any], prefix: str) -> None:
    kept = 0
    for key, setting in value.items():
        if key in _SKIPPED or setting is None or kept >= MOST_HYPERPARAMETERS:
            continue
        if isinstance(setting, (int, float, str, bool)):
            kept += 1
            notes.add("hyperparameters", (prefix + str(key), str(setting)), str(key), CLAIMED)


def _task_of(architecture: str) -> str:
    """``BertForSequenceClassification`` is for text classification."""
    found = re.search(r"For([A-Z]\w+)$", architecture)
    known = {
        "CausalLM": "text-generation", "SequenceClassification": "text-classification", "MaskedLM": "fill-mask",
        "TokenClassification": "token-classification", "QuestionAnswering": "question-answering",
        "ConditionalGeneration": "text2text-generation", "ImageClassification": "image-classification",
        "ObjectDetection": "object-detection", "SemanticSegmentation": "image-segmentation",
        "SpeechSeq2Seq": "automatic-speech-recognition", "CTC": "automatic-speech-recognition",
        "AudioClassification": "audio-classification", "MultipleChoice": "multiple-choice",
    }  # fmt: skip
    return known.get(found[1], "") if found else ""


def _quantisation(value: dict[str, Any]) -> str:
    method = _text(value.get("quant_method")) or ("bitsandbytes" if "load_in_4bit" in value else "")
    bits = value.get("bits", value.get("w_bit"))
    if value.get("load_in_4bit") is True:
        bits = 4
    elif value.get("load_in_8bit") is True:
        bits = 8
    parts = [method, f"{bits}-bit" if type(bits) is int else ""]
    return " ".join(part for part in parts if part) or "quantised"


def _adapter(notes: Notes, value: dict[str, Any]) -> None:
    notes.add("architecture", _text(value.get("peft_type")), "peft_type", CLAIMED)
    notes.add("family", "adapter", "peft_type", CLAIMED)
    notes.add("base_models", _text(value.get("base_model_name_or_path")), "base_model_name_or_path", CLAIMED)
    notes.add("task", _text(value.get("task_type")).lower().replace("_", "-"), "task_type", CLAIMED)
    notes.add("component", ("peft", _text(value.get("peft_version")), ""), "peft_version", CLAIMED)
    revision = _text(value.get("revision"))
    notes.add("property", ("base-model-revision", revision), "revision", CLAIMED)
    _scalars(notes, {k: v for k, v in value.items() if k not in ("base_model_name_or_path", "revision")}, "")
    modules = value.get("target_modules")
    if isinstance(modules, list):
        shown = ", ".join(sorted(m for m in modules if isinstance(m, str)))
        notes.add("hyperparameters", ("target_modules", shown), "target_modules", CLAIMED)


def _diffusers(notes: Notes, value: dict[str, Any]) -> None:
    notes.add("architecture", _text(value.get("_class_name")), "_class_name", CLAIMED)
    notes.add("family", "diffusion", "_class_name", CLAIMED)
    notes.add("component", ("diffusers", _text(value.get("_diffusers_version")), ""), "_diffusers_version", CLAIMED)
    for key, part in value.items():
        if isinstance(part, list) and len(part) == 2 and isinstance(part[1], str):
            notes.add("classes", f"{part[0]}.{part[1]}" if isinstance(part[0], str) else part[1], str(key), CLAIMED)


def _tokenizer(notes: Notes, value: dict[str, Any]) -> None:
    model = value.get("model")
    if not isinstance(model, dict):
        return
    kind, words = _text(model.get("type")), model.get("vocab")
    size = f", {len(words):,} tokens" if isinstance(words, (dict, list)) else ""
    notes.add("tokenizer", f"{kind}{size}", "model.type", CLAIMED)


def _index(notes: Notes, value: dict[str, Any]) -> None:
    metadata = value.get("metadata")
    if isinstance(metadata, dict):
        total = metadata.get("total_parameters")
        if type(total) is int and 0 <= total < 1 << 62:
            notes.add("parameters_claimed", total, "metadata.total_parameters", CLAIMED)
    files = sorted({name for name in value["weight_map"].values() if isinstance(name, str)})
    notes.add("property", ("weight-files", ", ".join(files[:50])), "weight_map", CLAIMED)


# -- model cards -------------------------------------------------------------------------------------


def model_card(notes: Notes, text: str) -> None:
    """The front matter of a README.md, and those of its sections that say what the model is for."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    body = text
    if text.startswith("---\n"):
        front, closed, rest = text[4:].partition("\n---")
        if closed:
            body = rest.partition("\n")[2]
            tree = parse(front)
            if isinstance(tree.value, dict):
                _front_matter(notes, tree.value)
            for line, what in tree.strange[:3]:
                notes.gap(f"the front matter, line {line + 1}: {what}")
    _sections(notes, body)


def _front_matter(notes: Notes, value: dict[str, Yaml]) -> None:
    for key, fact in (("license", "licenses"), ("base_model", "base_models"), ("language", "languages")):
        for text in _texts(value.get(key)):
            notes.add(fact, text, f"front matter.{key}", CLAIMED)
    if _texts(value.get("license")) == ["other"]:
        for text in _texts(value.get("license_name")):
            notes.add("licenses", text, "front matter.license_name", CLAIMED)
    for text in _texts(value.get("datasets")):
        notes.add("dataset", (text, "training", ""), "front matter.datasets", CLAIMED)
    for text in _texts(value.get("pipeline_tag")):
        notes.add("task", text, "front matter.pipeline_tag", CLAIMED)
    for text in _texts(value.get("library_name")):
        notes.add("property", ("library", text), "front matter.library_name", CLAIMED)
    results = value.get("model-index")
    for entry in results if isinstance(results, list) else ():
        inner = entry.get("results") if isinstance(entry, dict) else None
        for result in inner[:MOST_RESULTS] if isinstance(inner, list) else ():
            if isinstance(result, dict):
                _result(notes, result)


def _result(notes: Notes, result: dict[str, Yaml]) -> None:
    dataset = result.get("dataset")
    name = ""
    if isinstance(dataset, dict):
        name = next((t for key in ("name", "type") for t in _texts(dataset.get(key))), "")
        if name:
            notes.add("dataset", (name, "testing", ""), "front matter.model-index.results.dataset", CLAIMED)
    metrics = result.get("metrics")
    for metric in metrics if isinstance(metrics, list) else ():
        if isinstance(metric, dict):
            kind = next((t for key in ("type", "name") for t in _texts(metric.get(key))), "")
            for value in _texts(metric.get("value")):
                notes.add("metrics", (kind, value, name), "front matter.model-index.results.metrics", CLAIMED)


def _sections(notes: Notes, body: str) -> None:
    lines = body.split("\n")
    fenced = False
    headings: list[tuple[int, int, str]] = []
    for number, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        found = None if fenced else re.match(r"(#{1,5})\s+(.{1,200})", line)
        if found:
            headings.append((number, len(found[1]), found[2].strip().lower()))
    seen: set[str] = set()
    for index, (number, _, title) in enumerate(headings):
        kind = next((kind for kind, words in _SECTIONS if any(word in title for word in words)), "")
        end = headings[index + 1][0] if index + 1 < len(headings) else len(lines)
        text = "\n".join(lines[number + 1 : end]).strip()
        if kind and text and "more information needed" not in text.lower()[:40] and f"{kind}{title}" not in seen:
            seen.add(f"{kind}{title}")
            notes.add("considerations", (kind, text[:LONGEST_SECTION]), f"section {title!r}", CLAIMED)


def _texts(value: Yaml) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [item for item in value if isinstance(item, str) and item] if isinstance(value, list) else []


# -- MLflow ------------------------------------------------------------------------------------------

_FLAVORS = {
    "sklearn": ("scikit-learn", "scikit-learn", "sklearn_version"), "pytorch": ("PyTorch", "torch", "pytorch_version"),
    "tensorflow": ("TensorFlow", "tensorflow", ""), "keras": ("Keras", "keras", "keras_version"),
    "xgboost": ("XGBoost", "xgboost", "xgb_version"), "lightgbm": ("LightGBM", "lightgbm", "lgb_version"),
    "onnx": ("ONNX", "onnx", "onnx_version"), "transformers": ("transformers", "transformers", "transformers_version"),
    "catboost": ("CatBoost", "catboost", "catboost_version"), "spark": ("Spark ML", "pyspark", "pyspark_version"),
    "statsmodels": ("statsmodels", "statsmodels", "statsmodels_version"), "spacy": ("spaCy", "spacy", "spacy_version"),
    "prophet": ("Prophet", "prophet", "prophet_version"),
}  # fmt: skip


def mlmodel(notes: Notes, text: str) -> None:
    """An ``MLmodel`` file: flavors with their versions, signature, run."""
    tree = parse(text)
    value = tree.value
    if not isinstance(value, dict):
        notes.gap("the MLmodel file is no mapping")
        return
    flavors = value.get("flavors")
    for flavor, settings in flavors.items() if isinstance(flavors, dict) else ():
        notes.add("property", ("mlflow:flavor", flavor), f"flavors.{flavor}")
        if flavor in _FLAVORS and isinstance(settings, dict):
            title, package, key = _FLAVORS[flavor]
            version = settings.get(key) if key else ""
            shown = version if isinstance(version, str) else ""
            notes.add("framework", title, f"flavors.{flavor}")
            notes.add("framework_version", shown, f"flavors.{flavor}.{key}")
            notes.add("component", (package, shown, ""), f"flavors.{flavor}.{key}")
    function = flavors.get("python_function") if isinstance(flavors, dict) else None
    if isinstance(function, dict) and isinstance(function.get("python_version"), str):
        notes.add("property", ("python-version", function["python_version"]), "flavors.python_function.python_version")
    for key in ("run_id", "model_uuid", "model_id", "mlflow_version", "artifact_path"):
        setting = value.get(key)
        if isinstance(setting, str):
            notes.add("property", (f"mlflow:{key}", setting), key)
    if isinstance(value.get("mlflow_version"), str):
        notes.add("component", ("mlflow", str(value["mlflow_version"]), ""), "mlflow_version")
    created = value.get("utc_time_created")
    found = re.match(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)", created) if isinstance(created, str) else None
    notes.add("created", f"{found[1]}T{found[2]}Z" if found else "", "utc_time_created")
    signature = value.get("signature")
    if isinstance(signature, dict):
        for key, fact in (("inputs", "inputs"), ("outputs", "outputs")):
            _signature(notes, signature.get(key), fact, f"signature.{key}")


def _signature(notes: Notes, text: Yaml, fact: str, key: str) -> None:
    """Columns or tensors, written as JSON in a text."""
    if not isinstance(text, str):
        return
    try:
        columns = json.loads(text)
    except (ValueError, RecursionError):
        notes.gap(f"{key} is not valid JSON")
        return
    for number, column in enumerate(columns[:MOST_RESULTS] if isinstance(columns, list) else ()):
        if not isinstance(column, dict):
            continue
        name = _text(column.get("name")) or str(number)
        spec = column.get("tensor-spec")
        if isinstance(spec, dict):
            shape = spec.get("shape")
            extents = [str(n) if type(n) is int and n >= 0 else "?" for n in shape] if isinstance(shape, list) else []
            notes.add(fact, (name, _text(spec.get("dtype")), extents[:64]), key)
        else:
            notes.add(fact, (name, _text(column.get("type")), ["?"]), key)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
