"""Balls, boxes, starts and steps of each norm, on flat batches ``(m, d)`` in unit space.

Projections are onto the ball *and* the box [0, 1] together, since doing one after the other is not the nearest point
(Croce and Hein 2021, section 2). All loops have a bound; none looks at one row at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from torch import Tensor

TINY = 1e-30


def lengths(delta: Tensor, norm: Norm) -> Tensor:
    """``(m, d)`` to ``(m, 1)``."""
    if norm is Norm.LINF:
        return torch.maximum(delta.amax(1, keepdim=True), -delta.amin(1, keepdim=True))
    if norm is Norm.L2:
        found: Tensor = torch.linalg.vector_norm(delta, dim=1, keepdim=True)
        return found
    if norm is Norm.L1:
        return delta.abs().sum(1, keepdim=True)
    return (delta != 0).sum(1, keepdim=True).to(delta.dtype)


def dual_lengths(gradient: Tensor, norm: Norm) -> Tensor:
    """The norm that measures how fast a loss can change when inputs move by one unit of ``norm``."""
    if norm is Norm.LINF:
        return lengths(gradient, Norm.L1)
    if norm is Norm.L2:
        return lengths(gradient, Norm.L2)
    return lengths(gradient, Norm.LINF)


def project(x: Tensor, centre: Tensor, norm: Norm, eps: Tensor | float) -> Tensor:
    """The point of ball and box that replaces ``x``: nearest for Linf, L1 and L0; for L2 cut to the box after scaling,
    which stays within both. ``eps`` is a number or ``(m, 1)``."""
    delta = x.clamp(0.0, 1.0).sub_(centre) if norm is Norm.L2 else x - centre
    if norm is Norm.LINF:
        return (centre + clamp_to(delta, eps)).clamp_(0.0, 1.0)
    if norm is Norm.L2:
        shrink = (eps / lengths(delta, norm).clamp_min_(TINY)).clamp_(max=1.0)
        return torch.addcmul(centre, delta, shrink).clamp_(0.0, 1.0)
    room = room_towards(centre, delta)
    if norm is Norm.L1:
        return (centre + onto_l1(delta, room, eps)).clamp_(0.0, 1.0)
    return (centre + onto_l0(delta, room, eps)).clamp_(0.0, 1.0)


def clamp_to(delta: Tensor, eps: Tensor | float) -> Tensor:
    if isinstance(eps, float):
        return delta.clamp(-eps, eps)
    return torch.minimum(torch.maximum(delta, -eps), eps)


def room_towards(centre: Tensor, direction: Tensor) -> Tensor:
    """How far each feature can go before it meets the box, in the sign of ``direction``."""
    return torch.where(direction > 0, 1.0 - centre, centre).clamp_min_(0.0)


def onto_l1(delta: Tensor, room: Tensor, eps: Tensor | float) -> Tensor:
    """Nearest ``s`` to ``delta`` with ``|s|`` summing to at most ``eps`` and ``|s| <= room``.

    It is ``sign(delta) * clip(|delta| - t, 0, room)`` for one ``t >= 0`` a row (Croce and Hein 2021, proposition 2.1).
    ``t`` is the root of a decreasing piecewise linear function: Newton's method kept inside a bracket, which takes a
    handful of passes where sorting all breakpoints costs as much as a small model's forward pass.
    """
    size = delta.abs()
    low = torch.zeros_like(size[:, :1])
    total = torch.minimum(size, room).sum(1, keepdim=True)
    radius = torch.full_like(low, eps) if isinstance(eps, float) else eps
    over = total > radius
    if not bool(over.any()):
        return torch.minimum(size, room).mul_(delta.sign())
    high = size.amax(1, keepdim=True)
    t = low.clone()
    left = torch.empty_like(size)
    for _ in range(60):
        torch.sub(size, t, out=left)
        slope = ((left > 0) & (left < room)).sum(1, keepdim=True)
        total = torch.minimum(left.clamp_min_(0.0), room).sum(1, keepdim=True)
        excess = total - radius
        low = torch.where(excess > 0, t, low)
        high = torch.where(excess > 0, high, t)
        open_ = over & (excess.abs() > 1e-6 * radius)
        if not bool(open_.any()):
            break
        guess = t + excess / slope.clamp_min(1)
        outside = (guess <= low) | (guess >= high) | (slope == 0)
        t = torch.where(open_, torch.where(outside, (low + high) / 2, guess), t)
    t = torch.where(over, t, torch.zeros_like(t))
    shrunk = torch.minimum((size - t).clamp_min_(0.0), room)
    # What is left over the radius, in the last digits, is scaled away.
    shrunk.mul_((radius / shrunk.sum(1, keepdim=True).clamp_min_(TINY)).clamp_(max=1.0))
    return shrunk.mul_(delta.sign())


def onto_l0(delta: Tensor, room: Tensor, eps: Tensor | float) -> Tensor:
    """Nearest ``s`` to ``delta`` with at most ``eps`` entries and ``|s| <= room``: it keeps those entries whose loss
    would cost most, with what the box takes from them reckoned in (Croce and Hein 2019, section 3.1)."""
    cut = torch.minimum(delta.abs(), room)
    worth = delta.square() - (delta.abs() - cut).square()
    return keep_largest(cut.mul_(delta.sign()), worth, eps)


def keep_largest(values: Tensor, worth: Tensor, count: Tensor | float) -> Tensor:
    """``values`` where ``worth`` is among the ``count`` (a number or ``(m, 1)``) largest of the row, else 0."""
    d = values.shape[1]
    if isinstance(count, float):
        most = min(d, int(count))
        if most >= d:
            return values
        kept = torch.topk(worth, max(most, 1), dim=1).indices
        return torch.zeros_like(values).scatter_(1, kept, values.gather(1, kept)) if most else values * 0
    whole = count.floor().clamp(0, d).to(torch.int64)
    most = max(1, int(whole.max()))
    kept = torch.topk(worth, most, dim=1).indices
    allowed = torch.arange(most, device=values.device)[None, :] < whole
    return torch.zeros_like(values).scatter_(1, kept, values.gather(1, kept) * allowed)


def random_start(centre: Tensor, norm: Norm, eps: float, generator: torch.Generator, *, inside: bool = True) -> Tensor:
    """A point of ball and box: uniform for Linf, of random direction and radius for L2 and L1 (without ``inside`` at
    the whole radius), random features with random values for L0."""
    if norm is Norm.LINF:
        noise = torch.empty_like(centre).uniform_(-eps, eps, generator=generator)
        return noise.add_(centre).clamp_(0.0, 1.0)
    if norm is Norm.L0:
        fresh = torch.rand(centre.shape, dtype=centre.dtype, device=centre.device, generator=generator)
        worth = torch.rand(centre.shape, dtype=centre.dtype, device=centre.device, generator=generator)
        return (centre + keep_largest(fresh - centre, worth, eps)).clamp_(0.0, 1.0)
    noise = torch.randn(centre.shape, dtype=centre.dtype, device=centre.device, generator=generator)
    if norm is Norm.L1:
        # Few features with large moves, as L1's own steps: spread over all of them, each move would be nothing.
        few = float(max(1, centre.shape[1] // 20))
        noise = keep_largest(noise, noise.abs(), few)
    radius = torch.full((len(centre), 1), eps, dtype=centre.dtype, device=centre.device)
    if inside:
        radius *= torch.rand(radius.shape, dtype=centre.dtype, device=centre.device, generator=generator)
    noise.mul_(radius / lengths(noise, norm).clamp_min_(TINY))
    return project(centre + noise, centre, norm, eps)


def steepest(gradient: Tensor, centre: Tensor, norm: Norm, eps: float) -> Tensor:
    """Where in ball and box around ``centre`` a linear loss with this gradient is largest. Exact for Linf, L1 (fill the
    box along the steepest features until the radius is spent) and L0 (the ``eps`` features that gain most); for L2
    exact where the box does not bind, and else what is left of the radius goes to the features that are free."""
    if norm is Norm.LINF:
        return torch.add(centre, gradient.sign(), alpha=eps).clamp_(0.0, 1.0)
    room = room_towards(centre, gradient)
    size = gradient.abs()
    if norm is Norm.L0:
        delta = keep_largest(room * gradient.sign(), size * room, eps)
    elif norm is Norm.L1:
        order = torch.argsort(size, dim=1, descending=True)
        placed = room.gather(1, order).mul_(size.gather(1, order) > 0)
        before = placed.cumsum(1).sub_(placed)
        filled = torch.minimum((eps - before).clamp_min_(0.0), placed)
        delta = torch.zeros_like(room).scatter_(1, order, filled).mul_(gradient.sign())
    else:
        scale = _fill(size, room, torch.full_like(size[:, :1], eps), square=True)
        delta = torch.minimum(size * scale, room).mul_(gradient.sign())
    return (centre + delta).clamp_(0.0, 1.0)


def _fill(size: Tensor, room: Tensor, eps: Tensor, *, square: bool) -> Tensor:
    """``t`` with ``|min(t * size, room)|_2 == eps`` (as near as 20 fixed-point steps come; smaller, never larger)."""
    t = eps / lengths(size, Norm.L2).clamp_min_(TINY)
    for _ in range(20):
        free = t * size < room
        bound = torch.where(free, 0.0, room).square_().sum(1, keepdim=True)
        weight = torch.where(free, size, 0.0).square_().sum(1, keepdim=True)
        left = (eps.square() - bound).clamp_min_(0.0)
        better = torch.where(weight > 0, (left / weight.clamp_min(TINY)).sqrt(), t)
        if bool((better <= t * (1 + 1e-6)).all()):
            break
        t = torch.maximum(better, t)
    return t


def onto_plane(point: Tensor, normal: Tensor, offset: Tensor, norm: Norm) -> Tensor:
    """The least move ``s`` (in ``norm``) with ``normal . s == -offset`` and ``point + s`` in the box; where the box
    does not reach the plane, the corner nearest to it (Croce and Hein 2020a, section 2 and appendix A). ``offset`` is
    ``(m, 1)``."""
    way = -torch.sign(offset) * normal.sign()
    size = normal.abs()
    wanted = offset.abs()
    room = torch.where(way > 0, 1.0 - point, point).clamp_min_(0.0)
    if norm is Norm.L1:
        order = torch.argsort(size, dim=1, descending=True)
        slope, placed = size.gather(1, order), room.gather(1, order)
        gain = slope * placed
        left = (wanted - (gain.cumsum(1) - gain)).clamp_min_(0.0)
        moved = torch.minimum(left / slope.clamp_min(TINY), placed).mul_(slope > 0)
        return torch.zeros_like(room).scatter_(1, order, moved).mul_(way)
    weight = size.square() if norm is Norm.L2 else size
    t = wanted / weight.sum(1, keepdim=True).clamp_min_(TINY)
    for _ in range(25):
        # The reach of t is concave, so that Newton's method comes from the left and never goes too far.
        reach = t * size if norm is Norm.L2 else t.expand_as(size)
        free = reach < room
        got = (size * torch.minimum(reach, room)).sum(1, keepdim=True)
        slope = (weight * free).sum(1, keepdim=True)
        missing = (wanted - got).clamp_min_(0.0)
        going = (missing > 1e-6 * wanted) & (slope > 0)
        if not bool(going.any()):
            break
        t = torch.where(going, t + missing / slope.clamp_min(TINY), t)
    # Where nothing is free any more, the corner has been reached.
    return torch.minimum(t * size if norm is Norm.L2 else t.expand_as(size), room).mul_(way)
