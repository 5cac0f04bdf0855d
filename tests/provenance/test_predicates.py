"""Predicates, held to the protobuf definitions that the in-toto project publishes."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from importlib import import_module
from typing import Any

import google.protobuf.json_format as pb_json
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor

from tests.provenance.attesting import NOW
from violet.domain import Digest
from violet.domain.provenance import Statement
from violet.provenance.predicates.derivation import RELATIONS, Derivation
from violet.provenance.predicates.resource import PredicateError, Resource
from violet.provenance.predicates.revocation import Revocation
from violet.provenance.predicates.slsa_provenance import ROLE, TRAINING, Provenance
from violet.provenance.predicates.summary import Summary
from violet.provenance.predicates.test_result import REPORT, TestResult
from violet.provenance.predicates.words import LONGEST, in_words
from violet.provenance.statement import PREDICATES

DATA = Resource("train.csv", digests=(Digest("sha256", "ab" * 32),), annotations={ROLE: "data"})
POLICY = Resource(uri="file:violet.toml", digests=(Digest("sha256", "cd" * 32),))
INPUT = Resource(uri="file:x.dsse.json", digests=(Digest("sha256", "12" * 32),))
REPORT_HERE = Resource("report.json", digests=(Digest("sha256", "ef" * 32),), content=b"{}", media_type="text/x")

RESULT = TestResult("WARNED", (DATA, POLICY), ("a/b",), ("c/d",), ("e/f",), "https://example.com/1", REPORT_HERE)
RUN = Provenance(
    TRAINING,
    "urn:violet-mlsecops:local",
    (DATA,),
    {"relation": "fine-tune", "lr": 0.1},
    {"seed": 3},
    "run-1",
    NOW,
    NOW + datetime.timedelta(hours=1),
    (Resource("log", digests=(Digest("sha256", "01" * 32),)),),
    {"violet": "1"},
)
SUMMARY = Summary("pkg:pypi/v@1", NOW, "pkg:generic/m?environment=prod", POLICY, True, ("VIOLET_POLICY_MET",), (INPUT,))
MADE = Derivation("conversion", (DATA,), POLICY, {"bits": 8}, "note")
GONE = Revocation("poisoned", NOW, "https://example.com/2")


def protobuf(module: str, name: str, value: Mapping[str, Any], *, strict: bool = True) -> Any:
    message = getattr(import_module(f"in_toto_attestation.predicates.{module}"), name)()
    return pb_json.Parse(json.dumps(value), message, ignore_unknown_fields=not strict)


def test_test_result_is_theirs() -> None:
    value = RESULT.encode()
    read = protobuf("test_result.v0.test_result_pb2", "TestResult", {k: v for k, v in value.items() if k != REPORT})
    assert (read.result, list(read.failed_tests), read.url) == ("WARNED", ["e/f"], "https://example.com/1")
    assert [entry.digest["sha256"] for entry in read.configuration] == ["ab" * 32, "cd" * 32]
    protobuf("test_result.v0.test_result_pb2", "TestResult", value, strict=False)
    for entry in (*read.configuration, pb_json.ParseDict(value[REPORT], ResourceDescriptor().pb)):
        ResourceDescriptor.copy_from_pb(entry).validate()


def test_provenance_is_theirs() -> None:
    read = protobuf("provenance.v1.provenance_pb2", "Provenance", RUN.encode())
    assert read.build_definition.build_type == TRAINING
    assert read.run_details.metadata.started_on.ToDatetime(datetime.UTC) == NOW
    assert read.build_definition.resolved_dependencies[0].annotations[ROLE] == "data"
    for entry in read.build_definition.resolved_dependencies:
        ResourceDescriptor.copy_from_pb(entry).validate()


def test_summary_is_theirs() -> None:
    """Their message has one text for ``verifiedLevels``, where SLSA has a list: that field is left out here."""
    value = SUMMARY.encode()
    levels = value.pop("verifiedLevels")
    read = protobuf("vsa.v1.vsa_pb2", "VerificationSummary", value)
    assert (read.verifier.id, read.verification_result) == ("pkg:pypi/v@1", "PASSED")
    assert read.policy.digest["sha256"] == "cd" * 32
    assert read.input_attestations[0].digest["sha256"] == "12" * 32
    assert levels == ["VIOLET_POLICY_MET"]


def test_a_summary_that_failed_says_so_among_the_levels() -> None:
    failed = Summary("v", NOW, "r", POLICY, False, ("VIOLET_POLICY_MET",))
    assert failed.encode()["verifiedLevels"] == ["FAILED"]


@pytest.mark.parametrize("made", [RESULT, RUN, SUMMARY, MADE, GONE], ids=lambda made: type(made).__name__)
def test_round_trip(made: Any) -> None:
    assert type(made).decode(json.loads(json.dumps(made.encode()))) == made


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (TestResult, {}),
        (TestResult, {"result": "PERFECT", "configuration": []}),
        (TestResult, {"result": "PASSED"}),
        (TestResult, {"result": "PASSED", "configuration": {}}),
        (TestResult, {"result": "PASSED", "configuration": [], "failedTests": [1]}),
        (TestResult, {"result": "PASSED", "configuration": [], REPORT: {"content": "#"}}),
        (Provenance, {}),
        (Provenance, {"buildDefinition": {"buildType": "x"}}),
        (Provenance, {"buildDefinition": {"buildType": "x"}, "runDetails": {"builder": {}}}),
        (Provenance, {"buildDefinition": [], "runDetails": {"builder": {"id": "x"}}}),
        (Summary, {"verificationResult": "MAYBE"}),
        (Summary, {"verificationResult": "PASSED", "timeVerified": "noon"}),
        (Summary, SUMMARY.encode() | {"verifier": {}}),
        (Summary, SUMMARY.encode() | {"timeVerified": None}),
        (Derivation, {"relation": "conversion", "from": []}),
        (Derivation, {"relation": "conversion", "from": [{"name": "no digest"}]}),
        (Derivation, {"relation": 3, "from": [DATA.encode()]}),
        (Revocation, {}),
        (Revocation, {"reason": "x", "revokedOn": "then"}),
    ],
)
def test_what_the_type_requires_is_required(kind: Any, value: dict[str, Any]) -> None:
    with pytest.raises(PredicateError):
        kind.decode(value)


def test_what_would_be_refused_is_not_written() -> None:
    for made in (
        Derivation("improvement", (DATA,)),
        Derivation(RELATIONS[0], ()),
        Derivation(RELATIONS[0], (Resource("no digest", uri="x:y"),)),
        Revocation(" "),
        Summary("v", NOW, "r", Resource("no uri", digests=DATA.digests), True),
        Summary("v", NOW, "r", POLICY, True, inputs=(Resource("x", uri="x:y"),)),
        TestResult("PASSED", (Resource("nothing but a name"),)),
    ):
        with pytest.raises(PredicateError):
            made.encode()  # type: ignore[attr-defined]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from("result configuration buildDefinition runDetails from relation reason name digest".split()),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=10), JSON, max_size=4) | st.dictionaries(st.just("from"), JSON))
def test_any_predicate_has_words(predicate: dict[str, Any]) -> None:
    for kind in PREDICATES:
        assert len(in_words(Statement((), PREDICATES[kind], predicate))) <= LONGEST


def test_words() -> None:
    def say(kind: str, made: Any) -> str:
        return in_words(Statement((), PREDICATES[kind], made.encode()))

    assert say("test-result", RESULT) == "WARNED: 1 passed, 1 warned, 1 failed"
    assert say("provenance", RUN) == "fine-tune of 1 inputs by urn:violet-mlsecops:local"
    assert say("summary", SUMMARY) == "PASSED under file:violet.toml"
    assert say("derivation", MADE) == "conversion of train.csv"
    assert say("revocation", GONE) == "revoked: poisoned"
