"""A torch model with steps before and behind it, with its gradients: what an attacker who has all of it would
attack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from violet.defenses.defended import DefendedTarget
from violet.targets.base import GradientTarget, Offers, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from violet.defenses.steps import Step

    Array = NDArray[Any]


class DefendedGradientTarget(DefendedTarget):
    """As ``DefendedTarget``, differentiable. ``discretise`` rounds, whose gradient is zero: that is what it does to an
    attack. ``smooth`` gives the mean of probabilities over noisy copies in place of votes, as attacks on smoothed
    models use (Salman et al. 2019, section 3.1); labels are by vote all the same."""

    def __init__(self, members: Sequence[Target], steps: Sequence[Step], seed: int = 0, name: str = "") -> None:
        import torch

        super().__init__(members, steps, seed, name)
        self._torch = torch
        self.differentiable = [cast(GradientTarget, member) for member in members]
        self.device = self.differentiable[0].device
        self.offers |= Offers.GRADIENTS
        domain = self.domain
        span = np.broadcast_to(np.where(domain.high > domain.low, domain.high - domain.low, 0.0), domain.shape)
        self._low = torch.tensor(np.broadcast_to(domain.low, domain.shape).copy(), dtype=torch.float64)
        self._span = torch.tensor(span.copy(), dtype=torch.float64)
        self._noise = torch.Generator().manual_seed(seed)

    def logits(self, x: Any) -> Any:
        torch = self._torch
        self.counter.rows += len(x)
        self.counter.calls += 1
        raw = x.to(torch.float64)
        for step in self.steps:
            if step.name == "discretise":
                divisor = torch.where(self._span > 0, self._span, torch.ones_like(self._span))
                unit = ((raw - self._low) / divisor).clamp(0, 1)
                raw = self._low + torch.round(unit * (step.value - 1)) / (step.value - 1) * self._span
        smooth = next((s for s in self.steps if s.name == "smooth"), None)
        if smooth is None:
            return torch.log(self._mean(raw).clamp_min(1e-30))
        total = torch.zeros((len(raw), self.classes), dtype=torch.float64)
        for _ in range(smooth.votes):
            noise = torch.randn(raw.shape, generator=self._noise, dtype=raw.dtype)
            total = total + self._mean(raw + smooth.value * noise * self._span)
        return torch.log((total / smooth.votes).clamp_min(1e-30))

    def _mean(self, raw: Any) -> Any:
        torch = self._torch
        total = torch.zeros((len(raw), self.classes), dtype=torch.float64)
        for member in self.differentiable:
            logits = member.logits(raw.to(torch.float32)).double()
            for step in self.steps:
                if step.name == "temperature":
                    logits = logits / step.value
            total = total + torch.softmax(logits, dim=1)
        return total / len(self.differentiable)

    def count_gradients(self, rows: int) -> None:
        self.counter.gradients += rows

    def gradient(self, x: Array, y: Array, of: str = "cross-entropy") -> tuple[Array, Array]:
        torch = self._torch
        given = torch.tensor(np.asarray(x, dtype=np.float64)).requires_grad_(True)
        wanted = torch.tensor(np.asarray(y, dtype=np.int64))
        logits = self.logits(given)
        if of == "logit":
            loss = logits.gather(1, wanted[:, None])[:, 0]
        else:
            loss = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
        (slope,) = torch.autograd.grad(loss.sum(), given)
        self.count_gradients(len(given))
        return loss.detach().numpy(), slope.numpy()


def defended(members: Sequence[Target], steps: Sequence[Step], seed: int = 0, name: str = "") -> DefendedTarget:
    """The differentiable one where all members are torch modules and nothing hides the scores."""
    names = {step.name for step in steps}
    if all(Offers.GRADIENTS in member.offers for member in members) and not names & {"labels", "round"}:
        return DefendedGradientTarget(members, steps, seed, name)
    return DefendedTarget(members, steps, seed, name)
