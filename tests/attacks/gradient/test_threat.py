"""Projections, starts and steps: held against what defines them, on random input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from violet.domain.robustness import Norm

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

SIZES = {Norm.LINF: 0.2, Norm.L2: 0.7, Norm.L1: 1.5, Norm.L0: 3.0}


def points(seed: int, rows: int = 6, features: int = 9, wide: float = 1.0):
    generator = torch.Generator().manual_seed(seed)
    centre = torch.rand(rows, features, generator=generator, dtype=torch.float64)
    centre[0, :3] = torch.tensor([0.0, 1.0, 0.0])
    return centre, centre + wide * torch.randn(rows, features, generator=generator, dtype=torch.float64)


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(list(SIZES)), st.sampled_from([0.01, 1.0, 30.0]))
def test_a_projection_is_within_ball_and_box_and_leaves_what_is_there_already(seed, norm, wide):
    from violet.attacks.gradient._threat import lengths, project

    centre, far = points(seed, wide=wide)
    found = project(far, centre, norm, SIZES[norm])
    assert bool(((found >= 0) & (found <= 1)).all())
    assert bool((lengths(found - centre, norm) <= SIZES[norm] * (1 + 1e-9)).all())
    torch.testing.assert_close(project(found, centre, norm, SIZES[norm]), found, rtol=1e-6, atol=1e-9)


@settings(max_examples=25)
@given(st.integers(0, 10_000))
def test_the_l1_projection_is_the_nearest_point(seed):
    """A general solver of quadratic programs finds none that is nearer."""
    from scipy.optimize import minimize

    from violet.attacks.gradient._threat import project

    centre, far = points(seed, rows=1, features=4)
    ours = project(far, centre, Norm.L1, 0.6)[0].numpy()
    c, z = centre[0].numpy(), far[0].numpy()
    solved = minimize(
        lambda s: ((c + s[:4] - s[4:] - z) ** 2).sum(),
        np.zeros(8),
        bounds=[(0, 1 - v) for v in c] + [(0, v) for v in c],
        constraints={"type": "ineq", "fun": lambda s: 0.6 - s.sum()},
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert ((ours - z) ** 2).sum() <= solved.fun + 1e-5


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_the_l0_projection_keeps_the_features_that_bring_it_nearest(seed):
    from itertools import combinations

    from violet.attacks.gradient._threat import project

    centre, far = points(seed, rows=1, features=6)
    ours = project(far, centre, Norm.L0, 2.0)
    best = min(
        float(((torch.where(mask, far.clamp(0, 1), centre) - far) ** 2).sum())
        for keep in combinations(range(6), 2)
        for mask in [torch.tensor([[place in keep for place in range(6)]])]
    )
    assert float(((ours - far) ** 2).sum()) <= best + 1e-9


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from([Norm.LINF, Norm.L2, Norm.L1]), st.floats(-4, 4))
def test_a_plane_is_reached_by_the_least_move(seed, norm, offset):
    """Linear programs and a quadratic one say what the least move is."""
    from scipy.optimize import linprog

    from violet.attacks.gradient._threat import lengths, onto_plane

    point, normal = points(seed, rows=1, features=5)
    move = onto_plane(point, normal, torch.tensor([[offset]], dtype=torch.float64), norm)
    assert bool(((point + move >= -1e-9) & (point + move <= 1 + 1e-9)).all())
    p, w = point[0].numpy(), normal[0].numpy()
    reach = np.where(-offset * w > 0, 1 - p, p)
    size = float(lengths(move, norm))
    value = float((normal * move).sum())
    if (np.abs(w) * reach).sum() < abs(offset):
        assert np.isclose(abs(value), (np.abs(w) * reach).sum(), rtol=1e-6), "the nearest corner"
        return
    assert abs(value + offset) <= 2e-5 * abs(offset) + 1e-12
    if norm is Norm.LINF:
        solved = linprog(
            [0] * 5 + [1],
            A_ub=[[*(sign * np.eye(5)[i]), -1] for i in range(5) for sign in (1, -1)],
            b_ub=[0] * 10,
            A_eq=[[*w, 0]],
            b_eq=[-offset],
            bounds=[*zip(-p, 1 - p, strict=True), (0, None)],
        )
        assert size <= solved.fun + 1e-6
    elif norm is Norm.L1:
        solved = linprog(
            [1] * 10, A_eq=[[*w, *-w]], b_eq=[-offset], bounds=[(0, 1 - v) for v in p] + [(0, v) for v in p]
        )
        assert size <= solved.fun + 1e-6
    else:  # any other move that keeps the value is longer: along directions in the plane, within the box
        generator = np.random.default_rng(seed)
        for _ in range(20):
            other = generator.normal(size=5)
            other -= w * (other @ w) / (w @ w)
            moved = move[0].numpy() + 1e-3 * other
            if ((p + moved >= 0) & (p + moved <= 1)).all():
                assert np.linalg.norm(moved) >= size - 1e-9


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from(list(SIZES)))
def test_no_point_of_ball_and_box_is_better_for_a_linear_loss(seed, norm):
    from violet.attacks.gradient._threat import lengths, project, steepest

    centre, slope = points(seed)
    best = steepest(slope, centre, norm, SIZES[norm])
    assert bool((lengths(best - centre, norm) <= SIZES[norm] * (1 + 1e-6)).all())
    reached = (slope * best).sum(1)
    generator = torch.Generator().manual_seed(seed)
    for wide in (0.1, 1.0, 5.0):
        noise = torch.randn(centre.shape, generator=generator, dtype=torch.float64)
        other = project(centre + wide * (noise + slope), centre, norm, SIZES[norm])
        assert bool(((slope * other).sum(1) <= reached + 1e-6).all())


@pytest.mark.parametrize("norm", list(SIZES))
def test_starts_are_within_ball_and_box_and_come_from_the_seed(norm):
    from violet.attacks.gradient._threat import lengths, random_start

    centre, _ = points(3, rows=50)
    starts = [random_start(centre, norm, SIZES[norm], torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(starts[0], starts[1])
    assert not torch.equal(starts[0], starts[2])
    assert bool((lengths(starts[0] - centre, norm) <= SIZES[norm] * (1 + 1e-9)).all())
    assert bool(((starts[0] >= 0) & (starts[0] <= 1)).all())
    whole = random_start(centre, norm, SIZES[norm], torch.Generator().manual_seed(1), inside=False)
    assert bool((lengths(whole - centre, norm) <= SIZES[norm] * (1 + 1e-9)).all())
    assert float(lengths(whole - centre, norm).mean()) > 0.25 * SIZES[norm]
    assert float(lengths(starts[0] - centre, norm).mean()) > 0.1 * SIZES[norm]


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.sampled_from([2, 3, 4, 10]), st.booleans())
def test_losses_have_the_gradient_that_autograd_gives(seed, classes, targeted):
    from violet.attacks.gradient import _losses

    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(7, classes, generator=generator, dtype=torch.float64)
    y = torch.randint(classes, (7,), generator=generator)
    toward = (y + 1 + torch.randint(classes - 1, (7,), generator=generator)) % classes if targeted else None
    for loss in (_losses.cross_entropy, _losses.margin, _losses.dlr):
        leaf = logits.clone().requires_grad_(True)
        value, slope = loss(leaf, y, toward)
        (wanted,) = torch.autograd.grad(value.sum(), leaf)
        torch.testing.assert_close(slope.detach(), wanted, rtol=1e-9, atol=1e-9)


def test_the_ratio_of_logits_does_not_depend_on_their_scale():
    from violet.attacks.gradient import _losses

    logits = torch.randn(20, 10, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    y = logits.argmax(1)
    for toward in (None, (y + 3) % 10):
        small, large = (_losses.dlr(scale * logits + 5, y, toward)[0] for scale in (1.0, 1e4))
        torch.testing.assert_close(small, large)
    assert bool((_losses.dlr(logits, y)[0] <= 0).all())
