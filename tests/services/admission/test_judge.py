"""What the webhook takes for the model that an object names, and for how long it believes what it decided."""

from __future__ import annotations

import datetime
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.services.admission.reviews import inference_service, pod, review
from violet.domain import Digest, Verdict, VioletError
from violet.domain.admission import ModelReference, ModelVerdict
from violet.domain.gate import GateDecision
from violet.domain.provenance import Identity, TrustedSigner
from violet.provenance.keys import generate
from violet.provenance.stores import DirectoryStore
from violet.services.admission.judge import Judge, JudgeOptions, Mapping
from violet.services.admission.manifest import ManifestOptions, webhook
from violet.services.admission.objects import references
from violet.services.admission.review import ReviewError, answer, parse
from violet.services.attest import Terms, write_summary

KSERVE = "serving.kserve.io"
NOW = datetime.datetime(2026, 11, 20, 12, tzinfo=datetime.UTC)
CLAIMED = Digest("sha256", "ab" * 32)
POLICY = Digest("sha256", "cd" * 32)


def decision(path: str, verdict: Verdict = Verdict.ALLOW) -> GateDecision:
    identity = Identity(Path(path).name, CLAIMED, 1)
    return GateDecision(verdict, int(verdict is Verdict.DENY), identity, path, "production", NOW, "")


def reads(path: str) -> GateDecision:
    """Denies what holds the word "evil"."""
    return decision(path, Verdict.DENY if b"evil" in Path(path).read_bytes() else Verdict.ALLOW)


def ask(judge: Judge, *references: ModelReference) -> list[bool]:
    return [verdict.allowed for verdict in judge(references)]


# -- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["s3://models/team", "s3://models/team/"])
@pytest.mark.parametrize(
    ("uri", "found"),
    [
        ("s3://models/team/2", "2"),
        ("s3://models/team/2/", "2"),
        ("s3://models/team", "."),
        ("s3://models/team2", None),
        ("s3://models/team2/2", None),
        ("s3://models/teamwork/2", None),
        ("s3://models/TEAM/2", None),
        ("s3://models/team/evil%2F..%2F2", None),
        ("s3://models/team/%32", None),
        ("s3://models/team//2", None),
        ("s3://models/team/./2", None),
        ("s3://models/team/../team/2", None),
        ("s3://models/team/2?versionId=7", None),
        ("s3://models/team/2#x", None),
        ("s3://models/team/2$(SUFFIX)", None),
        ("s3://models/team/2\n", None),
        ("s3://models/team/\0", None),
        ("s3://models/team/out", None),
    ],
)
def test_an_address_stands_for_one_file_or_for_none(tmp_path: Path, prefix: str, uri: str, found: str | None) -> None:
    root = tmp_path / "root"
    (root / "2").mkdir(parents=True)
    (root / "out").symlink_to(tmp_path)
    expected = None if found is None else str((root / found).resolve())
    assert Mapping.parse(f"{prefix}={root}").path(uri) == expected


def test_an_address_that_is_no_address_is_denied_without_its_secrets() -> None:
    judge = Judge(reads, JudgeOptions("production"))
    for uri in ("http://[", "https://ada:hunter2@host/m?token=hunter2", "\0", "=" * 9):
        (verdict,) = judge((ModelReference("spec", uri),))
        assert not verdict.allowed
        assert "hunter2" not in f"{verdict.reasons} {verdict.reference}"


# -- memory ----------------------------------------------------------------------------------------


def test_an_answer_about_other_files_is_not_remembered(tmp_path: Path) -> None:
    model = tmp_path / "m.pkl"
    model.write_bytes(b"good")
    judge = Judge(reads, JudgeOptions("production", (Mapping("s3://m/", str(tmp_path)),), remember=1e9))
    wanted = ModelReference("spec", "s3://m/m.pkl")
    assert ask(judge, wanted) == [True]
    model.write_bytes(b"evil")
    assert ask(judge, wanted) == [False]
    model.write_bytes(b"good")
    assert ask(judge, wanted) == [True]
    judge.close()


def test_an_answer_is_remembered_while_the_files_stay(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"good")
    asked: list[str] = []

    def decide(path: str) -> GateDecision:
        asked.append(path)
        return decision(path)

    judge = Judge(decide, JudgeOptions("production", (Mapping("s3://m/", str(tmp_path)),), remember=1e9))
    wanted = ModelReference("spec", "s3://m/m.pkl")
    assert ask(judge, wanted, replace(wanted, place="other")) + ask(judge, wanted) == [True] * 3
    assert len(asked) == 1
    judge.close()


