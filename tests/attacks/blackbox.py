"""Models trained here, problems on them, and one way to hold any attack to its word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from violet.attacks.base import AttackResult, Budget, Clock, Goal, Problem, find, run_attack
from violet.domain.robustness import Norm, Threat
from violet.targets.base import InputDomain, InputKind, Offers, Target
from violet.targets.callable_target import CallableTarget
from violet.targets.unit import in_unit_space

Array = np.ndarray[Any, Any]

SCORES = ("scores/square", "scores/nes", "scores/spsa", "scores/simba", "scores/random-search")
DECISIONS = ("decisions/hopskipjump", "decisions/surfree", "decisions/rays", "decisions/opt")
TRANSFER = ("transfer/surrogate",)
ALL = (*SCORES, *DECISIONS, *TRANSFER)


@dataclass(frozen=True)
class Subject:
    """A model with samples that it classifies rightly, in unit space. ``predict`` is the model itself, on raw rows."""

    target: Target
    domain: InputDomain
    predict: Any
    x: Array
    y: Array
    pool: Array
    pool_labels: Array
    eps: dict[Norm, float]
    model: Any = None

    def problem(self, norm: Norm, queries: int, goal: Goal = Goal.WITHIN, **more: Any) -> Problem:
        given: dict[str, Any] = {"pool": self.pool, "pool_labels": self.pool_labels, "clock": Clock(), **more}
        eps = given.pop("eps", self.eps[norm])
        return Problem(
            self.target, self.x, self.y, Threat(norm, eps), Budget(queries), given.pop("seed", 0), goal, **given
        )

    def first(self, count: int) -> Subject:
        return replace(self, x=self.x[:count], y=self.y[:count])

    def labels_only(self) -> Subject:
        """The same model, which no longer tells its scores."""
        inner = self.target.inner  # type: ignore[attr-defined]
        shut = CallableTarget(inner.labels, self.domain, inner.classes, Offers.LABELS, "labels only")
        return replace(self, target=in_unit_space(shut))


def subject(model: Any, domain: InputDomain, x: Array, y: Array, eps: dict[Norm, float], count: int = 60) -> Subject:
    def probabilities(rows: Array) -> Array:
        return np.asarray(model.predict_proba(rows.reshape(len(rows), -1)))

    classes = len(model.classes_)
    offers = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
    target = in_unit_space(CallableTarget(probabilities, domain, classes, offers, type(model).__name__))
    unit = domain.to_unit(x)
    told = probabilities(x).argmax(axis=1)
    right = np.flatnonzero(told == y)
    chosen, rest = right[:count], np.setdiff1d(np.arange(len(x)), right[:count])[:200]

    def predict(rows: Array) -> Array:
        return np.asarray(probabilities(rows).argmax(axis=1))

    return Subject(target, domain, predict, unit[chosen], y[chosen], unit[rest], told[rest], eps, model)


def _table(features: int, classes: int, seed: int) -> tuple[Array, Array, InputDomain]:
    from sklearn.datasets import make_classification

    x, y = make_classification(
        1500, features, n_informative=6, n_redundant=2, n_classes=classes, random_state=seed, class_sep=1.2
    )
    x = (x * 3 + 5).astype(np.float32)
    domain = InputDomain(InputKind.TABLE, (features,), x.min(axis=0), x.max(axis=0))
    return x, y.astype(np.int64), domain


SMALL = {Norm.LINF: 0.06, Norm.L2: 0.15, Norm.L1: 0.3, Norm.L0: 2.0}


@cache
def forest() -> Subject:
    from sklearn.ensemble import RandomForestClassifier

    x, y, domain = _table(12, 3, 1)
    return subject(RandomForestClassifier(15, random_state=0).fit(x[:900], y[:900]), domain, x[900:], y[900:], SMALL)


@cache
def boosted() -> Subject:
    from sklearn.ensemble import GradientBoostingClassifier

    x, y, domain = _table(12, 2, 2)
    model = GradientBoostingClassifier(n_estimators=30, random_state=0).fit(x[:900], y[:900])
    return subject(model, domain, x[900:], y[900:], SMALL)


@cache
def network() -> Subject:
    """On images of digits, 8 by 8."""
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier

    data, y = load_digits(return_X_y=True)
    x = (data / 16).astype(np.float32)
    model = MLPClassifier((32,), random_state=0, max_iter=400).fit(x[:1000], y[:1000])
    domain = InputDomain(InputKind.IMAGE, (8, 8), np.zeros((8, 8)), np.ones((8, 8)), layout="hw")
    eps = {Norm.LINF: 0.1, Norm.L2: 0.7, Norm.L1: 3.0, Norm.L0: 3.0}
    return subject(model, domain, x[1000:].reshape(-1, 8, 8), y[1000:].astype(np.int64), eps)


@cache
def linear() -> Subject:
    """Two classes, samples well within the box: their least distances are known (``least``)."""
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(3)
    x = (0.5 + 0.06 * rng.standard_normal((900, 10))).clip(0.2, 0.8).astype(np.float32)
    y = (((x - 0.5) @ rng.standard_normal(10)) > 0).astype(np.int64)
    model = LogisticRegression(C=1e4).fit(x[:500], y[:500])
    domain = InputDomain(InputKind.VECTOR, (10,), np.zeros(10), np.ones(10))
    return subject(model, domain, x[500:], y[500:], {Norm.LINF: 0.03, Norm.L2: 0.08, Norm.L1: 0.2, Norm.L0: 1.0})


def least(of: Subject, norm: Norm) -> Array:
    """The distance of each sample of ``linear`` from the border: the margin over the dual norm of the weights."""
    weights = of.model.coef_[0]
    margin = np.abs(of.x @ weights + of.model.intercept_[0])
    dual = {Norm.LINF: np.abs(weights).sum(), Norm.L2: np.sqrt((weights**2).sum()), Norm.L1: np.abs(weights).max()}
    return np.asarray(margin / dual[norm])


def far(a: Array, b: Array, norm: Norm) -> Array:
    """Distances, written down once more so that the attacks' own are not what judges them."""
    moved = np.abs(np.asarray(a, dtype=np.float64) - b).reshape(len(a), -1)
    if norm is Norm.LINF:
        return moved.max(axis=1)
    if norm is Norm.L2:
        return np.linalg.norm(moved, axis=1)
    return moved.sum(axis=1) if norm is Norm.L1 else (moved > 1e-6).sum(axis=1).astype(float)


