"""What the tests of rules of drift share: a comparison in which nothing changed, to be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from violet.domain import Finding
from violet.domain.drift import (
    Carriers,
    Change,
    ClientCarriage,
    ClientShare,
    ColumnDrift,
    Drift,
    JointDrift,
    Performance,
    SegmentDrift,
)
from violet.domain.rate import Interval
from violet.services.drifting.judge import FORMAT
from violet.services.testing.judge import outcomes_of


def column(**fields: Any) -> ColumnDrift:
    usual = ColumnDrift(
        "income",
        "number",
        Change.STABLE,
        "KS distance 0.010 is no more than what chance gives (0.017).",
        effect=0.01,
        noise=0.017,
        natural=0.0,
        psi=0.001,
        mean_before=3.0,
        mean_after=3.01,
    )
    return replace(usual, **fields)


JOINT = JointDrift(Change.STABLE, "It is no more than chance.", 0.0, 0.01, 0.0, 0.5, 20_000, 20_000)
SEGMENT = SegmentDrift("city", "rome", Change.STABLE, 900, 800, 0.3, 0.3, "income", 0.02, 0.05, 0.01)
PERFORMANCE = Performance(
    Change.STABLE, "It is as it was.", True, 0.8, 0.8, Interval(0.79, 0.81, method="normal"), 1000, 1000
)
CLIENTS = ClientCarriage(
    Carriers.MANY, "Many carry it.", 100, 60, 0.6, 0.2, 0.05, 0.9, (ClientShare("key:a", 0.01, 0.02),)
)
STABLE = Drift(
    reference="model.profile",
    reference_digest="sha256:0",
    current="today.parquet",
    rows_before=10_000,
    rows_after=10_000,
    threshold=0.1,
    psi_threshold=0.2,
    level=0.001,
    change=Change.STABLE,
    summary="No drift.",
    columns=(column(), column(name="city", kind="category")),
    joint=JOINT,
    segments=(SEGMENT,),
    clients=CLIENTS,
    performance=PERFORMANCE,
)


def changed(**fields: Any) -> Drift:
    return replace(STABLE, **fields)


def fired(facts: Drift, rule: str) -> list[Finding]:
    found = outcomes_of(facts, FORMAT, facts.current)
    return [outcome for outcome in found if isinstance(outcome, Finding) and outcome.rule == rule]
