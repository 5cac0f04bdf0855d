"""Auto-PGD: one run, for any loss, in Linf, L2 and L1.

Croce and Hein 2020b, "Reliable evaluation of adversarial robustness with an ensemble of diverse parameter-free
attacks", algorithm 1, for Linf and L2; Croce and Hein 2021, "Mind the box: l1-APGD for sparse adversarial attacks on
image classifiers", algorithms 1 and 2, for L1. Constants are the papers'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from violet.attacks.gradient._steps import direction
from violet.attacks.gradient._threat import TINY, keep_largest, lengths, project, random_start
from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from violet.attacks.gradient._books import Answer, Books, Standing
    from violet.attacks.gradient._losses import Loss

MOMENTUM = 0.75
RHO = 0.75
"""A step size is halved where the loss rose in fewer than this share of the steps since the last checkpoint."""
FIRST, LEAST, SHORTER = 0.22, 0.06, 0.03
"""Checkpoints, as shares of all steps: the first interval, the shortest, and how much each is shorter than the last."""
L1_INTERVAL = 0.04
L1_SHARE, L1_REDUCE, L1_SMALLEST = 0.2, 1.5, 10.0
"""Of L1: the share of features that the first step moves, the factor by which steps shrink, and how often at most."""
WIDER = ((3.0, 0.3), (2.0, 0.3), (1.0, 0.4))
"""Of L1: radii, as multiples of the threat's, and the share of the steps spent in each (2021, section 4)."""


def climb(
    books: Books,
    batch: Standing,
    loss: Loss,
    *,
    steps: int,
    start: Tensor | None = None,
    classes: Callable[[Standing], Tensor] | None = None,
) -> None:
    """One run over the batch, with ``steps`` steps: ``steps + 1`` questions a row, ``steps`` of them with a gradient.

    ``start`` ``(m, d)`` is where it begins (at random where there is none); ``classes`` gives the class that a targeted
    loss draws each row of the batch to.
    """
    if classes is not None:
        batch.toward = classes(batch)
    if books.norm is not Norm.L1:
        _run(books, batch, loss, steps, books.eps, start)
        return
    left = steps
    for factor, share in WIDER:
        part = left if factor == 1.0 else min(left, round(share * steps))
        radius = factor * books.eps
        if start is not None and factor != WIDER[0][0]:
            start = project(start, batch.x, Norm.L1, radius)
        if part < 1 and factor != 1.0:
            continue
        # The last question of one radius would be the first of the next one, nearer by: it is asked once.
        _run(books, batch, loss, part, radius, start, closing=factor == 1.0)
        left -= part
        if not len(batch) or books.stopped:
            return
        start = batch.best


def _run(
    books: Books, batch: Standing, loss: Loss, steps: int, eps: float, start: Tensor | None, closing: bool = True
) -> None:
    sparse = books.norm is Norm.L1
    # In L1 the first steps are few features wide: begun in the middle of the ball, fewer samples fall.
    if start is None:
        start = random_start(batch.x, books.norm, eps, books.generator, inside=not sparse)
    batch.point = start
    if books.norm is Norm.LINF:
        batch.low = (batch.x - eps).clamp_(0.0, 1.0)
        batch.high = (batch.x + eps).clamp_(0.0, 1.0)
    answer = _ask(books, batch, loss, backward=steps > 0)
    books.note(batch, answer, first=True)
    if not len(batch) or answer.slope is None:
        if len(batch):
            batch.best, batch.lead = batch.point, answer.margin
            books.approach(batch, batch.point, answer.margin)
        return
    _begin(batch, answer, eps, sparse)
    interval = max(1, int((L1_INTERVAL if sparse else FIRST) * steps))
    since = 0
    for taken in range(steps):
        if books.expired():
            break
        moved = _sparse_step(books, batch, eps) if sparse else _step(books, batch, eps, first=taken == 0)
        batch.previous, batch.point = batch.point, moved
        last = taken == steps - 1
        if last and not closing:
            break
        answer = _ask(books, batch, loss, backward=not last)
        if not len(batch):
            return
        _remember(batch, answer)
        if answer.slope is None:
            break
        batch.slope = answer.slope
        since += 1
        if since == interval:
            _check_sparse(batch, eps) if sparse else _check(batch, interval)
            since = 0
            if not sparse:
                interval = max(interval - max(1, int(SHORTER * steps)), max(1, int(LEAST * steps)))
    books.note(batch, answer, first=False)
    if closing:  # what lies in a wider ball is no answer
        books.approach(batch, batch.best, batch.lead)


