"""The scoring server of MLflow itself, in a thread: what it answers is read as it means it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.targets.conftest import NAMES, Sample, vectors
from violet.domain.errors import VioletError
from violet.targets.base import Offers, TargetError, TargetSpec
from violet.targets.opening import open_target

CLASSES = ("0", "1", "2")


class Probabilities:
    """A model of MLflow's own interface."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def predict(self, rows: Any, **_: Any) -> Any:
        """By name where the columns have names."""
        if hasattr(rows, "columns") and set(NAMES) <= set(rows.columns):
            rows = rows[list(NAMES)].to_numpy()
        return self.model.predict_proba(np.asarray(rows, dtype=np.float64))


@pytest.fixture(scope="module")
def url(logistic: Any) -> Iterator[str]:
    uvicorn = pytest.importorskip("uvicorn")
    pyfunc = pytest.importorskip("mlflow.pyfunc")
    from mlflow.models import Model
    from mlflow.pyfunc import scoring_server

    app = scoring_server.init(pyfunc.PyFuncModel(model_meta=Model(), model_impl=Probabilities(logistic)))
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + 60
    while not server.started and thread.is_alive() and time.monotonic() < until:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}/invocations"
    server.should_exit = True
    thread.join(10)


@pytest.mark.parametrize("form", ["dataframe_split", "inputs"])
def test_it_answers_what_the_model_says(form: str, url: str, sample: Sample, logistic: Any) -> None:
    named = vectors(names=tuple(reversed(NAMES))) if form == "dataframe_split" else vectors()
    x = sample.x[:, ::-1] if form == "dataframe_split" else sample.x
    target = open_target(TargetSpec(url), named, 3, names=CLASSES)
    assert target.offers == Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
    assert np.allclose(target.scores(x), logistic.predict_proba(sample.x))
    assert target.counter.rows == len(x)


def test_its_complaint_is_passed_on(url: str) -> None:
    with pytest.raises(VioletError, match=r"/invocations answered (400|500)") as caught:
        open_target(TargetSpec(url, options=(("retries", "0"),)), vectors(features=7), 3)
    assert isinstance(caught.value, TargetError)
    assert "Traceback" not in caught.value.diagnostics()
