"""What holds for every attack that asks and does not look inside: claims, budgets, seeds, resuming, stopping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.attacks import blackbox
from tests.attacks.blackbox import ALL, DECISIONS, SCORES, TRANSFER, Subject, checked, run
from violet.attacks.base import Clock, Goal, Problem, attacks, find, run_attack
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm
from violet.targets.base import InputDomain, InputKind, Offers
from violet.targets.callable_target import CallableTarget
from violet.targets.unit import in_unit_space

MODELS = {"forest": blackbox.forest, "boosted": blackbox.boosted, "network": blackbox.network}


def norms(attack: str) -> tuple[Norm, ...]:
    return find(attack).attack.norms


CASES = [(attack, norm, model) for attack in ALL for norm in norms(attack) for model in ("forest", "network")]


@pytest.mark.parametrize("attack", ALL)
def test_every_attack_is_known_and_says_what_it_does(attack: str) -> None:
    entry = attacks()[attack]
    assert entry.module.rpartition(".")[2] == attack.partition("/")[2].replace("-", "_")
    for section in ("## Method", "## Cost", "## Source"):
        assert section in entry.help


@pytest.mark.parametrize(("attack", "norm", "model"), CASES)
def test_what_is_claimed_holds_within_the_budget(attack: str, norm: Norm, model: str) -> None:
    of = MODELS[model]().first(30)
    result = checked(attack, of, of.problem(norm, 77))
    assert result.complete
    assert result.fooled.any()
    if not result.fooled.all():
        assert result.queries[~result.fooled].min() > 77 - 30  # a shrunken last step, not a budget left lying about


@pytest.mark.parametrize("attack", [a for a in ALL if find(a).attack.minimal])
@pytest.mark.parametrize("model", ["boosted", "network"])
def test_the_smallest_distance_shrinks_with_the_budget(attack: str, model: str) -> None:
    of = MODELS[model]().first(25)
    norm = norms(attack)[0]
    medians = []
    for queries in (50, 200, 600):
        result = checked(attack, of, of.problem(norm, queries, Goal.SMALLEST))
        medians.append(np.median(result.distance))
    assert medians[1] < medians[0]
    assert medians[2] <= medians[1]


@pytest.mark.parametrize("attack", ALL)
def test_the_seed_decides_and_nothing_else(attack: str) -> None:
    of = blackbox.boosted().first(20)
    norm = norms(attack)[0]
    queries = 300 if attack == "decisions/rays" else 60  # which draws nothing until all blocks have been tried
    one, same, other = (run(attack, of.problem(norm, queries, seed=seed, eps=0.01)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.adversarial, same.adversarial)
    np.testing.assert_array_equal(one.queries, same.queries)
    assert not np.array_equal(one.adversarial, other.adversarial)
    assert one.seed == 1


@pytest.mark.parametrize("attack", ALL)
@pytest.mark.parametrize("goal", Goal)
def test_a_stopped_run_goes_on(attack: str, goal: Goal) -> None:
    if goal is Goal.SMALLEST and not find(attack).attack.minimal:
        pytest.skip("knows no smallest distance")
    of = blackbox.network().first(20)
    norm = norms(attack)[0]
    half = checked(attack, of, of.problem(norm, 50, goal))
    whole = checked(attack, of, of.problem(norm, 150, goal, earlier=half))
    assert whole.fooled[half.fooled].all()
    assert (whole.distance <= half.distance).all()
    np.testing.assert_array_equal(whole.first[half.fooled], half.first[half.fooled])
    assert (whole.queries >= half.queries).all()
    assert whole.queries.sum() > half.queries.sum()
    if goal is Goal.WITHIN:
        np.testing.assert_array_equal(whole.adversarial[half.fooled], half.adversarial[half.fooled])
    again = checked(attack, of, of.problem(norm, 50, goal, earlier=half))
    assert again.queries.sum() - half.queries.sum() < 30 * len(of.x)
    np.testing.assert_array_equal(half.fooled, half.distance < np.inf)


@pytest.mark.parametrize("attack", DECISIONS)
def test_a_walk_that_goes_on_keeps_what_it_had_reached_outside_the_radius(attack: str) -> None:
    of = blackbox.network().first(20)
    norm = norms(attack)[0]
    half = run(attack, of.problem(norm, 45, eps=1e-3))
    assert not half.fooled.any()
    reached = blackbox.far(half.adversarial, of.x, norm)
    whole = run(attack, of.problem(norm, 220, eps=1e-3, earlier=half))
    now = blackbox.far(whole.adversarial, of.x, norm)
    assert (now <= reached + 1e-12).all()
    assert (now < reached).mean() > 0.5
    assert (whole.diagnostics["start"] == 3).all()


@pytest.mark.parametrize("attack", ALL)
def test_no_time_means_no_queries(attack: str) -> None:
    of = blackbox.forest().first(10)
    result = checked(attack, of, of.problem(norms(attack)[0], 100, clock=Clock(0.0)))
    assert not result.complete
    assert result.queries.sum() == 0
    assert not result.fooled.any()


@pytest.mark.parametrize("attack", ALL)
def test_somebody_stops_it(attack: str, tmp_path, monkeypatch) -> None:
    of = blackbox.network().first(20)
    stop = tmp_path / "stop"
    calls = []
    inner = of.target.inner
    name = "scores" if attack in SCORES else "labels"
    real = getattr(inner, name)

    def ask(x):
        calls.append(len(x))
        if len(calls) == 3:
            stop.touch()
        return real(x)

    monkeypatch.setattr(inner, name, ask)
    monkeypatch.setattr("violet.attacks.base.time.monotonic", iter(np.arange(0.0, 1e6, 1.0)).__next__)
    problem = of.problem(norms(attack)[0], 5000, eps=1e-4, clock=Clock(float("inf"), str(stop)))
    result = run(attack, problem)
    assert not result.complete
    assert 3 <= len(calls) <= 5
    assert result.queries.sum() == sum(calls)


@pytest.mark.parametrize("attack", SCORES)
def test_scores_are_needed_where_they_are_needed(attack: str) -> None:
    of = blackbox.forest().labels_only()
    with pytest.raises(UsageError, match="SCORES"):
        run(attack, of.problem(norms(attack)[0], 10))


@pytest.mark.parametrize("attack", [*DECISIONS, *TRANSFER])
def test_labels_are_enough(attack: str) -> None:
    whole, shut = blackbox.forest().first(20), blackbox.forest().labels_only().first(20)
    norm = norms(attack)[0]
    a, b = (checked(attack, of, of.problem(norm, 80)) for of in (whole, shut))
    np.testing.assert_array_equal(a.adversarial, b.adversarial)
    assert b.fooled.any()


def random_model(seed: int, features: int, classes: int, trees: bool):
    """Of random weights: a linear one, or the votes of thresholds on single features."""
    rng = np.random.default_rng(seed)
    weights = rng.standard_normal((features, classes))
    if not trees:
        return lambda x: (x.reshape(len(x), -1).astype(np.float64) - 0.5) @ weights
    cuts = rng.random(features)
    return lambda x: np.round((x.reshape(len(x), -1) > cuts) @ weights, 1)


@settings(max_examples=60, deadline=None)
@given(
    attack=st.sampled_from(ALL),
    seed=st.integers(0, 10_000),
    queries=st.integers(0, 70),
    trees=st.booleans(),
    image=st.booleans(),
    kind=st.sampled_from(["float32", "float64", "uint8"]),
    smallest=st.booleans(),
    data=st.data(),
)
def test_any_small_model(attack, seed, queries, trees, image, kind, smallest, data) -> None:
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(1, 4)), 5, 4) if image else (int(rng.integers(1, 9)),)
    classes = int(rng.integers(2, 5))
    span = 255.0 if kind == "uint8" else float(rng.choice([1.0, 1000.0]))
    low = 0.0 if kind == "uint8" else float(rng.choice([0.0, -300.0]))
    layout = "chw" if image else ""
    domain = InputDomain(
        InputKind.IMAGE if image else InputKind.VECTOR,
        shape,
        np.full(shape, low),
        np.full(shape, low + span),
        layout=layout,
        dtype=kind,
    )
    function = random_model(seed, int(np.prod(shape)), classes, trees)

    def scores(raw):
        return function((raw.astype(np.float64) - low) / span)

    target = in_unit_space(CallableTarget(scores, domain, classes, Offers.LABELS | Offers.SCORES, "random"))
    raw = domain.to_raw(rng.random((9, *shape)))
    x, y = domain.to_unit(raw), scores(raw).argmax(axis=1)
    known = rng.choice([-1, 0], len(x)) if rng.random() < 0.5 else np.zeros(len(x), dtype=int)
    pool = domain.to_unit(domain.to_raw(rng.random((9, *shape))))
    pool_labels = np.where(known < 0, -1, target.labels(pool))
    norm = data.draw(st.sampled_from(norms(attack)))
    eps = {Norm.L0: 2.0}.get(norm, float(rng.choice([0.004, 0.1, 0.7])))
    of = Subject(target, domain, lambda r: scores(r).argmax(axis=1), x, y, pool, pool_labels, {norm: eps})
    goal = Goal.SMALLEST if smallest and find(attack).attack.minimal else Goal.WITHIN
    options = {"lessons": 100} if attack in TRANSFER else {}
    result = checked(attack, of, of.problem(norm, queries, goal, seed=seed), **options)
    assert np.isfinite(result.adversarial).all()


def test_a_model_of_one_answer_leaves_nothing_to_find() -> None:
    domain = InputDomain(InputKind.VECTOR, (4,), np.zeros(4), np.ones(4))
    rng = np.random.default_rng(0)
    x, y = rng.random((5, 4)), np.zeros(5, dtype=np.int64)

    def scores(raw):
        return np.tile([1.0, 0.0], (len(raw), 1))

    target = in_unit_space(CallableTarget(scores, domain, 2, Offers.LABELS | Offers.SCORES, "one answer"))
    of = Subject(target, domain, lambda r: scores(r).argmax(axis=1), x, y, x[:0], y[:0], dict.fromkeys(Norm, 0.5))
    for attack in ALL:
        problem: Problem = of.problem(norms(attack)[0], 45, eps=1.0 if norms(attack)[0] is Norm.L0 else 0.5)
        result = checked(attack, of, problem)
        assert not result.fooled.any()
        if attack in DECISIONS:
            assert (result.diagnostics["start"] == 0).all()


def test_nothing_to_attack() -> None:
    of = blackbox.forest().first(0)
    for attack in ALL:
        result = run_attack(find(attack), of.problem(norms(attack)[0], 10, options=dict(find(attack).attack.options)))
        assert result.complete
        assert len(result.adversarial) == len(result.queries) == 0
