"""``evasion/fragile-to-shift``."""

from __future__ import annotations

from tests.checks.evasion.examples import SOUND, changed, fired
from violet.domain.rate import Rate
from violet.domain.robustness import EvasionTest, ShiftResult

RULE = "evasion/fragile-to-shift"


def _shift(name: str, strength: float, hits: int) -> ShiftResult:
    return ShiftResult(name, strength, Rate(hits, 200), Rate(190, 200))


def positive_facts() -> EvasionTest:
    return changed(shifts=(_shift("rotation", 1, 100), _shift("rotation", 2, 60), _shift("noise", 1, 185)))


def benign_facts() -> EvasionTest:
    return changed(shifts=(_shift("rotation", 1, 180), _shift("rotation", 5, 20)))


def test_each_shift_is_told_once_at_its_mildest() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "strength 1" in found.message


def test_the_allowed_loss_is_the_policys() -> None:
    strict = changed(shifts=(_shift("noise", 1, 150),), thresholds={"max_shift_loss": 0.05})
    assert fired(strict, RULE)
    assert not fired(SOUND, RULE)
