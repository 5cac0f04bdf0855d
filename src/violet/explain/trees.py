"""Trees: contributions from the library that grew them, or from ``shap`` for those of scikit-learn.

XGBoost, LightGBM and CatBoost compute TreeSHAP themselves, in C++ and on the margin, along the paths that training data
took. For scikit-learn's forests and boosted trees ``shap`` computes interventional Shapley values against a background
(Lundberg et al. 2020, "Independent TreeSHAP"): a feature that the model never reads gets exactly 0.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import MissingExtraError
from violet.domain.explanation import Method
from violet.explain.native import Decomposed, columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]

FORESTS = ("RandomForestClassifier", "ExtraTreesClassifier", "DecisionTreeClassifier", "ExtraTreeClassifier")
BOOSTED = ("GradientBoostingClassifier", "HistGradientBoostingClassifier")
LEAST_BACKGROUND, MOST_BACKGROUND = 16, 100
WORK = 10_000
"""Trees times classes times rows of the background, for each input: what keeps a forest of ten classes to seconds."""
SECONDS = 2.0
"""Of one call: after ten, ``shap`` would draw a progress bar of its own."""
PATHS = "the mean over the paths that training data took"


def booster(model: Any, before: Callable[[Array], Array]) -> Decomposed | None:
    """A model of XGBoost, LightGBM or CatBoost; ``None`` for any other."""
    library = type(model).__module__.partition(".")[0]
    made = {"xgboost": _xgboost, "lightgbm": _lightgbm, "catboost": _catboost}.get(library)
    return made(model, before) if made else None


def scikit_learn(model: Any, before: Callable[[Array], Array], background: Array) -> Decomposed | None:
    """A forest or boosted trees of scikit-learn that ``shap`` knows; ``None`` for any other. ``background`` is
    ``(b, features)``, raw."""
    name = type(model).__name__
    if not type(model).__module__.startswith("sklearn.") or name not in (*FORESTS, *BOOSTED):
        return None
    if name == "GradientBoostingClassifier" and len(model.classes_) > 2:
        return None  # shap explains those of two classes only
    try:
        import shap
    except ImportError:
        raise MissingExtraError("Explaining trees of scikit-learn", "test") from None
    rows = WORK // max(1, _trees(model) * len(model.classes_))
    known = before(background[: min(MOST_BACKGROUND, max(LEAST_BACKGROUND, rows))])
    explainer = shap.TreeExplainer(model, known, feature_perturbation="interventional", model_output="raw")

    def parts(x: Array) -> tuple[Array, Array]:
        values = in_short_calls(lambda rows: explainer.shap_values(rows, check_additivity=False), before(x))
        values = values[..., None] if values.ndim == 2 else values
        return values, np.atleast_1d(np.asarray(explainer.expected_value, dtype=np.float64))

    forest = name in FORESTS
    raw = model.predict_proba if forest else model.decision_function
    return Decomposed(
        Method.TREE_SHAP,
        "probability" if forest else "log-odds",
        f"the mean over {len(known):,} other inputs",
        parts,
        lambda x: columns(raw(before(x))),
    )


def in_short_calls(ask: Callable[[Array], Any], x: Array) -> Array:
    """``ask`` about all rows, in calls that take about ``SECONDS`` each: how rows are grouped changes no answer."""
    found: list[Array] = []
    at, size = 0, 1
    while at < len(x) or not found:
        begun = time.monotonic()
        found.append(np.asarray(ask(x[at : at + size])))
        at += size
        each = (time.monotonic() - begun) / size
        size = max(1, min(8 * size, int(SECONDS / max(each, 1e-9))))
    return np.concatenate(found)


def _trees(model: Any) -> int:
    for name in ("n_iter_", "n_estimators_", "n_estimators"):
        if isinstance(getattr(model, name, None), int):
            return int(getattr(model, name))
    return 1


def _xgboost(model: Any, before: Callable[[Array], Array]) -> Decomposed | None:
    import xgboost

    inner = model.get_booster() if hasattr(model, "get_booster") else model
    if not hasattr(inner, "predict"):
        return None
    best = inner.attr("best_iteration")  # with early stopping it predicts with the trees up to the best
    limit = (0, int(best) + 1) if best is not None else (0, 0)

    def matrix(x: Array) -> Any:
        return xgboost.DMatrix(before(x), feature_names=inner.feature_names, feature_types=inner.feature_types)

    def parts(x: Array) -> tuple[Array, Array]:
        found = inner.predict(matrix(x), pred_contribs=True, strict_shape=True, iteration_range=limit)
        return np.moveaxis(found[:, :, :-1], 1, 2), found[:, :, -1]

    def raw(x: Array) -> Array:
        return np.asarray(inner.predict(matrix(x), output_margin=True, strict_shape=True, iteration_range=limit))

    return Decomposed(Method.BOOSTER_SHAP, "log-odds", PATHS, parts, raw)


def _lightgbm(model: Any, before: Callable[[Array], Array]) -> Decomposed | None:
    inner = getattr(model, "booster_", model)
    if not hasattr(inner, "num_model_per_iteration"):
        return None

    def parts(x: Array) -> tuple[Array, Array]:
        found = np.asarray(inner.predict(before(x), pred_contrib=True))
        groups = found.reshape(len(x), inner.num_model_per_iteration(), -1)
        return np.moveaxis(groups[:, :, :-1], 1, 2), groups[:, :, -1]

    return Decomposed(
        Method.BOOSTER_SHAP, "log-odds", PATHS, parts, lambda x: columns(inner.predict(before(x), raw_score=True))
    )


def _catboost(model: Any, before: Callable[[Array], Array]) -> Decomposed | None:
    import catboost

    if not hasattr(model, "get_feature_importance") or model.get_cat_feature_indices():
        return None  # categories are words, which a batch of numbers does not hold

    def parts(x: Array) -> tuple[Array, Array]:
        found = np.asarray(model.get_feature_importance(catboost.Pool(before(x)), type="ShapValues"))
        found = found[:, None] if found.ndim == 2 else found
        return np.moveaxis(found[:, :, :-1], 1, 2), found[:, :, -1]

    return Decomposed(
        Method.BOOSTER_SHAP,
        "log-odds",
        PATHS,
        parts,
        lambda x: columns(model.predict(before(x), prediction_type="RawFormulaVal")),
    )
