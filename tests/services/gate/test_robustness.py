"""Signed tests of robustness as evidence of the gate."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from tests.checks.evasion.examples import SOUND
from tests.services.gate.world import NOW, World, outcomes, reason
from violet.domain.gate import Outcome
from violet.domain.rate import Rate
from violet.domain.robustness import EvasionTest
from violet.provenance.identity import identify
from violet.services.attest import Terms
from violet.services.configuration import load
from violet.services.configuration import policy as rules_of
from violet.services.evidence import stores_for
from violet.services.judgement import judge
from violet.services.testing.attested import attest_tested
from violet.services.testing.judge import report_of

POLICY = """
[gate.requirements.robust]
description = "Nine of ten samples withstand small changes."
expression = 'tests.exists(t, t.norm == "linf" && t.eps >= 0.03 && t.believable && t.complete && t.robust_low >= 0.5)'
"""


def leave(world: World, test: EvasionTest, key: str = "ci", now: datetime.datetime = NOW) -> None:
    report = report_of(replace(test, subject="good.pkl"))
    rules = rules_of(load())
    report, decision = judge(report, rules)
    store = stores_for("good.pkl", load())[0]
    attest_tested(
        "good.pkl",
        identify("good.pkl"),
        report,
        decision,
        rules,
        [world.keys[key]],
        store,
        Terms(now=now),
        str(test.threat),
    )


def test_a_believable_test_meets_the_requirement(place: World) -> None:
    place.policy(POLICY)
    leave(place, SOUND)
    decision = place.decide("good.pkl")
    assert outcomes(decision) == {"robust": Outcome.MET}
    assert [item.kind for result in decision.results for item in result.evidence] == ["test"]


@pytest.mark.parametrize(
    "test",
    [
        replace(SOUND, bound=Rate(20, 200), robust=Rate(20, 200)),
        replace(SOUND, robust=None, withheld=("masked",)),
        replace(SOUND, partial=True),
        replace(SOUND, threat=replace(SOUND.threat, eps=0.01)),
    ],
    ids=["weak", "withheld", "partial", "another radius"],
)
def test_a_weak_withheld_partial_or_other_one_does_not(place: World, test: EvasionTest) -> None:
    place.policy(POLICY)
    leave(place, test)
    assert outcomes(place.decide("good.pkl"))["robust"] in (Outcome.NOT_MET, Outcome.ERROR)


def test_without_one_it_is_unknown_and_the_command_is_named(place: World) -> None:
    place.policy(POLICY)
    decision = place.decide("good.pkl")
    assert outcomes(decision) == {"robust": Outcome.UNKNOWN}
    assert "no signed report of a test" in reason(decision, "robust")
    assert any("violet test good.pkl" in result.fix for result in decision.results)


def test_a_stranger_is_not_believed(place: World) -> None:
    place.policy(POLICY)
    leave(place, SOUND, key="stranger")
    assert outcomes(place.decide("good.pkl")) == {"robust": Outcome.UNKNOWN}


def test_an_old_one_is_not_believed(place: World) -> None:
    place.policy(POLICY)
    leave(place, SOUND, now=NOW - datetime.timedelta(days=31))
    assert "31 days old" in reason(place.decide("good.pkl"), "robust")


def test_tests_of_two_threats_stand_side_by_side_and_a_newer_one_of_a_threat_supersedes(place: World) -> None:
    place.policy(POLICY)
    leave(place, SOUND, now=NOW - datetime.timedelta(days=2))
    leave(place, replace(SOUND, threat=replace(SOUND.threat, eps=0.01)), now=NOW - datetime.timedelta(days=1))
    assert outcomes(place.decide("good.pkl")) == {"robust": Outcome.MET}
    leave(place, replace(SOUND, bound=Rate(20, 200), robust=Rate(20, 200)), now=NOW)
    assert outcomes(place.decide("good.pkl"))["robust"] is Outcome.NOT_MET


def test_a_test_is_no_scan(place: World) -> None:
    place.policy('[gate.requirements.scanned]\nexpression = "scan.complete"\n')
    leave(place, SOUND)
    assert outcomes(place.decide("good.pkl")) == {"scanned": Outcome.UNKNOWN}
