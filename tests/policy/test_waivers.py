"""Waivers: what one may say, when it counts, and for what."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.policy.contexts import finding, good
from tests.policy.test_gate import policy
from violet.domain import Confidence, Finding, Location, Severity
from violet.domain.gate import Outcome, Waiver, WaiverStatus
from violet.policy.gate import in_force
from violet.policy.judge import Facts, judge
from violet.policy.waivers import applies, check, document, read, split

TODAY = datetime.date(2026, 11, 20)
PRINT = f"{7:032x}"


def waiver(**more: Any) -> Waiver:
    made = Waiver("w", "ann", "bob", "reviewed", TODAY, TODAY + datetime.timedelta(30), fingerprint=PRINT)
    return replace(made, **more)


def test_what_is_written_is_read() -> None:
    for made in (
        waiver(),
        waiver(fingerprint="", requirement="signed", model="x*", environment="staging", content=f"sha256:{PRINT}"),
    ):
        assert read(document(made)) == made


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"owner": ""}, "no owner"),
        ({"reason": " "}, "no reason"),
        ({"fingerprint": ""}, "one finding or for one requirement"),
        ({"requirement": "x"}, "one finding or for one requirement"),
        ({"fingerprint": "abc"}, "32 hexadecimal"),
        ({"expires": "soon"}, "no day"),
        ({"expires": "20271231"}, "no day"),
        ({"expires": "2027-13-01"}, "no day"),
        ({"expires": "2020-01-01"}, "expires before"),
        ({"approved": "yes"}, "'approved'"),
        ({"reason": "x" * 3000}, "longer than"),
        ({"reason": 3}, "texts"),
        ({"content": "the new one"}, "no digest"),
    ],
)
def test_mistakes_are_explained(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read({**document(waiver()), **change})
    with pytest.raises(ValueError, match="texts"):
        read([])


@pytest.mark.parametrize(
    ("change", "signers", "status"),
    [
        ({}, ["bob"], WaiverStatus.VALID),
        ({}, ["Bob "], WaiverStatus.VALID),
        ({"expires": TODAY}, ["bob"], WaiverStatus.VALID),
        (
            {"created": TODAY - datetime.timedelta(2), "expires": TODAY - datetime.timedelta(1)},
            ["bob"],
            WaiverStatus.EXPIRED,
        ),
        ({"created": TODAY + datetime.timedelta(2)}, ["bob"], WaiverStatus.NOT_YET_VALID),
        ({"expires": TODAY + datetime.timedelta(91)}, ["bob"], WaiverStatus.TOO_LONG),
        ({"approver": "ann"}, ["ann"], WaiverStatus.SELF_APPROVED),
        ({"approver": "ANN"}, ["ann"], WaiverStatus.SELF_APPROVED),
        ({}, ["carl"], WaiverStatus.WRONG_APPROVER),
        ({}, ["bob", "ann"], WaiverStatus.SELF_APPROVED),
    ],
)
def test_when_one_counts(change: dict[str, Any], signers: list[str], status: WaiverStatus) -> None:
    checked = check(waiver(**change), signers, TODAY, 90)
    assert checked.status is status
    assert bool(checked.reason) == (status is not WaiverStatus.VALID)


def test_it_is_for_its_model_and_environment() -> None:
    model = {"name": "fraud-v2.pkl", "digest": f"sha256:{PRINT}"}
    assert applies(waiver(), model, "production")
    assert applies(waiver(model="fraud-*"), model, "")
    assert not applies(waiver(model="churn-*"), model, "")
    assert not applies(waiver(environment="staging"), model, "production")
    assert not applies(waiver(environment="staging"), model, "")
    assert applies(waiver(content=f"sha256:{PRINT}"), model, "")
    assert not applies(waiver(content=f"sha256:{'0' * 32}"), model, "")


RULES = """
[gate.requirements.clean]
expression = 'findings.all(f, f.severity < severity("high"))'
[gate.requirements.severe]
expression = 'findings.all(f, f.severity < severity("critical"))'
waivable = false
[gate.requirements.signed]
expression = 'signature.verified'
"""


def outcomes(context: dict[str, Any], *waivers: Waiver) -> dict[str, Outcome]:
    results = judge(in_force(policy(RULES), ""), Facts(context, (), waivers))
    return {result.requirement.name: result.outcome for result in results}


def test_a_waived_finding_is_waived_and_not_met() -> None:
    context = {**good(), "findings": [finding(3, 7), finding(0, 8)]}
    assert outcomes(context)["clean"] is Outcome.NOT_MET
    assert outcomes(context, waiver())["clean"] is Outcome.WAIVED
    context["findings"].append(finding(3, 9))
    assert outcomes(context, waiver())["clean"] is Outcome.NOT_MET
    context["findings"] = []
    assert outcomes(context, waiver())["clean"] is Outcome.MET


def test_what_cannot_be_waived_is_not() -> None:
    context = {**good(), "findings": [finding(4, 7)]}
    found = outcomes(context, waiver(), waiver(id="v", fingerprint="", requirement="severe"))
    assert (found["clean"], found["severe"]) == (Outcome.WAIVED, Outcome.NOT_MET)


def test_a_requirement_is_waived_for_one_model() -> None:
    context = good()
    del context["signature"]
    exception = waiver(fingerprint="", requirement="signed", model="model.pkl")
    assert outcomes(context)["signed"] is Outcome.UNKNOWN
    assert outcomes(context, exception)["signed"] is Outcome.WAIVED
    assert outcomes(context, replace(exception, model="other.pkl"))["signed"] is Outcome.UNKNOWN


def test_only_the_waivers_that_are_needed_are_named() -> None:
    context = {**good(), "findings": [finding(3, 7), finding(0, 8)]}
    spare = waiver(id="spare", fingerprint=f"{8:032x}")
    results = judge(in_force(policy(RULES), ""), Facts(context, (), (spare, waiver())))
    assert [r.waivers for r in results if r.requirement.name == "clean"] == [("w",)]


@given(st.lists(st.integers(0, 4), max_size=4), st.sets(st.integers(0, 5)))
def test_a_waiver_is_no_more_than_the_finding_gone(severities: list[int], numbers: set[int]) -> None:
    """Waiving comes out as if nobody had found it."""
    findings = [finding(severity, number) for number, severity in enumerate(severities)]
    waivers = tuple(waiver(id=f"w{number}", fingerprint=f"{number:032x}") for number in numbers)
    passed = {
        name: out in (Outcome.MET, Outcome.WAIVED)
        for name, out in outcomes({**good(), "findings": findings}, *waivers).items()
    }
    left = [entry for number, entry in enumerate(findings) if number not in numbers]
    without = {name: out is Outcome.MET for name, out in outcomes({**good(), "findings": left}).items()}
    assert passed["clean"] == without["clean"]


def test_in_a_scan_the_path_names_the_model() -> None:
    found = Finding("a/b", Severity.HIGH, Confidence.HIGH, "m", Location("models/fraud-1.pkl!data.pkl"), key="k")
    mine = waiver(fingerprint=found.fingerprint)
    assert split([found], [mine]) == ((), (found,))
    assert split([found], [replace(mine, model="fraud-*")]) == ((), (found,))
    assert split([found], [replace(mine, model="churn-*")]) == ((found,), ())
    for narrow in ({"environment": "production"}, {"content": f"sha256:{PRINT}"}):
        assert split([found], [replace(mine, **narrow)]) == ((found,), ())


@pytest.mark.parametrize("other", ["ANN", " ann ", "ａｎｎ", "a\u200bnn", "ann\u00ad", "\u202eann"])
def test_a_name_that_looks_the_same_is_the_same_person(other: str) -> None:
    from violet.policy.waivers import same_person

    assert same_person("ann", other)
    assert not same_person("ann", f"{other}e")


def test_what_cannot_be_worked_out_is_not_waived() -> None:
    """Nobody knows what it is that they accept."""
    import datetime

    from tests.policy.contexts import good
    from violet.domain.gate import Outcome, Waiver
    from violet.policy.gate import in_force, parse_policy
    from violet.policy.judge import Facts, judge

    rules = in_force(parse_policy({"requirements": {"x": {"expression": "1 / model.files > 9"}}}, "p"), "")
    context = good()
    context["model"]["files"] = 0
    day = datetime.date(2026, 11, 20)
    waiver = Waiver("1", "ann", "security", "because", day, day, requirement="x")
    (result,) = judge(rules, Facts(context, (), (waiver,)))
    assert result.outcome is Outcome.ERROR
