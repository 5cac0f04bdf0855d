"""What a request goes through before it is passed on and after it was answered: a station's hooks, without a
network."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from violet.detectors.reference import Reference, fit_reference
from violet.domain.alert import Response, Ruling
from violet.domain.guarding import GuardPolicy, LimitPolicy, Mode, OnError, Quota, Unknown
from violet.runtime.guard import fitted
from violet.runtime.hooks import Request, Ticket
from violet.runtime.station import Station, station_options
from violet.runtime.wire.base import Question

PATH = "/v2/models/m/infer"


def station(profile: str, **fields: Any) -> Station:
    policy = replace(GuardPolicy(), mode=Mode.ENFORCE, **fields)
    return Station(station_options(policy, model="m", profile=profile, beside=False))


def request(key: str = "ann", path: str = PATH, method: str = "POST") -> Request:
    headers = {"content-type": "application/json", "x-api-key": key}
    return Request(method, path, b"", headers, "10.0.0.1", client="10.0.0.1")


def body(*rows: Any) -> bytes:
    flat = [value for row in rows for value in row]
    tensor = {"name": "x", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": flat}
    return json.dumps({"inputs": [tensor]}).encode()


def answer(*chances: float) -> bytes:
    flat = [value for chance in chances for value in (1 - chance, chance)]
    output = {"name": "p", "shape": [len(chances), 2], "datatype": "FP64", "data": flat}
    return json.dumps({"outputs": [output]}).encode()


HEADERS = {"content-type": "application/json"}


def opened(made: Station, **words: Any) -> Ticket:
    ticket = made.hooks.opened(request(**words))
    assert ticket is not None
    return ticket


def test_what_is_no_prediction_is_not_its_matter(profile: str) -> None:
    assert station(profile).hooks.opened(request(path="/metrics")) is None
    refused = station(profile, unknown=Unknown.REFUSE).hooks.opened(request(path="/metrics"))
    assert refused is not None
    assert refused.reply is not None
    assert refused.reply.status == 404


def test_every_ruling_in_force_is_obeyed(profile: str) -> None:
    made = station(profile)
    first = opened(made)
    assert first.caller is not None
    now = time.time()
    for response in (Response.SLOW, Response.ROUND):
        made.rulings.put(Ruling(first.caller.id, response, now + 60, f"r-{response}", "a/b", now, "m"))
    ticket = opened(made)
    made.hooks.asked(ticket, body([0.1, 0.2, 0.3]))
    assert ticket.hold
    assert ticket.delay > 0
    assert set(ticket.reasons) == {"r-slow", "r-round"}
    changed = made.hooks.answered(ticket, 200, HEADERS, answer(0.6789))
    assert changed is not None
    assert json.loads(changed[0])["outputs"][0]["data"] == [0.3, 0.7]
    other = opened(made, key="bob")
    made.hooks.asked(other, body([0.1, 0.2, 0.3]))
    assert not other.hold


def test_observing_notes_and_does_nothing(profile: str) -> None:
    made = station(profile)
    made.hooks.options = replace(made.hooks.options, enforce=False)
    first = opened(made)
    assert first.caller is not None
    made.rulings.put(Ruling(first.caller.id, Response.REFUSE, time.time() + 60, "r", "a/b", time.time()))
    ticket = opened(made)
    assert ticket.reply is None
    assert ticket.reasons == ["r"]


@pytest.mark.parametrize("on_error", [OnError.OPEN, OnError.CLOSED])
@pytest.mark.parametrize(
    ("content", "ambiguous"),
    [(b"{", False), (body([1.0, 2.0]), False), (b'{"inputs": [], "inputs": [{"name": "x"}]}', True)],
)
def test_what_cannot_be_judged(profile: str, on_error: OnError, content: bytes, ambiguous: bool) -> None:
    made = station(profile, on_error=on_error)
    ticket = opened(made)
    made.hooks.asked(ticket, content)
    refused = ambiguous or on_error is OnError.CLOSED
    assert (ticket.reply is not None) == refused
    if refused:
        assert ticket.reply is not None
        assert ticket.reply.status == 400
    assert ticket.reasons


class Span:
    """A trace that remembers how it was finished."""

    def __init__(self) -> None:
        self.finished: list[tuple[int, float, int]] = []

    def finish(self, ticket: Ticket, status: int, seconds: float, tokens: int = 0) -> None:
        self.finished.append((status, seconds, tokens))


@pytest.mark.parametrize(
    ("content", "status", "told"),
    [(body([0.1, 0.2, 0.3]), 200, 200), (b"{", 0, 400), (None, 0, 0)],
    ids=["answered", "refused", "never read"],
)
def test_every_trace_is_finished(profile: str, content: bytes | None, status: int, told: int) -> None:
    made = station(profile, on_error=OnError.CLOSED)
    ticket = opened(made)
    span: Any = Span()
    ticket.trace = span
    if content is not None:
        made.hooks.asked(ticket, content)
    made.hooks.done(ticket, status, HEADERS, answer(0.5) if status else b"", True, 0.01)
    assert span.finished == [(told, 0.01, 0)]


def test_nobody_gets_past_a_quota_by_writing_nonsense(profile: str) -> None:
    made = station(profile, limits=LimitPolicy(Quota(rows_per_second=1.0, burst=3.0)))
    statuses = []
    for number in range(6):
        ticket = opened(made)
        made.hooks.asked(ticket, b"{" if number % 2 else body([0.0, 0.0, 0.0]))
        statuses.append(ticket.reply.status if ticket.reply is not None else 0)
        made.hooks.done(ticket, 200, HEADERS, answer(0.5), True, 0.01)
    assert statuses == [0, 0, 0, 429, 429, 429]
    assert opened(made, key="bob").reply is None


def test_concurrent_requests_are_given_back(profile: str) -> None:
    made = station(profile, limits=LimitPolicy(Quota(concurrent=1)))
    for content in (body([0.0, 0.0, 0.0]), b"{", body([0.0, 0.0, 0.0])):
        ticket = opened(made)
        made.hooks.asked(ticket, content)
        assert ticket.reply is None
        second = opened(made)
        made.hooks.asked(second, body([0.0, 0.0, 0.0]))
        assert second.reply is not None
        made.hooks.done(second, 429, HEADERS, b"", True, 0.0)
        made.hooks.done(ticket, 0, {}, b"", False, 0.0)


def test_rows_are_judged_with_their_answers(profile: str) -> None:
    made = station(profile)
    drawn = np.random.default_rng(2)
    for number in range(200):
        ticket = opened(made, key="thief")
        made.hooks.asked(ticket, body(drawn.uniform(-60, 60, 3).tolist(), drawn.uniform(-60, 60, 3).tolist()))
        made.hooks.done(ticket, 200, HEADERS, answer(0.4, 0.5), True, 0.001)
        assert number or not made.alerts
    made.judge.settle()
    assert made.alerts
    assert made.alerts[0].evidence.queries[0].startswith("w0-")
    ticket = opened(made, key="thief")
    made.hooks.asked(ticket, body([0.0, 0.0, 0.0]))
    assert ticket.rulings
    assert made.status().rows == 400


def test_columns_that_come_by_name_find_their_places() -> None:
    drawn = np.random.default_rng(0)
    rows = [(float(a), ("x", "y")[int(b > 0)]) for a, b in drawn.normal(size=(60, 2))]
    reference: Reference = fit_reference(rows, ("amount", "kind"))
    code = {word: place for place, word in enumerate(reference.categories[1])}
    swapped = Question(rows=[["x", 5.0], ["y", 6.0]], names=("kind", "amount"))
    assert fitted(reference, swapped).tolist() == [[5.0, code["x"]], [6.0, code["y"]]]
    with pytest.raises(ValueError, match="3 values a row"):
        fitted(reference, Question(rows=[[1.0, "x", 2.0]]))
    with pytest.raises(ValueError, match="could not convert"):
        fitted(reference, Question(rows=[["word", "x"]]))