def _ask(books: Books, batch: Standing, loss: Loss, *, backward: bool) -> Answer:
    answer = books.ask(batch, batch.point, loss, toward=getattr(batch, "toward", None), backward=backward)
    if answer.any_fallen:
        books.shrink(batch, answer)
    return answer


def _begin(batch: Standing, answer: Answer, eps: float, sparse: bool) -> None:
    assert answer.slope is not None
    batch.slope = batch.best_slope = answer.slope
    batch.best = batch.previous = batch.point
    batch.best_loss = batch.checked_loss = batch.last_loss = answer.value
    batch.lead = answer.margin
    batch.rises = torch.zeros_like(batch.rows)
    batch.halved = torch.ones_like(batch.rows, dtype=torch.bool)
    batch.size = torch.full_like(batch.x[:, :1], eps if sparse else 2.0 * eps)
    if sparse:
        moved = lengths(batch.point - batch.x, Norm.L0)
        batch.share = torch.full_like(moved, L1_SHARE)
        batch.spread = torch.full_like(moved, float(batch.x.shape[1]))


def _step(books: Books, batch: Standing, eps: float, *, first: bool) -> Tensor:
    point, previous = batch.point, batch.previous
    if books.norm is Norm.LINF:
        moved = torch.addcmul(point, batch.slope.sign(), batch.size)
        torch.clamp(moved, batch.low, batch.high, out=moved)
        if not first:
            # point + a (moved - point) + (1 - a) (point - previous)
            moved.mul_(MOMENTUM).add_(point, alpha=2.0 * (1.0 - MOMENTUM)).sub_(previous, alpha=1.0 - MOMENTUM)
            torch.clamp(moved, batch.low, batch.high, out=moved)
        return moved
    moved = torch.addcmul(point, direction(batch.slope, books.norm), batch.size)
    moved = project(moved, batch.x, books.norm, eps)
    if not first:
        moved.mul_(MOMENTUM).add_(point, alpha=2.0 * (1.0 - MOMENTUM)).sub_(previous, alpha=1.0 - MOMENTUM)
        moved = project(moved, batch.x, books.norm, eps)
    return moved


def _sparse_step(books: Books, batch: Standing, eps: float) -> Tensor:
    """Along the sign of the steepest few features, then onto ball and box."""
    count = (batch.share * batch.x.shape[1]).floor_().clamp_(min=1.0)
    scaled = batch.slope / lengths(batch.slope, Norm.LINF).clamp_min_(TINY)
    way = keep_largest(scaled.sign(), scaled.abs(), count)
    way.div_(lengths(way, Norm.L1).clamp_min_(TINY))
    return project(torch.addcmul(batch.point, way, batch.size), batch.x, Norm.L1, eps)


def _remember(batch: Standing, answer: Answer) -> None:
    """Keep the iterate of highest loss with its gradient, and count how often the loss rose."""
    value = answer.value
    batch.rises = batch.rises + (value > batch.last_loss)
    batch.last_loss = value
    better = value > batch.best_loss
    batch.best_loss = torch.where(better, value, batch.best_loss)
    batch.lead = torch.where(better, answer.margin, batch.lead)
    if bool(better.all()):
        batch.best = batch.point
        batch.best_slope = batch.best_slope if answer.slope is None else answer.slope
        return
    chosen = better.nonzero()[:, 0]
    if len(chosen):
        batch.best = batch.best.index_copy(0, chosen, batch.point.index_select(0, chosen))
        if answer.slope is not None:
            batch.best_slope = batch.best_slope.index_copy(0, chosen, answer.slope.index_select(0, chosen))


