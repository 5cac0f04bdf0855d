"""Which models the gate lets through: real keys, real signatures, real scans."""

from __future__ import annotations

import datetime
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.services.gate.world import NOW, World, outcomes, reason
from violet import __version__
from violet.domain import ConfigurationError, UsageError, Verdict, VioletError
from violet.domain.gate import GateDecision, Outcome

CLEAN = """
[gate.requirements.clean]
expression = 'findings.all(f, f.severity < severity("high"))'
"""


def proven(place: World, model: str = "good.pkl") -> None:
    place.sign(model)
    place.attest(model)


def test_a_good_model_is_allowed(place: World) -> None:
    proven(place)
    decision = place.decide("good.pkl")
    assert (decision.verdict, decision.exit_code) == (Verdict.ALLOW, 0)
    assert set(outcomes(decision).values()) == {Outcome.MET}
    assert {item.kind for item in decision.evidence} == {"scan", "signature"}
    assert all(result.evidence and result.reproduce for result in decision.results)


def test_nothing_is_allowed_without_evidence(place: World) -> None:
    decision = place.decide("good.pkl")
    assert (decision.verdict, decision.exit_code) == (Verdict.DENY, 1)
    assert set(outcomes(decision).values()) == {Outcome.UNKNOWN}
    assert all(result.fix for result in decision.results)
    assert {entry.source for entry in decision.missing} == {"scan", "signature"}


@pytest.mark.parametrize("live", [True, False])
def test_the_trojaned_twin_is_denied(place: World, live: bool) -> None:
    place.sign("trojan.pkl")
    if not live:
        place.attest("trojan.pkl")
    decision = place.decide("trojan.pkl", run_missing=live)
    assert (decision.verdict, decision.exit_code) == (Verdict.DENY, 1)
    assert outcomes(decision)["no-high-findings"] is Outcome.NOT_MET
    (result,) = [r for r in decision.results if r.requirement.name == "no-high-findings"]
    assert [finding.rule for finding in result.findings] == ["artifact/pickle-dangerous-call"]
    assert "artifact/pickle-dangerous-call" in result.details[0]


