"""What a comparison says of worlds whose change is known: what, how, where, who, and at what cost."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from tests.services.drifting.worlds import World, column, compared, reference
from violet.detectors.profile.layout import Layout
from violet.detectors.profile.profile import Profile
from violet.domain.drift import Carriers, Change, Course
from violet.domain.errors import UsageError
from violet.services.drifting.course import Series, course_of
from violet.services.drifting.performance import isotonic

if TYPE_CHECKING:
    from collections.abc import Callable


@cache
def known() -> tuple[Layout, Profile]:
    return reference()


def older(share: float, when: Callable[[World], object] | None = None) -> Callable[[World], None]:
    def change(world: World) -> None:
        moment = np.ones(world.rows) if when is None else np.asarray(when(world), dtype=float)
        world.numbers["visits"] = world.numbers["visits"] + 6 * (world.rng.random(world.rows) < share * moment)

    return change


def test_nothing_is_said_where_nothing_changed() -> None:
    for seed in range(1, 9):
        drift = compared(known(), seed=seed)
        assert drift.change is Change.STABLE, drift.summary
        assert all(one.change is Change.STABLE for one in (*drift.columns, *drift.segments))
        assert drift.summary == "No drift."


def test_a_column_that_drifted_is_named_with_its_figures() -> None:
    drift = compared(known(), older(0.4))
    assert drift.change is Change.DRIFT
    assert [one.name for one in drift.drifted] == ["visits"]
    found = column(drift, "visits")
    assert found.effect == pytest.approx(0.38, abs=0.05)
    assert found.interval is not None
    assert found.interval.low < found.effect < found.interval.high
    assert found.psi > 0.2
    assert found.mean_after - found.mean_before == pytest.approx(2.4, abs=0.2)
    assert found.ks_p < 1e-9
    assert "reaches 0.1" in found.reason
    assert "visits" in drift.summary


def test_significant_is_not_large() -> None:
    """With 100,000 rows a shift of a fortieth of a deviation is significant, and no drift."""

    def a_little(world: World) -> None:
        world.numbers["age"] = world.numbers["age"] + 0.25
        world.numbers["income"] = world.numbers["income"] + 25

    large = reference(100_000)
    found = column(compared(large, a_little, rows=100_000), "age")
    assert found.ks_p < 1e-3
    assert found.change is Change.STABLE


def test_few_rows_have_to_move_far() -> None:
    """Of 150 rows, chance alone gives effects above the threshold."""
    for seed in range(5):
        drift = compared(known(), rows=150, seed=seed)
        assert not drift.drifted
    assert column(compared(known(), older(1.0), rows=150), "visits").change is Change.DRIFT


def test_what_the_reference_does_by_itself_is_no_drift() -> None:
    """A column that has always gone up and down: another level within its range is nothing new."""

    def swings(world: World) -> None:
        world.numbers["age"] = world.numbers["age"] + 8 * np.sign(np.sin(16 * world.place))

    def high(world: World) -> None:
        world.numbers["age"] = world.numbers["age"] + 8

    assert column(compared(known(), high), "age").change is Change.DRIFT
    found = column(compared(reference(change=swings), high), "age")
    assert found.natural > 0.3
    assert found.change is Change.STABLE
    assert "windows of the reference" in found.reason


@pytest.mark.parametrize(
    ("when", "course"),
    [
        (lambda world: world.place >= 0.4, Course.SUDDEN),
        (lambda world: world.place, Course.GRADUAL),
        (lambda world: np.sin(world.place * 2 * np.pi * 5) > 0, Course.RECURRING),
        (lambda world: 0.5 + 0.5 * np.sin(world.place * 2 * np.pi * 4), Course.RECURRING),
        (lambda world: np.ones(world.rows), Course.CONSTANT),
    ],
)
def test_how_it_went_is_told(when: Callable[[World], object], course: Course) -> None:
    drift = compared(known(), older(0.6, when))
    found = column(drift, "visits")
    assert found.change is Change.DRIFT
    assert found.course is course
    assert len(found.series) == len(drift.windows) == 32


def test_a_sudden_change_is_dated() -> None:
    drift = compared(known(), older(0.6, lambda world: world.place >= 0.5))
    found = column(drift, "visits")
    assert found.since == drift.windows[16].start
    assert [window.drifted for window in drift.windows] == [0] * 16 + [1] * 16
    assert found.since.startswith("2023-11-")


def test_a_short_change_does_not_hide_in_a_long_file() -> None:
    drift = compared(known(), older(0.9, lambda world: (world.place > 0.9) & (world.place < 0.97)))
    found = column(drift, "visits")
    assert found.effect < 0.1
    assert found.change is Change.DRIFT
    assert "In windows from" in found.reason


def test_few_windows_tell_no_course() -> None:
    assert course_of(Series(np.array([0.1, 0.1, 0.5, 0.5]), np.full(4, 1e-4))) == (Course.UNKNOWN, -1)


def test_a_segment_is_found_where_the_whole_hides_it() -> None:
    def in_bern(world: World) -> None:
        world.numbers["visits"] = world.numbers["visits"] + 3 * (world.town == 2) * (world.rng.random(world.rows) < 0.5)

    drift = compared(known(), in_bern, threshold=0.15)
    assert column(drift, "visits").change is not Change.DRIFT
    first = drift.segments[0]
    assert (first.column, first.name, first.worst) == ("town", "bern", "visits")
    assert first.change is Change.DRIFT
    assert first.elsewhere < 0.05
    assert "within town = bern" in drift.summary


def test_what_changes_everywhere_is_no_segment() -> None:
    drift = compared(known(), older(0.6))
    assert not [one for one in drift.segments if one.change is Change.DRIFT and one.column != "visits"]


def test_columns_that_part_are_seen_together_alone() -> None:
    def parted(world: World) -> None:
        world.numbers["income"] = world.rng.permutation(world.numbers["income"])

    drift = compared(known(), parted)
    assert not drift.drifted
    assert drift.joint is not None
    assert drift.joint.change is Change.DRIFT
    first = drift.joint.pairs[0]
    assert {first.one, first.other} == {"age", "income"}
    assert first.before > 0.9
    assert abs(first.after) < 0.05
    assert drift.joint.moved == 1


def test_new_and_missing_values_are_changes_too() -> None:
    def gone(world: World) -> None:
        world.numbers["debt"] = np.where(world.rng.random(world.rows) < 0.2, np.nan, world.numbers["debt"])
        world.town = np.where(world.rng.random(world.rows) < 0.25, 3, world.town)

    drift = compared(known(), gone)
    debt, town = column(drift, "debt"), column(drift, "town")
    assert debt.change is Change.DRIFT
    assert debt.missing_after == pytest.approx(0.2, abs=0.02)
    assert "Missing in" in debt.reason
    assert town.change is Change.DRIFT
    assert town.unseen == pytest.approx(0.25, abs=0.02)
    assert town.new_words[0][0] == "mars"


def test_a_column_that_is_not_there_is_not_clean() -> None:
    def without(world: World) -> None:
        del world.numbers["debt"]

    drift = compared(known(), without)
    assert [one.name for one in drift.uncompared] == ["debt"]
    assert drift.joint is None
    assert any("not compared together" in text for text in drift.restrictions)


def attacker(share: float, accounts: int) -> Callable[[World], None]:
    def change(world: World) -> None:
        theirs = world.rng.random(world.rows) < share
        world.clients += [f"key:thief-{place}" for place in range(accounts)]
        world.client = np.where(theirs, 100 + world.rng.integers(0, accounts, world.rows), world.client)
        world.numbers["age"] = np.where(theirs, world.rng.uniform(0, 120, world.rows), world.numbers["age"])

    return change


@pytest.mark.parametrize("accounts", [1, 12])
def test_few_clients_carry_an_attack(accounts: int) -> None:
    drift = compared(known(), attacker(0.3, accounts))
    assert drift.clients is not None
    assert drift.clients.carriers is Carriers.FEW
    assert drift.clients.few <= accounts
    assert all("thief" in one.client for one in drift.clients.top[: drift.clients.few])
    assert drift.clients.without < 0.1 < drift.clients.effect
    assert "Few clients carry it." in drift.summary


def test_an_attack_that_is_over_soon_is_looked_at_where_it_was() -> None:
    """In all rows together the effect is small, and honest clients' chance is as large as the thief's share of it."""

    def raid(world: World) -> None:
        world.clients.append("key:thief")
        theirs = (world.place > 0.4) & (world.place < 0.5) & (world.rng.random(world.rows) < 0.6)
        world.client = np.where(theirs, 100, world.client)
        world.numbers["age"] = np.where(theirs, world.rng.uniform(60, 120, world.rows), world.numbers["age"])

    drift = compared(known(), raid)
    assert column(drift, "age").effect < 0.1
    assert drift.clients is not None
    assert drift.clients.carriers is Carriers.FEW
    assert drift.clients.top[0].client == "key:thief"
    assert drift.clients.few == 1


def test_many_clients_carry_drift() -> None:
    drift = compared(known(), older(0.4))
    assert drift.clients is not None
    assert drift.clients.carriers is Carriers.MANY
    assert drift.clients.spread > 0.8
    assert "Many clients carry it." in drift.summary


def test_of_a_handful_of_clients_few_cannot_be_told_from_many() -> None:
    def handful(world: World) -> None:
        older(0.4)(world)
        world.client = world.client % 4

    drift = compared(known(), handful)
    assert drift.clients is not None
    assert drift.clients.carriers is Carriers.UNKNOWN


def test_accuracy_is_told_without_labels() -> None:
    """Nearer to its boundary, the model is right less often: the estimate follows the truth, which it does not use."""

    def unsure(world: World) -> None:
        world.margin = world.margin * 0.3

    drift = compared(known(), unsure)
    found = drift.performance
    assert found is not None
    assert found.calibrated
    assert found.change is Change.DRIFT
    assert found.before - found.after > 0.1
    assert found.interval.low <= found.realised <= found.interval.high
    assert found.labelled == 12_000
    assert {one.name for one in found.classes} == {"0", "1"}
    same = compared(known()).performance
    assert same is not None
    assert same.change is Change.STABLE
    assert same.after == pytest.approx(same.realised, abs=0.015)


def test_a_model_that_promises_too_much_is_calibrated_by_labels() -> None:
    def overconfident(world: World) -> None:
        honest = world.chunk

        def chunk() -> object:
            made = honest()
            p = np.asarray(made.scores)
            return replace(made, scores=p**3 / (p**3 + (1 - p) ** 3))

        world.chunk = chunk  # type: ignore[method-assign, assignment]

    sure = reference(change=overconfident)
    drift = compared(sure, overconfident)
    found = drift.performance
    assert found is not None
    promised = np.mean([window.confidence for window in drift.windows])
    assert promised - found.realised > 0.05, "the means of this test are sound"
    assert found.after == pytest.approx(found.realised, abs=0.015)


@given(
    known=st.lists(st.integers(0, 40), min_size=2, max_size=30),
    share=st.floats(0, 1),
)
def test_calibration_never_falls_with_confidence(known: list[int], share: float) -> None:
    """As scikit-learn's isotonic regression has it, where there are labels."""
    total = np.array(known)
    right = np.random.default_rng(len(known)).binomial(total, share)
    found, spread = isotonic(right, total)
    some = total > 0
    if not some.any():
        assert (found == 0.5).all()
        return
    places = np.flatnonzero(some)
    exact = IsotonicRegression().fit(places, right[some] / total[some], sample_weight=total[some]).predict(places)
    np.testing.assert_allclose(found[some], exact, atol=1e-9)
    assert (np.diff(found) >= -1e-12).all()
    assert (spread > 0).all()


def test_columns_that_were_not_asked_for_say_nothing() -> None:
    drift = compared(known(), older(0.5), roles=_only("age"))
    assert [one.name for one in drift.columns] == ["age"]
    assert drift.change is Change.STABLE
    assert {window.worst for window in drift.windows} == {"age"}
    with pytest.raises(UsageError, match="no column 'agee'"):
        compared(known(), roles=_only("agee"))


def test_profiles_without_rows_say_that_nothing_is_known() -> None:
    layout, before = known()
    from violet.services.drifting.compare import compare_profiles
    from violet.services.drifting.options import DriftOptions

    for one, other in ((before, Profile(layout)), (Profile(layout), before), (Profile(layout), Profile(layout))):
        drift = compare_profiles(one.finish(), other.finish(), DriftOptions("a", "b"))
        assert drift.change is Change.UNCOMPARED
        assert len(drift.uncompared) == len(drift.columns)


def _only(name: str) -> object:
    from violet.services.drifting.options import Roles

    return Roles(columns=(name,))
