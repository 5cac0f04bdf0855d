"""Envelopes that an earlier version wrote verify for ever, and say what they said."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from tests.provenance.make_golden import GOLDEN, REPORT
from violet.domain.provenance import Evidence, TrustedSigner
from violet.provenance.evidence import Expected, collect
from violet.provenance.identity import identify
from violet.provenance.predicates.derivation import Derivation
from violet.provenance.predicates.revocation import Revocation
from violet.provenance.predicates.slsa_provenance import Provenance
from violet.provenance.predicates.summary import Summary
from violet.provenance.statement import short_name
from violet.provenance.stores import DirectoryStore
from violet.services.attest import report_from

THEN = datetime.datetime(2026, 11, 2, 13, tzinfo=datetime.UTC)
SIGNERS = [TrustedSigner(name, str(GOLDEN / f"{name}.pub")) for name in ("ci", "dev", "big")]


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    store = DirectoryStore(str(GOLDEN / "model.bin.attestations"))
    return collect(identify(str(GOLDEN / "model.bin")), [store], SIGNERS, now=THEN)


def test_all_are_believed(evidence: Evidence) -> None:
    assert evidence.refused == ()
    assert {short_name(a.statement.predicate_type): a.signers for a in evidence.attestations} == {
        "test-result": ("ci", "dev"),
        "provenance": ("dev",),
        "derivation": ("big",),
        "revocation": ("ci",),
        "summary": ("ci",),
        "https://example.com/predicate/v1": ("ci",),
    }


def test_they_say_what_they_said(evidence: Evidence) -> None:
    found = {short_name(a.statement.predicate_type): a for a in evidence.attestations}
    assert report_from(found["test-result"]) == REPORT
    assert (found["test-result"].environment, found["test-result"].check) == ("production", "scan")
    assert found["test-result"].expires == datetime.datetime(2027, 11, 2, 12, tzinfo=datetime.UTC)
    run = Provenance.decode(found["provenance"].statement.predicate)
    assert [str(entry.digests[0]) for entry in run.dependencies] == [
        "sha256:" + "ab" * 32,
        "gitCommit:" + "cd" * 20,
        "dirHash:" + "ef" * 32,
    ]
    assert dict(run.external) == {"lr": 0.1, "relation": "fine-tune"}
    assert Derivation.decode(found["derivation"].statement.predicate).relation == "copy"
    assert Revocation.decode(found["revocation"].statement.predicate).reason == "an example"
    summary = Summary.decode(found["summary"].statement.predicate)
    assert summary.passed
    assert {str(entry.digests[0]) for entry in summary.inputs} == {
        str(found["test-result"].digest),
        str(found["revocation"].digest),
    }


def test_they_do_not_outlive_their_term() -> None:
    store = DirectoryStore(str(GOLDEN / "model.bin.attestations"))
    late = collect(identify(str(GOLDEN / "model.bin")), [store], SIGNERS, now=THEN.replace(year=2028))
    assert [refusal.code for refusal in late.refused] == ["expired", "expired"]


def test_two_signers_are_two() -> None:
    store = DirectoryStore(str(GOLDEN / "model.bin.attestations"))
    both = collect(identify(str(GOLDEN / "model.bin")), [store], SIGNERS, now=THEN, expected=Expected(threshold=2))
    assert [short_name(a.statement.predicate_type) for a in both.attestations] == ["test-result"]


def test_no_private_key_was_kept() -> None:
    assert not [path for path in Path(GOLDEN).rglob("*") if path.is_file() and b"PRIVATE" in path.read_bytes()]
