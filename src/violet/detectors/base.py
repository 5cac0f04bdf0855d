"""What a detector is, what it is given, and how detectors are found.

One detector is one file in ``violet/detectors/<family>/``: a docstring with ``## What it sees``, ``## Needs``, ``##
Cost``, ``## Misses`` and ``## Source``; ``FACTS = Facts(...)``; and a class decorated with ``@detector(FACTS)``. The
same class serves inline, where batches are some dozens of rows, and offline on a trace, where they may be thousands:
how a stream is cut into batches must not change what a detector says of it.
"""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from violet.domain.alert import Evidence, Response
from violet.domain.discovery import family_modules
from violet.domain.errors import UsageError
from violet.domain.outcome import Severity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]


class Stage(enum.StrEnum):
    """When it is asked. Only ``BEFORE`` can affect the very query it sees."""

    BEFORE = "before"
    """Before the request is passed on, one request at a time: microseconds."""
    WINDOW = "window"
    """Just after the answer, some dozens of rows at a time."""
    ASIDE = "aside"
    """On samples, in a thread of its own; it may ask the model itself."""


class Needs(enum.Flag):
    """What must be known of the traffic for the detector to work. Where it is not, the detector is left out, and the
    guard says so."""

    NOTHING = 0
    ROWS = enum.auto()
    REFERENCE = enum.auto()
    """A profile of benign traffic."""
    SCORES = enum.auto()
    LABELS = enum.auto()
    TEXTS = enum.auto()
    ANSWERS = enum.auto()
    """Texts that come back."""
    COST = enum.auto()
    SCHEMA = enum.auto()
    MODEL = enum.auto()
    """The model must be asked again, aside from the traffic."""


class Accuses(enum.StrEnum):
    """Whom an alert of the detector is about."""

    CLIENT = "client"
    CLIENTS = "clients"
    """Several who act as one. Only those whose own queries carry it are named."""
    MODEL = "model"
    """All of the model's traffic: nobody in particular."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a detector before it runs.

    ``id`` is ``family/name``. ``threshold`` stands until calibrated. ``width`` is how many float32 a client's sketch
    has (0: none): counts and sums that add up between processes. ``microseconds`` is what a row costs in batches of 64,
    as ``benchmarks/detect.py --cost`` measures it. ``response`` is what a policy does that names nothing else.
    """

    id: str
    title: str
    severity: Severity
    stage: Stage
    needs: Needs
    accuses: Accuses = Accuses.CLIENT
    threshold: float = float("inf")
    unit: str = ""
    width: int = 0
    microseconds: float = 0.0
    default: bool = True
    response: Response = Response.SLOW
    techniques: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Rows in the order they came; first axis ``n`` everywhere.

    ``at`` float64 seconds since 1970, never decreasing; ``client`` int32 slots; ``request`` int64, equal for rows of
    one request and increasing; ``x`` float32 ``(n, d)``, as ``Reference.encode`` gives it (standardised, finite);
    ``raw`` float64 ``(n, columns)`` as sent (NaN for missing, codes for words); ``scores`` float32 ``(n, k)`` or
    ``None`` where the model gives none (rows of NaN where it gave none this time); ``label`` int32, -1 where not known;
    ``seconds`` float32, the model's time divided by the rows of the request; ``size`` float32, bytes of the request
    likewise; ``digest`` uint64, a hash of the row's exact content; ``status`` int16, 0 where no answer
    came. ``texts`` and ``answers`` are ``None`` for tables and pictures. ``names`` gives the name of a slot.
    """

    at: Array
    client: Array
    request: Array
    x: Array
    raw: Array
    scores: Array | None
    label: Array
    seconds: Array
    size: Array
    digest: Array
    status: Array
    texts: Sequence[str] | None = None
    answers: Sequence[str] | None = None
    names: Callable[[int], str] = str
    exchange: Callable[[int], str] = str
    """The id of the exchange with this number, for evidence."""
    memo: dict[object, Any] = field(default_factory=dict)
    """What one detector has computed of the batch and another may want: random features, groups by client."""

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How suspicious: ``value`` float64 ``(m,)``, higher is worse, for the rows at ``rows`` (int, ascending; a detector
    leaves out rows it has nothing to say of). For ``Accuses.CLIENT`` a value is about the row's client at that moment.
    ``explain(i)`` gives the evidence for ``value[i]``, and holds until the detector observes the next batch."""

    rows: Array
    value: Array
    explain: Callable[[int], Evidence]


