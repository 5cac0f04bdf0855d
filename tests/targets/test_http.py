"""Models behind HTTP: a real server in a thread speaks each protocol, and fails in every way."""

from __future__ import annotations

import pickle
import time
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import numpy as np
import pytest

from tests.targets.conftest import NAMES, Sample, vectors
from tests.targets.serving import Served, probabilities, serving
from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, InputKind, Offers, TargetError, TargetSpec
from violet.targets.data_texts import text_domain
from violet.targets.http_transport import Transport
from violet.targets.opening import open_target
from violet.targets.schema import Feature, FeatureType, TableSchema

CLASSES = ("0", "1", "2")
ALL = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
NAMED = vectors(names=NAMES)


@pytest.fixture
def served() -> Iterator[Served]:
    with serving() as found:
        yield found


def opened(url: str, *options: tuple[str, str], domain: InputDomain = NAMED, names: tuple[str, ...] = CLASSES) -> Any:
    given = (*options, ("timeout", "5"))
    return open_target(TargetSpec(url, options=given), domain, len(names), names=names)


METADATA = {
    "name": "m",
    "inputs": [{"name": "rows", "datatype": "FP64", "shape": [-1, 4]}],
    "outputs": [{"name": "proba", "datatype": "FP32", "shape": [-1, 3]}],
}
BY_COLUMN = {"inputs": [{"name": name, "datatype": "FP32", "shape": [-1, 1]} for name in reversed(NAMES)]}


@pytest.mark.parametrize(
    ("path", "options", "metadata"),
    [
        ("/v2/models/m", (), METADATA),
        ("/v2/models/m/infer", (), None),
        ("", (("protocol", "v2"), ("model", "m")), METADATA),
        ("/v2/models/m", (("output", "proba"),), METADATA),
        ("/invocations", (), None),
        ("/invocations", (("format", "inputs"),), None),
        ("/v1/models/m:predict", (), None),
        ("/v1/models/m", (("input", "x"),), None),
        ("/named", (("template", '{"rows": "{{rows}}", "extra": [1]}'), ("answer", "$.result")), None),
    ],
)
def test_every_protocol_gives_what_the_model_says(
    path: str, options: Any, metadata: Any, served: Served, sample: Sample
) -> None:
    served.metadata = metadata
    target = opened(served.url + path, *options)
    assert target.offers == ALL
    assert np.allclose(target.scores(sample.x), probabilities(sample.x))
    assert (target.counter.rows, target.counter.calls) == (240, 1)


def test_the_open_inference_protocol_to_the_letter(served: Served) -> None:
    served.metadata = METADATA
    x = np.array([[0.5, 0.25, 0, 1], [1, 0, 0, 0.125]])
    target = opened(f"{served.url}/v2/models/m")
    target.scores(x)
    path, body = served.posts[-1]
    assert path == "/v2/models/m/infer"
    assert body == {
        "inputs": [
            {"name": "rows", "shape": [2, 4], "datatype": "FP64", "data": [0.5, 0.25, 0.0, 1.0, 1.0, 0.0, 0.0, 0.125]}
        ]
    }


def test_a_server_with_an_input_a_feature_is_given_each_by_name(served: Served, sample: Sample) -> None:
    served.metadata = BY_COLUMN
    x = sample.x[:5]
    target = opened(f"{served.url}/v2/models/m")
    assert target.labels(x).shape == (5,)
    inputs = served.posts[-1][1]["inputs"]
    assert [one["name"] for one in inputs] == list(reversed(NAMES))
    assert inputs[3]["data"] == x[:, 0].tolist()
    assert np.allclose(target.scores(x), probabilities(x[:, ::-1]))


def test_labels_where_there_is_nothing_else(served: Served, sample: Sample) -> None:
    target = opened(f"{served.url}/v2/models/m", ("output", "label"))
    assert target.offers == Offers.LABELS
    assert (target.labels(sample.x) == np.argmax(probabilities(sample.x), axis=1)).all()
    served.change = lambda answer: {"outputs": answer["outputs"] or [{"name": "label"}]}
    with pytest.raises(TargetError, match="has no output 'labels'"):
        opened(f"{served.url}/v2/models/m", ("output", "labels"))


