"""What profiles and comparisons are asked for: frozen objects for every face."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Roles:
    """What columns are. ``columns`` alone are looked at (none: all), ``exclude`` are not. ``time`` holds when a row was
    (numbers are seconds since 1970), ``client`` who asked, ``label`` what the model said, ``scores`` its probabilities
    (one column: that of the second class), ``truth`` what was right."""

    columns: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    time: str = ""
    client: str = ""
    label: str = ""
    scores: tuple[str, ...] = ()
    truth: str = ""

    @property
    def special(self) -> frozenset[str]:
        """Columns that are no input of the model."""
        return frozenset({self.time, self.client, self.label, self.truth, *self.scores} - {""})


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """``path`` is profiled into ``output``. ``segments`` are columns to split by (none: those that offer themselves),
    ``keep`` is how many raw rows the profile holds for detectors that measure distances to them (0: none)."""

    path: str
    output: str = ""
    roles: Roles = field(default_factory=Roles)
    segments: tuple[str, ...] = ()
    keep: int = 1024
    seed: int = 0


@dataclass(frozen=True, slots=True)
class DriftOptions:
    """``current`` is compared with ``reference``, a profile or data. Windows have ``window`` rows (0: a 32nd), or
    ``span`` seconds (0: by rows). ``threshold`` is that of effects; that of the population stability index is twice as
    much. ``level`` is the probability of calling chance a change, over all columns together."""

    reference: str
    current: str
    roles: Roles = field(default_factory=Roles)
    segments: tuple[str, ...] = ()
    window: int = 0
    span: float = 0.0
    threshold: float = 0.1
    level: float = 0.001
    seed: int = 0

    @property
    def psi_threshold(self) -> float:
        return 2 * self.threshold
