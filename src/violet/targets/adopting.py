"""Objects that were made or loaded elsewhere, taken as targets by what they can do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from violet.targets.base import Target, TargetError

if TYPE_CHECKING:
    from violet.targets.request import Opening


def adopt(thing: Any, opening: Opening) -> Target:
    """A target of ``thing``: a ``Target`` as it is; a torch module; a booster of XGBoost or LightGBM, a CatBoost
    model; anything with ``classes_`` and ``predict``; an object with ``predict``; a function. Raises ``TargetError``
    for anything else."""
    if isinstance(thing, Target):
        return thing
    if _is(thing, "torch.nn", "Module"):
        from violet.targets.torch_kinds import adopt_module

        return adopt_module(thing, opening)
    if _is(thing, "xgboost", "Booster"):
        from violet.targets.kind_xgboost import adopt_booster

        return adopt_booster(thing, opening)
    if _is(thing, "lightgbm", "Booster"):
        from violet.targets.kind_lightgbm import adopt_booster as adopt_lightgbm

        return adopt_lightgbm(thing, opening)
    if _is(thing, "catboost", "CatBoost"):
        from violet.targets.kind_catboost import adopt_catboost

        return adopt_catboost(thing, opening)
    if hasattr(thing, "classes_") or (hasattr(thing, "fit") and hasattr(thing, "predict")):
        from violet.targets.kind_sklearn import adopt_estimator

        return adopt_estimator(thing, opening)
    predict = getattr(thing, "predict", None) or (thing if callable(thing) and not isinstance(thing, type) else None)
    if predict is None:
        raise TargetError(f"{opening.name} is a {type(thing).__name__}, which predicts nothing.")
    return opening.probed(predict, opening.inputs(()))


def _is(thing: Any, module: str, name: str) -> bool:
    """Whether it is an instance of a class of a package, which then has been loaded already."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(thing, getattr(loaded, name, ()))
