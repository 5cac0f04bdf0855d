"""``drift/column``."""

from __future__ import annotations

from tests.checks.drift.examples import STABLE, changed, column, fired
from violet.domain import Confidence, Severity
from violet.domain.drift import Change, Course, Drift

RULE = "drift/column"
MOVED = column(
    change=Change.DRIFT, effect=0.3, reason="KS distance 0.300 reaches 0.1.", course=Course.SUDDEN, since="row 9"
)


def positive_facts() -> Drift:
    return changed(columns=(MOVED, column(name="age")))


def benign_facts() -> Drift:
    return STABLE


def test_it_names_the_column_its_figures_and_its_course() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "'income'" in found.message
    assert "sudden from row 9" in found.evidence
    assert "mean 3 to 3.01" in found.evidence
    assert found.severity is Severity.MEDIUM
    assert found.key == "income"


def test_a_moderate_change_is_of_low_severity_and_stands_behind_drift() -> None:
    small = column(name="age", change=Change.MODERATE, effect=0.4)
    found = fired(changed(columns=(small, MOVED)), RULE)
    assert [(one.key, one.severity) for one in found] == [("income", Severity.MEDIUM), ("age", Severity.LOW)]


def test_without_the_reference_own_variation_it_is_less_sure() -> None:
    (found,) = fired(changed(columns=(column(change=Change.DRIFT, effect=0.3, natural=float("nan")),)), RULE)
    assert found.confidence is Confidence.MEDIUM


def test_thousands_of_columns_do_not_make_thousands_of_findings() -> None:
    many = tuple(column(name=f"c{place}", change=Change.DRIFT, effect=0.3) for place in range(3000))
    assert len(fired(changed(columns=many), RULE)) == 100
