"""``evasion/single-feature-decides``."""

from __future__ import annotations

from tests.checks.evasion.examples import changed, fired
from violet.domain.rate import Rate
from violet.domain.robustness import Curve, CurvePoint, EvasionTest, FeatureChange, Norm, Threat, WorstCase

RULE = "evasion/single-feature-decides"


def _table(hits: int) -> EvasionTest:
    points = (CurvePoint(0.0, Rate(190, 200)), CurvePoint(1.0, Rate(hits, 200)))
    case = WorstCase(3, "a", "b", 1.0, "tabular/feasible-search", (FeatureChange("open_accounts", "3", "0"),))
    return changed(threat=Threat(Norm.FEASIBLE, 3), curves=(Curve("eps", "x", Norm.FEASIBLE, points),), worst=(case,))


def positive_facts() -> EvasionTest:
    return _table(90)


def benign_facts() -> EvasionTest:
    return _table(180)


def test_it_names_the_feature() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "open_accounts" in found.evidence


def test_radii_of_other_norms_count_no_features() -> None:
    points = (CurvePoint(0.0, Rate(190, 200)), CurvePoint(1.0, Rate(0, 200)))
    assert not fired(changed(curves=(Curve("eps", "x", Norm.LINF, points),)), RULE)
