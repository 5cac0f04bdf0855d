"""The books of one white-box run, on the target's own device: who stands, what each sample has spent, what was found.

It is to tensors what ``violet.attacks.tally`` is to arrays. An attack opens a batch of those still standing, asks about
points, and shrinks the batch when some have fallen; counts, distances and diagnostics are kept here, in one place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from violet.attacks.base import AttackResult, Goal
from violet.attacks.geometry import distance
from violet.attacks.gradient._bpda import peeled
from violet.attacks.gradient._losses import others
from violet.attacks.gradient._threat import lengths
from violet.domain.errors import UsageError
from violet.domain.robustness import Norm

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from torch import Tensor

    from violet.attacks.base import Problem
    from violet.attacks.gradient._bpda import Substitute
    from violet.attacks.gradient._losses import Loss
    from violet.targets.base import GradientTarget

    Array = NDArray[Any]

TOLERANCE = 2e-6
"""A label counts as another one when its logit leads by more than this share of the larger logit: what the model says
in a batch of another size differs in the last digits, and a claim must hold when it is asked again."""


@dataclass(slots=True)
class Answer:
    """Of one question about ``m`` points: the loss ``(m,)``, its gradient ``(m, d)`` (``None`` where it was not asked
    for), the margin ``(m,)`` (above 0: another class leads), and which rows have ``fallen`` for good."""

    logits: Tensor
    value: Tensor
    slope: Tensor | None
    margin: Tensor
    fooling: Tensor
    fallen: Tensor
    any_fallen: bool


class Standing(SimpleNamespace):
    """The batch: tensors whose first axis are the rows that still stand. Attacks hang their own beside these.

    ``rows`` ``(m,)`` are places in the problem, ``x`` ``(m, d)`` the samples, ``y`` ``(m,)`` their labels.
    """

    rows: Tensor
    x: Tensor
    y: Tensor

    def shrink(self, keep: Tensor) -> None:
        """Leave the rows where ``keep`` ``(m,)`` is false out of every tensor."""
        at = keep.nonzero()[:, 0]
        for name, tensor in vars(self).items():
            if isinstance(tensor, torch.Tensor):
                setattr(self, name, tensor.index_select(0, at))

    def __len__(self) -> int:
        return len(self.rows)


class Books:
    """``minimal``: the attack can look for the smallest distance. Raises ``UsageError`` where that is asked of one that
    cannot."""

    def __init__(self, problem: Problem, attack: str, *, eot: int = 1, minimal: bool = False) -> None:
        if problem.goal is Goal.SMALLEST and not minimal:
            raise UsageError(f"{attack} stays within a radius.", "Ask gradient/fmn or gradient/fab-t for distances.")
        self.problem = problem
        self.attack = attack
        self.target = cast("GradientTarget", problem.target)
        self.device = self.target.device
        self.norm = problem.threat.norm
        self.eot = max(1, eot)
        self.exact = np.asarray(problem.x, dtype=np.float64).reshape(len(problem.x), math.prod(problem.x.shape[1:]))
        self.x = torch.from_numpy(self.exact.astype(np.float32)).to(self.device).clamp_(0.0, 1.0)
        self.y = torch.from_numpy(np.array(problem.y, dtype=np.int64)).to(self.device)
        self.raw = getattr(self.target, "inner", self.target).domain
        self.eps = self._inner_radius()
        self.generator = torch.Generator(device=self.device).manual_seed(problem.seed)
        n = len(problem.x)
        self.best = np.array(self.exact, copy=True)
        self.distance = np.full(n, np.inf)
        self.fooled = torch.zeros(n, dtype=torch.bool, device=self.device)
        self.queries = torch.zeros(n, dtype=torch.int64, device=self.device)
        self.gradients = torch.zeros_like(self.queries)
        self.first = torch.full_like(self.queries, -1)
        self.closest = torch.full((n,), -torch.inf, dtype=torch.float64, device=self.device)
        self.substitute: Substitute | None = None
        """Where set, the way back through steps without a gradient; answers are the model's own in any case."""
        self.phase = 0
        """Number of the run (restart, target class) that is under way; one that was stopped goes on with it."""
        self.stopped = False
        self.extra: dict[str, Tensor] = {}
        """Diagnostics of one attack only, ``(n,)`` each."""
        self.zero = torch.zeros_like(self.queries)
        self.restart = torch.full_like(self.queries, -1)
        self.loss_first = torch.full((n,), torch.nan, dtype=torch.float64, device=self.device)
        self.loss_last = self.loss_first.clone()
        self.steepness = self.loss_first.clone()
        if problem.earlier is not None:
            self._take_up(problem.earlier)

    def _inner_radius(self) -> float:
        """The threat's radius less what rounding to float32, here and in the model's own units, can add to it."""
        eps = float(self.problem.threat.eps)
        if self.norm is Norm.L0:
            return float(np.floor(eps))
        low, high = np.broadcast_arrays(self.raw.low, self.raw.high)
        span = np.where(high > low, high - low, np.inf)
        slack = np.finfo(np.float32).eps * (1.0 + np.maximum(np.abs(low), np.abs(high)) / span)
        slack = np.broadcast_to(slack, self.raw.shape)
        lost = {Norm.LINF: slack.max(), Norm.L2: np.sqrt((slack**2).sum()), Norm.L1: slack.sum()}[self.norm]
        return max(eps * (1 - 1e-7) - float(lost), eps / 2)

    def _take_up(self, earlier: AttackResult) -> None:
        def load(array: Array) -> Tensor:
            return torch.from_numpy(np.array(array)).to(self.device)

        self.best = np.array(earlier.adversarial, dtype=np.float64).reshape(self.exact.shape)
        self.distance = np.array(earlier.distance, dtype=np.float64)
        self.fooled = load(earlier.fooled.astype(bool))
        self.queries, self.gradients = load(earlier.queries), load(earlier.gradients)
        self.first = load(earlier.first)
        known = earlier.diagnostics
        if "phase" in known and len(known["phase"]):
            self.phase = int(known["phase"].max())
        for name in ("restart", "loss_first", "loss_last"):
            if name in known:
                setattr(self, name, load(known[name]))
        if "gradient_norm" in known:
            self.steepness = load(known["gradient_norm"])
        if "zero_gradient" in known:
            self.zero = load(np.rint(known["zero_gradient"] * np.maximum(earlier.gradients, 1)).astype(np.int64))

    @property
    def resumed(self) -> bool:
        return self.problem.earlier is not None

    @property
    def cost(self) -> int:
        """The most forward rows that one question about one sample takes."""
        return 1 if self.eot == 1 else 2 * self.eot

    def open(self, need: int = 2) -> Standing | None:
        """Those that still stand and have ``need`` questions left in their budget; ``None`` where there are none, or
        time is up."""
        if self.expired():
            return None
        going = self.queries + need * self.cost <= self.problem.budget.queries
        if self.problem.goal is Goal.WITHIN:
            going &= ~self.fooled
        rows = going.nonzero()[:, 0]
        if not len(rows):
            return None
        return Standing(rows=rows, x=self.x.index_select(0, rows), y=self.y.index_select(0, rows))

    def expired(self) -> bool:
        if self.problem.clock.expired():
            self.stopped = True
        return self.stopped

    def affordable(self, batch: Standing) -> int:
        """How many questions about each row of the batch the budget still allows."""
        spent = int(self.queries.index_select(0, batch.rows).max())
        return max(0, (self.problem.budget.queries - spent) // self.cost)

    def begin_at(self, batch: Standing) -> Tensor:
        """The best iterates of the batch so far, to go on from."""
        return torch.from_numpy(self.best[batch.rows.cpu().numpy()].astype(np.float32)).to(self.device)

    def forward(self, at: Tensor) -> Tensor:
        """Logits of the points ``(m, d)``. Whoever calls it counts the rows (``count``)."""
        return cast("Tensor", self.target.logits(at.view(len(at), *self.problem.x.shape[1:])))

    def climbed(self, at: Tensor, backward: bool = False) -> tuple[Tensor, Tensor]:
        """Logits as the model gives them, and those that losses are made of (before a softmax that was peeled off)."""
        if self.substitute is None:
            with torch.set_grad_enabled(backward):
                logits = self.forward(at)
            return logits, logits
        with torch.enable_grad(), self.substitute:
            logits = self.forward(at if at.requires_grad else at.detach().requires_grad_(True))
        return logits, peeled(logits)

    def count(self, rows: Tensor, forward: int = 1, backward: int = 0) -> None:
        self.queries.index_add_(0, rows, torch.full_like(rows, forward))
        if backward:
            self.gradients.index_add_(0, rows, torch.full_like(rows, backward))
            self.target.count_gradients(len(rows) * backward)

    def ask(
        self, batch: Standing, at: Tensor, loss: Loss, *, toward: Tensor | None = None, backward: bool = True
    ) -> Answer:
        """Ask about one point ``at`` ``(m, d)`` a row of the batch: logits, loss and gradient, averaged over ``eot``
        passes; takes up what fools. One forward row and, with ``backward``, one backward row a pass."""
        logits, value, slope = self._pass(at, batch.y, loss, toward, backward)
        lead = self._margin(logits, batch.y)
        fooling = lead > self._close(logits)
        self.count(batch.rows, 1, int(backward))
        if self.eot > 1:
            votes = fooling.to(torch.int64)
            for _ in range(self.eot - 1):
                again, more, bend = self._pass(at, batch.y, loss, toward, backward)
                self.count(batch.rows, 1, int(backward))
                margin = self._margin(again, batch.y)
                votes += margin > self._close(again)
                value, lead = value + more, lead + margin
                slope = slope + bend if slope is not None and bend is not None else None
                logits = logits + again
            value, lead, logits = value / self.eot, lead / self.eot, logits / self.eot
            fooling = self._confirm(batch, at, votes)
        if slope is not None:
            total = slope.abs().sum(1)
            if not bool(total.isfinite().all()):
                slope = torch.nan_to_num(slope, 0.0, 0.0, 0.0)
                total = slope.abs().sum(1)
            # A point that fools already may well be where a loss is flat: that hides nothing.
            self.zero.index_add_(0, batch.rows, ((total == 0) & ~fooling).to(torch.int64) * self.eot)
        fallen = self._take(batch, at, fooling)
        return Answer(logits, value, slope, lead, fooling, fallen, bool(fallen.any()))

    def _pass(
        self, at: Tensor, y: Tensor, loss: Loss, toward: Tensor | None, backward: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        leaf = at.detach().requires_grad_(True)
        logits, climbed = self.climbed(leaf, backward)
        value, seed = loss(climbed.detach(), y, toward)
        if not backward:
            return logits.detach(), value, None
        if not climbed.requires_grad:  # a step of the model cannot be differentiated at all
            return logits.detach(), value, torch.zeros_like(at)
        (slope,) = torch.autograd.grad(climbed, leaf, seed.to(climbed.dtype), allow_unused=True)
        return logits.detach(), value, torch.zeros_like(at) if slope is None else slope

    def _margin(self, logits: Tensor, y: Tensor) -> Tensor:
        return (others(logits, y)[0] - logits.gather(1, y[:, None]))[:, 0]

    def _close(self, logits: Tensor) -> Tensor:
        return TOLERANCE * logits.abs().amax(1)

    def _confirm(self, batch: Standing, at: Tensor, votes: Tensor) -> Tensor:
        """Of a randomised model: what fooled most passes is asked as often again, and must fool most of the
        fresh passes, by one standard deviation: a majority that was picked because it was one says too much."""
        likely = votes * 2 > self.eot
        chosen = likely.nonzero()[:, 0]
        if len(chosen):
            points, y = at.index_select(0, chosen), batch.y.index_select(0, chosen)
            fresh = torch.zeros_like(chosen)
            for _ in range(self.eot):
                logits = self.forward(points)
                fresh += self._margin(logits, y) > self._close(logits)
            self.count(batch.rows.index_select(0, chosen), self.eot)
            likely = likely.index_put((chosen,), fresh > self.eot / 2 + math.sqrt(self.eot) / 2)
        return likely

    def _take(self, batch: Standing, at: Tensor, fooling: Tensor) -> Tensor:
        """Enter what fools, where it is nearer than what was known (and within the radius, where that is the goal).
        Gives the rows that are done."""
        within = self.problem.goal is Goal.WITHIN
        if not bool(fooling.any()):
            return fooling
        chosen = fooling.nonzero()[:, 0]
        points = at.index_select(0, chosen)
        if within:
            far = lengths(points - batch.x.index_select(0, chosen), self.norm)[:, 0]
            near = far <= self.problem.threat.eps * (1 + 1e-5)
            if not bool(near.all()):
                chosen, points = chosen[near], points[near]
        done = torch.zeros_like(fooling)
        if not len(chosen):
            return done
        rows = batch.rows.index_select(0, chosen)
        places = rows.cpu().numpy()
        found, far64 = self._settle(points, places)
        better = far64 < self.distance[places]
        if within:
            better &= far64 <= self.problem.threat.eps * (1 + 1e-7)
        if better.any():
            self.best[places[better]] = found[better]
            self.distance[places[better]] = far64[better]
            new = torch.from_numpy(better).to(self.device)
            rows, chosen = rows[new], chosen[new]
            fresh = rows[~self.fooled.index_select(0, rows)]
            self.first[fresh] = self.queries[fresh]
            self.restart[fresh] = self.phase
            self.fooled[rows] = True
            done[chosen] = within
        return done

    def _settle(self, points: Tensor, places: Array) -> tuple[Array, Array]:
        """The points in float64, with features that did not move as they were to the last digit; and their distances as
        they are once the model's own units and precision have rounded them."""
        wide = points.cpu().numpy().astype(np.float64)
        exact = self.exact[places]
        wide = np.where(wide == np.clip(exact.astype(np.float32), 0.0, 1.0), exact, wide)
        shape = (len(wide), *self.problem.x.shape[1:])
        rounded = self.raw.to_unit(self.raw.to_raw(wide.reshape(shape)))
        return wide, distance(rounded, exact.reshape(shape), self.norm)

    def shrink(self, batch: Standing, answer: Answer) -> None:
        """Let those that have fallen leave the batch, and the answer about it."""
        keep = ~answer.fallen
        batch.shrink(keep)
        at = keep.nonzero()[:, 0]
        answer.value, answer.margin = answer.value.index_select(0, at), answer.margin.index_select(0, at)
        answer.fooling, answer.fallen = answer.fooling.index_select(0, at), answer.fallen.index_select(0, at)
        answer.logits = answer.logits.index_select(0, at)
        if answer.slope is not None:
            answer.slope = answer.slope.index_select(0, at)

    def note(self, batch: Standing, answer: Answer, *, first: bool) -> None:
        """Diagnostics: the loss at the beginning of the first run and after the last question."""
        value = answer.value.double()
        if first and self.phase == 0:
            self.loss_first.index_copy_(0, batch.rows, value)
            if answer.slope is not None:
                norms = torch.linalg.vector_norm(answer.slope, dim=1).double()
                self.steepness.index_copy_(0, batch.rows, norms / self.eot)
        self.loss_last.index_copy_(0, batch.rows, value)

    def approach(self, batch: Standing, at: Tensor, margin: Tensor) -> None:
        """Keep, of those that still stand, the iterates that came closest: the larger the margin, the closer."""
        known = self.closest.index_select(0, batch.rows)
        better = (margin.double() > known) & ~self.fooled.index_select(0, batch.rows)
        chosen = better.nonzero()[:, 0]
        if not len(chosen):
            return
        rows = batch.rows.index_select(0, chosen)
        self.closest[rows] = margin.index_select(0, chosen).double()
        places = rows.cpu().numpy()
        self.best[places] = self._settle(at.index_select(0, chosen), places)[0]

    def result(self) -> AttackResult:
        fooled = self.fooled.cpu().numpy()
        gradients = self.gradients.cpu().numpy()
        first, last = self.loss_first.cpu().numpy(), self.loss_last.cpu().numpy()
        return AttackResult(
            attack=self.attack,
            adversarial=self.best.reshape(self.problem.x.shape),
            fooled=fooled,
            distance=np.where(fooled, self.distance, np.inf),
            queries=self.queries.cpu().numpy(),
            gradients=gradients,
            first=self.first.cpu().numpy(),
            seconds=self.problem.clock.seconds,
            seed=self.problem.seed,
            complete=not self.stopped,
            diagnostics={
                "zero_gradient": self.zero.cpu().numpy() / np.maximum(gradients, 1),
                "restart": self.restart.cpu().numpy(),
                "loss_first": first,
                "loss_last": last,
                "loss_increase": last - first,
                "gradient_norm": self.steepness.cpu().numpy(),
                "phase": np.full(len(fooled), self.phase),
                **{name: values.cpu().numpy() for name, values in self.extra.items()},
            },
        )


def run(books: Books, body: Callable[[Books], None]) -> AttackResult:
    """Run the attack without autograd where it is not asked for. Randomised models draw from torch's own generator,
    which is seeded meanwhile and then put back."""
    devices = [books.device] if books.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), torch.no_grad():
        torch.manual_seed(books.problem.seed)
        if len(books.problem.x):
            body(books)
    return books.result()