def test_texts_and_images(served: Served) -> None:
    text = opened(f"{served.url}/v2/models/m", domain=text_domain(), names=("bad", "good"))
    assert text.labels(np.array(["so good", "meh"], dtype=object)).tolist() == [1, 0]
    assert served.posts[-1][1]["inputs"][0] == {
        "name": "input-0",
        "shape": [2],
        "datatype": "BYTES",
        "data": ["so good", "meh"],
    }
    image = InputDomain(InputKind.IMAGE, (2, 2, 1), np.zeros((2, 2, 1)), np.ones((2, 2, 1)), layout="hwc")
    x = np.random.default_rng(0).random((3, 2, 2, 1)).astype(np.float32)
    target = opened(f"{served.url}/v1/models/m:predict", domain=image)
    assert np.allclose(target.scores(x), probabilities(x))
    assert np.shape(served.posts[-1][1]["instances"]) == (3, 2, 2, 1)
    served.metadata = {"inputs": [{"name": "rows", "datatype": "FP32", "shape": [-1, 1, 2, 3]}]}
    with pytest.raises(TargetError, match=r"takes rows of shape \(1, 2, 3\); the data has rows of shape \(2, 2, 1\)"):
        opened(f"{served.url}/v2/models/m", domain=image)


def test_words_and_missing_values_are_sent_as_such() -> None:
    schema = TableSchema(
        (
            Feature("f0", FeatureType.REAL, 0, 1),
            Feature("f1", FeatureType.INTEGER, 0, 9),
            Feature("f2", FeatureType.CATEGORICAL, values=("x", "y")),
            Feature("f3", FeatureType.CATEGORICAL, values=("10", "20")),
        )
    )
    high = np.array([1.0, 9, 1, 1])
    domain = InputDomain(InputKind.TABLE, (4,), np.zeros(4), high, names=NAMES, dtype="float64", schema=schema)
    from violet.targets.rows import plain_rows

    assert plain_rows(np.array([[0.5, 3, 1, 0], [np.nan, 2, 0, 1]]), domain) == [[0.5, 3, "y", 10], [None, 2, "x", 20]]


def test_a_template_for_one_row_is_asked_row_by_row(served: Served, sample: Sample) -> None:
    options = (("template", '{"features": "{{record}}"}'), ("answer", "$.best.label"))
    target = opened(f"{served.url}/one", *options, names=("eel", "dog", "cat"))
    x = sample.x[:4]
    expected = np.array(["cat", "dog", "eel"])[np.argmax(probabilities(x), axis=1)]
    assert (np.array(["eel", "dog", "cat"])[target.labels(x)] == expected).all()
    assert target.counter.calls == 4
    assert served.posts[-1][1] == {"features": dict(zip(NAMES, x[3].tolist(), strict=True))}
    scores = opened(f"{served.url}/one", options[0], ("answer", "best['all'][*]"))
    assert np.allclose(scores.scores(x), probabilities(x))


def test_classes_by_name_come_in_the_datas_order(served: Served, sample: Sample) -> None:
    options = (("template", '{"rows": "{{rows}}"}'), ("answer", "$.result"))
    target = opened(f"{served.url}/named", *options, names=("eel", "cat", "dog"))
    assert np.allclose(target.scores(sample.x), np.array(probabilities(sample.x))[:, [2, 0, 1]])
    with pytest.raises(TargetError, match="also has fox"):
        opened(f"{served.url}/named", *options, names=("cat", "fox"))


# -- failures --------------------------------------------------------------------------------------


@pytest.mark.parametrize("failures", [[500], [503, 429, 502], [(429, {"retry-after": "0"}), 504]])
def test_it_asks_again_and_counts_it(failures: list[Any], served: Served, sample: Sample, monkeypatch: Any) -> None:
    monkeypatch.setattr("violet.targets.http_transport.FIRST_WAIT", 0.001)
    target = opened(f"{served.url}/invocations")
    served.failures = list(failures)
    assert np.allclose(target.scores(sample.x), probabilities(sample.x))
    assert target.counter.rows == 240 * (1 + len(failures))
    assert target.counter.calls == 1 + len(failures)
    assert target.predict.transport.retried == len(failures)


def test_retry_after_is_obeyed(served: Served) -> None:
    waited: list[float] = []
    transport = Transport(retries=5, deadline=60, wait=waited.append)
    soon = formatdate(time.time() + 20, usegmt=True)
    served.failures = [(429, {"retry-after": "7"}), (503, {"retry-after": soon}), 500, (503, {"retry-after": "soon"})]
    transport.post(f"{served.url}/invocations", {"inputs": [[0, 0]]})
    assert waited[0] == 7
    assert 15 < waited[1] <= 20
    assert waited[2:] == [1.0, 2.0]


def test_a_wait_beyond_the_deadline_is_no_wait(served: Served) -> None:
    served.failures = [(429, {"retry-after": "3600"})]
    begun = time.monotonic()
    with pytest.raises(TargetError, match=r"/invocations answered 429: .*3600 s would be past the deadline of 2 s"):
        Transport(deadline=2).post(f"{served.url}/invocations", {"inputs": [[0, 0]]})
    assert time.monotonic() - begun < 2


