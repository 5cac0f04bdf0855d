"""Attributions of real networks by their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.explain.models import box, image_domain, table
from violet.domain.explanation import Method
from violet.explain.choosing import explainer_for
from violet.explain.gradients import integrated_gradients
from violet.explain.players import players_of

pytestmark = pytest.mark.torch


def trained(x: Any, y: Any, *layers: Any, steps: int = 150) -> Any:
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    module = torch.nn.Sequential(*layers)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.02)
    inputs, labels = torch.tensor(x), torch.tensor(y)
    for _ in range(steps):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(module(inputs), labels).backward()
        optimiser.step()
    return module.eval()


@pytest.fixture(scope="module")
def network() -> tuple[Any, Any]:
    import torch

    from violet.targets.torch_module import TorchTarget

    x, y = table(features=5)
    module = trained(x, y, torch.nn.Linear(5, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2))
    return TorchTarget(module, box(5), 2), x


def logit(target: Any, rows: Any, classes: Any) -> Any:
    import torch

    with torch.no_grad():
        raw = target.logits(torch.as_tensor(np.asarray(rows, dtype=np.float32))).numpy()
    return raw[np.arange(len(rows)), classes]


def test_integrated_gradients_add_up(network: Any) -> None:
    target, x = network
    explainer = explainer_for(target, x[100:150], players_of(target.domain))
    assert explainer.method is Method.INTEGRATED_GRADIENTS
    own = target.labels(x[:40])
    before = target.counter.gradients
    found = explainer.explain(x[:40], own)
    assert target.counter.gradients > before
    mean = np.repeat(x[100:150].mean(axis=0, keepdims=True), 40, axis=0)
    difference = logit(target, x[:40], own) - logit(target, mean, own)
    total = found.values.sum(axis=1)
    assert np.abs(total - difference).max() < 0.02 * np.abs(difference).max()
    told = found.completeness(True)
    assert told.relative < 0.01
    assert np.isclose(told.largest, np.abs(total - difference).max(), atol=1e-4)


def test_the_error_is_told_where_there_are_too_few_steps(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    target, x = network
    own = target.labels(x[:40])
    monkeypatch.setattr("violet.explain.gradients.STEPS", 1)
    monkeypatch.setattr("violet.explain.gradients.MOST_STEPS", 1)
    coarse = integrated_gradients(target, x[100:150]).explain(x[:40], own).completeness(True)
    monkeypatch.undo()
    fine = integrated_gradients(target, x[100:150]).explain(x[:40], own).completeness(True)
    assert coarse.relative > 3 * fine.relative


def squares(steepness: float) -> Any:
    """A module whose first logit is a sum of squares, or of steep steps, of the features."""
    import torch

    class Squares(torch.nn.Module):
        def forward(self, x: Any) -> Any:
            made = 10 * torch.tanh(steepness * (x - 0.3)) if steepness else x**2
            return torch.stack([made.sum(dim=1), torch.zeros(len(x))], dim=1)

    return Squares()


def test_the_midpoint_rule_is_exact_for_squares(network: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from violet.targets.torch_module import TorchTarget

    _, x = network
    monkeypatch.setattr("violet.explain.gradients.STEPS", 1)
    monkeypatch.setattr("violet.explain.gradients.MOST_STEPS", 1)
    target = TorchTarget(squares(0), box(5), 2)
    found = integrated_gradients(target, x[50:90]).explain(x[:20], np.zeros(20, dtype=np.int64))
    mean = x[50:90].astype(np.float64).mean(axis=0)
    assert np.allclose(found.values, x[:20] ** 2 - mean**2, atol=1e-5)


def test_steps_are_doubled_until_it_adds_up(network: Any) -> None:
    from violet.targets.torch_module import TorchTarget

    _, x = network
    target = TorchTarget(squares(60.0), box(5), 2)
    found = integrated_gradients(target, x[50:90]).explain(x[:20], np.zeros(20, dtype=np.int64))
    size = np.maximum(np.abs(found.output - found.baseline), 0.1 * (np.abs(found.output) + np.abs(found.baseline)))
    assert (found.error <= 0.011 * size).all()
    assert target.counter.gradients > 20 * 16 + 40, "sixteen steps are not enough for so steep a model"


def test_of_a_linear_network_both_methods_give_its_weights(network: Any) -> None:
    import torch

    from violet.targets.torch_module import TorchTarget

    _, x = network
    module = torch.nn.Sequential(torch.nn.Linear(5, 3))
    target = TorchTarget(module, box(5), 3)
    own = target.labels(x[:10])
    weights = module[0].weight.detach().numpy()[own]
    wanted = weights * (x[:10] - x[50:90].mean(axis=0))
    for method in ("gradient", "integrated-gradients"):
        found = explainer_for(target, x[50:90], players_of(target.domain), method=method).explain(x[:10], own)
        assert np.allclose(found.values, wanted, atol=1e-5)


def test_images_are_explained_pixel_by_pixel() -> None:
    import torch

    from violet.targets.torch_module import TorchTarget

    random = np.random.default_rng(0)
    x = random.uniform(size=(200, 8, 8)).astype(np.float32)
    y = (x[:, 2, 5] > 0.5).astype(np.int64)
    module = trained(x, y, torch.nn.Flatten(), torch.nn.Linear(64, 2))
    target = TorchTarget(module, image_domain(), 2)
    found = explainer_for(target, x[:50], players_of(target.domain)).explain(x[:30], target.labels(x[:30]))
    mean = np.abs(found.values).mean(axis=0)
    assert found.values.shape == (30, 8, 8)
    assert np.unravel_index(mean.argmax(), mean.shape) == (2, 5)
