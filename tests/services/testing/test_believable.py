"""The sanity checks: each fails on what it is for, and on nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from violet.domain.robustness import Believed, Norm, SanityCheck, Threat
from violet.services.testing.believable import Evidence, sanity_checks
from violet.services.testing.books import Outcome
from violet.services.testing.plan import Planned

N = 100


def outcome(name: str, fooled: Sequence[int] | int, label: str = "", eps: float = 0.1, **fields: Any) -> Outcome:
    """An attack that fooled these samples (or the first so many), of a hundred."""
    fell = np.zeros(N, dtype=bool)
    fell[list(range(fooled)) if isinstance(fooled, int) else list(fooled)] = True
    first = np.where(fell, 10, -1)
    values: dict[str, Any] = {
        "planned": Planned(name, "probe", 1000, Threat(Norm.LINF, eps), label=label),
        "rows": np.arange(N),
        "reached": np.ones(N, dtype=bool),
        "adversarial": np.zeros((N, 2)),
        "fooled": fell,
        "distance": np.where(fell, 0.05, np.inf),
        "queries": np.full(N, 100),
        "gradients": np.zeros(N, dtype=int),
        "first": first,
        "seconds": 1.0,
        "seed": 0,
        "complete": True,
        "reported": 100 * N,
        "recount": 100 * N,
        "rejected": 0,
    }
    return Outcome(**{**values, **fields})


def evidence(*probes: Outcome, **fields: Any) -> Evidence:
    return Evidence(probes={o.planned.name: o for o in probes}, **{"white_box": True, **fields})


def answer(given: Evidence, id: str) -> SanityCheck:
    (found,) = [c for c in sanity_checks(given) if c.id == id]
    return found


HEALTHY = {
    "zero_gradient": np.zeros(N),
    "loss_first": np.zeros(N),
    "loss_last": np.ones(N),
}
SOUND = evidence(
    outcome("gradient/fgsm", 40),
    outcome("gradient/pgd", 60, diagnostics=HEALTHY),
    outcome("gradient/pgd", 61, label="5 restarts", diagnostics=HEALTHY),
    outcome("scores/square", 58),
    outcome("decisions/hopskipjump", 50),
    outcome("transfer/surrogate", 20),
    curve=[outcome("gradient/pgd", n, eps=e) for n, e in ((20, 0.05), (60, 0.1), (90, 0.2), (100, 1.0))],
)


def test_a_truly_robust_model_passes_everything() -> None:
    found = {c.id: c.outcome for c in sanity_checks(SOUND)}
    assert found.pop("decisions-not-stronger") is Believed.NOT_RUN  # gradients are compared instead
    assert set(found.values()) == {Believed.PASSED}, found


def test_every_check_says_what_it_saw_and_where_it_comes_from() -> None:
    for check in sanity_checks(SOUND):
        assert check.detail
        assert check.question.endswith("?")
        assert check.source or check.id in ("budget-honest", "decisions-not-stronger")


CASES: list[tuple[str, Evidence]] = [
    ("black-box-not-stronger", evidence(outcome("gradient/pgd", 10), outcome("scores/square", 40))),
    ("transfer-not-stronger", evidence(outcome("gradient/pgd", 10), outcome("transfer/surrogate", 40))),
    ("iterations-help", evidence(outcome("gradient/pgd", 10), outcome("gradient/fgsm", 40))),
    (
        "decisions-not-stronger",
        evidence(outcome("scores/square", 10), outcome("decisions/rays", 50), white_box=False),
    ),
    (
        "gradients-alive",
        evidence(outcome("gradient/pgd", 0, diagnostics={**HEALTHY, "zero_gradient": np.full(N, 0.9)})),
    ),
    (
        "loss-rises",
        evidence(outcome("gradient/pgd", 0, diagnostics={**HEALTHY, "loss_last": np.zeros(N)})),
    ),
    (
        "larger-radius-finds-more",
        evidence(curve=[outcome("gradient/pgd", 60, eps=0.1), outcome("gradient/pgd", 30, eps=0.2)]),
    ),
    (
        "everything-breaks",
        evidence(curve=[outcome("gradient/pgd", 60, eps=0.1), outcome("gradient/pgd", 80, eps=1.0)]),
    ),
    (
        "budget-suffices",
        evidence(outcome("scores/square", 40, first=np.where(np.arange(N) < 40, 900, -1)), white_box=False),
    ),
    ("budget-honest", evidence(outcome("scores/square", 40, recount=1))),
    ("budget-honest", evidence(outcome("scores/square", 40, queries=np.full(N, 5000)))),
    ("answers-steady", evidence(unsteady=("64 labels changed.",))),
]


@pytest.mark.parametrize(("id", "given"), CASES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(CASES)])
def test_what_misleads_attacks_fails_and_decides(id: str, given: Evidence) -> None:
    found = answer(given, id)
    assert found.outcome is Believed.FAILED
    assert found.decisive


def test_many_restarts_that_help_are_told_and_decide_nothing() -> None:
    given = evidence(outcome("gradient/pgd", 10), outcome("gradient/pgd", 40, label="5 restarts"))
    found = answer(given, "restarts-settle")
    assert (found.outcome, found.decisive) == (Believed.FAILED, False)


def test_a_difference_that_chance_explains_is_none() -> None:
    few = evidence(outcome("gradient/pgd", range(10)), outcome("scores/square", range(5, 16)))
    assert answer(few, "black-box-not-stronger").outcome is Believed.PASSED


def test_what_was_not_asked_is_not_passed() -> None:
    nothing = {c.id: c for c in sanity_checks(Evidence({}))}
    asked = ("answers-steady", "budget-honest")
    assert all(c.outcome is Believed.NOT_RUN for name, c in nothing.items() if name not in asked)
    assert all("Not asked" in c.detail for name, c in nothing.items() if name not in asked)


def test_features_that_cannot_change_excuse_what_still_stands() -> None:
    curve = [outcome("tabular/feasible-search", 50, eps=1), outcome("tabular/feasible-search", 70, eps=float("inf"))]
    assert not answer(evidence(curve=curve, immutable=True), "everything-breaks").decisive


def test_a_curve_that_ran_out_of_time_proves_nothing() -> None:
    curve = [outcome("gradient/pgd", 60), outcome("gradient/pgd", 70, eps=1.0, complete=False)]
    assert answer(evidence(curve=curve), "everything-breaks").outcome is Believed.NOT_RUN


def test_a_slow_attack_beside_a_stronger_one_misleads_nobody() -> None:
    late = np.where(np.arange(N) < 40, 900, -1)
    given = evidence(outcome("scores/square", 40, first=late), outcome("scores/random-search", 70), white_box=False)
    found = answer(given, "budget-suffices")
    assert (found.outcome, found.decisive) == (Believed.FAILED, False)
