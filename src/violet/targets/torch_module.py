"""Torch modules at hand: labels, logits, and gradients by the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from violet.domain.errors import VioletError
from violet.targets.answers import check_numbers
from violet.targets.base import Counter, InputDomain, Offers, TargetError
from violet.targets.callable_target import first_line, prepared

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

OUTPUTS = ("logits", "probabilities", "log-probabilities")


class TorchTarget:
    """``module`` takes float32 tensors ``(n, *shape)`` of raw inputs and gives logits ``(n, classes)``, or for two
    classes one logit a row (which becomes two of half its size and opposite sign).

    The module is put into evaluation mode and its parameters' gradient flags are turned off, so that a backward pass
    computes the gradient by the input and nothing else: give a copy of a module that is to be trained further. Modules
    that are randomised in evaluation mode are welcome; each call draws anew. ``outputs`` says what the module ends
    with; the logarithm is taken of probabilities, so that ``logits`` are logits up to a constant a row. ``batch`` is
    the most rows of one forward pass in ``labels``, ``scores`` and ``gradient``; ``logits`` takes what it is given.
    ``order`` says which output of the module each class is (empty: the same); ``classes`` 0 takes as many as come.
    """

    def __init__(
        self,
        module: Any,
        domain: InputDomain,
        classes: int,
        *,
        name: str = "",
        outputs: str = "logits",
        order: Sequence[int] = (),
        device: str = "cpu",
        batch: int = 1024,
    ) -> None:
        if outputs not in OUTPUTS:
            raise TargetError(f"A torch module does not give {outputs!r}.", f"Say one of {', '.join(OUTPUTS)}.")
        self.device = torch.device(device)
        self.module = module.to(device=self.device, dtype=torch.float32).eval()
        for parameter in self.module.parameters():
            parameter.requires_grad_(False)
        self.domain = domain
        self.classes = classes
        self.offers = Offers.LABELS | Offers.SCORES | Offers.GRADIENTS
        self.outputs = outputs
        self.name = name or type(module).__name__
        self.counter = Counter()
        places = tuple(order)
        self._order = () if places == tuple(range(classes)) else places
        self._batch = max(1, batch)

    def logits(self, x: Any) -> Any:
        self.counter.rows += len(x)
        self.counter.calls += 1
        try:
            found = self.module(x.to(device=self.device, dtype=torch.float32))
        except VioletError:
            raise
        except Exception as error:
            shape = tuple(x.shape)
            raise TargetError(f"{self.name} broke on a batch of shape {shape}: {first_line(error)}") from error
        return self._as_logits(found, len(x))

    def _as_logits(self, found: Any, rows: int) -> Any:
        if isinstance(found, dict):
            found = found.get("logits", next(iter(found.values()), None))
        elif isinstance(found, tuple | list) and found:
            found = found[0]
        elif hasattr(found, "logits"):
            found = found.logits
        if not isinstance(found, torch.Tensor):
            raise TargetError(f"{self.name} gave {type(found).__name__}; a tensor of logits was expected.")
        if found.shape == (rows,):
            found = found[:, None]
        if self.outputs == "probabilities":
            single = found.shape == (rows, 1)
            tiny = torch.finfo(found.dtype).tiny
            found = torch.logit(found, eps=1e-7) if single else torch.log(found.clamp_min(tiny))
        if found.shape == (rows, 1) and self.classes in (0, 2):
            found = torch.cat([-found / 2, found / 2], dim=1)
        if found.ndim != 2 or found.shape != (rows, self.classes or found.shape[1]):
            raise TargetError(
                f"{self.name} gave a tensor of shape {tuple(found.shape)} for {rows} rows and {self.classes} classes."
            )
        return found[:, list(self._order)] if self._order else found

    def labels(self, x: Array) -> Array:
        return np.asarray(self.scores(x).argmax(axis=1), dtype=np.int64)

    def scores(self, x: Array) -> Array:
        def ask(part: Array) -> Array:
            return np.asarray(self.logits(self._tensor(part)).double().cpu().numpy())

        with torch.no_grad():
            found = self._in_batches(prepared(x, self.domain, self.name), ask)
        check_numbers(found, self.name)
        return found

    def count_gradients(self, rows: int) -> None:
        self.counter.gradients += rows

    def gradient(self, x: Array, y: Array, of: str = "cross-entropy") -> tuple[Array, Array]:
        if of not in ("cross-entropy", "logit"):
            raise ValueError(f"gradient of {of!r}")
        losses: list[Array] = []
        slopes: list[Array] = []
        x = prepared(x, self.domain, self.name)
        for start in range(0, len(x), self._batch):
            part = self._tensor(x[start : start + self._batch]).requires_grad_(True)
            wanted = torch.as_tensor(np.asarray(y[start : start + self._batch], dtype=np.int64), device=self.device)
            logits = self.logits(part)
            if of == "logit":
                loss = logits.gather(1, wanted[:, None])[:, 0]
            else:
                loss = torch.nn.functional.cross_entropy(logits, wanted, reduction="none")
            if not loss.requires_grad:
                raise TargetError(f"{self.name} has no gradient by its input: a step of it cannot be differentiated.")
            (slope,) = torch.autograd.grad(loss.sum(), part)
            self.count_gradients(len(part))
            losses.append(loss.detach().double().cpu().numpy())
            slopes.append(slope.double().cpu().numpy())
        if not losses:
            return np.zeros(0), np.zeros((0, *self.domain.shape))
        return np.concatenate(losses), np.concatenate(slopes)

    def _tensor(self, x: Array) -> Any:
        return torch.from_numpy(np.array(x, dtype=np.float32)).to(self.device)

    def _in_batches(self, x: Array, ask: Callable[[Array], Array]) -> Array:
        parts = [ask(x[start : start + self._batch]) for start in range(0, max(len(x), 1), self._batch)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
