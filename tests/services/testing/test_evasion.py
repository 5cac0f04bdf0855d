"""A whole test of models whose truth is known in closed form."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest

from tests.services.testing.models import domain, linear_data, linear_target, margin, options
from violet.domain.errors import UsageError, VioletError
from violet.domain.robustness import Believed
from violet.services.testing import work
from violet.services.testing.evasion import EvasionOutcome, run_evasion_test
from violet.targets.base import Offers
from violet.targets.callable_target import CallableTarget

DATA, WEIGHTS = linear_data()


@pytest.fixture(scope="module")
def tested() -> EvasionOutcome:
    return run_evasion_test(options("linear-quick", "linf:0.05"), target=linear_target(WEIGHTS), data=DATA)


def truth(eps: float) -> Any:
    """Of each sample, whether no change of at most ``eps`` in Linf turns it: the box never binds at this distance."""
    return np.abs(margin(DATA.x, WEIGHTS)) > eps * np.abs(WEIGHTS).sum()


def test_what_withstands_is_never_less_than_what_can_withstand(tested: EvasionOutcome) -> None:
    assert tested.correct.all()
    assert (tested.standing | ~truth(0.05)).all(), "a sample fell that cannot fall"


def test_nearly_all_that_can_fall_does(tested: EvasionOutcome) -> None:
    can_fall = ~truth(0.05)
    assert (~tested.standing)[can_fall].mean() > 0.9


def test_examples_are_what_they_claim(tested: EvasionOutcome) -> None:
    found = tested.examples
    moved = np.abs(found.adversarial - found.original).max(axis=1)
    assert (moved <= 0.05 * (1 + 1e-6) + 1e-6).all()
    assert (linear_target(WEIGHTS).labels(found.adversarial) != found.labels).all()
    assert (found.adversarial >= 0).all()
    assert len(found.index) == (~tested.standing).sum()


def test_figures_add_up(tested: EvasionOutcome) -> None:
    test = tested.test
    assert test.clean.hits == test.samples == len(DATA)
    assert test.bound.hits == int(tested.standing.sum())
    assert sum(g.clean.total for g in test.groups if g.by == "class") == test.samples
    assert abs(sum(share for _, share in test.moved) - 1) < 1e-9
    assert test.data_digest == DATA.digest
    assert dict(test.versions)["numpy"] == np.__version__
    curve = next(c for c in test.curves if c.over == "eps")
    values = [p.accuracy.value for p in curve.points]
    assert values == sorted(values, reverse=True)
    assert {c.id for c in test.sanity if c.outcome is Believed.PASSED} >= {"answers-steady", "budget-honest"}


def test_the_same_seed_gives_the_same_and_another_does_not(tested: EvasionOutcome) -> None:
    again = run_evasion_test(options("linear-again", "linf:0.05"), target=linear_target(WEIGHTS), data=DATA)
    other = run_evasion_test(options("linear-other", "linf:0.05", seed=1), target=linear_target(WEIGHTS), data=DATA)
    assert (again.examples.adversarial == tested.examples.adversarial).all()
    assert again.test.bound == tested.test.bound
    assert again.examples.adversarial.shape != other.examples.adversarial.shape or not np.array_equal(
        again.examples.adversarial, other.examples.adversarial
    )


def test_misclassified_rows_are_counted_apart() -> None:
    noisy, weights = linear_data(noise=0.2)
    found = run_evasion_test(options("noisy", "linf:0.05"), target=linear_target(weights), data=noisy)
    wrong = int((~found.correct).sum())
    assert 20 < wrong < 80
    assert found.test.misclassified == wrong
    assert not (found.standing & ~found.correct).any()
    assert all(run.attempted <= found.test.clean.hits for run in found.test.runs)


def test_a_target_that_draws_lots_is_not_believed() -> None:
    generator = np.random.default_rng(0)

    def predict(x: Any) -> Any:
        above = 1 / (1 + np.exp(-4 * margin(np.asarray(x, dtype=float), WEIGHTS) + generator.normal(size=len(x))))
        return np.stack([1 - above, above], axis=1)

    target = CallableTarget(predict, domain(), 2, Offers.PROBABILITIES, "drawn")
    found = run_evasion_test(options("drawn", "linf:0.05"), target=target, data=DATA)
    assert found.test.robust is None
    assert any("when asked the same" in reason for reason in found.test.withheld)
    assert "evasion/unbelievable-robustness" in {f.rule for f in found.report.findings}


def test_claims_that_do_not_hold_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attack that says it fooled everything, with examples far outside the radius."""
    real = work.run_attack

    def lying(entry: Any, problem: Any) -> Any:
        found = real(entry, problem)
        far = 1.0 - problem.x
        return replace(found, adversarial=far, fooled=np.ones(len(far), dtype=bool), distance=np.zeros(len(far)))

    monkeypatch.setattr(work, "run_attack", lying)
    found = run_evasion_test(options("lied-to", "linf:0.05"), target=linear_target(WEIGHTS), data=DATA)
    assert found.standing.all()
    assert any("did not hold" in text for text in found.test.restrictions)


def test_an_attack_that_asks_more_than_it_says_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = work.run_attack

    def greedy(entry: Any, problem: Any) -> Any:
        problem.target.labels(problem.x)
        return real(entry, problem)

    monkeypatch.setattr(work, "run_attack", greedy)
    found = run_evasion_test(options("greedy", "linf:0.05"), target=linear_target(WEIGHTS), data=DATA)
    (honest,) = [c for c in found.test.sanity if c.id == "budget-honest"]
    assert honest.outcome is Believed.FAILED
    assert found.test.robust is None


def test_who_interrupts_gets_what_was_reached() -> None:
    asked = count()
    found = run_evasion_test(
        options("interrupted", "linf:0.05"), target=linear_target(WEIGHTS), data=DATA, stop=lambda: next(asked) > 12
    )
    assert found.test.partial
    assert found.test.robust is None
    assert any(s.what == "evasion test" for s in found.report.skipped)


def test_no_time_leaves_a_partial_test() -> None:
    found = run_evasion_test(options("no-time", "linf:0.05", budget=0.001), target=linear_target(WEIGHTS), data=DATA)
    assert found.test.partial
    assert found.test.robust is None


def test_a_threat_that_no_attack_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="No attack fits"):
        run_evasion_test(options("feasible", "feasible:2"), target=linear_target(WEIGHTS), data=DATA)


def test_a_target_that_gets_nothing_right_is_refused() -> None:
    upside_down = replace(DATA, y=1 - DATA.y)
    with pytest.raises(VioletError, match="none of the 240 samples"):
        run_evasion_test(options("inverted", "linf:0.05"), target=linear_target(WEIGHTS), data=upside_down)


def test_named_attacks_and_their_options_are_run() -> None:
    chosen = options("named", "linf:0.05", suite="evasion", attacks=("square",), queries=50)
    found = run_evasion_test(chosen, target=linear_target(WEIGHTS), data=DATA)
    assert [run.attack for run in found.test.runs] == ["scores/square"]
    assert found.test.runs[0].queries.most <= 50


def test_segments_are_rated_apart() -> None:
    side = np.where(DATA.x[:, 0] > 0.5, "right", "left")
    found = run_evasion_test(
        options("segments", "linf:0.05"), target=linear_target(WEIGHTS), data=replace(DATA, segments={"side": side})
    )
    assert {g.name for g in found.test.groups if g.by == "side"} == {"left", "right"}
