"""The JSON report: its published schema, its reader, and what the reader refuses."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.report import samples
from tests.runtime.alerts.made import alert
from violet.domain import ConfigurationError, Location, Measurement, Report, Severity
from violet.report import View, render
from violet.report.guarding.json_ import alert_json
from violet.report.json_ import load, load_stored, schema_text

PUBLISHED = Path(__file__).parents[2] / "docs" / "schemas" / "report-1.json"
_LIMITS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def _validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


VALIDATOR = _validator()


def test_the_published_schema_is_the_shipped_one() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text()


@given(samples.views())
@_LIMITS
def test_every_report_meets_the_schema_and_is_read_back_exactly(view: View) -> None:
    text = render(view, "json")
    VALIDATOR.validate(json.loads(text))
    stored = load_stored(text)
    assert stored.report == view.report
    assert stored.decision == view.decision
    assert stored.command_line == view.command_line
    assert [f.fingerprint for f in load(text).findings] == [f.fingerprint for f in view.report.findings]


def test_the_schema_describes_every_field_that_is_written() -> None:
    schema = json.loads(schema_text())
    document = json.loads(render(samples.sample_view(), "json"))
    kinds = {
        "assets": "asset",
        "findings": "finding",
        "skipped": "skipped",
        "failed": "failed",
        "measurements": "measurement",
        "accepted": "finding",
    }
    assert set(document) == set(schema["properties"]) == set(schema["required"])
    for name, kind in kinds.items():
        described = schema["$defs"][kind]
        for item in document[name]:
            assert set(item) == set(described["properties"]) == set(described["required"])
    for kind in ("decision", "summary"):
        assert set(document[kind]) == set(schema["$defs"][kind]["properties"])


def test_summary_counts() -> None:
    assert json.loads(render(samples.sample_view(), "json"))["summary"] == {
        "findings": 7,
        "critical": 4,
        "high": 1,
        "medium": 1,
        "low": 0,
        "info": 1,
        "files": 6,
        "assets": 7,
        "skipped": 3,
        "failed": 1,
        "accepted": 1,
    }


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_figures_that_json_has_no_number_for(value: float) -> None:
    report = Report("scan", "1", measurements=(Measurement(Location("a"), "x", value),))
    text = render(View(report, samples.sample_view().decision), "json")
    VALIDATOR.validate(json.loads(text))
    read = load(text).measurements[0].value
    assert read == value or (math.isnan(read) and math.isnan(value))


def _changed(*path: str | int, value: Any) -> str:
    document = json.loads(render(samples.sample_view(), "json"))
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "schema is None"),
        ("3", "schema is None"),
        ('{"schema": "violet-report/2"}', "'violet-report/2'"),
        ('{"schema": "violet-report/1"}', "lacks decision"),
        ("[" * 100_000, "cannot be read"),
        ("[NaN]", "cannot be read"),
        ("9" * 5_000, "cannot be read"),
        (_changed("findings", value={}), "findings is not an array"),
        (_changed("findings", 0, value=7), "findings[0] is not an object: 7"),
        (_changed("findings", 0, "severity", value="grave"), "findings[0].severity is not a known name"),
        (_changed("findings", 0, "confidence", value="sure"), "findings[0].confidence is not a known name"),
        (_changed("findings", 0, "message", value=None), "findings[0].message is not text: None"),
        (_changed("findings", 0, "offset", value="3"), "findings[0].offset is not a whole number"),
        (_changed("findings", 0, "offset", value=True), "findings[0].offset is not a whole number"),
        (_changed("findings", 0, "key", value="other"), "findings[0].fingerprint does not belong"),
        (_changed("findings", 0, "techniques", value=[1]), "findings[0].techniques[0] is not text"),
        (_changed("measurements", 0, "value", value="many"), "measurements[0].value is not a number"),
        (_changed("measurements", 0, "value", value=10**400), "measurements[0].value is too large"),
        (_changed("decision", "verdict", value="maybe"), "decision.verdict is not a known name"),
        (_changed("assets", 0, "digest", value="sha256:00"), "assets[0].digest is not an object"),
    ],
)
def test_what_is_not_a_report_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(text)
    assert problem in caught.value.what
    assert caught.value.hint
    assert len(caught.value.diagnostics()) < 400


def test_fields_of_later_minor_versions_and_a_byte_order_mark_are_tolerated() -> None:
    text = _changed("findings", 0, "novelty", value={"a": 1})
    assert load("\ufeff" + text) == samples.sample_report()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | samples.texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["path", "algorithm"]), inner),
    max_leaves=4,
)


@given(st.data(), _json)
@_LIMITS
def test_any_value_in_any_place_is_read_or_refused(data: st.DataObject, value: Any) -> None:
    document = json.loads(render(samples.sample_view(), "json"))
    name = data.draw(st.sampled_from(sorted(set(document) - {"schema"})))
    if isinstance(document[name], list) and document[name] and data.draw(st.booleans()):
        field = data.draw(st.sampled_from(sorted(document[name][0])))
        document[name][0][field] = value
    else:
        document[name] = value
    refusal = None
    try:
        report = load(json.dumps(document))
    except ConfigurationError as error:
        refusal = error.diagnostics()
    else:
        render(View(report, samples.sample_view().decision), "json")
    assert refusal is None or refusal.isprintable()


def test_alerts_carry_such_text_in_the_same_way() -> None:
    said = json.loads(alert_json(alert(client="key:\udc80", severity=Severity.HIGH)))
    assert (said["client"], said["severity"]) == ("escaped:key:\\udc80", "high")
