"""What the tests of evasion rules share: a test of a model that withstands, to be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from violet.domain import Finding
from violet.domain.rate import Rate
from violet.domain.robustness import (
    AttackRun,
    Believed,
    EvasionTest,
    Norm,
    SanityCheck,
    Spent,
    Threat,
)
from violet.services.testing.judge import FORMAT, outcomes_of

RUN = AttackRun(
    attack="gradient/apgd-ce",
    threat=Threat(Norm.LINF, 0.03),
    attempted=190,
    fooled=20,
    queries=Spent(90.0, 100.0, 100),
    gradients=Spent(90.0, 100.0, 100),
    budget=100,
    seconds=1.0,
    seed=1,
    complete=True,
    median_distance=0.02,
)
SOUND = EvasionTest(
    subject="model.onnx",
    data="holdout.npz",
    data_digest="0" * 64,
    samples=200,
    classes=("a", "b"),
    threat=Threat(Norm.LINF, 0.03),
    seed=1,
    budget="60 s",
    versions=(("violet", "0"),),
    clean=Rate(190, 200),
    robust=Rate(170, 200),
    bound=Rate(170, 200),
    misclassified=10,
    runs=(RUN,),
    sanity=(SanityCheck("gradients-alive", "Alive?", Believed.PASSED, "0 %"),),
)


def changed(**fields: Any) -> EvasionTest:
    return replace(SOUND, **fields)


def fired(facts: EvasionTest, rule: str) -> list[Finding]:
    return [o for o in outcomes_of(facts, FORMAT, facts.subject) if isinstance(o, Finding) and o.rule == rule]
