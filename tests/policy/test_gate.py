"""The gate's policy: what it may say, how environments inherit, and what presets hold."""

from __future__ import annotations

import copy
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.contexts import attestation, contexts, finding, good
from violet.domain import ConfigurationError, Verdict
from violet.domain.gate import Enforcement, MissingEvidence, Outcome
from violet.policy.gate import GatePolicy, in_force, parse_policy
from violet.policy.judge import Facts, judge, verdict
from violet.policy.presets import PRESETS, text
from violet.policy.samples import always_true
from violet.policy.schema import SOURCE_OF, SOURCES


def policy(toml: str) -> GatePolicy:
    return parse_policy(tomllib.loads(toml).get("gate", {}), "violet.toml")


def decided(rules: GatePolicy, environment: str, context: dict[str, Any]) -> tuple[Verdict, int]:
    missing = tuple(
        MissingEvidence(source, f"There is no {source}.")
        for source in SOURCES
        if not any(SOURCE_OF[name] == source for name in context)
    )
    return verdict(judge(in_force(rules, environment), Facts(context, missing)), missing)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[gate]\nmax_scan_age = 3", "Did you mean 'max_scan_age_days'"),
        ("[gate]\nmax_scan_age_days = '3'", "whole number"),
        ("[gate]\nmax_scan_age_days = -3", "between"),
        ("[gate]\nmax_scan_age_days = true", "whole number"),
        ("[gate]\ntrust_attested_scans = 1", "true or false"),
        ("[gate]\nrequirement = 1", "Did you mean 'requirements'"),
        ("[gate]\nrequirements = 1", "a table for each"),
        ("[gate.requirements]\nx = 1", "must be a table"),
        ("[gate.requirements.x]\ndescription = 'a'", "needs an expression"),
        ("[gate.requirements.x]\nexpresion = 'true'", "Did you mean 'expression'"),
        ("[gate.requirements.x]\nexpression = 1", "must be a text"),
        ("[gate.requirements.x]\nexpression = ' '", "must be a text"),
        ("[gate.requirements.x]\nexpression = 'findngs.size() == 0'", "Did you mean 'findings'"),
        ("[gate.requirements.x]\nexpression = 'true ||'", "character 8"),
        ("[gate.requirements.x]\nexpression = 'true'\nenforcement = 'block'", "'deny' or 'warn'"),
        ("[gate.requirements.x]\nexpression = 'true'\nneeds = ['scn']", "Did you mean 'scan'"),
        ("[gate.requirements.x]\nexpression = 'true'\nneeds = 'scan'", "list of texts"),
        ("[gate.requirements.x]\nexpression = 'true'\nwaivable = 'no'", "true or false"),
        ("[gate.requirements.x]\nexpression = 'true'\nloosen = 'why'", "nothing that it loosens"),
        ("[gate.requirements.x]\nexpression = 'true'\noff = true", "nothing that it loosens"),
        ("[gate.environments]\nprod = 1", "tables"),
        ("[gate.environments.prod]\ninherit = 'a'", "Did you mean 'inherits'"),
        ("[gate.environments.prod]\ninherits = 'staging'", "says nothing"),
        ("[gate.environments.prod]\ninherits = ['a']", "the name of an environment"),
        ("[gate.environments.a]\ninherits = 'b'\n[gate.environments.b]\ninherits = 'a'", "in a circle: a -> b -> a"),
        ("[gate.environments.a]\ninherits = 'a'", "in a circle: a -> a"),
        ("[gate.environments.a.requirements.x]\nexpression = 'nonsense'", "there is no 'nonsense'"),
    ],
)
def test_mistakes_are_explained(toml: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        policy(toml)
    assert message in caught.value.diagnostics()
    assert caught.value.exit_code == 2


INHERITED = """
[gate]
max_waiver_days = 60
[gate.requirements.clean]
expression = 'findings.all(f, f.severity < severity("critical"))'
enforcement = "warn"
[gate.environments.staging.requirements.signed]
expression = 'signature.verified'
waivable = false
[gate.environments.production]
inherits = "staging"
max_waiver_days = 90
max_scan_age_days = 3
[gate.environments.production.requirements.clean]
expression = 'findings.all(f, f.severity < severity("medium"))'
enforcement = "deny"
[gate.environments.lab]
inherits = "staging"
[gate.environments.lab.requirements.signed]
loosen = "nothing leaves the lab"
off = true
[gate.environments.lab.requirements.clean]
loosen = "we study trojans here"
expression = 'findings.size() < 100'
"""


def test_environments_inherit_and_tighten() -> None:
    rules = policy(INHERITED)
    base, production = in_force(rules, ""), in_force(rules, "production")
    assert [r.name for r in base.requirements] == ["clean"]
    assert production.chain == ("staging", "production")
    assert [r.name for r in production.requirements] == ["clean", "signed"]
    clean = production.requirements[0]
    assert clean.enforcement is Enforcement.DENY
    assert clean.origin == "[gate.environments.production.requirements.clean]"
    assert "critical" in clean.expression
    assert "medium" in clean.expression
    assert production.settings.max_waiver_days == 60
    assert production.settings.max_scan_age_days == 3
    assert production.needs == ("scan", "signature")


def test_asking_less_takes_a_reason_and_is_shown() -> None:
    lab = in_force(policy(INHERITED), "lab")
    assert [(r.name, r.loosened) for r in lab.requirements] == [("clean", "we study trojans here")]
    assert lab.compiled["clean"].canonical == "(findings.size() < 100)"
    assert [note.split(":")[0] for note in lab.notes] == [
        "[gate.environments.lab.requirements.signed] switches signed off",
        "[gate.environments.lab.requirements.clean] loosens clean",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("enforcement = 'warn'", "into a warning"),
        ("off = true", "switches x off"),
        ("waivable = true", "be waived"),
    ],
)
def test_asking_less_without_a_reason_is_refused(change: str, message: str) -> None:
    toml = (
        "[gate.requirements.x]\nexpression = 'scan.complete'\nwaivable = false\n"
        f"[gate.environments.prod.requirements.x]\n{change}\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        policy(toml)
    assert message in caught.value.diagnostics()
    assert "loosen" in caught.value.hint


def test_what_is_joined_cannot_reach_into_the_other() -> None:
    """``(a) && (true) || (true)`` would be true of everything."""
    toml = (
        "[gate.requirements.x]\nexpression = 'scan.complete'\n"
        "[gate.environments.prod.requirements.x]\nexpression = 'true) || (true'\n"
    )
    with pytest.raises(ConfigurationError) as caught:
        policy(toml)
    assert "does not belong here" in caught.value.diagnostics()


CONDITIONS = st.sampled_from(
    [
        "scan.complete",
        "signature.verified",
        'findings.all(f, f.severity < severity("high"))',
        'findings.all(f, f.severity < severity("low"))',
        "findings.size() < 2",
        "findings.size() > 0 || scan.deep",
        "attestations.exists(a, a.type == 'vex')",
        "!lineage.tainted",
        "bom.parameters > 0 // counted",
        "environment == '' || environment == 'child'",
    ]
)
REQUIREMENTS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.fixed_dictionaries(
        {"expression": CONDITIONS}, optional={"enforcement": st.just("deny"), "waivable": st.just(False)}
    ),
    max_size=3,
)


