"""Training a torch module on adversarial examples that are made while it trains.

``pgd``: the loss of the worst case found (Madry et al. 2018, equation 2.1). ``trades``: the loss on clean inputs and
``beta`` times how far the answer moves (Zhang et al. 2019, equation 3). The state that withstood most on held-back rows
is kept, since robust accuracy falls again while training goes on (Rice, Wong and Kolter 2020, "Overfitting in
adversarially robust deep learning").
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import MissingExtraError, UsageError
from violet.domain.robustness import Norm, Threat

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Tell = Callable[[int, int, str], None]

METHODS = ("pgd", "trades")


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """``eps`` ramps up over the first ``warm_up`` share of the epochs; ``step`` is the inner attack's, as a share of
    ``eps``; ``held_back`` the share of rows that choose the best state; ``seconds`` a bound on the clock (0: none)."""

    method: str = "pgd"
    epochs: int = 20
    steps: int = 7
    step: float = 0.3
    batch: int = 128
    learning_rate: float = 1e-3
    beta: float = 6.0
    warm_up: float = 0.3
    held_back: float = 0.1
    seconds: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    """``clean`` and ``robust`` are accuracies on the rows held back, against the inner attack."""

    number: int
    loss: float
    clean: float
    robust: float


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """``module`` has the best state; ``complete`` is false where the time ran out."""

    module: Any
    epochs: tuple[Epoch, ...]
    best: int
    complete: bool


def train_adversarially(
    module: Any,
    x: Array,
    y: Array,
    low: Array,
    high: Array,
    threat: Threat,
    settings: TrainingSettings | None = None,
    tell: Tell | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Trained:
    """Train a copy of ``module`` further. ``x`` ``(n, *shape)`` is raw, ``y`` ``(n,)``; ``low`` and ``high`` are the
    input domain's, and ``threat`` is in unit space, ``linf`` or ``l2``.

    Raises ``UsageError`` for another threat, and for data of which nothing is left to train on.
    """
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError("Adversarial training", "torch") from error
    settings = settings or TrainingSettings()
    if settings.method not in METHODS:
        raise UsageError(f"There is no method {settings.method!r}.", f"There is {', '.join(METHODS)}.")
    if threat.norm not in (Norm.LINF, Norm.L2):
        raise UsageError(f"Adversarial training knows linf and l2, not {threat.norm}.")
    generator = np.random.default_rng(settings.seed)
    order = generator.permutation(len(y))
    held = max(1, round(settings.held_back * len(y)))
    if len(y) - held < 2:
        raise UsageError(f"{len(y)} rows are too few to train on.", "Give more training data: --train FILE")
    module = copy.deepcopy(module)
    for parameter in module.parameters():
        parameter.requires_grad_(True)
    run = _Run(torch, module, _Box(torch, low, high), threat, settings)
    kept, rest = order[:held], order[held:]
    return run.train(run.tensor(x[rest]), run.labels(y[rest]), run.tensor(x[kept]), run.labels(y[kept]), tell, stop)


class _Box:
    """Raw and unit tensors, one into the other."""

    def __init__(self, torch: Any, low: Array, high: Array) -> None:
        span = np.where(high > low, high - low, 0.0)
        self.low = torch.tensor(np.asarray(low), dtype=torch.float32)
        self.span = torch.tensor(span, dtype=torch.float32)
        self._divisor = torch.tensor(np.where(span > 0, span, 1.0), dtype=torch.float32)

    def unit(self, raw: Any) -> Any:
        return (raw - self.low) / self._divisor

    def raw(self, unit: Any) -> Any:
        return self.low + unit * self.span


class _Run:
    def __init__(self, torch: Any, module: Any, box: _Box, threat: Threat, settings: TrainingSettings) -> None:
        self.torch = torch
        self.module = module
        self.box = box
        self.threat = threat
        self.settings = settings
        self.generator = torch.Generator().manual_seed(settings.seed)

    def tensor(self, x: Array) -> Any:
        return self.box.unit(self.torch.tensor(np.asarray(x, dtype=np.float32)))

    def labels(self, y: Array) -> Any:
        return self.torch.tensor(np.asarray(y, dtype=np.int64))

    def train(self, x: Any, y: Any, held_x: Any, held_y: Any, tell: Tell | None, stop: Callable[[], bool]) -> Trained:
        torch, settings = self.torch, self.settings
        forked = torch.random.fork_rng(devices=[])
        with forked:  # layers that draw, as dropout does, draw from the global generator
            torch.manual_seed(settings.seed)
            optimiser = torch.optim.Adam(self.module.parameters(), lr=settings.learning_rate)
            steps = max(1, settings.epochs * -(-len(x) // settings.batch))
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, settings.learning_rate / 50)
            epochs: list[Epoch] = []
            best, best_state, best_score = 0, copy.deepcopy(self.module.state_dict()), -1.0
            begun = time.monotonic()
            complete = True
            for number in range(1, settings.epochs + 1):
                if stop() or (settings.seconds and time.monotonic() - begun > settings.seconds):
                    complete = False
                    break
                eps = self.threat.eps * min(1.0, number / max(1.0, settings.warm_up * settings.epochs))
                loss = self._epoch(x, y, eps, optimiser, schedule)
                clean, robust = self._accuracy(held_x, held_y)
                epochs.append(Epoch(number, loss, clean, robust))
                if robust + 0.01 * clean > best_score:
                    best, best_score = number, robust + 0.01 * clean
                    best_state = copy.deepcopy(self.module.state_dict())
                if tell is not None:
                    told = f"epoch {number}: {100 * robust:.0f} % withstand"
                    tell(number, settings.epochs, told)
        self.module.load_state_dict(best_state)
        self.module.eval()
        return Trained(self.module, tuple(epochs), best, complete)

    def _epoch(self, x: Any, y: Any, eps: float, optimiser: Any, schedule: Any) -> float:
        torch, functional = self.torch, self.torch.nn.functional
        order = torch.randperm(len(x), generator=self.generator)
        total = 0.0
        for start in range(0, len(order), self.settings.batch):
            rows = order[start : start + self.settings.batch]
            if len(rows) < 2:  # one row has no statistics for batch normalisation
                continue
            part, wanted = x[rows], y[rows]
            self.module.eval()
            worst = self._attack(part, wanted, eps)
            self.module.train()
            if self.settings.method == "trades":
                clean = self._logits(part)
                moved = functional.log_softmax(self._logits(worst), dim=1)
                far = functional.kl_div(moved, functional.softmax(clean, dim=1), reduction="batchmean")
                loss = functional.cross_entropy(clean, wanted) + self.settings.beta * far
            else:
                loss = functional.cross_entropy(self._logits(worst), wanted)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
        return total / len(order)

    def _logits(self, unit: Any) -> Any:
        found = self.module(self.box.raw(unit))
        if found.ndim == 1 or found.shape[1] == 1:  # one logit for two classes
            single = found.reshape(-1, 1)
            return self.torch.cat([-single / 2, single / 2], dim=1)
        return found

    def _attack(self, x: Any, y: Any, eps: float) -> Any:
        """Projected gradient ascent from a random start, in unit space, cut to the box."""
        torch, functional = self.torch, self.torch.nn.functional
        if eps <= 0:
            return x
        target = None
        if self.settings.method == "trades":
            with torch.no_grad():
                target = functional.softmax(self._logits(x), dim=1)
        noise = torch.rand(x.shape, generator=self.generator) * 2 - 1
        delta = self._project(noise * eps, eps)
        for _ in range(self.settings.steps):
            moved = (x + delta).clamp(0, 1).requires_grad_(True)
            logits = self._logits(moved)
            if target is None:
                loss = functional.cross_entropy(logits, y, reduction="sum")
            else:
                loss = functional.kl_div(functional.log_softmax(logits, dim=1), target, reduction="sum")
            (slope,) = torch.autograd.grad(loss, moved)
            if self.threat.norm is Norm.LINF:
                direction = slope.sign()
            else:
                direction = slope / self._length(slope).clamp_min(1e-12)
            delta = self._project(moved.detach() + self.settings.step * eps * direction - x, eps)
        return (x + delta).clamp(0, 1).detach()

    def _project(self, delta: Any, eps: float) -> Any:
        if self.threat.norm is Norm.LINF:
            return delta.clamp(-eps, eps)
        return delta * (eps / self._length(delta).clamp_min(1e-12)).clamp_max(1.0)

    def _length(self, delta: Any) -> Any:
        return delta.flatten(1).norm(dim=1).reshape((-1,) + (1,) * (delta.ndim - 1))

    def _accuracy(self, x: Any, y: Any) -> tuple[float, float]:
        torch = self.torch
        self.module.eval()
        worst = self._attack(x, y, self.threat.eps)
        with torch.no_grad():
            clean = float((self._logits(x).argmax(1) == y).float().mean())
            robust = float((self._logits(worst).argmax(1) == y).float().mean())
        return clean, robust
