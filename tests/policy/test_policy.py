"""Thresholds, patterns and exit codes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain import Asset, Confidence, Failed, Finding, Location, Report, Severity, Skipped, Verdict
from violet.policy import BY_CHOICE, Policy, decide
from violet.policy.glob import matches

ASSET = Asset("a.pkl", "pickle", 10)


def finding(severity: Severity, path: str = "a.pkl", rule: str = "artifact/x") -> Finding:
    return Finding(rule, severity, Confidence.HIGH, "m", Location(path), key="k", logical_path=path)


def report(*findings: Finding, skipped: tuple[Skipped, ...] = (), failed: tuple[Failed, ...] = ()) -> Report:
    return Report("scan", "0", (ASSET,), findings, skipped, failed)


@pytest.mark.parametrize("severity", list(Severity))
@pytest.mark.parametrize("threshold", list(Severity))
def test_threshold(severity: Severity, threshold: Severity) -> None:
    decision = decide(report(finding(severity)), Policy(threshold))
    assert decision.exit_code == (1 if severity >= threshold else 0)
    assert (decision.verdict is Verdict.DENY) == (severity >= threshold)


def test_clean() -> None:
    decision = decide(report(), Policy())
    assert (decision.verdict, decision.exit_code, decision.reasons) == (Verdict.ALLOW, 0, ())


def test_nothing_examined_is_not_clean() -> None:
    assert decide(Report("scan", "0"), Policy()).exit_code == 3


@pytest.mark.parametrize("what", ["unknown", "pickle", ""])
def test_unexamined_is_not_clean(what: str) -> None:
    decision = decide(report(skipped=(Skipped(Location("b"), "why", what),)), Policy())
    assert decision.exit_code == 3
    assert decision.verdict is Verdict.WARN


@pytest.mark.parametrize("what", sorted(BY_CHOICE))
def test_left_out_by_choice_is_no_defect(what: str) -> None:
    assert decide(report(skipped=(Skipped(Location("b"), "why", what),)), Policy()).exit_code == 0


def test_failed_is_not_clean_and_findings_come_first() -> None:
    failed = (Failed(Location("b"), "no"),)
    assert decide(report(failed=failed), Policy()).exit_code == 3
    assert decide(report(finding(Severity.HIGH), failed=failed), Policy()).exit_code == 1


def test_policy_that_never_fails_says_so() -> None:
    decision = decide(report(finding(Severity.CRITICAL)), Policy(None))
    assert decision.exit_code == 0
    assert any("never-fail" in reason for reason in decision.reasons)


def test_what_is_said_of_waivers_is_passed_on() -> None:
    decision = decide(report(finding(Severity.HIGH)), Policy(), ["The waiver w does not count: it ran out."])
    assert decision.exit_code == 1
    assert decision.reasons[-1] == "The waiver w does not count: it ran out."


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a.pkl", "a.pkl", True),
        ("a.pkl", "a.pkl!inside", True),
        ("a.pkl", "d/a.pkl", False),
        ("*.pkl", "d/a.pkl", False),
        ("**/*.pkl", "d/e/a.pkl", True),
        ("**/*.pkl", "a.pkl", True),
        ("d/**", "d/e/a.pkl", True),
        ("d/?.pkl", "d/a.pkl", True),
        ("a.zip!data.pkl", "a.zip!data.pkl", True),
        ("a.zip!data.pkl", "a.zip!other.pkl", False),
        ("a.zip", "a.zip2", False),
        ("a+b.pkl", "a+b.pkl", True),
        ("a+b.pkl", "aab.pkl", False),
    ],
)
def test_waiver_paths(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_pattern_is_answered(pattern: str, path: str) -> None:
    assert matches(pattern, path) in (True, False)
    literal = path.replace("*", "x").replace("?", "x")
    assert matches(literal, literal)
