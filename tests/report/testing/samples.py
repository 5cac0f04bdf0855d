"""Fixed tests with something of everything: one believed, one withheld, one of a table, one that was cut short."""

from __future__ import annotations

import dataclasses
import math

from tests.report.samples import finding
from violet.domain import Decision, Location, Measurement, Report, Rule, Severity, Verdict
from violet.domain.rate import Rate
from violet.domain.robustness import (
    AttackRun,
    Believed,
    Curve,
    CurvePoint,
    DenialResult,
    EvasionTest,
    FeatureChange,
    GroupRobustness,
    Norm,
    SanityCheck,
    ShiftResult,
    Spent,
    Threat,
    Transfer,
    WorstCase,
)
from violet.report import View

LINF = Threat(Norm.LINF, 8 / 255)
SIDE = 12
RULE = Rule(
    id="evasion/low-robust-accuracy",
    title="Small changes to inputs turn right answers into wrong ones",
    severity=Severity.HIGH,
    fix="Train on adversarial examples.",
    techniques=("AML.T0043.000", "AML.T0015"),
    cwe=(1039,),
)
COMMAND = "violet test model.onnx --data holdout.npz --threat linf:8/255 --suite evasion --seed 7"


def run(attack: str, attempted: int, fooled: int, queries: float, **more: object) -> AttackRun:
    made = AttackRun(
        attack=attack,
        threat=LINF,
        attempted=attempted,
        fooled=fooled,
        queries=Spent(queries, queries, int(2 * queries)),
        gradients=Spent(queries, queries, int(queries)) if attack.startswith("gradient/") else Spent(0.0, 0.0, 0),
        budget=5000,
        seconds=queries / 40,
        seed=7,
        complete=True,
        median_distance=0.0214 if fooled else math.nan,
        reported=int(attempted * queries),
        recount=int(attempted * queries),
    )
    return dataclasses.replace(made, **more)  # type: ignore[arg-type]


def check(id: str, question: str, outcome: Believed, detail: str, decisive: bool = True) -> SanityCheck:
    return SanityCheck(id, question, outcome, detail, decisive, (("share", 0.125),), "Carlini et al. 2019, section 5.2")


def curve(over: str, attack: str, points: dict[float, int], total: int = 64) -> Curve:
    return Curve(over, attack, Norm.LINF, tuple(CurvePoint(at, Rate(hits, total)) for at, hits in points.items()))


