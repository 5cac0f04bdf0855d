"""Whatever is sent, a protocol says ``Unreadable`` or reads it: within bounds, and never anything else."""

from __future__ import annotations

import json
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.wire.forms import JSON, Array, binary, js, tensor, with_bytes
from violet.domain.errors import ConfigurationError
from violet.runtime.wire._reading import Bounds, document, plain, write
from violet.runtime.wire.base import Ambiguous, Answer, Question, Unreadable, Wire
from violet.runtime.wire.known import NAMES, WireTable, wire_of, wires
from violet.runtime.wire.template import Places

PATHS = {
    "v2": "/v2/models/m/infer",
    "mlflow": "/invocations",
    "tf-serving": "/v1/models/m:predict",
    "torchserve": "/predictions/m",
    "openai": "/v1/chat/completions",
    "template": "/score",
}
TEMPLATE = Places("/score", rows="$.inputs", scores="$.predictions", labels="$.labels", names=("a", "b"))
ALL = [pytest.param(wire, id=wire.name) for wire in wires(NAMES, [TEMPLATE])]
KEYS = st.sampled_from(
    "inputs outputs instances predictions dataframe_split dataframe_records columns data index name shape datatype "
    "parameters binary_data_size b64 examples context signature_name result messages content prompt input text choices "
    "message delta logprobs top_logprobs token_logprobs logprob token tokens usage total_tokens model stream n labels "
    "text_input text_output output".split()
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.integers(0, 4),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["FP32", "BYTES", "INT64", "BF16", "x", "data: {}"]),
)
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
HEADERS = st.sampled_from(
    [{}, JSON, {"content-type": "text/csv"}, {"content-type": "text/plain"}, {"inference-header-content-length": "20"}]
)
QUESTIONS = st.sampled_from(
    [Question(), Question("m", [[1.0, 2.0]]), Question("m", [[1.0]] * 2), Question("m", texts=("a",), stream=True)]
)


def tenth(scores: Array) -> Array:
    assert scores.ndim == 2
    return np.round(scores, 1)


def ask_all(wire: Wire, headers: dict[str, str], body: bytes, question: Question) -> None:
    try:
        found = wire.question(PATHS[wire.name], headers, body)
        assert found.count >= 0
        assert all(isinstance(text, str) for text in found.texts)
        if not isinstance(found.rows, np.ndarray):
            assert len({len(row) for row in found.rows}) <= 1
            assert all(value is None or type(value) in (float, str) for row in found.rows for value in row)
    except Unreadable:
        pass
    answer: Answer | None = None
    try:
        answer = wire.answer(question, headers, body)
        assert len(answer.scores) in (0, question.count) or not question.count
        assert len(answer.labels) in (0, question.count) or not question.count
        assert all(type(label) in (float, str) for label in answer.labels)
        assert isinstance(answer.tokens, int)
    except Unreadable:
        pass
    try:
        made, _ = wire.rewrite(headers, body, tenth, answer)
        assert isinstance(made, bytes)
    except Unreadable:
        pass


@pytest.mark.parametrize("wire", ALL)
@given(st.data())
def test_documents_of_the_right_words(wire: Wire, data: st.DataObject) -> None:
    body = json.dumps(data.draw(DOCUMENTS)).encode()
    if data.draw(st.booleans()):
        body = b"data: " + body + b"\n\n"
    ask_all(wire, data.draw(HEADERS), body, data.draw(QUESTIONS))


@pytest.mark.parametrize("wire", ALL)
@given(body=st.binary(max_size=60), headers=HEADERS, question=QUESTIONS)
def test_garbage(wire: Wire, body: bytes, headers: dict[str, str], question: Question) -> None:
    ask_all(wire, headers, body, question)


GOOD = {
    "v2": js({"inputs": [tensor("x", "FP32", (1, 2), [1, 2])], "outputs": [tensor("y", "FP32", (1, 2), [0.1, 0.9])]}),
    "mlflow": js({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2]]}, "predictions": [[0.1, 0.9]]}),
    "tf-serving": js({"instances": [{"a": [1, {"b64": "eA=="}]}], "predictions": [[0.1, 0.9]]}),
    "torchserve": js({"data": [[1, 2]], "predictions": [{"a": 0.1, "b": 0.9}]}),
    "openai": b'data: {"messages":[{"content":"x"}],"choices":[{"logprobs":{"content":[{"logprob":-0.1}]}}]}\n\n',
    "template": js({"inputs": [[1, 2]], "predictions": [[0.1, 0.9]], "labels": [1]}),
}


