"""What hardening a model did: before and after by the same test, and whether it is a defence or a mask."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.rate import Interval, Rate
    from violet.domain.robustness import EvasionTest


class Effect(enum.StrEnum):
    """What came of it, judged on the same samples."""

    HARDER = "harder"
    """Significantly more samples withstand, and the figure is believable."""
    NO_BETTER = "no better"
    MASKS = "masks gradients"
    """More seem to withstand, and a sanity check says why: the attack was misled."""
    COSTS_TOO_MUCH = "costs too much"
    """More withstand, and clean accuracy fell by more than was allowed."""


@dataclass(frozen=True, slots=True)
class CertifiedPoint:
    """Accuracy that is certified at an L2 ``radius`` in unit space: right, and provably so within it."""

    radius: float
    accuracy: Rate


@dataclass(frozen=True, slots=True)
class Certificate:
    """Randomised smoothing (Cohen, Rosenfeld and Kolter 2019): with probability ``1 - alpha`` for each sample, no
    change within its radius turns the smoothed answer. ``sigma`` is in unit space; ``votes`` noisy copies were asked
    for each sample."""

    sigma: float
    votes: int
    alpha: float
    abstained: Rate
    points: tuple[CertifiedPoint, ...]
    mean_radius: float
    seed: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Expected calibration error (Naeini et al. 2015; 15 bins) before and after scaling by ``temperature``."""

    temperature: float
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Paired:
    """The same samples before and after: ``gained`` withstand now and did not, ``lost`` the other way round.
    ``difference`` is of accuracies, with an interval of the paired difference (Newcombe 1998, method 10 approximated by
    Wald with continuity); ``chance`` is McNemar's exact p-value."""

    gained: int
    lost: int
    total: int
    difference: float
    interval: Interval
    chance: float


@dataclass(frozen=True, slots=True)
class Hardening:
    """``before`` and ``after`` are the same test of the parent and the hardened model. ``settings`` are the method's,
    as text; ``steps`` what was measured on the way (epoch, round) as name, value pairs in order."""

    method: str
    parent: str
    parent_digest: str
    output: str
    output_digest: str
    effect: Effect
    verdict: str
    before: EvasionTest
    after: EvasionTest
    clean: Paired
    robust: Paired
    seed: int
    settings: tuple[tuple[str, str], ...] = ()
    steps: tuple[tuple[str, float], ...] = ()
    certificate: Certificate | None = None
    calibration: Calibration | None = None
    notes: tuple[str, ...] = ()
    command: str = ""
    seconds: float = 0.0
