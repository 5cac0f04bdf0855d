"""JSON of unknown origin is read one way, within bounds, or refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.provenance.strict_json import DEPTH, Malformed, canonical, parse, parse_object

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_canonical_is_read_back(value: object) -> None:
    assert parse(canonical(value), 1 << 20) == value
    assert canonical(parse(canonical(value), 1 << 20)) == canonical(value)


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b"NaN",
        b'{"a":Infinity}',
        b"\xff\xfe",
        b"{",
        b"",
        b"[" * 100_000,
        b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1),
        b'{"a":' * (DEPTH + 1) + b"1" + b"}" * (DEPTH + 1),
        b"1" * 5_000,
        b"-" + b"1" * 5_000,
        b"1e999",
        b'{"a":-1e999}',
        b'"\\ud800"',
        b'{"\\uDFFF":1}',
        b'["\\ude00\\ud83d"]',
        b"\xef\xbb\xbf{}",
        b"{} {}",
        b"{}\x00",
        b"\xc0\xaf",
        b'"\xed\xa0\x80"',
        b'{"a":1,"\\u0061":2}',
        b"[1,]",
        b"[01]",
        b"[0x1]",
        b'"a\nb"',
    ],
)
def test_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"^it (is|holds|has)"):
        parse(content, 1 << 20)


def test_brackets_in_texts_are_no_nesting() -> None:
    value = ["[{" * 200, '"[' * 100]
    assert parse(json.dumps(value).encode(), 1 << 20) == value


def test_size_is_bounded() -> None:
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        parse(b"[1,2]", 4)


def test_whole_characters_may_be_escaped() -> None:
    assert parse(b'"\\ud83d\\ude00"', 1 << 20) == "\U0001f600"


def test_values_are_counted() -> None:
    content = b"[" + b"[]," * 200_000 + b"[]]"
    with pytest.raises(ValueError, match="too many values"):
        parse(content, 1 << 20)
    assert len(parse(content, 1 << 20, most_values=1_000_000)) == 200_001


@pytest.mark.parametrize(
    "text", [b"[]" * 70 + b'"' + b'\\"' * 2_000_000, b"[]" * 70 + b'"\\' * 2_000_000, b'{"' * 90_000]
)
def test_texts_without_an_end_take_no_time(text: bytes) -> None:
    """Looking for the end of a text from every quotation mark would take hours here."""
    with pytest.raises(ValueError, match="it is"):
        parse(text, 24 << 20)


def test_objects_only() -> None:
    with pytest.raises(Malformed, match=r"^is no JSON object"):
        parse_object(b"[]", 10)
    with pytest.raises(Malformed, match=r"^is larger"):
        parse_object(b"{}", 1)


@given(st.binary(max_size=200))
def test_never_anything_but_a_value_error(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse(content, 1 << 20)
