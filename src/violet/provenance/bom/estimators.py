"""Facts of pickled and skops estimators: classes, versions, features, classes, constructor parameters.

Attribute names are scikit-learn's: ``_sklearn_version`` is written by ``BaseEstimator.__getstate__``, names that end
in an underscore are learned, others are constructor parameters ("Developing scikit-learn estimators").
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from violet.domain.bom import Basis
from violet.formats.pickle.values import Call, Global, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from violet.provenance.bom.observation import Notes
    from violet.provenance.bom.pickles import Graph

DISTRIBUTIONS = {
    "sklearn": "scikit-learn", "numpy": "numpy", "scipy": "scipy", "pandas": "pandas", "joblib": "joblib",
    "xgboost": "xgboost", "lightgbm": "lightgbm", "catboost": "catboost", "torch": "torch", "keras": "keras",
    "tensorflow": "tensorflow", "cloudpickle": "cloudpickle", "dill": "dill", "imblearn": "imbalanced-learn",
    "statsmodels": "statsmodels", "spacy": "spacy", "transformers": "transformers", "skorch": "skorch",
    "category_encoders": "category-encoders", "feature_engine": "feature-engine", "umap": "umap-learn",
    "hdbscan": "hdbscan", "hmmlearn": "hmmlearn", "lifelines": "lifelines", "prophet": "prophet", "river": "river",
    "pyod": "pyod", "sktime": "sktime", "tslearn": "tslearn", "interpret": "interpret", "econml": "econml",
    "gensim": "gensim", "nltk": "nltk", "polars": "polars", "pyarrow": "pyarrow", "flax": "flax", "jax": "jax",
    "optax": "optax", "ultralytics": "ultralytics", "sentence_transformers": "sentence-transformers", "PIL": "pillow",
    "torchvision": "torchvision", "timm": "timm", "peft": "peft", "skops": "skops", "mlxtend": "mlxtend",
}  # fmt: skip
"""Import names and the distributions that provide them, where that is beyond doubt."""
FRAMEWORKS = {
    "sklearn": "scikit-learn", "xgboost": "XGBoost", "lightgbm": "LightGBM", "catboost": "CatBoost", "keras": "Keras",
    "tensorflow": "TensorFlow", "torch": "PyTorch", "statsmodels": "statsmodels", "imblearn": "imbalanced-learn",
    "spacy": "spaCy", "river": "River", "pyod": "PyOD", "skorch": "skorch", "prophet": "Prophet", "flax": "Flax",
}  # fmt: skip
FAMILIES = {
    "linear_model": "linear model", "tree": "decision tree", "ensemble": "ensemble", "svm": "support vector machine",
    "neighbors": "nearest neighbours", "naive_bayes": "naive Bayes", "neural_network": "neural network",
    "cluster": "clustering", "decomposition": "matrix decomposition", "mixture": "mixture model",
    "gaussian_process": "Gaussian process", "discriminant_analysis": "discriminant analysis",
    "xgboost": "boosted trees", "lightgbm": "boosted trees", "catboost": "boosted trees",
}  # fmt: skip
UNSUPERVISED = {"cluster": "clustering", "decomposition": "dimensionality-reduction", "mixture": "density-estimation",
                "manifold": "dimensionality-reduction"}  # fmt: skip
CLASSIFIERS = ("Classifier", "SVC", "NB", "LogisticRegression", "LogisticRegressionCV", "DiscriminantAnalysis",
               "NearestCentroid", "Perceptron")  # fmt: skip
REGRESSORS = ("Regressor", "Regression", "SVR", "Ridge", "Lasso", "ElasticNet", "RidgeCV", "LassoCV", "BayesianRidge")
WRAPPERS = ("Pipeline", "ColumnTransformer", "FeatureUnion", "GridSearchCV", "RandomizedSearchCV")
MOST_CLASSES = 400
MOST_FEATURES = 500
MOST_HYPERPARAMETERS = 200


Entry = tuple[tuple[str, ...], Call, dict[str, Value]]
"""Where an object stands, the call that makes it, its attributes."""


def pickled(notes: Notes, graph: Graph, key: str) -> None:
    """Note what the objects of a pickle are."""
    if graph.stream.broken:
        notes.gap(f"{key}: the pickle breaks ({graph.stream.broken}), so what it holds is not known for sure")
    basis = Basis.CLAIMED if graph.stream.broken else Basis.MEASURED
    _modules(notes, (g.module for g in graph.stream.globals if not g.computed), key)
    objects = [(path, call, graph.attributes(call)) for path, call in graph.walk() if call.state is not None]
    estimators = [
        (path, call, state) for path, call, state in objects if isinstance(state.get("_sklearn_version"), str)
    ]
    chosen = estimators or [entry for entry in objects if _root(entry[1]) in FRAMEWORKS]
    if not chosen:
        return
    notes.add("weights", "pickle", key)
    for _, call, state in chosen[:MOST_CLASSES]:
        notes.add("classes", _dotted(call), key, basis)
        version = state.get("_sklearn_version")
        if isinstance(version, str):
            notes.add("component", ("scikit-learn", version, ""), f"{key}._sklearn_version")
    outer = chosen[0]
    root = _root(outer[1])
    notes.add("architecture", _dotted(outer[1]), key, basis)
    notes.add("framework", FRAMEWORKS.get(root, root), key, basis)
    if root == "sklearn" and isinstance(outer[2].get("_sklearn_version"), str):
        notes.add("framework_version", outer[2]["_sklearn_version"], f"{key}._sklearn_version")
    _arrays(notes, graph, key, basis)
    last = _predictor(chosen)
    _learning(notes, _dotted(last[1]), "classes_" in last[2], key)
    _features(notes, graph, [state for _, _, state in chosen], key, basis)
    _labels(notes, graph, last[2], key, basis)
    steps = _steps(graph, outer)
    for prefix, state in steps:
        _parameters(notes, state, prefix, key)


def _arrays(notes: Notes, graph: Graph, key: str, basis: Basis) -> None:
    """Elements of the arrays of objects with state, by type."""
    by_type: dict[str, int] = {}
    seen: set[int] = set()
    for _, call in graph.walk():
        for value in graph.attributes(call).values():
            if id(value) in seen:
                continue
            seen.add(id(value))
            array = graph.array(value)
            if array is not None and array.dtype != "object":
                by_type[array.dtype] = by_type.get(array.dtype, 0) + array.size
    for dtype, elements in sorted(by_type.items()):
        notes.add("dtypes", (dtype, elements), key, basis)


def _modules(notes: Notes, modules: Iterable[str], key: str) -> None:
    """Packages without which the file cannot be loaded."""
    for root in sorted({module.partition(".")[0] for module in modules}):
        if root in DISTRIBUTIONS:
            notes.add("component", (DISTRIBUTIONS[root], "", ""), key)
        elif root not in sys.stdlib_module_names and root.isidentifier() and root not in ("__builtin__", "copy_reg"):
            notes.add("property", ("needs-module", root), key, Basis.MEASURED)


def _dotted(call: Call) -> str:
    """The class of an object: what ``__new__`` is asked for, or what ``copyreg._reconstructor`` is given."""
    target: Value = call.target
    if isinstance(target, Global) and target.name in ("_reconstructor", "__newobj__") and call.arguments:
        first = call.arguments[0] if isinstance(call.arguments, tuple) else None
        target = first if isinstance(first, Global) else target
    if not isinstance(target, Global):
        return ""
    parts = [part for part in target.dotted.split(".") if not part.startswith("_")]
    return ".".join(parts) or target.dotted


def _root(call: Call) -> str:
    return _dotted(call).partition(".")[0]


def _predictor(estimators: list[Entry]) -> Entry:
    """The estimator that makes the predictions: the outermost one, or what a pipeline or a search ends in."""
    outer = estimators[0]
    if _dotted(outer[1]).rpartition(".")[2] not in WRAPPERS:
        return outer
    inner = [e for e in estimators[1:] if _task(_dotted(e[1]), "classes_" in e[2])[0]]
    return inner[0] if inner else outer


def _task(dotted: str, labelled: bool) -> tuple[str, str]:
    """Task and approach, by the name of a class of a known library."""
    name = dotted.rpartition(".")[2]
    if dotted.partition(".")[0] not in FRAMEWORKS:
        return "", ""
    for module, task in UNSUPERVISED.items():
        if f".{module}." in f"{dotted}.":
            return task, "unsupervised"
    if name.endswith(CLASSIFIERS) or labelled:
        return "classification", "supervised"
    if name.endswith(REGRESSORS):
        return "regression", "supervised"
    return "", ""


def _learning(notes: Notes, dotted: str, labelled: bool, key: str) -> None:
    task, approach = _task(dotted, labelled)
    where = f"{key} ({dotted})"
    notes.add("task", task, where)
    notes.add("approach", approach, where)
    parts = dotted.split(".")
    notes.add("family", next((FAMILIES[part] for part in parts if part in FAMILIES), ""), where)


def _features(notes: Notes, graph: Graph, states: list[Mapping[str, Value]], key: str, basis: Basis) -> None:
    """Inputs, by name where the names were kept."""
    for state in states:
        names = graph.array(state.get("feature_names_in_"))
        if names is not None and names.items is not None and len(names.items) <= MOST_FEATURES:
            for name in names.items:
                notes.add("inputs", (str(name), "", ["?"]), f"{key}.feature_names_in_", basis)
            return
    for state in states:
        number = state.get("n_features_in_")
        if type(number) is int and number >= 0:
            notes.add("inputs", ("X", "", ["?", str(number)]), f"{key}.n_features_in_", basis)
            return


def _labels(notes: Notes, graph: Graph, state: Mapping[str, Value], key: str, basis: Basis) -> None:
    labels = graph.array(state.get("classes_"))
    if labels is None:
        return
    kind = labels.dtype if labels.dtype != "object" else "text"
    notes.add("outputs", ("label", kind, ["?"]), f"{key}.classes_", basis)
    if labels.items is not None and len(labels.items) <= MOST_FEATURES:
        notes.add("property", ("labels", ", ".join(map(str, labels.items))), f"{key}.classes_", basis)


def _steps(graph: Graph, outer: Entry) -> list[tuple[str, dict[str, Value]]]:
    """The estimators of a pipeline with the prefixes that ``get_params`` gives them, or the one estimator."""
    steps = outer[2].get("steps")
    if not isinstance(steps, list):
        return [("", outer[2])]
    found: list[tuple[str, dict[str, Value]]] = []
    for step in steps:
        if isinstance(step, tuple) and len(step) == 2 and isinstance(step[0], str) and isinstance(step[1], Call):
            found.append((f"{step[0]}__", graph.attributes(step[1])))
    return found or [("", outer[2])]


def _parameters(notes: Notes, state: Mapping[str, Any], prefix: str, key: str) -> None:
    kept = 0
    for name, value in state.items():
        plain = value is None or isinstance(value, (bool, int, float, str))
        if plain and not name.startswith("_") and not name.endswith("_") and kept < MOST_HYPERPARAMETERS:
            kept += 1
            notes.add("hyperparameters", (prefix + name, str(value)), f"{key}.{name}")


# -- skops -------------------------------------------------------------------------------------------


def skops(notes: Notes, schema: object, key: str) -> None:
    """Note what a skops schema (its JSON value) would build."""
    if not isinstance(schema, dict):
        return
    version = schema.get("_skops_version")
    if isinstance(version, str):
        notes.add("component", ("skops", version, ""), f"{key}#_skops_version")
    nodes: list[tuple[str, dict[str, object]]] = []
    modules: set[str] = set()
    pending: list[object] = [schema]
    while pending and len(nodes) < 100_000:
        item = pending.pop()
        if isinstance(item, dict):
            module, name = item.get("__module__"), item.get("__class__")
            if isinstance(module, str) and isinstance(name, str):
                modules.add(module)
                attributes = _skops_attributes(item)
                if isinstance(attributes.get("_sklearn_version"), str):
                    nodes.append((_public(f"{module}.{name}"), attributes))
            pending.extend(reversed([v for v in item.values() if isinstance(v, (dict, list))]))
        elif isinstance(item, list):
            pending.extend(reversed([v for v in item if isinstance(v, (dict, list))]))
    _modules(notes, modules, key)
    if not nodes:
        return
    notes.add("weights", "skops", key)
    notes.add("architecture", nodes[0][0], key, Basis.MEASURED)
    notes.add("framework", FRAMEWORKS.get(nodes[0][0].partition(".")[0], ""), key, Basis.MEASURED)
    notes.add("framework_version", nodes[0][1]["_sklearn_version"], f"{key}#_sklearn_version")
    notes.add("component", ("scikit-learn", str(nodes[0][1]["_sklearn_version"]), ""), f"{key}#_sklearn_version")
    for name, _ in nodes[:MOST_CLASSES]:
        notes.add("classes", name, key, Basis.MEASURED)
    predictors = [(n, a) for n, a in nodes if n.rpartition(".")[2] not in WRAPPERS and _task(n, "classes_" in a)[0]]
    chosen = (predictors or nodes)[0]
    _learning(notes, chosen[0], "classes_" in chosen[1], key)
    for _, attributes in nodes:
        number = attributes.get("n_features_in_")
        if type(number) is int:
            notes.add("inputs", ("X", "", ["?", str(number)]), f"{key}#n_features_in_", Basis.MEASURED)
            break
    _parameters(notes, chosen[1], "", key)


def _public(dotted: str) -> str:
    return ".".join(part for part in dotted.split(".") if not part.startswith("_")) or dotted


def _skops_attributes(item: dict[str, object]) -> dict[str, object]:
    """The plain attributes of an object node; those that are objects themselves have an empty text."""
    import json

    content = item.get("content")
    inner = content.get("content") if isinstance(content, dict) else None
    if not isinstance(inner, dict):
        return {}
    found: dict[str, object] = {}
    for name, value in list(inner.items())[:1000]:
        found[str(name)] = ()
        if isinstance(value, dict) and value.get("__loader__") == "JsonNode" and isinstance(value.get("content"), str):
            try:
                found[str(name)] = json.loads(str(value["content"])[:4096])
            except (ValueError, RecursionError):
                continue
    return found