def test_a_tampered_copy_is_denied(place: World) -> None:
    proven(place)
    place.copy("good.pkl", "copy.pkl")
    assert place.decide("copy.pkl").verdict is Verdict.ALLOW
    content = bytearray(Path("copy.pkl").read_bytes())
    content[len(content) // 2] ^= 1
    Path("copy.pkl").write_bytes(content)
    decision = place.decide("copy.pkl")
    assert decision.verdict is Verdict.DENY
    assert {refusal.code for refusal in decision.refused} == {"wrong-subject"}
    assert outcomes(decision)["signed"] is Outcome.NOT_MET
    assert outcomes(decision)["no-high-findings"] is Outcome.UNKNOWN
    (signed,) = [r for r in decision.results if r.requirement.name == "signed"]
    assert "signature.verified is false" in signed.details


def test_a_file_that_nobody_signed_is_denied(place: World) -> None:
    place.sign("tree")
    place.attest("tree")
    assert place.decide("tree").verdict is Verdict.ALLOW
    (place.root / "tree" / "extra.txt").write_text("hello", encoding="utf-8")
    decision = place.decide("tree")
    assert decision.verdict is Verdict.DENY
    assert outcomes(decision)["signed"] is Outcome.NOT_MET


def test_an_expired_report_is_not_believed(place: World) -> None:
    place.sign("good.pkl")
    place.attest("good.pkl", expires=datetime.timedelta(days=2))
    assert place.decide("good.pkl").verdict is Verdict.ALLOW
    late = place.decide("good.pkl", now=NOW + datetime.timedelta(days=3))
    assert late.verdict is Verdict.DENY
    assert [refusal.code for refusal in late.refused] == ["expired"]


def test_a_report_that_is_too_old_is_not_believed(place: World) -> None:
    proven(place)
    late = place.decide("good.pkl", now=NOW + datetime.timedelta(days=31))
    assert late.verdict is Verdict.DENY
    assert "is 31 days old, and 30 are allowed" in reason(late, "no-high-findings")


@pytest.mark.parametrize(("ahead", "verdict"), [(4, Verdict.ALLOW), (6, Verdict.DENY)])
def test_clocks_may_be_a_little_apart(place: World, ahead: int, verdict: Verdict) -> None:
    place.sign("good.pkl")
    place.attest("good.pkl", now=NOW + datetime.timedelta(minutes=ahead))
    assert place.decide("good.pkl").verdict is verdict


def test_a_stranger_is_not_believed(place: World) -> None:
    place.sign("good.pkl", "stranger")
    place.attest("good.pkl", "stranger")
    decision = place.decide("good.pkl")
    assert decision.verdict is Verdict.DENY
    assert [refusal.code for refusal in decision.refused] == ["unknown-signer"]
    assert outcomes(decision)["signed"] is Outcome.NOT_MET
    assert outcomes(decision)["scan-complete"] is Outcome.UNKNOWN


def test_who_signs_models_does_not_vouch_for_scans(place: World) -> None:
    place.sign("good.pkl", "ci")
    place.attest("good.pkl", "release")
    decision = place.decide("good.pkl")
    assert decision.verdict is Verdict.DENY
    assert [refusal.code for refusal in decision.refused] == ["not-vouched-for"]
    assert outcomes(decision)["signed"] is Outcome.NOT_MET


def test_a_report_for_another_environment_is_not_believed(place: World) -> None:
    place.policy(CLEAN + "[gate.environments.production]\n[gate.environments.staging]")
    place.attest("good.pkl", environment="staging")
    assert place.decide("good.pkl", environment="staging").verdict is Verdict.ALLOW
    decision = place.decide("good.pkl", environment="production")
    assert decision.verdict is Verdict.DENY
    assert [refusal.code for refusal in decision.refused] == ["replayed"]


def test_a_nonce_is_asked_for(place: World) -> None:
    place.policy(CLEAN)
    place.attest("good.pkl", nonce="tuesday")
    assert place.decide("good.pkl", nonce="tuesday").verdict is Verdict.ALLOW
    assert place.decide("good.pkl", nonce="wednesday").verdict is Verdict.DENY


def test_attested_scans_count_only_where_the_policy_says_so(place: World) -> None:
    place.policy("[gate]\ntrust_attested_scans = false\n" + CLEAN)
    place.attest("good.pkl")
    denied = place.decide("good.pkl")
    assert denied.verdict is Verdict.DENY
    assert "trusts no attested scan" in reason(denied, "clean")
    allowed = place.decide("good.pkl", run_missing=True)
    assert allowed.verdict is Verdict.ALLOW
    assert [item.detail for item in allowed.evidence if item.kind == "scan"] == [
        f"scanned here by violet {__version__}"
    ]


def test_a_deep_scan_is_asked_for(place: World) -> None:
    place.policy("[gate]\ndeep_scan = true\n" + CLEAN)
    place.attest("good.pkl")
    denied = place.decide("good.pkl")
    assert "did not read all content" in reason(denied, "clean")
    place.attest("good.pkl", deep=True)
    assert place.decide("good.pkl").verdict is Verdict.ALLOW


# -- contradictions --------------------------------------------------------------------------------


def accepted_report(place: World, key: str, now: datetime.datetime) -> None:
    """A signed report of the trojan in which its maker accepted the findings."""
    from dataclasses import replace

    from violet.domain import Decision
    from violet.provenance.identity import identify
    from violet.services.attest import Terms, attest_report
    from violet.services.configuration import load
    from violet.services.evidence import stores_for
    from violet.services.options import ScanOptions
    from violet.services.scan import scan

    options = ScanOptions(paths=("trojan.pkl",))
    report = scan(options)
    quiet = replace(report, findings=(), accepted=report.findings)
    store = stores_for("trojan.pkl", load())[0]
    attest_report(
        quiet,
        identify("trojan.pkl"),
        place.keys[key],
        store,
        decision=Decision(Verdict.ALLOW),
        options=options,
        terms=Terms(now=now),
    )


def test_what_somebody_else_accepted_is_a_finding(place: World) -> None:
    place.policy(CLEAN)
    accepted_report(place, "ci", NOW)
    decision = place.decide("trojan.pkl")
    assert decision.verdict is Verdict.DENY
    assert outcomes(decision)["clean"] is Outcome.NOT_MET


def blind_report(place: World, key: str, now: datetime.datetime) -> None:
    """A signed report of the trojan that found nothing."""
    from violet.domain import Asset, Decision, Report
    from violet.provenance.identity import identify
    from violet.services.attest import Terms, attest_report
    from violet.services.configuration import load
    from violet.services.evidence import stores_for

    report = Report("scan", "0.0.1", (Asset("trojan.pkl", "pickle", 1),))
    store = stores_for("trojan.pkl", load())[0]
    decision = Decision(Verdict.ALLOW)
    identity = identify("trojan.pkl")
    attest_report(report, identity, place.keys[key], store, decision=decision, terms=Terms(now=now))


def test_nobody_overrules_what_another_signer_found(place: World) -> None:
    place.policy(CLEAN)
    place.attest("trojan.pkl", "ci", now=NOW - datetime.timedelta(days=2))
    blind_report(place, "audit", NOW)
    decision = place.decide("trojan.pkl")
    assert decision.verdict is Verdict.DENY
    assert len([item for item in decision.evidence if item.kind == "scan"]) == 2


def test_a_signer_may_correct_themself(place: World) -> None:
    place.policy(CLEAN)
    place.attest("trojan.pkl", "ci", now=NOW - datetime.timedelta(days=2))
    assert place.decide("trojan.pkl").verdict is Verdict.DENY
    blind_report(place, "ci", NOW)
    assert place.decide("trojan.pkl").verdict is Verdict.ALLOW


# -- policies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("", "is empty: it has no [gate]"),
        ("[scan]\njobs = 1\n", "is empty: it has no [gate]"),
        ("[gate]\n", "is empty: it has no [gate]"),
        ("[gate]\nmax_waiver_days = 3\n", "asks nothing"),
        ("[gate.requirements]\n", "asks nothing"),
        ("[gate.environments.production.requirements.x]\nexpression = 'scan.complete'\n", "It has environments"),
        ("[gate.requirements.x]\nexpression = 'scan.complete'\nenforcement = 'warn'\n", "can only warn"),
    ],
)
def test_a_policy_that_asks_nothing_denies(place: World, toml: str, said: str) -> None:
    proven(place)
    place.policy(toml, trust="")
    decision = place.decide("good.pkl", run_missing=True)
    assert (decision.verdict, decision.exit_code) == (Verdict.DENY, 1)
    assert said in decision.reasons[0]


