"""Recorded cases, and what notices when a policy loses a condition."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given

from tests.policy.contexts import contexts, finding, good
from tests.policy.test_gate import decided, policy, preset
from violet.domain import ConfigurationError, Verdict
from violet.domain.gate import Outcome
from violet.policy.cases import document, mutants, read_case, run
from violet.policy.gate import in_force
from violet.policy.judge import Facts, judge, verdict
from violet.policy.schema import SOURCE_OF

RULES = """
[gate.requirements.clean]
expression = 'scan.complete && findings.all(f, f.severity < severity("high"))'
[gate.environments.production.requirements.signed]
expression = "signature.verified"
"""
TROJAN = """
violet_case = 1
name = "a trojan"
expect = {verdict = "deny", outcomes = {clean = "not-met"}}
[context.scan]
complete = true
[[context.findings]]
rule = "artifact/pickle-dangerous-call"
severity = "critical"
"""
GOOD = """
violet_case = 1
name = "good"
environment = "production"
expect = {verdict = "allow"}
[context]
scan = {complete = true, age = "2h"}
signature = {verified = true}
now = 2026-11-20T12:00:00Z
"""
UNSIGNED = """
violet_case = 1
name = "nobody signed it"
environment = "production"
expect = {verdict = "deny", outcomes = {signed = "unknown", clean = "met"}}
[context]
scan = {complete = true}
"""
WAIVED = (
    TROJAN.replace('"deny"', '"allow"').replace("not-met", "waived")
    + f"""
fingerprint = "{7:032x}"
[[waivers]]
id = "w"
fingerprint = "{7:032x}"
owner = "ann"
approver = "bob"
reason = "reviewed"
created = "2026-11-01"
expires = "2026-12-01"
"""
)


def case(toml: str) -> Any:
    return read_case(tomllib.loads(toml), "case.toml")


@pytest.mark.parametrize("toml", [TROJAN, GOOD, UNSIGNED, WAIVED])
def test_cases_come_out_as_expected(toml: str) -> None:
    (result,) = run(policy(RULES), [case(toml)])
    assert result.mismatches == ()


def test_what_comes_out_otherwise_is_said() -> None:
    wrong = TROJAN.replace("deny", "allow").replace("not-met", "met").replace("clean = ", 'nothing = "met", clean = ')
    (result,) = run(policy(RULES), [case(wrong)])
    assert result.mismatches == (
        "The verdict is deny because of clean (not-met), and allow was expected.",
        "There is no requirement 'nothing'.",
        "clean is not-met, and met was expected.",
    )


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("name = 'x'", "violet_case is missing"),
        ("violet_case = 2", "violet_case is missing"),
        ("violet_case = 1\nexpct = 1", "did you mean 'expect'"),
        ("violet_case = 1\nexpect = 1", "must be a table"),
        ("violet_case = 1", "expect.verdict must be one of allow, warn, deny"),
        ("violet_case = 1\nexpect = {verdict = 'deny', outcomes = {a = 'bad'}}", "expect.outcomes.a"),
        (TROJAN + "[context.bmo]\n", "did you mean 'bom'"),
        (TROJAN + "[context.signature]\nverifid = true\n", "did you mean 'verified'"),
        (TROJAN + "[context.signature]\nverified = 'yes'\n", "context.signature.verified must be a bool"),
        (TROJAN.replace('"critical"', '"dire"'), "context.findings[0].severity"),
        (TROJAN.replace('"critical"', "9223372036854775808"), "severity must be a"),
        (TROJAN + "[context.advisories]\nage = 'long'\n", "a length of time"),
        (TROJAN + "[context.bom]\nlicenses = 'MIT'\n", "must be a list"),
        (TROJAN.replace("[context.scan]", "[context]\nnow = 3\n[context.scan]"), "must be a time"),
        (TROJAN.replace("[context.scan]", "[[missing]]\nsource = 'scan'\n[context.scan]"), "which is in the context"),
        (TROJAN.replace("[context.scan]", "[[missing]]\nsource = 'scn'\n[context.scan]"), "must name one of"),
        (TROJAN + "[[waivers]]\nid = 'w'\n", "waiver 1: it has no owner"),
    ],
)
def test_mistakes_are_explained(toml: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        case(toml)
    assert message in caught.value.diagnostics()


def test_conditions_that_no_case_tests_are_named() -> None:
    rules = policy(RULES)
    unnoticed = {(m.requirement, m.environment, m.what) for m in mutants(rules, [case(TROJAN)]) if not m.noticed_by}
    assert unnoticed == {("clean", "", "scan.complete is true")}
    incomplete = TROJAN.replace("complete = true", "complete = false").replace("critical", "low")
    assert not [m for m in mutants(rules, [case(TROJAN), case(incomplete)]) if not m.noticed_by]
    everything = mutants(rules, [case(GOOD)])
    assert {m.requirement for m in everything if not m.noticed_by} == {"clean", "signed"}


def test_a_mutant_names_who_noticed() -> None:
    found = {m.what: m.noticed_by for m in mutants(policy(RULES), [case(UNSIGNED)]) if m.requirement == "signed"}
    assert found == {"the whole requirement": ("nobody signed it",)}


@given(contexts())
def test_what_was_recorded_says_the_same_again(context: dict[str, Any]) -> None:
    rules = preset("strict")
    torn = {SOURCE_OF[name] for name in SOURCE_OF if name not in context}  # the gate gives evidence whole, or not
    context = {name: entry for name, entry in context.items() if not SOURCE_OF[name] or SOURCE_OF[name] not in torn}
    recorded = read_case({"violet_case": 1, "expect": {"verdict": "deny"}}, "empty").facts
    facts = Facts({**recorded.context, **context, "environment": "production"}, recorded.missing)
    facts = Facts(facts.context, tuple(m for m in facts.missing if not _present(m.source, facts.context)))
    results = judge(in_force(rules, "production"), facts)
    reached, _ = verdict(results, facts.missing)
    outcomes = {r.requirement.name: r.outcome for r in results}
    text = json.dumps(document("x", "production", facts, reached, outcomes))
    again = read_case(json.loads(text), "case.json")
    assert again.verdict is reached
    assert dict(again.outcomes) == outcomes
    (result,) = run(rules, [again])
    assert result.mismatches == ()


def _present(source: str, context: dict[str, Any]) -> bool:
    return any(SOURCE_OF[name] == source for name in context)


def test_a_recorded_good_model_is_allowed() -> None:
    text = json.dumps(document("good", "", Facts(good()), Verdict.ALLOW, {"signed": Outcome.MET}))
    (result,) = run(preset("baseline"), [read_case(json.loads(text), "good.json")])
    assert result.mismatches == ()


def test_the_same_finding_is_denied_in_and_out_of_a_case() -> None:
    context = {**good(), "findings": [finding(4)]}
    assert decided(policy(RULES), "", context)[0] is Verdict.DENY
