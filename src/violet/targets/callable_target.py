"""Any function that predicts: the smallest target, and what most other kinds are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import VioletError
from violet.targets.answers import as_array, to_labels, to_scores, what_it_gives
from violet.targets.base import Counter, InputDomain, InputKind, Native, Offers, TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Predict = Callable[[Array], Any]


class CallableTarget:
    """``predict`` takes raw inputs ``(n, *shape)`` in the domain's dtype.

    What it gives is what ``offers`` says: labels ``(n,)`` (whole numbers, or the words of ``words``); or scores ``(n,
    classes)``, which with ``Offers.PROBABILITIES`` add up to 1; or for two classes one number a row. Where ``offers``
    has no scores and ``predict`` gives a table, its largest column is the label. ``batch`` is the most rows of one call
    (0: any). ``order`` says which output of ``predict`` each class is (empty: the same); ``words`` are the names of the
    outputs. What ``predict`` raises becomes a ``TargetError``.
    """

    def __init__(
        self,
        predict: Predict,
        domain: InputDomain,
        classes: int,
        offers: Offers = Offers.LABELS,
        name: str = "",
        *,
        words: Sequence[str] = (),
        order: Sequence[int] = (),
        batch: int = 0,
    ) -> None:
        self.predict = predict
        self.domain = domain
        self.classes = classes
        self.offers = offers | Offers.LABELS
        if Offers.PROBABILITIES in offers:
            self.offers |= Offers.SCORES
        self.name = name or getattr(predict, "__qualname__", "") or type(predict).__name__
        self.counter = Counter()
        self._words = tuple(words)
        self._order = () if tuple(order) == tuple(range(classes)) else tuple(order)
        self._batch = batch
        self.native: Native | None = None

    def show(self, model: Any, columns: Sequence[int] = ()) -> CallableTarget:
        """Let ``model`` be seen as what answers; ``columns`` as ``Native`` has them. Gives the target itself."""
        self.native = Native(model, tuple(columns), self._order)
        return self

    def labels(self, x: Array) -> Array:
        if Offers.SCORES in self.offers:
            return np.asarray(self.scores(x).argmax(axis=1), dtype=np.int64)
        return self._in_batches(x, self._labels)

    def scores(self, x: Array) -> Array:
        if Offers.SCORES not in self.offers:
            raise TargetError(f"{self.name} gives labels, and no scores.")
        return self._in_batches(x, self._scores)

    def ask(self, x: Array) -> Any:
        """What ``predict`` itself answers to these rows, in as many calls as ``batch`` makes it; counted."""
        x = prepared(x, self.domain, self.name)
        if not self._batch or len(x) <= self._batch:
            return self._ask(x)
        parts = [self._ask(x[start : start + self._batch]) for start in range(0, len(x), self._batch)]
        return np.concatenate([as_array(part, self.name) for part in parts])

    def _in_batches(self, x: Array, read: Callable[[Array], Array]) -> Array:
        x = prepared(x, self.domain, self.name)
        if not self._batch or len(x) <= self._batch:
            return read(x)
        return np.concatenate([read(x[start : start + self._batch]) for start in range(0, len(x), self._batch)])

    def _labels(self, x: Array) -> Array:
        answer = self._ask(x)
        found = as_array(answer, self.name)
        if found.ndim == 2 and found.shape[1] > 1:
            labels = to_scores(found, len(x), self.classes, self.name, False).argmax(axis=1)
        else:
            labels = to_labels(answer, len(x), self.classes, self.name, self._words)
        return np.asarray(np.argsort(self._order)[labels] if self._order else labels, dtype=np.int64)

    def _scores(self, x: Array) -> Array:
        answer = self._ask(x)
        found = to_scores(answer, len(x), self.classes, self.name, Offers.PROBABILITIES in self.offers)
        return found[:, self._order] if self._order else found

    def _ask(self, x: Array) -> Any:
        self.counter.rows += len(x)
        self.counter.calls += 1
        try:
            return self.predict(x)
        except VioletError:
            raise
        except Exception as error:
            kind = type(error).__name__
            raise TargetError(f"{self.name} broke on {len(x)} rows: {kind}: {first_line(error)}") from error


def from_function(
    predict: Predict,
    domain: InputDomain,
    classes: int = 0,
    name: str = "",
    *,
    sample: Array | None = None,
    words: Sequence[str] = (),
) -> CallableTarget:
    """A target of a function about which nothing more is known: it is asked about ``sample`` (default: inputs of the
    domain's middle) to see whether it gives labels, scores or probabilities. Those questions are not counted.

    Raises ``TargetError`` where the answer is none of these, or does not fit ``classes``.
    """
    asked = example(domain) if sample is None else sample
    probing = CallableTarget(predict, domain, classes, Offers.LABELS, name)
    offers, count = what_it_gives(probing.ask(asked), len(asked), "", probing.name, classes or len(words))
    return CallableTarget(predict, domain, count, offers, name, words=words)


def prepared(x: Array, domain: InputDomain, name: str) -> Array:
    """``x`` in the domain's dtype. Raises ``TargetError`` where a row does not have the domain's shape."""
    found = np.asarray(x)
    if found.shape[1:] != domain.shape or found.ndim == 0:
        raise TargetError(f"{name} takes rows of shape {domain.shape}; these have shape {found.shape[1:]}.")
    if domain.kind is InputKind.TEXT:
        return found
    return np.asarray(found, dtype=domain.dtype)


def example(domain: InputDomain, rows: int = 3) -> Array:
    """A few inputs within the domain: a quarter, a half and three quarters of the way up (whole numbers where a schema
    asks for them); short texts for text."""
    if domain.kind is InputKind.TEXT:
        return np.array(["yes", "a text of some words", "no"][:rows], dtype=object)
    return _at(domain, np.linspace(0.25, 0.75, rows).reshape((rows,) + (1,) * len(domain.shape)))


def anywhere(domain: InputDomain, rows: int, seed: int = 0) -> Array:
    """Inputs spread evenly over a domain of numbers, drawn with ``seed``."""
    return _at(domain, np.random.default_rng(seed).random((rows, *domain.shape)))


def _at(domain: InputDomain, places: Array) -> Array:
    low = np.where(np.isfinite(domain.low), domain.low, -1.0)
    high = np.where(np.isfinite(domain.high), domain.high, 1.0)
    found = np.array(np.broadcast_to(low + places * (high - low), (len(places), *domain.shape)), dtype=np.float64)
    if domain.schema is not None:
        for index, feature in enumerate(domain.schema.features):
            if feature.grid[1]:
                found[:, index] = np.rint(found[:, index])
    return np.asarray(found, dtype=domain.dtype)


def first_line(error: BaseException, most: int = 200) -> str:
    """What an error says, in one line that fits a message."""
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__)[:most]
