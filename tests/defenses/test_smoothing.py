"""Randomised smoothing: the certificate against a classifier whose smoothed answer is known in closed form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from violet.defenses.smoothing import ABSTAIN, certify, counts, vote

WEIGHTS = np.array([0.6, -0.8, 0.0])
SIGMA = 0.25


def plane(x: Any) -> Any:
    """Which side of a plane through the middle of the box: its smoothed version has the same plane."""
    return ((x - 0.5) @ WEIGHTS > 0).astype(np.int64)


@pytest.fixture(scope="module")
def points() -> Any:
    return np.random.default_rng(0).uniform(size=(60, 3))


def test_votes_are_what_the_normal_distribution_says(points: Any) -> None:
    shares = vote(plane, points, 2, sigma=SIGMA, votes=4000, generator=np.random.default_rng(1))
    expected = norm.cdf((points - 0.5) @ WEIGHTS / SIGMA)
    assert np.abs(shares[:, 1] - expected).max() < 0.04
    assert np.allclose(shares.sum(axis=1), 1.0)


def test_the_radius_is_never_more_than_the_distance_to_the_plane(points: Any) -> None:
    """With alpha 0.001 and sixty points, a single overstep would be an event of 6 in 100; the seed is fixed."""
    found = certify(plane, points, 2, sigma=SIGMA, votes=2000, seed=3)
    distance = np.abs((points - 0.5) @ WEIGHTS)
    answered = found.labels != ABSTAIN
    assert answered.mean() > 0.7
    assert (found.labels[answered] == plane(points)[answered]).all()
    assert (found.radius <= distance + 1e-12)[answered].all()
    assert (found.radius[~answered] == 0).all()


def test_more_votes_certify_more(points: Any) -> None:
    few = certify(plane, points, 2, sigma=SIGMA, votes=100, seed=3).radius.sum()
    many = certify(plane, points, 2, sigma=SIGMA, votes=4000, seed=3).radius.sum()
    assert many > 1.2 * few


def test_a_guess_that_is_even_abstains() -> None:
    middle = np.full((20, 3), 0.5)
    assert (certify(plane, middle, 2, sigma=SIGMA, votes=500, seed=0).labels == ABSTAIN).all()


def test_every_vote_is_counted_whatever_the_batch() -> None:
    many = np.random.default_rng(0).uniform(size=(5000, 3))
    found = counts(plane, many, 2, 0.1, 3, np.random.default_rng(0))
    assert (found.sum(axis=1) == 3).all()


def test_the_same_seed_certifies_the_same(points: Any) -> None:
    one, two = (certify(plane, points, 2, sigma=SIGMA, votes=200, seed=5) for _ in range(2))
    assert (one.radius == two.radius).all()


def test_no_attack_breaks_a_certified_radius(points: Any) -> None:
    """The smoothed classifier itself, asked at the certified radii, in the worst direction and in others."""
    found = certify(plane, points, 2, sigma=SIGMA, votes=2000, seed=3)
    rows = np.flatnonzero((found.labels != ABSTAIN) & (found.radius > 0.01))
    generator = np.random.default_rng(7)
    toward = np.where(found.labels[rows] == 1, -1.0, 1.0)[:, None] * WEIGHTS
    directions = [toward, *(generator.normal(size=(len(rows), 3)) for _ in range(20))]
    for direction in directions:
        unit = direction / np.linalg.norm(direction, axis=1, keepdims=True)
        moved = points[rows] + unit * found.radius[rows][:, None] * 0.999
        exact = norm.cdf((moved - 0.5) @ WEIGHTS / SIGMA) > 0.5  # what infinitely many votes answer
        assert (exact.astype(int) == found.labels[rows]).all()


@pytest.mark.parametrize("name", ["decisions/hopskipjump", "decisions/surfree", "decisions/opt"])
def test_attacks_of_the_registry_end_outside_the_certified_radius(points: Any, name: str) -> None:
    """They walk along the border of the smoothed classifier as near as they can, and may find nothing within."""
    from violet.attacks.base import Budget, Goal, Problem, find, run_attack
    from violet.domain.robustness import Norm, Threat
    from violet.targets.base import InputDomain, InputKind, Offers
    from violet.targets.callable_target import CallableTarget

    found = certify(plane, points, 2, sigma=SIGMA, votes=2000, seed=3)
    rows = np.flatnonzero(found.labels != ABSTAIN)
    box = InputDomain(InputKind.VECTOR, (3,), np.zeros(3), np.ones(3), dtype="float64")
    smoothed = CallableTarget(
        lambda x: (norm.cdf((x - 0.5) @ WEIGHTS / SIGMA) > 0.5).astype(int), box, 2, Offers.LABELS
    )
    result = run_attack(
        find(name),
        Problem(
            target=smoothed,
            x=points[rows],
            y=found.labels[rows],
            threat=Threat(Norm.L2, 1.0),
            budget=Budget(600),
            seed=0,
            goal=Goal.SMALLEST,
            pool=points,
        ),
    )
    assert result.fooled.mean() > 0.9
    assert (result.distance[result.fooled] >= found.radius[rows][result.fooled]).all()
    exact = np.abs((points[rows] - 0.5) @ WEIGHTS)
    assert np.median(result.distance[result.fooled] / exact[result.fooled]) < 1.3, "a weak attack would prove nothing"
