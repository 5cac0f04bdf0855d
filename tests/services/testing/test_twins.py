"""A network, its masked twins and its hardened one: what is masked is exposed, what is robust is believed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from violet.domain.robustness import Believed, EvasionTest, Norm, Threat
from violet.services.testing.evasion import run_evasion_test
from violet.services.testing.options import DataSource, RobustnessOptions
from violet.targets.base import InputDomain, InputKind, LabelledData, TargetSpec

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch

EPS = 0.1
DOMAIN = InputDomain(InputKind.VECTOR, (64,), np.zeros(64), np.ones(64))


def digits() -> tuple[Any, Any]:
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(y))
    return (x[order] / 16).astype(np.float32), y[order].astype(np.int64)


X, Y = digits()
HELD_OUT = LabelledData(X[1200:], Y[1200:], tuple("0123456789"), DOMAIN, "digits", "0" * 64)


@pytest.fixture(scope="module")
def plain() -> Any:
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 10))
    optimiser = torch.optim.Adam(net.parameters(), lr=3e-3)
    x, y = torch.tensor(X[:1200]), torch.tensor(Y[:1200])
    for _ in range(150):
        optimiser.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimiser.step()
    return net.eval()


class Saturated(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """The same answers, with logits so far apart that the softmax of float32 is exactly 0 and 1."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Any) -> Any:
        return 1e4 * self.inner(x)


class Quantised(Saturated):
    """The same network behind inputs that are rounded to eight levels: the gradient of rounding is zero."""

    def forward(self, x: Any) -> Any:
        return self.inner(torch.round(x * 7) / 7)


def result_of(module: Any, name: str, suite: str = "evasion") -> EvasionTest:
    import copy

    from violet.targets.torch_module import TorchTarget

    options = RobustnessOptions(
        TargetSpec(name, "callable"),
        DataSource("in memory"),
        Threat(Norm.LINF, EPS),
        suite=suite,
        samples=120,
        probes=64,
        queries=300,
        budget=240.0,
        jobs=1,
    )
    target = TorchTarget(copy.deepcopy(module), DOMAIN, 10, name=name)
    return run_evasion_test(options, target=target, data=HELD_OUT).test


def failed(test: EvasionTest) -> set[str]:
    return {c.id for c in test.sanity if c.outcome is Believed.FAILED and c.decisive}


def test_a_plain_network_is_weak_and_believed_to_be(plain: Any) -> None:
    test = result_of(plain, "plain")
    assert test.robust is not None, test.withheld
    assert test.robust.value < 0.6 < test.clean.value


@pytest.mark.parametrize("twin", [Saturated, Quantised])
def test_a_masked_twin_is_exposed_and_broken_by_the_adaptive_attack(plain: Any, twin: Any) -> None:
    test = result_of(twin(plain), twin.__name__.lower())
    assert test.robust is None
    assert failed(test) & {"gradients-alive", "black-box-not-stronger", "loss-rises", "everything-breaks"}
    assert "gradient/adaptive" in {run.attack for run in test.runs}
    honest = result_of(plain, f"plain beside {twin.__name__}", suite="quick")
    pgd = next(run for run in test.probes if run.attack == "gradient/pgd")
    assert pgd.robust.value > honest.bound.value + 0.15, "the twin should mislead a plain attack"
    assert test.bound.value < honest.bound.value + 0.1, "the whole test should not be misled"


def test_an_adversarially_trained_network_is_recognised_as_robust(plain: Any) -> None:
    from violet.defenses.adversarial_training import TrainingSettings, train_adversarially

    settings = TrainingSettings(epochs=12, steps=5, learning_rate=3e-3, batch=128)
    trained = train_adversarially(
        plain, X[:1200], Y[:1200], np.zeros(64), np.ones(64), Threat(Norm.LINF, EPS), settings
    )
    assert trained.complete
    robust, weak = result_of(trained.module, "trained"), result_of(plain, "plain once more", suite="quick")
    assert not failed(robust), failed(robust)
    assert robust.robust is not None
    assert robust.robust.value > weak.bound.value + 0.15
