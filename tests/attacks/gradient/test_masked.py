"""Models that hide their gradients: plain attacks fail and say why, the adaptive one gets through."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

from tests.attacks.gradient.models import attacked, correct, trained

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch


class Masked(torch.nn.Module):
    """``before`` and ``after`` a copy of the model that is trained plainly."""

    def __init__(self, before: Any = None, after: Any = None) -> None:
        super().__init__()
        self.inner = copy.deepcopy(trained())
        self.before = before or (lambda x: x)
        self.after = after or (lambda logits: logits)

    def forward(self, x: Any) -> Any:
        return self.after(self.inner(self.before(x)))


def in_place(x: Any) -> Any:
    y = x * 8
    y.round_()
    return y / 8


QUANTISED = {
    "round": lambda x: torch.round(x * 8) / 8,
    "method": lambda x: (x * 8).floor().div(8),
    "in place": in_place,
    "whole numbers": lambda x: (x * 15).to(torch.uint8).float() / 15,
    "int": lambda x: (x * 15).int() / 15,
    "thresholds": lambda x: sum((x > t).float() for t in (0.2, 0.4, 0.6, 0.8)) / 4,
    "where": lambda x: torch.where(x > 0.5, torch.ones_like(x), torch.zeros_like(x)),
    "sign": lambda x: (torch.sign(x - 0.5) + 1) / 2,
}


@pytest.mark.parametrize("kind", QUANTISED)
def test_quantised_inputs_stop_plain_attacks_and_not_the_adaptive_one(kind):
    target, x, y = correct(Masked(QUANTISED[kind]), 60)
    assert len(x) > 40
    plain = attacked("pgd", target, x, y, "linf:0.2")
    assert (plain.diagnostics["zero_gradient"][~plain.fooled] == 1).all(), (
        "the gradient is nothing but zeros, and said so"
    )
    adaptive = attacked("adaptive", target, x, y, "linf:0.2", steps=40)
    assert (adaptive.diagnostics["substituted"] >= 1).all()
    assert plain.fooled.mean() + 0.3 < adaptive.fooled.mean()
    if kind not in ("thresholds", "where", "sign"):  # few steps, far apart, are harder to cross, not only to see
        assert adaptive.fooled.mean() > 0.85
    assert (target.labels(adaptive.adversarial)[adaptive.fooled] != y[adaptive.fooled]).all()
    off = attacked("adaptive", target, x, y, "linf:0.2", steps=40, bpda="off")
    assert off.fooled.mean() < adaptive.fooled.mean() - 0.3


SATURATED = {
    "large logits": (lambda logits: 1e4 * logits, "logits"),
    "probabilities": (lambda logits: torch.softmax(1e3 * logits, dim=1), "probabilities"),
    "probabilities for logits": (lambda logits: torch.softmax(1e3 * logits, dim=1), "logits"),
    "squashed": (lambda logits: 10 * torch.tanh(20 * logits) + 1e-3 * logits.detach(), "logits"),
}


@pytest.mark.parametrize("kind", SATURATED)
def test_saturated_outputs_stop_plain_attacks_and_not_the_adaptive_one(kind):
    after, outputs = SATURATED[kind]
    target, x, y = correct(Masked(after=after), 60, outputs=outputs)
    plain = attacked("pgd", target, x, y, "linf:0.15")
    adaptive = attacked("adaptive", target, x, y, "linf:0.15", steps=40)
    bare, bx, by = correct(trained(), 60)
    assert adaptive.fooled.mean() >= attacked("apgd-t", bare, bx, by, "linf:0.15", targets=3).fooled.mean() - 0.03
    assert plain.fooled.mean() < adaptive.fooled.mean() - 0.15
    assert plain.diagnostics["zero_gradient"][~plain.fooled].mean() > 0.5


def test_the_true_model_is_no_easier_for_the_adaptive_attack():
    """Without masking, it finds what the others find, and no more than there is."""
    target, x, y = correct(trained(True), 60)
    strong = attacked("apgd-t", target, x, y, "linf:0.15").fooled
    adaptive = attacked("adaptive", target, x, y, "linf:0.15").fooled
    assert abs(int(strong.sum()) - int(adaptive.sum())) <= 2


def test_adversarial_training_is_not_taken_for_masking():
    target, x, y = correct(trained(True), 150)
    weak, wx, wy = correct(trained(False), 150)
    hard = attacked("apgd-t", target, x, y, "linf:0.15").fooled.mean()
    easy = attacked("apgd-t", weak, wx, wy, "linf:0.15").fooled.mean()
    assert easy > hard + 0.2
    plain = attacked("pgd", target, x, y, "linf:0.15")
    assert plain.fooled.mean() > hard - 0.1, "what is truly robust stands PGD and APGD-T alike"
    assert (plain.diagnostics["zero_gradient"] == 0).all()


class Noisy(torch.nn.Module):
    """Draws noise at every call, in evaluation mode as well."""

    def __init__(self, size: float) -> None:
        super().__init__()
        self.inner = copy.deepcopy(trained())
        self.size = size

    def forward(self, x: Any) -> Any:
        return self.inner(x + self.size * torch.randn_like(x))


def test_a_randomised_model_is_averaged_over_and_judged_by_majority():
    target, x, y = correct(Noisy(0.25), 60)
    # Of the samples that it mostly gets right.
    votes = np.mean([target.labels(x) == y for _ in range(15)], axis=0)
    x, y = x[votes > 0.7], y[votes > 0.7]
    state = torch.random.get_rng_state()
    result = attacked("adaptive", target, x, y, "linf:0.1", steps=15, targets=1)
    assert torch.equal(torch.random.get_rng_state(), state), "torch's own generator is as it was"
    again = attacked("adaptive", target, x, y, "linf:0.1", steps=15, targets=1)
    np.testing.assert_array_equal(result.fooled, again.fooled)
    assert (result.diagnostics["randomised"] == 1).all()
    assert result.fooled.mean() > 0.3

    def held(found: Any) -> float:
        wrong = np.mean([target.labels(found.adversarial) != y for _ in range(31)], axis=0)
        return float((wrong[found.fooled] > 0.5).mean())

    lucky = attacked("pgd", target, x, y, "linf:0.1")
    assert held(result) > 0.8, "most of what is claimed is wrong most of the time"
    assert held(result) > held(lucky), "one lucky answer is no majority"
    counted = target.counter.rows
    third = attacked("pgd", target, x, y, "linf:0.1", steps=5, eot=4)
    assert target.counter.rows - counted == third.queries.sum()


def test_a_known_step_is_wrapped_by_hand():
    """Even one that leaves torch."""
    from violet.attacks.gradient._bpda import preprocessed

    def outside(x: Any) -> Any:
        return torch.from_numpy(np.round(x.numpy() * 8) / 8)

    class Leaves(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = copy.deepcopy(trained())

        def forward(self, x: Any) -> Any:
            return self.inner(outside(x.detach()))

    target, x, y = correct(Leaves(), 50)
    plain = attacked("pgd", target, x, y, "linf:0.15")
    assert (plain.diagnostics["zero_gradient"][~plain.fooled] == 1).all()
    for surrogate in (None, lambda x: x - torch.sin(2 * np.pi * 8 * x) / (4 * np.pi * 8)):
        wrapped, _, _ = correct(preprocessed(copy.deepcopy(trained()), outside, surrogate), 50)
        np.testing.assert_allclose(wrapped.scores(x), target.scores(x), rtol=1e-5)
        assert attacked("apgd-ce", wrapped, x, y, "linf:0.15").fooled.mean() > plain.fooled.mean() + 0.2


def test_steps_answer_as_ever_while_they_are_watched():
    from violet.attacks.gradient._bpda import Substitute

    x = torch.rand(5, 64)
    for step in (
        *QUANTISED.values(),
        torch.tanh,
        torch.sigmoid,
        lambda x: x.clamp(0.2, 0.8),
        torch.nn.functional.relu6,
    ):
        module = Masked(step)
        with torch.no_grad():
            wanted = module(x)
        leaf = x.clone().requires_grad_(True)
        with Substitute() as mode:
            found = module(leaf)
        assert mode.touched >= 1
        torch.testing.assert_close(found.detach(), wanted, rtol=1e-5, atol=1e-5)
        (slope,) = torch.autograd.grad(found.sum(), leaf)
        assert bool((slope != 0).any(1).all())


def test_another_bpda_is_refused():
    from violet.domain.errors import UsageError

    target, x, y = correct(trained(), 4)
    with pytest.raises(UsageError, match="bpda"):
        attacked("adaptive", target, x, y, "linf:0.1", bpda="maybe")