def test_without_a_policy_nothing_is_allowed(place: World) -> None:
    Path("violet.toml").unlink()
    decision = place.decide("good.pkl", run_missing=True)
    assert (decision.verdict, decision.exit_code, decision.policy_digest) == (Verdict.DENY, 1, None)
    assert "There is no policy." in decision.reasons[0]
    assert place.decide("good.pkl", isolated=True).verdict is Verdict.DENY


def test_a_policy_that_cannot_be_read_denies(place: World) -> None:
    Path("folder").mkdir()
    for name in ("absent.toml", "folder"):
        decision = place.decide("good.pkl", policy=name, run_missing=True)
        assert (decision.verdict, decision.exit_code) == (Verdict.DENY, 1)
        assert f"The policy {name} cannot be read" in decision.reasons[0]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_policy_without_permission_denies(place: World) -> None:
    Path("violet.toml").chmod(0)
    decision = place.decide("good.pkl", policy="violet.toml")
    assert "Permission denied" in decision.reasons[0]


@pytest.mark.parametrize(
    "toml",
    ["[gate", "\udcff", "[gate]\nx = 1\n", "[gate.requirements.x]\nexpression = 'findngs == []'\n", "gate = 3\n"],
)
def test_a_policy_that_cannot_be_understood_is_a_mistake(place: World, toml: str) -> None:
    Path("violet.toml").write_bytes(toml.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError):
        place.decide("good.pkl")


def test_an_unknown_environment_denies(place: World) -> None:
    place.policy(CLEAN + "[gate.environments.production]\n")
    decision = place.decide("good.pkl", environment="prodution", run_missing=True)
    assert decision.verdict is Verdict.DENY
    assert "Did you mean 'production'?" in decision.reasons[0]


def test_environments_inherit(place: World) -> None:
    place.policy(
        CLEAN
        + "[gate.environments.staging.requirements.signed]\nexpression = 'signature.verified'\n"
        + "[gate.environments.production]\ninherits = 'staging'\n"
        + "[gate.environments.production.requirements.made]\n"
        + "expression = 'attestations.exists(a, a.type == \"provenance\")'\n"
    )
    place.attest("good.pkl")
    assert place.decide("good.pkl").verdict is Verdict.ALLOW
    assert place.decide("good.pkl", environment="staging").verdict is Verdict.DENY
    place.sign("good.pkl")
    assert place.decide("good.pkl", environment="staging").verdict is Verdict.ALLOW
    denied = place.decide("good.pkl", environment="production")
    assert outcomes(denied) == {"clean": Outcome.MET, "signed": Outcome.MET, "made": Outcome.NOT_MET}


