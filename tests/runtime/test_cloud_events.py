from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.errors import ConfigurationError
from violet.domain.traffic import Exchange
from violet.runtime.cloud_events import Event, Joining, events, from_http

ASK = {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1.5, 2.5]}]}
SAY = {"model_name": "m", "outputs": [{"name": "p", "shape": [1, 2], "datatype": "FP32", "data": [0.25, 0.75]}]}


def event(id_: str, kind: str, body: Any, at: float = 0.0, **attributes: str) -> Event:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Event(id_, f"org.kubeflow.serving.inference.{kind}", at, data, {"inferenceservicename": "m", **attributes})


def joined(several: Iterable[Event], join: Joining | None = None) -> list[Exchange]:
    join = join or Joining()
    found = [exchange for one in several for exchange in join.take(one)]
    return [*found, *join.flush()]


def test_a_request_and_its_answer_are_one_exchange_in_whatever_order() -> None:
    both = [event("a", "request", ASK, 10.0), event("a", "response", SAY, 10.5)]
    for order in (both, both[::-1]):
        (found,) = joined(order)
        assert found.rows == ((1.5, 2.5),)
        assert found.scores == ((0.25, 0.75),)
        assert (found.at, found.seconds, found.status, found.protocol) == (10.0, 0.5, 200, "v2")


@pytest.mark.parametrize(
    ("ask", "say", "protocol"),
    [
        ({"instances": [[1, 2]]}, {"predictions": [[0.25, 0.75]]}, "tf-serving"),
        ({"inputs": [[1, 2]]}, {"outputs": [[0.25, 0.75]]}, "tf-serving"),
        (ASK, SAY, "v2"),
        (
            {"model": "m", "messages": [{"role": "user", "content": "hello"}]},
            {"choices": [{"index": 0, "message": {"role": "assistant", "content": "good day"}}]},
            "openai",
        ),
    ],
)
def test_the_protocol_is_told_by_the_body(ask: Any, say: Any, protocol: str) -> None:
    (found,) = joined([event("a", "request", ask), event("a", "response", say)])
    assert found.protocol == protocol
    if protocol == "openai":
        assert found.answers == ("good day",)
        assert any("hello" in text for text in found.texts)
    else:
        assert found.scores == ((0.25, 0.75),)


def test_a_request_whose_answer_never_comes_is_told_after_a_while() -> None:
    join = Joining(patience=60.0)
    assert list(join.take(event("a", "request", ASK, 0.0))) == []
    assert list(join.take(event("b", "request", ASK, 59.0))) == []
    (found,) = join.take(event("c", "request", ASK, 61.0))
    assert (found.id, found.status, found.scores) == ("a", 0, ())
    assert [one.id for one in join.flush()] == ["b", "c"]


def test_an_answer_without_a_request_is_counted_and_nothing_else() -> None:
    join = Joining()
    assert joined([event("a", "response", SAY)], join) == []
    assert join.orphans == 1


def test_what_waits_is_bounded() -> None:
    join = Joining(pending=100)
    found = []
    for number in range(1000):
        found += list(join.take(event(str(number), "request", ASK)))
        assert join.waiting <= 100
    assert [one.id for one in found] == [str(number) for number in range(900)]


@given(st.permutations([("a", "request"), ("a", "response"), ("b", "request"), ("b", "response"), ("c", "request")]))
def test_any_order_gives_the_same_exchanges(order: list[tuple[str, str]]) -> None:
    found = joined(event(id_, kind, ASK if kind == "request" else SAY) for id_, kind in order)
    assert sorted((one.id, one.status) for one in found) == [("a", 200), ("b", 200), ("c", 0)]


