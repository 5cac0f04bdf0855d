"""OpenTelemetry: a span for a request now and then, and the metrics, to a collector over OTLP/HTTP.

Off unless an endpoint is configured: ``open_tracing`` gives ``None`` then, nothing is imported, and a request pays for
one comparison. On, a request that is not sampled pays for a look at its ``traceparent`` and a random number. Which are
sampled: those whose caller's trace is, and of those without one the configured share; never more than ``most`` a
second, because callers choose their own headers. The model sees the guard's span as the parent of its own.

Attributes are those of the semantic conventions for HTTP and, where they fit, for generative AI; those of the guard's
own begin with ``violet.``. No row, prompt or answer is ever in a span.

Sources: W3C Trace Context level 1, section 3.2; OpenTelemetry semantic conventions 1.44, generative AI.
"""

from __future__ import annotations

import contextlib
import random
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from violet import __version__
from violet.domain.errors import MissingExtraError
from violet.runtime.metrics import BOUNDS, FAMILIES, PREFIX
from violet.runtime.policy_table import PolicyTable

if TYPE_CHECKING:
    from violet.runtime.hooks import Request, Ticket
    from violet.runtime.metrics import Metrics, Values

_PARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SCOPE = "violet.guard"
_PROVIDER = "self-hosted"
_OPERATIONS = {
    "chat/completions": "chat",
    "completions": "text_completion",
    "embeddings": "embeddings",
    "responses": "chat",
}
"""Ends of paths that have an operation of the conventions; whatever else is asked is ``predict``."""


@dataclass(frozen=True, slots=True)
class TracingOptions:
    """``endpoint`` is a collector's base address (``http://otel:4318``; empty: off), ``sample`` the share of requests
    that are traced where the caller does not say, ``most`` spans a second; metrics go out every ``metrics_every``
    seconds (0: never). ``headers`` go with every export."""

    endpoint: str = ""
    sample: float = 0.01
    most: int = 100
    metrics_every: float = 30.0
    headers: tuple[tuple[str, str], ...] = ()
    service: str = "violet-guard"
    worker: str = "0"
    provider: str = _PROVIDER
    timeout: float = 5.0
    queue: int = 2_048


@dataclass(frozen=True, slots=True)
class Parent:
    """What a caller's ``traceparent`` says."""

    trace: int
    span: int
    sampled: bool


def parse_parent(header: str) -> Parent | None:
    """``None`` for what is no ``traceparent``: a new trace begins then, as the standard asks."""
    match = _PARENT.fullmatch(header.strip(" \t"))
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    trace, span = int(match[2], 16), int(match[3], 16)
    return Parent(trace, span, bool(int(match[4], 16) & 1)) if trace and span else None


class Trace:
    """One traced request."""

    __slots__ = ("_provider", "_span")

    def __init__(self, span: Any, provider: str) -> None:
        self._span = span
        self._provider = provider

    def headers(self) -> tuple[tuple[str, str], ...]:
        """For the request to the model; ``tracestate`` goes on as it came."""
        context = self._span.get_span_context()
        return (("traceparent", f"00-{context.trace_id:032x}-{context.span_id:016x}-01"),)

    def finish(self, ticket: Ticket, status: int, seconds: float, tokens: int = 0) -> None:
        """End the span. ``status`` is that of the answer (0: there was none), ``seconds`` how long the model took,
        ``tokens`` how many the exchange was charged for, both ways, where that is known."""
        from opentelemetry.trace import Status, StatusCode

        question = ticket.question
        operation = _operation(ticket.request.path)
        span = self._span
        span.update_name(f"{operation} {ticket.model}".strip())
        attributes: dict[str, str | int | float | bool | list[str]] = {
            "gen_ai.operation.name": operation,
            "gen_ai.provider.name": self._provider,
            "gen_ai.request.model": ticket.model,
            "http.response.status_code": status,
            "violet.exchange": ticket.id,
            "violet.client": ticket.caller.id if ticket.caller is not None else "",
            "violet.protocol": ticket.wire.name if ticket.wire is not None else "",
            "violet.rows": question.count if question is not None else 0,
            "violet.upstream.seconds": seconds,
            "violet.response": str(ticket.rulings[0].response) if ticket.rulings else "allow",
            "violet.reasons": list(ticket.reasons[:16]),
        }
        if question is not None and question.tokens:
            attributes["gen_ai.request.max_tokens"] = question.tokens
        if tokens:  # the conventions have no name for the sum
            attributes["violet.tokens"] = tokens
        if status == 0 or status >= 500:
            attributes["error.type"] = str(status) if status else "no_answer"
            span.set_status(Status(StatusCode.ERROR))
        span.set_attributes({name: value for name, value in attributes.items() if value not in ("", [])})
        span.end()


