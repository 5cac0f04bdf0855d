"""The credit model in production: behind its guard, with the traffic that it usually has."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from violet.services.background import Background, free_port
from violet.services.testing.model_server import ModelServer
from violet.services.testing.options import DataSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

NAME = "credit-risk"
CLIENTS, REQUESTS = 40, 12_000
"""Of honest traffic: branches that send applications as they come."""
BEGIN = 1_790_000_000.0
"""Seconds since 1970, of the first request."""
DAYS = 14
POLICY = """# What the guard does about alerts: answer as before, but later and with few digits.
mode = "enforce"
model = "credit-risk"

[responses]
slow_seconds = 0.05
otherwise = { response = "slow", for = "1m" }
"""


class Deployment:
    """Files below ``directory``: ``benign.jsonl`` is honest traffic, ``guard.toml`` the policy, ``state`` the guard's
    own. ``url`` is where callers ask."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.benign, self.profile, self.calibration, self.policy, self.state = (
            os.path.join(directory, name)
            for name in ("benign.jsonl", "risk.profile", "risk.calibration.json", "guard.toml", "guard")
        )
        self.model_port, self.port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}/v2/models/{NAME}/infer"
        self.guard_command = (
            "guard", "--policy", self.policy, "--upstream", f"http://127.0.0.1:{self.model_port}",
            "--listen", f"127.0.0.1:{self.port}", "--profile", self.profile, "--calibration", self.calibration,
            "--state", self.state,
        )  # fmt: skip
        self._running: list[Background] = []

    def record(self, seed: int) -> None:
        """Write honest traffic, with what the model answers."""
        import numpy as np

        from violet.exercises.demo.credit import NAMES, applications

        with open(self.policy, "w", encoding="utf-8") as file:
            file.write(POLICY)
        generator = np.random.default_rng(seed)
        rows, _ = applications(seed + 1)
        rows = rows[generator.integers(len(rows), size=REQUESTS)]
        rows[:, 4] = np.round(np.maximum(0.0, rows[:, 4] + generator.normal(0, 2, REQUESTS)), 1)
        rows[:, 5] = rows[:, 4] / rows[:, 3]
        scores = self._server().scores(rows)
        times = np.sort(BEGIN + generator.uniform(0, DAYS * 86_400.0, REQUESTS))
        weights = generator.pareto(1.2, CLIENTS) + 0.2
        clients = generator.choice(CLIENTS, size=REQUESTS, p=weights / weights.sum())
        with open(self.benign, "w", encoding="utf-8") as file:
            for number in range(REQUESTS):
                exchange = {
                    "id": f"benign-{number}",
                    "at": float(times[number]),
                    "client": f"key:branch-{clients[number]}",
                    "model": NAME,
                    "rows": [rows[number].tolist()],
                    "names": list(NAMES),
                    "scores": [scores[number].tolist()],
                    "labels": [int(scores[number].argmax())],
                    "seconds": float(0.004 + generator.exponential(0.001)),
                    "request_bytes": 180,
                }
                file.write(json.dumps(exchange) + "\n")

    def _server(self) -> ModelServer:
        return model_server(self.directory)

    def start(self) -> None:
        """Both run until ``close``."""
        self._running.append(
            Background(
                ("demo", "--serve", self.directory, "--listen", f"127.0.0.1:{self.model_port}"), r"serving .* on (\S+)"
            )
        )
        self._running.append(Background(self.guard_command, r"guarding .* on (\S+)"))

    def close(self) -> None:
        while self._running:
            self._running.pop().close()


def model_server(directory: str) -> ModelServer:
    """The demonstration's model, served."""
    model, holdout, schema = (os.path.join(directory, name) for name in ("risk.skops", "holdout.csv", "credit.toml"))
    return ModelServer(NAME, model, DataSource(holdout, schema=schema))
