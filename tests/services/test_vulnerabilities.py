"""Vulnerabilities as a use case: targets, VEX in envelopes, findings, figures for policies."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import pytest

from tests.intel.advisories import ML, NOW, ZERO, entry, imported
from violet.domain import Confidence, Location, Severity, Skipped, UsageError, Verdict
from violet.domain.component import Component
from violet.domain.provenance import TrustedSigner
from violet.domain.vulnerability import VulnerabilityReport
from violet.intel.osv.database import MissingDatabaseError
from violet.intel.vex import VexError
from violet.policy import Policy
from violet.provenance.statement import EXPIRES
from violet.services.vex import read_documents, vex_text
from violet.services.vulnerabilities import as_findings, as_report, decide, for_policy, match
from violet.services.vulnerability_target import gather, of_packages, of_path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(imported(tmp_path_factory.mktemp("intel"), ML))


def pypi(name: str, version: str = "", specifier: str = "", origin: str = "") -> Component:
    return Component(name, version, ecosystem="PyPI", specifier=specifier, origin=origin)


def asked(place: str, *components: Component, now: datetime.datetime = NOW, **more: Any) -> VulnerabilityReport:
    return match(components, database=place, now=now, **more)


def test_the_worst_first_and_gaps_told(place: str) -> None:
    report = asked(
        place,
        pypi("gradio", "4.0"), pypi("torch", "2.5.1"), pypi("keras", specifier=">=3"), pypi("numpy"),
        Component("weights.bin", type="file"), Component("x", "1", ecosystem="npm"),
    )  # fmt: skip
    assert [m.id for m in report.matches] == ["CVE-2025-32434", "CVE-2023-51449", "CVE-2025-1550", "CVE-2025-8747"]
    assert (report.components, report.ignored) == (6, 1)
    assert [gap.reason.partition(":")[0] for gap in report.skipped] == ["numpy", "x 1"]
    assert not report.warnings


def test_no_database_is_no_clean_result(tmp_path: Path) -> None:
    with pytest.raises(MissingDatabaseError, match="No advisories are imported"):
        asked(str(tmp_path), pypi("torch", "2.6.0"))


def test_old_advisories_are_warned_about(place: str, tmp_path: Path) -> None:
    (warning,) = asked(place, pypi("torch", "9"), now=NOW + datetime.timedelta(days=9)).warnings
    assert "9 days ago" in warning
    assert "violet intel update" in warning
    (warning,) = asked(place, pypi("torch", "9"), now=NOW - datetime.timedelta(days=3)).warnings
    assert "clock" in warning
    old = imported(tmp_path / "old", [entry("A-1", "x", ZERO, modified="2026-01-01T00:00:00Z")])
    (warning,) = asked(str(old), pypi("y", "1")).warnings
    assert "no current export" in warning
    empty = imported(tmp_path / "empty", [{"id": "refused"}])
    report = asked(str(empty), pypi("y", "1"))
    assert "no advisories" in report.warnings[0]
    assert report.skipped


# -- findings -----------------------------------------------------------------------------------------------


def test_findings(place: str) -> None:
    report = asked(place, pypi("torch", "2.5.1", origin="requirements.txt:3"))
    (finding,) = as_findings(report)
    assert finding.rule == "supply_chain/vulnerable-dependency"
    assert (finding.severity, finding.confidence) == (Severity.CRITICAL, Confidence.HIGH)
    assert finding.location == Location("requirements.txt", line=3)
    assert finding.message == (
        "torch 2.5.1 is affected by CVE-2025-32434: torch.load runs code although weights_only is set."
    )
    assert finding.fix == "Update torch to 2.6.0 or later."
    assert "GHSA-53q9-r3pm-6pq6" in finding.evidence


def test_a_fingerprint_survives_a_new_version_and_a_new_name(place: str, tmp_path: Path) -> None:
    (one,) = as_findings(asked(place, pypi("torch", "2.5.1", origin="requirements.txt:3")))
    (other,) = as_findings(asked(place, pypi("torch", "2.5.0", origin="requirements.txt:9")))
    assert one.fingerprint == other.fingerprint
    early = [value | {"aliases": []} for value in ML if value["id"] == "GHSA-53q9-r3pm-6pq6"]
    (before,) = as_findings(asked(str(imported(tmp_path, early)), pypi("torch", "2.5.1", origin="requirements.txt:3")))
    assert before.fingerprint == one.fingerprint


def test_what_nobody_rated_is_not_low(place: str) -> None:
    (finding,) = as_findings(asked(place, pypi("ray", "2.9")))
    assert finding.severity is Severity.HIGH
    assert "not rated" in finding.evidence
    assert finding.fix.startswith("No fixed version of ray is known")


def test_what_is_merely_allowed_is_one_finding(place: str) -> None:
    (finding,) = as_findings(asked(place, pypi("keras", specifier=">=3")))
    assert (finding.severity, finding.confidence) == (Severity.MEDIUM, Confidence.LOW)
    assert "CVE-2025-1550, CVE-2025-8747" in finding.message
    assert finding.fix == "Ask for keras>=3.11.0."


def test_decisions(place: str) -> None:
    def decided(*components: Component, **more: Any) -> tuple[Verdict, int]:
        report = asked(place, *components, **more)
        decision = decide(report, as_report(report).findings, Policy())
        return decision.verdict, decision.exit_code

    assert decided(pypi("torch", "2.6.0")) == (Verdict.ALLOW, 0)
    assert decided(pypi("torch", "2.5.1")) == (Verdict.DENY, 1)
    assert decided(pypi("keras", specifier=">=3")) == (Verdict.WARN, 0)
    assert decided(pypi("torch")) == (Verdict.WARN, 3)
    assert decided(pypi("torch"), pypi("torch", "2.5.1")) == (Verdict.DENY, 1)
    assert decided() == (Verdict.WARN, 3)
    assert decided(Component("a", type="file")) == (Verdict.WARN, 3)
    gap = Skipped(Location("x"), "broken")
    assert decided(pypi("torch", "2.6.0"), skipped=[gap]) == (Verdict.WARN, 3)


def test_figures_for_a_policy(place: str) -> None:
    report = asked(place, pypi("torch", "2.5.1"), pypi("ray", "2.9"), pypi("keras", specifier=">=3"), pypi("numpy"))
    figures = for_policy(report)
    assert figures["counts"] == {"critical": 1, "high": 1, "medium": 0, "low": 0, "info": 0}
    assert (figures["total"], figures["unrated"], figures["possible"], figures["fixable"]) == (2, 1, 2, 1)
    assert (figures["unknown"], figures["components"]) == (1, 4)
    assert "GHSA-53q9-r3pm-6pq6" in figures["ids"]
    assert figures["database"] == {"age_days": 0.0, "stale": False, "advisories": len(ML)}
    json.dumps(figures)


# -- VEX -----------------------------------------------------------------------------------------------------

VEX = {
    "@context": "https://openvex.dev/ns/v0.2.0",
    "@id": "https://example.org/1",
    "author": "Security Team",
    "timestamp": "2026-01-01T00:00:00Z",
    "version": 1,
    "statements": [
        {
            "vulnerability": {"name": "CVE-2025-32434"},
            "products": [{"@id": "pkg:pypi/torch@2.5.1"}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
            "impact_statement": "only safetensors are loaded",
        }
    ],
}


def test_what_vex_suppresses_stays_visible(place: str, tmp_path: Path) -> None:
    path = tmp_path / "vex.json"
    path.write_text(json.dumps(VEX))
    report = asked(place, pypi("torch", "2.5.1"), vex=read_documents([str(path)]))
    assert not report.matches
    (suppressed,) = report.suppressed
    assert suppressed.vex is not None
    assert suppressed.vex.reason == "only safetensors are loaded"
    assert not as_findings(report)
    (accepted,) = as_findings(report, accepted=True)
    assert "VEX: not_affected (only safetensors are loaded)" in accepted.evidence
    assert for_policy(report)["suppressed"] == 1


def test_vex_written_is_vex_read(place: str, tmp_path: Path) -> None:
    given = tmp_path / "vex.json"
    given.write_text(json.dumps(VEX))
    components = (pypi("torch", "2.5.1"), pypi("gradio", "4.0"), pypi("ray", "2.9"))
    report = asked(place, *components, vex=read_documents([str(given)]))
    path = tmp_path / "out.json"
    path.write_text(vex_text(report, "Me"))
    assert vex_text(report, "Me") == path.read_text()
    statements = {s.vulnerability: s for s in read_documents([str(path)])}
    assert {name: str(s.status) for name, s in statements.items()} == {
        "CVE-2025-32434": "not_affected", "CVE-2023-51449": "affected", "CVE-2023-48022": "under_investigation",
    }  # fmt: skip
    assert statements["CVE-2023-51449"].action == "Update gradio to 4.11.0 or later."
    assert statements["CVE-2025-32434"].reason == "only safetensors are loaded"
    for statement in json.loads(path.read_text())["statements"]:  # what OpenVEX's JSON schema asks for
        assert ("justification" in statement) == (statement["status"] == "not_affected")
        assert ("action_statement" in statement) == (statement["status"] == "affected")
        assert "impact_statement" not in statement
    again = asked(place, *components, vex=statements.values())
    assert [m.id for m in again.suppressed] == [m.id for m in report.suppressed]


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, TrustedSigner]:
    from violet.provenance.keys import generate

    private = generate()
    path = tmp_path_factory.mktemp("keys") / "key.pub"
    path.write_bytes(private.public.pem)
    return private, TrustedSigner("security", str(path))


def envelope(key: Any, payload: Any, kind: str = "application/vnd.in-toto+json") -> bytes:
    from violet.provenance.envelope import sign

    return sign(json.dumps(payload).encode(), kind, [key]).to_bytes()


def test_signed_vex(signer: tuple[Any, TrustedSigner], tmp_path: Path) -> None:
    from dataclasses import replace

    key, trusted = signer
    path = tmp_path / "vex.dsse.json"
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "pkg:pypi/torch@2.5.1", "digest": {"sha256": "a" * 64}}],
        "predicateType": "https://openvex.dev/ns/v0.2.0",
        "predicate": VEX | {"statements": [{k: v for k, v in VEX["statements"][0].items() if k != "products"}]},  # type: ignore[index]
    }
    path.write_bytes(envelope(key, statement))
    (found,) = read_documents([str(path)], (trusted,), signed_only=True)
    assert found.signers == ("security",)
    assert found.products[0].identifiers == ("pkg:pypi/torch@2.5.1",)
    path.write_bytes(envelope(key, VEX, "application/json"))
    assert read_documents([str(path)], (trusted,))[0].signers == ("security",)
    with pytest.raises(VexError, match="not believed"):
        read_documents([str(path)], ())
    with pytest.raises(VexError, match="vouches for VEX"):
        read_documents([str(path)], (replace(trusted, vouches_for=("scan",)),))
    altered = path.read_bytes().replace(b'"payload":"', b'"payload":"AAAA', 1)
    path.write_bytes(altered)
    with pytest.raises(VexError, match="not believed"):
        read_documents([str(path)], (trusted,))
    path.write_bytes(envelope(key, statement | {"predicateType": "https://slsa.dev/provenance/v1"}))
    with pytest.raises(VexError, match="holds no VEX"):
        read_documents([str(path)], (trusted,))
    path.write_text(json.dumps(VEX))
    with pytest.raises(VexError, match="not signed"):
        read_documents([str(path)], (trusted,), signed_only=True)


def test_signed_vex_holds_only_while_its_statement_does(signer: tuple[Any, TrustedSigner], tmp_path: Path) -> None:
    key, trusted = signer
    path = tmp_path / "vex.dsse.json"
    now = datetime.datetime(2026, 11, 2, 12, tzinfo=datetime.UTC)

    def read(later: datetime.timedelta, **annotations: Any) -> int:
        notes = {f"violet_{name}": value for name, value in annotations.items()}
        subjects = [
            {"name": "first", "digest": {"sha256": "b" * 64}},
            {"name": "pkg:pypi/torch@2.5.1", "digest": {"sha256": "a" * 64}, "annotations": notes},
        ]
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": subjects,
            "predicateType": "https://openvex.dev/ns/v0.2.0",
            "predicate": VEX,
        }
        path.write_bytes(envelope(key, statement))
        return len(read_documents([str(path)], (trusted,), now=now + later))

    hour = datetime.timedelta(hours=1)
    assert EXPIRES == "violet_expires"
    assert read(hour) == 1
    assert read(hour, expires="2026-11-02T14:00:00Z") == 1
    with pytest.raises(VexError, match="expired at 2026-11-02T12:30:00Z"):
        read(hour, expires="2026-11-02T12:30:00Z")
    with pytest.raises(VexError, match="in the future"):
        read(hour, issued="2026-11-03T00:00:00Z")
    for unreadable in ("soon", 5, None, ""):
        with pytest.raises(VexError, match="not believed"):
            read(hour, expires=unreadable)


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 1000, b'{"a":1,"a":2}', b"\xff", b"{}"])
def test_broken_vex(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "vex.json"
    path.write_bytes(content)
    with pytest.raises(VexError):
        read_documents([str(path)])
    with pytest.raises(VexError):
        read_documents([str(tmp_path / "absent")])


# -- targets -----------------------------------------------------------------------------------------------------


def test_a_project(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("torch==2.5.1\nkeras>=3\nnumpy\n# a comment\n")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "requirements.txt").write_text("gradio==4.0\n")
    (tmp_path / "node_modules" / "x").mkdir(parents=True)
    (tmp_path / "node_modules" / "x" / "requirements.txt").write_text("evil==1\n")
    target = of_path(str(tmp_path), timeout=60, memory=1 << 30)
    found = {part.name: (part.version, part.specifier) for part in target.components}
    assert found["torch"][0] == "2.5.1"
    assert found["keras"] == ("", ">=3")
    assert found["numpy"] == ("", "*")
    assert "gradio" in found
    assert "evil" not in found
    assert target.components[0].origin.endswith(":1")


def test_a_pin_beside_a_range_goes_first(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_text("torch>=2\nkeras\n")
    (tmp_path / "requirements.txt").write_text("torch==2.6.0\n")
    target = of_path(str(tmp_path), timeout=60, memory=1 << 30)
    assert [(p.name, p.version) for p in target.components if p.name == "torch"] == [("torch", "2.6.0")]
    assert "keras" in {part.name for part in target.components}


def test_a_bill(tmp_path: Path, place: str) -> None:
    path = tmp_path / "bom.json"
    part = {"type": "library", "name": "torch", "version": "2.5.1", "purl": "pkg:pypi/torch@2.5.1"}
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": [part]}))
    target = of_path(str(path), timeout=60, memory=1 << 30)
    assert [m.id for m in asked(place, *target.components).matches] == ["CVE-2025-32434"]


@pytest.mark.parametrize(
    ("text", "ecosystem", "name", "version", "specifier"),
    [
        ("torch==2.5.1", "PyPI", "torch", "2.5.1", ""),
        ("torch[extra]>=2,<3", "PyPI", "torch", "", ">=2,<3"),
        ("torch", "PyPI", "torch", "", "*"),
        ("torch==2.*", "PyPI", "torch", "", "==2.*"),
        ("npm:@scope/x==1.0.0", "npm", "@scope/x", "1.0.0", ""),
        ("cargo:serde==1", "crates.io", "serde", "1", ""),
        ("Debian:12:openssl==3.0-1", "Debian:12", "openssl", "3.0-1", ""),
        ("maven:org.x:y==1", "Maven", "org.x:y", "1", ""),
    ],
)
def test_packages_by_name(text: str, ecosystem: str, name: str, version: str, specifier: str) -> None:
    (part,) = of_packages([text]).components
    assert (part.ecosystem, part.name, part.version, part.specifier) == (ecosystem, name, version, specifier)


def test_nothing_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to match"):
        gather([])
    with pytest.raises(UsageError, match="names no package"):
        gather([], ["==1.0"])
    with pytest.raises(UsageError, match="does not exist"):
        gather([str(tmp_path / "absent")])


def test_an_environment() -> None:
    target = gather([], environment=".")
    assert "pytest" in {part.name for part in target.components}