class Tracing:
    """Made by ``open_tracing``. ``failures`` counts exports that the collector did not take."""

    def __init__(self, options: TracingOptions, metrics: Metrics | None = None) -> None:
        try:
            from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.metrics import NoOpMeterProvider
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import SpanLimits, TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ALWAYS_ON
        except ImportError as error:
            raise MissingExtraError("Tracing", "guard") from error
        _quiet()
        self.failures = 0
        self._options = options
        self._metrics = metrics
        self._second = 0.0
        self._left = options.most
        resource = Resource(
            {"service.name": options.service, "service.version": __version__, "service.instance.id": options.worker}
        )
        base = options.endpoint.rstrip("/")
        headers = dict(options.headers)
        silent = NoOpMeterProvider()
        exporter = OTLPSpanExporter(
            f"{base}/v1/traces", headers=headers, timeout=options.timeout, meter_provider=silent
        )
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=resource,
            shutdown_on_exit=False,
            span_limits=SpanLimits(max_attributes=32, max_attribute_length=256, max_events=0, max_links=0),
            meter_provider=silent,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                _counting(exporter, self._failed),
                max_queue_size=options.queue,
                schedule_delay_millis=1_000,
                export_timeout_millis=int(options.timeout * 1000),
                meter_provider=silent,
            )
        )
        self._tracer = self._provider.get_tracer(_SCOPE, __version__)
        self._resource = resource
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        if metrics is not None and options.metrics_every > 0:
            self._exporter = OTLPMetricExporter(
                f"{base}/v1/metrics", headers=headers, timeout=options.timeout, meter_provider=silent
            )
            self._thread = threading.Thread(target=self._send_metrics, name="violet-otlp-metrics", daemon=True)
            self._thread.start()

    def begin(self, request: Request) -> Trace | None:
        """The span of a request that is sampled. Never raises."""
        header = request.headers.get("traceparent")
        parent = parse_parent(header) if header is not None else None
        if parent is not None:
            if not parent.sampled:
                return None
        elif random.random() >= self._options.sample:
            return None
        if not self._room():
            return None
        from opentelemetry.trace import SpanKind

        span = self._tracer.start_span(
            "predict",
            context=_context(parent),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": request.method, "url.path": request.path[:256]},
        )
        return Trace(span, self._options.provider)

    def close(self, grace: float = 5.0) -> None:
        """Send what waits, for at most ``grace`` seconds."""
        self._ending.set()
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        deadline = time.monotonic() + grace
        for thread in (ending, self._thread):
            if thread is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def _room(self) -> bool:
        now = time.monotonic()
        if now - self._second >= 1.0:
            self._second, self._left = now, self._options.most
        self._left -= 1
        return self._left >= 0

    def _failed(self) -> None:
        self.failures += 1

    def _send_metrics(self) -> None:
        ending = False
        while not ending:
            ending = self._ending.wait(self._options.metrics_every)
            try:
                assert self._metrics is not None
                data = _metrics_data(self._metrics.values(), self._resource, self._metrics.started)
                if self._exporter.export(data).name != "SUCCESS":
                    self._failed()
            except Exception:  # a collector's fault, or a figure that is being changed: the next round has all again
                self._failed()
        with contextlib.suppress(Exception):
            self._exporter.shutdown()


KEYS = {
    "endpoint": "a collector's base address, for OTLP over HTTP (default: none, and nothing is traced)",
    "sample": "share of requests that are traced where the caller does not say (default: 0.01)",
    "most": "most spans a second (default: 100)",
    "metrics_every": "seconds between exports of metrics; 0: none (default: 30)",
    "headers": "a table of HTTP headers; env:NAME takes the value from the environment",
    "provider": "what spans call who offers the model (default: self-hosted)",
}


