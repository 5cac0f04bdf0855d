"""``drift/joint``."""

from __future__ import annotations

from dataclasses import replace

from tests.checks.drift.examples import JOINT, STABLE, changed, column, fired
from violet.domain.drift import Change, Drift, PairChange

RULE = "drift/joint"
MOVED = replace(JOINT, change=Change.DRIFT, pairs=(PairChange("age", "income", 0.8, 0.0, 90.0),), moved=1)


def positive_facts() -> Drift:
    return changed(joint=MOVED)


def benign_facts() -> Drift:
    return STABLE


def test_it_names_the_pairs() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert found.evidence == "age and income: +0.80 to +0.00"


def test_columns_that_drifted_by_themselves_account_for_it() -> None:
    assert not fired(changed(joint=MOVED, columns=(column(change=Change.DRIFT),)), RULE)