def test_many_models_of_one_object_are_waited_for_once(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / str(number)).write_bytes(b"good")
    wake = threading.Event()

    def decide(path: str) -> GateDecision:
        wake.wait(30)
        return decision(path)

    options = JudgeOptions("production", (Mapping("s3://m/", str(tmp_path)),), deadline=0.2, pending=16)
    judge = Judge(decide, options)
    begun = time.monotonic()
    verdicts = judge([ModelReference("spec", f"s3://m/{number}") for number in range(40)])
    took = time.monotonic() - begun
    wake.set()
    judge.close()
    assert not any(verdict.allowed for verdict in verdicts)
    assert "too many" in verdicts[-1].reasons[0]
    assert took < 40 * 0.2


def test_a_claim_about_files_must_be_theirs(tmp_path: Path) -> None:
    (tmp_path / "m.pkl").write_bytes(b"good")
    judge = Judge(reads, JudgeOptions("production", (Mapping("s3://m/", str(tmp_path)),), accept_claimed_digests=True))
    wanted = ModelReference("spec", "s3://m/m.pkl", str(CLAIMED))
    assert ask(judge, wanted, replace(wanted, digest="sha256:" + "0" * 64), replace(wanted, digest="x")) == [
        True,
        False,
        False,
    ]
    judge.close()


@pytest.mark.parametrize("error", [RuntimeError("secret"), VioletError("It cannot be read."), TimeoutError()])
def test_a_gate_that_breaks_does_not_open(tmp_path: Path, error: Exception) -> None:
    def decide(path: str) -> GateDecision:
        raise error

    judge = Judge(decide, JudgeOptions("production", (Mapping("s3://m/", str(tmp_path)),)))
    (verdict,) = judge([ModelReference("spec", "s3://m")])
    assert not verdict.allowed
    assert "secret" not in " ".join(verdict.reasons)
    judge.close()


# -- claims ----------------------------------------------------------------------------------------


