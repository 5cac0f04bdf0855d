"""What the tests of explanation rules share: an explanation of a model that is well behaved, to be changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from violet.domain import Finding
from violet.domain.explanation import (
    AttackSurface,
    Completeness,
    DetectionScore,
    Explanation,
    FeatureReliance,
    InputExplanation,
    Method,
    Part,
    ShiftDetection,
    Shortcut,
    ShortcutKind,
    ShortcutSearch,
    Stability,
    SurfaceEntry,
)
from violet.domain.rate import Interval, Rate
from violet.services.explaining.judge import FORMAT, outcomes_of


def interval(low: float, high: float) -> Interval:
    return Interval(low, high, method="bootstrap")


def shortcut(**fields: Any) -> Shortcut:
    usual = Shortcut(
        kind=ShortcutKind.FEATURE,
        name="income",
        label="pays",
        flips=Rate(30, 100),
        least=0.2,
        alone=Rate(60, 200),
        usual=Rate(190, 200),
        area=0.1,
        decides=False,
    )
    return replace(usual, **fields)


def entry(**fields: Any) -> SurfaceEntry:
    return replace(SurfaceEntry("income", 0.1, 0.15, 0.12, Rate(10, 50)), **fields)


STABILITY = Stability(0.01, 50, 3, 0.95, interval(0.93, 0.97), 5, 0.92, interval(0.9, 0.95))
SURFACE = AttackSurface(
    "scores/square",
    "linf:0.05",
    Rate(50, 180),
    (entry(), entry(feature="age", moved=0.0, exposure=0.0, immutable=True, changed=Rate(0, 50))),
    0.4,
    interval(0.1, 0.6),
)
DETECTION = ShiftDetection(
    pairs=50,
    reference=200,
    shift=DetectionScore("attribution shift", "distance", 0.97, interval(0.94, 0.99)),
    baselines=(
        DetectionScore("maximum probability", "how unsure", 0.98, interval(0.95, 0.99), -0.01, interval(-0.04, 0.02)),
    ),
    adds=False,
    verdict="The explanation adds nothing as a detector here.",
)
SOUND = Explanation(
    subject="model.onnx",
    data="holdout.csv",
    data_digest="0" * 64,
    classes=("pays", "does not"),
    kind="table",
    samples=200,
    background=100,
    seed=1,
    method=Method.KERNEL_SHAP,
    unit="probability",
    exact=True,
    against="the mean over 16 other inputs",
    accuracy=Rate(190, 200),
    completeness=Completeness(1e-9, 1e-10, 1e-9, True, 200),
    reliance=(
        FeatureReliance("income", 0.15, interval(0.12, 0.18), 0.1, Rate(20, 200)),
        FeatureReliance("age", 0.1, interval(0.08, 0.12), 0.07, Rate(10, 200), immutable=True),
    ),
    inputs=(
        InputExplanation(3, "pays", "does not", 0.8, 0.5, (Part("income", "1200", 0.25), Part("age", "33", 0.05)), 0.0),
    ),
    surface=SURFACE,
    detection=DETECTION,
    shortcuts=ShortcutSearch(20, 200, (shortcut(),)),
    stability=STABILITY,
)


def changed(**fields: Any) -> Explanation:
    return replace(SOUND, **fields)


def fired(facts: Explanation, rule: str) -> list[Finding]:
    return [o for o in outcomes_of(facts, FORMAT, facts.subject) if isinstance(o, Finding) and o.rule == rule]