@pytest.mark.parametrize("wire", ALL)
@given(place=st.integers(0, 200), change=st.binary(max_size=3), cut=st.integers(0, 3))
def test_good_bodies_with_mistakes(wire: Wire, place: int, change: bytes, cut: int) -> None:
    body = GOOD[wire.name]
    place %= len(body)
    ask_all(wire, JSON, body[:place] + change + body[place + cut :], Question("m", [[1.0, 2.0]]))


@given(place=st.integers(0, 300), change=st.binary(max_size=3), cut=st.integers(0, 3), length=st.integers(-2, 2))
def test_good_bytes_with_mistakes(place: int, change: bytes, cut: int, length: int) -> None:
    (wire,) = wires(["v2"])
    for part in ("inputs", "outputs"):
        tensors = [binary("x", "FP32", np.ones((1, 2))), binary("w", "BYTES", np.array([["a", "bc"]], dtype=object))]
        headers, body = with_bytes(part, tensors)
        headers["inference-header-content-length"] = str(int(headers["inference-header-content-length"]) + length)
        at = place % len(body)
        ask_all(wire, headers, body[:at] + change + body[at + cut :], Question("m", [[1.0, 2.0]]))


@pytest.mark.parametrize("wire", ALL)
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"inputs":' * 100_000,
        b'{"inputs":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"instances":'
        + b"[" * 900
        + b"1"
        + b"]" * 900
        + b',"predictions":'
        + b"[" * 900
        + b"1.5"
        + b"]" * 900
        + b"}",
        b'{"messages":' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"inputs":[{"a":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}]}",
        b'{"a":' * 900 + b"NaN" + b"}" * 900,
        b"9" * 5000,
        b"1e999",
        b'{"inputs":[1e999, -1e999, NaN]}',
        b'{"inputs":["\\ud800"]}',
        b'{"inputs":["\\ud800", NaN]}',
        b'{"inputs":["\xff"]}',
        b"\0" * 50,
        b"data: \n\n" * 20_000,
        b'data: {"choices":[{"index":[1],"delta":{"content":[[[]]]}}]}\n\n',
    ],
)
def test_bombs(wire: Wire, body: bytes) -> None:
    for question in (Question("m", [[1.0, 2.0]]), Question("m", texts=("a",), stream=True)):
        ask_all(wire, JSON, body, question)


@pytest.mark.parametrize(
    "body",
    [b"[" + b"[]," * 100_000 + b"[]]", b"[" + b"{}," * 100_000 + b"{}]", b"[" + b"1," * 100_000 + b"1]"],
)
def test_too_many_values_are_not_read(body: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable, match=r"more than 1,000 (values|objects)"):
            document(body, Bounds(values=1_000, containers=1_000))
        assert tracemalloc.get_traced_memory()[1] < 1 << 16
    finally:
        tracemalloc.stop()


EXPENSIVE = {
    "lists": (b'{"inputs":[', b"[],"),
    "objects": (b'{"inputs":[', b"{},"),
    "rows of one": (b'{"inputs":[', b"[true],"),
    "records": (b'{"dataframe_records":[', b'{"a":1},'),
    "lists in records": (b'{"dataframe_records":[', b'{"a":[1]},'),
    "words": (b'{"inputs":[', b'":",'),
    "tensors": (b'{"inputs":[', b'{"name":"","datatype":"","shape":[],"data":[1]},'),
    "messages": (b'{"messages":[', b'{"content":"x"},'),
    "a table": (b"a,b,c\n", b"1,2,3\n"),
    "empty lines": (b"a\n", b"\n"),
}


