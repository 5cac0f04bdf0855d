"""Real detectors: who spreads its queries over three workers is seen by each as by one."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from tests.runtime.sharing.company import MemoryBoard
from violet.detectors.reference import Reference, fit_reference
from violet.runtime.batching import Observed
from violet.runtime.pipeline import Pipeline, PipelineOptions
from violet.runtime.sharing.sharer import NoSketches, Sharer

WORKERS = 3
DETECTOR = "extraction/made_up"


@pytest.fixture(scope="module")
def reference() -> Reference:
    generator = np.random.default_rng(0)
    rows = generator.standard_normal((3_000, 8))
    rows[:, 1] += rows[:, 0]
    rows[:, 5] = np.round(rows[:, 5], 1)
    return fit_reference(rows)


def pipeline(reference: Reference) -> Pipeline:
    options = PipelineOptions(clients=50, strict=True, only=frozenset({DETECTOR}))
    return Pipeline(options, reference, lambda alert: None)


def asked(generator: np.random.Generator, number: int) -> Observed:
    row = generator.uniform(-3, 3, (1, 8))
    return Observed(f"q{number}", 1.8e9 + number, "key:thief", row, seconds=0.002, size=200)


def reached(one: Pipeline) -> float:
    return {state.id: state.top for state in one.states()}[DETECTOR]


def test_a_thief_is_the_same_thief_on_every_worker(reference: Reference) -> None:
    whole = pipeline(reference)
    alone, company = ([pipeline(reference) for _ in range(WORKERS)] for _ in range(2))
    board = MemoryBoard()
    sharers = [Sharer(board, one) for one in company]
    generator = np.random.default_rng(1)

    async def go() -> None:
        for number in range(120):
            query = asked(generator, number)
            for one in (whole, alone[number % WORKERS], company[number % WORKERS]):
                one.observe([query])
            if number % 12 == 11:
                for sharer in (*sharers, *sharers):
                    assert await sharer.round()
        for worker in range(WORKERS):
            company[worker].observe([asked(generator, 200)])

    asyncio.run(go())
    assert reached(whole) > 1
    assert max(map(reached, alone)) < 0.7 * reached(whole)
    assert min(map(reached, company)) > 0.9 * reached(whole)


def test_what_does_not_fit_a_pipeline_leaves_it_as_it_was(reference: Reference) -> None:
    one = pipeline(reference)
    board = MemoryBoard()

    class Foreign(NoSketches):
        def changed(self) -> list[str]:
            return ["key:a"]

        def delta(self, client: str) -> dict[str, Any]:
            return {DETECTOR: np.ones(99, np.float32), "no/such": np.ones(1, np.float32)}

    async def go() -> None:
        other, sharer = Sharer(board, Foreign()), Sharer(board, one)
        for _ in range(2):
            assert await other.round()
            assert await sharer.round()
        assert sharer.status().refused == 0

    asyncio.run(go())
    assert reached(one) == 0
