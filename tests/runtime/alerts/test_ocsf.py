"""Events are what OCSF's published schemas say, whatever is in an alert."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.alerts.made import alert, alerts, hostile_notice, notice, notices
from tests.runtime.alerts.ocsf_schemas import newest_finding, newest_object, problems, published
from violet.domain.alert import Alert, Response
from violet.domain.incident_alert import Notice
from violet.domain.traffic import Exchange
from violet.intel.atlas import TECHNIQUES
from violet.runtime.alerts.correlate import Correlator
from violet.runtime.alerts.documents import dump
from violet.runtime.alerts.ocsf import LATEST, OLDER, downgrade, finding, inference

CONTROL = ("action_id", "action", "disposition_id", "disposition")
"""Attributes of the profile security_control, without which the export of 1.9.0 was made."""


def told() -> list[Notice]:
    """Opened, raised, grown, merged, closed; of a client, a campaign, a model."""
    correlator = Correlator()
    some = []
    for number, client in enumerate(("a", "b", "c", "")):
        some += correlator.take(alert(client=client, response=Response.REFUSE, enforced=True), 1, float(number))
    return [*some, *correlator.tick(1.8e9, 10_000.0), hostile_notice()]


def exchange(**changes: Any) -> Exchange:
    fields: dict[str, Any] = {
        "id": "q-1", "at": 1_790_000_000.5, "client": "key:1f0c", "model": "credit-risk", "rows": ((1.0, "x"),),
        "protocol": "open-inference", "status": 200, "seconds": 0.0123, "request_bytes": 450, "response_bytes": 90,
        "address": "10.0.0.7",
    }  # fmt: skip
    return Exchange(**{**fields, **changes})


EXCHANGES = (
    exchange(),
    exchange(status=403, response="refuse", reasons=("extraction",), address=""),
    exchange(model="", client="", address="not an address", response="nonsense", status=0),
    exchange(texts=("hello",), rows=(), extra={"prompt_tokens": "12", "completion_tokens": "x", "total_tokens": "30"}),
)


def without(event: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in names}


def plain(event: Any) -> Any:
    """As a receiver sees it."""
    return json.loads(dump(event))


def test_findings_are_those_of_1_9_0() -> None:
    for each in told():
        event = plain(finding(each, state="/var/lib/guard"))
        assert event["metadata"]["version"] == LATEST
        assert problems(newest_finding(), without(event, *CONTROL)) == []


def test_findings_with_the_profile_are_those_of_1_8_0() -> None:
    """Whatever 1.9.0 has from 1.8.0, the profile security_control included."""
    for each in told():
        assert problems(published("1.8.0", "detection_finding", ("security_control",)), plain(finding(each))) == []


def test_findings_for_1_3_0_are_those_of_1_3_0() -> None:
    for each in told():
        event = plain(finding(each, OLDER, "/var/lib/guard"))
        assert event["metadata"]["version"] == OLDER
        assert problems(published("1.3.0", "detection_finding", ("security_control",)), event) == []


def test_the_schema_of_1_3_0_does_refuse_what_1_9_0_has() -> None:
    """Else the tests above would say nothing."""
    event = plain(finding(notice()))
    found = problems(published("1.3.0", "detection_finding", ("security_control",)), event)
    assert any("is_alert" in problem for problem in found)
    assert any("related_events_count" in problem for problem in found)
    assert problems(newest_finding(), {**without(event, *CONTROL), "nonsense": 1})
    assert problems(newest_finding(), without(event, *CONTROL, "finding_info"))


@given(alerts())
def test_any_alert_at_all_makes_valid_findings(made: Alert) -> None:
    for each in notices(made):
        assert problems(newest_finding(), without(plain(finding(each)), *CONTROL)) == []
        lower = plain(finding(each, OLDER))
        assert problems(published("1.3.0", "detection_finding", ("security_control",)), lower) == []


@pytest.mark.parametrize("number", range(len(EXCHANGES)))
def test_inference_is_api_activity(number: int) -> None:
    """1.9.0's export of the class is not to be had here: the class is held to 1.8.0, its objects to 1.9.0."""
    event = plain(inference(EXCHANGES[number]))
    assert (event["class_uid"], event["metadata"]["profiles"]) == (6003, ["ai_operation", "security_control"])
    assert problems(published("1.8.0", "api_activity", ("ai_operation", "security_control")), event) == []
    for name, kind in (
        ("actor", "actor"),
        ("api", "api"),
        ("metadata", "metadata"),
        ("ai_model", "ai_model"),
        ("src_endpoint", "network_endpoint"),
        ("http_request", "http_request"),
        ("http_response", "http_response"),
    ):
        assert problems(newest_object(kind), event[name]) == [], name
    lower = plain(inference(EXCHANGES[number], OLDER))
    assert problems(published("1.3.0", "api_activity", ()), lower) == []
    assert lower["unmapped"]["ai_model"] == event["ai_model"], "what an older version lacks is not lost"


def test_what_a_model_was_asked_is_not_in_an_event() -> None:
    made = exchange(
        rows=((41.5, "canary"),), texts=("canary",), answers=("canary",), labels=("canary",), truth="canary"
    )
    assert "canary" not in json.dumps(inference(made))


def test_a_downgrade_loses_nothing() -> None:
    event = finding(notice(response=Response.SLOW, enforced=False))
    lower = downgrade(event)
    assert event["metadata"]["version"] == LATEST, "the event itself stays what it was"
    assert lower["unmapped"]["is_alert"] is True
    assert lower["unmapped"]["finding_info.related_events_count"] == 1
    assert (lower["action_id"], lower["action"]) == (99, "Observed"), "1.3.0 has no number for it"


def test_what_was_done_is_said_and_not_what_would_have_been() -> None:
    observed = finding(notice(response=Response.REFUSE, enforced=False))
    assert (observed["action"], observed["disposition"]) == ("Observed", "Detected")
    done = finding(notice(response=Response.REFUSE, enforced=True))
    assert (done["action"], done["disposition"]) == ("Denied", "Blocked")


def test_techniques_are_those_of_atlas() -> None:
    (attack,) = finding(notice(techniques=("AML.T0024.002",)))["finding_info"]["attacks"]
    assert attack["technique"]["name"] == TECHNIQUES["AML.T0024"]
    assert attack["sub_technique"]["name"] == TECHNIQUES["AML.T0024.002"]
    (other,) = finding(notice(techniques=("AML.T0029",)))["finding_info"]["attacks"]
    assert "sub_technique" not in other


def test_one_incident_is_one_finding_through_its_life() -> None:
    correlator = Correlator()
    some = [*correlator.take(alert(), 1, 0.0), *correlator.take(alert(detector="x/y"), 1, 1.0)]
    some += correlator.tick(2e9, 10_000.0)
    events = [finding(each) for each in some]
    assert [event["activity_name"] for event in events] == ["Create", "Update", "Close"]
    assert [event["status"] for event in events] == ["New", "In Progress", "Resolved"]
    assert len({event["finding_info"]["uid"] for event in events}) == 1
    assert len({event["metadata"]["uid"] for event in events}) == 3


@given(st.text())
def test_no_other_version_is_claimed(version: str) -> None:
    if version not in (LATEST, OLDER):
        with pytest.raises(ValueError, match=r"OCSF 1\.9\.0 and 1\.3\.0"):
            finding(notice(), version)


def test_pydantic_models_of_1_5_0_take_a_finding() -> None:
    models = pytest.importorskip("py_ocsf_models.events.findings.detection_finding")
    models.DetectionFinding.model_validate(plain(finding(notice(), OLDER)))