def test_it_gives_up_with_url_and_status(served: Served, sample: Sample, monkeypatch: Any) -> None:
    monkeypatch.setattr("violet.targets.http_transport.FIRST_WAIT", 0.001)
    target = opened(f"{served.url}/invocations?key=secret", ("retries", "2"), ("protocol", "mlflow"))
    served.failures = [500] * 10
    with pytest.raises(
        TargetError, match=r"POST http://127.0.0.1:\d+/invocations answered 500: .* \(after 3 tries\)"
    ) as caught:
        target.labels(sample.x)
    assert "secret" not in caught.value.diagnostics()
    assert len(served.failures) == 7


@pytest.mark.parametrize("status", [400, 401, 404, 422, 301])
def test_what_will_not_get_better_is_not_asked_again(status: int, served: Served, sample: Sample) -> None:
    target = opened(f"{served.url}/invocations")
    served.failures = [(status, {"location": "http://169.254.169.254/"})]
    with pytest.raises(TargetError, match=f"answered {status}") as caught:
        target.labels(sample.x)
    hints = {401: "header=Authorization", 301: "redirects are not followed"}
    assert hints.get(status, "") in caught.value.diagnostics()
    assert served.failures == []


def test_a_server_that_says_nothing(served: Served, sample: Sample, monkeypatch: Any) -> None:
    monkeypatch.setattr("violet.targets.http_transport.FIRST_WAIT", 0.001)
    target = open_target(
        TargetSpec(f"{served.url}/invocations", options=(("timeout", "0.2"), ("retries", "1"))), NAMED, 3
    )

    def silent(handler: Any) -> None:
        handler.close_connection = True
        served.release.wait(20)

    served.failures = [silent, silent]
    with pytest.raises(TargetError, match=r"did not answer within 0.2 s \(after 2 tries\)"):
        target.labels(sample.x)
    assert (target.labels(sample.x) == np.argmax(probabilities(sample.x), axis=1)).all()


def test_a_server_that_drips_and_one_that_breaks_off(served: Served, sample: Sample, monkeypatch: Any) -> None:
    monkeypatch.setattr("violet.targets.http_transport.FIRST_WAIT", 0.001)

    def drip(handler: Any) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("content-length", "100000")
        handler.end_headers()
        for _ in range(200):
            if served.release.wait(0.02):
                return
            handler.wfile.write(b" ")
            handler.wfile.flush()

    def broken(handler: Any) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.wfile.write(b"{")

    transport = Transport(timeout=0.3, retries=1, deadline=5)
    served.failures = [drip, drip]
    begun = time.monotonic()
    with pytest.raises(TargetError, match=r"did not finish its answer within 0\.3 s"):
        transport.post(f"{served.url}/invocations", {"inputs": [[0, 0]]})
    assert time.monotonic() - begun < 3
    served.failures = [broken, broken]
    with pytest.raises(TargetError, match="broke off its answer"):
        transport.post(f"{served.url}/invocations", {"inputs": [[0, 0]]})


def test_nobody_is_there(served: Served) -> None:
    with serving() as gone:
        url = gone.url
    with pytest.raises(TargetError, match=r"failed: .*refused.*\(after 2 tries\)"):
        Transport(retries=1, wait=lambda seconds: None).post(f"{url}/invocations", {})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda answer: {"predictions": answer["predictions"][:-1]}, "asked about 240 rows and answered 239"),
        (lambda answer: {"predictions": answer["predictions"] * 2}, "asked about 240 rows and answered 480"),
        (lambda answer: {"predictions": [[float("nan")] * 3] * 240}, "NaN for 240 of 240"),
        (lambda answer: {"predictions": [[None, 1, 2]] * 240}, "NaN for 240 of 240"),
        (lambda answer: {"predictions": [[0.5, 0.5]] * 240}, r"shape \(240, 2\)"),
        (lambda answer: {"predictions": [[1]] + [[1, 2]] * 239}, "rows of different lengths"),
        (lambda answer: {"predictions": [["a", "b", "c"]] * 240}, "no table of numbers"),
        (lambda answer: {"predictions": "all fine"}, "without a list of predictions"),
        (lambda answer: [1, 2], "asked about 240 rows and answered 2"),
        (lambda answer: None, "without a list of predictions"),
        (lambda answer: b"<html>\x1b[2Jhello</html>", r"no JSON: <html>\?\[2Jhello</html>"),
        (lambda answer: b"[" * 100_000, "no JSON"),
    ],
)
def test_answers_that_changed_are_refused(change: Any, message: str, served: Served, sample: Sample) -> None:
    target = opened(f"{served.url}/invocations")
    served.change = change
    with pytest.raises(TargetError, match=message):
        target.scores(sample.x)


