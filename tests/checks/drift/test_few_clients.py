"""``drift/few-clients``."""

from __future__ import annotations

from dataclasses import replace

from tests.checks.drift.examples import CLIENTS, STABLE, changed, fired
from violet.domain import Confidence, Severity
from violet.domain.drift import Carriers, ClientShare, Drift

RULE = "drift/few-clients"
FEW = replace(
    CLIENTS,
    carriers=Carriers.FEW,
    few=1,
    without=0.01,
    top=(ClientShare("key:x", 0.2, 0.99), ClientShare("key:y", 0.1, 0.0)),
)


def positive_facts() -> Drift:
    return changed(clients=FEW)


def benign_facts() -> Drift:
    return STABLE


def test_it_names_those_who_carry_it_and_no_others() -> None:
    (found,) = fired(positive_facts(), RULE)
    assert "key:x (99 %)" in found.evidence
    assert "key:y" not in found.evidence
    assert found.severity is Severity.HIGH
    assert found.confidence is Confidence.HIGH


def test_what_stays_without_them_makes_it_less_sure() -> None:
    (found,) = fired(changed(clients=replace(FEW, without=0.09)), RULE)
    assert found.confidence is Confidence.MEDIUM


def test_it_does_not_speak_where_clients_are_not_known() -> None:
    assert not fired(changed(clients=replace(FEW, carriers=Carriers.UNKNOWN)), RULE)
    assert not fired(changed(clients=None), RULE)
