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

    def asks_for(self, name: str) -> bool:
        """Whether this column is to be looked at."""
        return (not self.columns or name in self.columns) and name not in self.exclude

    def without(self, name: str) -> Roles:
        """The same where there is no column of this name. Probabilities of some classes alone say nothing."""
        return Roles(
            columns=tuple(column for column in self.columns if column != name),
            exclude=tuple(column for column in self.exclude if column != name),
            time="" if self.time == name else self.time,
            client="" if self.client == name else self.client,
            label="" if self.label == name else self.label,
            scores=() if name in self.scores else self.scores,
            truth="" if self.truth == name else self.truth,
        )

    def or_as(self, other: Roles) -> Roles:
        """What is left open here is as in ``other``."""
        return Roles(
            columns=self.columns,
            exclude=tuple(dict.fromkeys((*self.exclude, *other.exclude))),
            time=self.time or other.time,
            client=self.client or other.client,
            label=self.label or other.label,
            scores=self.scores or other.scores,
            truth=self.truth or other.truth,
        )

    def as_text(self) -> str:
        """As JSON, for the header of a profile."""
        import json

        kept = {name: getattr(self, name) for name in ("time", "client", "label", "scores", "truth", "exclude")}
        return json.dumps({name: value for name, value in kept.items() if value})

    @classmethod
    def from_text(cls, text: str) -> Roles:
        """What ``as_text`` gave; none where it is anything else."""
        import json

        try:
            said = json.loads(text)
            return cls(
                exclude=tuple(map(str, said.get("exclude", ()))),
                time=str(said.get("time", "")),
                client=str(said.get("client", "")),
                label=str(said.get("label", "")),
                scores=tuple(map(str, said.get("scores", ()))),
                truth=str(said.get("truth", "")),
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            return cls()

    @property
    def special(self) -> frozenset[str]:
        """Columns that are no input of the model."""
        return frozenset({self.time, self.client, self.label, self.truth, *self.scores} - {""})


@dataclass(frozen=True, slots=True)
class ProfileOptions:
    """``paths`` are profiled into ``output``: data one behind the other, or profiles that add up. ``like`` is a profile
    whose bins are taken (empty: they are made by the data). ``segments`` are columns to split by (none: those that
    offer themselves); ``keep`` is how many raw rows the profile holds for detectors that measure distances to them (0:
    none)."""

    paths: tuple[str, ...]
    output: str
    roles: Roles = field(default_factory=Roles)
    like: str = ""
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
