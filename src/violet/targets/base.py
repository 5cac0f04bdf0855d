"""What a target is: something that predicts, says what it offers, knows its input domain, and counts what it is asked.

Arrays are numpy's. A batch has shape ``(n, *domain.shape)``; text is an object array of ``str`` of shape ``(n,)``.
Implementations stand in modules of their own; those of torch in modules whose names begin with ``torch``.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from violet.domain.errors import VioletError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from violet.targets.schema import TableSchema

    Array = NDArray[Any]


class Offers(enum.Flag):
    """What a target can be asked for. ``SCORES``: one number a class, larger is likelier. ``PROBABILITIES``: those
    scores add up to 1. ``GRADIENTS``: it is a torch module at hand (see ``violet.targets.torch_module``)."""

    LABELS = enum.auto()
    SCORES = enum.auto()
    PROBABILITIES = enum.auto()
    GRADIENTS = enum.auto()


class InputKind(enum.StrEnum):
    IMAGE = "image"
    TABLE = "table"
    TEXT = "text"
    VECTOR = "vector"
    """Numbers about which nothing more is known."""


@dataclass(frozen=True, slots=True, eq=False)
class InputDomain:
    """The inputs a model is defined on.

    ``shape`` is that of one input; ``low`` and ``high`` broadcast to it. ``layout`` is ``chw``, ``hwc`` or ``hw`` for
    images. Unit space is the box [0, 1] of that shape: ``unit = (raw - low) / (high - low)``; a feature whose range is
    empty stays where it is. ``dtype`` is what the model is given.
    """

    kind: InputKind
    shape: tuple[int, ...]
    low: Array
    high: Array
    layout: str = ""
    names: tuple[str, ...] = ()
    """Of features, where ``shape`` is one number; empty where they have none."""
    dtype: str = "float32"
    schema: TableSchema | None = None

    def to_unit(self, x: Array) -> Array:
        """Raw ``(n, *shape)`` to unit space, float64."""
        import numpy as np

        low, high = np.asarray(self.low, dtype=np.float64), np.asarray(self.high, dtype=np.float64)
        span = np.where(high > low, high - low, 1.0)
        return np.asarray((np.asarray(x, dtype=np.float64) - low) / span)

    def to_raw(self, unit: Array) -> Array:
        """Unit space back to raw, in ``dtype``: whole numbers are rounded to the nearest. Where the two spaces are the
        same and ``unit`` has that ``dtype``, it is ``unit`` itself."""
        import numpy as np

        low, high = np.asarray(self.low, dtype=np.float64), np.asarray(self.high, dtype=np.float64)
        whole = np.dtype(self.dtype).kind in "iu"
        if not whole and (low == 0.0).all() and (high == 1.0).all():
            return np.asarray(unit, dtype=self.dtype)
        raw = low + np.asarray(unit, dtype=np.float64) * np.where(high > low, high - low, 0.0)
        return np.asarray(np.rint(raw) if whole else raw, dtype=self.dtype)


@dataclass(frozen=True, slots=True, eq=False)
class Native:
    """The model behind a target, for who can take it apart (``violet.explain``): where it is in this process, and takes
    numbers. ``columns`` are the features of the domain that it takes, in its order (empty: all, flattened); ``order``
    says which of its outputs each class is (empty: the same)."""

    model: Any
    columns: tuple[int, ...] = ()
    order: tuple[int, ...] = ()


@dataclass(slots=True, eq=False)
class Counter:
    """Rows a target was asked about (forward), rows it gave gradients of (backward), and calls."""

    rows: int = 0
    gradients: int = 0
    calls: int = 0


@runtime_checkable
class Target(Protocol):
    """Something that predicts one of ``classes`` classes.

    Raises ``TargetError`` where it cannot answer. Every row of every call counts in ``counter``; retries after an error
    count again.
    """

    name: str
    classes: int
    offers: Offers
    domain: InputDomain
    counter: Counter

    def labels(self, x: Array) -> Array:
        """``(n, *shape)`` to class indices ``(n,)``, int64."""
        ...

    def scores(self, x: Array) -> Array:
        """``(n, *shape)`` to scores ``(n, classes)``, float64. Raises ``TargetError`` where it offers none."""
        ...


@runtime_checkable
class GradientTarget(Target, Protocol):
    """A target that is a torch module. Tensors have shape ``(n, *shape)`` and are in the target's own space (raw, or
    unit for what ``violet.targets.unit`` wraps)."""

    device: Any
    """``torch.device``."""

    def logits(self, x: Any) -> Any:
        """Tensor to tensor ``(n, classes)`` of logits, differentiable by ``x``. Counts rows; the caller of ``backward``
        adds to ``counter.gradients`` by ``count_gradients``."""
        ...

    def count_gradients(self, rows: int) -> None: ...

    def gradient(self, x: Array, y: Array, of: str = "cross-entropy") -> tuple[Array, Array]:
        """Loss ``(n,)`` and its gradient by the input ``(n, *shape)``, numpy in and out, counted. ``of`` is
        ``cross-entropy`` or ``logit`` (of the class ``y``)."""
        ...


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """Names a target, so that a worker can open it: small, and made of plain values.

    ``location`` is a path, ``module:function`` or a URL; ``kind`` one of the kinds in ``violet.targets.kinds`` (``""``:
    by content); ``trust`` allows loading what runs code when loaded, in a process with limits.
    """

    location: str
    kind: str = ""
    trust: bool = False
    options: tuple[tuple[str, str], ...] = ()
    """Of the kind: ``factory``, ``protocol``, ``template``, ``answer``, ``timeout``, ..."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledData:
    """Held-out data: ``x`` ``(n, *shape)`` raw, ``y`` ``(n,)`` int64 indices into ``classes``.

    ``digest`` is the SHA-256 of the files it was read from; ``segments`` are columns by which results are split, each
    ``(n,)`` of text.
    """

    x: Array
    y: Array
    classes: tuple[str, ...]
    domain: InputDomain
    name: str = ""
    digest: str = ""
    segments: Mapping[str, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """What was assumed in reading it: the layout, the range."""

    def __len__(self) -> int:
        return len(self.y)


class TargetError(VioletError):
    """A target could not answer: it is away, refuses, times out, answers nonsense, or answers differently each time."""
