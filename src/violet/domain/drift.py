"""What changed between a reference and what came later: by column, jointly, by segment, over time, by client, and what
it may mean for the model."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from violet.domain.rate import Interval


class Change(enum.StrEnum):
    """What is said of a column, of a segment, or of all columns together."""

    STABLE = "stable"
    """Below half of the threshold, or no more than the reference differs from itself."""
    MODERATE = "moderate"
    """Beyond chance and half of the threshold."""
    DRIFT = "drift"
    """Beyond chance and the threshold."""
    UNCOMPARED = "uncompared"
    """Nothing is known about it."""


class Course(enum.StrEnum):
    """How a change went over the windows of what was compared."""

    NONE = "none"
    SUDDEN = "sudden"
    GRADUAL = "gradual"
    RECURRING = "recurring"
    CONSTANT = "constant"
    """There from the first window on."""
    IRREGULAR = "irregular"
    UNKNOWN = "unknown"
    """Too few windows to say."""


class Carriers(enum.StrEnum):
    """Who carries a change."""

    MANY = "many"
    """Clients in proportion to what they ask: the world changed."""
    FEW = "few"
    """A small part of the clients, without whom there is no change: an attack, a broken client, a new job."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares for a chart: ``labels`` of the bins or words, ``before`` and ``after`` in parts of one."""

    labels: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """One column. ``kind`` is ``number``, ``category`` or ``text``; ``change`` the verdict and ``reason`` what it rests
    on, or why there is none.

    ``effect`` is the Kolmogorov-Smirnov distance of numbers, the total variation of categories and texts, in [0, 1],
    and ``interval`` where it lies; ``noise`` is what chance alone reaches with these many rows, ``natural`` what the
    windows of the reference differ from the rest of it. ``ks_p`` and ``chi2_p`` are p-values: with many rows they are
    small for changes that mean nothing. ``wasserstein`` is in the column's unit, ``wasserstein_normed`` in standard
    deviations of the reference. Figures that do not apply are NaN. ``unseen`` is the share of words that the reference
    does not have, ``new_words`` the most frequent of them. ``series`` is the effect in each window, and ``since`` where
    it began.
    """

    name: str
    kind: str
    change: Change
    reason: str
    effect: float = float("nan")
    interval: Interval | None = None
    noise: float = float("nan")
    natural: float = float("nan")
    ks: float = float("nan")
    ks_p: float = float("nan")
    psi: float = float("nan")
    wasserstein: float = float("nan")
    wasserstein_normed: float = float("nan")
    jensen_shannon: float = float("nan")
    chi2: float = float("nan")
    chi2_p: float = float("nan")
    total_variation: float = float("nan")
    rows_before: int = 0
    rows_after: int = 0
    missing_before: float = float("nan")
    missing_after: float = float("nan")
    mean_before: float = float("nan")
    mean_after: float = float("nan")
    deviation_before: float = float("nan")
    deviation_after: float = float("nan")
    unseen: float = float("nan")
    new_words: tuple[tuple[str, float], ...] = ()
    course: Course = Course.UNKNOWN
    since: str = ""
    series: tuple[float, ...] = ()
    bars: Bars | None = None

    @property
    def excess(self) -> float:
        """The effect beyond what chance and the reference's own variation give, at least 0."""
        known = [value for value in (self.noise, self.natural) if value == value]
        return max(0.0, self.effect - max(known, default=0.0)) if self.effect == self.effect else 0.0


@dataclass(frozen=True, slots=True)
class PairChange:
    """Two columns whose correlation moved, and by how many standard errors."""

    one: str
    other: str
    before: float
    after: float
    errors: float


@dataclass(frozen=True, slots=True)
class JointDrift:
    """All columns together. ``share`` is the maximum mean discrepancy on random features, as a part of what
    distributions with nothing in common are apart; ``mmd``, and ``noise`` that chance reaches, are in its own unit.
    ``rows_before`` and ``rows_after`` are sampled rows. ``pairs`` are correlations that moved most, those that count
    first ``moved``."""

    change: Change
    reason: str
    mmd: float = float("nan")
    noise: float = float("nan")
    share: float = float("nan")
    p: float = float("nan")
    rows_before: int = 0
    rows_after: int = 0
    pairs: tuple[PairChange, ...] = ()
    moved: int = 0