NOTHING = Scores(np.empty(0, np.int64), np.empty(0), lambda index: Evidence(""))


@dataclass(frozen=True, slots=True, eq=False)
class Setup:
    """``clients`` is how many slots there are; ``reference`` is ``None`` only where ``Needs.REFERENCE`` is not
    asked."""

    reference: Reference | None
    clients: int = 10_000
    seed: int = 0
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    ask: Callable[[Array], Array] | None = None
    """For ``Needs.MODEL``: raw rows in, scores ``(n, k)`` out."""
    constraints: object | None = None
    """For ``Needs.SCHEMA``: ``violations(raw) -> bool (n,)`` and ``describe(raw_row) -> str``."""
    shared: dict[object, Any] = field(default_factory=dict)
    """State that detectors of one model keep in common (rings, blocks of random features), where they are built with
    the same dictionary; with one each they work alike, and cost more."""


class Detector(Protocol):
    """State for one model. Memory is bounded from the start."""

    def __init__(self, setup: Setup) -> None: ...

    def observe(self, batch: Batch) -> Scores:
        """Take the batch in, and score it."""
        ...

    def forget(self, slots: Array) -> None:
        """These slots now belong to other clients."""
        ...

    def delta(self, slots: Array) -> Array:
        """What was added to the sketches of these clients since last asked, float32 ``(len(slots), width)``: for other
        processes to absorb. Only where ``width`` is not 0."""
        ...

    def absorb(self, slots: Array, values: Array) -> None:
        """Add what other processes saw of these clients. It is not part of a later ``delta``."""
        ...


class Stateless:
    """For detectors with no sketch: nothing to exchange, and, where they keep nothing of clients, nothing to forget."""

    def forget(self, slots: Array) -> None:
        return None

    def delta(self, slots: Array) -> Array:
        return np.zeros((len(slots), 0), np.float32)

    def absorb(self, slots: Array, values: Array) -> None:
        return None


class Entry:
    """A detector's facts and the class that does it."""

    __slots__ = ("facts", "make", "module")

    def __init__(self, facts: Facts, make: Callable[[Setup], Detector], module: str) -> None:
        self.facts = facts
        self.make = make
        self.module = module

    @property
    def help(self) -> str:
        """The docstring of the detector's file."""
        import inspect

        return inspect.cleandoc(sys.modules[self.module].__doc__ or "")

    def build(self, setup: Setup) -> Detector:
        """One with its defaults filled in. Raises ``UsageError`` for an option it does not have."""
        from dataclasses import replace

        unknown = sorted(set(setup.options) - set(self.facts.options))
        if unknown:
            has = ", ".join(self.facts.options) or "none"
            raise UsageError(f"{self.facts.id} has no option {unknown[0]!r}.", f"Its options: {has}.")
        return self.make(replace(setup, options={**self.facts.options, **setup.options}))


Made = TypeVar("Made", bound="Detector")


def detector(facts: Facts) -> Callable[[type[Made]], type[Made]]:
    """Declare the decorated class as the detector ``facts``."""

    def declare(make: type[Made]) -> type[Made]:
        declared: list[Entry] = sys.modules[make.__module__].__dict__.setdefault("__violet_detectors__", [])
        declared.append(Entry(facts, make, make.__module__))
        return make

    return declare


@cache
def detectors() -> Mapping[str, Entry]:
    """Every detector by id, sorted. Modules whose name begins with an underscore are none. Raises ``ValueError`` where
    two share an id."""
    import violet.detectors as package

    found: dict[str, Entry] = {}
    for name in family_modules(package.__name__, package.__path__):
        for entry in getattr(import_module(name), "__violet_detectors__", ()):
            if entry.facts.id in found:
                raise ValueError(f"two detectors are called {entry.facts.id!r}")
            found[entry.facts.id] = entry
    return dict(sorted(found.items()))
