"""Torch modules: their logits and gradients, raw and in unit space, and the files they come from."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.targets.conftest import Sample, vectors
from tests.targets.models import network
from violet.domain.errors import UsageError
from violet.targets.base import GradientTarget, InputDomain, InputKind, Offers, TargetError, TargetSpec
from violet.targets.opening import open_target
from violet.targets.unit import in_unit_space

pytestmark = pytest.mark.torch

NAMES = ("0", "1", "2")
FACTORY = ("factory", "tests.targets.models:network")
RAW = InputDomain(
    InputKind.VECTOR, (4,), np.array([-2.0, 0, 5, 3]), np.array([2.0, 255, 6, 3]), dtype="float32"
)  # the last feature cannot move


@pytest.fixture
def module() -> Any:
    import torch

    torch.manual_seed(0)
    return network()


def target_of(module: Any, domain: InputDomain = RAW, **more: Any) -> Any:
    from violet.targets.torch_module import TorchTarget

    return TorchTarget(module, domain, 3, **more)


def rows(count: int = 50) -> Any:
    unit = np.random.default_rng(0).random((count, 4))
    return RAW.to_raw(unit)


def test_logits_and_labels_are_the_modules(module: Any) -> None:
    import torch

    x = rows()
    with torch.no_grad():
        expected = module(torch.tensor(x)).double().numpy()
    target = target_of(module, batch=16)
    assert isinstance(target, GradientTarget)
    assert np.allclose(target.scores(x), expected, atol=1e-5)
    assert (target.labels(x) == expected.argmax(axis=1)).all()
    assert (target.counter.rows, target.counter.calls, target.counter.gradients) == (100, 8, 0)


def test_gradients_are_right_by_differences(module: Any) -> None:
    x, y = rows(5).astype(np.float64), np.array([0, 1, 2, 0, 1])
    target = target_of(module, InputDomain(RAW.kind, RAW.shape, RAW.low, RAW.high))
    for of in ("cross-entropy", "logit"):
        loss, slope = target.gradient(x, y, of)
        for feature in range(4):
            step = np.zeros(4)
            step[feature] = 1e-2
            above, _ = target.gradient(x + step, y, of)
            below, _ = target.gradient(x - step, y, of)
            assert np.allclose((above - below) / 2e-2, slope[:, feature], atol=5e-3)
        assert loss.shape == (5,)
    assert target.counter.gradients == 2 * 9 * 5
    with pytest.raises(ValueError, match="gradient of"):
        target.gradient(x, y, "margin")
    empty, none = target.gradient(x[:0], y[:0])
    assert empty.shape == (0,)
    assert none.shape == (0, 4)


def test_parameters_need_no_gradients_and_the_module_is_in_evaluation_mode(module: Any) -> None:
    import torch

    dropping = torch.nn.Sequential(module, torch.nn.Dropout(0.9))
    target = target_of(dropping.double())
    assert not any(parameter.requires_grad for parameter in target.module.parameters())
    assert (target.scores(rows()) == target.scores(rows())).all()
    assert next(target.module.parameters()).dtype == torch.float32


def test_unit_space_is_the_chain_rule(module: Any) -> None:
    import torch

    raw = target_of(module)
    unit = in_unit_space(raw)
    assert isinstance(unit, GradientTarget)
    assert unit.counter is raw.counter
    assert Offers.GRADIENTS in unit.offers
    u = np.random.default_rng(1).random((20, 4))
    y = raw.labels(RAW.to_raw(u))
    assert (unit.scores(u) == raw.scores(RAW.to_raw(u))).all()
    loss, slope = unit.gradient(u, y)
    _, raw_slope = raw.gradient(RAW.to_raw(u), y)
    assert np.allclose(slope, raw_slope * (RAW.high - RAW.low))
    assert (slope[:, 3] == 0).all()
    for kind, close in ((torch.float64, 0.0), (torch.float32, 1e-5)):
        tensor = torch.tensor(u, dtype=kind, requires_grad=True)
        logits = unit.logits(tensor)
        assert np.abs(logits.detach().numpy() - unit.scores(u)).max() <= close
        entropy = torch.nn.functional.cross_entropy(logits, torch.tensor(y), reduction="none")
        (by_hand,) = torch.autograd.grad(entropy.sum(), tensor)
        assert np.allclose(by_hand.numpy(), slope, atol=1e-4)
        assert np.allclose(entropy.detach().numpy(), loss, atol=1e-5)


def test_on_the_unit_box_nothing_is_added(module: Any) -> None:
    import torch

    domain = InputDomain(InputKind.VECTOR, (4,), np.zeros(4), np.ones(4))
    unit: Any = in_unit_space(target_of(module, domain))
    x = torch.rand(3, 4)
    assert (unit.logits(x) == module(x)).all()


def test_what_a_module_ends_with(module: Any) -> None:
    import torch

    x = rows()
    plain = target_of(module).scores(x)
    soft = target_of(torch.nn.Sequential(module, torch.nn.Softmax(1)), outputs="probabilities").scores(x)
    gap = plain - soft
    trusted = (soft > -80).all(axis=1)  # float32 says nothing of smaller ones
    assert trusted.sum() > 10
    assert np.allclose((gap - gap.mean(axis=1, keepdims=True))[trusted], 0, atol=1e-3)
    assert np.isfinite(soft).all()
    with pytest.raises(TargetError, match="does not give 'odds'"):
        target_of(module, outputs="odds")


def test_one_output_is_a_logit_or_a_probability() -> None:
    import torch

    from violet.targets.torch_module import TorchTarget

    line = torch.nn.Linear(4, 1)
    x = RAW.to_raw(np.random.default_rng(0).random((9, 4))) / 300
    with torch.no_grad():
        logit = line(torch.tensor(x)).numpy()[:, 0]
    one = TorchTarget(line, RAW, 2)
    assert np.allclose(one.scores(x), np.stack([-logit / 2, logit / 2], axis=1))
    squeezed = TorchTarget(
        torch.nn.Sequential(line, torch.nn.Sigmoid(), torch.nn.Flatten(0)), RAW, 2, outputs="probabilities"
    )
    assert np.allclose(squeezed.scores(x), one.scores(x), atol=1e-4)


class Odd:
    """Modules that answer in other ways."""

    @staticmethod
    def build(answer: Any) -> Any:
        import torch

        class Module(torch.nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.inner = torch.nn.Linear(4, 3)

            def forward(self, x: Any) -> Any:
                return answer(self.inner(x), x)

        return Module()


def test_tuples_and_dictionaries_of_outputs(module: Any) -> None:
    x = rows(3)
    expected = target_of(Odd.build(lambda out, x: out * 0 + 1)).scores(x)
    for answer in (
        lambda out, x: (out * 0 + 1, x),
        lambda out, x: {"aux": x, "logits": out * 0 + 1},
        lambda out, x: {"out": out * 0 + 1},
    ):
        assert (target_of(Odd.build(answer)).scores(x) == expected).all()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda out, x: out[:, :2], r"shape \(3, 2\) for 3 rows and 3 classes"),
        (lambda out, x: out[:2], r"shape \(2, 3\) for 3 rows"),
        (lambda out, x: out.tolist(), "gave list; a tensor"),
        (lambda out, x: out * float("nan"), "NaN for 3 of 3"),
        (lambda out, x: x @ out, r"broke on a batch of shape \(3, 4\)"),
    ],
)
def test_nonsense_is_refused(answer: Any, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        target_of(Odd.build(answer)).scores(rows(3))


def test_a_step_that_cannot_be_differentiated_is_said() -> None:
    target = target_of(Odd.build(lambda out, x: out.detach()))
    with pytest.raises(TargetError, match="no gradient by its input"):
        target.gradient(rows(3), np.array([0, 1, 2]))


def test_a_target_travels_to_a_worker(module: Any) -> None:
    target = pickle.loads(pickle.dumps(target_of(module)))
    assert (target.scores(rows()) == target_of(module).scores(rows())).all()


# -- files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["state_dict", "nested", "parallel", "legacy", "safetensors"])
def test_weights_and_a_factory(how: str, module: Any, tmp_path: Path, sample: Sample) -> None:
    import torch
    from safetensors.torch import save_file

    path = tmp_path / "weights.bin"
    weights = module.state_dict()
    if how == "state_dict":
        torch.save(weights, path)
    elif how == "nested":
        torch.save({"epoch": 3, "model_state_dict": weights}, path)
    elif how == "parallel":
        torch.save({f"module.{key}": value for key, value in weights.items()}, path)
    elif how == "legacy":
        torch.save(weights, path, _use_new_zipfile_serialization=False)
    else:
        save_file(weights, path)
    spec = TargetSpec(str(path), options=(FACTORY,))
    target = open_target(spec, vectors(), 3, names=NAMES)
    assert isinstance(target, GradientTarget)
    with torch.no_grad():
        expected = module(torch.tensor(sample.x, dtype=torch.float32)).numpy()
    assert np.allclose(target.scores(sample.x), expected, atol=1e-6)
    swapped = TargetSpec(str(path), options=(FACTORY, ("classes", "2,1,0")))
    other = open_target(swapped, vectors(), 3, names=NAMES)
    assert np.allclose(other.scores(sample.x), expected[:, ::-1], atol=1e-6)
    _, slope = target.gradient(sample.x, np.zeros(len(sample.x), dtype=int), "logit")
    _, turned = other.gradient(sample.x, np.full(len(sample.x), 2), "logit")
    assert np.allclose(slope, turned)


def test_torchscript_has_gradients(module: Any, tmp_path: Path, sample: Sample) -> None:
    import torch

    torch.jit.script(module).save(str(tmp_path / "m.bin"))
    target = open_target(TargetSpec(str(tmp_path / "m.bin")), vectors(), 3, names=NAMES)
    direct = target_of(module, vectors())
    y = np.zeros(len(sample.x), dtype=int)
    assert np.allclose(target.gradient(sample.x, y)[1], direct.gradient(sample.x, y)[1], atol=1e-6)


def test_a_module_that_ends_with_softmax_is_seen(module: Any, sample: Sample) -> None:
    import torch

    from violet.targets.adopting import adopt
    from violet.targets.request import Opening

    opening = Opening(TargetSpec("m"), vectors(), 3)
    soft: Any = adopt(torch.nn.Sequential(module, torch.nn.Softmax(1)), opening)
    plain: Any = adopt(module, opening)
    assert (soft.outputs, plain.outputs) == ("probabilities", "logits")
    y = np.ones(len(sample.x), dtype=int)
    assert np.allclose(soft.gradient(sample.x, y)[1], plain.gradient(sample.x, y)[1], atol=1e-5)


def test_what_does_not_fit_is_said(module: Any, tmp_path: Path) -> None:
    import torch

    weights = tmp_path / "w.pt"
    torch.save(module.state_dict(), weights)

    def spec(*options: tuple[str, str], path: Path = weights, trust: bool = False) -> TargetSpec:
        return TargetSpec(str(path), trust=trust, options=options)

    with pytest.raises(UsageError, match="runs code") as caught:
        open_target(spec(), vectors(), 3)
    assert "--factory module:function" in caught.value.diagnostics()
    with pytest.raises(UsageError, match="gave a int"):
        open_target(spec(("factory", "tests.targets.models:nothing")), vectors(), 3)
    with pytest.raises(UsageError, match="no 'netwrk' in it"):
        open_target(spec(("factory", "tests.targets.models:netwrk")), vectors(), 3)
    torch.save(torch.nn.Linear(4, 3).state_dict(), tmp_path / "other.pt")
    with pytest.raises(TargetError, match=r"do not fit tests.targets.models:network: Missing key"):
        open_target(spec(FACTORY, path=tmp_path / "other.pt"), vectors(), 3)
    torch.save(module, tmp_path / "whole.pt")
    with pytest.raises(TargetError, match="holds more than weights"):
        open_target(spec(FACTORY, path=tmp_path / "whole.pt"), vectors(), 3)
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(TargetError, match="no state_dict"):
        open_target(spec(FACTORY, path=tmp_path / "list.pt"), vectors(), 3)
    with pytest.raises(TargetError, match=r"broke on a batch of shape \(3, 6\)"):
        open_target(spec(FACTORY), vectors(features=6), 3)
    with pytest.raises(UsageError, match="does not give labels"):
        open_target(spec(FACTORY, ("outputs", "labels")), vectors(), 3)