@given(REQUIREMENTS, REQUIREMENTS, REQUIREMENTS, contexts())
def test_inheriting_only_tightens(
    base: dict[str, Any], parent: dict[str, Any], child: dict[str, Any], context: dict[str, Any]
) -> None:
    """What is allowed in an environment is allowed in all that it inherits from."""
    table = {
        "requirements": base,
        "environments": {
            "parent": {"requirements": parent},
            "child": {"inherits": "parent", "requirements": child},
        },
    }
    rules = parse_policy(table, "violet.toml")
    asked = {**context, "environment": "child"}
    verdicts = [decided(rules, name, asked)[0] for name in ("", "parent", "child")]
    for name, lower, higher in (("", 0, 1), ("parent", 1, 2)):
        if in_force(rules, name).requirements:
            assert verdicts[higher] is Verdict.DENY or verdicts[lower] is not Verdict.DENY


# -- presets ---------------------------------------------------------------------------------------

PLACES = [
    (name, environment)
    for name in PRESETS
    for environment in ("", *parse_policy(tomllib.loads(text(name))["gate"], name).environments)
]


def preset(name: str) -> GatePolicy:
    return parse_policy(tomllib.loads(text(name))["gate"], name)


@pytest.mark.parametrize(("name", "environment"), PLACES)
def test_presets_allow_what_is_good(name: str, environment: str) -> None:
    context = {**good(), "environment": environment}
    assert decided(preset(name), environment, context) == (Verdict.ALLOW, 0)
    rules = in_force(preset(name), environment)
    assert not [entry for entry, asked in rules.compiled.items() if always_true(asked)]
    assert all(requirement.description for requirement in rules.requirements)


@pytest.mark.parametrize(("name", "environment"), PLACES)
def test_presets_deny_where_any_evidence_is_missing(name: str, environment: str) -> None:
    rules = in_force(preset(name), environment)
    for source in rules.needs:
        context = {key: entry for key, entry in good().items() if SOURCE_OF[key] != source}
        assert decided(preset(name), environment, context)[0] is Verdict.DENY, source


@pytest.mark.parametrize(("name", "environment"), PLACES)
def test_every_requirement_of_a_preset_can_fail(name: str, environment: str) -> None:
    bad = copy.deepcopy(good())
    bad["scan"].update(complete=False)
    bad["findings"] = [finding(4)]
    bad["signature"].update(verified=False, unsigned=["x"])
    bad["bom"].update(framework="", architecture="", licenses=[], datasets=[], considerations=False)
    bad["bom"]["components"][0].update(version="", licenses=[])
    bad["advisories"].update(unknown=["x"], age=bad["scan"]["age"] * 1000)
    bad["lineage"].update(tainted=True)
    bad["attestations"] = []
    bad["refused"] = [{"code": "bad-signature", "reason": "", "type": "vex", "path": "x"}]
    facts = Facts(bad)
    outcomes = {r.requirement.name: r.outcome for r in judge(in_force(preset(name), environment), facts)}
    assert set(outcomes.values()) == {Outcome.NOT_MET}, outcomes


