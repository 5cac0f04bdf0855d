"""The way from worker to parent: everything comes through, and nothing else is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.checks.examine import Examination
from violet.domain import Asset, Confidence, Digest, Failed, Finding, Location, Measurement, Severity, Skipped
from violet.services.wire import decode, encode

TEXT = st.text(st.characters(), max_size=20)
NUMBER = st.integers(0, 1 << 60)
WHERE = st.builds(Location, TEXT, st.none() | NUMBER, st.none() | NUMBER)
FINDINGS = st.builds(
    Finding,
    TEXT,
    st.sampled_from(Severity),
    st.sampled_from(Confidence),
    TEXT,
    WHERE,
    TEXT,
    TEXT,
    st.lists(TEXT, max_size=3).map(tuple),
    TEXT,
    TEXT,
)
OUTCOMES = (
    FINDINGS
    | st.builds(Skipped, WHERE, TEXT, TEXT)
    | st.builds(Failed, WHERE, TEXT)
    | st.builds(Measurement, WHERE, TEXT, st.floats(allow_nan=False), TEXT)
)
ASSETS = st.builds(Asset, TEXT, TEXT, NUMBER, st.none() | st.builds(Digest, TEXT, TEXT))
EXAMINATIONS = st.builds(Examination, st.lists(ASSETS, max_size=3), st.lists(OUTCOMES, max_size=4))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=11) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=20,
)


@given(EXAMINATIONS)
def test_everything_comes_through(examination: Examination) -> None:
    decoded = decode(json.loads(json.dumps(encode(examination))))
    assert decoded == (examination.assets, examination.outcomes)


@given(JSON)
def test_anything_else_is_refused(message: Any) -> None:
    try:
        decode(message)
    except ValueError:
        return
    assert message in ([[], []], {}) or len(message) == 2


@given(EXAMINATIONS, st.data())
def test_a_changed_message_is_refused_or_well_typed(examination: Examination, data: st.DataObject) -> None:
    message = json.loads(json.dumps(encode(examination)))
    place: Any = message
    while isinstance(place, list) and place and not data.draw(st.booleans()):
        index = data.draw(st.integers(0, len(place) - 1))
        if not isinstance(place[index], list) or not place[index]:
            place[index] = data.draw(JSON)
            break
        place = place[index]
    try:
        assets, outcomes = decode(message)
    except ValueError:
        return
    assert all(isinstance(o, (Finding, Skipped, Failed, Measurement)) for o in outcomes)
    assert all(type(a.size) is int and type(a.path) is str for a in assets)


@pytest.mark.parametrize("size", [True, 1.0, "1", None, [1]])
def test_types_are_exact(size: Any) -> None:
    with pytest.raises(ValueError, match=r"not|expected"):
        decode([[["p", "f", size, None]], []])
