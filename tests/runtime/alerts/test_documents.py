"""Alerts and notices survive being written down, whatever is in them."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.alerts.made import HOSTILE, alert, alerts, notice, notices
from violet.domain.alert import Alert, Evidence
from violet.runtime.alerts.documents import (
    alert_document,
    alert_of,
    bounded,
    dump,
    notice_document,
    notice_of,
    replay_command,
)


def same(one: Alert, other: Alert) -> bool:
    """Equal, where figures that are not finite are all the same: JSON has none."""

    def shown(each: Alert) -> object:
        return json.loads(dump(alert_document(each)))

    return shown(one) == shown(other)


@given(alerts())
def test_an_alert_comes_back_from_its_line(made: Alert) -> None:
    kept = bounded(made)
    line = dump(alert_document(kept))
    assert line.isascii()
    assert not any(octet < 0x20 or octet == 0x7F for octet in line)
    assert same(alert_of(json.loads(line)), kept)


@given(alerts())
def test_a_notice_comes_back_from_its_line(made: Alert) -> None:
    for told in notices(made):
        back = notice_of(json.loads(dump(notice_document(told, "/var/lib/guard"))))
        assert same(back.incident.latest, told.incident.latest)
        assert dump(notice_document(back)) == dump(notice_document(told))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner)))
def test_what_is_no_alert_is_refused_and_nothing_else_happens(value: object) -> None:
    whole = json.loads(dump(alert_document(alert())))
    for name in whole:
        try:
            alert_of({**whole, name: value})
        except ValueError:
            continue
    with pytest.raises(ValueError, match="not an alert"):
        alert_of({"evidence": value})
    with pytest.raises(ValueError, match="not a notice"):
        notice_of({"incident": value})


def test_what_a_client_can_make_long_is_cut() -> None:
    long = "k" * 1_000_000
    many = tuple(str(number) for number in range(10_000))
    huge = alert(
        client=long,
        title=long,
        model=long,
        evidence=Evidence(long, dict.fromkeys(many, long), many, long, many),
    )
    kept = bounded(huge)
    assert len(kept.client) == 256
    assert kept.evidence.queries == many[-20:], "the latest queries are those that matter"
    assert len(dump(alert_document(kept))) < 100_000


def test_the_figures_are_plain_numbers_even_from_arrays() -> None:
    import numpy as np

    made = alert(score=np.float64(3.5), after=np.int64(7), at=np.float64(12.0), threshold=math.inf)
    document = json.loads(dump(alert_document(bounded(made))))
    assert (document["score"], document["after"], document["threshold"]) == (3.5, 7, None)


def test_the_command_that_replays_is_one_word_an_argument() -> None:
    command = replay_command(alert(id=HOSTILE), "/var/lib/my guard")
    assert "\n" not in command
    assert "\x1b" not in command
    assert shlex.split(replay_command(alert(id="al-7"), "/var/lib/my guard")) == [
        "violet", "guard", "replay", "--state", "/var/lib/my guard", "--alert", "al-7",
    ]  # fmt: skip


def test_the_names_at_the_top_of_a_notice_stay() -> None:
    """Sigma rules and receivers rely on them."""
    told = notice()
    document = notice_document(dataclasses.replace(told, at=1_790_000_000.0), "/state")
    assert document["time"] == "2026-09-21T14:13:20.000Z"
    assert " ".join(document) == (
        "version time at number event severity title reason incident incident_key kind open opened last count client "
        "clients model models detector detectors techniques response enforced merged_into sightings more alert replay "
        "omitted omitted_by"
    )
