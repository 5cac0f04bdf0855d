"""Paths to values in JSON."""

from __future__ import annotations

from typing import Any

import pytest

from violet.domain.errors import UsageError
from violet.targets.json_path import find, parse_path

DOCUMENT: Any = {"outputs": [{"data": [1, 2], "a b": {"c.d": 5}}, {"data": [3], "a b": {"c.d": 6}}], "label": "x"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("$", DOCUMENT),
        ("", DOCUMENT),
        ("$.label", "x"),
        ("label", "x"),
        ("$.outputs[0].data", [1, 2]),
        ("outputs[-1].data[0]", 3),
        ("$.outputs[*].data", [[1, 2], [3]]),
        ("$.outputs.*.data[0]", [1, 3]),
        ("$['outputs'][*]['a b'][\"c.d\"]", [5, 6]),
        ("$.outputs[0]['a b'].*", [5]),
    ],
)
def test_values_are_found(path: str, value: object) -> None:
    assert find(DOCUMENT, parse_path(path)) == value


@pytest.mark.parametrize("path", ["$.a[", "$..a", "$.a[?(@.b)]", "$.a b[", "$[1:2]", "$.a]"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="no path to a value"):
        parse_path(path)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.nothing", "'nothing' of an object with outputs, label"),
        ("$.outputs[2]", r"\[2\] of a list of 2"),
        ("$.outputs[-3]", r"\[-3\] of a list of 2"),
        ("$.label[*]", r"\[\*\] of a text"),
        ("$.outputs[*].other", "'other' of an object"),
        ("$.label[0]", r"\[0\] of a text"),
    ],
)
def test_the_step_that_leads_nowhere_is_named(path: str, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        find(DOCUMENT, parse_path(path))
