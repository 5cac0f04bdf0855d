"""Spans and metrics as a collector gets them: one that is written here, over OTLP/HTTP."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.runtime.alerts.receivers import HttpReceiver, http_receiver
from tests.runtime.alerts.waiting import until_blocking
from tests.runtime.test_metrics import filled
from violet.domain.alert import Response, Ruling
from violet.domain.errors import ConfigurationError
from violet.domain.traffic import Caller, Identification
from violet.runtime.hooks import Request, Ticket
from violet.runtime.tracing import KEYS, Tracing, TracingOptions, open_tracing, parse_parent, parse_tracing
from violet.runtime.wire.base import Question

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UNSAMPLED = PARENT[:-2] + "00"


def request(path: str = "/v2/models/credit/infer", **headers: str) -> Request:
    return Request("POST", path, b"", headers, "10.0.0.7")


def tracing(url: str, **options: Any) -> Tracing:
    made = open_tracing(TracingOptions(url.removesuffix("/hook"), **{"sample": 1.0, "metrics_every": 0.0, **options}))
    assert made is not None
    return made


def ticket(asked: Request, **changes: Any) -> Ticket:
    fields: dict[str, Any] = {
        "caller": Caller("key:1f0c", Identification.KEY),
        "model": "credit",
        "id": "w0-7",
        "question": Question("credit", rows=[[1.0, "canary"], [2.0, "canary"]], texts=(), tokens=0),
        "body": b"canary",
    }
    return Ticket(asked, 0.0, **{**fields, **changes})


def spans(receiver: HttpReceiver) -> list[Any]:
    found = []
    for got in receiver.got:
        if got.path == "/v1/traces":
            body = gzip.decompress(got.body) if got.headers.get("content-encoding") == "gzip" else got.body
            message = ExportTraceServiceRequest.FromString(body)
            for resource in message.resource_spans:
                assert value(resource.resource.attributes, "service.name") == "violet-guard"
                found += [span for scope in resource.scope_spans for span in scope.spans]
    return found


def value(attributes: Any, name: str) -> Any:
    (found,) = [entry.value for entry in attributes if entry.key == name]
    kind = found.WhichOneof("value")
    return [entry.string_value for entry in found.array_value.values] if kind == "array_value" else getattr(found, kind)


def test_a_traced_request_reaches_the_collector_with_its_parent() -> None:
    with http_receiver() as receiver:
        made = tracing(receiver.url, headers=(("x-key", "k"),))
        asked = request(traceparent=PARENT)
        trace = made.begin(asked)
        assert trace is not None
        ((name, header),) = trace.headers()
        ruling = Ruling("key:1f0c", Response.SLOW, 1.0, "r", "extraction/x", 0.0)
        trace.finish(ticket(asked, rulings=(ruling,), reasons=["slow"]), 200, 0.0125)
        made.close()
        (span,) = spans(receiver)
        assert receiver.got[0].headers["x-key"] == "k"
    assert span.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert span.parent_span_id.hex() == "00f067aa0ba902b7"
    assert (name, header) == ("traceparent", f"00-{span.trace_id.hex()}-{span.span_id.hex()}-01")
    assert span.name == "predict credit"
    assert span.kind == 2, "server"
    assert span.end_time_unix_nano >= span.start_time_unix_nano
    wanted = {
        "gen_ai.operation.name": "predict",
        "gen_ai.request.model": "credit",
        "http.request.method": "POST",
        "url.path": "/v2/models/credit/infer",
        "http.response.status_code": 200,
        "violet.client": "key:1f0c",
        "violet.exchange": "w0-7",
        "violet.rows": 2,
        "violet.response": "slow",
        "violet.reasons": ["slow"],
        "violet.upstream.seconds": 0.0125,
    }
    assert {name: value(span.attributes, name) for name in wanted} == wanted
    assert "canary" not in str(span)


def test_a_question_to_a_language_model_has_the_conventions_names() -> None:
    with http_receiver() as receiver:
        made = tracing(receiver.url)
        asked = request("/v1/chat/completions")
        trace = made.begin(asked)
        assert trace is not None
        question = Question("llm", texts=("canary",), tokens=128)
        trace.finish(ticket(asked, model="llm", question=question), 503, 0.1, 46)
        made.close()
        (span,) = spans(receiver)
    wanted = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "self-hosted",
        "gen_ai.request.max_tokens": 128,
        "violet.tokens": 46,
        "error.type": "503",
    }
    assert {name: value(span.attributes, name) for name in wanted} == wanted
    assert span.status.code == 2, "error"
    assert not span.parent_span_id


def test_who_is_not_sampled_is_not_traced() -> None:
    with http_receiver() as receiver:
        made = tracing(receiver.url)
        assert made.begin(request(traceparent=UNSAMPLED)) is None
        never = tracing(receiver.url, sample=0.0)
        assert all(never.begin(request()) is None for _ in range(1_000))
        assert never.begin(request(traceparent=PARENT)) is not None, "the caller's trace goes on"
        some = tracing(receiver.url, sample=0.5, most=10_000)
        assert 300 < sum(some.begin(request()) is not None for _ in range(1_000)) < 700
        for each in (made, never, some):
            each.close(0.0)


def test_callers_cannot_have_everything_traced() -> None:
    with http_receiver() as receiver:
        made = tracing(receiver.url, most=5)
        begun = [made.begin(request(traceparent=PARENT)) for _ in range(1_000)]
        assert sum(trace is not None for trace in begun) <= 10, "at most five in each second that this takes"
        made.close(0.0)


def test_a_collector_that_is_away_is_counted_and_holds_nothing_up() -> None:
    with http_receiver((400, {})) as receiver:
        made = tracing(receiver.url, timeout=0.2)
        for _ in range(50):
            trace = made.begin(request())
            assert trace is not None
            trace.finish(ticket(request()), 200, 0.0)
        made.close(2.0)
        assert made.failures >= 1


def test_metrics_arrive_as_they_were_counted() -> None:
    with http_receiver() as receiver:
        made = open_tracing(TracingOptions(receiver.url.removesuffix("/hook"), metrics_every=0.01), filled())
        assert made is not None
        until_blocking(lambda: [got for got in receiver.got if got.path == "/v1/metrics"])
        made.close()
        (got, *_) = [got for got in receiver.got if got.path == "/v1/metrics"]
    message = ExportMetricsServiceRequest.FromString(got.body)
    metrics = {m.name: m for r in message.resource_metrics for s in r.scope_metrics for m in s.metrics}
    requests = metrics["violet.guard.requests"]
    assert requests.sum.is_monotonic
    counted = {value(point.attributes, "code"): point.as_double or point.as_int for point in requests.sum.data_points}
    assert counted["2xx"] == 4
    (histogram, *_) = [p for p in metrics["violet.guard.request.duration"].histogram.data_points if p.count == 5]
    assert metrics["violet.guard.request.duration"].unit == "s"
    assert sum(histogram.bucket_counts) == 5
    assert not histogram.HasField("max"), "it is not known, and not claimed"
    assert metrics["violet.guard.queue.length"].gauge.data_points[0].as_int == 5


def test_off_is_nothing_at_all() -> None:
    assert open_tracing(TracingOptions()) is None
    code = "import sys, violet.runtime.tracing as t; t.open_tracing(t.TracingOptions()); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "'violet.runtime.tracing'" in done.stdout
    assert "'opentelemetry" not in done.stdout


def test_the_table_of_a_policy() -> None:
    table = {"endpoint": "http://otel:4318", "sample": 0.5, "headers": {"authorization": "env:OTEL"}, "most": 7}
    options = parse_tracing(table, "violet.toml", "w1", {"OTEL": "Bearer x"})
    assert (options.endpoint, options.sample, options.most, options.worker) == ("http://otel:4318", 0.5, 7, "w1")
    assert options.headers == (("authorization", "Bearer x"),)
    assert parse_tracing({}, "violet.toml") == TracingOptions()


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"endpoint": "otel:4318"}, r"endpoint is 'otel:4318'"),
        ({"sample": 1.5}, r"sample is 1\.5"),
        ({"smaple": 0.5}, r"smaple is no key here. Did you mean sample"),
        ({"headers": {"a": "env:NO"}}, r"headers\.a names the environment variable 'NO'"),
        (7, r"is no table"),
    ],
)
def test_what_cannot_be_is_said_with_file_and_key(table: Any, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_tracing(table, "violet.toml", environment={})
    assert re.search(rf"^violet\.toml: guard\.tracing\.?{complaint}| {complaint}", raised.value.diagnostics())


@given(st.text(max_size=70) | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-x)?", fullmatch=True))
def test_a_parent_is_what_the_standard_says_or_none(header: str) -> None:
    parent = parse_parent(header)
    if parent is not None:
        version, trace, span, flags, *more = header.strip(" \t").split("-")
        assert version != "ff"
        assert not (version == "00" and more)
        assert (parent.trace, parent.span) == (int(trace, 16), int(span, 16))
        assert parent.trace
        assert parent.span
        assert parent.sampled == bool(int(flags, 16) & 1)


@pytest.mark.parametrize(
    ("header", "good"),
    [
        (PARENT, True),
        (UNSAMPLED, True),
        ("cc" + PARENT[2:] + "-future", True),
        (PARENT + "-x", False),
        ("ff" + PARENT[2:], False),
        (PARENT.upper(), False),
        (PARENT.replace("4bf92f3577b34da6a3ce929d0e0e4736", "0" * 32), False),
        (PARENT.replace("00f067aa0ba902b7", "0" * 16), False),
        (PARENT + ", " + PARENT, False),
        ("", False),
    ],
)
def test_examples_of_the_standard(header: str, good: bool) -> None:
    assert (parse_parent(header) is not None) == good


def test_every_key_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "tasks" / "route-alerts.md").read_text()
    assert all(f"`{key}`" in page for key in KEYS)
