"""A test spread over processes and over a cluster says the same as one in this process, whoever dies meanwhile."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from tests.engine.conftest import Programs
from violet.domain.robustness import Threat
from violet.services.testing.evasion import EvasionOutcome, run_evasion_test
from violet.services.testing.options import DataSource, RobustnessOptions
from violet.targets.base import TargetSpec


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("spread")
    x, y = load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    skops.io.dump(LogisticRegression(max_iter=300).fit(x[:1200], y[:1200]), made / "digits.skops")
    np.savez(made / "holdout.npz", x=x[1200:], y=y[1200:])
    return made


def result(place: Path, **fields: Any) -> EvasionOutcome:
    known: dict[str, Any] = {"suite": "quick", "samples": 500, "probes": 64, "queries": 200, "budget": 300.0}
    options = RobustnessOptions(
        TargetSpec(str(place / "digits.skops")),
        DataSource(str(place / "holdout.npz")),
        Threat.parse("linf:0.1"),
        **{**known, **fields},
    )
    return run_evasion_test(options)


@pytest.fixture(scope="module")
def alone(place: Path) -> EvasionOutcome:
    return result(place, jobs=1)


def same(one: EvasionOutcome, other: EvasionOutcome) -> bool:
    return bool(
        (one.standing == other.standing).all()
        and np.array_equal(one.examples.adversarial, other.examples.adversarial)
        and [r.queries for r in one.test.runs] == [r.queries for r in other.test.runs]
    )


def test_processes_say_the_same(place: Path, alone: EvasionOutcome) -> None:
    assert not alone.test.partial
    assert same(alone, result(place, jobs=2))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    distributed = pytest.importorskip("distributed")
    programs = Programs(tmp_path_factory.mktemp("cluster"))
    try:
        address = programs.scheduler()
        for _ in range(2):
            programs.worker(address)
        with distributed.Client(address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        yield address
    finally:
        programs.end()


def test_a_cluster_says_the_same_though_a_worker_is_killed(place: Path, cluster: str, alone: EvasionOutcome) -> None:
    """SIGKILL to one worker once the first attack has come back; its nanny starts another."""
    import distributed

    with distributed.Client(cluster, set_as_default=False) as client:
        pids = list(client.run(os.getpid).values())
    killed: list[int] = []

    def told(done: int, total: int, what: str) -> None:
        if done >= 2 and not killed:
            killed.append(pids[0])
            os.kill(pids[0], signal.SIGKILL)

    options = RobustnessOptions(
        TargetSpec(str(place / "digits.skops")),
        DataSource(str(place / "holdout.npz")),
        Threat.parse("linf:0.1"),
        suite="quick",
        samples=500,
        probes=64,
        queries=200,
        budget=300.0,
        engine=cluster,
    )
    found = run_evasion_test(options, progress=told)
    assert killed
    assert not found.test.partial, found.test.restrictions
    assert same(alone, found)
