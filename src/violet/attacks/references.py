"""Plain models of the kinds that many train, to see whether what fools one model fools another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from violet.domain.errors import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


def train_references(x: Array, y: Array, seed: int) -> tuple[tuple[str, Callable[[Array], Array]], ...]:
    """A logistic regression and a random forest on ``x`` ``(n, features)`` and ``y`` ``(n,)``: names, and functions
    from ``(m, features)`` to labels ``(m,)``. Raises ``MissingExtraError`` without scikit-learn."""
    try:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
    except ImportError as error:
        raise MissingExtraError("Reference models", "test") from error
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(x, y)
    forest = RandomForestClassifier(100, random_state=seed, n_jobs=1).fit(x, y)
    return ("a logistic regression", linear.predict), ("a random forest", forest.predict)
