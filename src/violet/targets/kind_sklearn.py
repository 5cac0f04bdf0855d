"""scikit-learn estimators and pipelines, and whatever has their interface, from skops files; and in a process with
limits, from pickles."""

from __future__ import annotations

import os
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputDomain, InputKind, Offers, Target, TargetError
from violet.targets.rows import check_width, columns_of, flat, frame, has_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.targets.request import Opening

    Array = NDArray[Any]

OWN_THRESHOLD = ("FixedThresholdClassifier", "TunedThresholdClassifierCV")
"""Classifiers whose label is not that of the largest probability."""
OWN_VOTES = ("SVC", "NuSVC")
"""Classifiers whose probabilities are fitted apart from their decision, and can contradict it."""


def open_model(opening: Opening) -> Target:
    """From a skops file all of whose types skops knows. Raises ``TargetError``."""
    import skops.io

    unknown = unknown_types(opening.spec.location)
    if unknown:
        raise TargetError(f"{opening.name} names types that skops does not know: {', '.join(unknown[:5])}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of another version: how it predicts is what is tested
        model = skops.io.load(opening.spec.location, trusted=[])
    return adopt_estimator(model, opening)


def unknown_types(path: str) -> tuple[str, ...]:
    """The types that a skops file names and skops does not take for safe. Raises ``TargetError`` where it cannot be
    read."""
    status = os.stat(path)
    return _unknown_types(os.path.abspath(path), status.st_mtime_ns, status.st_size)


@cache
def _unknown_types(path: str, _changed: int, _size: int) -> tuple[str, ...]:
    from violet.domain.errors import MissingExtraError
    from violet.targets.callable_target import first_line

    try:
        from skops.io import get_untrusted_types
    except ModuleNotFoundError as error:
        raise MissingExtraError("A scikit-learn model (skops)", "test") from error
    try:
        return tuple(get_untrusted_types(file=path))
    except Exception as error:
        raise TargetError(f"{path} is no skops file that can be read: {first_line(error)}") from error


def adopt_estimator(model: Any, opening: Opening) -> Target:
    """A target of an object with scikit-learn's interface. Raises ``TargetError`` for what is no classifier, or has
    several outputs."""
    classes = _classes(model, opening)
    feed, domain = feeder(model, opening)
    predict, offers = _method(model, classes, feed, opening)
    target = opening.target(predict, domain, offers, own=tuple(_word(value) for value in classes))
    numbers = domain.kind is not InputKind.TEXT and not has_words(domain)
    if not numbers or Offers.SCORES not in offers:
        return target
    wanted = tuple(str(name) for name in getattr(model, "feature_names_in_", ()))
    return target.show(model, columns_of(domain, wanted, opening.name) if wanted and domain.names else ())


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _classes(model: Any, opening: Opening) -> Array:
    classes = getattr(model, "classes_", None)
    if classes is None and _is_outlier_detector(model):
        return np.array([-1, 1])
    if classes is None:
        kind = type(model).__name__
        what = "is a regressor" if hasattr(model, "predict") else "does not predict"
        fitted = "" if hasattr(model, "n_features_in_") else ", or was not fitted"
        raise TargetError(f"{opening.name} ({kind}) is no classifier: it has no classes_; it {what}{fitted}.")
    if isinstance(classes, list):
        raise TargetError(f"{opening.name} predicts {len(classes)} things at once; one was expected.")
    return np.asarray(classes)


def _is_outlier_detector(model: Any) -> bool:
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return getattr(last, "_estimator_type", "") == "outlier_detector" or hasattr(last, "offset_")


def _method(
    model: Any, classes: Array, feed: Callable[[Array], Any], opening: Opening
) -> tuple[Callable[[Array], Any], Offers]:
    last = type(model.steps[-1][1] if hasattr(model, "steps") else model).__name__
    said = opening.outputs
    order = ["predict_proba", "decision_function"]
    if last in OWN_VOTES or said in ("scores", "logits"):
        order.reverse()
    if last in OWN_THRESHOLD or said == "labels":
        order = []
    if order[:1] == ["decision_function"] and _one_column_a_pair(model, len(classes)):
        order.remove("decision_function")
    method = next((name for name in order if hasattr(model, name)), "")
    if method:
        ask = getattr(model, method)
        proper = Offers.PROBABILITIES if method == "predict_proba" else Offers.LABELS
        return (lambda x: ask(feed(x))), Offers.LABELS | Offers.SCORES | proper

    def labels(x: Array) -> Array:
        answer = np.asarray(model.predict(feed(x)))
        places = np.searchsorted(classes, answer)
        known = classes[np.minimum(places, len(classes) - 1)] == answer
        if not np.all(known):
            raise TargetError(f"{opening.name} answered {answer[~known][0]!r}, which is none of its own classes.")
        return np.asarray(places, dtype=np.int64)

    return labels, Offers.LABELS


def _one_column_a_pair(model: Any, classes: int) -> bool:
    """Whether the decision function compares classes pair by pair. Of three classes there are as many pairs, so that
    its shape does not tell."""
    last = model.steps[-1][1] if hasattr(model, "steps") else model
    return classes > 2 and getattr(last, "decision_function_shape", "ovr") != "ovr"


def feeder(model: Any, opening: Opening) -> tuple[Callable[[Array], Any], InputDomain]:
    """What makes of the domain's rows what the estimator was fitted on: an array, a data frame, a list of texts."""
    wanted = getattr(model, "feature_names_in_", None)
    width = int(getattr(model, "n_features_in_", 0) or 0)
    names = tuple(str(name) for name in wanted) if wanted is not None else ()
    domain = opening.inputs((width,) if width else (), names)
    if domain.kind is InputKind.TEXT:
        return (lambda x: x.tolist()), domain
    if not names or (not domain.names and domain.schema is None and not hasattr(model, "steps")):
        check_width(domain, width, opening.name)
        if domain.schema is not None and has_words(domain) and hasattr(model, "steps"):
            return (lambda x: frame(x, domain, range(x.shape[1]), domain.names, False).to_numpy()), domain
        return flat, domain
    columns = columns_of(domain, names, opening.name)
    if hasattr(model, "steps") or has_words(domain) or hasattr(model, "transformers_"):
        return (lambda x: frame(x, domain, columns, names)), domain
    straight = columns == tuple(range(len(columns)))
    return (flat if straight and len(columns) == domain.shape[0] else lambda x: x[:, list(columns)]), domain