def parse_tracing(
    table: Any, file: str, worker: str = "0", environment: Mapping[str, str] | None = None
) -> TracingOptions:
    """What the table ``[guard.tracing]`` of ``file`` says. Raises ``ConfigurationError``."""
    read = PolicyTable(table, file, "guard.tracing", KEYS, environment)
    endpoint = read.text("endpoint")
    if endpoint and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", endpoint):
        raise read.error("endpoint", f"is {endpoint!r}", "Write the collector's address: http://localhost:4318.")
    default = TracingOptions()
    return TracingOptions(
        endpoint=endpoint,
        sample=read.between("sample", default.sample, 0.0, 1.0),
        most=int(read.between("most", default.most, 1, 100_000)),
        metrics_every=read.between("metrics_every", default.metrics_every, 0.0, 3_600.0),
        headers=read.headers(),
        worker=worker,
        provider=read.text("provider", default.provider),
    )


def open_tracing(options: TracingOptions, metrics: Metrics | None = None) -> Tracing | None:
    """``None`` where no endpoint is configured. Raises ``MissingExtraError``."""
    return Tracing(options, metrics) if options.endpoint else None


def _operation(path: str) -> str:
    for end, operation in _OPERATIONS.items():
        if path.endswith(f"/{end}"):
            return operation
    return "predict"


def _context(parent: Parent | None) -> Any:
    from opentelemetry.context import Context
    from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

    if parent is None:
        return Context()
    remote = SpanContext(parent.trace, parent.span, is_remote=True, trace_flags=TraceFlags(TraceFlags.SAMPLED))
    return set_span_in_context(NonRecordingSpan(remote), Context())


def _quiet() -> None:
    """A collector that is away is counted, and not a line on the terminal for every span."""
    import logging

    for name in ("opentelemetry.exporter.otlp", "opentelemetry.sdk"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _counting(exporter: Any, failed: Callable[[], None]) -> Any:
    """The exporter, with its failures counted."""
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

    class Counting(SpanExporter):
        def export(self, spans: Any) -> Any:
            result = exporter.export(spans)
            if result is not SpanExportResult.SUCCESS:
                failed()
            return result

        def shutdown(self) -> None:
            exporter.shutdown()

        def force_flush(self, timeout_millis: int = 30_000) -> bool:
            return bool(exporter.force_flush(timeout_millis))

    return Counting()


# -- metrics -----------------------------------------------------------------------------------------


def _metrics_data(values: Values, resource: Any, started: float) -> Any:
    """What the worker counted, as OpenTelemetry has it: sums and histograms since the start, and gauges."""
    from opentelemetry.sdk.metrics.export import (
        AggregationTemporality,
        Gauge,
        Histogram,
        Metric,
        MetricsData,
        NumberDataPoint,
        ResourceMetrics,
        ScopeMetrics,
        Sum,
    )
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    now, since = time.time_ns(), int(started * 1e9)

    def points(labels: tuple[str, ...], some: Mapping[tuple[str, ...], float]) -> Iterable[NumberDataPoint]:
        return [
            NumberDataPoint(dict(zip(labels, names, strict=True)), since, now, value) for names, value in some.items()
        ]

    made = []
    for family in FAMILIES:
        name = (PREFIX + family.name).removesuffix("_total").replace("_", ".")
        data: Any
        if family.kind == "histogram":
            name = name.removesuffix(".seconds")
            data = Histogram(_histograms(family.name, values, since, now), AggregationTemporality.CUMULATIVE)
        elif family.kind == "counter":
            data = Sum(
                list(points(family.labels, values.get(family.name, {}))), AggregationTemporality.CUMULATIVE, True
            )
        else:
            data = Gauge(list(points(family.labels, values.get(family.name, {}))))
        if data.data_points:
            unit = "s" if "seconds" in family.name else "By" if family.name.endswith("bytes") else "1"
            made.append(Metric(name, family.help, unit, data))
    scope = ScopeMetrics(InstrumentationScope(_SCOPE, __version__), made, "")
    return MetricsData([ResourceMetrics(resource, [scope], "")])


def _histograms(name: str, values: Values, since: int, now: int) -> list[Any]:
    from opentelemetry.sdk.metrics.export import HistogramDataPoint

    points = []
    unknown: Any = None
    buckets = values.get(f"{name}_bucket", {})
    for (model,), total in values.get(f"{name}_sum", {}).items():
        counts = [int(buckets.get((model, str(bound)), 0)) for bound in BOUNDS]
        counts.append(int(buckets.get((model, "+Inf"), 0)))
        points.append(
            HistogramDataPoint(
                attributes={"model": model},
                start_time_unix_nano=since,
                time_unix_nano=now,
                count=sum(counts),
                sum=total,
                bucket_counts=counts,
                explicit_bounds=list(BOUNDS),
                min=unknown,
                max=unknown,
            )
        )
    return points
