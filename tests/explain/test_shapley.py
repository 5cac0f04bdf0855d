"""Shapley values: every way of computing them gives what Shapley's own formula gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from tests.explain.models import box, brute_force, interventional, table, target_of
from violet.domain import UsageError
from violet.domain.explanation import Method
from violet.explain.choosing import explainer_for
from violet.explain.kernel import design, kernel_shap
from violet.explain.players import players_of
from violet.targets.base import InputDomain, Offers
from violet.targets.callable_target import CallableTarget
from violet.targets.schema import Direction, Feature, TableSchema

FEATURES = 6


@pytest.fixture(scope="module")
def data() -> tuple[Any, Any]:
    return table(features=FEATURES)


@pytest.fixture(scope="module")
def forest(data: tuple[Any, Any]) -> RandomForestClassifier:
    return RandomForestClassifier(15, max_depth=5, random_state=0).fit(*data)


def slow(score: Any, x: Any, background: Any) -> Any:
    return brute_force(interventional(score, x, background), x.size)


def test_kernel_shap_is_exact_where_it_can_ask_about_every_coalition(data: Any, forest: Any) -> None:
    x, background = data[0][:5], data[0][100:110]
    target = target_of(forest, box(FEATURES), native=False)
    explainer = kernel_shap(target, background, players_of(target.domain), seed=0)
    assert explainer.exact
    classes = target.labels(x)
    target.counter.rows = target.counter.calls = 0
    found = explainer.explain(x, classes)
    for row in range(len(x)):
        wanted = slow(lambda rows, c=classes[row]: forest.predict_proba(rows)[:, c], x[row], background)
        assert np.allclose(found.values[row], wanted, atol=1e-8)
    assert found.error.max() < 1e-9
    assert target.counter.rows == len(x) * ((2**FEATURES - 2) * len(background) + 1)
    assert target.counter.calls == 2, "all inputs and coalitions go into one call"


def test_sampled_coalitions_come_close_and_add_up(data: Any) -> None:
    x, y = table(features=14, seed=1)
    model = RandomForestClassifier(10, max_depth=5, random_state=0).fit(x, y)
    target = target_of(model, box(14), native=False)
    players = players_of(target.domain)
    classes = target.labels(x[:4])
    exact = kernel_shap(target, x[50:54], players, seed=0, coalitions=1 << 14)
    sampled = kernel_shap(target, x[50:54], players, seed=0, coalitions=600)
    assert exact.exact
    assert not sampled.exact
    wanted, found = exact.explain(x[:4], classes), sampled.explain(x[:4], classes)
    assert found.error.max() < 1e-9
    assert np.abs(found.values - wanted.values).max() < 0.1 * np.abs(wanted.values).max()
    again = kernel_shap(target, x[50:54], players, seed=0, coalitions=600).explain(x[:4], classes)
    assert np.array_equal(found.values, again.values)
    other = kernel_shap(target, x[50:54], players, seed=1, coalitions=600).explain(x[:4], classes)
    assert not np.array_equal(found.values, other.values)


def test_a_design_carries_the_whole_weight_of_the_kernel() -> None:
    for players in range(2, 9):
        chosen, weights, exact = design(players, 1 << 10, np.random.default_rng(0))
        assert exact
        assert len({tuple(row) for row in chosen}) == len(chosen) == 2**players - 2
        assert np.isclose(weights.sum(), 1)
    chosen, weights, exact = design(30, 400, np.random.default_rng(0))
    assert not exact
    assert len(chosen) <= 400
    assert np.isclose(weights.sum(), 1)
    assert not (chosen.all(axis=1) | ~chosen.any(axis=1)).any()


def test_a_one_hot_group_is_one_player(data: Any) -> None:
    random = np.random.default_rng(0)
    colour = np.eye(3)[random.integers(3, size=400)]
    x = np.hstack([random.uniform(size=(400, 2)), colour]).astype(np.float32)
    y = (x[:, 0] + x[:, 2] > 0.8).astype(int)
    schema = TableSchema(
        (
            Feature("age", direction=Direction.NONE),
            Feature("income"),
            *(Feature(f"colour={word}", group="colour") for word in "rgb"),
        )
    )
    model = RandomForestClassifier(8, random_state=0).fit(x, y)
    target = target_of(model, box(5, schema.names, schema), native=False)
    players = players_of(target.domain)
    assert players.names == ("age", "income", "colour")
    assert players.immutable == (True, False, False)
    found = kernel_shap(target, x[:8], players, seed=0).explain(x[20:22], target.labels(x[20:22]))
    masks = np.array([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 1, 1]], dtype=bool)
    for row, at in enumerate((20, 21)):
        own = target.labels(x[at : at + 1])[0]

        def value(chosen: Any, at: int = at, own: int = own) -> float:
            mask = masks[chosen].any(axis=0) if chosen.any() else np.zeros(5, dtype=bool)
            return float(model.predict_proba(np.where(mask, x[at], x[:8]))[:, own].mean())

        assert np.allclose(players.total(found.values)[row], brute_force(value, 3), atol=1e-8)


def test_forests_of_scikit_learn(data: Any, forest: Any) -> None:
    x, background = data[0][:5], data[0][100:120]
    target = target_of(forest, box(FEATURES))
    explainer = explainer_for(target, background, players_of(target.domain))
    assert explainer.method is Method.TREE_SHAP
    assert explainer.unit == "probability"
    classes = target.labels(x)
    found = explainer.explain(x, classes)
    for row in range(len(x)):
        wanted = slow(lambda rows, c=classes[row]: forest.predict_proba(rows)[:, c], x[row], background)
        assert np.allclose(found.values[row], wanted, atol=1e-6)
    assert found.error.max() < 1e-6


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_columns_and_classes_in_another_order(order: tuple[int, ...]) -> None:
    """A model opened with data whose columns and classes stand otherwise than those it was trained on."""
    import pandas

    from violet.targets.adopting import adopt
    from violet.targets.base import TargetSpec
    from violet.targets.request import Opening

    x, y = table(features=4, classes=3)
    words = np.array(["low", "middle", "top"])
    frame = pandas.DataFrame(x[:, [3, 1, 0]], columns=["d", "b", "a"])
    model = RandomForestClassifier(8, max_depth=4, random_state=0).fit(frame, words[y])
    domain = box(4, ("a", "b", "c", "d"))
    names = tuple(words[list(order)])
    target = adopt(model, Opening(TargetSpec("forest"), domain, 3, names))
    explainer = explainer_for(target, x[:10], players_of(domain))
    assert explainer.method is Method.TREE_SHAP
    own = target.labels(x[20:24])
    found = explainer.explain(x[20:24], own)
    assert np.allclose(found.output, target.scores(x[20:24])[np.arange(4), own], atol=1e-6)
    assert not found.values[:, 2].any(), "the model never sees column c"
    for row, label in enumerate(own):
        wanted = slow(lambda rows, c=label: target.scores(rows)[:, c], x[20 + row], x[:10])
        assert np.allclose(found.values[row], wanted, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 3])
def test_histogram_boosting(classes: int) -> None:
    x, y = table(features=4, classes=classes)
    model = HistGradientBoostingClassifier(max_iter=15, random_state=0).fit(x, y)
    target = target_of(model, box(4))
    explainer = explainer_for(target, x[:10], players_of(target.domain))
    assert explainer.method is Method.TREE_SHAP
    own = target.labels(x[20:24])
    found = explainer.explain(x[20:24], own)

    def margin(rows: Any, label: int) -> Any:
        raw = model.decision_function(rows)
        return raw[:, label] if raw.ndim == 2 else raw * (1 if label else -1)

    for row, label in enumerate(own):
        wanted = slow(lambda rows, c=label: margin(rows, c), x[20 + row], x[:10])
        assert np.allclose(found.values[row], wanted, atol=1e-5)


def test_what_shap_cannot_take_apart_is_explained_from_its_answers() -> None:
    x, y = table(features=4, classes=3)
    model = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(x, y)
    target = target_of(model, box(4))
    explainer = explainer_for(target, x[:10], players_of(target.domain))
    assert explainer.method is Method.KERNEL_SHAP
    assert "GradientBoostingClassifier" in explainer.notes[0]


@pytest.mark.parametrize("classes", [2, 3])
def test_linear_models_behind_scalers(classes: int) -> None:
    x, y = table(features=4, classes=classes)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    target = target_of(model, box(4))
    explainer = explainer_for(target, x[:20], players_of(target.domain))
    assert explainer.method is Method.LINEAR_SHAP
    own = target.labels(x[20:24])
    found = explainer.explain(x[20:24], own)

    def margin(rows: Any, label: int) -> Any:
        raw = model.decision_function(rows)
        return raw[:, label] if raw.ndim == 2 else raw * (1 if label else -1)

    for row, label in enumerate(own):
        wanted = slow(lambda rows, c=label: margin(rows, c), x[20 + row], x[:20])
        assert np.allclose(found.values[row], wanted, atol=1e-6)


def test_pipelines_that_mix_features_are_not_taken_apart() -> None:
    x, y = table(features=4)
    model = make_pipeline(PolynomialFeatures(2), LogisticRegression()).fit(x, y)
    explainer = explainer_for(target_of(model, box(4)), x[:20], players_of(box(4)))
    assert explainer.method is Method.KERNEL_SHAP
    assert "mixes features" in explainer.notes[0]


def test_a_target_that_answers_otherwise_than_its_model_is_not_taken_apart() -> None:
    x, y = table(features=4)
    model = LogisticRegression().fit(x, y)
    target = CallableTarget(lambda rows: model.predict_proba(rows)[:, ::-1], box(4), 2, Offers.PROBABILITIES)
    explainer = explainer_for(target.show(model), x[:20], players_of(box(4)))
    assert explainer.method is Method.KERNEL_SHAP
    assert "not what the target answers" in explainer.notes[0]


def _boosters() -> list[Any]:
    import catboost
    import lightgbm
    import xgboost

    return [
        xgboost.XGBClassifier(n_estimators=12, max_depth=3, n_jobs=1),
        lightgbm.LGBMClassifier(n_estimators=12, num_leaves=7, verbose=-1, n_jobs=1),
        catboost.CatBoostClassifier(iterations=12, depth=3, verbose=0, allow_writing_files=False, thread_count=1),
    ]


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("which", range(3), ids=["xgboost", "lightgbm", "catboost"])
def test_boosters_say_it_themselves(which: int, classes: int) -> None:
    x, y = table(features=5, classes=classes)
    x[:, 4] = 0.5
    model = _boosters()[which].fit(x, y)
    target = target_of(model, box(5))
    explainer = explainer_for(target, x[:20], players_of(target.domain))
    assert explainer.method is Method.BOOSTER_SHAP
    own = target.labels(x[:50])
    found = explainer.explain(x[:50], own)
    scores = target.scores(x[:50])
    chance = scores[np.arange(50), own]
    if classes == 2:
        assert np.allclose(found.output, np.log(chance / (1 - chance)), atol=1e-3), "the margin is that of its class"
    assert found.error.max() < 1e-4
    assert np.abs(found.values[:, 4]).max() < 1e-6, "a constant feature adds nothing"
    assert np.abs(found.values).mean(axis=0).argmax() in (0, 1, 2)


def test_xgboost_agrees_with_an_independent_implementation() -> None:
    import shap

    x, y = table(features=5)
    model = _boosters()[0].fit(x, y)
    target = target_of(model, box(5))
    found = explainer_for(target, x[:20], players_of(target.domain)).explain(x[:9], np.ones(9, dtype=np.int64))
    wanted = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent").shap_values(x[:9])
    assert np.allclose(found.values, wanted, atol=1e-4)


def test_a_model_that_stopped_early_is_explained_as_it_predicts() -> None:
    import xgboost

    x, y = table(features=5)
    noise = np.random.default_rng(0).integers(2, size=len(y))
    model = xgboost.XGBClassifier(n_estimators=60, early_stopping_rounds=3, n_jobs=1)
    model.fit(x, y, eval_set=[(x, noise)], verbose=False)
    assert model.best_iteration < model.get_booster().num_boosted_rounds() - 1
    target = target_of(model, box(5))
    own = target.labels(x[:20])
    found = explainer_for(target, x[:20], players_of(target.domain)).explain(x[:20], own)
    chance = target.scores(x[:20])[np.arange(20), own]
    assert np.allclose(found.output, np.log(chance / (1 - chance)), atol=1e-3)


def test_permutation_and_labels_only(data: Any, forest: Any) -> None:
    target = CallableTarget(lambda rows: forest.predict(rows), box(FEATURES), 2, Offers.LABELS, "labels only")
    players = players_of(target.domain)
    x = data[0][:60]
    explainer = explainer_for(target, data[0][100:140], players, method="permutation", seed=3)
    found = explainer.explain(x, target.labels(x))
    assert explainer.unit == "label"
    assert not explainer.complete
    size = np.abs(found.values).mean(axis=0)
    assert set(np.argsort(-size)[:3]) == {0, 1, 2}
    assert set(found.output) == {1.0}
    shap_values = explainer_for(target, data[0][100:140], players).explain(x[:5], target.labels(x[:5]))
    assert shap_values.error.max() < 1e-9


def test_permutation_is_the_mean_over_every_donor_when_there_is_one() -> None:
    x, y = table(features=3)
    model = LogisticRegression().fit(x, y)
    target = target_of(model, box(3), native=False)
    donor = x[7:8]
    found = explainer_for(target, donor, players_of(box(3)), method="permutation").explain(x[:2], np.array([1, 1]))
    for row in range(2):
        for feature in range(3):
            mixed = x[row].copy()
            mixed[feature] = donor[0, feature]
            fall = model.predict_proba(x[row : row + 1])[0, 1] - model.predict_proba(mixed[None])[0, 1]
            assert np.isclose(found.values[row, feature], fall)


@pytest.mark.parametrize(
    ("method", "says"),
    [("guess", "no such method"), ("gradient", "no gradients"), ("tree-shap", "does not fit"), ("lime", "Use one of")],
)
def test_a_method_that_does_not_fit_is_said(method: str, says: str) -> None:
    x, y = table(features=3)
    target = target_of(LogisticRegression().fit(x, y), box(3))
    with pytest.raises(UsageError) as raised:
        explainer_for(target, x[:5], players_of(box(3)), method=method)
    assert says in raised.value.diagnostics()


def test_large_images_are_covered_by_their_mean() -> None:
    from violet.targets.base import InputKind

    shape = (3, 64, 64)
    domain = InputDomain(InputKind.IMAGE, shape, np.zeros(shape), np.ones(shape), layout="chw")
    x = np.random.default_rng(0).uniform(size=(12, *shape)).astype(np.float32)
    x[:, :, 8:16, 16:24] += 0.5

    def predict(images: Any) -> Any:
        bright = images[:, :, 8:16, 16:24].mean(axis=(1, 2, 3))
        return np.stack([bright, 1 - bright], axis=1)

    target = CallableTarget(predict, domain, 2, Offers.SCORES, "one cell")
    players = players_of(domain)
    explainer = explainer_for(target, x[4:], players)
    before = target.counter.rows
    found = explainer.explain(x[:3], np.zeros(3, dtype=np.int64))
    assert target.counter.rows - before <= 3 * (2 * 64 + 128 + 1)
    assert players.names[int(np.abs(players.total(found.values)).mean(axis=0).argmax())] == "rows 8-15, columns 16-23"
    assert found.error.max() < 1e-6
    assert explainer.against == "the mean of 8 other inputs"


def test_texts_are_refused() -> None:
    from violet.targets.base import InputKind

    domain = InputDomain(InputKind.TEXT, (), np.array(0), np.array(1))
    with pytest.raises(UsageError, match="Texts have words"):
        players_of(domain)
