"""Adversarial pictures whose answers do not outlast a little rounding."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.detectors.inputs.trojans import Trojaned, auc, batch_of, digits, setup
from tests.detectors.streams import feed, part
from violet.detectors.base import detectors
from violet.detectors.inputs.feature_squeezing import squeezed
from violet.detectors.reference import fit_reference

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

NAME = "inputs/feature_squeezing"


@cache
def adversarial() -> tuple[Array, Array]:
    """Pictures that fool the model by a few small changes, and what they were made of: by ``scores/square`` of
    ``violet.attacks``, at most an eighth of the range away."""
    from violet.attacks.base import Budget, Goal, Problem, find, run_attack
    from violet.domain.robustness import Threat
    from violet.targets.base import InputDomain, InputKind, Offers
    from violet.targets.callable_target import CallableTarget

    made = digits()
    rows = made.benign[:60] / 16.0
    bound = np.zeros((8, 8))
    domain = InputDomain(InputKind.IMAGE, (8, 8), bound, bound + 1.0, layout="hw", dtype="float64")
    offers = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
    target = CallableTarget(lambda x: made.ask(x.reshape(len(x), -1) * 16.0), domain, 10, offers, "digits")
    labels = made.ask(rows * 16.0).argmax(axis=1)
    problem = Problem(
        target=target,
        x=rows.reshape(-1, 8, 8),
        y=labels,
        threat=Threat.parse("linf:0.125"),
        budget=Budget(150),
        seed=0,
        goal=Goal.WITHIN,
        pool=rows.reshape(-1, 8, 8),
        pool_labels=labels,
    )
    found = run_attack(find("scores/square"), problem).adversarial.reshape(len(rows), -1) * 16.0
    fooled = made.ask(found).argmax(axis=1) != labels
    return found[fooled], made.benign[:60][fooled]


def stream(made: Trojaned, seed: int) -> tuple[Array, Array]:
    """Rows and clients: 20 honest ones, then one who sends adversarial pictures among honest ones."""
    rng = np.random.default_rng(seed)
    rows = made.benign[rng.integers(60, len(made.benign), 1000)].astype(float)
    clients = rng.integers(0, 20, 1000)
    bad, _ = adversarial()
    mine = np.arange(800, 1000, 6)[: len(bad)]
    rows[mine], clients[mine] = bad[: len(mine)], 20
    return rows, clients


def test_adversarial_pictures_are_seen_and_honest_ones_are_not() -> None:
    made = digits()
    bad, good = adversarial()
    assert len(bad) >= 15
    rows, clients = stream(made, 0)
    batch = batch_of(made, rows, clients)
    value = np.nan_to_num(feed(detectors()[NAME].build(setup(made, every=1)), batch, range(64, 1000, 64)).value)
    limit = detectors()[NAME].facts.threshold
    assert value[clients == 20].max() >= limit
    assert value[clients != 20].max() < limit
    moved: Any = detectors()[NAME].build(setup(made, every=1))
    assert auc(moved._moved(bad), moved._moved(good.astype(float))) > 0.8


def test_nothing_is_said_before_it_has_learned() -> None:
    made = digits()
    batch = batch_of(made, *stream(made, 1))
    fed = feed(detectors()[NAME].build(setup(made, every=1)), part(batch, slice(0, 190)))
    assert np.isnan(fed.value).all()


def test_tables_are_rounded_to_their_grid_and_words_are_not() -> None:
    rng = np.random.default_rng(0)
    rows = [(float(rng.integers(0, 5000) * 100), str(rng.choice(["a", "b"])), float(rng.normal())) for _ in range(200)]
    reference = fit_reference(rows)
    on_grid, steps = squeezed(np.array([[1234.0, 1.0, 0.123]]), reference)
    assert on_grid[0].tolist() == [1200.0, 1.0, 0.123]
    assert steps[0, 1] == 1.0
    assert steps[0, 2] != 0.123
    assert np.isfinite(steps).all()


@pytest.mark.parametrize("shape", [(8, 8), (4, 4, 4)])
def test_pictures_keep_their_shape(shape: tuple[int, ...]) -> None:
    rows = np.random.default_rng(0).random((60, 64))
    for variant in squeezed(rows, fit_reference(rows, shape=shape)):
        assert variant.shape == rows.shape
        assert rows.min() <= variant.min() <= variant.max() <= rows.max()
