"""MLflow's own scoring server behind the proxy: what the wires read is what the model was asked and said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.runtime.proxy.harness import Guard, Serving, until
from tests.runtime.servers.decoding import Decoding, js, post
from violet.domain.alert import Response
from violet.runtime.proxy.options import ProxyOptions, Upstream
from violet.runtime.wire.base import Ambiguous

NAMES = ("age", "income", "debt")


class Probabilities:
    """A model of MLflow's own interface that remembers what it was asked."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.asked: list[Any] = []

    def predict(self, rows: Any, **_: Any) -> Any:
        if isinstance(rows, dict):
            rows = np.stack([np.asarray(rows[name]) for name in NAMES], axis=1)
        elif hasattr(rows, "columns") and set(NAMES) <= set(rows.columns):
            rows = rows[list(NAMES)].to_numpy()
        rows = np.asarray(rows, dtype=np.float64)
        self.asked.append(rows)
        return self.model.predict_proba(rows)


class Place:
    """The server, the proxy before it, and the hooks in that."""

    def __init__(self, direct: str, guarded: str, hooks: Decoding, model: Probabilities) -> None:
        self.direct = direct
        self.guarded = guarded
        self.hooks = hooks
        self.model = model


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    uvicorn = pytest.importorskip("uvicorn")
    pyfunc = pytest.importorskip("mlflow.pyfunc")
    from mlflow.models import Model
    from mlflow.pyfunc import scoring_server
    from sklearn.linear_model import LogisticRegression

    generator = np.random.default_rng(3)
    x = generator.normal(size=(200, 3))
    y = (x @ [1.0, -2.0, 0.5] > 0).astype(int) + (x[:, 0] > 1)
    model = Probabilities(LogisticRegression().fit(x, y))
    app = scoring_server.init(pyfunc.PyFuncModel(model_meta=Model(), model_impl=model))
    hooks = Decoding()
    with Serving(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")) as server:
        direct = f"http://127.0.0.1:{server.port}"
        with Guard(ProxyOptions((Upstream(direct),)), hooks) as guard:
            yield Place(direct, f"http://127.0.0.1:{guard.port}", hooks, model)


@pytest.fixture(autouse=True)
def fresh(place: Place) -> None:
    place.hooks.seen.clear()
    place.hooks.errors.clear()
    place.hooks.response = Response.ALLOW
    place.model.asked.clear()


X = np.array([[0.5, -1.25, 2.0], [3.0, 0.0, -0.75], [0.1, 0.2, 0.3]])


def forms(x: Any) -> dict[str, tuple[bytes, str]]:
    table = "\n".join([",".join(NAMES), *(",".join(map(repr, map(float, row))) for row in x)])
    records = [dict(zip(NAMES, map(float, row), strict=True)) for row in x]
    return {
        "split": (js({"dataframe_split": {"columns": NAMES, "data": x.tolist()}}), "application/json"),
        "records": (js({"dataframe_records": records}), "application/json"),
        "instances": (js({"instances": x.tolist()}), "application/json"),
        "inputs": (js({"inputs": x.tolist()}), "application/json"),
        "columns": (js({"inputs": {name: x[:, at].tolist() for at, name in enumerate(NAMES)}}), "application/json"),
        "csv": (table.encode(), "text/csv"),
        "utf-16": (json.dumps({"inputs": x.tolist()}).encode("utf-16"), "application/json"),
    }


@pytest.mark.parametrize("form", list(forms(X)))
def test_what_is_asked_and_said_is_read(form: str, place: Place) -> None:
    body, kind = forms(X)[form]
    direct = post(f"{place.direct}/invocations", body, kind)
    status, answer, _ = post(f"{place.guarded}/invocations", body, kind)
    assert (status, answer) == (200, direct[1])
    until(lambda: bool(place.hooks.seen) or bool(place.hooks.errors))
    assert not place.hooks.errors
    ((wire, question, said),) = place.hooks.seen
    assert wire == "mlflow"
    assert np.array_equal(np.asarray(question.rows, dtype=np.float64), place.model.asked[-1])
    assert np.array_equal(np.asarray(said.scores), np.asarray(json.loads(answer)["predictions"]))
    if form in ("split", "records", "columns", "csv"):
        assert question.names == NAMES


def test_labels_alone(place: Place) -> None:
    body, kind = forms(X)["split"]
    exact = np.array(json.loads(post(f"{place.guarded}/invocations", body, kind)[1])["predictions"])
    place.hooks.response = Response.LABEL
    status, answer, headers = post(f"{place.guarded}/invocations", body, kind)
    found = np.array(json.loads(answer)["predictions"])
    assert status == 200
    assert int(headers["content-length"]) == len(answer)
    assert np.array_equal(found, np.eye(3)[exact.argmax(axis=1)])
    place.hooks.response = Response.NOISE
    noisy = np.array(json.loads(post(f"{place.guarded}/invocations", body, kind)[1])["predictions"])
    assert not np.array_equal(noisy, exact)
    assert np.abs(noisy - exact).max() < 0.2
    assert np.array_equal(noisy.argmax(axis=1), exact.argmax(axis=1))


@pytest.mark.parametrize("path", ["/%69nvocations", "/invocation%73"])
def test_paths_that_the_server_takes_are_watched(path: str, place: Place) -> None:
    """An encoded letter leads no query past the guard."""
    body, kind = forms(X)["split"]
    assert post(f"{place.guarded}{path}", body, kind)[0] == 200
    until(lambda: bool(place.hooks.seen))


def test_a_name_said_twice_is_seen(place: Place) -> None:
    """MLflow takes the last one, and answers."""
    body = b'{"inputs": [[0, 0, 0]], "inputs": [[1, 2, 3]]}'
    assert post(f"{place.guarded}/invocations", body)[0] == 200
    assert place.model.asked[-1].tolist() == [[1, 2, 3]]
    assert [type(error) for error in place.hooks.errors] == [Ambiguous]


def test_complaints_pass(place: Place) -> None:
    body = js({"inputs": [["x", 2, 3]]})
    assert post(f"{place.guarded}/invocations", body)[:2] == post(f"{place.direct}/invocations", body)[:2]
    assert not place.hooks.errors
    assert not place.hooks.seen