@pytest.mark.parametrize("wire", ALL)
@pytest.mark.parametrize("kind", list(EXPENSIVE))
def test_what_would_hold_up_the_others_is_not_read(wire: Wire, kind: str) -> None:
    """Eight megabytes of these took up to 13 seconds before they were counted first."""
    begin, unit = EXPENSIVE[kind]
    body = begin + unit * ((8 << 20) // len(unit))
    body = body if b"\n" in unit else body[:-1] + b"]}"
    headers = {"content-type": "text/csv"} if b"\n" in unit else JSON
    if wire.name == "torchserve" and b"\n" in unit:
        return  # a text of its own there
    with pytest.raises(Unreadable):
        wire.question(PATHS[wire.name], headers, body)
    if b"\n" not in unit:
        with pytest.raises(Unreadable, match="more than"):
            wire.answer(Question("m", [[1.0]]), JSON, body)


def test_shapes_allocate_nothing() -> None:
    (wire,) = wires(["v2"])
    bodies = [
        js({"inputs": [tensor("x", "FP32", (10**12,), []), tensor("y", "FP32", (1,), [1.0])]}),
        js({"inputs": [tensor("x", "FP32", (10**12, 0), []), tensor("y", "FP32", (10**12, 0), [])]}),
        js({"inputs": [tensor("x", "BYTES", (10**9,), [])]}),
    ]
    said = {"name": "x", "datatype": "BYTES", "shape": [3_000_000], "parameters": {"binary_data_size": 4}}
    tracemalloc.start()
    try:
        for body in bodies:
            ask_all(wire, JSON, body, Question("m", [[1.0]]))
        headers, body = with_bytes("inputs", [(said, b"\0\0\0\0")])
        ask_all(wire, headers, body, Question("m", [[1.0]]))
        assert tracemalloc.get_traced_memory()[1] < 1 << 18
    finally:
        tracemalloc.stop()


@given(DOCUMENTS)
def test_a_document_is_read_as_it_was_written(value: Any) -> None:
    try:
        found = document(json.dumps(value).encode())
    except Unreadable:
        assert any(word in repr(value) for word in ("e+", "inf", "nan")) or _has_huge(value) or _has_half(value)
        return
    assert json.dumps(found) == json.dumps(json.loads(json.dumps(value)))
    assert json.dumps(json.loads(write(found))) == json.dumps(found) or _has_huge(value)


def _has_huge(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_huge, value.values()))
    if isinstance(value, list):
        return any(map(_has_huge, value))
    return isinstance(value, int) and not -(2**63) <= value < 2**64


def _has_half(value: Any) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in json.dumps(value, ensure_ascii=False))


@given(st.dictionaries(st.text(max_size=4), DOCUMENTS, min_size=1, max_size=3), st.data())
def test_a_name_said_twice_is_seen(value: dict[str, Any], data: st.DataObject) -> None:
    """Wherever it stands, and however it is spelt."""
    name = data.draw(st.sampled_from(sorted(value)))
    spelt = json.dumps(name) if data.draw(st.booleans()) else '"' + "".join(_escaped(c) for c in name) + '"'
    body = json.dumps({"a": [value]})
    twice = body.replace('{"a": [{', '{"a": [{' + spelt + ': "x:y", ', 1).encode()
    try:
        document(body.encode())
    except Unreadable:
        return
    with pytest.raises(Ambiguous, match="twice"):
        document(twice)


@pytest.mark.parametrize("space", [" ", "\t", "\n", "\r"])
def test_a_name_said_twice_behind_a_text_that_looks_like_one(space: str) -> None:
    """As many colons after quotation marks as there are names."""
    body = '{"a"_:1,"a":2,"b"_:"\\":"}'.replace("_", space)
    assert json.loads(body) == {"a": 2, "b": '":'}
    with pytest.raises(Ambiguous):
        document(body.encode())
    assert document(body.replace('"a":2', '"c":2').encode()) == {"a": 1, "c": 2, "b": '":'}


def _escaped(letter: str) -> str:
    return "".join(f"\\u{int.from_bytes(unit, 'big'):04x}" for unit in _units(letter))


def _units(letter: str) -> list[bytes]:
    code = letter.encode("utf-16-be", "surrogatepass")
    return [code[place : place + 2] for place in range(0, len(code), 2)]


@given(st.text("ab/.%2fe", max_size=14))
def test_plain_paths_stay_plain(path: str) -> None:
    found = plain(path)
    if "%" not in found:
        assert plain(found) == found
    assert "//" not in found


def test_which_protocol() -> None:
    for name, path in PATHS.items():
        found = wire_of("POST", path)
        assert (found.name if found is not None else "template") == name
    assert wire_of("GET", PATHS["v2"]) is None
    table = WireTable(wires(["mlflow"], [Places("/invocations", rows="$", name="own")]))
    own = table.of("POST", "/invocations")
    assert own is not None
    assert own.name == "own"
    assert table.of("POST", "/" + "a" * 5000) is None
    assert table.of("POST", "/" + "a" * 5000 + "/invocations") is not None
    with pytest.raises(ConfigurationError, match="no protocol"):
        wires(["grpc"])
    assert [wire.name for wire in wires(["oip", "v2"])] == ["v2"]
