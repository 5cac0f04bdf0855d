"""Alerts and notices for tests, plain and hostile."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

from hypothesis import strategies as st

from violet.domain.alert import Alert, Evidence, Response
from violet.domain.incident_alert import Notice
from violet.domain.outcome import Confidence, Severity
from violet.runtime.alerts.correlate import CorrelationOptions, Correlator
from violet.runtime.alerts.documents import bounded

HOSTILE = "x|y=z\\\"'],<!channel> @everyone\r\n<14>1 forged\x1b]0;owned\x07\u202e\udc80[a](http://evil.test)`"
_numbers = itertools.count(1)


def alert(client: str = "key:1f0c", detector: str = "extraction/own_change", **changes: Any) -> Alert:
    number = next(_numbers)
    fields: dict[str, Any] = {
        "id": f"al-{number:04d}",
        "at": 1_790_000_000.25 + number,
        "model": "credit-risk",
        "client": client,
        "detector": detector,
        "title": "Asks as an extraction does",
        "severity": Severity.MEDIUM,
        "confidence": Confidence.MEDIUM,
        "score": 7.25,
        "threshold": 5.0,
        "evidence": Evidence(
            "Its last 64 queries are 7.25 sigmas from its own first 512.",
            {"sigmas": 7.25, "window": "64"},
            ("q-1", "q-2"),
            "the client's own first 512 queries",
        ),
        "query": "q-2",
        "after": 641,
        "techniques": ("AML.T0024.002",),
        "false_alarms": 0.5,
        "response": Response.SLOW,
        "worker": "w0",
    }
    return Alert(**{**fields, **changes})


def notices(*alerts: Alert, options: CorrelationOptions | None = None, step: float = 1.0) -> list[Notice]:
    """What comes of these alerts, one every ``step`` seconds."""
    correlator = Correlator(options)
    told: list[Notice] = []
    for number, each in enumerate(alerts):
        told.extend(correlator.take(bounded(each), 1, number * step))
    return told


def notice(**changes: Any) -> Notice:
    """The first notice about one alert."""
    return notices(alert(**changes))[0]


def hostile_notice() -> Notice:
    made = alert(
        client=HOSTILE,
        detector="inputs/off_type",
        model=HOSTILE,
        title=HOSTILE,
        evidence=Evidence(HOSTILE, {HOSTILE: HOSTILE}, (HOSTILE,), HOSTILE, ("a", HOSTILE)),
    )
    return notices(made)[0]


_names = st.text(max_size=40) | st.text(st.characters(), max_size=10) | st.just(HOSTILE)


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """Any alert at all: surrogates, control characters, figures that are no numbers."""
    return dataclasses.replace(
        alert(),
        id=draw(_names),
        at=draw(st.floats(0, 4e9)),
        model=draw(_names),
        client=draw(_names),
        detector=draw(st.sampled_from(["extraction/own_change", "drift/univariate", "x"]) | _names),
        title=draw(_names),
        severity=draw(st.sampled_from(Severity)),
        confidence=draw(st.sampled_from(Confidence)),
        score=draw(st.floats()),
        threshold=draw(st.floats()),
        false_alarms=draw(st.floats()),
        query=draw(_names),
        after=draw(st.integers(0, 10**9)),
        techniques=tuple(draw(st.lists(st.sampled_from(["AML.T0024.002", "AML.T0029"]) | _names, max_size=3))),
        response=draw(st.sampled_from(Response)),
        enforced=draw(st.booleans()),
        worker=draw(_names),
        evidence=Evidence(
            draw(_names),
            draw(st.dictionaries(_names, st.floats() | _names, max_size=4)),
            tuple(draw(st.lists(_names, max_size=3))),
            draw(_names),
            tuple(draw(st.lists(_names, max_size=3))),
        ),
    )
