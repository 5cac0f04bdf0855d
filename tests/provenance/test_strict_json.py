"""JSON of unknown origin is read one way, within bounds, or refused."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.provenance.strict_json import DEPTH, canonical, parse

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
    ],
)
def test_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"it is|it holds|same key|digits"):
        parse(content, 1 << 20)


def test_brackets_in_texts_are_no_nesting() -> None:
    value = ["[{" * 200, '"[' * 100]
    assert parse(json.dumps(value).encode(), 1 << 20) == value


def test_size_is_bounded() -> None:
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        parse(b"[1,2]", 4)


@given(st.binary(max_size=200))
def test_never_anything_but_a_value_error(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        parse(content, 1 << 20)
