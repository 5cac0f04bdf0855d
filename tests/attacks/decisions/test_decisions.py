"""Attacks that ask for labels only: how near they come to distances that are known, and how they begin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.attacks import blackbox
from tests.attacks.blackbox import DECISIONS, checked, least
from violet.attacks.base import Goal, find
from violet.attacks.decisions._border import EARLIER, NOISE, POOL
from violet.domain.robustness import Norm

CASES = [(attack, norm) for attack in DECISIONS for norm in find(attack).attack.norms]

NEAR = {"decisions/hopskipjump": 1.08, "decisions/surfree": 1.05, "decisions/rays": 1.05, "decisions/opt": 1.1}


@pytest.mark.parametrize(("attack", "norm"), CASES)
def test_distances_of_a_linear_model_come_near_the_least_and_never_below(attack: str, norm: Norm) -> None:
    of = blackbox.linear()
    result = checked(attack, of, of.problem(norm, 900, Goal.SMALLEST))
    assert result.fooled.all()
    ratio = result.distance / least(of, norm)
    assert ratio.min() >= 1 - 1e-4  # the model computes in single precision
    assert np.median(ratio) < NEAR[attack]


@pytest.mark.parametrize(("attack", "norm"), CASES)
def test_of_a_linear_model_just_those_fall_that_can(attack: str, norm: Norm) -> None:
    of = blackbox.linear()
    can = least(of, norm)
    eps = float(np.median(can))
    result = checked(attack, of, of.problem(norm, 600, eps=eps))
    assert not result.fooled[can > eps * (1 + 1e-6)].any()
    assert result.fooled[can < 0.85 * eps].mean() >= 0.9
    assert result.queries[result.fooled].mean() < result.queries[~result.fooled].mean()


@pytest.mark.parametrize("attack", DECISIONS)
def test_where_a_walk_begins(attack: str) -> None:
    of = blackbox.network().first(12)
    norm = find(attack).attack.norms[0]
    known = checked(attack, of, of.problem(norm, 60, Goal.SMALLEST))
    assert (known.diagnostics["start"] == POOL).all()
    assert (known.first <= 5).all()
    blind = of.problem(norm, 60, Goal.SMALLEST, pool_labels=np.full(len(of.pool), -1))
    assert (checked(attack, of, blind).diagnostics["start"] == POOL).all()
    others = of.problem(norm, 60, Goal.SMALLEST, pool=None, pool_labels=None)
    assert (checked(attack, of, others).diagnostics["start"] == POOL).all()
    same = np.flatnonzero(of.y == of.y[0])
    alone = replace(of, x=of.x[same], y=of.y[same])
    noise = alone.problem(norm, 60, Goal.SMALLEST, pool=None, pool_labels=None)
    assert (checked(attack, alone, noise).diagnostics["start"] == NOISE).any()
    later = of.problem(norm, 90, Goal.SMALLEST, earlier=known)
    assert (checked(attack, of, later).diagnostics["start"] == EARLIER).all()


@pytest.mark.parametrize("attack", DECISIONS)
def test_labels_of_the_pool_that_are_wrong_do_not_end_it(attack: str) -> None:
    """Half of the pool's labels are lies: a start is asked about before it is believed."""
    of = blackbox.network().first(12)
    lies = of.pool_labels.copy()
    lies[::2] = (lies[::2] + 1) % 10
    norm = find(attack).attack.norms[0]
    result = checked(attack, of, of.problem(norm, 80, Goal.SMALLEST, pool_labels=lies))
    assert result.fooled.all()


def test_surfree_gains_sooner_than_hopskipjump() -> None:
    for of in (blackbox.forest(), blackbox.boosted()):
        circles = checked("decisions/surfree", of, of.problem(Norm.L2, 150, Goal.SMALLEST)).distance
        hops = checked("decisions/hopskipjump", of, of.problem(Norm.L2, 150, Goal.SMALLEST)).distance
        assert np.median(circles) <= np.median(hops)


def test_rays_is_the_stronger_one_for_linf_with_few_queries() -> None:
    for of in (blackbox.network(), blackbox.forest()):
        rays = checked("decisions/rays", of, of.problem(Norm.LINF, 300, Goal.SMALLEST)).distance
        hops = checked("decisions/hopskipjump", of, of.problem(Norm.LINF, 300, Goal.SMALLEST)).distance
        assert np.median(rays) <= np.median(hops)


def test_two_different_ways_agree_on_the_distance() -> None:
    """HopSkipJump follows the normal, Sign-OPT the distance along a ray; on a smooth model both end up there."""
    of = blackbox.network()
    found = [
        np.median(checked(attack, of, of.problem(Norm.L2, 1500, Goal.SMALLEST)).distance)
        for attack in ("decisions/hopskipjump", "decisions/opt", "decisions/surfree")
    ]
    assert max(found) / min(found) < 1.12
