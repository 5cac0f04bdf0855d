"""What an attack is, what it is given, and how attacks are found.

One attack is one file in ``violet/attacks/<family>/``: a docstring, ``ATTACK = Attack(...)``, and a function decorated
with ``@attack(ATTACK)`` that takes a ``Problem`` and gives an ``AttackResult``. All samples advance in lockstep: one
step is one call of the model for the whole batch, and samples that have fallen leave it.
"""

from __future__ import annotations

import enum
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from violet.domain.discovery import family_modules
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm, Threat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import InputKind, Offers, Target

    Array = NDArray[Any]


class Goal(enum.StrEnum):
    """``WITHIN``: a sample is done when it is fooled within the radius. ``SMALLEST``: go on and make the distance as
    small as the budget allows, whatever the radius."""

    WITHIN = "within"
    SMALLEST = "smallest"


class Strength(enum.IntEnum):
    """The place of an attack in an ensemble: cheap ones first, so that the strong ones meet few samples."""

    FLOOR = 0
    FAST = 1
    STRONG = 2
    THOROUGH = 3


@dataclass(frozen=True, slots=True)
class Budget:
    """For each sample, ``queries`` forward rows (a backward pass is counted apart, and comes with one forward); for the
    whole problem ``seconds`` on the clock."""

    queries: int
    seconds: float = float("inf")


class Clock:
    """Says when to stop: at the deadline, or when the file ``stop`` appears (somebody pressed Ctrl-C, elsewhere)."""

    __slots__ = ("_asked", "_deadline", "_stop", "_stopped", "begun")

    def __init__(self, seconds: float = float("inf"), stop: str = "") -> None:
        self.begun = time.monotonic()
        self._deadline = self.begun + seconds
        self._stop = stop
        self._asked = 0.0
        self._stopped = False

    @property
    def seconds(self) -> float:
        """Since the clock was started."""
        return time.monotonic() - self.begun

    @property
    def left(self) -> float:
        """Seconds until the deadline (``inf`` where there is none); 0 when it is time to stop."""
        return 0.0 if self.expired() else max(0.0, self._deadline - time.monotonic())

    def expired(self) -> bool:
        """To be asked once a step. Cheap."""
        now = time.monotonic()
        if self._stop and not self._stopped and now - self._asked > 0.1:
            self._asked = now
            self._stopped = os.path.exists(self._stop)
        return self._stopped or now >= self._deadline


@dataclass(frozen=True, slots=True)
class Attack:
    """What is known of an attack before it is run.

    ``id`` is ``family/name``; ``needs`` what the target must offer; ``norms`` the threats it knows; ``kinds`` the
    inputs it understands (empty: any numbers). ``unit``: it works in unit space on the box [0, 1] (norm-bounded
    attacks), else on raw inputs with the domain's schema. ``minimal``: it can serve ``Goal.SMALLEST``. ``options`` are
    its defaults, by name.
    """

    id: str
    title: str
    needs: Offers
    norms: tuple[Norm, ...]
    strength: Strength
    kinds: tuple[InputKind, ...] = ()
    unit: bool = True
    minimal: bool = False
    queries: int = 1000
    """Forward rows a sample that it is given where nobody says otherwise."""
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    techniques: tuple[str, ...] = ("AML.T0043",)
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """``x`` ``(n, *shape)`` are samples that the target classifies as ``y`` ``(n,)``: whoever makes the problem has
    taken out those that are misclassified to begin with. ``pool`` and ``pool_labels`` are other inputs the attacker
    has, to start from or to train a surrogate on (labels as the target gives them, -1 where nobody asked). ``earlier``
    is what the same attack left on the same samples when it was stopped: it goes on from there, and its queries add up.
    """

    target: Target
    x: Array
    y: Array
    threat: Threat
    budget: Budget
    seed: int
    goal: Goal = Goal.WITHIN
    clock: Clock = field(default_factory=Clock)
    pool: Array | None = None
    pool_labels: Array | None = None
    earlier: AttackResult | None = None
    options: Mapping[str, float | int | str | bool] = field(default_factory=dict)

    def option(self, name: str) -> Any:
        """Raises ``KeyError`` for one that the attack does not declare: options are merged by ``run_attack``."""
        return self.options[name]


