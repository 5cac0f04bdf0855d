"""What inputs can cost: found where there is something to find, and said plainly where there is not."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.attacks.tabular.credit import SCHEMA, credit, domain
from tests.attacks.text.reviews import reviews
from violet.attacks.base import Clock
from violet.attacks.denial._breeding import Numbers, Texts
from violet.attacks.denial._timing import Stopwatch, race, surely_above
from violet.attacks.denial.measure import measure_denial
from violet.targets.base import InputDomain, InputKind, LabelledData, Offers, TargetError
from violet.targets.callable_target import CallableTarget
from violet.targets.feasibility import Feasibility

Array = NDArray[Any]
PLAIN = InputDomain(InputKind.VECTOR, (6,), np.zeros(6), np.ones(6))
WORDS = InputDomain(InputKind.TEXT, (), np.zeros(()), np.zeros(()), dtype="object")


def rows(n: int = 40) -> LabelledData:
    x = np.random.default_rng(0).uniform(0.0, 0.3, (n, 6)).astype(np.float32)
    return LabelledData(x, np.zeros(n, dtype=np.int64), ("a", "b"), PLAIN)


def texts() -> LabelledData:
    x, y = reviews()
    return LabelledData(x[:40], y[:40], ("bad", "good"), WORDS)


def work(steps: float) -> None:
    total = 0
    for step in range(int(steps)):
        total += step


def test_a_model_whose_time_depends_on_its_input_is_found_out() -> None:
    """It walks as far as its features add up to: the most is 6, usual is about 0.9."""

    def predict(x: Array) -> Array:
        for row in x:
            work(5_000 * float(row.sum()))
        return np.zeros(len(x), dtype=np.int64)

    (result,) = measure_denial(CallableTarget(predict, PLAIN, 2), rows(), 0, Clock(), seconds=4.0)
    assert (result.method, result.unit, result.complete) == ("latency", "seconds", True)
    assert 3.5 < result.factor < 9
    assert "surely above" in result.detail


def test_a_model_that_takes_the_same_time_for_all_is_called_so() -> None:
    def predict(x: Array) -> Array:
        work(3_000 * len(x))
        return np.zeros(len(x), dtype=np.int64)

    (result,) = measure_denial(CallableTarget(predict, PLAIN, 2), rows(), 0, Clock(), seconds=2.0)
    assert result.factor == 1.0
    assert result.detail.startswith("Nothing above noise was found")
    assert result.complete


def test_a_regular_expression_that_goes_back_and_back_is_found_out() -> None:
    careless = re.compile(r"\(+x|a*b|@+z|#+y")

    def predict(x: Array) -> Array:
        return np.array([careless.search(text) is not None for text in x]).astype(np.int64)

    short, long = measure_denial(CallableTarget(predict, WORDS, 2), texts(), 0, Clock(), seconds=2.5)
    assert (short.method, long.method) == ("latency", "latency-long")
    assert long.factor > 50  # the text is 20 times as long, and the time grows with its square
    assert long.factor > short.factor
    assert "begins with" in long.detail


def test_no_time_is_no_result() -> None:
    aim = CallableTarget(lambda x: np.zeros(len(x), dtype=np.int64), PLAIN, 2)
    assert measure_denial(aim, rows(), 0, Clock(0.0)) == ()
    (result,) = measure_denial(aim, rows(), 0, Clock(), seconds=0.0)
    assert not result.complete
    assert "no time" in result.detail


def test_a_short_clock_is_shared_out() -> None:
    """Both methods of texts come to an end within it."""

    def predict(x: Array) -> Array:
        return np.array([len(text) % 2 for text in x])

    results = measure_denial(CallableTarget(predict, WORDS, 2), texts(), 0, Clock(1.5))
    assert [result.method for result in results] == ["latency", "latency-long"]
    assert all(result.complete for result in results)


def test_inputs_that_break_the_target_are_counted_and_do_not_win() -> None:
    def predict(x: Array) -> Array:
        if (x > 0.9).any():
            raise ValueError("too large for me")
        work(2_000)
        return np.zeros(len(x), dtype=np.int64)

    (result,) = measure_denial(CallableTarget(predict, PLAIN, 2), rows(), 0, Clock(), seconds=1.5)
    assert "too large for me" in result.detail
    assert result.factor < 2

    def away(x: Array) -> Array:
        raise ValueError("nobody is here")

    with pytest.raises(TargetError, match="nobody is here"):
        measure_denial(CallableTarget(away, PLAIN, 2), rows(), 0, Clock(), seconds=1.0)


def test_the_bound_of_a_median_is_one() -> None:
    """Of samples from a known distribution it is above the median in about as many cases as it may be."""
    rng = np.random.default_rng(0)
    above = [surely_above(rng.exponential(size=41), 0.05) > np.log(2) for _ in range(2000)]
    assert 0.01 < np.mean(above) <= 0.06
    assert surely_above(np.ones(3), 0.01) == -np.inf
    assert surely_above(np.arange(41.0), 0.01) == 12.0


def test_what_is_slow_for_a_moment_is_forgotten() -> None:
    """Every tenth answer stalls, whoever asked: ratios of medians stay at one."""
    count = 0

    def predict(x: Array) -> Array:
        nonlocal count
        count += 1
        work(60_000 if count % 10 == 0 else 3_000)
        return np.zeros(len(x), dtype=np.int64)

    aim = CallableTarget(predict, PLAIN, 2)
    found = race(Stopwatch(aim, Clock(), 30.0), rows().x[:4], rows().x[4:12], 31, np.random.default_rng(0))
    assert found is not None
    assert found.ratios.shape == (31, 4)
    assert (np.abs(found.factors - 1) < 0.5).all()


def test_bred_rows_are_rows_of_the_table() -> None:
    usual = credit()[0][:8]
    breeding = Numbers(usual, domain(), 0)
    begun = breeding.beginning(20)
    made = breeding.children(begun, 50)
    assert begun.shape == (20, 12)
    assert made.shape == (50, 12)
    for found in (begun, made):
        assert Feasibility(SCHEMA).faults(found) == ()
    assert len(np.unique(made, axis=0)) > 20


def test_bred_texts_are_no_longer_than_said() -> None:
    breeding = Texts(texts().x[:8], 40, 0)
    begun = breeding.beginning(20)
    made = breeding.children(begun, 50)
    assert len(begun) == 20
    assert len(made) == 50
    assert all(len(text) <= max(40, *map(len, texts().x)) for text in begun)
    assert all(len(text) <= 40 for text in made)
    assert len(set(made.tolist())) > 25


@pytest.mark.torch
def test_a_network_can_be_kept_awake() -> None:
    import torch

    from violet.targets.torch_module import TorchTarget

    torch.manual_seed(0)
    first, second, last = torch.nn.Linear(30, 64), torch.nn.Linear(64, 64), torch.nn.Linear(64, 2)
    layers = (first, torch.nn.ReLU(), second, torch.nn.ReLU(), last)
    module = torch.nn.Sequential(*layers)
    with torch.no_grad():
        first.bias -= 0.5
        second.bias -= 0.3
    wide = InputDomain(InputKind.VECTOR, (30,), np.zeros(30), np.ones(30))
    x = np.random.default_rng(0).uniform(0, 0.3, (40, 30)).astype(np.float32)
    aim = TorchTarget(module, wide, 2)
    data = LabelledData(x, np.zeros(40, dtype=np.int64), ("a", "b"), wide)
    found = {result.method: result for result in measure_denial(aim, data, 0, Clock(), seconds=0.3)}
    result = found["activations"]
    assert result.unit == "operations"
    assert result.complete
    assert result.worst > 1.2 * result.usual

    def by_hand(x: Array) -> Array:
        values = torch.as_tensor(x)
        total = torch.zeros(len(x))
        for layer in layers:
            if isinstance(layer, torch.nn.Linear):
                total += (values != 0).sum(dim=1) * layer.out_features
            values = layer(values)
        return np.asarray(total)

    usual = by_hand(x)
    assert result.usual == pytest.approx(usual.mean())
    # More than any of 3,000 random inputs wakes.
    assert result.worst > by_hand(np.random.default_rng(1).random((3000, 30)).astype(np.float32)).max()
    assert result.worst <= 30 * 64 + 64 * 64 + 64 * 2
    assert f"{usual.max():,.0f}" in result.detail


@pytest.mark.torch
def test_convolutions_are_counted_and_without_layers_nothing_is_said() -> None:
    import torch

    from violet.attacks.denial._gradient_activity import Activity, most_active
    from violet.targets.torch_module import TorchTarget

    pictures = InputDomain(InputKind.IMAGE, (1, 8, 8), np.array(0.0), np.array(1.0), layout="chw")
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 2))
    aim = TorchTarget(module, pictures, 2)
    half = np.zeros((1, 1, 8, 8), dtype=np.float32)
    half[:, :, :4] = 1.0
    with Activity(aim) as activity:
        _, dense = activity.operations(half)
        assert dense == 4 * 36 * 9 + 144 * 2
    assert aim.offers & Offers.GRADIENTS
    empty = TorchTarget(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Softmax(dim=1)), pictures, 64)
    assert most_active(empty, half, 0, Clock()) is None