def test_an_id_that_is_used_twice_takes_answers_in_order() -> None:
    said = [{"outputs": [{"name": "p", "shape": [1, 2], "datatype": "FP32", "data": [p, 1 - p]}]} for p in (0.25, 0.5)]
    found = joined(
        [
            event("a", "request", ASK, 1.0),
            event("a", "request", ASK, 2.0),
            event("a", "response", said[0], 3.0),
            event("a", "response", said[1], 4.0),
        ]
    )
    assert [(one.at, one.scores[0][0]) for one in found] == [(1.0, 0.25), (2.0, 0.5)]


def test_halves_of_different_services_do_not_meet() -> None:
    found = joined([event("a", "request", ASK, namespace="x"), event("a", "response", SAY, namespace="y")])
    assert [one.status for one in found] == [0]


def test_what_is_in_no_protocol_is_counted_with_the_reason() -> None:
    join = Joining()
    bad = [b"", b"\xff", b"[" * 100_000, b'{"instances": [[1, 2], [3]]}', b'{"question": 1}']
    assert joined([event(str(n), "request", body) for n, body in enumerate(bad)], join) == []
    assert join.unreadable == len(bad)
    assert "'4'" in join.last


def test_the_caller_is_told_by_a_logged_header() -> None:
    said = event("a", "request", ASK, metadata='{"X-Team": ["billing"], "Other": []}')
    assert [one.client for one in joined([said], Joining("x-team"))] == ["header:billing"]
    assert [one.client for one in joined([said])] == ["unknown"]
    named = Joining(name=lambda headers: "team:" + headers["x-team"])
    assert [one.client for one in joined([said], named)] == ["team:billing"]
    for broken in ("{", "[]", '{"X-Team": 3}', '{"X-Team": []}'):
        assert [one.client for one in joined([event("a", "request", ASK, metadata=broken)], Joining("x-team"))] == [
            "unknown"
        ]
    with pytest.raises(ConfigurationError, match="secret"):
        Joining("Authorization")


def test_events_of_the_official_library_are_read_in_all_three_modes() -> None:
    http = pytest.importorskip("cloudevents.core.bindings.http")
    from cloudevents.core.v1.event import CloudEvent

    attributes = {
        "specversion": "1.0",
        "id": "a",
        "type": "org.kubeflow.serving.inference.request",
        "source": "http://localhost:9081/",
        "inferenceservicename": "m",
        "datacontenttype": "application/json",
        "time": datetime(2026, 12, 1, 12, 0, 0, 123456, UTC),
    }
    made = CloudEvent(attributes, ASK)
    seen = []
    for message in (http.to_structured_event(made), http.to_binary_event(made)):
        seen += from_http({name.lower(): value for name, value in message.headers.items()}, message.body)
    structured = http.to_structured_event(made).body
    seen += events(b"[" + structured + b"]")
    seen += from_http({"content-type": "application/cloudevents-batch+json"}, b"[" + structured + b"]")
    assert len(seen) == 4
    for one in seen:
        assert one.id == "a"
        assert json.loads(one.body) == ASK
        assert one.attributes["inferenceservicename"] == "m"
        assert one.at == pytest.approx(1796126400.123456)


def test_bytes_in_base64_are_read() -> None:
    said = {"specversion": "1.0", "id": "a", "type": "t", "data_base64": base64.b64encode(b"\0\1").decode()}
    assert events(json.dumps(said).encode())[0].body == b"\0\1"


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"3",
        b"[3]",
        b'{"specversion": "1.0"}',
        b'{"specversion": "1.0", "id": "a", "type": "t", "time": "yesterday"}',
        b'{"specversion": "1.0", "id": "a", "type": "t", "data_base64": "%"}',
        b'{"specversion": "9", "id": "a", "type": "t"}',
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_no_event_is_a_value_error(document: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        events(document)


names = st.sampled_from(["specversion", "id", "type", "time", "data", "data_base64", "x"])
plain = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(names, inner)))
def test_any_json_is_events_or_a_value_error(said: Any) -> None:
    with suppress(ValueError):
        events(json.dumps(said).encode())