@dataclass(frozen=True, slots=True)
class SegmentDrift:
    """Rows of one segment: their share before and after, and the column that changed most within it. ``elsewhere`` is
    the effect on that column in the rest of the rows."""

    column: str
    name: str
    change: Change
    rows_before: int
    rows_after: int
    share_before: float
    share_after: float
    worst: str
    effect: float
    noise: float
    elsewhere: float


@dataclass(frozen=True, slots=True)
class WindowDrift:
    """A window of what was compared: when, how many rows, the column with the greatest effect, how many columns
    drifted, the mean confidence of the model, and how often it was right where labels say so (NaN: not known)."""

    start: str
    end: str
    rows: int
    worst: str
    effect: float
    drifted: int
    confidence: float = float("nan")
    realised: float = float("nan")


@dataclass(frozen=True, slots=True)
class ClassEstimate:
    """How often the model is right where it says ``name``: of the reference, estimated now, in its interval."""

    name: str
    share_before: float
    share_after: float
    before: float
    after: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Performance:
    """The model's accuracy without labels, from its own confidence. ``calibrated``: confidence was turned into how
    often the model is right with labels of the reference; otherwise it is taken at its word. ``before`` is that of the
    reference (measured where it has labels), ``after`` the estimate. ``realised`` is the measured one, where what was
    compared has labels (NaN: it has none)."""

    change: Change
    reason: str
    calibrated: bool
    before: float
    after: float
    interval: Interval
    answers_before: int
    answers_after: int
    realised: float = float("nan")
    labelled: int = 0
    classes: tuple[ClassEstimate, ...] = ()
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientShare:
    """One client: its share of the rows, and of the change that clients carry together."""

    client: str
    rows: float
    change: float


@dataclass(frozen=True, slots=True)
class ClientCarriage:
    """Who carries the change of the columns that drifted. ``few`` clients (of ``clients``, with ``few_rows`` of the
    rows) have to be left out until no column drifts any more; ``without`` is the greatest effect that is left then.
    ``spread`` is the share of rows whose clients changed in the same direction by themselves."""

    carriers: Carriers
    reason: str
    clients: int = 0
    few: int = 0
    few_rows: float = float("nan")
    effect: float = float("nan")
    without: float = float("nan")
    spread: float = float("nan")
    top: tuple[ClientShare, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """A comparison. ``threshold`` is that of effects; ``psi_threshold`` that of the population stability index;
    ``level`` the probability of calling chance a change, over all columns. ``restrictions`` say what could not be
    looked at, and what the figures do not say."""

    reference: str
    reference_digest: str
    current: str
    rows_before: int
    rows_after: int
    threshold: float
    psi_threshold: float
    level: float
    change: Change
    summary: str
    columns: tuple[ColumnDrift, ...]
    joint: JointDrift | None = None
    segments: tuple[SegmentDrift, ...] = ()
    windows: tuple[WindowDrift, ...] = ()
    clients: ClientCarriage | None = None
    performance: Performance | None = None
    restrictions: tuple[str, ...] = ()
    seed: int = 0
    command: str = ""
    versions: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0

    @property
    def drifted(self) -> tuple[ColumnDrift, ...]:
        return tuple(column for column in self.columns if column.change is Change.DRIFT)

    @property
    def uncompared(self) -> tuple[ColumnDrift, ...]:
        return tuple(column for column in self.columns if column.change is Change.UNCOMPARED)


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """What ``violet profile`` wrote: how many rows and columns of each kind, where to, and the digest of its bins."""

    source: str
    output: str
    size: int
    digest: str
    layout: str
    rows: int
    numbers: tuple[str, ...]
    categories: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: tuple[str, ...]
    answers: int
    labelled: int
    windows: int
    reference: bool
    kept_rows: int
    notes: tuple[str, ...] = ()
    seed: int = 0
    command: str = ""
    seconds: float = 0.0
