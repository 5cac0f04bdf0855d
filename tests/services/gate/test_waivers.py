"""Waivers from the file to the decision: who may approve what, for how long, and what is said of the others."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from tests.services.gate.world import NOW, TRUST, World, outcomes
from violet.domain import UsageError, Verdict
from violet.domain.gate import CheckedWaiver, Outcome, WaiverStatus
from violet.policy.waivers import document
from violet.services.configuration import load
from violet.services.waivers import DIRECTORY, WaiverRequest, make
from violet.services.waivers import load as load_waivers

TODAY = NOW.date()
RULES = """
[gate.requirements.clean]
expression = 'findings.all(f, f.severity < severity("high"))'
[gate.requirements.signed]
expression = 'signature.verified'
"""


@pytest.fixture
def trojan(place: World) -> str:
    """The fingerprint of what is wrong with the trojan, which is signed but not clean."""
    place.policy(RULES)
    place.sign("trojan.pkl")
    decision = place.decide("trojan.pkl", run_missing=True)
    (result,) = [r for r in decision.results if r.requirement.name == "clean"]
    (finding,) = result.findings
    return finding.fingerprint


def waive(place: World, key: str = "security", day: datetime.date = TODAY, **more: str) -> CheckedWaiver:
    asked = {"owner": "ann", "approver": key, "reason": "reviewed in July", **more}
    until = datetime.date.fromisoformat(asked.pop("until", "2026-12-31"))
    request = WaiverRequest(until=until, **asked)  # type: ignore[arg-type]
    return make(request, place.keys[key], DIRECTORY, load().signers, 90, day)


def test_a_waived_finding_lets_the_model_pass(place: World, trojan: str) -> None:
    assert place.decide("trojan.pkl", run_missing=True).verdict is Verdict.DENY
    made = waive(place, fingerprint=trojan)
    decision = place.decide("trojan.pkl", run_missing=True)
    assert decision.verdict is Verdict.ALLOW
    assert outcomes(decision)["clean"] is Outcome.WAIVED
    assert [waiver.id for waiver in decision.waivers] == [made.waiver.id if made.waiver else ""]


def test_it_is_carried_to_the_next_version(place: World, trojan: str) -> None:
    from violet.exercises.demo.trojan import implant
    from violet.exercises.demo.zoo import PAYLOAD

    waive(place, fingerprint=trojan)
    import pickle

    Path("trojan.pkl").write_bytes(implant(pickle.dumps({"another": "model"}), PAYLOAD))
    place.sign("trojan.pkl")
    assert outcomes(place.decide("trojan.pkl", run_missing=True))["clean"] is Outcome.WAIVED


def test_another_finding_is_not_covered(place: World, trojan: str) -> None:
    waive(place, fingerprint=trojan)
    Path("trojan.pkl").write_bytes(b"cbuiltins\neval\n(S'1'\ntR.")
    place.sign("trojan.pkl")
    assert place.decide("trojan.pkl", run_missing=True).verdict is Verdict.DENY


def test_it_may_be_for_one_content(place: World, trojan: str) -> None:
    """A fingerprint says which function is called, and not with what."""
    from violet.exercises.demo.trojan import implant
    from violet.provenance.identity import identify

    waive(place, fingerprint=trojan, content=str(identify("trojan.pkl").digest))
    assert place.decide("trojan.pkl", run_missing=True).verdict is Verdict.ALLOW
    Path("trojan.pkl").write_bytes(implant(Path("good.pkl").read_bytes(), "rm -rf /"))
    place.sign("trojan.pkl")
    assert place.decide("trojan.pkl", run_missing=True).verdict is Verdict.DENY


def test_an_expired_one_is_named(place: World, trojan: str) -> None:
    waive(place, fingerprint=trojan, until="2026-11-25")
    assert place.decide("trojan.pkl", run_missing=True).verdict is Verdict.ALLOW
    late = place.decide("trojan.pkl", run_missing=True, now=NOW + datetime.timedelta(days=6))
    assert late.verdict is Verdict.DENY
    assert [(entry.status, entry.reason) for entry in late.ineffective] == [
        (WaiverStatus.EXPIRED, "it ran out on 2026-11-25")
    ]


def test_one_for_something_else_is_not_named(place: World, trojan: str) -> None:
    waive(place, fingerprint="0" * 32, until="2026-11-21")
    late = place.decide("trojan.pkl", run_missing=True, now=NOW + datetime.timedelta(days=6))
    assert late.ineffective == ()


@pytest.mark.parametrize("environment", ["", "production", "staging"])
def test_it_may_be_for_one_environment(place: World, trojan: str, environment: str) -> None:
    place.policy(RULES + "[gate.environments.production]\n[gate.environments.staging]\n")
    waive(place, fingerprint=trojan, environment="staging")
    decision = place.decide("trojan.pkl", run_missing=True, environment=environment)
    assert (decision.verdict is Verdict.ALLOW) == (environment == "staging")


def test_a_requirement_is_waived_for_a_model(place: World) -> None:
    place.policy(RULES)
    assert outcomes(place.decide("good.pkl", run_missing=True))["signed"] is Outcome.UNKNOWN
    waive(place, requirement="signed", model="good.*")
    assert outcomes(place.decide("good.pkl", run_missing=True))["signed"] is Outcome.WAIVED
    assert outcomes(place.decide("trojan.pkl", run_missing=True))["signed"] is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("key", "more", "said"),
    [
        ("security", {"owner": "security"}, "approved it for themself"),
        ("security", {"owner": " Security "}, "approved it for themself"),
        ("ann", {"approver": "security"}, "it names security as the approver, but ann signed it"),
        ("ann", {"approver": "ann"}, "approved it for themself"),
        ("stranger", {"approver": "security"}, "nobody who is trusted"),
        ("release", {"approver": "release"}, "may not approve waivers"),
        ("security", {"until": "2027-06-01"}, "the policy allows 90"),
        ("security", {"until": "2026-11-01"}, "expires before"),
        ("security", {"reason": " "}, "no reason"),
        ("security", {"fingerprint": "abc"}, "32 hexadecimal"),
    ],
)
def test_one_that_would_not_count_is_not_written(
    place: World, trojan: str, key: str, more: dict[str, str], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        waive(place, key, **{"fingerprint": trojan, **more})
    assert not Path(DIRECTORY).exists()


def statuses() -> dict[WaiverStatus, str]:
    return {entry.status: entry.reason for entry in load_waivers(DIRECTORY, load().signers, TODAY, 90)}


def test_one_that_was_altered_is_refused_by_name(place: World, trojan: str) -> None:
    import base64

    path = Path(waive(place, fingerprint="0" * 32).path)
    envelope = json.loads(path.read_text(encoding="utf-8"))
    payload = base64.b64decode(envelope["payload"]).replace(b"0" * 32, trojan.encode())
    envelope["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(envelope), encoding="utf-8")
    decision = place.decide("trojan.pkl", run_missing=True)
    assert decision.verdict is Verdict.DENY
    assert [(e.status, e.path) for e in decision.ineffective] == [(WaiverStatus.TAMPERED, str(path))]


def test_one_that_nobody_signed_is_refused_by_name(place: World, trojan: str) -> None:
    checked = waive(place, fingerprint=trojan)
    assert checked.waiver is not None
    Path(checked.path).unlink()
    Path(DIRECTORY, "mine.json").write_text(json.dumps(document(checked.waiver)), encoding="utf-8")
    assert statuses() == {WaiverStatus.UNSIGNED: "nobody signed it"}
    assert place.decide("trojan.pkl", run_missing=True).verdict is Verdict.DENY


def test_an_envelope_without_signatures_is_unsigned(place: World, trojan: str) -> None:
    path = Path(waive(place, fingerprint=trojan).path)
    envelope = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps({**envelope, "signatures": []}), encoding="utf-8")
    assert list(statuses()) == [WaiverStatus.UNSIGNED]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b'{"payload": "", "signatures": [3]}', b"\xff" * 99])
def test_what_is_no_waiver_is_malformed(place: World, trojan: str, content: bytes) -> None:
    Path(DIRECTORY).mkdir()
    Path(DIRECTORY, "x.dsse.json").write_bytes(content)
    assert list(statuses()) == [WaiverStatus.MALFORMED]


def test_an_attestation_is_no_waiver(place: World, trojan: str) -> None:
    """The type of what is signed is signed as well."""
    path = Path(place.attest("good.pkl"))
    Path(DIRECTORY).mkdir()
    Path(DIRECTORY, "x.dsse.json").write_bytes(path.read_bytes())
    assert statuses() == {WaiverStatus.MALFORMED: "it is signed, but it is no waiver"}


def test_the_owner_cannot_sign_along(place: World, trojan: str) -> None:
    from violet.provenance.envelope import countersign, decode

    path = Path(waive(place, fingerprint=trojan).path)
    path.write_bytes(countersign(decode(path.read_bytes()), place.keys["ann"]).to_bytes())
    assert list(statuses()) == [WaiverStatus.SELF_APPROVED]


def test_a_link_is_not_followed(place: World, trojan: str) -> None:
    path = Path(waive(place, fingerprint=trojan).path)
    path.rename("elsewhere.json")
    path.symlink_to(Path("elsewhere.json").absolute())
    assert list(statuses()) == [WaiverStatus.MALFORMED]


def test_a_copy_says_nothing_new(place: World, trojan: str) -> None:
    path = Path(waive(place, fingerprint=trojan).path)
    Path(DIRECTORY, "copy.dsse.json").write_bytes(path.read_bytes())
    Path(DIRECTORY, "README.md").write_text("what these are", encoding="utf-8")
    assert len(load_waivers(DIRECTORY, load().signers, TODAY, 90)) == 1


def test_who_vouches_for_everything_does_not_approve_waivers(place: World, trojan: str) -> None:
    """To accept a risk is another office than to say what is: it is given by name."""
    place.policy(RULES, TRUST.replace('vouches_for = ["signature"]', 'vouches_for = ["*"]'))
    with pytest.raises(UsageError, match="would not count"):
        waive(place, "release", fingerprint=trojan)
    place.policy(RULES, TRUST.replace('vouches_for = ["signature"]', 'vouches_for = ["*", "waiver"]'))
    assert waive(place, "release", fingerprint=trojan).status is WaiverStatus.VALID


def test_certificates_are_judged_at_the_time_of_the_decision(place: World, trojan: str) -> None:
    """Not by the clock of this machine, and not by the day that a waiver gives itself."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    public = serialization.load_pem_public_key(Path("security.pem.pub").read_bytes())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "security")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)  # type: ignore[arg-type]
        .serial_number(7)
        .not_valid_before(NOW - datetime.timedelta(days=30))
        .not_valid_after(NOW + datetime.timedelta(days=10))
        .sign(ec.generate_private_key(ec.SECP256R1()), hashes.SHA256())
    )
    Path("security.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    waive(place, fingerprint=trojan)
    place.policy(RULES, TRUST.replace("security.pem.pub", "security.crt"))
    for days, verdict in ((0, Verdict.ALLOW), (9, Verdict.ALLOW), (11, Verdict.DENY)):
        decision = place.decide("trojan.pkl", now=NOW + datetime.timedelta(days=days), run_missing=True)
        assert decision.verdict is verdict, days