@dataclass(frozen=True, slots=True, eq=False)
class AttackResult:
    """What an attack reached, sample by sample; first axis ``n`` everywhere.

    ``adversarial`` is the best iterate in the problem's space: where ``fooled``, the nearest input found that the
    target classifies otherwise (and, for ``Goal.WITHIN``, that lies within the radius); else whatever came closest to
    that. ``distance`` is from the sample in the threat's norm (``inf`` where not fooled); ``queries`` and ``gradients``
    are forward and backward rows spent, int64; ``first`` is ``queries`` at the moment it was first fooled (-1: never).
    ``diagnostics`` are arrays by name that sanity checks read: ``zero_gradient`` (share of steps whose gradient was
    exactly 0), ``restart`` (number of the restart that succeeded, -1 none), ``loss_first`` and ``loss_last``.
    """

    attack: str
    adversarial: Array
    fooled: Array
    distance: Array
    queries: Array
    gradients: Array
    first: Array
    seconds: float
    seed: int
    complete: bool
    diagnostics: Mapping[str, Array] = field(default_factory=dict)


Run = Callable[[Problem], AttackResult]


class Entry:
    """An attack and the function that runs it."""

    __slots__ = ("attack", "module", "run")

    def __init__(self, attack: Attack, run: Run, module: str) -> None:
        self.attack = attack
        self.run = run
        self.module = module

    @property
    def help(self) -> str:
        """The docstring of the attack's file."""
        import inspect

        return inspect.cleandoc(sys.modules[self.module].__doc__ or "")


def attack(known: Attack) -> Callable[[Run], Run]:
    """Declare the decorated function as the attack ``known``."""

    def declare(run: Run) -> Run:
        module = sys.modules[run.__module__]
        declared: list[Entry] = module.__dict__.setdefault("__violet_attacks__", [])
        declared.append(Entry(known, run, run.__module__))
        return run

    return declare


@cache
def attacks() -> Mapping[str, Entry]:
    """Every attack by id, sorted. Modules whose name begins with an underscore are no attacks. Raises ``ValueError``
    where two share an id."""
    import violet.attacks as package

    found: dict[str, Entry] = {}
    for name in family_modules(package.__name__, package.__path__):
        for entry in getattr(import_module(name), "__violet_attacks__", ()):
            if entry.attack.id in found:
                raise ValueError(f"two attacks are called {entry.attack.id!r}")
            found[entry.attack.id] = entry
    return dict(sorted(found.items()))


def find(name: str) -> Entry:
    """The attack of this id, or of this name where only one family has it. Raises ``UsageError``."""
    known = attacks()
    if name in known:
        return known[name]
    same = [entry for id_, entry in known.items() if id_.partition("/")[2] == name]
    if len(same) == 1:
        return same[0]
    import difflib

    close = difflib.get_close_matches(name, [*known, *(id_.partition("/")[2] for id_ in known)], 1, 0.4)
    raise UsageError(
        f"There is no attack {name!r}.", f"Did you mean {close[0]}?" if close else "See: violet test --list"
    )


def run_attack(entry: Entry, problem: Problem) -> AttackResult:
    """Run it with its defaults filled in. Raises ``UsageError`` for an option it does not have, a norm it does not know
    and a target that does not offer what it needs."""
    from dataclasses import replace

    known = entry.attack
    unknown = sorted(set(problem.options) - set(known.options))
    if unknown:
        has = ", ".join(known.options) or "none"
        raise UsageError(f"{known.id} has no option {unknown[0]!r}.", f"Its options: {has}.")
    if problem.threat.norm not in known.norms:
        raise UsageError(f"{known.id} does not know {problem.threat.norm}.", f"It knows {', '.join(known.norms)}.")
    if known.needs not in problem.target.offers:
        raise UsageError(f"{known.id} needs {known.needs.name}, which {problem.target.name} does not offer.")
    return entry.run(replace(problem, options={**known.options, **problem.options}))
