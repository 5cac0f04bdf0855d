"""What a test of a model against evasion found: every figure with its interval, and what makes it believable.

Norms and radii are in unit space: each input feature is divided by the range that the model's input domain gives
it, so that 0.03 is 3 % of the range whatever the units are (for images in [0, 1] that is the literature's epsilon).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError
from violet.domain.rate import Rate

if TYPE_CHECKING:
    from collections.abc import Mapping


class Norm(enum.StrEnum):
    """How far an input was moved. ``FEASIBLE``: any change that the schema of a table allows; its distance is the
    number of changed features (a one-hot group counts once)."""

    LINF = "linf"
    L2 = "l2"
    L1 = "l1"
    L0 = "l0"
    FEASIBLE = "feasible"


@dataclass(frozen=True, slots=True)
class Threat:
    """What the attacker may do: move an input by at most ``eps`` in ``norm``, in unit space. For ``L0`` and
    ``FEASIBLE`` it is a number of features (``inf``: any)."""

    norm: Norm
    eps: float

    @classmethod
    def parse(cls, text: str) -> Threat:
        """``linf:0.03``, ``linf:8/255``, ``l0:3``, ``feasible``. Raises ``UsageError``."""
        name, _, size = text.partition(":")
        try:
            norm = Norm(name.strip().lower())
        except ValueError:
            known = ", ".join(norm.value for norm in Norm)
            raise UsageError(f"--threat {text}: {name!r} is not a norm.", f"Use one of {known}.") from None
        if norm is Norm.FEASIBLE and not size:
            return cls(norm, float("inf"))
        try:
            above, _, below = size.partition("/")
            eps = float(above) / (float(below) if below else 1.0)
        except (ValueError, ZeroDivisionError):
            raise UsageError(f"--threat {text}: {size!r} is not a number.", "Write it like linf:0.03") from None
        if not eps > 0 or (norm in (Norm.L0,) and eps < 1):
            raise UsageError(f"--threat {text}: the radius must be above 0.", "Write it like linf:0.03")
        return cls(norm, eps)

    def __str__(self) -> str:
        return self.norm.value if self.eps == float("inf") else f"{self.norm.value}:{self.eps:g}"


@dataclass(frozen=True, slots=True)
class Spent:
    """What an attack used of the model, a sample: rows it asked for (forward) and gradients (backward)."""

    mean: float
    median: float
    most: int


@dataclass(frozen=True, slots=True)
class AttackRun:
    """One attack on one set of samples.

    ``robust`` counts, of those it attacked, the ones that withstood; ``attempted`` is how many were still standing when
    it began. ``median_distance`` is over those that it fooled (NaN where none). ``complete`` is false where time ran
    out or somebody stopped it. ``recount`` is the number of rows that the model itself counted; it equals the sum of
    the attack's own count where the budget was honestly spent.
    """

    attack: str
    threat: Threat
    attempted: int
    fooled: int
    queries: Spent
    gradients: Spent
    budget: int
    seconds: float
    seed: int
    complete: bool
    median_distance: float
    reported: int = 0
    recount: int = 0
    options: tuple[tuple[str, str], ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def robust(self) -> Rate:
        return Rate(self.attempted - self.fooled, self.attempted)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Accuracy under attack (misclassified rows count as fallen) at ``at``: a radius, or a number of queries."""

    at: float
    accuracy: Rate


@dataclass(frozen=True, slots=True)
class Curve:
    """``over`` is ``eps`` or ``queries``; ``attack`` the attacks whose worst case it is."""

    over: str
    attack: str
    norm: Norm
    points: tuple[CurvePoint, ...]