class Claims:
    """A store of summaries by two gates, ``one`` and ``two``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.keys = {name: generate() for name in ("one", "two")}
        for name, key in self.keys.items():
            (root / f"{name}.pub").write_bytes(key.public.pem)
        self.signers = tuple(TrustedSigner(name, str(root / f"{name}.pub"), ("summary",)) for name in self.keys)
        self.store = DirectoryStore(str(root / "summaries"), shared=True)
        (root / "summaries").mkdir()

    def write(
        self,
        verdict: Verdict,
        key: str = "one",
        environment: str = "production",
        policy: Digest = POLICY,
        when: datetime.datetime = NOW,
    ) -> None:
        terms = Terms(environment=environment, now=when)
        write_summary(
            Identity("m", CLAIMED, 1), self.keys[key], self.store, verdict=verdict, policy_uri="file:violet.toml",
            policy_digest=policy, terms=terms,
        )  # fmt: skip

    def admits(self, policy: str = POLICY.value) -> bool:
        options = JudgeOptions("production", accept_claimed_digests=True, policy=lambda: policy)
        judge = Judge(reads, options, (self.store,), self.signers, lambda: NOW)
        (allowed,) = ask(judge, ModelReference("spec", "s3://elsewhere/m", str(CLAIMED)))
        return allowed


@pytest.fixture
def claims(tmp_path: Path) -> Claims:
    return Claims(tmp_path)


def test_a_summary_for_this_occasion_admits(claims: Claims) -> None:
    assert not claims.admits()
    claims.write(Verdict.ALLOW)
    assert claims.admits()


@pytest.mark.parametrize(
    "other",
    [
        {"environment": "test"},
        {"environment": ""},
        {"policy": Digest("sha256", "ee" * 32)},
        {"verdict": Verdict.DENY},
        {"when": NOW - datetime.timedelta(days=31)},
        {"when": NOW + datetime.timedelta(days=1)},
    ],
)
def test_a_summary_for_another_occasion_does_not(claims: Claims, other: dict[str, Any]) -> None:
    claims.write(**{"verdict": Verdict.ALLOW, **other})
    assert not claims.admits()


def test_without_a_policy_no_summary_counts(claims: Claims) -> None:
    claims.write(Verdict.ALLOW)
    assert not claims.admits(policy="")


@pytest.mark.parametrize("allows", ["one", "two"])
def test_what_one_gate_denies_no_other_admits(claims: Claims, allows: str) -> None:
    denies = "two" if allows == "one" else "one"
    claims.write(Verdict.ALLOW, allows)
    claims.write(Verdict.DENY, denies, when=NOW - datetime.timedelta(hours=1))
    assert not claims.admits()


# -- objects ---------------------------------------------------------------------------------------


def named(thing: dict[str, Any], group: str = KSERVE) -> list[str]:
    return [reference.uri for reference in references(parse(json.dumps(review(thing, group=group)).encode()))]


def response(thing: dict[str, Any], group: str = "", **more: Any) -> Any:
    request = parse(json.dumps(review(thing, group=group, **more)).encode())
    return answer(request, lambda found: [ModelVerdict(reference, True) for reference in found])


def test_models_and_adapters_of_language_models_are_seen() -> None:
    model = {"uri": "hf://a/b", "name": "b", "lora": {"adapters": [{"uri": "s3://lora/1"}, {"uri": "s3://lora/2"}]}}
    thing = {"kind": "LLMInferenceService", "metadata": {}, "spec": {"model": model, "router": {"uri": "x"}}}
    assert named(thing) == ["hf://a/b", "s3://lora/1", "s3://lora/2"]
    assert named({**thing, "kind": "LLMInferenceServiceConfig"}) == ["hf://a/b", "s3://lora/1", "s3://lora/2"]


def test_parameters_make_another_address() -> None:
    thing = inference_service("s3://x")
    thing["spec"]["predictor"]["model"] = {
        "storage": {"key": "minio", "path": "m/1", "parameters": {"bucket": "evil", "type": "s3"}}
    }
    assert named(thing) == ["storage://minio;bucket=evil;type=s3/m/1"]
    thing["spec"]["predictor"]["model"] = {"storage": {"key": "minio"}}
    assert named(thing) == ["storage://minio/"]


def test_every_model_of_an_initializer_is_seen() -> None:
    thing = pod(name="storage-initializer", args=["s3://a", "/mnt/a", "s3://b", "/mnt/b"])
    thing["spec"]["ephemeralContainers"] = [{"name": "x", "env": [{"name": "STORAGE_URI", "value": "s3://c"}]}]
    thing["metadata"]["annotations"] = {"internal.serving.kserve.io/storage-initializer-sourceuri": "s3://d"}
    assert sorted(named(thing, "")) == ["s3://a", "s3://b", "s3://c", "s3://d"]


HIDDEN: dict[str, Any] = {"name": "STORAGE_URI", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}


@pytest.mark.parametrize(
    ("thing", "group"),
    [
        (pod(env=[HIDDEN]), ""),
        (pod(env=[{"name": "STORAGE_URI", "value": 7}]), ""),
        (pod(name="storage-initializer", args=[7, "/mnt"]), ""),
        (inference_service({"a": 1}), KSERVE),  # type: ignore[arg-type]
        ({"kind": "InferenceService", "spec": {"predictor": {"containers": [{"env": [HIDDEN]}]}}}, KSERVE),
        ({"kind": "X", "metadata": {}, "spec": {"storageUris": [{"uri": 1}]}}, KSERVE),
        ({"kind": "X", "metadata": {}, "spec": {"storage": {"path": ["a"]}}}, KSERVE),
        ({"kind": "X", "metadata": {}, "spec": {"m": [{"storageUri": f"s3://{n}"} for n in range(65)]}}, KSERVE),
    ],
)  # fmt: skip
def test_what_is_named_but_hidden_is_denied(thing: dict[str, Any], group: str) -> None:
    answered = response(thing, group)
    assert (answered.allowed, answered.code) == (False, 400)


@pytest.mark.parametrize("operation", ["", "create", "PATCH"])
def test_an_unknown_operation_is_not_let_through(operation: str) -> None:
    with pytest.raises(ReviewError, match="operation"):
        parse(json.dumps(review(pod(), operation=operation)).encode())


def test_an_object_that_is_deleted_can_be_cleaned_up_after_and_nothing_more() -> None:
    def update(old: dict[str, Any], new: dict[str, Any]) -> bool:
        content = review(new, "UPDATE", KSERVE)
        content["request"]["oldObject"] = old
        request = parse(json.dumps(content).encode())
        return answer(request, lambda found: [ModelVerdict(reference, False) for reference in found]).allowed

    leaving = inference_service("s3://bad")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-20T12:00:00Z"
    other = inference_service("s3://worse")
    other["metadata"]["deletionTimestamp"] = "2026-11-20T12:00:00Z"
    assert update(leaving, leaving)
    assert not update(leaving, other)
    assert not update(inference_service("s3://bad"), leaving)


def test_the_manifest_asks_about_every_kind_that_kserve_has(tmp_path: Path) -> None:
    (rules,) = (entry["rules"] for entry in webhook(ManifestOptions(injector="violet/cert"))["webhooks"])
    kserve = next(rule for rule in rules if rule["apiGroups"] == [KSERVE])
    assert (kserve["apiVersions"], kserve["resources"], kserve["scope"]) == (["*"], ["*"], "*")
    assert any("pods/ephemeralcontainers" in rule["resources"] for rule in rules)
