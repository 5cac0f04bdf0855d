"""What each response does to a ticket and to an answer."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from violet.domain.alert import Alert, Evidence, Response, Ruling
from violet.domain.guarding import Reaction, ResponsePolicy
from violet.domain.outcome import Confidence, Severity
from violet.runtime.hooks import Request, Ticket
from violet.runtime.responses import UNDO, Decider, Responder, labels_alone, noisy, rounded
from violet.runtime.wire.base import Question
from violet.runtime.wire.open_inference import OpenInference

NOW = 1_800_000_000.0
SECRET = bytes(range(32))
JSON = {"content-type": "application/json"}
Array = np.ndarray[Any, Any]


def ticket(name: str = "q1", rows: Any = ((1.0, 2.0),), **more: Any) -> Ticket:
    made = Ticket(Request("POST", "/v2/models/m/infer", b"", {}, "10.0.0.7"), NOW, id=name, model="m", **more)
    made.wire = OpenInference()
    made.question = Question("m", [list(row) for row in rows])
    return made


def ruled(response: Response, made: Ticket, policy: ResponsePolicy | None = None, **more: Any) -> Responder:
    responder = Responder(policy or ResponsePolicy(), SECRET, **more)
    ruling = Ruling("key:1", response, NOW + 30, "a-17", "evasion/walks", NOW)
    made.rulings = (*made.rulings, ruling)
    responder.obey(made, ruling)
    return responder


def answer(scores: list[list[float]], **more: Any) -> bytes:
    flat = [value for row in scores for value in row]
    shape = [len(scores), len(scores[0])]
    return json.dumps({"outputs": [{"name": "p", "datatype": "FP64", "shape": shape, "data": flat}], **more}).encode()


def scores_in(made: tuple[bytes, Any] | None) -> list[float]:
    assert made is not None
    found: list[float] = json.loads(made[0])["outputs"][0]["data"]
    return found


def test_allow() -> None:
    made = ticket()
    responder = ruled(Response.ALLOW, made)
    assert (made.reply, made.delay, made.decoy, made.hold) == (None, 0.0, "", False)
    assert responder.rewrite(made, JSON, answer([[0.2, 0.8]])) is None


@pytest.mark.parametrize(("response", "expected"), [(Response.LABEL, [0, 0, 1]), (Response.ROUND, [0.1, 0.3, 0.6])])
def test_scores_that_tell_less(response: Response, expected: list[float]) -> None:
    made = ticket()
    responder = ruled(response, made)
    assert made.hold
    assert made.reply is None
    assert scores_in(responder.rewrite(made, JSON, answer([[0.11, 0.28, 0.61]], id="é"))) == expected


def test_noise_is_the_same_for_the_same_and_other_for_others() -> None:
    body = answer([[0.2, 0.8]])
    found = []
    for name, rows in (("q1", [[1.0, 2.0]]), ("q2", [[1.0, 2.0]]), ("q3", [[1.0, 2.0 + 1e-12]])):
        made = ticket(name, rows)
        found.append(scores_in(ruled(Response.NOISE, made).rewrite(made, JSON, body)))
    assert found[0] == found[1] != found[2]
    assert found[0] != [0.2, 0.8]
    assert max(abs(a - b) for a, b in zip(found[0], [0.2, 0.8], strict=True)) < 0.11
    made = ticket()
    other = Responder(ResponsePolicy(), b"z" * 32)
    made.rulings = (Ruling("key:1", Response.NOISE, NOW + 30, "a", "d", NOW),)
    assert scores_in(other.rewrite(made, JSON, body)) != found[0]


def test_noise_of_a_row_does_not_depend_on_its_company() -> None:
    body = answer([[0.2, 0.8], [0.2, 0.8]])
    both, alone = ticket(rows=[[5.0, 5.0], [1.0, 2.0]]), ticket(rows=[[1.0, 2.0]])
    two = scores_in(ruled(Response.NOISE, both).rewrite(both, JSON, body))
    one = scores_in(ruled(Response.NOISE, alone).rewrite(alone, JSON, answer([[0.2, 0.8]])))
    assert two[2:] == one != two[:2]


def test_noise_then_rounding() -> None:
    made = ticket()
    ruled(Response.NOISE, made)
    responder = ruled(Response.ROUND, made)
    assert all(
        math.isclose(value * 10, round(value * 10))
        for value in scores_in(responder.rewrite(made, JSON, answer([[0.2, 0.8]])))
    )


def test_slow_is_bounded_and_varies() -> None:
    waits = []
    for place in range(200):
        made = ticket(f"q{place}")
        ruled(Response.SLOW, made, ResponsePolicy(slow_seconds=3))
        waits.append(made.delay)
    assert 1.5 <= min(waits) < 1.7
    assert 2.8 < max(waits) <= 3
    again = ticket("q5")
    ruled(Response.SLOW, again, ResponsePolicy(slow_seconds=3))
    assert again.delay == waits[5]


def said(made: Ticket) -> tuple[int, Any, dict[str, str]]:
    assert made.reply is not None
    return made.reply.status, json.loads(made.reply.body), dict(made.reply.headers)


def test_replies() -> None:
    made = ticket()
    ruled(Response.CHALLENGE, made)
    status, body, headers = said(made)
    assert (status, body["reason"], headers["retry-after"]) == (429, "a-17", "30")
    made = ticket()
    ruled(Response.CHALLENGE, made, ResponsePolicy(challenge_status=402, challenge_seconds=5))
    assert (said(made)[0], said(made)[2]["retry-after"]) == (402, "5")
    for response in (Response.REFUSE, Response.QUARANTINE):
        made = ticket()
        ruled(response, made, ResponsePolicy(contact="soc@example.org"))
        status, body, headers = said(made)
        assert (status, body["reason"], body["contact"]) == (403, "a-17", "soc@example.org")
        assert "retry-after" not in headers
        ruled(Response.CHALLENGE, made)
        assert said(made)[0] == 403


def test_shadow() -> None:
    made = ticket()
    ruled(Response.SHADOW, made, decoy="http://decoy", decoys={"m": "http://own"})
    assert (made.decoy, made.delay, made.hold) == ("http://own", 0, False)
    made.model = "other"
    ruled(Response.SHADOW, made, decoy="http://decoy", decoys={"m": "http://own"})
    assert made.decoy == "http://decoy"
    made = ticket()
    responder = ruled(Response.SHADOW, made)
    assert (made.decoy, made.hold) == ("", True)
    assert made.delay > 0
    assert scores_in(responder.rewrite(made, JSON, answer([[0.21, 0.79]]))) == [0.2, 0.8]


def test_every_response_says_how_it_ends() -> None:
    assert set(UNDO) == set(Response)


# What is done to scores

FLOATS = st.one_of(
    st.floats(0, 1), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0, 0.5, math.nan, math.inf, -math.inf])
)
TABLES = arrays.arrays(
    np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.one_of(st.just(0.5), FLOATS)
)
SHARES = arrays.arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 5)), elements=st.floats(0, 1))


@pytest.mark.parametrize("kind", ["label", "round", "noise"])
@given(scores=st.one_of(TABLES, SHARES), digits=st.integers(0, 3), amount=st.floats(0.001, 0.5))
def test_the_greatest_stays_the_greatest(kind: str, scores: Array, digits: int, amount: float) -> None:
    before = scores.copy()
    if kind == "label":
        made = labels_alone(scores)
    elif kind == "round":
        made = rounded(scores, digits)
    else:
        made = noisy(scores, amount, list(range(len(scores))))
    assert np.array_equal(scores, before, equal_nan=True)
    assert made.shape == scores.shape
    whole = np.isfinite(before).all(axis=1)
    assert np.array_equal(made[~whole], before[~whole], equal_nan=True)
    assert np.isfinite(made[whole]).all()
    if scores.shape[1] > 1:
        assert (np.argmax(made[whole], axis=1) == np.argmax(before[whole], axis=1)).all()
    shares = whole.any() and (before[whole] >= 0).all() and (before[whole] <= 1).all()
    if shares:
        assert (made[whole] <= 1).all()
        assert kind != "noise" or (made[whole] >= -1e-6).all()
        if scores.shape[1] == 1 and kind != "round":
            assert ((made[whole] >= 0.5) == (before[whole] >= 0.5)).all()


@given(SHARES.filter(lambda table: table.shape[1] > 1 and (table.sum(axis=1) > 0.01).all()))
def test_probabilities_stay_probabilities(scores: Array) -> None:
    probabilities = scores / scores.sum(axis=1, keepdims=True)
    made = noisy(probabilities, 0.05, [7] * len(scores))
    assert np.allclose(made.sum(axis=1), 1, atol=1e-6)
    assert (made >= -1e-6).all()


def test_rounding_leaves_few_values() -> None:
    generator = np.random.default_rng(1)
    made = rounded(generator.dirichlet(np.ones(3), 2000), 1)
    assert len(np.unique(np.round(made, 6))) <= 12
    logits = rounded(generator.normal(0, 1000, (2000, 3)), 1)
    assert all(
        len(f"{abs(value):.0f}".rstrip("0").lstrip("0.")) <= 3 for value in logits.reshape(-1) if abs(value) >= 10
    )


def test_many_small_scores() -> None:
    scores = np.full((1, 200), 0.004)
    scores[0, 77] = 0.2 / 40
    made = rounded(scores, 1)
    assert made[0, 77] == 0.1
    assert (np.delete(made[0], 77) == 0).all()


# What is done about an alert


def alert(detector: str = "evasion/walks", severity: Severity = Severity.HIGH) -> Alert:
    evidence = Evidence("")
    return Alert("a", NOW, "m", "c", detector, "t", severity, Confidence.HIGH, 1, 1, evidence, response=Response.ROUND)


def test_deciding() -> None:
    policy = ResponsePolicy(
        by_detector={
            "evasion/*": Reaction(Response.NOISE, 10),
            "*": Reaction(Response.LABEL, 20),
            "evasion/ring": Reaction(None, 30),
            "denial/*": Reaction(Response.QUARANTINE, 40),
        },
        strongest=Response.REFUSE,
    )
    decide = Decider(policy)
    assert decide(alert("evasion/walks")) == (Response.NOISE, 10)
    assert decide(alert("evasion/ring")) == (Response.ROUND, 30)
    assert decide(alert("drift/x")) == (Response.LABEL, 20)
    assert decide(alert("denial/x")) == (Response.REFUSE, 40)
    by_severity = Decider(ResponsePolicy(by_severity={Severity.HIGH: Reaction(Response.SLOW, 5)}))
    assert by_severity(alert()) == (Response.SLOW, 5)
    assert by_severity(alert(severity=Severity.LOW)) == (Response.ROUND, 600)


def test_noise_is_spread_evenly() -> None:
    scores = np.full((20_000, 2), 5.0)
    scores[:, 1] = 4.0
    moved = noisy(scores, 0.1, list(range(20_000))) - scores
    assert abs(moved.mean()) < 0.002
    assert 0.099 < np.abs(moved).max() <= 0.1
    assert abs(moved.std() - 0.1 / 3**0.5) < 0.002
    assert abs(np.corrcoef(moved[:, 0], moved[:, 1])[0, 1]) < 0.03
    assert abs(np.corrcoef(moved[1:, 0], moved[:-1, 0])[0, 1]) < 0.03
