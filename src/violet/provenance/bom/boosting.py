"""Facts of boosted trees in text: XGBoost's JSON models and LightGBM's text models.

Field names from XGBoost's ``doc/model.schema`` and from LightGBM's ``src/boosting/gbdt_model_text.cpp``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain.bom import Basis

if TYPE_CHECKING:
    from violet.provenance.bom.observation import Notes

MOST_FEATURES = 500
MOST_HYPERPARAMETERS = 200
LIGHTGBM_HEAD = b"tree\nversion=v"
LIGHTGBM_READ = 1 << 20
_TASKS = (("binary:", "classification"), ("multi:", "classification"), ("reg:", "regression"), ("rank:", "ranking"),
          ("survival:", "survival"), ("count:", "regression"))  # fmt: skip
_LIGHTGBM_TASKS = {"binary": "classification", "multiclass": "classification", "multiclassova": "classification",
                   "regression": "regression", "regression_l1": "regression", "lambdarank": "ranking"}  # fmt: skip


def is_xgboost(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("learner"), dict) and "gradient_booster" in value["learner"]


def xgboost(notes: Notes, value: dict[str, Any]) -> None:
    learner = value["learner"]
    version = value.get("version")
    shown = ""
    if isinstance(version, list) and 0 < len(version) < 5 and all(type(n) is int for n in version):
        shown = ".".join(map(str, version))
    notes.add("weights", "xgboost", "learner")
    notes.add("framework", "XGBoost", "learner", Basis.MEASURED)
    notes.add("framework_version", shown, "version")
    notes.add("component", ("xgboost", shown, ""), "version")
    notes.add("family", "boosted trees", "learner.gradient_booster")
    booster = learner.get("gradient_booster")
    name = booster.get("name") if isinstance(booster, dict) else None
    if isinstance(name, str):
        notes.add("architecture", name, "learner.gradient_booster.name", Basis.MEASURED)
    _trees(notes, booster)
    objective = learner.get("objective")
    text = objective.get("name") if isinstance(objective, dict) else None
    if isinstance(text, str):
        notes.add("hyperparameters", ("objective", text), "learner.objective.name")
        task = next((task for start, task in _TASKS if text.startswith(start)), "")
        notes.add("task", task, "learner.objective.name")
        notes.add("approach", "supervised" if task else "", "learner.objective.name")
    names, kinds = learner.get("feature_names"), learner.get("feature_types")
    parameters = learner.get("learner_model_param")
    number = parameters.get("num_feature") if isinstance(parameters, dict) else None
    if isinstance(names, list) and names and len(names) <= MOST_FEATURES:
        for index, feature in enumerate(names):
            kind = kinds[index] if isinstance(kinds, list) and index < len(kinds) else ""
            notes.add("inputs", (str(feature), kind if isinstance(kind, str) else "", ["?"]), "learner.feature_names")
    elif isinstance(number, str) and number.isdecimal():
        notes.add("inputs", ("X", "", ["?", number]), "learner.learner_model_param.num_feature")
    for key, setting in parameters.items() if isinstance(parameters, dict) else ():
        if isinstance(setting, str):
            notes.add("hyperparameters", (str(key), setting), f"learner.learner_model_param.{key}")


def _trees(notes: Notes, booster: object) -> None:
    model = booster.get("model") if isinstance(booster, dict) else None
    trees = model.get("trees") if isinstance(model, dict) else None
    if isinstance(trees, list):
        nodes = sum(len(t["left_children"]) for t in trees if isinstance(t, dict) and _is_list(t.get("left_children")))
        notes.add("property", ("trees", str(len(trees))), "learner.gradient_booster.model.trees", Basis.MEASURED)
        notes.add("property", ("tree-nodes", str(nodes)), "learner.gradient_booster.model.trees", Basis.MEASURED)


def _is_list(value: object) -> bool:
    return isinstance(value, list)


def lightgbm(notes: Notes, head: bytes, tail: bytes) -> None:
    """``head`` is the beginning of the text, ``tail`` its end, where the parameters stand."""
    notes.add("weights", "lightgbm", "tree")
    notes.add("framework", "LightGBM", "tree", Basis.MEASURED)
    notes.add("family", "boosted trees", "tree")
    notes.add("component", ("lightgbm", "", ""), "tree")
    settings: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").splitlines()[1:60]:
        if line.startswith("Tree="):
            break
        name, equals, value = line.partition("=")
        if equals:
            settings[name] = value
    notes.add("property", ("lightgbm:format", settings.get("version", "")), "version")
    objective = settings.get("objective", "")
    notes.add("hyperparameters", ("objective", objective), "objective")
    task = _LIGHTGBM_TASKS.get(objective.partition(" ")[0], "")
    notes.add("task", task, "objective")
    notes.add("approach", "supervised" if task else "", "objective")
    features = settings.get("feature_names", "").split(" ")
    if 0 < len(features) <= MOST_FEATURES and features != [""]:
        for feature in features:
            notes.add("inputs", (feature, "", ["?"]), "feature_names")
    elif settings.get("max_feature_idx", "").isdecimal():
        notes.add("inputs", ("X", "", ["?", str(int(settings["max_feature_idx"][:9]) + 1)]), "max_feature_idx")
    trees = settings.get("tree_sizes", "").split()
    notes.add("property", ("trees", str(len(trees)) if trees else ""), "tree_sizes")
    _, _, parameters = tail.decode("utf-8", "replace").partition("\nparameters:\n")
    for line in parameters.splitlines()[:MOST_HYPERPARAMETERS]:
        if line.startswith("[") and line.endswith("]"):
            name, colon, value = line[1:-1].partition(": ")
            if colon and value:
                notes.add("hyperparameters", (name, value), f"parameters.{name}")