@pytest.mark.parametrize(("name", "environment"), PLACES)
@settings(max_examples=30)
@given(context=contexts(), severity=st.integers(0, 4), data=st.data())
def test_worse_evidence_never_allows_more(
    name: str, environment: str, context: dict[str, Any], severity: int, data: st.DataObject
) -> None:
    """Another finding, or evidence taken away, turns no denial into an allowance."""
    rules = preset(name)
    start = data.draw(st.sampled_from([good(), context]))
    start = {**start, "environment": environment}
    worse = copy.deepcopy(start)
    step = data.draw(st.sampled_from(["finding", "source", "attestation", "field"]))
    if step == "finding" and "findings" in worse:
        worse["findings"].append(finding(severity, 9))
    elif step == "source":
        gone = data.draw(st.sampled_from(SOURCES))
        worse = {key: entry for key, entry in worse.items() if SOURCE_OF[key] != gone}
    elif step == "attestation" and worse.get("attestations"):
        worse["attestations"].pop()
    elif step == "field":
        owner = data.draw(st.sampled_from(["bom", "signature", "lineage", "scan"]))
        if worse.get(owner):
            del worse[owner][data.draw(st.sampled_from(sorted(worse[owner])))]
    before, after = (decided(rules, environment, entry)[0] for entry in (start, worse))
    assert before is not Verdict.DENY or after is Verdict.DENY


# -- judging ---------------------------------------------------------------------------------------


def test_a_policy_that_cannot_deny_denies() -> None:
    assert verdict((), ()) == (Verdict.DENY, 1)
    rules = policy("[gate.requirements.x]\nexpression = 'scan.complete'\nenforcement = 'warn'")
    assert decided(rules, "", good()) == (Verdict.DENY, 1)


def test_only_what_could_not_be_examined_gives_3() -> None:
    rules = in_force(policy("[gate.requirements.x]\nexpression = 'scan.complete'"), "")
    context = {key: entry for key, entry in good().items() if SOURCE_OF[key] != "scan"}
    for failed, code in ((True, 3), (False, 1)):
        missing = (MissingEvidence("scan", "It broke.", failed=failed),)
        results = judge(rules, Facts(context, missing))
        assert [r.outcome for r in results] == [Outcome.UNKNOWN]
        assert verdict(results, missing) == (Verdict.DENY, code)
    both = in_force(
        policy(
            "[gate.requirements.x]\nexpression = 'scan.complete'\n[gate.requirements.y]\nexpression = 'model.size > 9'"
        ),
        "",
    )
    missing = (MissingEvidence("scan", "It broke.", failed=True),)
    assert verdict(judge(both, Facts(context, missing)), missing) == (Verdict.DENY, 1)


def test_evidence_that_is_named_must_be_there() -> None:
    rules = policy("[gate.requirements.x]\nexpression = 'model.size > 0'\nneeds = ['bom']")
    context = good()
    assert decided(rules, "", context)[0] is Verdict.ALLOW
    del context["bom"]
    assert decided(rules, "", context)[0] is Verdict.DENY


def test_reasons_name_what_is_wrong() -> None:
    rules = in_force(
        policy(
            "[gate.requirements.x]\n"
            "expression = 'scan.complete && findings.all(f, f.severity < severity(\"high\")) && signature.verified'"
        ),
        "",
    )
    context = good()
    context["findings"] = [finding(1, 1), finding(4, 2)]
    context["signature"]["verified"] = False
    (result,) = judge(rules, Facts(context))
    assert result.reason == "There is 1 finding where its severity is at least high. signature.verified is not true."
    assert result.details == (
        f"critical artifact/pickle-dangerous-call in model.pkl ({2:032x})",
        "signature.verified is false",
    )


def test_one_broken_item_hides_no_other() -> None:
    rules = in_force(policy("[gate.requirements.x]\nexpression = 'attestations.all(a, a.predicate.ok == 1)'"), "")
    context = good()
    context["attestations"] = [attestation("vex"), attestation("spdx", predicate={"ok": 2}, digest="sha256:2")]
    (result,) = judge(rules, Facts(context))
    assert result.outcome in (Outcome.UNKNOWN, Outcome.NOT_MET)


def test_what_is_known_to_be_wrong_is_said_although_other_evidence_is_missing() -> None:
    from tests.policy.contexts import finding, good
    from violet.domain.gate import MissingEvidence, Outcome
    from violet.policy.gate import in_force, parse_policy
    from violet.policy.judge import Facts, judge, verdict

    rules = in_force(
        parse_policy({"requirements": {"x": {"expression": "findings.size() == 0 && signature.verified"}}}, "p"), ""
    )
    context = {**good(), "findings": [finding(4)]}
    del context["signature"]
    missing = (MissingEvidence("signature", "There is none.", failed=True),)
    results = judge(rules, Facts(context, missing))
    assert [result.outcome for result in results] == [Outcome.NOT_MET]
    assert verdict(results, missing)[1] == 1
