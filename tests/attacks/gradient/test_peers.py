"""Where other attack libraries happen to be installed, they leave no fewer samples fooled than ours at equal steps.

``benchmarks/evasion_whitebox.py`` compares at length, in an environment of its own.
"""

from __future__ import annotations

import pytest

from tests.attacks.gradient.models import EPS, attacked, correct, trained

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


def fooled(found, target, y) -> int:
    return int((target.labels(found.detach().flatten(1).double().numpy()) != y).sum())


def test_torchattacks():
    peers = pytest.importorskip("torchattacks", reason="torchattacks is not installed")
    target, x, y = correct(trained(True), 120)
    # Its APGD wants images.
    points, labels = torch.from_numpy(x).float().view(-1, 1, 8, 8), torch.from_numpy(y)
    module = torch.nn.Sequential(torch.nn.Flatten(), trained(True)).eval()
    theirs = peers.PGD(module, eps=EPS, alpha=2.5 * EPS / 40, steps=40)(points, labels)
    assert attacked("pgd", target, x, y, f"linf:{EPS}").fooled.sum() >= fooled(theirs, target, y) - 1
    theirs = peers.APGDT(module, eps=EPS, steps=100, n_classes=10)(points, labels)
    assert attacked("apgd-t", target, x, y, f"linf:{EPS}").fooled.sum() >= fooled(theirs, target, y) - 1


def test_foolbox():
    peers = pytest.importorskip("foolbox", reason="foolbox is not installed")
    target, x, y = correct(trained(True), 120)
    model = peers.PyTorchModel(trained(True), bounds=(0, 1), device="cpu")
    attack = peers.attacks.LinfPGD(rel_stepsize=2.5 / 40, steps=40)
    theirs = attack(model, torch.from_numpy(x).float(), torch.from_numpy(y), epsilons=EPS)[1]
    assert attacked("pgd", target, x, y, f"linf:{EPS}").fooled.sum() >= fooled(theirs, target, y) - 1