def test_rows_of_other_classes_are_refused(served: Served, sample: Sample) -> None:
    target = opened(
        f"{served.url}/named", ("template", '{"rows": "{{rows}}"}'), ("answer", "$.result"), names=("cat", "dog")
    )
    served.change = lambda answer: {"result": [*answer["result"][:-1], {"cat": 1, "fox": 0, "eel": 0}]}
    with pytest.raises(TargetError, match="rows of different classes"):
        target.scores(sample.x)
    served.change = lambda answer: {"other": 1}
    with pytest.raises(TargetError, match=r"without \$.result: there is no 'result' of an object with other"):
        target.scores(sample.x)


def test_requests_are_cut_where_the_server_says_so(served: Served, sample: Sample) -> None:
    target = opened(f"{served.url}/invocations")
    served.most_rows = 100
    assert np.allclose(target.scores(sample.x), probabilities(sample.x))
    assert len([1 for _, body in served.posts if len(body["dataframe_split"]["data"]) > 100]) >= 1
    served.most_rows = 0
    with pytest.raises(TargetError, match="answered 413"):
        target.scores(sample.x)


def test_a_batch_is_as_large_as_said(served: Served, sample: Sample) -> None:
    target = opened(f"{served.url}/invocations", ("batch", "100"))
    target.scores(sample.x)
    sizes = [len(body["dataframe_split"]["data"]) for _, body in served.posts]
    assert sizes[-3:] == [100, 100, 40]


def test_one_connection_is_kept(served: Served, sample: Sample) -> None:
    target = opened(f"{served.url}/invocations", ("batch", "30"))
    pool = target.predict.transport._connections()
    target.scores(sample.x)
    assert pool.connection_from_url(served.url).num_connections == 1
    assert pool.connection_from_url(served.url).num_requests > 8


# -- headers and secrets ---------------------------------------------------------------------------


def test_headers_take_secrets_from_the_environment(served: Served, sample: Sample, monkeypatch: Any) -> None:
    monkeypatch.setenv("MODEL_TOKEN", "s3cret")
    header = ("header", "Authorization: Bearer ${MODEL_TOKEN}")
    target = opened(f"{served.url}/invocations", header, ("header", "X-Team: red"))
    sent = served.requests[-1][3]
    assert sent["Authorization"] == "Bearer s3cret"
    assert sent["X-Team"] == "red"
    assert sent["user-agent"].startswith("violet/")
    served.failures = [403]
    with pytest.raises(TargetError) as caught:
        target.labels(sample.x)
    assert "s3cret" not in caught.value.diagnostics()
    monkeypatch.delenv("MODEL_TOKEN")
    with pytest.raises(UsageError, match="needs the environment variable MODEL_TOKEN"):
        opened(f"{served.url}/invocations", header)


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        ("http://user:word@host/invocations", (), "holds a user name or password"),
        ("http:///invocations", (), "no URL of a model"),
        ("http://host/predict", (), "Which protocol the endpoint speaks"),
        ("http://host/predict", (("protocol", "grpc"),), "'grpc' is no protocol"),
        ("http://host:8080", (("protocol", "v2"),), "which one is asked is not said"),
        ("http://host/predict", (("protocol", "template"),), "needs a template"),
        ("http://host/predict", (("template", "{rows}"),), "no JSON"),
        ("http://host/predict", (("template", '{"a": 1}'),), "no place for the inputs"),
        ("http://host/predict", (("template", '["{{rows}}", "{{row}}"]'),), "holds {{rows}} and {{row}}"),
        ("http://host/predict", (("template", '"{{rows}}"'), ("answer", "$..x")), "no path to a value"),
        ("http://host/predict", (("template", '"{{row}}"'), ("batch", "5")), "takes 1 rows at once"),
        ("http://host/invocations", (("format", "xml"),), "format=xml is not known"),
        ("http://host/invocations", (("header", "nothing"),), "not written like"),
        ("http://host/invocations", (("timeout", "soon"),), "timeout=soon"),
        ("http://host/invocations", (("deadline", "-1"),), "deadline=-1"),
        ("http://host/invocations", (("retries", "many"),), "retries=many"),
    ],
)
def test_options_that_make_no_sense(url: str, options: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_target(TargetSpec(url, options=options), NAMED, 3)


def test_without_data_an_endpoint_says_nothing_of_its_inputs() -> None:
    with pytest.raises(UsageError, match="What inputs the endpoint takes is not known"):
        open_target(TargetSpec("http://host/invocations"))


def test_a_transport_travels_without_its_connections() -> None:
    transport = Transport(headers=(("a", "b"),), timeout=3)
    transport._connections()
    other = pickle.loads(pickle.dumps(transport))
    assert (other.headers, other.timeout, other._pool) == ((("a", "b"),), 3, None)
