"""Fit a model of the same kind, with the same settings, on other rows: scikit-learn, XGBoost, LightGBM."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from violet.domain.errors import MissingExtraError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]


class Refitter(Protocol):
    """``suffix`` is that of the files it saves."""

    suffix: str

    def fit(self, x: Array, y: Array) -> Any:
        """``(n, features)`` in the order the model knows, ``(n,)`` class indices, to a fitted model."""
        ...

    def save(self, model: Any, path: str) -> None: ...


def refitter(inner: Any, columns: Sequence[int] = (), classes: Sequence[str] = (), seed: int = 0) -> Refitter:
    """For the native model that a target shows. ``columns`` are the data's columns that it takes, in its order (empty:
    all). Raises ``UsageError`` for a model that cannot be fitted anew."""
    family = type(inner).__module__.partition(".")[0]
    if family == "xgboost":
        return XgboostRefitter(inner, columns, seed)
    if family == "lightgbm":
        return LightgbmRefitter(inner, columns, seed)
    if hasattr(inner, "get_params") and hasattr(inner, "fit"):
        return EstimatorRefitter(inner, columns, seed)
    raise UsageError(
        f"A model of {type(inner).__module__} cannot be fitted anew.",
        "Use another --method, such as smoothing or round.",
    )


def _taken(x: Array, columns: Sequence[int]) -> Array:
    return x[:, list(columns)] if len(columns) else x


@dataclass(slots=True, eq=False)
class EstimatorRefitter:
    """A clone of an estimator or pipeline; names of features and of classes stay as they were."""

    inner: Any
    columns: Sequence[int]
    seed: int
    suffix: str = ".skops"

    def fit(self, x: Array, y: Array) -> Any:
        from sklearn.base import clone

        model = clone(self.inner)
        seeds = {name: self.seed for name in model.get_params() if name.rpartition("__")[2] == "random_state"}
        model.set_params(**seeds)
        classes = np.asarray(self.inner.classes_)
        return model.fit(self._rows(x), classes[y])

    def _rows(self, x: Array) -> Any:
        rows = _taken(x, self.columns)
        names = getattr(self.inner, "feature_names_in_", None)
        if names is None:
            return rows
        import pandas

        return pandas.DataFrame(rows, columns=list(names))

    def save(self, model: Any, path: str) -> None:
        try:
            from skops.io import dump
        except ImportError as error:
            raise MissingExtraError("Writing a scikit-learn model", "test") from error
        dump(model, path)


@dataclass(slots=True, eq=False)
class XgboostRefitter:
    """Trained again with the objective, the tree settings and as many rounds as the booster says of itself."""

    inner: Any
    columns: Sequence[int]
    seed: int
    suffix: str = ".ubj"

    def fit(self, x: Array, y: Array) -> Any:
        import xgboost

        matrix = xgboost.DMatrix(
            _taken(x, self.columns),
            label=y,
            feature_names=self.inner.feature_names,
            feature_types=self.inner.feature_types,
        )
        return xgboost.train(self._parameters(), matrix, num_boost_round=self.inner.num_boosted_rounds())

    def _parameters(self) -> dict[str, Any]:
        learner = json.loads(self.inner.save_config())["learner"]
        booster = learner["gradient_booster"]
        found = dict(booster.get("tree_train_param", {}))
        found["objective"] = learner["objective"]["name"]
        classes = int(learner["learner_model_param"].get("num_class", "0"))
        if classes > 1:
            found["num_class"] = classes
        return {**found, "seed": self.seed, "nthread": 1}

    def save(self, model: Any, path: str) -> None:
        model.save_model(path)


@dataclass(slots=True, eq=False)
class LightgbmRefitter:
    """Trained again with the parameters that stand in the model's text."""

    inner: Any
    columns: Sequence[int]
    seed: int
    suffix: str = ".txt"

    def fit(self, x: Array, y: Array) -> Any:
        import lightgbm

        known = {name: value for name, value in dict(self.inner.params).items() if name not in _PATHS}
        known.setdefault("objective", self.inner.dump_model()["objective"].split(" ")[0])
        per_round = max(1, self.inner.num_model_per_iteration())
        if per_round > 1:
            known["num_class"] = per_round
        known.update(seed=self.seed, num_threads=1, verbosity=-1, deterministic=True)
        for name in ("num_iterations", "num_boost_round", "early_stopping_round"):
            known.pop(name, None)
        data = lightgbm.Dataset(_taken(x, self.columns), label=y, feature_name=self.inner.feature_name())
        return lightgbm.train(known, data, num_boost_round=self.inner.num_trees() // per_round)

    def save(self, model: Any, path: str) -> None:
        model.save_model(path)


_PATHS = (
    "data", "valid", "input_model", "output_model", "output_result", "convert_model", "initscore_filename",
    "valid_data_initscores", "machine_list_filename", "forcedbins_filename", "forcedsplits_filename",
    "parser_config_file", "task", "machines", "saved_feature_importance_type", "snapshot_freq",
    "convert_model_language",
)  # fmt: skip
"""Parameters that name files, or mean nothing to training."""
