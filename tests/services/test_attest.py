"""The services that leave attestations, as other services use them."""

from __future__ import annotations

import datetime
import json
import math
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provenance.attesting import NOW, Signer, signer
from violet.domain import (
    Asset,
    Confidence,
    Decision,
    Digest,
    Failed,
    Finding,
    Location,
    Measurement,
    Report,
    Severity,
    Skipped,
    UsageError,
    Verdict,
    VioletError,
)
from violet.domain.provenance import Attestation, Identity
from violet.provenance.identity import identify
from violet.provenance.predicates.resource import Resource
from violet.provenance.predicates.slsa_provenance import Provenance
from violet.provenance.predicates.summary import Summary
from violet.provenance.predicates.test_result import TestResult
from violet.provenance.stores import DirectoryStore
from violet.services import attest
from violet.services.attest import Terms, attest_report, attest_statement, parse_duration, report_from, write_summary
from violet.services.attest_scan import attest_scan
from violet.services.configuration import Configuration, load
from violet.services.evidence import collect, export_oci, gather, open_store, store_to_write, stores_for, trusted
from violet.services.report_content import report_content, report_of
from violet.services.rule_results import COMPLETE
from violet.services.training import Training, provenance_of

TEXT = st.text(max_size=12)
PLACES = st.builds(Location, TEXT, st.none() | st.integers(0, 1 << 40), st.none() | st.integers(1, 99))
FINDINGS = st.builds(
    Finding, TEXT, st.sampled_from(Severity), st.sampled_from(Confidence), TEXT, PLACES, TEXT, TEXT,
    st.lists(TEXT, max_size=2).map(tuple), TEXT, TEXT,
)  # fmt: skip
DIGESTS = st.none() | st.builds(Digest, TEXT, TEXT)
REPORTS = st.builds(
    Report,
    TEXT,
    TEXT,
    st.lists(st.builds(Asset, TEXT, TEXT, st.integers(0, 1 << 40), DIGESTS), max_size=3).map(tuple),
    st.lists(FINDINGS, max_size=3).map(tuple),
    st.lists(st.builds(Skipped, PLACES, TEXT, TEXT), max_size=2).map(tuple),
    st.lists(st.builds(Failed, PLACES, TEXT), max_size=2).map(tuple),
    st.lists(st.builds(Measurement, PLACES, TEXT, st.floats(allow_nan=False), TEXT), max_size=3).map(tuple),
    st.lists(FINDINGS, max_size=2).map(tuple),
)
ALLOW = Decision(Verdict.ALLOW)


@pytest.fixture(scope="module")
def ci(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return signer(tmp_path_factory.mktemp("keys"), "ci")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps([1, 2, 3]))
    return path


@pytest.fixture
def store(model: Path) -> DirectoryStore:
    return DirectoryStore(f"{model}.attestations")


@pytest.fixture
def configuration() -> Configuration:
    return load(isolated=True, environment={})


def only(model: Path, store: DirectoryStore, ci: Signer) -> Attestation:
    (found,) = collect(identify(str(model)), [store], [ci.trusted()], now=NOW).attestations
    return found


@given(REPORTS)
def test_any_report_comes_back(report: Report) -> None:
    content = report_content(report)
    assert report_of(content) == report
    assert report_content(report_of(content)) == content


def test_figures_that_are_no_numbers_come_back() -> None:
    values = (math.nan, math.inf, -math.inf)
    report = Report("scan", "1", measurements=tuple(Measurement(Location(""), "x", value) for value in values))
    json.loads(report_content(report), parse_constant=pytest.fail)
    back = [m.value for m in report_of(report_content(report)).measurements]
    assert math.isnan(back[0])
    assert back[1:] == [math.inf, -math.inf]