class Believed(enum.StrEnum):
    """What a sanity check says of the headline figure."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


@dataclass(frozen=True, slots=True)
class SanityCheck:
    """One check that makes a robustness figure believable (Carlini et al. 2019; Tramer et al. 2020).

    ``question`` is what was asked, ``detail`` what was seen, with figures, or why it was not run. A failed check that
    is ``decisive`` withholds the headline figure.
    """

    id: str
    question: str
    outcome: Believed
    detail: str
    decisive: bool = True
    figures: tuple[tuple[str, float], ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class GroupRobustness:
    """Accuracy of one class or segment: ``by`` is ``class`` or the name of a column."""

    by: str
    name: str
    clean: Rate
    robust: Rate


@dataclass(frozen=True, slots=True)
class FeatureChange:
    """One feature that an attack moved, in the data's own units and words."""

    feature: str
    before: str
    after: str
    share_of_range: float = 0.0


@dataclass(frozen=True, slots=True)
class WorstCase:
    """An input that falls to the least change. ``original`` and ``adversarial`` are the flattened arrays of shape
    ``shape`` for images (empty otherwise); ``changes`` are the moved features of a row, or words of a text."""

    index: int
    label: str
    predicted: str
    distance: float
    attack: str
    changes: tuple[FeatureChange, ...] = ()
    shape: tuple[int, ...] = ()
    layout: str = ""
    original: tuple[float, ...] = ()
    adversarial: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class ShiftResult:
    """Accuracy under one natural shift or corruption: the floor that any model should stand on."""

    shift: str
    strength: float
    accuracy: Rate
    clean: Rate


@dataclass(frozen=True, slots=True)
class Transfer:
    """How many of the adversarial examples made against ``source`` fool ``destination``."""

    source: str
    destination: str
    fooled: Rate


@dataclass(frozen=True, slots=True)
class DenialResult:
    """How much more an input can cost than a usual one: ``unit`` is ``seconds``, ``joules`` or ``operations``."""

    method: str
    unit: str
    usual: float
    worst: float
    complete: bool = True
    detail: str = ""

    @property
    def factor(self) -> float:
        return self.worst / self.usual if self.usual else float("nan")


@dataclass(frozen=True, slots=True)
class EvasionTest:
    """Everything ``violet test --suite evasion`` found.

    ``clean`` is accuracy on the samples as they are; ``robust`` accuracy under the worst of all attacks, misclassified
    rows counted as fallen: ``None`` where it is ``withheld``, with the reasons. ``bound`` is what the attacks left
    standing even so: an upper bound on robust accuracy, never a claim. ``partial`` says that not all that was planned
    was run.
    """

    subject: str
    data: str
    data_digest: str
    samples: int
    classes: tuple[str, ...]
    threat: Threat
    seed: int
    budget: str
    versions: tuple[tuple[str, str], ...]
    clean: Rate
    robust: Rate | None
    bound: Rate
    withheld: tuple[str, ...] = ()
    misclassified: int = 0
    runs: tuple[AttackRun, ...] = ()
    probes: tuple[AttackRun, ...] = ()
    """Attacks run alone on the same small set of samples, so that they can be compared."""
    sanity: tuple[SanityCheck, ...] = ()
    curves: tuple[Curve, ...] = ()
    groups: tuple[GroupRobustness, ...] = ()
    worst: tuple[WorstCase, ...] = ()
    shifts: tuple[ShiftResult, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    denial: tuple[DenialResult, ...] = ()
    moved: tuple[tuple[str, float], ...] = ()
    """Features by how often, weighted by how far, attacks moved them (shares that add up to 1)."""
    kind: str = ""
    """Of the inputs: ``image``, ``table``, ``text`` or ``vector``."""
    relied: tuple[tuple[str, float], ...] = ()
    """Features by how much the model relies on them (shares that add up to 1), by ``relied_by``, a method's name."""
    relied_by: str = ""
    restrictions: tuple[str, ...] = ()
    """What could not be asked of this target, and why: no scores, unstable answers, an attack left out."""
    partial: bool = False
    command: str = ""
    offers: tuple[str, ...] = ()
    queries: int = 0
    seconds: float = 0.0
    thresholds: Mapping[str, float] = field(default_factory=dict)
