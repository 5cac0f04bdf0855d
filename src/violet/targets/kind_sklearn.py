"""scikit-learn estimators and pipelines, and whatever has their interface, from skops files; and in a process with
limits, from pickles."""

from __future__ import annotations

import os
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputDomain, InputKind, Offers, Target, TargetError
from violet.targets.callable_target import anywhere, first_line
from violet.targets.rows import check_width, columns_of, flat, frame, has_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from violet.targets.request import Opening

    Array = NDArray[Any]

PROBES = 64
"""Made-up rows by which it is seen whether scores and labels agree."""
OWN_THRESHOLD = ("FixedThresholdClassifier", "TunedThresholdClassifierCV")
"""Classifiers whose label is not that of the largest probability."""
OWN_VOTES = ("SVC", "NuSVC")
"""Classifiers whose probabilities are fitted apart from their decision, and can contradict it."""


def open_model(opening: Opening) -> Target:
    """From a skops file all of whose types are known. Raises ``TargetError``."""
    import skops.io

    path = opening.spec.location
    unknown = unknown_types(path)
    if unknown:
        raise TargetError(f"{opening.name} names types that are not known: {', '.join(unknown[:5])}.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of another version: how it predicts is what is tested
        model = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    return adopt_estimator(model, opening)


def unknown_types(path: str) -> tuple[str, ...]:
    """The types and functions that a skops file names and that neither skops takes for safe, nor Violet's own reader
    knows to build a part of a model and do nothing else: skops asks about forests, neighbours and networks. Raises
    ``TargetError`` where the file cannot be read."""
    status = os.stat(path)
    return _unknown_types(os.path.abspath(path), status.st_mtime_ns, status.st_size)


@cache
def _unknown_types(path: str, _changed: int, _size: int) -> tuple[str, ...]:
    from violet.domain.errors import MissingExtraError

    try:
        from skops.io import get_untrusted_types
    except ModuleNotFoundError as error:
        raise MissingExtraError("A scikit-learn model (skops)", "test") from error
    try:
        asked = tuple(get_untrusted_types(file=path))
    except Exception as error:
        raise TargetError(f"{path} is no skops file that can be read: {first_line(error)}") from error
    doubted = _doubted(path)
    if doubted is None:
        return asked or ("what a schema that contradicts itself says",)
    return tuple(name for name in asked if name in doubted)


def _doubted(path: str) -> frozenset[str] | None:
    """What the file names that Violet's reader of skops files does not know; ``None`` where it cannot tell, because the
    file contradicts itself."""
    from violet.formats.archive import ArchiveFacts
    from violet.formats.base import Reading
    from violet.formats.skops import SCHEMA
    from violet.formats.skops.facts import SkopsFacts
    from violet.formats.skops.schema import read
    from violet.formats.skops.trust import Level, judge
    from violet.formats.source import Bounds, FileSource, Meter
    from violet.formats.zip import read_zip

    bounds = Bounds()
    with FileSource.open(path) as source:
        reading = Reading(os.path.basename(path), bounds, Meter(bounds))
        outer = read_zip(source, reading)
        members = outer.facts.members if isinstance(outer.facts, ArchiveFacts) else []
        schemas = [member.source for member in members if member.name == SCHEMA]
        if outer.defects or len(schemas) != 1 or schemas[0] is None:
            return None
        inner = read(schemas[0], reading)
        facts = inner.facts
        if inner.defects or inner.unexamined or not isinstance(facts, SkopsFacts) or facts.types > len(facts.nodes):
            return None
        return frozenset(node.full for node in facts.nodes if judge(node) is not Level.KNOWN)


def adopt_estimator(model: Any, opening: Opening) -> Target:
    """A target of an object with scikit-learn's interface. Raises ``TargetError`` for what is no classifier, or has
    several outputs."""
    classes = _classes(model, opening)
    _in_one_thread(model)
    feed, domain = feeder(model, opening)
    predict, offers = _method(model, classes, feed, domain, opening)
    target = opening.target(predict, domain, offers, own=tuple(_word(value) for value in classes))
    # Codes of words are numbers to an estimator that is given them as they are; to a pipeline they become words again.
    words = has_words(domain) and (hasattr(model, "steps") or hasattr(model, "feature_names_in_"))
    if domain.kind is InputKind.TEXT or words or Offers.SCORES not in offers:
        return target
    wanted = tuple(str(name) for name in getattr(model, "feature_names_in_", ()))
    return target.show(model, columns_of(domain, wanted, opening.name) if wanted and domain.names else ())


def _in_one_thread(model: Any) -> None:
    """Work is spread over processes by whoever asks; threads within would only wait for each other."""
    try:
        settings = model.get_params(deep=True)
        many = {name: 1 for name, value in settings.items() if name.endswith("n_jobs") and value not in (None, 1)}
        if many:
            model.set_params(**many)
    except (AttributeError, TypeError, ValueError):
        return  # not an estimator of scikit-learn's own making


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
    model: Any, classes: Array, feed: Callable[[Array], Any], domain: InputDomain, opening: Opening
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
    if method and _decides(model, method, classes, feed, domain):
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


def _decides(model: Any, method: str, classes: Array, feed: Callable[[Array], Any], domain: InputDomain) -> bool:
    """Whether the largest score is the label, by rows all over the domain: where it is not (``NearestCentroid`` with
    unequal spreads, thresholds of one's own), scores would mislead, and labels are all that is offered."""
    if domain.kind is InputKind.TEXT:
        return True
    fed = feed(anywhere(domain, PROBES))
    scores = np.asarray(getattr(model, method)(fed))
    if scores.ndim == 1:
        scores = np.stack([-scores, scores], axis=1)
    if scores.ndim != 2 or scores.shape[1] != len(classes):
        return True  # said when it is asked
    top = np.sort(scores, axis=1)
    clear = top[:, -1] - top[:, -2] > 1e-9 * np.maximum(1.0, np.abs(top[:, -1]))
    return bool((classes[scores.argmax(axis=1)] == np.asarray(model.predict(fed)))[clear].all())


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
