"""What a test of a model is asked to do: one frozen object for every face."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError
from violet.targets.base import TargetSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from violet.domain.robustness import Threat

SUITES = ("evasion", "quick", "black-box", "shifts")
"""``evasion``: everything. ``quick``: cheap attacks and the checks that need no more. ``black-box``: as ``evasion``,
without gradients, as somebody who only has the interface. ``shifts``: natural shifts alone."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where the held-out data is, and how it is read: see ``violet.targets.data.load_data``."""

    path: str
    schema: str = ""
    label: str = ""
    segments: tuple[str, ...] = ()
    layout: str = ""
    value_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class RobustnessOptions:
    """``samples`` is how many rows are attacked (0: all; a random sample, the same for the same seed); ``budget`` is in
    seconds on the clock for the whole test; ``queries`` overrides what each attack may ask a sample (0: its own);
    ``jobs`` worker processes (0: one a processor) and ``engine`` the address of a cluster; ``run`` the directory that
    keeps what was reached, so that ``resume`` can go on; ``probes`` the number of samples on which attacks are
    compared; ``attacks`` are ids, in place of those of the suite; ``settings`` are options of attacks, as
    ``ID.NAME``."""

    target: TargetSpec
    data: DataSource
    threat: Threat
    suite: str = "evasion"
    samples: int = 1000
    budget: float = 600.0
    queries: int = 0
    seed: int = 0
    jobs: int = 0
    engine: str = ""
    run: str = ""
    resume: bool = False
    probes: int = 128
    attacks: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    scan: bool = True


def target_spec(location: str, kind: str, trust: bool, options: tuple[tuple[str, str], ...]) -> TargetSpec:
    """The target that a face was told of."""
    return TargetSpec(location, kind, trust, options)


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "": 1.0}


def parse_duration(text: str, option: str = "--budget") -> float:
    """``90s``, ``10m``, ``1h30m``, ``1d``, ``45`` (seconds). Raises ``UsageError``, which names the option."""
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.lower())
    if not parts or re.sub(r"\d+(?:\.\d+)?\s*[smhd]?\s*", "", text.lower()):
        raise UsageError(f"{option} {text}: that is no length of time.", "Write it like 90s, 10m or 1h30m.")
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds <= 0:
        raise UsageError(f"{option} {text}: it must be above 0.", "Write it like 90s, 10m or 1h30m.")
    return seconds
