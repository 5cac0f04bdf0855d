"""``evasion/cheap-query-attack``."""

from __future__ import annotations

from tests.checks.evasion.examples import changed, fired
from violet.domain.rate import Rate
from violet.domain.robustness import Curve, CurvePoint, EvasionTest, Norm

RULE = "evasion/cheap-query-attack"


def _curve(*points: tuple[float, int]) -> Curve:
    made = tuple(CurvePoint(at, Rate(hits, 100)) for at, hits in points)
    return Curve("queries", "scores/random-search", Norm.LINF, made)


def positive_facts() -> EvasionTest:
    return changed(curves=(_curve((1, 95), (40, 30), (1000, 10)),))


def benign_facts() -> EvasionTest:
    return changed(curves=(_curve((1, 95), (100, 90), (1000, 10)),))


def test_it_says_how_few_questions_were_enough() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "With 40 questions" in found.message
