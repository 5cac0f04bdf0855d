"""Bills of materials, vulnerabilities and lineage as evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.intel.advisories import entry as advisory
from tests.services.gate.world import NOW, TRUST, World, outcomes, reason
from violet.domain import Verdict
from violet.domain.gate import GateDecision, Outcome
from violet.faces.cli.main import entry
from violet.intel.osv.importer import update
from violet.services.bom import BomOptions, make_bom, render_document

BOM = "[gate.requirements.bom]\nexpression = 'bom.framework == \"scikit-learn\"'\n"
VULNERABLE = """
[gate.requirements.safe]
expression = '''vulnerabilities.all(v, v.severity < severity("high") || v.status == "not_affected")
  && advisories.age < days(7)'''
"""
LINEAGE = "[gate.requirements.lineage]\nexpression = '!lineage.tainted && lineage.unproven == [] && lineage.trained'\n"


def outcome(decision: GateDecision) -> Outcome:
    (result,) = decision.results
    return result.outcome


def bill(place: World, model: str = "good.pkl", **changes: object) -> dict[str, object]:
    """A CycloneDX document about the model, with scikit-learn in version 1.0."""
    value = json.loads(render_document(make_bom(BomOptions(path=model)), "cyclonedx"))
    value["components"] = [
        {"type": "library", "name": "scikit-learn", "version": "1.0", "purl": "pkg:pypi/scikit-learn@1.0"}
    ]
    return {**value, **changes}


def test_the_gate_reads_the_model_itself(place: World) -> None:
    place.policy(BOM)
    assert outcome(place.decide("good.pkl")) is Outcome.UNKNOWN
    decision = place.decide("good.pkl", run_missing=True)
    assert outcome(decision) is Outcome.MET
    assert [item.detail for item in decision.evidence] == ["read from the model here"]


def test_a_bill_that_nobody_signed_is_not_believed(place: World) -> None:
    place.policy(BOM)
    Path("good.pkl.cdx.json").write_text(json.dumps(bill(place)), encoding="utf-8")
    decision = place.decide("good.pkl")
    assert outcome(decision) is Outcome.UNKNOWN
    assert reason(decision, "bom") == "There is no signed bill of materials that can be believed."


def test_an_attested_bill_is_believed(place: World) -> None:
    place.policy("[gate.requirements.bom]\nexpression = 'bom.components.all(c, c.version == \"1.0\")'\n")
    place.state("good.pkl", "cyclonedx", bill(place))
    decision = place.decide("good.pkl")
    assert outcome(decision) is Outcome.MET
    (item,) = decision.evidence
    assert (item.detail, item.signers) == ("cyclonedx", ("ci",))


def test_an_attested_bill_that_is_none_is_passed_over(place: World) -> None:
    place.policy(BOM)
    path = place.state("good.pkl", "cyclonedx", {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 3})
    place.state("good.pkl", "spdx", {"nothing": True})
    decision = place.decide("good.pkl")
    assert outcome(decision) in (Outcome.UNKNOWN, Outcome.NOT_MET)
    assert path


# -- vulnerabilities -------------------------------------------------------------------------------


@pytest.fixture
def vulnerable(place: World) -> World:
    """An advisory about scikit-learn before 1.5, and a signed bill that says 1.0."""
    text = advisory(
        "GHSA-test-0001",
        "scikit-learn",
        ("introduced", "0"),
        ("fixed", "1.5.0"),
        aliases=["CVE-2026-0001"],
        vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
    )
    Path("osv.json").write_text(json.dumps(text), encoding="utf-8")
    Path("advisories").mkdir()
    place.policy(VULNERABLE, f'{TRUST}\n[intel]\ndirectory = "advisories"\n')
    update(["osv.json"], "advisories/advisories.db", now=NOW)
    place.state("good.pkl", "cyclonedx", bill(place))
    return place


def test_a_known_vulnerability_denies(vulnerable: World) -> None:
    decision = vulnerable.decide("good.pkl")
    assert outcome(decision) is Outcome.NOT_MET
    (result,) = decision.results
    assert result.reason == (
        "There is 1 vulnerability where its severity is at least high and its status is not not_affected."
    )
    assert "CVE-2026-0001 in scikit-learn 1.0" in result.details[0]


def test_a_vulnerability_is_waived_like_a_finding(vulnerable: World) -> None:
    from tests.services.gate.test_waivers import waive

    (result,) = vulnerable.decide("good.pkl").results
    waive(vulnerable, fingerprint=result.details[0].rpartition("(")[2].rstrip(")"))
    assert outcome(vulnerable.decide("good.pkl")) is Outcome.WAIVED


@pytest.mark.parametrize(("key", "verdict"), [("ci", Verdict.ALLOW), ("stranger", Verdict.DENY)])
def test_only_signed_vex_counts(vulnerable: World, key: str, verdict: Verdict) -> None:
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://example.org/vex/1",
        "author": "us",
        "timestamp": "2026-11-01T00:00:00Z",
        "version": 1,
        "statements": [
            {
                "vulnerability": {"name": "CVE-2026-0001"},
                "products": [{"@id": "pkg:pypi/scikit-learn@1.0"}],
                "status": "not_affected",
                "justification": "vulnerable_code_not_in_execute_path",
            }
        ],
    }
    vulnerable.state("good.pkl", "vex", document, key)
    assert vulnerable.decide("good.pkl").verdict is verdict


def test_without_advisories_nothing_is_known(place: World) -> None:
    Path("advisories").mkdir()
    place.policy(VULNERABLE, f'{TRUST}\n[intel]\ndirectory = "advisories"\n')
    place.state("good.pkl", "cyclonedx", bill(place))
    decision = place.decide("good.pkl")
    assert outcome(decision) is Outcome.UNKNOWN
    (result,) = decision.results
    assert "violet intel update" in result.fix


def test_without_a_bill_nothing_is_searched(vulnerable: World) -> None:
    assert outcome(vulnerable.decide("trojan.pkl")) is Outcome.UNKNOWN
    assert vulnerable.decide("trojan.pkl", run_missing=True).evidence


# -- lineage ---------------------------------------------------------------------------------------


def trained(place: World, key: str = "ci") -> None:
    Path("train.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    Path("train.py").write_text("print('training')\n", encoding="utf-8")
    line = f"attest training good.pkl --data train.csv --code train.py --key {key}.pem --format json --output made.json"
    assert entry(line.split()) == 0


def test_nothing_known_of_its_origin_is_missing_evidence(place: World) -> None:
    place.policy(LINEAGE)
    decision = place.decide("good.pkl")
    assert outcome(decision) is Outcome.UNKNOWN
    assert "violet attest training" in decision.results[0].fix


def test_a_proven_origin_is_believed(place: World) -> None:
    import datetime

    place.policy(LINEAGE)
    trained(place)
    now = datetime.datetime.now(datetime.UTC)
    decision = place.decide("good.pkl", now=now)
    assert outcomes(decision) == {"lineage": Outcome.MET}, decision.results[0]
    trust = TRUST.replace('"test-result", "provenance", "cyclonedx", "vex"', '"test-result"')
    place.policy(LINEAGE, trust)
    assert place.decide("good.pkl", now=now).verdict is Verdict.DENY


def test_a_revoked_ancestor_denies(place: World) -> None:
    import datetime

    from violet.provenance.identity import identify

    trained(place)
    digest = identify("train.csv").digest
    place.policy(LINEAGE, f'{TRUST}\n[lineage]\ntaint = ["{digest}=poisoned rows"]\n')
    decision = place.decide("good.pkl", now=datetime.datetime.now(datetime.UTC))
    assert outcome(decision) is Outcome.NOT_MET
    assert "lineage.tainted is true" in decision.results[0].reason + " ".join(decision.results[0].details)
