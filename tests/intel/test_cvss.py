"""Scores against the ``cvss`` package, on published vectors and on any vectors."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from cvss import CVSS2, CVSS3, CVSS4, constants2, constants3, constants4
from hypothesis import given, settings
from hypothesis import strategies as st

from violet.domain import Severity
from violet.intel.cvss import MalformedVectorError, score, severity_of
from violet.intel.cvss.four import _SCORES

LOOKUP = constants4.CVSS_LOOKUP_GLOBAL


def vectors(constants: Any) -> st.SearchStrategy[str]:
    """Vectors with all mandatory metrics and any of the others."""
    parts = [
        st.sampled_from(
            [f"{name}:{value}" for value in values] + ([] if name in constants.METRICS_MANDATORY else [""] * 4)
        )
        for name, values in constants.METRICS_VALUE_NAMES.items()
    ]
    return st.tuples(*parts).map(lambda fields: "/".join(filter(None, fields)))


@settings(max_examples=300)
@given(vectors(constants4))
def test_four(fields: str) -> None:
    vector = f"CVSS:4.0/{fields}"
    assert score(vector).value == float(CVSS4(vector).base_score)


@settings(max_examples=300)
@given(st.sampled_from(["3.0", "3.1"]), vectors(constants3))
def test_three(version: str, fields: str) -> None:
    vector = f"CVSS:{version}/{fields}"
    found, expected = score(vector), CVSS3(vector)
    assert found.version == version
    assert found.base == float(expected.base_score)
    if found.threat is not None:
        assert found.threat == float(expected.temporal_score)
    if found.environmental is not None:
        assert found.environmental == float(expected.environmental_score)


@settings(max_examples=300)
@given(vectors(constants2))
def test_two(fields: str) -> None:
    found, expected = score(fields), CVSS2(fields)
    assert found.base == float(expected.base_score)
    if found.threat is not None:
        assert found.threat == float(expected.temporal_score)
    if found.environmental is not None:
        assert found.environmental == float(expected.environmental_score)


def test_all_macrovectors() -> None:
    """The 270 values of the specification's table, in our order."""
    joint = ("00", "01", "10", "11", "21")
    expected = [
        LOOKUP[f"{one}{two}{both[0]}{four}{five}{both[1]}"]
        for one in "012"
        for two in "01"
        for both in joint
        for four in "012"
        for five in "012"
    ]
    assert [tenths / 10 for tenths in _SCORES] == expected
    assert len(LOOKUP) == len(expected) == 270


@pytest.mark.parametrize(
    ("vector", "value", "severity"),
    [
        ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", 9.3, Severity.CRITICAL),  # CVE-2025-32434
        ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:A/VC:H/VI:H/VA:H/SC:H/SI:H/SA:H", 7.3, Severity.HIGH),  # CVE-2025-1550
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8, Severity.CRITICAL),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0, Severity.CRITICAL),
        ("CVSS:3.0/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:N", 0.0, Severity.INFO),
        ("AV:N/AC:L/Au:N/C:N/I:N/A:C", 7.8, Severity.HIGH),
        ("(AV:L/AC:H/Au:N/C:C/I:C/A:C)", 6.2, Severity.MEDIUM),
        ("AV:N/AC:L/Au:N/C:C/I:C/A:C", 10.0, Severity.HIGH),  # version 2 knows no critical
    ],
)
def test_published(vector: str, value: float, severity: Severity) -> None:
    found = score(vector)
    assert found.value == value
    assert severity_of(found.value, found.version) is severity


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "high",
        "CVSS:5.0/AV:N",
        "CVSS:3.1/",
        "CVSS:3.1/AV:N",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:Z",
        "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/QQ:X",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:S/SI:N/SA:N",
        "cvss:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "AV:N/AC:L/Au:N/C:N/I:N",
        "AV:N/" * 400,
    ],
)
def test_malformed(vector: str) -> None:
    with pytest.raises(MalformedVectorError):
        score(vector)


@given(st.text(max_size=80))
def test_any_text_is_scored_or_refused(text: str) -> None:
    with contextlib.suppress(MalformedVectorError):
        assert 0 <= score(text).value <= 10