def run(attack: str, problem: Problem, **options: Any) -> AttackResult:
    if attack in TRANSFER:
        options = {"lessons": 2000, **options}
    return run_attack(find(attack), replace(problem, options=options))


def hold_to_its_word(of: Subject, problem: Problem, result: AttackResult, asked: int) -> None:
    """Every claim of a result, asked again of the model itself in raw space; ``asked`` is what the target counted."""
    norm, eps = problem.threat.norm, problem.threat.eps
    raw = of.domain.to_raw(result.adversarial)
    assert raw.shape == (len(of.x), *of.domain.shape)
    assert result.adversarial.min() >= 0.0
    assert result.adversarial.max() <= 1.0
    assert (raw >= of.domain.low - 1e-12).all()
    assert (raw <= of.domain.high + 1e-12).all()
    fooled = result.fooled
    assert (of.predict(raw)[fooled] != of.y[fooled]).all()
    distance = far(of.domain.to_unit(raw), problem.x, norm)
    np.testing.assert_allclose(result.distance[fooled], distance[fooled], rtol=1e-9, atol=1e-12)
    assert np.isinf(result.distance[~fooled]).all()
    if problem.goal is Goal.WITHIN:
        assert (distance[fooled] <= eps * (1 + 1e-6)).all()
    before = 0 if problem.earlier is None else int(problem.earlier.queries.sum())
    assert result.queries.dtype == np.int64
    assert int(result.queries.sum()) - before == asked
    assert result.queries.max(initial=0) <= problem.budget.queries
    assert ((result.first >= 1) == fooled).all()
    assert (result.first <= result.queries).all()


def checked(attack: str, of: Subject, problem: Problem, **options: Any) -> AttackResult:
    before = of.target.counter.rows
    result = run(attack, problem, **options)
    hold_to_its_word(of, problem, result, of.target.counter.rows - before)
    return result


def noise(of: Subject, eps: float, tries: int) -> float:
    """How many fall to ``tries`` corners of the ball: what any search has to beat."""
    rng = np.random.default_rng(0)
    fallen = np.zeros(len(of.x), dtype=bool)
    for _ in range(tries):
        corner = np.clip(of.x + eps * rng.choice([-1.0, 1.0], of.x.shape), 0.0, 1.0)
        fallen |= of.predict(of.domain.to_raw(corner)) != of.y
    return float(fallen.mean())
