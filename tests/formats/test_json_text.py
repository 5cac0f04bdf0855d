"""JSON that is parsed, and JSON that cannot be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, mutations, read, survives
from violet.formats.json_text.reader import JsonFacts
from violet.formats.source import Bounds


def valid() -> bytes:
    return json.dumps({"a": [1, 2.5, None, True], "b": {"c": "text"}}).encode()


@pytest.mark.parametrize(
    "data", [b"{}", b"[]", b"[1]", b' {"a": 1}', b'\xef\xbb\xbf{"a": 1}', '{"a": 1}'.encode("utf-16")]
)
def test_what_json_is(data: bytes) -> None:
    assert "json" in ids(data, "a.json")


@pytest.mark.parametrize("data", [b"{% if x %}", b"{{ x }}", b"[section]\na=1\n", b"{0: 1}", b"[^1]: note"])
def test_what_json_is_not(data: bytes) -> None:
    assert "json" not in ids(data, "a.txt")


def test_values() -> None:
    facts = read("json", valid(), "a.json").facts
    assert isinstance(facts, JsonFacts)
    assert facts.value == json.loads(valid())


def test_what_cannot_be_parsed_says_why() -> None:
    for data in (b'{"a": 1', b'{"a": ' + b"[" * 100_000, b'{"a" 1}'):
        facts = read("json", data, "a.json").facts
        assert isinstance(facts, JsonFacts)
        assert facts.value is None
        assert facts.problem


def test_long_json_is_parsed_only_where_it_may_matter() -> None:
    bounds = Bounds(text=10_000)
    words = {f"word{i}": i for i in range(5_000)}
    plain = read("json", json.dumps(words).encode(), "tokenizer.json", bounds)
    assert isinstance(plain.facts, JsonFacts)
    assert plain.facts.value is None
    assert not plain.unexamined
    telling = read("json", json.dumps({**words, "auto_map": {}}).encode(), "a.json", bounds)
    assert isinstance(telling.facts, JsonFacts)
    assert telling.facts.value is not None


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("json", data, "a.json")
