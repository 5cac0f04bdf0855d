"""Plain steps of projected gradient ascent, and what FGSM and PGD share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from violet.attacks.gradient._threat import TINY, keep_largest, lengths, project, random_start, steepest
from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from torch import Tensor

    from violet.attacks.gradient._books import Books
    from violet.attacks.gradient._losses import Loss

SPARSE = 0.05
"""Share of features that one step of PGD in L1 moves (Tramer and Boneh 2019 move between 1 and 20 %)."""

SETTLING = 3.0
"""First step of PGD in L0, as a mean absolute change. With long steps the projection keeps the features that gain most,
with short ones it keeps those that have moved already: steps go from the one to the other by a cosine."""


def direction(slope: Tensor, norm: Norm) -> Tensor:
    """The step of length 1 in ``norm`` that PGD takes: sign, unit vector, sign of the steepest few; for L0 the gradient
    with mean absolute value 1 (Croce and Hein 2019, section 3.1), which the projection then thins out."""
    if norm is Norm.LINF:
        return slope.sign()
    # Divided by the largest entry first: squares of small numbers would be 0.
    scaled = slope / lengths(slope, Norm.LINF).clamp_min_(TINY)
    if norm is Norm.L2:
        return scaled.div_(lengths(scaled, Norm.L2).clamp_min_(TINY))
    if norm is Norm.L1:
        few = float(max(1, round(SPARSE * slope.shape[1])))
        return keep_largest(scaled.sign(), scaled.abs(), few).div_(few)
    return scaled.div_(scaled.abs().mean(1, keepdim=True).clamp_min_(TINY))


def single(books: Books, loss: Loss) -> None:
    """FGSM: one gradient, at the sample itself, and the best point of the ball for the linear model that it makes."""
    batch = books.open()
    if batch is None:
        return
    answer = books.ask(batch, batch.x, loss)
    books.note(batch, answer, first=True)
    if answer.any_fallen:
        books.shrink(batch, answer)
    if not len(batch) or answer.slope is None:
        return
    point = steepest(answer.slope, batch.x, books.norm, books.eps)
    answer = books.ask(batch, point, loss, backward=False)
    books.note(batch, answer, first=False)
    books.approach(batch, point, answer.margin)


def pgd(books: Books, loss: Loss, *, steps: int, restarts: int, step: float, momentum: float) -> None:
    """Projected gradient ascent with ``restarts`` random starts, each on what is left. ``step`` is the step size as a
    share of the radius (0: 2.5 / steps, Madry et al. 2018). ``momentum`` is the decay of Dong et al. 2018."""
    begun = min(books.phase, restarts - 1)
    for run in range(begun, restarts):
        batch = books.open()
        if batch is None:
            return
        books.phase = run
        count = min(steps, books.affordable(batch) - 1)
        size = (step or 2.5 / max(count, 1)) * books.eps
        if books.resumed and run == begun:
            batch.point = books.begin_at(batch)
        else:
            batch.point = random_start(batch.x, books.norm, books.eps, books.generator)
        batch.closest = batch.point.clone()
        batch.lead = torch.full_like(batch.x[:, 0], -torch.inf)
        if books.norm is Norm.LINF:
            batch.low = (batch.x - books.eps).clamp_(0.0, 1.0)
            batch.high = (batch.x + books.eps).clamp_(0.0, 1.0)
        if momentum:
            batch.drift = torch.zeros_like(batch.x)
        for taken in range(count + 1):
            answer = books.ask(batch, batch.point, loss, backward=taken < count)
            books.note(batch, answer, first=taken == 0)
            if answer.any_fallen:
                books.shrink(batch, answer)
                if not len(batch):
                    break
            better = answer.margin > batch.lead
            batch.lead = torch.where(better, answer.margin, batch.lead)
            chosen = better.nonzero()[:, 0]
            batch.closest.index_copy_(0, chosen, batch.point.index_select(0, chosen))
            if answer.slope is None or books.expired():
                break
            slope = answer.slope
            if momentum:
                shares = slope / slope.abs().sum(1, keepdim=True).clamp_min_(TINY)
                slope = batch.drift.mul_(momentum).add_(shares)
            if books.norm is Norm.LINF:
                batch.point = torch.add(batch.point, slope.sign(), alpha=size)
                torch.clamp(batch.point, batch.low, batch.high, out=batch.point)
            else:
                if books.norm is Norm.L0:
                    size = SETTLING * (1 + math.cos(math.pi * taken / count)) / 2 + 0.05
                moved = torch.add(batch.point, direction(slope, books.norm), alpha=size)
                batch.point = project(moved, batch.x, books.norm, books.eps)
        if len(batch):
            books.approach(batch, batch.closest, batch.lead)
        if books.stopped:
            return
