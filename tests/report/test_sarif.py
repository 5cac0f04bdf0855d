"""SARIF 2.1.0: the parts that Violet writes, held to what the standard and code-scanning viewers require."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
from hypothesis import HealthCheck, given, settings

from tests.report import samples
from violet.domain import Asset, Decision, Location, Report, Severity, Verdict
from violet.report import View, render


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """An object with these properties and no other, as every object of SARIF is."""
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _array(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, **more}


TEXT = {"type": "string"}
FILLED = {"type": "string", "minLength": 1}
INDEX = {"type": "integer", "minimum": 0}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
BAG = {"type": "object", "properties": {"tags": _array(TEXT, uniqueItems=True, maxItems=20)}}
MESSAGE = _object({"text": FILLED})
HELP = _object({"text": TEXT}, {"markdown": TEXT})
ARTIFACT = _object({"uri": {"type": "string", "pattern": "^[A-Za-z0-9._~/%:-]+$"}}, {"index": INDEX})
REGION = {
    **_object({"startLine": {"type": "integer", "minimum": 1}}, {"byteOffset": INDEX}),
    "description": "One of startLine, charOffset and byteOffset is required by SARIF, startLine by viewers.",
}
LOGICAL = _array(_object({"name": TEXT, "fullyQualifiedName": TEXT, "kind": TEXT}), uniqueItems=True)
LOCATION = _object(
    {"physicalLocation": _object({"artifactLocation": ARTIFACT, "region": REGION})},
    {"logicalLocations": LOGICAL},
)
PLACE = _object({"physicalLocation": _object({"artifactLocation": ARTIFACT})}, {"logicalLocations": LOGICAL})
DESCRIPTOR = _object(
    {
        "id": TEXT,
        "name": FILLED,
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": HELP,
        "defaultConfiguration": _object({"level": LEVEL}),
    },
    {"properties": BAG},
)
RESULT = _object(
    {
        "ruleId": TEXT,
        "ruleIndex": INDEX,
        "level": LEVEL,
        "rank": {"type": "number", "minimum": 0, "maximum": 100},
        "message": MESSAGE,
        "locations": _array(LOCATION, minItems=1, maxItems=1),
        "partialFingerprints": _object({"violet/v1": {"type": "string", "pattern": "^[0-9a-f]{32}$"}}),
        "properties": BAG,
    },
    {
        "suppressions": _array(
            _object(
                {
                    "kind": {"enum": ["inSource", "external"]},
                    "status": {"enum": ["accepted", "underReview", "rejected"]},
                    "justification": TEXT,
                }
            ),
            uniqueItems=True,
        )
    },
)
NOTIFICATION = _object(
    {
        "descriptor": _object({"id": TEXT, "index": INDEX}),
        "level": LEVEL,
        "message": MESSAGE,
        "locations": _array(PLACE, uniqueItems=True),
    }
)
INVOCATION = _object(
    {
        "commandLine": TEXT,
        "executionSuccessful": {"type": "boolean"},
        "exitCode": {"type": "integer"},
        "exitCodeDescription": TEXT,
        "toolExecutionNotifications": _array(NOTIFICATION),
    }
)
DRIVER = _object(
    {
        "name": FILLED,
        "fullName": TEXT,
        "version": TEXT,
        "shortDescription": MESSAGE,
        "rules": _array(DESCRIPTOR, uniqueItems=True),
        "notifications": _array(DESCRIPTOR, uniqueItems=True),
    }
)
FILE = _object(
    {"location": ARTIFACT},
    {
        "length": INDEX,
        "hashes": {"type": "object", "additionalProperties": TEXT},
        "properties": BAG,
    },
)
RUN = _object(
    {
        "tool": _object({"driver": DRIVER}),
        "invocations": _array(INVOCATION, minItems=1, maxItems=1),
        "artifacts": _array(FILE, uniqueItems=True),
        "results": _array(RESULT),
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "properties": BAG,
    }
)
LOG = _object({"$schema": TEXT, "version": {"const": "2.1.0"}, "runs": _array(RUN, minItems=1, maxItems=1)})
VALIDATOR = jsonschema.Draft202012Validator(LOG)


def sarif(view: View) -> dict[str, Any]:
    log = json.loads(render(view, "sarif"))
    VALIDATOR.validate(log)
    run: dict[str, Any] = log["runs"][0]
    return run


@given(samples.views())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_report_is_valid_and_its_indices_agree(view: View) -> None:
    run = sarif(view)
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(view.report.findings) + len(view.report.accepted)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        location = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert run["artifacts"][location["index"]]["location"]["uri"] == location["uri"]
    suppressed = ["suppressions" in result for result in run["results"]]
    assert all(suppressed) or not any(suppressed)
    notices = run["invocations"][0]["toolExecutionNotifications"]
    assert len(notices) == len(view.report.skipped) + len(view.report.failed)
    for notice in notices:
        descriptor = run["tool"]["driver"]["notifications"][notice["descriptor"]["index"]]
        assert descriptor["id"] == notice["descriptor"]["id"]


def test_members_of_archives_are_logical_locations() -> None:
    run = sarif(samples.sample_view())
    inner = run["results"][0]["locations"][0]
    assert inner["physicalLocation"]["artifactLocation"]["uri"] == "models/release/classifier.pt"
    assert inner["physicalLocation"]["region"] == {"startLine": 1}
    assert inner["logicalLocations"][0]["name"] == "archive/data.pkl"
    assert "byte 12 of archive/data.pkl" in run["results"][0]["message"]["text"]
    assert run["artifacts"][0]["hashes"] == {"sha-256": "5e" * 32}


def test_regions_and_names_with_an_exclamation_mark() -> None:
    results = sarif(samples.sample_view())["results"]
    regions = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]: r for r in results}
    place = regions["models/copy-1.pkl"]["locations"][0]["physicalLocation"]["region"]
    assert place == {"startLine": 1, "byteOffset": 3}
    secret = next(r for r in results if r["ruleId"] == "supply_chain/secret")
    assert secret["locations"][0]["physicalLocation"]["region"] == {"startLine": 4}
    assert "logicalLocations" not in regions["models/weird%21name.gguf"]["locations"][0]


def test_levels_severities_and_help() -> None:
    run = sarif(samples.sample_view())
    rules = {rule["id"]: rule for rule in run["tool"]["driver"]["rules"]}
    call = rules["artifact/pickle-call"]
    assert call["defaultConfiguration"]["level"] == "error"
    assert call["properties"]["security-severity"] == "9.5"
    assert {"security", "AML.T0011.000", "external/cwe/cwe-502"} <= set(call["properties"]["tags"])
    assert call["help"]["markdown"] == samples.CALL_HELP
    assert "`" not in call["help"]["text"]
    assert "pickle.load runs it" in call["help"]["text"]
    assert rules["artifact/name-mismatch"]["properties"]["security-severity"] == "5.5"
    assert [result["level"] for result in run["results"]] == [*["error"] * 5, "warning", "note", "error"]


def test_a_rule_is_at_least_as_severe_as_its_findings() -> None:
    path = Location("a.bin")
    worse = samples.finding(samples.HIDDEN, "a.bin", "Worse than usual.", severity=Severity.CRITICAL)
    report = Report("scan", "1", assets=(Asset(path.path, "elf", 3),), findings=(worse,))
    run = sarif(View(report, Decision(Verdict.DENY, (), 1), samples.RULES))
    rule = run["tool"]["driver"]["rules"][run["results"][0]["ruleIndex"]]
    assert rule["properties"]["security-severity"] == "9.5"
    assert run["results"][0]["level"] == "error"


def test_what_was_not_examined_and_what_failed_are_notifications() -> None:
    invocation = sarif(samples.sample_view())["invocations"][0]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 1
    levels = [notice["level"] for notice in invocation["toolExecutionNotifications"]]
    assert levels == ["warning", "warning", "warning", "error"]
    assert sarif(samples.clean_view())["invocations"][0]["executionSuccessful"] is True


def test_accepted_findings_are_suppressed() -> None:
    results = sarif(samples.sample_view())["results"]
    assert [len(result["suppressions"]) for result in results] == [0] * 7 + [1]


def test_links_in_messages_are_text() -> None:
    hostile = samples.finding(samples.CALL, "a.pkl", "[click](https://evil.example)", "x[0]")
    report = Report("scan", "1", findings=(hostile,))
    text = sarif(View(report, Decision(Verdict.DENY)))["results"][0]["message"]["text"]
    assert text.startswith("\\[click\\](https://evil.example)\nEvidence: x[0]\n")
