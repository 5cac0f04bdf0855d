"""How much of a torch module an input wakes: multiplications that hardware and kernels which skip zeros must do.

After Shumailov et al. 2021, "Sponge examples: energy-latency attacks on neural networks", sections 3.1 and 5.2: energy
follows the share of activations that are not zero, and gradients find inputs that raise it.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from violet.targets.base import GradientTarget

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.attacks.base import Clock
    from violet.targets.base import Target

    Array = NDArray[Any]

STEPS = 60


class Activity:
    """Hooks on the linear and convolutional layers of a target's module; to be used in a ``with`` block."""

    def __init__(self, target: Target) -> None:
        self.target = cast(GradientTarget, target)
        module = getattr(target, "module", None)
        kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
        found = module.modules() if isinstance(module, torch.nn.Module) else ()
        self.layers = [layer for layer in found if isinstance(layer, kinds)]
        self._hooks: list[Any] = []
        self._seen: list[tuple[Any, Any, int]] = []

    def __enter__(self) -> Activity:
        self._hooks = [layer.register_forward_hook(self._note) for layer in self.layers]
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _note(self, layer: Any, given: tuple[Any, ...], out: Any) -> None:
        # What each output number takes: one row of the weights.
        self._seen.append((given[0], out, layer.weight[0].numel()))

    def operations(self, x: Array) -> tuple[Array, float]:
        """Multiplications by a number that is not zero, ``(n,)``; and those of a dense input."""
        with torch.no_grad():
            self._run(torch.as_tensor(np.asarray(x, dtype=np.float32)))
        total, dense = np.zeros(len(x)), 0.0
        for given, out, weights in self._seen:
            multiplications = out[0].numel() * weights
            awake = (given.reshape(len(x), -1) != 0).double().mean(dim=1)
            total += awake.cpu().numpy() * multiplications
            dense += multiplications
        return total, dense

    def ascend(self, x: Any, step: Any, width: float) -> Any:
        """One step of the sign of the gradient that lifts what layers give above zero, where units wake. ``width`` is
        how softly a unit counts as awake, in standard deviations of its layer."""
        x = x.detach().requires_grad_(True)
        self._run(x)
        goal = x.new_zeros(())
        for (_, out, _), (_, behind, weights) in pairwise(self._seen):
            flat = out.reshape(len(x), -1)
            awake = torch.sigmoid(flat / (width * flat.detach().std()).clamp_min(1e-6)).mean(dim=1)
            goal = goal + awake.sum() * behind[0].numel() * weights  # what the next layer has to multiply
        if not goal.requires_grad:
            return x.detach()
        (slope,) = torch.autograd.grad(goal, x)
        self.target.count_gradients(len(x))
        return (x + step * slope.sign()).detach()

    def _run(self, x: Any) -> None:
        self._seen = []
        self.target.logits(x.to(self.target.device))


def most_active(target: Target, x: Array, seed: int, clock: Clock) -> tuple[Array, float, float, bool] | None:
    """Operations of the usual inputs ``x`` ``(n,)``, the most that an input within the domain was found to take, those
    of a dense input, and whether the search was finished. ``None`` where the module has no layers that can be
    watched, or cannot be followed into."""
    activity = Activity(target)
    domain = target.domain
    if not activity.layers or not np.isfinite(domain.low).all() or not np.isfinite(domain.high).all():
        return None
    generator = torch.Generator().manual_seed(seed)
    with activity:
        usual, dense = activity.operations(x)
        if not dense:
            return None
        low, high = (torch.as_tensor(np.broadcast_to(end, domain.shape).astype(np.float32)) for end in _ends(domain))
        begin = torch.as_tensor(np.asarray(x[:16], dtype=np.float32))
        noise = low + torch.rand(begin.shape, generator=generator) * (high - low)
        inputs = torch.cat([begin, noise])
        most = float(usual.max())
        for step in range(STEPS):
            if clock.expired():
                return usual, most, dense, False
            rest = 1 - step / STEPS
            moved = activity.ascend(inputs, (0.1 * rest + 0.005) * (high - low), 0.1 + 0.4 * rest)
            inputs = torch.maximum(torch.minimum(moved, high), low)
            if step % 4 == 3 or step == STEPS - 1:
                most = max(most, float(activity.operations(inputs.numpy())[0].max()))
    return usual, most, dense, True


def _ends(domain: Any) -> tuple[Array, Array]:
    return domain.low, domain.high