@given(
    st.binary(max_size=100)
    | st.lists(st.none()).map(lambda v: json.dumps({"schema": "violet-outcomes/1", "outcomes": v}).encode())
)
def test_any_bytes_as_a_report(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        report_of(content)


def test_a_scan_leaves_its_report(model: Path, store: DirectoryStore, ci: Signer, configuration: Configuration) -> None:
    done = attest_scan(str(model), configuration, [ci.key], store, terms=Terms(now=NOW))
    attestation = only(model, store, ci)
    assert report_from(attestation) == done.report
    result = TestResult.decode(attestation.statement.predicate)
    assert result.result == "PASSED"
    assert COMPLETE in result.passed
    assert "artifact/pickle-dangerous-call" in result.passed
    assert "artifact/onnx-custom-ops" not in result.passed, "that rule was not asked"
    assert [entry.name for entry in result.configuration] == ["violet", "rules", "options", "policy"]
    assert attestation.check == "scan"


def test_a_bad_model_is_attested_as_bad(tmp_path: Path, ci: Signer, configuration: Configuration) -> None:
    model = tmp_path / "evil.pkl"
    model.write_bytes(b"cos\nsystem\n(S'echo violet'\ntR.")
    store = DirectoryStore(str(tmp_path / "evil.pkl.attestations"))
    done = attest_scan(str(model), configuration, [ci.key], store, terms=Terms(now=NOW), deep=True)
    assert done.decision.exit_code == 1
    attestation = only(model, store, ci)
    result = TestResult.decode(attestation.statement.predicate)
    assert result.result == "FAILED"
    assert "artifact/pickle-dangerous-call" in result.failed
    assert {f.fingerprint for f in report_from(attestation).findings} == {f.fingerprint for f in done.report.findings}
    assert attestation.check == "scan-deep"


def test_what_was_not_examined_does_not_pass(tmp_path: Path, ci: Signer, configuration: Configuration) -> None:
    model = tmp_path / "unknown.xyz"
    model.write_bytes(b"\x00\x01 who knows")
    store = DirectoryStore(str(tmp_path / "s"))
    attest_scan(str(model), configuration, [ci.key], store, terms=Terms(now=NOW))
    result = TestResult.decode(only(model, store, ci).statement.predicate)
    assert result.result == "WARNED"
    assert COMPLETE in result.warned


def test_nothing_is_signed_when_the_content_changes_meanwhile(
    model: Path, store: DirectoryStore, ci: Signer, configuration: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    from violet.services import scan as module

    def change(*arguments: object, **_more: object) -> Report:
        status = model.stat()
        model.write_bytes(pickle.dumps([1, 2, 4]))
        os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns))  # no clock tells
        return Report("scan", "1", (Asset("model.pkl", "pickle", 1),))

    monkeypatch.setattr(module, "scan", change)
    with pytest.raises(VioletError, match="changed while it was examined"):
        attest_scan(str(model), configuration, [ci.key], store)
    assert not Path(store.path).exists()


def test_a_large_report_lies_beside_bound_by_digest(
    model: Path, store: DirectoryStore, ci: Signer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attest, "EMBEDDED", 10)
    report = Report("scan", "1", (Asset("model.pkl", "pickle", 1),))
    identity = identify(str(model))
    attest_report(report, identity, ci.key, store, decision=ALLOW, terms=Terms(now=NOW))
    attestation = only(model, store, ci)
    assert "content" not in attestation.statement.predicate["violet_report"]
    assert report_from(attestation) == report
    (blob,) = (Path(store.path) / "blobs" / "sha256").iterdir()
    blob.write_bytes(blob.read_bytes().replace(b"pickle", b"PICKLE"))
    with pytest.raises(VioletError, match="is missing"):
        report_from(attestation)


def test_a_report_that_is_not_the_one_named_is_refused(model: Path, store: DirectoryStore, ci: Signer) -> None:
    content = report_content(Report("scan", "1", (Asset("model.pkl", "pickle", 1),)))
    named = Resource("report.json", digests=(Digest("sha256", "00" * 32),), content=content)
    predicate = TestResult("PASSED", (), report=named).encode()
    attest_statement(identify(str(model)), "test-result", predicate, ci.key, store, terms=Terms(now=NOW))
    with pytest.raises(VioletError, match="does not have the digest"):
        report_from(only(model, store, ci))


def test_a_large_report_is_exported_with_its_statement(
    model: Path,
    store: DirectoryStore,
    ci: Signer,
    configuration: Configuration,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attest, "EMBEDDED", 10)
    report = Report("scan", "1", (Asset("model.pkl", "pickle", 1),))
    identity = identify(str(model))
    attest_report(report, identity, ci.key, store, decision=ALLOW, terms=Terms(now=NOW))
    assert export_oci(str(model), identity, configuration, str(tmp_path / "layout"), ()) == 1
    layout = open_store(str(tmp_path / "layout"))
    (attestation,) = collect(identity, [layout], [ci.trusted()], now=NOW).attestations
    assert report_from(attestation, [layout]) == report
    with pytest.raises(UsageError, match="no attestations"):
        export_oci(str(model), Identity("x", Digest("sha256", "00" * 32), 1), configuration, str(tmp_path / "l2"), ())


def test_results_of_others_carry_no_report(model: Path, store: DirectoryStore, ci: Signer) -> None:
    predicate = {"result": "PASSED", "configuration": []}
    attest_statement(identify(str(model)), "test-result", predicate, ci.key, store, terms=Terms(now=NOW))
    with pytest.raises(VioletError, match="carries no report"):
        report_from(only(model, store, ci))


@pytest.mark.parametrize("verdict", Verdict)
def test_a_summary(model: Path, store: DirectoryStore, ci: Signer, verdict: Verdict) -> None:
    identity = identify(str(model))
    policy = Digest("sha256", "ab" * 32)
    write_summary(
        identity,
        ci.key,
        store,
        verdict=verdict,
        policy_uri="file:violet.toml",
        policy_digest=policy,
        terms=Terms(datetime.timedelta(days=1), "prod/eu", now=NOW),
    )
    attestation = only(model, store, ci)
    summary = Summary.decode(attestation.statement.predicate)
    assert summary.passed is (verdict is not Verdict.DENY)
    assert summary.resource == "pkg:generic/model.pkl?environment=prod%2Feu"
    assert summary.policy.digests == (policy,)
    assert summary.verified == NOW
    levels = {"allow": "VIOLET_POLICY_MET", "warn": "VIOLET_POLICY_WARNED", "deny": "FAILED"}
    assert summary.levels == (levels[verdict.value],)
    assert attestation.environment == "prod/eu"


