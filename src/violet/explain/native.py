"""The model behind a target, where it is at hand: some models can be explained exactly from what they are made of.

A target shows it as ``native``. What runs in another process, or on another machine, has none, and is explained from
its answers.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import Method
from violet.explain.base import Attributions, Explainer, own_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import Native, Target

    Array = NDArray[Any]

FEATUREWISE = (
    "StandardScaler",
    "MinMaxScaler",
    "MaxAbsScaler",
    "RobustScaler",
    "PowerTransformer",
    "QuantileTransformer",
)
"""scikit-learn's transformers that give each feature a value of its own: Shapley values stay those of the feature."""


@dataclass(frozen=True, slots=True, eq=False)
class Decomposed:
    """A model that can say what each feature adds to its raw output.

    ``parts`` gives contributions ``(n, features, k)`` and their baseline, ``(k,)`` or ``(n, k)``; ``raw`` the output
    ``(n, k)`` that they add up to. ``k`` is the number of classes, or 1 where there are two.
    """

    method: Method
    unit: str
    against: str
    parts: Callable[[Array], tuple[Array, Array]]
    raw: Callable[[Array], Array]

    def explainer(self, shown: Native) -> Explainer:
        """Of a target that shows the model as ``shown``: its features and classes are put where the target has them."""

        def explain(x: Array, classes: Array) -> Attributions:
            rows = taken(x, shown)
            own = outputs_of(classes, shown)
            with quiet():
                parts, base = self.parts(rows)
                output = two_sided(self.raw(rows))
            base = np.broadcast_to(base, (len(x), parts.shape[2]))
            values = np.zeros((len(x), int(np.prod(x.shape[1:]))))
            values[:, list(shown.columns) or slice(None)] = two_sided(parts)[np.arange(len(x)), :, own]
            return Attributions(values.reshape(x.shape), own_class(two_sided(base), own), own_class(output, own))

        return Explainer(self.method, self.unit, self.against, explain)


def taken(x: Array, shown: Native) -> Array:
    """The features that the model takes, in its order: ``(n, *shape)`` to ``(n, features)``."""
    flat = x.reshape(len(x), -1)
    return flat[:, list(shown.columns)] if shown.columns else flat


def outputs_of(classes: Array, shown: Native) -> Array:
    """Which of the model's outputs these classes are."""
    return np.asarray(shown.order)[classes] if shown.order else classes


@contextmanager
def quiet() -> Iterator[None]:
    """Models that were fitted on named columns complain about rows without names, which stand in the right order."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def two_sided(values: Array) -> Array:
    """The last axis of size 1 (for class 1 against class 0) becomes both: what speaks for one speaks against the
    other."""
    found = np.asarray(values, dtype=np.float64)
    return np.concatenate([-found, found], axis=-1) if found.shape[-1] == 1 else found


def columns(values: Any) -> Array:
    """``(n,)`` or ``(n, k)`` to ``(n, k)``."""
    found = np.asarray(values, dtype=np.float64)
    return found[:, None] if found.ndim == 1 else found


def native_of(target: Target) -> Native | None:
    """The model itself, or ``None``."""
    return getattr(target, "native", None)


def unwrapped(model: object) -> tuple[Any, Callable[[Array], Array]] | None:
    """The last step of a pipeline and what its earlier steps make of an input, where they leave features apart; a model
    that is no pipeline as it is. ``None`` where features are mixed."""
    if type(model).__name__ != "Pipeline" or not hasattr(model, "steps"):
        return model, lambda x: x
    *earlier, (_, last) = model.steps
    if any(step != "passthrough" and type(step).__name__ not in FEATUREWISE for _, step in earlier):
        return None

    def before(x: Array) -> Array:
        for _, step in earlier:
            if step != "passthrough":
                x = np.asarray(step.transform(x))
        return x

    return last, before


def agrees(raw: Callable[[Array], Array], shown: Native, target: Target, x: Array) -> bool:
    """Whether the largest raw output is the label that the target gives, for all but one in a hundred of ``x``: else
    its columns are not the classes, or somebody changes the answers."""
    with quiet():
        output = two_sided(raw(taken(x, shown)))
    if output.shape[1] != target.classes:
        return False
    return bool((output.argmax(axis=1) != outputs_of(target.labels(x), shown)).mean() <= 0.01)
