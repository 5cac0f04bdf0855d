"""Linear models: Shapley values in closed form.

With features replaced independently by those of a background, what feature j adds to the output is its weight times its
distance from the background's mean (Strumbelj and Kononenko 2014, section 3.1), exactly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import Method
from violet.explain.native import Decomposed, columns

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]


def linear(model: Any, before: Callable[[Array], Array], background: Array) -> Decomposed | None:
    """A linear classifier of scikit-learn (one with ``coef_`` and ``decision_function``); ``None`` for any other."""
    if not type(model).__module__.startswith("sklearn.") or not hasattr(model, "decision_function"):
        return None
    weights = getattr(model, "coef_", None)
    if weights is None or type(model).__name__ in ("SVC", "NuSVC"):  # theirs are of pairs of classes
        return None
    weights = np.asarray(weights, dtype=np.float64)
    weights = np.atleast_2d(weights).T
    mean = np.asarray(before(background), dtype=np.float64).mean(axis=0)
    start = mean @ weights + np.asarray(model.intercept_, dtype=np.float64)

    def parts(x: Array) -> tuple[Array, Array]:
        return (before(x) - mean)[:, :, None] * weights[None], start

    unit = "log-odds" if type(model).__name__.startswith("Logistic") else "score"
    against = f"the mean of {len(background):,} other inputs"
    return Decomposed(Method.LINEAR_SHAP, unit, against, parts, lambda x: columns(model.decision_function(before(x))))