def digit() -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A grey ring, and the same with a pattern in it that one hardly sees."""
    middle = (SIDE - 1) / 2
    ring = [
        [max(0.0, 1.0 - abs(math.hypot(row - middle, column - middle) - 3.5) / 1.5) for column in range(SIDE)]
        for row in range(SIDE)
    ]
    moved = [
        [min(1.0, max(0.0, value + (0.03 if (row + column) % 3 else -0.03))) for column, value in enumerate(line)]
        for row, line in enumerate(ring)
    ]
    return tuple(v for line in ring for v in line), tuple(v for line in moved for v in line)


def image_test() -> EvasionTest:
    """Believed, complete, of images."""
    original, adversarial = digit()
    ring = WorstCase(17, "zero", "eight", 0.0118, "gradient/apgd-ce", (), (1, SIDE, SIDE), "chw", original, adversarial)
    return EvasionTest(
        subject="model.onnx",
        data="holdout.npz",
        data_digest="sha256:" + "5d" * 32,
        samples=200,
        classes=("zero", "eight", "nine"),
        threat=LINF,
        seed=7,
        budget="600 s, 5,000 queries a sample and attack",
        versions=(("violet", "0.4"), ("python", "3.11.7"), ("numpy", "2.4.6")),
        clean=Rate(191, 200),
        robust=Rate(82, 200),
        bound=Rate(82, 200),
        misclassified=9,
        runs=(
            run("gradient/apgd-ce", 191, 97, 100.0),
            run("gradient/apgd-t", 94, 11, 180.0),
            run("scores/square", 83, 1, 1900.0),
            run("decisions/hopskipjump", 82, 0, 2400.0, options=(("steps", "20"),)),
        ),
        probes=(
            run("gradient/fgsm", 64, 21, 1.0),
            run("gradient/pgd", 64, 33, 40.0, options=(("restarts", "5"),)),
            run("scores/square", 64, 30, 2100.0),
        ),
        sanity=(
            check(
                "black-box-not-stronger",
                "Do attacks without gradients find no more than attacks with them?",
                Believed.PASSED,
                "36 of 64 fall to fgsm, pgd, 30 to square; 0 to the latter alone, 6 to the former alone.",
            ),
            check(
                "everything-breaks",
                "Does a radius that allows any change break everything?",
                Believed.PASSED,
                "At linf:1 0 of 64 probes still stand.",
            ),
            check(
                "transfer-not-stronger",
                "Do examples made on a surrogate find no more than attacks with gradients?",
                Believed.NOT_RUN,
                "Not asked: no attack to compare with fits the target.",
            ),
            check(
                "restarts-settle",
                "Do more random restarts find nothing more than a few cases?",
                Believed.FAILED,
                "PGD fools 29 of 64; with restarts 33.",
                decisive=False,
            ),
        ),
        curves=(
            curve(
                "eps", "gradient/apgd-ce + gradient/apgd-t", {0: 61, 0.0078: 49, 0.0157: 38, 0.0314: 26, 0.1: 3, 1: 0}
            ),
            curve("queries", "scores/square", {1: 61, 10: 60, 100: 51, 1000: 37, 5000: 31}),
        ),
        groups=(
            GroupRobustness("class", "zero", Rate(66, 67), Rate(41, 67)),
            GroupRobustness("class", "eight", Rate(60, 66), Rate(9, 66)),
            GroupRobustness("class", "nine", Rate(65, 67), Rate(32, 67)),
            GroupRobustness("scanner", "B", Rate(40, 45), Rate(12, 45)),
        ),
        worst=(ring, dataclasses.replace(ring, index=90, label="nine", predicted="eight", distance=0.0125)),
        shifts=(
            ShiftResult("shifts/noise", 0.1, Rate(180, 200), Rate(191, 200)),
            ShiftResult("shifts/rotation", 15.0, Rate(120, 200), Rate(191, 200)),
        ),
        transfers=(Transfer("a surrogate trained on its answers", "the target", Rate(12, 64)),),
        denial=(DenialResult("denial/sponge", "seconds", 0.0012, 0.0051, detail="200 inputs, alone"),),
        command=COMMAND,
        offers=("labels", "scores", "gradients"),
        queries=612_345,
        seconds=431.0,
        thresholds={"robust": 0.5, "group": 0.2},
    )


def withheld_test() -> EvasionTest:
    """A model that masks its gradients: its figure is not believed."""
    believed = image_test()
    masked = check(
        "black-box-not-stronger",
        "Do attacks without gradients find no more than attacks with them?",
        Believed.FAILED,
        "0 of 64 fall to fgsm, pgd, 60 to square; 60 to the latter alone, 0 to the former alone.",
    )
    return dataclasses.replace(
        believed,
        robust=None,
        bound=Rate(3, 200),
        withheld=(f"{masked.question} No. {masked.detail}",),
        sanity=(*believed.sanity[1:], masked),
        restrictions=("gradient/fmn was left out: it needs logits.",),
    )


def table_test() -> EvasionTest:
    """Of a table, with no gradients and any feasible change."""
    changes = (
        FeatureChange("income", "31,000", "35,500", 0.09),
        FeatureChange("employment", "part time", "self-employed", 1.0),
    )
    return EvasionTest(
        subject="credit.skops",
        data="loans.csv",
        data_digest="",
        samples=40,
        classes=("refused", "granted"),
        threat=Threat(Norm.FEASIBLE, math.inf),
        seed=0,
        budget="60 s, each attack's own queries",
        versions=(),
        clean=Rate(30, 40),
        robust=Rate(0, 40),
        bound=Rate(0, 40),
        misclassified=10,
        runs=(run("tabular/constrained-search", 30, 30, 210.0),),
        worst=(WorstCase(3, "refused", "granted", 2.0, "tabular/constrained-search", changes),),
        moved=(("income", 0.61), ("employment", 0.3), ("age", 0.09)),
        offers=("labels",),
        queries=6300,
        seconds=3.5,
    )


def partial_test() -> EvasionTest:
    """Interrupted soon: hardly anything is known."""
    return dataclasses.replace(
        image_test(),
        robust=None,
        bound=Rate(150, 200),
        withheld=("Not all that was planned was run: what still stands may not have been attacked.",),
        partial=True,
        runs=(run("gradient/apgd-ce", 191, 41, 30.0, complete=False, errors=("The target timed out.",)),),
        probes=(),
        sanity=(),
        curves=(),
        groups=(),
        worst=(),
        shifts=(),
        transfers=(),
        denial=(),
        thresholds={},
    )


def view_of(test: EvasionTest, **more: object) -> View:
    """A view with one finding."""
    found = finding(
        RULE,
        test.subject,
        f"{test.bound} of the samples withstand {test.threat}.",
    )
    measured = Measurement(Location(test.subject), "evasion/robust-accuracy", test.bound.value, "share")
    report = Report(command="test", version="0.4", findings=(found,), measurements=(measured,))
    decision = Decision(Verdict.DENY, ("1 finding of severity high or above.",), 1)
    options = {"rules": {RULE.id: RULE}, "command_line": test.command, **more}
    return View(report, decision, **options)  # type: ignore[arg-type]


TESTS = {"image": image_test, "withheld": withheld_test, "table": table_test, "partial": partial_test}
