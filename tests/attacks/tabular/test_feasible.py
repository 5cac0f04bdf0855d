"""Attacks on tables: every row could exist, every query is counted, and what enumeration finds, they find."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.attacks.tabular.credit import SCHEMA, attacked, credit, domain, model, target
from violet.attacks.base import AttackResult, Budget, Clock, Goal, Problem, find, run_attack
from violet.attacks.tabular._moves import Moves
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm, Threat
from violet.targets.base import InputDomain, InputKind, Offers
from violet.targets.callable_target import CallableTarget
from violet.targets.feasibility import Feasibility
from violet.targets.schema import Constraint, Direction, Feature, FeatureType, TableSchema

Array = NDArray[Any]
INF = float("inf")
BOTH = ("tabular/feasible-search", "tabular/feasible-decisions")


def attacked_by(
    name: str, kind: str, eps: float, goal: Goal = Goal.WITHIN, **how: Any
) -> tuple[Any, Array, Array, AttackResult]:
    x, y = attacked(kind, how.pop("n", 60))
    aim = target(kind, scores=name == BOTH[0])
    pool = credit()[0][:300]
    how["pool_labels"] = model(kind).predict(pool)
    budget, seed = Budget(how.pop("queries", 600)), how.pop("seed", 0)
    problem = Problem(aim, x, y, Threat(Norm.FEASIBLE, eps), budget, seed, goal, pool=pool, **how)
    return aim, x, y, run_attack(find(name), problem)


@pytest.mark.parametrize("kind", ["forest", "xgboost", "lightgbm", "linear"])
@pytest.mark.parametrize("name", BOTH)
def test_what_is_found_could_exist_fools_and_is_paid_for(name: str, kind: str) -> None:
    aim, x, y, result = attacked_by(name, kind, 2)
    rules = Feasibility(SCHEMA)
    assert result.adversarial.dtype == x.dtype
    assert rules.feasible(x, result.adversarial).all()
    fooled = result.fooled
    assert (model(kind).predict(result.adversarial[fooled]) != y[fooled]).all()
    np.testing.assert_array_equal(result.distance[fooled], rules.changed(x, result.adversarial)[fooled])
    assert (result.distance[fooled] <= 2).all()
    assert np.isinf(result.distance[~fooled]).all()
    assert int(result.queries.sum()) == aim.counter.rows
    assert result.queries.max() <= 600
    assert ((result.first[fooled] >= 1) & (result.first[fooled] <= result.queries[fooled])).all()
    assert fooled.mean() > 0.85
    assert aim.counter.calls < 700  # for 60 samples, all in lockstep


@pytest.mark.parametrize("name", BOTH)
def test_immutable_features_and_groups_stay_whole(name: str) -> None:
    _, x, _, result = attacked_by(name, "forest", INF)
    names = SCHEMA.names
    np.testing.assert_array_equal(result.adversarial[:, 0], x[:, 0])
    total = names.index("total_accounts")
    assert (result.adversarial[:, total] >= x[:, total]).all()
    assert (result.adversarial[:, -3:].sum(axis=1) == 1).all()
    assert result.fooled.all()


@pytest.mark.parametrize("name", BOTH)
def test_the_smallest_number_is_smaller_than_any(name: str) -> None:
    _, x, _, any_number = attacked_by(name, "xgboost", INF)
    _, _, _, smallest = attacked_by(name, "xgboost", INF, Goal.SMALLEST)
    assert smallest.fooled.all()
    assert (smallest.distance <= any_number.distance).all()
    if name == BOTH[1]:  # by scores the first that is found is nearly always the smallest
        assert smallest.distance.mean() < any_number.distance.mean()
    assert Feasibility(SCHEMA).feasible(x, smallest.adversarial).all()


@pytest.mark.parametrize("name", BOTH)
def test_seeds_repeat_and_time_stops(name: str) -> None:
    first = attacked_by(name, "forest", 2, n=20)[3]
    again = attacked_by(name, "forest", 2, n=20)[3]
    np.testing.assert_array_equal(first.adversarial, again.adversarial)
    np.testing.assert_array_equal(first.queries, again.queries)
    stopped = attacked_by(name, "forest", 2, n=20, clock=Clock(0.0))[3]
    assert not stopped.complete
    assert not stopped.queries.any()


@pytest.mark.parametrize("name", BOTH)
def test_stopped_work_is_taken_up(name: str) -> None:
    short = attacked_by(name, "xgboost", 2, queries=40)[3]
    longer = attacked_by(name, "xgboost", 2, queries=600, earlier=short)[3]
    assert (longer.fooled >= short.fooled).all()
    assert longer.fooled.sum() > short.fooled.sum()
    assert (longer.queries >= short.queries).all()
    assert longer.queries.max() <= 600
    np.testing.assert_array_equal(longer.first[short.fooled], short.first[short.fooled])


def test_without_a_pool_the_samples_are_what_is_known() -> None:
    x, y = attacked("xgboost", 40)
    aim = target("xgboost", scores=False)
    problem = Problem(aim, x, y, Threat(Norm.FEASIBLE, INF), Budget(500), 0)
    assert run_attack(find(BOTH[1]), problem).fooled.mean() > 0.9


def test_a_table_without_schema_keeps_its_ranges() -> None:
    x, y = attacked("forest", 30)
    low, high = credit()[0].min(axis=0), credit()[0].max(axis=0)
    plain = InputDomain(InputKind.VECTOR, (x.shape[1],), low, high)
    aim = CallableTarget(model("forest").predict_proba, plain, 2, Offers.PROBABILITIES)
    result = run_attack(find(BOTH[0]), Problem(aim, x, y, Threat(Norm.FEASIBLE, 2), Budget(500), 0))
    assert result.fooled.mean() > 0.9
    assert ((result.adversarial >= low) & (result.adversarial <= high)).all()


def test_words_are_answered() -> None:
    x = np.array([["a"]], dtype=object)
    plain = InputDomain(InputKind.TABLE, (1,), np.zeros(1), np.ones(1))
    aim = CallableTarget(lambda rows: np.zeros(len(rows)), plain, 2)
    with pytest.raises(UsageError, match="no table of numbers"):
        run_attack(find(BOTH[1]), Problem(aim, x, np.zeros(1), Threat(Norm.FEASIBLE, INF), Budget(5), 0))


# -- against the truth -----------------------------------------------------------------------------

SMALL = TableSchema(
    (
        Feature("a", FeatureType.INTEGER, 0, 3),
        Feature("b", FeatureType.INTEGER, 0, 3),
        Feature("c", FeatureType.CATEGORICAL, values=("x", "y", "z")),
        Feature("d", FeatureType.INTEGER, 0, 2, Direction.UP),
        Feature("g0", FeatureType.BINARY, group="g"),
        Feature("g1", FeatureType.BINARY, group="g"),
        Feature("s", FeatureType.INTEGER, 0, 6),
    ),
    (Constraint("s == a + b"),),
)


def whole_domain() -> Array:
    rows = [
        (a, b, c, d, g, 1 - g, a + b)
        for a, b, c, d, g in itertools.product(range(4), range(4), range(3), range(3), range(2))
    ]
    return np.array(rows, dtype=np.float32)


class Riddle:
    """Arbitrary answers on the whole domain: features matter together, and hints mislead."""

    def __init__(self, seed: int, rare: float) -> None:
        rng = np.random.default_rng(seed)
        self.rows = whole_domain()
        self.one = rng.random(len(self.rows)) * (rng.random(len(self.rows)) < rare)
        self.at = {row.tobytes(): value for row, value in zip(self.rows, self.one, strict=True)}

    def __call__(self, x: Array) -> Array:
        one = np.array([self.at[row.tobytes()] for row in np.asarray(x, dtype=np.float32)])
        return np.stack([1 - one, one], axis=1)


@pytest.mark.parametrize("eps", [1.0, 2.0, 3.0, INF])
@pytest.mark.parametrize("name", BOTH)
@pytest.mark.parametrize("seed", [0, 1])
def test_small_domains_are_searched_completely(name: str, eps: float, seed: int) -> None:
    """The truth by enumeration: the least number of changed features that fools, for every sample."""
    riddle = Riddle(seed, rare=0.12)
    low, high = (np.array([feature.bounds[side] for feature in SMALL.features]) for side in (0, 1))
    small = InputDomain(InputKind.TABLE, (7,), low, high, names=SMALL.names, schema=SMALL)
    answers = riddle(riddle.rows).argmax(axis=1)
    x, y = riddle.rows[answers == 0][::6], answers[answers == 0][::6]
    rules = Feasibility(SMALL)
    truth = np.full(len(x), INF)
    for row, sample in enumerate(x):
        others = riddle.rows[answers == 1]
        same = np.repeat(sample[None], len(others), axis=0)
        far = rules.changed(same, others)[rules.feasible(same, others)]
        truth[row] = far.min(initial=INF)
    offers = Offers.PROBABILITIES if name == BOTH[0] else Offers.LABELS
    predict = riddle if name == BOTH[0] else lambda rows: riddle(rows).argmax(axis=1)
    aim = CallableTarget(predict, small, 2, offers)
    problem = Problem(aim, x, y, Threat(Norm.FEASIBLE, eps), Budget(3000), 0, Goal.SMALLEST, options={"levels": 6})
    result = run_attack(find(name), problem)
    np.testing.assert_array_equal(result.distance, np.where(truth <= eps, truth, INF))


# -- whatever the schema ---------------------------------------------------------------------------


@st.composite
def any_table(draw: st.DrawFn) -> tuple[TableSchema, Array]:
    features = []
    for index in range(draw(st.integers(3, 5))):
        kind = draw(st.sampled_from(FeatureType))
        values = ("x", "y", "z") if kind is FeatureType.CATEGORICAL else ()
        step = draw(st.sampled_from([0.0, 0.1, 0.5])) if kind is FeatureType.REAL else 0.0
        ends = draw(st.sampled_from([(-2.0, 3.0), (0.0, INF), (-INF, INF)]))
        features.append(Feature(f"f{index}", kind, *ends, draw(st.sampled_from(Direction)), values, step))
    hot = [Feature(name, FeatureType.BINARY, group="hot") for name in ("h0", "h1", "h2")]
    texts = draw(st.lists(st.sampled_from(["f0 <= f1", "f0 == f1 + f2", "f2 == f0 / f1", "f0 * f1 < 4"]), max_size=2))
    schema = TableSchema((*features, *hot), tuple(Constraint(text) for text in texts))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    x = np.concatenate([rng.integers(0, 3, (12, len(features))), np.eye(3)[rng.integers(0, 3, 12)]], axis=1)
    return schema, x.astype(draw(st.sampled_from([np.float32, np.float64])))


@pytest.mark.parametrize("name", BOTH)
@settings(max_examples=25)
@given(table=any_table(), eps=st.sampled_from([1.0, 3.0, INF]), goal=st.sampled_from(Goal), queries=st.integers(1, 120))
def test_whatever_the_schema_rows_stay_feasible(
    name: str, table: tuple[TableSchema, Array], eps: float, goal: Goal, queries: int
) -> None:
    schema, x = table
    rules = Feasibility(schema)

    def predict(rows: Array) -> Array:
        one = 1 / (1 + np.exp(-(rows.sum(axis=1) - np.median(x.sum(axis=1)))))
        return np.stack([1 - one, one], axis=1)

    width = len(schema.features)
    low, high = x.min(axis=0), x.max(axis=0)
    aim = CallableTarget(
        predict,
        InputDomain(InputKind.TABLE, (width,), low, high, dtype=x.dtype.name, schema=schema),
        2,
        Offers.PROBABILITIES,
    )
    y = aim.labels(x)
    spent = aim.counter.rows
    result = run_attack(find(name), Problem(aim, x, y, Threat(Norm.FEASIBLE, eps), Budget(queries), 0, goal))
    assert rules.feasible(x, result.adversarial).all()
    assert int(result.queries.sum()) == aim.counter.rows - spent
    assert result.queries.max() <= queries
    found = result.fooled
    assert (aim.labels(result.adversarial[found]) != y[found]).all()
    assert (rules.changed(x, result.adversarial)[found] <= eps).all()
    names = {feature.name for feature in schema.features if feature.direction is Direction.NONE}
    fixed = [index for index, feature in enumerate(schema.features) if feature.name in names]
    np.testing.assert_array_equal(result.adversarial[:, fixed], x[:, fixed])


def test_the_domain_of_the_table_is_what_it_says() -> None:
    assert Feasibility(SCHEMA).faults(credit()[0]) == ()
    assert domain().names == SCHEMA.names


def between_the_splits() -> Moves:
    """One value in every interval in which no tree of the model has a split: with these, nothing can be missed."""
    splits = model("xgboost").get_booster().trees_to_dataframe()
    values, sets, units = [], [], []
    for unit, columns in enumerate(SCHEMA.units):
        feature = SCHEMA.features[columns[0]]
        if feature.direction is Direction.NONE:
            continue
        (low, high), (begin, step) = feature.bounds, feature.grid
        if feature.group:
            found = np.eye(len(columns))
        elif step and (high - low) / step < 100:
            found = (begin + step * np.arange((high - low) / step + 1))[:, None]
        else:
            inner = np.unique(splits[splits.Feature == f"f{columns[0]}"].Split.to_numpy(dtype=float))
            edges = np.concatenate([[low], inner, [high]])
            found = np.concatenate([[low, high], (edges[:-1] + edges[1:]) / 2])[:, None]
        for numbers in found:
            row, mask = np.zeros(len(SCHEMA.features)), np.zeros(len(SCHEMA.features), dtype=bool)
            row[list(columns)], mask[list(columns)] = numbers, True
            values.append(row)
            sets.append(mask)
            units.append(unit)
    return Moves(np.array(values), np.array(sets), np.array(units))


def test_of_a_boosted_model_every_sample_falls_that_two_features_turn() -> None:
    """The truth by enumeration of all pairs of intervals between the model's own splits, about 25,000 a sample."""
    _, x, y, result = attacked_by(BOTH[0], "xgboost", 2, n=80, queries=2000)
    rules, moves = Feasibility(SCHEMA), between_the_splits()
    pairs = np.array(
        [(a, b) for a, b in itertools.combinations(range(len(moves)), 2) if moves.unit[a] != moves.unit[b]]
    )
    standing = np.flatnonzero(~result.fooled)
    assert 0 < len(standing) < 10
    for row in standing:
        originals = np.repeat(x[row : row + 1], len(pairs), axis=0)
        candidates = rules.repair(originals, moves.apply(originals, pairs))
        far = rules.changed(originals, candidates)
        answers = model("xgboost").predict(candidates[(far > 0) & (far <= 2)])
        assert (answers == y[row]).all()
