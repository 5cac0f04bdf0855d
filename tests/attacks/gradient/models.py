"""Small models for white-box attacks, trained once a session, and how a problem is made of them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from violet.attacks.base import AttackResult, Budget, Clock, Goal, Problem, find, run_attack
from violet.domain.robustness import Threat
from violet.targets.base import InputDomain, InputKind

EPS = 0.15


def domain(*shape: int, low: Any = 0.0, high: Any = 1.0) -> InputDomain:
    return InputDomain(InputKind.VECTOR, shape, np.asarray(low, dtype=float), np.asarray(high, dtype=float))


def unit_target(module: Any, inputs: InputDomain, classes: int, **more: Any) -> Any:
    from violet.targets.torch_module import TorchTarget
    from violet.targets.unit import in_unit_space

    return in_unit_space(TorchTarget(module, inputs, classes, **more))


def linear(classes: int = 3, features: int = 12, seed: int = 0) -> Any:
    import torch

    torch.manual_seed(seed)
    module = torch.nn.Linear(features, classes)
    torch.nn.init.normal_(module.weight, std=1.0)
    return module


@cache
def digits() -> tuple[Any, ...]:
    """Train and test of scikit-learn's digits, in [0, 1], as ``(n, 64)`` float32."""
    from sklearn.datasets import load_digits

    known = load_digits()
    order = np.random.default_rng(0).permutation(len(known.target))
    x, y = (known.data[order] / 16).astype(np.float32), known.target[order].astype(np.int64)
    return x[:1200], y[:1200], x[1200:], y[1200:]


@cache
def trained(adversarial: bool = False) -> Any:
    """A small network on digits; trained against PGD-5 (Linf 0.15) or plainly."""
    import torch

    x, y = (torch.from_numpy(part) for part in digits()[:2])
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(64, 96), torch.nn.ReLU(), torch.nn.Linear(96, 10))
    optimiser = torch.optim.Adam(model.parameters(), 5e-3)
    loss = torch.nn.functional.cross_entropy
    for _ in range(20 if adversarial else 12):
        for rows in torch.randperm(len(x)).split(100):
            at = x[rows]
            if adversarial:
                moved = (at + torch.empty_like(at).uniform_(-EPS, EPS)).clamp(0, 1)
                for _ in range(5):
                    moved.requires_grad_(True)
                    (slope,) = torch.autograd.grad(loss(model(moved), y[rows]), moved)
                    moved = (moved.detach() + 0.06 * slope.sign()).clamp(at - EPS, at + EPS).clamp(0, 1)
                at = moved
            optimiser.zero_grad()
            loss(model(at), y[rows]).backward()
            optimiser.step()
    return model.eval()


def correct(module: Any, count: int = 120, **more: Any) -> tuple[Any, Any, Any]:
    """The target in unit space, and test digits that it classifies correctly."""
    target = unit_target(module, domain(64), 10, **more)
    x, y = digits()[2][:count].astype(np.float64), digits()[3][:count]
    right = target.labels(x) == y
    return target, x[right], y[right]


def attacked(
    name: str,
    target: Any,
    x: Any,
    y: Any,
    threat: str,
    *,
    goal: Goal = Goal.WITHIN,
    queries: int = 0,
    seed: int = 0,
    clock: Clock | None = None,
    earlier: AttackResult | None = None,
    **options: Any,
) -> AttackResult:
    entry = find(f"gradient/{name}")
    problem = Problem(
        target,
        x,
        y,
        Threat.parse(threat),
        Budget(queries or entry.attack.queries),
        seed,
        goal,
        clock=clock or Clock(),
        earlier=earlier,
        options=options,
    )
    return run_attack(entry, problem)
