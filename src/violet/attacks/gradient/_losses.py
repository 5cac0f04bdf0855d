"""Losses that attacks climb: each gives, for logits ``(m, c)``, its value ``(m,)`` and its gradient by the logits.

The gradient is written down rather than left to autograd, so that one backward pass through the model is all there is.
All losses grow as the model is drawn away from the label ``y`` (``(m,)``); ``toward`` ``(m,)`` is the class that a
targeted loss draws it to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

    Loss = Callable[[Tensor, Tensor, Tensor | None], tuple[Tensor, Tensor]]


def others(logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The largest logit of another class than ``y``, and which class that is: ``(m, 1)`` each."""
    best, place = logits.scatter(1, y[:, None], -torch.inf).max(1, keepdim=True)
    return best, place


def cross_entropy(logits: Tensor, y: Tensor, toward: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """In the model's own precision: where the softmax is saturated the gradient is 0, as it is for whoever trains."""
    log_p = torch.log_softmax(logits, 1)
    own = y[:, None]
    slope = log_p.exp()
    return -log_p.gather(1, own)[:, 0], slope.scatter_add_(1, own, torch.full_like(slope[:, :1], -1.0))


def margin(logits: Tensor, y: Tensor, toward: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Best other logit (or that of ``toward``) less the label's, in float64: it cannot saturate."""
    own = y[:, None]
    wide = logits.double()
    if toward is None:
        best, other = others(wide, y)
    else:
        other = toward[:, None]
        best = wide.gather(1, other)
    one = torch.ones_like(logits[:, :1])
    slope = torch.zeros_like(logits).scatter_add_(1, other, one).scatter_add_(1, own, -one)
    return (best - wide.gather(1, own))[:, 0], slope


def dlr(logits: Tensor, y: Tensor, toward: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Difference of logits ratio (Croce and Hein 2020b, equations 6 and 7): the margin, divided by the distance of the
    largest logit from the third largest (targeted: from the mean of third and fourth), which takes scale out.

    With three classes the third stands for the fourth; with two there is nothing to divide by, and it is the margin.
    """
    classes = logits.shape[1]
    if classes < 3:
        return margin(logits, y, toward)
    own = y[:, None]
    top, place = logits.topk(min(4, classes), dim=1)
    if toward is None:
        second = place[:, :1] == own
        other = torch.where(second, place[:, 1:2], place[:, :1])
        low_places, share = place[:, 2:3], 1.0
    else:
        other = toward[:, None]
        low_places = place[:, 2:4]
        share = 1.0 / low_places.shape[1]
    above = logits.gather(1, other) - logits.gather(1, own)
    below = (top[:, :1] - logits.gather(1, low_places).mean(1, keepdim=True)).clamp_min_(1e-12)
    part = 1.0 / below
    value = above * part
    bend = value * part
    slope = torch.zeros_like(logits).scatter_add_(1, other, part).scatter_add_(1, own, -part)
    slope.scatter_add_(1, place[:, :1], -bend)
    slope.scatter_add_(1, low_places, (bend * share).expand_as(low_places))
    return value[:, 0], slope