def _check(batch: Standing, interval: int) -> None:
    """Halve the step size where the loss rose too seldom, or where neither step size nor best loss has changed since
    the last checkpoint; those rows go on from their best point."""
    seldom = batch.rises <= RHO * interval
    stuck = ~batch.halved & (batch.checked_loss >= batch.best_loss)
    halve = seldom | stuck
    batch.halved = halve
    batch.checked_loss = batch.best_loss
    batch.rises = torch.zeros_like(batch.rises)
    chosen = halve.nonzero()[:, 0]
    if len(chosen):
        batch.size = torch.where(halve[:, None], batch.size / 2.0, batch.size)
        _return_to_best(batch, chosen)


def _check_sparse(batch: Standing, eps: float) -> None:
    """Move fewer features next time, two thirds of what the best point moved. Where that number has stopped falling the
    step shrinks; where it falls, the step is as at first and the row goes on from its best point."""
    moved = lengths(batch.best - batch.x, Norm.L0)
    falling = moved < 0.95 * batch.spread
    batch.spread = moved
    batch.share = moved / (batch.x.shape[1] * L1_REDUCE)
    smaller = (batch.size / L1_REDUCE).clamp_(min=eps / L1_SMALLEST)
    batch.size = torch.where(falling, torch.full_like(smaller, eps), smaller)
    chosen = falling[:, 0].nonzero()[:, 0]
    if len(chosen):
        _return_to_best(batch, chosen)


def _return_to_best(batch: Standing, chosen: Tensor) -> None:
    batch.point = batch.point.index_copy(0, chosen, batch.best.index_select(0, chosen))
    batch.slope = batch.slope.index_copy(0, chosen, batch.best_slope.index_select(0, chosen))


def repeated(books: Books, loss: Loss, *, steps: int, restarts: int) -> None:
    """Untargeted: ``restarts`` runs from random starts, each on what is left."""
    begun = min(books.phase, restarts - 1)
    for run in range(begun, restarts):
        batch = books.open()
        if batch is None:
            return
        books.phase = run
        start = books.begin_at(batch) if books.resumed and run == begun else None
        climb(books, batch, loss, steps=min(steps, books.affordable(batch) - 1), start=start)
        if books.stopped:
            return


def targeted(books: Books, loss: Loss, *, steps: int, targets: int) -> None:
    """One run toward each of the ``targets`` likeliest classes but the label, each on what is left."""
    places = likeliest(books, targets)
    if places is None:
        return
    begun = min(books.phase, places.shape[1] - 1)
    for run in range(begun, places.shape[1]):
        batch = books.open()
        if batch is None:
            return
        books.phase = run
        start = books.begin_at(batch) if books.resumed and run == begun else None
        count = min(steps, books.affordable(batch) - 1)
        climb(
            books,
            batch,
            loss,
            steps=count,
            start=start,
            classes=lambda standing, run=run: places[:, run].index_select(0, standing.rows),  # type: ignore[misc, unused-ignore]
        )
        if books.stopped:
            return


def likeliest(books: Books, targets: int) -> Tensor | None:
    """Of each sample, the classes of largest logit but the label, ``(n, targets)``: one forward row a sample that still
    stands (of others, 0)."""
    batch = books.open(1)
    if batch is None:
        return None
    logits = books.climbed(batch.x)[1].detach()
    books.count(batch.rows)
    wanted = max(1, min(targets, logits.shape[1] - 1))
    top = logits.scatter(1, batch.y[:, None], -torch.inf).topk(wanted, dim=1).indices
    return torch.zeros((len(books.x), wanted), dtype=torch.int64, device=books.device).index_copy_(0, batch.rows, top)
