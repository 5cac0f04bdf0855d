"""What a model relies on, what an attack changed of it, and how far the explanation itself can be trusted.

Attributions are shares of one number, the model's score of a class, that are given to features (Shapley values and
their relatives). Every figure that is an estimate carries its interval.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.rate import Interval, Rate


class Method(enum.StrEnum):
    """How attributions are computed."""

    TREE_SHAP = "tree-shap"
    """Exact Shapley values of trees against a background (Lundberg et al. 2020)."""
    BOOSTER_SHAP = "booster-shap"
    """The contributions that a boosting library computes of its own trees (path-dependent TreeSHAP)."""
    LINEAR_SHAP = "linear-shap"
    """Exact Shapley values of a linear model: weight times the distance from the background's mean."""
    KERNEL_SHAP = "kernel-shap"
    """Shapley values of any model from its scores (Lundberg and Lee 2017): exact for few features."""
    PERMUTATION = "permutation"
    """How much the score falls when one feature takes the values of other inputs (Breiman 2001)."""
    GRADIENT = "gradient"
    """Gradient times the distance from the baseline: the model's straight-line continuation."""
    INTEGRATED_GRADIENTS = "integrated-gradients"
    """Gradients summed up on the way from a baseline to the input (Sundararajan et al. 2017)."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """Whether attributions add up to what they explain: score of the input less that of the baseline.

    ``largest`` and ``mean`` are absolute errors in the unit of the attributions, ``relative`` the mean error over the
    mean size of what is explained. ``expected`` is false for methods that do not promise it.
    """

    largest: float
    mean: float
    relative: float
    expected: bool
    inputs: int


@dataclass(frozen=True, slots=True)
class FeatureReliance:
    """How much the model relies on one feature (or one-hot group, or cell of an image).

    ``share`` of all attribution, in absolute value, over the explained inputs (shares add up to 1), with its interval;
    ``mean`` is the mean size of the attribution in the method's unit; ``flips`` counts inputs whose label changes when
    this feature alone takes the value of another input.
    """

    feature: str
    share: float
    interval: Interval
    mean: float
    flips: Rate | None = None
    immutable: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """One feature of one input: its value in the data's own words, and what it adds to the score."""

    feature: str
    value: str
    attribution: float


@dataclass(frozen=True, slots=True)
class InputExplanation:
    """Why the model says ``predicted`` of one input. ``score`` is of that class, ``baseline`` the score it is compared
    with, ``error`` what the parts do not add up to. For images ``pixels`` (unit space) and ``heat`` are flattened
    arrays of ``shape``, else empty."""

    index: int
    label: str
    predicted: str
    score: float
    baseline: float
    parts: tuple[Part, ...]
    error: float
    shape: tuple[int, ...] = ()
    layout: str = ""
    pixels: tuple[float, ...] = ()
    heat: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class SurfaceEntry:
    """One feature as a place to attack: ``moved`` is its share of what attacks changed, ``relied`` its share of what
    the model relies on, ``exposure`` the share of their geometric mean: high only where both are. ``changed`` counts
    the fooled inputs in which it moved. ``note`` says what the schema allows."""

    feature: str
    moved: float
    relied: float
    exposure: float
    changed: Rate
    immutable: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class AttackSurface:
    """Features ranked by exposure, most exposed first. ``agreement`` is the rank correlation of what was moved with
    what is relied on (NaN where one of them is constant)."""

    attack: str
    threat: str
    fooled: Rate
    entries: tuple[SurfaceEntry, ...]
    agreement: float
    agreement_interval: Interval
    selected: bool = False
    """Whether the inputs were chosen because they fell, so that ``fooled`` says nothing of how many do."""


@dataclass(frozen=True, slots=True)
class DetectionScore:
    """How well one number tells attacked inputs from clean ones. ``auc`` is the chance that an attacked input scores
    above a clean one. ``gain`` is the AUC of the attribution shift less this one (``None`` for the shift itself)."""

    name: str
    what: str
    auc: float
    interval: Interval
    gain: float | None = None
    gain_interval: Interval | None = None


@dataclass(frozen=True, slots=True)
class ShiftDetection:
    """Attribution shift as a detector, beside plain baselines. ``adds`` only where it beats every one of them by more
    than chance; ``verdict`` says so in words. ``reference`` is the number of clean inputs that it compares with."""

    pairs: int
    reference: int
    shift: DetectionScore
    baselines: tuple[DetectionScore, ...]
    adds: bool
    verdict: str


class ShortcutKind(enum.StrEnum):
    FEATURE = "feature"
    PATCH = "patch"
    CORNER = "corner"
    BORDER = "border"
    WORD = "word"
    """Of a text: put before it."""


@dataclass(frozen=True, slots=True)
class Shortcut:
    """Something small that might decide alone.

    ``flips``: of inputs of other classes that were given this part of an input of class ``label``, those that the model
    then calls ``label`` too. ``least`` is the lower limit of that share, corrected for the number of things that were
    tried. ``alone``: accuracy where all but this part is replaced; ``usual`` the accuracy with everything in place.
    ``area`` is the part's share of all features. ``decides`` where ``least`` is above one half.
    """

    kind: ShortcutKind
    name: str
    label: str
    flips: Rate
    least: float
    alone: Rate | None
    usual: Rate
    area: float
    decides: bool


@dataclass(frozen=True, slots=True)
class ShortcutSearch:
    """``tried`` things were tried; ``strongest`` are the strongest of them, those that decide included."""

    tried: int
    inputs: int
    strongest: tuple[Shortcut, ...]

    @property
    def found(self) -> tuple[Shortcut, ...]:
        return tuple(shortcut for shortcut in self.strongest if shortcut.decides)


@dataclass(frozen=True, slots=True)
class Stability:
    """What noise that changes no label does to the explanation. ``noise`` is the standard deviation as a share of each
    feature's range; ``correlation`` the mean rank correlation of attribution sizes, ``overlap`` the mean share of the
    ``top`` features that stay among the top. ``relabelled`` noisy inputs changed their label and were left out."""

    noise: float
    inputs: int
    relabelled: int
    correlation: float
    correlation_interval: Interval
    top: int
    overlap: float
    overlap_interval: Interval


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything ``violet explain`` found. ``None`` and empty parts were not measured: ``restrictions`` says why.
    ``partial``: time ran out, or somebody pressed Ctrl-C."""

    subject: str
    data: str
    data_digest: str
    classes: tuple[str, ...]
    kind: str
    samples: int
    background: int
    seed: int
    method: Method
    unit: str
    """Of attributions: ``probability``, ``log-odds``, ``logit``, ``score`` or ``label``."""
    exact: bool
    """Whether attributions are computed, rather than estimated from samples of coalitions."""
    against: str
    """What the baseline is, in words."""
    accuracy: Rate
    completeness: Completeness
    reliance: tuple[FeatureReliance, ...]
    inputs: tuple[InputExplanation, ...] = ()
    surface: AttackSurface | None = None
    detection: ShiftDetection | None = None
    shortcuts: ShortcutSearch | None = None
    stability: Stability | None = None
    heat: tuple[float, ...] = ()
    """For images: mean size of attribution, flattened, of ``shape``."""
    shape: tuple[int, ...] = ()
    layout: str = ""
    plain: tuple[str, ...] = ()
    """The same for people who are not in machine learning, one paragraph each."""
    restrictions: tuple[str, ...] = ()
    partial: bool = False
    versions: tuple[tuple[str, str], ...] = ()
    command: str = ""
    queries: int = 0
    gradients: int = 0
    seconds: float = 0.0
