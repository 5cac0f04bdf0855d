"""What belongs together, and when somebody is told."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.alerts.made import alert, notices
from violet.domain.alert import Alert, Evidence, Response
from violet.domain.incident_alert import IncidentKind, NoticeEvent
from violet.domain.outcome import Severity
from violet.runtime.alerts.correlate import CorrelationOptions, Correlator


def test_repeats_of_the_same_are_counted_and_told_once() -> None:
    correlator = Correlator()
    told = []
    for second in range(200):
        told += correlator.take(alert(score=float(second % 50)), 3, float(second))
    assert [notice.event for notice in told] == [NoticeEvent.OPENED]
    (incident,) = correlator.incidents()
    assert incident.count == 600
    (sighting,) = incident.sightings
    assert (sighting.count, sighting.peak) == (600, 49.0)
    assert sighting.first < sighting.last


def test_detectors_that_agree_make_one_incident_worse() -> None:
    told = notices(
        alert(detector="extraction/own_change"),
        alert(detector="extraction/own_change"),
        alert(detector="evasion/near_duplicates", severity=Severity.LOW),
    )
    assert [notice.event for notice in told] == [NoticeEvent.OPENED, NoticeEvent.RAISED]
    assert [notice.incident.severity for notice in told] == [Severity.MEDIUM, Severity.HIGH]
    assert told[0].incident.id == told[1].incident.id
    assert told[1].incident.detectors == ("extraction/own_change", "evasion/near_duplicates")


def test_critical_is_only_what_a_detector_called_high() -> None:
    many = [alert(detector=f"extraction/d{number}") for number in range(5)]
    assert max(notice.incident.severity for notice in notices(*many)) is Severity.HIGH
    high = [alert(detector=f"extraction/d{number}", severity=Severity.HIGH) for number in range(2)]
    assert notices(*high)[-1].incident.severity is Severity.CRITICAL


def test_the_policy_says_how_severe_a_detector_is() -> None:
    options = CorrelationOptions(severities=(("drift/*", Severity.INFO), ("*", Severity.CRITICAL)))
    assert notices(alert(detector="drift/univariate"), options=options)[0].incident.severity is Severity.INFO
    assert notices(alert(), options=options)[0].incident.severity is Severity.CRITICAL


def test_clients_with_one_technique_are_one_campaign() -> None:
    told = notices(alert(client="a"), alert(client="b"), alert(client="c"), alert(client="d"))
    events = [(notice.event, notice.incident.kind) for notice in told]
    assert events == [
        (NoticeEvent.OPENED, IncidentKind.CLIENT),
        (NoticeEvent.OPENED, IncidentKind.CLIENT),
        (NoticeEvent.CLOSED, IncidentKind.CLIENT),
        (NoticeEvent.CLOSED, IncidentKind.CLIENT),
        (NoticeEvent.OPENED, IncidentKind.CAMPAIGN),
    ]
    campaign = told[4].incident
    assert set(campaign.clients) == {"a", "b", "c"}
    assert campaign.count == 3, "what the clients' own incidents had counted is in it"
    assert {told[2].incident.merged_into, told[3].incident.merged_into} == {campaign.id}
    assert campaign.severity is Severity.HIGH


def test_a_campaign_says_when_it_has_doubled_and_not_at_every_client() -> None:
    told = notices(*(alert(client=f"c{number}") for number in range(25)))
    after = [notice for notice in told if notice.incident.kind is IncidentKind.CAMPAIGN]
    assert [notice.event for notice in after] == [NoticeEvent.OPENED] + [NoticeEvent.GREW] * 3
    assert [len(notice.incident.clients) for notice in after] == [3, 6, 12, 24]


def test_clients_far_apart_in_time_are_no_campaign() -> None:
    told = notices(*(alert(client=f"c{number}") for number in range(10)), step=400.0)
    assert {notice.incident.kind for notice in told} == {IncidentKind.CLIENT}


def test_clients_that_do_different_things_are_no_campaign() -> None:
    techniques = ("AML.T0024.002", "AML.T0043.001", "AML.T0029")
    told = notices(*(alert(client=t, techniques=(t,), detector=f"x/{t}") for t in techniques))
    assert {notice.incident.kind for notice in told} == {IncidentKind.CLIENT}


def test_a_detector_that_names_several_makes_a_campaign_at_once() -> None:
    together = alert(
        detector="extraction/together", client="a", evidence=Evidence("Three point one way.", others=("b",))
    )
    told = notices(alert(client="b"), alert(client="other", detector="drift/x", techniques=()), together)
    assert told[-1].incident.kind is IncidentKind.CAMPAIGN
    assert set(told[-1].incident.clients) == {"a", "b"}, "and who was not named is not in it"


def test_an_incident_of_another_matter_is_left_alone_by_a_campaign() -> None:
    told = notices(
        alert(client="a", detector="denial/cost", techniques=("AML.T0029",)),
        alert(client="a"),
        alert(client="b"),
        alert(client="c"),
        alert(client="a", detector="denial/cost", techniques=("AML.T0029",)),
    )
    closed = [notice.incident.clients for notice in told if notice.event is NoticeEvent.CLOSED]
    assert closed == [("b",)]


def test_what_is_about_nobody_is_about_the_model() -> None:
    told = notices(alert(client="", detector="drift/univariate"), alert(client="", detector="drift/multivariate"))
    assert {notice.incident.key for notice in told} == {"model:credit-risk:drift"}
    assert told[-1].event is NoticeEvent.RAISED


def test_a_stronger_response_is_told() -> None:
    told = notices(alert(), alert(response=Response.REFUSE, enforced=True), alert(response=Response.SLOW))
    assert [notice.event for notice in told] == [NoticeEvent.OPENED, NoticeEvent.GREW]
    assert told[1].incident.response is Response.REFUSE
    assert "refuse" in told[1].reason


def test_it_ends_when_it_has_been_quiet_and_begins_anew() -> None:
    correlator = Correlator(CorrelationOptions(quiet=100.0))
    first = correlator.take(alert(), 1, 0.0)[0]
    assert correlator.tick(0.0, 99.0) == []
    (closed,) = correlator.tick(2e9, 100.0)
    assert (closed.event, closed.incident.open, closed.incident.id) == (NoticeEvent.CLOSED, False, first.incident.id)
    (again,) = correlator.take(alert(), 1, 101.0)
    assert again.event is NoticeEvent.OPENED
    assert again.incident.id != first.incident.id
    assert again.incident.key == first.incident.key


def test_while_it_goes_on_somebody_is_reminded() -> None:
    correlator = Correlator(CorrelationOptions(remind=3600.0))
    told = [notice for second in range(0, 7201, 60) for notice in correlator.take(alert(), 1, float(second))]
    assert [notice.event for notice in told] == [NoticeEvent.OPENED, NoticeEvent.CONTINUES, NoticeEvent.CONTINUES]


def test_a_clock_that_jumps_changes_nothing_but_what_is_shown() -> None:
    correlator = Correlator(CorrelationOptions(quiet=100.0))
    told = []
    for second, at in enumerate((1e9, 4e9, 0.0, 2e9)):
        told += correlator.take(alert(at=at), 1, float(second))
        told += correlator.tick(at, float(second))
    assert [notice.event for notice in told] == [NoticeEvent.OPENED]
    assert correlator.incidents()[0].last == 4e9


def test_a_flood_of_clients_is_bounded_and_nothing_is_lost_in_silence() -> None:
    options = CorrelationOptions(incidents=20, campaign_clients=10_000)
    correlator = Correlator(options)
    for number in range(5_000):
        correlator.take(alert(client=f"c{number}", model=f"m{number % 300}"), 1, 0.0)
    incidents = correlator.incidents()
    assert len(incidents) <= 20 + 65
    assert sum(incident.count for incident in incidents) == 5_000
    assert any(incident.kind is IncidentKind.CROWD for incident in incidents)
    assert all(len(incident.sightings) <= options.sightings for incident in incidents)


def test_it_goes_on_after_a_restart_without_telling_twice() -> None:
    before = Correlator()
    for each in (alert(client="a"), alert(client="b"), alert(client="a", detector="evasion/ring")):
        before.take(each, 1, 5.0)
    after = Correlator()
    after.restore(before.incidents(), before.number, 50_000.0)
    assert after.incidents() == before.incidents()
    assert after.tick(0.0, 50_001.0) == [], "time spent dead is no quiet"
    assert after.take(alert(client="a"), 1, 50_001.0) == [], "and no reason for a reminder"
    (notice,) = after.take(alert(client="z", detector="denial/cost", techniques=()), 1, 50_001.0)
    assert notice.number == before.number + 1
    assert len(after.tick(0.0, 52_000.0)) == 3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["", "a", "b", "c", "d", "e"]),
            st.sampled_from(["extraction/x", "extraction/y", "drift/x"]),
            st.lists(st.sampled_from(["a", "b", "f"]), max_size=2),
            st.sampled_from([(), ("AML.T0029",), ("AML.T0024.002",)]),
            st.sampled_from(Severity),
            st.floats(0, 500),
        ),
        max_size=40,
    )
)
def test_every_alert_is_in_exactly_one_incident(
    steps: list[tuple[str, str, list[str], tuple[str, ...], Severity, float]],
) -> None:
    correlator = Correlator(CorrelationOptions(incidents=4))
    closed = now = 0.0
    last: dict[str, int] = {}
    for client, detector, others, techniques, severity, wait in steps:
        now += wait
        made: Alert = alert(
            client=client,
            detector=detector,
            techniques=techniques,
            severity=severity,
            evidence=Evidence("", others=tuple(others)),
        )
        for notice in [*correlator.take(made, 2, now), *correlator.tick(now, now)]:
            assert notice.incident.severity >= last.get(notice.incident.id, 0), "severity only rises"
            last[notice.incident.id] = notice.incident.severity
            if notice.event is NoticeEvent.CLOSED and not notice.incident.merged_into:
                closed += notice.incident.count
    assert closed + sum(incident.count for incident in correlator.incidents()) == 2 * len(steps)
    assert all(not math.isnan(incident.last) for incident in correlator.incidents())