def test_a_policy_of_the_model_itself_is_refused(place: World) -> None:
    (place.root / "tree" / "violet.toml").write_text("[gate.requirements.x]\nexpression = 'true'\n", encoding="utf-8")
    with pytest.raises(UsageError, match="whose maker could have written it"):
        place.decide("tree", policy="tree/violet.toml")
    os.chdir("tree")
    with pytest.raises(UsageError, match="whose maker could have written it"):
        place.decide(".")


def test_settings_that_hide_files_from_a_scan_hide_nothing_from_the_gate(place: World) -> None:
    place.policy(CLEAN + "[scan]\nignore = ['*.pkl']\n")
    Path(".violetignore").write_text("*.pkl\n", encoding="utf-8")
    assert place.decide("trojan.pkl", run_missing=True).verdict is Verdict.DENY
    Path("tree/model.pkl").write_bytes(Path("trojan.pkl").read_bytes())
    assert place.decide("tree", run_missing=True).verdict is Verdict.DENY


def test_what_was_ignored_in_an_attested_scan_was_not_examined(place: World) -> None:
    place.preset()
    place.sign("tree")
    with open("violet.toml", "a", encoding="utf-8") as file:
        file.write("\n[scan]\nignore = ['model.pkl']\n")
    place.attest("tree")
    decision = place.decide("tree")
    assert outcomes(decision)["scan-complete"] is Outcome.NOT_MET


def test_a_requirement_that_asks_nothing_is_pointed_out(place: World) -> None:
    place.policy(CLEAN + "[gate.requirements.nothing]\nexpression = 'findings.size() >= 0'\n")
    place.attest("good.pkl")
    assert place.decide("good.pkl").warnings == ("The requirement nothing asks nothing: it holds whatever is found.",)


# -- what cannot be examined -----------------------------------------------------------------------


def test_a_model_that_is_not_there_is_an_error(place: World) -> None:
    with pytest.raises(VioletError) as caught:
        place.decide("absent.pkl")
    assert caught.value.exit_code in (2, 3)


def test_an_attestation_that_was_altered_is_refused(place: World) -> None:
    place.sign("good.pkl")
    path = Path(place.attest("good.pkl"))
    envelope = json.loads(path.read_text(encoding="utf-8"))
    signature = envelope["signatures"][0]["sig"]
    envelope["signatures"][0]["sig"] = ("A" if signature[10] != "A" else "B").join((signature[:10], signature[11:]))
    path.write_text(json.dumps(envelope), encoding="utf-8")
    decision = place.decide("good.pkl")
    assert decision.verdict is Verdict.DENY
    assert [refusal.code for refusal in decision.refused] in (["bad-signature"], ["malformed"])


def test_a_truncated_attestation_is_refused(place: World) -> None:
    place.sign("good.pkl")
    path = Path(place.attest("good.pkl"))
    path.write_bytes(path.read_bytes()[:100])
    decision = place.decide("good.pkl")
    assert decision.verdict is Verdict.DENY
    assert [refusal.code for refusal in decision.refused] == ["malformed"]


# -- summaries and threads -------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["good.pkl", "trojan.pkl"])
def test_the_decision_is_signed(place: World, model: str) -> None:
    from violet.domain.provenance import TrustedSigner
    from violet.provenance.evidence import collect
    from violet.provenance.identity import identify
    from violet.provenance.stores import DirectoryStore

    proven(place, model)
    decision = place.decide(model, key="gate.pem")
    assert decision.summary
    known = (TrustedSigner("gate", "gate.pem.pub"),)
    evidence = collect(identify(model), [DirectoryStore(f"{model}.attestations")], known, now=NOW)
    (summary,) = [a for a in evidence.attestations if a.path == decision.summary]
    predicate = summary.statement.predicate
    assert predicate["verificationResult"] == ("PASSED" if model == "good.pkl" else "FAILED")
    assert predicate["policy"]["digest"]["sha256"] == decision.policy_digest.value  # type: ignore[union-attr]
    assert len(predicate["inputAttestations"]) == 1
    again = place.decide(model, key="gate.pem")
    assert again.verdict is decision.verdict
    assert not again.refused


def test_many_threads_decide_alike(place: World) -> None:
    proven(place)
    place.sign("trojan.pkl")
    place.attest("trojan.pkl")
    models = ["good.pkl", "trojan.pkl"] * 6

    def ask(model: str) -> GateDecision:
        return place.decide(model)

    with ThreadPoolExecutor(4) as pool:
        decisions = list(pool.map(ask, models))
    assert [d.verdict for d in decisions] == [Verdict.ALLOW, Verdict.DENY] * 6
