"""A torch target in unit space, with gradients by unit inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from violet.targets.base import GradientTarget, Offers, Target
from violet.targets.unit import UnitTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]


class UnitGradientTarget(UnitTarget):
    """``raw = low + unit * (high - low)`` is one more step of the graph; where that is the identity it is left out.

    Raw inputs are computed in the tensor's own dtype, then rounded to float32, as numpy inputs are: with float64 in,
    ``logits`` and ``scores`` see the same raw input to the last bit.
    """

    def __init__(self, inner: Target) -> None:
        super().__init__(inner)
        self.offers = inner.offers | Offers.GRADIENTS
        self.gradients_of = cast(GradientTarget, inner)
        self.device = self.gradients_of.device
        domain = inner.domain
        span = np.broadcast_to(np.where(domain.high > domain.low, domain.high - domain.low, 0.0), domain.shape)
        low = np.broadcast_to(domain.low, domain.shape)
        self._span = np.asarray(span, dtype=np.float64)
        self._same = bool((low == 0).all() and (span == 1).all())
        self._places = {
            kind: (
                torch.tensor(np.asarray(low), dtype=kind, device=self.device),
                torch.tensor(self._span, dtype=kind, device=self.device),
            )
            for kind in (torch.float32, torch.float64)
        }

    def logits(self, x: Any) -> Any:
        if self._same:
            return self.gradients_of.logits(x)
        if x.dtype not in self._places:
            x = x.to(torch.float32)
        low, span = self._places[x.dtype]
        return self.gradients_of.logits(low + x * span)

    def count_gradients(self, rows: int) -> None:
        self.gradients_of.count_gradients(rows)

    def gradient(self, x: Array, y: Array, of: str = "cross-entropy") -> tuple[Array, Array]:
        loss, slope = self.gradients_of.gradient(self.inner.domain.to_raw(x), y, of)
        return loss, np.asarray(slope * self._span)
