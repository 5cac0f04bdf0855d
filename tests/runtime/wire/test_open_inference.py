"""The Open Inference Protocol: every data type, as JSON and as bytes, asked, answered and rewritten."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.wire.forms import JSON, KINDS, Array, as_lists, binary, js, tensor, with_bytes
from violet.runtime.wire._tensors import to_bytes
from violet.runtime.wire.base import Ambiguous, Answer, Question, Unreadable
from violet.runtime.wire.open_inference import OpenInference

WIRE = OpenInference()
PATH = "/v2/models/credit/infer"


def ask(body: bytes, headers: dict[str, str] | None = None) -> Question:
    return WIRE.question(PATH, headers or JSON, body)


@st.composite
def tables(draw: st.DrawFn) -> tuple[str, Array]:
    """A data type and rows of it."""
    datatype = draw(st.sampled_from([*KINDS, "BF16"]))
    shape = (draw(st.integers(1, 5)), draw(st.integers(1, 6)))
    if datatype == "BF16":
        words = draw(st.lists(st.integers(0, 0x7F7F), min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))
        return datatype, (np.array(words, dtype="<u4") << 16).view("<f4").reshape(shape)
    kind = np.dtype(KINDS[datatype])
    size = shape[0] * shape[1]
    if kind.kind == "f":
        width = {2: 16, 4: 32, 8: 64}[kind.itemsize]
        values: Any = draw(
            st.lists(st.floats(width=width, allow_nan=False, allow_infinity=False), min_size=size, max_size=size)
        )
    elif kind.kind == "b":
        values = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    else:
        info = np.iinfo(kind)
        values = draw(st.lists(st.integers(int(info.min), int(info.max)), min_size=size, max_size=size))
    return datatype, np.array(values, dtype=kind).reshape(shape)


@given(tables(), st.booleans())
def test_rows_as_json(table: tuple[str, Array], nested: bool) -> None:
    datatype, x = table
    data = x.tolist() if nested else x.reshape(-1).tolist()
    found = ask(js({"inputs": [tensor("x", datatype, x.shape, data)]}))
    assert as_lists(found.rows) == x.astype(np.float64).tolist()
    assert found.model == "credit"
    assert found.names == (("x",) if x.shape[1] == 1 else ())


@given(tables())
def test_rows_as_bytes(table: tuple[str, Array]) -> None:
    datatype, x = table
    headers, body = with_bytes("inputs", [binary("x", datatype, x)])
    assert as_lists(ask(body, headers).rows) == x.astype(np.float64).tolist()


@given(st.lists(st.lists(st.text(max_size=8), min_size=2, max_size=2), min_size=1, max_size=5))
def test_words_as_json_and_as_bytes(rows: list[list[str]]) -> None:
    x = np.array(rows, dtype=object)
    body = js({"inputs": [tensor("x", "BYTES", x.shape, x.reshape(-1).tolist())]})
    headers, other = with_bytes("inputs", [binary("x", "BYTES", x)])
    assert as_lists(ask(body).rows) == as_lists(ask(other, headers).rows) == rows


def test_a_tensor_of_texts_is_texts() -> None:
    x = np.array([["red"], ["a\nb"]], dtype=object)
    headers, body = with_bytes("inputs", [binary("text", "BYTES", x)])
    assert ask(body, headers).texts == ("red", "a\nb")
    assert ask(js({"inputs": [tensor("text", "BYTES", (2,), ["red", "a\nb"])]})).texts == ("red", "a\nb")


def test_bytes_that_are_no_text_differ_from_each_other() -> None:
    x = np.array([[b"\xff\x00", b"\xfe"]], dtype=object)
    headers, body = with_bytes("inputs", [binary("x", "BYTES", x)])
    assert ask(body, headers).rows == [["\\xff\x00", "\\xfe"]]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("axes", [1, 2])
def test_named_tensors_are_columns(count: int, axes: int) -> None:
    shape = (count, 1)[:axes]
    inputs = [
        tensor("age", "INT64", shape, list(range(30, 30 + count))),
        tensor("job", "BYTES", shape, ["nurse", "baker", "clerk"][:count]),
        tensor("income", "FP64", shape, [1.5, None, 2.5][:count]),
    ]
    found = ask(js({"parameters": {"content_type": "pd"}, "inputs": inputs}))
    assert found.names == ("age", "job", "income")
    assert as_lists(found.rows) == [[30, "nurse", 1.5], [31, "baker", None], [32, "clerk", 2.5]][:count]


def test_blocks_of_columns_in_json_and_bytes_together() -> None:
    said, content = binary("wide", "FP32", np.array([[1, 2], [3, 4]], dtype=np.float32))
    headers, body = with_bytes("inputs", [(said, content), (tensor("one", "INT32", (2, 1), [5, 6]), b"")])
    found = ask(body, headers)
    assert found.names == ("wide[0]", "wide[1]", "one")
    assert as_lists(found.rows) == [[1, 2, 5], [3, 4, 6]]


def test_a_parameter_of_all_rows_is_a_column() -> None:
    inputs = [tensor("x", "FP32", (2, 2), [1, 2, 3, 4]), tensor("top", "INT32", (1,), [9])]
    assert as_lists(ask(js({"inputs": inputs})).rows) == [[1, 2, 9], [3, 4, 9]]


def test_tensors_without_rows_in_common_are_one_row() -> None:
    inputs = [tensor("a", "FP32", (2,), [1, 2]), tensor("b", "FP32", (3,), [3, 4, 5])]
    assert as_lists(ask(js({"inputs": inputs})).rows) == [[1, 2, 3, 4, 5]]


def test_a_picture_keeps_its_shape() -> None:
    x = np.arange(24, dtype=np.uint8).reshape(2, 2, 3, 2)
    found = ask(js({"inputs": [tensor("x", "UINT8", x.shape, x.reshape(-1).tolist())]}))
    assert found.shape == (2, 3, 2)
    assert as_lists(found.rows) == x.reshape(2, -1).tolist()


def test_what_is_not_said_of_rows_is_left_alone() -> None:
    doc = {
        "id": "7:8",
        "parameters": {"priority": 1},
        "inputs": [
            {**tensor("x:0", "FP32", (1, 2), [1, 2]), "parameters": {"content_type": "np"}, "unknown": {"a": 1}}
        ],
        "outputs": [{"name": "y", "parameters": {"binary_data": False}}],
    }
    assert as_lists(ask(js(doc)).rows) == [[1, 2]]


@pytest.mark.parametrize(
    ("path", "model"),
    [
        ("/v2/models/a/infer", "a"),
        ("/v2/models/a/versions/3/infer", "a"),
        ("/kserve/ns/v2/models/a/infer", "a"),
        ("/v2/models/org%2Fa/infer", "org/a"),
        ("/v2/models/a/inf%65r", "a"),
        ("//v2/./models//a/infer/", "a"),
        ("/v2/models/versions/infer", "versions"),
    ],
)
def test_paths(path: str, model: str) -> None:
    assert WIRE.matches("POST", path)
    assert WIRE.question(path, JSON, js({"inputs": [tensor("x", "FP32", (1, 2), [1, 2])]})).model == model


@pytest.mark.parametrize("path", ["/v2/models/a", "/v2/models/a/ready", "/v2/health/live", "/", "", "/infer"])
def test_other_paths(path: str) -> None:
    assert not WIRE.matches("POST", path)


def test_other_methods() -> None:
    assert not WIRE.matches("GET", PATH)


HUGE = 10**12
BAD_INPUTS: list[Any] = [
    {},
    [],
    {"inputs": {}},
    {"inputs": []},
    {"inputs": [1]},
    {"inputs": [{"name": "x"}]},
    {"inputs": [tensor("x", "FP32", (HUGE,), [1.0])]},
    {"inputs": [tensor("x", "FP32", (HUGE, HUGE, HUGE), [])]},
    {"inputs": [tensor("x", "FP32", (-1, -2), [1.0, 2.0])]},
    {"inputs": [tensor("x", "FP32", (2, 2), [1.0])]},
    {"inputs": [tensor("x", "FP32", (2, 2), [[1.0, 2.0], [3.0]])]},
    {"inputs": [tensor("x", "FP32", (1, 2), [1.0, [2.0]])]},
    {"inputs": [tensor("x", "FP32", (1, 1), [{}])]},
    {"inputs": [tensor("x", "FP32", (1,) * 40, [1.0])]},
    {"inputs": [tensor("x", "FP32", (True,), [1.0])]},
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1]}]},
    {"inputs": [{"name": "x", "datatype": "FP32", "shape": [1], "parameters": {"binary_data_size": 4}}]},
    {"inputs": [{**tensor("x", "FP32", (1, 2), [1.0, 2.0]), "parameters": {"shared_memory_region": "r"}}]},
]


@pytest.mark.parametrize("doc", BAD_INPUTS)
def test_what_does_not_add_up_is_unreadable(doc: Any) -> None:
    with pytest.raises(Unreadable):
        ask(js(doc))


@pytest.mark.parametrize("shape", [(HUGE, 0), (0,), (0, HUGE)])
def test_no_rows_are_no_rows(shape: tuple[int, ...]) -> None:
    assert ask(js({"inputs": [tensor("x", "FP32", shape, [])]})).count == 0


@pytest.mark.parametrize(
    "body",
    [
        b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2],"data":[3,4]}]}',
        b'{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2],"d\\u0061ta":[3,4]}]}',
        b'{"inputs":[],"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}',
        b'{"inputs":[{"name":"a:b","shape":[1,2],"datatype":"FP32","data":[1,2],"data":[3,4]}],"z":1}',
    ],
)
def test_names_said_twice_are_unreadable(body: bytes) -> None:
    """The model might read the other one."""
    with pytest.raises(Ambiguous, match="twice"):
        ask(body)


@pytest.mark.parametrize("length", ["", "x", "-1", "1e3", "٣", "9" * 30, "5, 5", "0", "999999"])
def test_lengths_that_are_none(length: str) -> None:
    _, body = with_bytes("inputs", [binary("x", "FP32", np.ones((1, 2)))])
    with pytest.raises(Unreadable):
        ask(body, {"inference-header-content-length": length})


@pytest.mark.parametrize("change", [-1, 1])
def test_bytes_too_few_or_too_many(change: int) -> None:
    headers, body = with_bytes("inputs", [binary("x", "FP32", np.ones((1, 2)))])
    with pytest.raises(Unreadable):
        ask(body[:change] if change < 0 else body + b"x", headers)


@pytest.mark.parametrize(
    "content", [b"\x05\0\0\0abc", b"\xff\xff\xff\xffabc", b"\x01\0\0\0a\x01", b"\0\0", b"\x01\0\0\0aX"]
)
def test_texts_cut_off(content: bytes) -> None:
    said = {"name": "x", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(content)}}
    headers, body = with_bytes("inputs", [(said, content)])
    with pytest.raises(Unreadable):
        ask(body, headers)


# Answers

ONE = Question("m", [[1.0, 2.0]])
TWO = Question("m", [[1.0, 2.0], [3.0, 4.0]])


def test_scores_and_labels() -> None:
    outputs = [
        tensor("predict", "INT64", (2, 1), [1, 0]),
        tensor("predict_proba", "FP64", (2, 2), [0.25, 0.75, 0.5, 0.5]),
    ]
    found = WIRE.answer(TWO, JSON, js({"model_name": "m", "outputs": outputs}))
    assert as_lists(found.scores) == [[0.25, 0.75], [0.5, 0.5]]
    assert list(found.labels) == [1, 0]


def test_of_several_scores_those_that_say_so() -> None:
    outputs = [tensor("embedding", "FP32", (1, 3), [1, 2, 3]), tensor("probs", "FP32", (1, 2), [0.5, 0.5])]
    assert as_lists(WIRE.answer(ONE, JSON, js({"outputs": outputs})).scores) == [[0.5, 0.5]]


def test_scores_one_a_tensor() -> None:
    outputs = [tensor("no", "FP32", (2, 1), [0.1, 0.2]), tensor("yes", "FP32", (2,), [0.9, 0.8])]
    assert as_lists(WIRE.answer(TWO, JSON, js({"outputs": outputs})).scores) == [[0.1, 0.9], [0.2, 0.8]]


def test_labels_that_are_words() -> None:
    found = WIRE.answer(TWO, JSON, js({"outputs": [tensor("y", "BYTES", (2, 1), ["yes", "no"])]}))
    assert found.labels == found.texts == ("yes", "no")


def test_an_answer_without_an_axis_of_rows() -> None:
    found = WIRE.answer(ONE, JSON, js({"outputs": [tensor("p", "FP32", (3,), [0.1, 0.2, 0.7])]}))
    assert as_lists(found.scores) == [[0.1, 0.2, 0.7]]


def test_an_answer_of_another_length_says_nothing_of_rows() -> None:
    found = WIRE.answer(TWO, JSON, js({"outputs": [tensor("p", "FP32", (3, 2), [0.5] * 6)]}))
    assert len(found.scores) == len(found.labels) == 0


@given(tables())
def test_answers_as_bytes_say_the_same(table: tuple[str, Array]) -> None:
    datatype, x = table
    asked = Question("m", np.zeros((len(x), 1)))
    plain = WIRE.answer(asked, JSON, js({"outputs": [tensor("y", datatype, x.shape, x.reshape(-1).tolist())]}))
    headers, body = with_bytes("outputs", [binary("y", datatype, x)])
    other = WIRE.answer(asked, headers, body)
    assert as_lists(plain.scores) == as_lists(other.scores)
    assert list(plain.labels) == list(other.labels)
    if datatype in ("FP16", "FP32", "FP64", "BF16"):
        assert as_lists(other.scores) == x.astype(np.float64).tolist()
    elif x.shape[1] == 1:
        assert list(other.labels) == x.astype(np.float64)[:, 0].tolist()


def tenth(scores: Array) -> Array:
    return np.round(scores, 1)


def test_a_rewritten_answer_keeps_all_else() -> None:
    doc = {
        "id": "é",
        "model_version": "2",
        "outputs": [
            tensor("label", "INT64", (2,), [2**60 + 1, 0]),
            tensor("nested", "FP64", (2, 2), [[0.26, 0.74], [0.55, 0.45]]),
            {"parameters": {"content_type": "np"}, **tensor("flat", "FP32", (2, 2), [0.11, 0.89, 0.32, 0.68])},
        ],
        "more": [1, {"x": None}],
    }
    body, headers = WIRE.rewrite(JSON, js(doc), tenth)
    assert not headers
    found = json.loads(body)
    assert list(found) == list(doc)
    doc["outputs"][1]["data"] = [[0.3, 0.7], [0.6, 0.4]]  # type: ignore[index]
    doc["outputs"][2]["data"] = [0.1, 0.9, 0.3, 0.7]  # type: ignore[index]
    assert found == doc


@given(tables().filter(lambda table: table[0] in ("FP16", "FP32", "FP64", "BF16")))
def test_a_rewritten_answer_in_bytes(table: tuple[str, Array]) -> None:
    datatype, x = table
    labels = np.arange(len(x))[:, None]
    headers, body = with_bytes("outputs", [binary("l", "INT64", labels), binary("y", datatype, x)], id="1")
    size = int(headers["inference-header-content-length"])
    original = WIRE.answer(Question("m", np.zeros((len(x), 1))), headers, body)
    seen: list[Array] = []

    def change(scores: Array) -> Array:
        seen.append(scores)
        return np.zeros_like(scores)

    made, other = WIRE.rewrite(headers, body, change, original)
    assert other == {"inference-header-content-length": str(size)}
    assert made[: size + 8 * len(x)] == body[: size + 8 * len(x)]
    assert not any(made[size + 8 * len(x) :])
    assert len(made) == len(body)
    assert seen[0].tolist() == x.astype(np.float64).tolist()
    same, _ = WIRE.rewrite(headers, body, lambda scores: scores, original)
    assert same == body


def test_scores_with_the_original_are_one_row() -> None:
    body = js({"outputs": [tensor("p", "FP32", (2,), [0.26, 0.74])]})
    shapes: list[tuple[int, ...]] = []

    def look(scores: Array) -> Array:
        shapes.append(scores.shape)
        return scores

    WIRE.rewrite(JSON, body, look, Answer([[0.26, 0.74]]))
    assert shapes == [(1, 2)]


def test_an_answer_with_numbers_that_are_none() -> None:
    body = b'{"outputs":[{"name":"p","datatype":"FP64","shape":[1,2],"data":[NaN,0.26]}],"z":Infinity}'
    assert as_lists(WIRE.answer(ONE, JSON, body).scores) == [[None, 0.26]]
    made, _ = WIRE.rewrite(JSON, body, tenth)
    assert (
        made == b'{"outputs": [{"name": "p", "datatype": "FP64", "shape": [1, 2], "data": [null, 0.3]}], "z": Infinity}'
    )


@given(st.lists(st.floats(-(2.0**126), 2.0**126, width=32), min_size=1, max_size=8))
def test_brain_floats_round_half_to_even(values: list[float]) -> None:
    """Against ml_dtypes, which is what frameworks use."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = np.array(values)
    assert to_bytes(x, "BF16") == x.astype(np.float32).astype(ml_dtypes.bfloat16).tobytes()


def test_brain_floats_in_the_middle() -> None:
    """Exactly between two of them: the even one."""
    middle = np.array([0x3F808000, 0x3F818000, 0xBF818000], dtype=np.uint32).view(np.float32)
    assert np.frombuffer(to_bytes(middle.astype(np.float64), "BF16"), "<u2").tolist() == [0x3F80, 0x3F82, 0xBF82]


def test_generated_texts() -> None:
    asked = WIRE.question("/v2/models/llm/generate", JSON, js({"text_input": "hi", "parameters": {"max_tokens": 9}}))
    assert (asked.texts, asked.tokens, asked.stream, asked.model) == (("hi",), 9, False, "llm")
    assert WIRE.answer(asked, JSON, js({"text_output": "well"})).texts == ("well",)
    streamed = WIRE.question("/v2/models/llm/generate_stream", JSON, js({"text_input": "hi"}))
    assert streamed.stream
    pieces = b'data: {"text_output": "we"}\n\ndata: {"text_output": "ll"}\n\ndata: {"text_out'
    assert WIRE.answer(streamed, JSON, pieces).texts == ("well",)
    assert WIRE.rewrite(JSON, pieces, tenth)[0] == pieces
