"""Minimum-norm attacks: how little it takes to fool the model on each sample."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from violet.attacks.base import Goal
from violet.attacks.gradient._apgd import likeliest
from violet.attacks.gradient._losses import margin
from violet.attacks.gradient._threat import TINY, dual_lengths, lengths, onto_plane, project, random_start
from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from torch import Tensor

    from violet.attacks.gradient._books import Books, Standing

OVERSHOOT, TOWARDS, BACK = 1.05, 0.1, 0.9
"""Of FAB: eta, alpha_max and beta."""


def _best(books: Books, batch: Standing) -> Tensor:
    places = batch.rows.cpu().numpy()
    return torch.from_numpy(books.distance[places]).to(batch.x)[:, None]


def fmn(books: Books, *, steps: int, step: float, gamma: float) -> None:
    """Fast minimum-norm (Pintor et al. 2021, algorithm 1): a radius of each sample that shrinks while it is fooled and
    grows while it is not, and a step of normalised gradient within it; both anneal by a cosine."""
    batch = books.open()
    if batch is None:
        return
    norm = books.norm
    count = min(steps, books.affordable(batch) - 1)
    batch.point = books.begin_at(batch) if books.resumed else batch.x.clone()
    batch.radius = torch.full_like(batch.x[:, :1], math.inf)
    batch.closest, batch.lead = batch.point, torch.full_like(batch.x[:, 0], -torch.inf)
    for taken in range(count + 1):
        answer = books.ask(batch, batch.point, margin, backward=taken < count)
        books.note(batch, answer, first=taken == 0)
        if answer.any_fallen:
            books.shrink(batch, answer)
            if not len(batch):
                return
        better = answer.margin > batch.lead
        batch.lead = torch.where(better, answer.margin, batch.lead)
        batch.closest = torch.where(better[:, None], batch.point, batch.closest)
        if answer.slope is None or books.expired():
            break
        wave = (1 + math.cos(math.pi * taken / max(count, 1))) / 2
        size, rate = step * (0.01 + 0.99 * wave), 0.001 + (gamma - 0.001) * wave
        best = _best(books, batch)
        reached = lengths(batch.point - batch.x, norm)
        missing = answer.value.to(batch.x.dtype)[:, None].neg() / dual_lengths(answer.slope, norm).clamp_min_(1e-12)
        grown, shrunk = batch.radius * (1 + rate), torch.minimum(batch.radius * (1 - rate), best)
        if norm is Norm.L0:
            grown = torch.maximum(batch.radius + 1, grown.floor())
            shrunk = torch.minimum(torch.minimum(batch.radius - 1, shrunk.floor()), best).clamp_min_(1.0)
            missing = missing.ceil()
        estimate = torch.where(best.isfinite(), grown, reached + missing.clamp_min_(0.0))
        batch.radius = torch.where(answer.fooling[:, None], shrunk, estimate)
        scaled = answer.slope / lengths(answer.slope, Norm.LINF).clamp_min_(TINY)
        scaled.div_(lengths(scaled, Norm.L2).clamp_min_(TINY))
        moved = torch.add(batch.point, scaled, alpha=size)
        batch.point = project(moved, batch.x, norm, batch.radius.clamp(max=float(batch.x.shape[1])))
    books.approach(batch, batch.closest, batch.lead)


def fab(books: Books, *, steps: int, targets: int, restarts: int) -> None:
    """Fast adaptive boundary, targeted (Croce and Hein 2020a, algorithm 1; 2020b, section 5): one run toward each of
    the likeliest classes and restart, on what is left."""
    places = likeliest(books, targets)
    if places is None:
        return
    runs = restarts * places.shape[1]
    begun = min(books.phase, runs - 1)
    for run in range(begun, runs):
        batch = books.open()
        if batch is None:
            return
        books.phase = run
        restart, place = divmod(run, places.shape[1])
        batch.toward = places[:, place].index_select(0, batch.rows)
        point = batch.x.clone()
        if books.resumed and run == begun:
            point = books.begin_at(batch)
        elif restart:
            limit = min(books.eps, float(lengths(batch.x, books.norm).max())) / 2
            point = random_start(batch.x, books.norm, limit, books.generator)
        batch.point = point
        _boundary(books, batch, min(steps, books.affordable(batch) - 1))
        if books.stopped:
            return
    if books.problem.goal is Goal.SMALLEST:
        _bisect(books, 3)


def _boundary(books: Books, batch: Standing, steps: int) -> None:
    norm = books.norm
    batch.closest, batch.lead = batch.point, torch.full_like(batch.x[:, 0], -torch.inf)
    for taken in range(steps + 1):
        answer = books.ask(batch, batch.point, margin, toward=batch.toward, backward=taken < steps)
        books.note(batch, answer, first=taken == 0)
        if answer.any_fallen:
            books.shrink(batch, answer)
            if not len(batch):
                return
        better = answer.margin > batch.lead
        batch.lead = torch.where(better, answer.margin, batch.lead)
        batch.closest = torch.where(better[:, None], batch.point, batch.closest)
        if answer.slope is None or books.expired():
            break
        # The boundary as the tangent plane at the point sees it: normal . (z - point) + offset = 0. The plane is kept
        # when the point then steps back toward the sample, which saves asking there again.
        normal = answer.slope
        offset = answer.value.to(normal.dtype)[:, None]
        back = torch.where(answer.fooling[:, None], torch.lerp(batch.x, batch.point, BACK), batch.point)
        both = torch.cat([back, batch.x])
        normals = torch.cat([normal, normal])
        offsets = torch.cat([offset, offset]) + (normals * (both - torch.cat([batch.point, batch.point]))).sum(
            1, keepdim=True
        )
        near, home = onto_plane(both, normals, offsets, norm).chunk(2)
        a, b = lengths(near, norm), lengths(home, norm)
        bias = (a / (a + b).clamp_min_(TINY)).clamp_(0.0, TOWARDS)
        ahead = torch.add(back, near, alpha=OVERSHOOT)
        from_home = torch.add(batch.x, home, alpha=OVERSHOOT)
        batch.point = torch.lerp(ahead, from_home, bias).clamp_(0.0, 1.0)
    books.approach(batch, batch.closest, batch.lead)


def _bisect(books: Books, times: int) -> None:
    """Halve what lies between the sample and its best adversarial example, where the half still fools."""
    batch = books.open(times)
    if batch is None:
        return
    batch.shrink(books.fooled.index_select(0, batch.rows))
    if not len(batch):
        return
    far = books.begin_at(batch)
    near = batch.x
    for _ in range(times):
        if books.expired():
            return
        middle = torch.lerp(near, far, 0.5)
        fooling = books.ask(batch, middle, margin, backward=False).fooling[:, None]
        far, near = torch.where(fooling, middle, far), torch.where(fooling, near, middle)