def test_what_would_be_refused_is_not_signed(model: Path, store: DirectoryStore, ci: Signer) -> None:
    identity = identify(str(model))
    for kind, predicate in (("nonsense", {"a": 1}), ("vex", {}), ("vex", {"a": float("nan")}), ("vex", {"a": {1}})):
        with pytest.raises(UsageError):
            attest_statement(identity, kind, predicate, ci.key, store)
    assert not Path(store.path).exists()


def test_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.csv").write_text("a,b\n")
    code = tmp_path / "src"
    code.mkdir()
    (code / "t.py").write_text("pass\n")
    git = tmp_path / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    (git / "refs" / "heads" / "main").write_text("ab" * 20 + "\n")
    (git / "config").write_text('[remote "origin"]\n\turl = https://user:token@example.com/x.git\n')
    made = provenance_of(
        Training(
            ("train.csv",),
            ("src",),
            ("base=sha256:" + "cd" * 32,),
            ("lr=0.1", "optimizer=adam", "layers=[1, 2]", "name=1e999"),
            relation="fine-tune",
            git=True,
        )
    )
    data, source, base = made.dependencies
    assert data.digests == (identify("train.csv").digest,)
    assert [str(d) for d in source.digests] == [str(identify("src").digest), "gitCommit:" + "ab" * 20]
    assert source.uri == "git+https://example.com/x.git@" + "ab" * 20, "without the token"
    assert base.name == "base"
    assert [entry.annotations["violet_role"] for entry in made.dependencies] == ["data", "code", "base-model"]
    assert made.external["lr"] == 0.1
    assert made.external["optimizer"] == "adam"
    assert made.external["layers"] == [1, 2]
    assert made.external["name"] == "1e999"
    assert Provenance.decode(json.loads(json.dumps(made.encode()))).external["relation"] == "fine-tune"


@pytest.mark.parametrize(
    ("training", "says"),
    [
        (Training(), "Nothing is said"),
        (Training(data=("absent.csv",)), "does not exist"),
        (Training(data=("sha256:" + "ab" * 32,), parameters=("lr",)), "no parameter"),
        (
            Training(data=("sha256:" + "ab" * 32,), started=NOW, finished=NOW - datetime.timedelta(1)),
            "before it started",
        ),
        (Training(data=("-",)), "neither a file nor a directory"),
    ],
)
def test_training_that_cannot_be(training: Training, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        provenance_of(training)


def test_a_directory_in_no_repository(tmp_path: Path) -> None:
    from violet.provenance.git import commit_of

    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/../../../etc/passwd\n")
    assert commit_of(str(tmp_path)) is None
    (tmp_path / ".git" / "HEAD").write_text("cd" * 20)
    assert commit_of(str(tmp_path)).digest == "cd" * 20  # type: ignore[union-attr]
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main")
    (tmp_path / ".git" / "packed-refs").write_text(f"# pack-refs\n{'ef' * 20} refs/heads/main\n")
    assert commit_of(str(tmp_path)).digest == "ef" * 20  # type: ignore[union-attr]


@pytest.mark.parametrize(("text", "days"), [("90d", 90), ("2w", 14), ("24h", 1), ("1440m", 1), ("86400s", 1)])
def test_durations(text: str, days: int) -> None:
    assert parse_duration(text) == datetime.timedelta(days=days)


@pytest.mark.parametrize("text", ["", "d", "90", "-1d", "1.5d", "1y", "٣d", "999999999w", "1 d"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"time|long"):
        parse_duration(text)


def test_the_configuration_says_where_and_whom(tmp_path: Path, ci: Signer) -> None:
    (tmp_path / "violet.toml").write_text(
        '[evidence]\ndirectory = "proofs"\n[trust.signers.ci]\nkey = "ci.pub"\nvouches_for = ["test-result"]\n'
    )
    (tmp_path / "ci.pub").write_bytes(ci.file.read_bytes())
    configuration = load(file=str(tmp_path / "violet.toml"), environment={})
    (store,) = stores_for("model.pkl", configuration)
    assert (store.path, store.shared) == (os.path.normpath(tmp_path / "proofs"), True)
    assert store_to_write("model.pkl", configuration) == store
    model = tmp_path / "model.pkl"
    model.write_bytes(b"\x80\x04}.")
    attest_statement(identify(str(model)), "test-result", {"a": 1}, ci.key, store)
    attest_statement(identify(str(model)), "vex", {"a": 1}, ci.key, store)
    evidence = gather(str(model), configuration)
    assert [a.signers for a in evidence.attestations] == [("ci",)]
    assert [r.code for r in evidence.refused] == ["not-vouched-for"]
    with pytest.raises(UsageError, match="two trusted signers called 'ci'"):
        trusted(configuration, [str(ci.file)])
    assert [s.name for s in trusted(configuration, [f"other={ci.file}"])] == ["ci", "other"]
