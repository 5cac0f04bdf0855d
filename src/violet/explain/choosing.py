"""Which explainer fits a target: the most exact one that it allows, and why not a better one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import UsageError, VioletError
from violet.domain.explanation import Method
from violet.explain.gradients import gradient, integrated_gradients
from violet.explain.kernel import kernel_shap
from violet.explain.linear import linear
from violet.explain.native import Decomposed, agrees, native_of, quiet, taken, unwrapped
from violet.explain.permutation import permutation
from violet.explain.trees import booster, scikit_learn
from violet.targets.base import Offers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.explain.base import Explainer
    from violet.explain.players import Players
    from violet.targets.base import Target

    Array = NDArray[Any]

AUTO = "auto"
METHODS = (AUTO, "shap", *(method.value for method in Method))
"""``auto``: the best there is. ``shap``: Shapley values, whatever computes them."""
KERNEL_BACKGROUND = 16
"""Other inputs that each coalition is averaged over, where only answers are known."""
LARGE, LARGE_COALITIONS = 4096, 128
"""Numbers in an image from which on one answer costs so much that cells are covered by the mean image, instead of by
several others, and by fewer sets of them."""
_NATIVE = {Method.TREE_SHAP, Method.BOOSTER_SHAP, Method.LINEAR_SHAP}


def explainer_for(
    target: Target, background: Array, players: Players, *, method: str = AUTO, seed: int = 0, coalitions: int = 0
) -> Explainer:
    """``background`` is ``(b, *shape)``, raw: other inputs of the same kind.

    Raises ``UsageError`` for a method that the target does not allow.
    """
    if method not in METHODS:
        raise UsageError(f"--method {method}: there is no such method.", f"Use one of {', '.join(METHODS)}.")
    if method == Method.PERMUTATION:
        return permutation(target, background, players, seed=seed)
    if method in (Method.GRADIENT, Method.INTEGRATED_GRADIENTS):
        if Offers.GRADIENTS not in target.offers:
            raise UsageError(
                f"--method {method}: {target.name} offers no gradients.", "Use kernel-shap, or leave --method out."
            )
        made = gradient if method == Method.GRADIENT else integrated_gradients
        return made(target, background)
    if method == AUTO and Offers.GRADIENTS in target.offers:
        return integrated_gradients(target, background)
    why = "kernel SHAP was asked for"
    if method != Method.KERNEL_SHAP:
        found, why = decomposed(target, background)
        if found is not None and (method in (AUTO, "shap") or method == found.method):
            shown = native_of(target)
            assert shown is not None
            return found.explainer(shown)
        if method in _NATIVE:
            has = f"; it is explained by {found.method}" if found is not None else ""
            raise UsageError(f"--method {method} does not fit {target.name}: {why}{has}.", "Leave --method out.")
    notes = () if method == Method.KERNEL_SHAP else (f"Explained from its answers alone, because {why}.",)
    if players.image and background[0].size > LARGE:
        mean = background.astype(np.float64).mean(axis=0, keepdims=True).astype(background.dtype)
        most = coalitions or LARGE_COALITIONS + 2 * len(players)
        against = f"the mean of {len(background):,} other inputs"
        return kernel_shap(target, mean, players, seed=seed, coalitions=most, notes=notes, against=against)
    return kernel_shap(target, background[:KERNEL_BACKGROUND], players, seed=seed, coalitions=coalitions, notes=notes)


def decomposed(target: Target, background: Array) -> tuple[Decomposed | None, str]:
    """The model behind the target in a form that says what features add, or why there is none."""
    shown = native_of(target)
    if shown is None:
        return None, "the model itself is not at hand"
    inside = unwrapped(shown.model)
    if inside is None:
        return None, "its pipeline mixes features before the model sees them"
    last, before = inside
    rows = taken(background, shown)
    try:
        with quiet():
            found = booster(last, before) or scikit_learn(last, before, rows) or linear(last, before, rows)
        if found is None:
            return None, f"{type(last).__name__} is no tree or linear model that can be taken apart"
        if not agrees(found.raw, shown, target, background):
            return None, f"what {type(last).__name__} computes inside is not what the target answers"
    except VioletError:
        raise
    except Exception as error:  # libraries change their insides; what they answer stays
        return None, f"taking {type(last).__name__} apart failed ({type(error).__name__}: {error})"
    return found, ""
