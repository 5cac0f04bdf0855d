"""Statements: held to the framework's own validators, bound by digests and nothing else."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

import google.protobuf.json_format as pb_json
import in_toto_attestation.v1.statement_pb2 as statement_pb2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_toto_attestation.v1.statement import Statement as Theirs

from tests.provenance.attesting import NOW, identity
from violet.domain import Digest
from violet.domain.provenance import FileDigest, Identity, Statement, Subject
from violet.provenance import statement as intoto
from violet.provenance.statement import Binding, StatementError

FULL = Binding(NOW, NOW + datetime.timedelta(days=90), "production", "scan", "n-1", "ab" * 32)


def theirs(payload: bytes) -> Theirs:
    message = statement_pb2.Statement()
    pb_json.Parse(payload, message)  # strict: an unknown field is an error
    return Theirs.copy_from_pb(message)


@pytest.mark.parametrize("kind", intoto.PREDICATES)
def test_the_frameworks_validator_accepts_ours(kind: str) -> None:
    payload = intoto.encode(intoto.build(identity(), kind, {"a": 1}, FULL))
    read = theirs(payload)
    read.validate()
    assert read.pb.predicate_type == intoto.PREDICATES[kind]
    assert read.pb.subject[0].digest["sha256"] == identity().digest.value
    assert read.pb.subject[0].annotations["violet_environment"] == "production"


def test_ours_reads_what_the_framework_writes() -> None:
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor

    subject = ResourceDescriptor(name="m", digest={"sha256": "ab" * 32, "sha512": "cd" * 64})
    made = Theirs([subject.pb], "https://example.com/x/v1", {"a": [1, "b"]})
    made.validate()
    read = intoto.decode(pb_json.MessageToJson(made.pb).encode())
    assert read.subjects == (Subject("m", (Digest("sha256", "ab" * 32), Digest("sha512", "cd" * 64))),)
    assert read.predicate_type == "https://example.com/x/v1"


def test_round_trip_and_binding() -> None:
    made = intoto.build(identity(), "test-result", {"a": 1}, FULL)
    read = intoto.decode(intoto.encode(made))
    assert read == made
    subject = intoto.subject_for(read, identity())
    assert subject is not None
    assert intoto.binding_of(subject, read) == FULL


def test_two_statements_of_one_second_differ() -> None:
    later = NOW.replace(microsecond=1)
    one = intoto.build(identity(), "test-result", {"a": 1}, Binding(NOW))
    two = intoto.build(identity(), "test-result", {"a": 1}, Binding(later))
    assert intoto.encode(one) != intoto.encode(two)
    assert intoto.binding_of(two.subjects[0], two).issued == later


GOOD: dict[str, Any] = json.loads(intoto.encode(intoto.build(identity(), "summary", {"a": 1}, Binding(NOW))))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"_type": "https://in-toto.io/Statement/v0.1"}, "of the type"),
        ({"_type": None}, "of the type"),
        ({"subject": []}, "about nothing"),
        ({"subject": None}, "about nothing"),
        ({"subject": ["m"]}, "no JSON object"),
        ({"subject": [{"name": "m"}]}, "missing or empty"),
        ({"subject": [{"name": "m", "digest": {}}]}, "missing or empty"),
        ({"subject": [{"name": 1, "digest": {"sha256": "ab" * 32}}]}, "wrong type"),
        ({"subject": [{"name": "m", "digest": {"sha256": "AB" * 32}}]}, "hexadecimal"),
        ({"subject": [{"name": "m", "digest": {"sha256": ""}}]}, "no text"),
        ({"subject": [{"name": "m", "digest": {"sha256": 1}}]}, "no text"),
        ({"predicateType": "no uri"}, "URI"),
        ({"predicateType": 3}, "URI"),
        ({"predicate": []}, "no predicate"),
        ({"predicate": {}}, "no predicate"),
    ],
)
def test_malformed(change: Mapping[str, Any], says: str) -> None:
    with pytest.raises(StatementError, match=says):
        intoto.decode(json.dumps(GOOD | change).encode())


def test_unknown_fields_are_passed_over() -> None:
    assert intoto.decode(json.dumps(GOOD | {"future": 1}).encode()).subjects[0].name == "model"


@given(st.binary(max_size=300))
def test_any_bytes_as_a_statement(content: bytes) -> None:
    with pytest.raises(StatementError):
        intoto.decode(content)


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_name_and_environment_survive(name: str, environment: str) -> None:
    made = intoto.build(Identity(name, identity().digest, 1), "vex", {"a": 1}, Binding(NOW, None, environment))
    read = intoto.decode(intoto.encode(made))
    assert intoto.binding_of(read.subjects[0], read).environment == environment


def test_a_name_that_is_no_unicode_text_can_be_attested() -> None:
    made = intoto.build(Identity("m\udcff.bin", identity().digest, 1), "vex", {"a": 1}, Binding(NOW))
    theirs(intoto.encode(made)).validate()


@pytest.mark.parametrize(
    "notes",
    [
        {"violet_expires": "soon"},
        {"violet_expires": 3},
        {"violet_expires": "2026-11-02T12:00:00"},
        {"violet_issued": "9999-12-31T23:59:59-12:00"},
        {"violet_issued": "2026-11-02T12:00:00Z", "violet_expires": "2026-11-02T12:00:00Z"},
        {"violet_environment": ["production"]},
        {"violet_nonce": 1},
    ],
)
def test_a_limit_that_cannot_be_understood_is_not_passed_over(notes: dict[str, Any]) -> None:
    made = Statement((Subject("m", (identity().digest,), notes),), intoto.PREDICATES["test-result"], {"a": 1})
    with pytest.raises(StatementError):
        intoto.binding_of(made.subjects[0], made)


def test_predicates_of_others_date_themselves() -> None:
    for kind, predicate in (
        ("summary", {"timeVerified": "2026-11-02T12:00:00.123456789Z"}),
        ("provenance", {"runDetails": {"metadata": {"finishedOn": "2026-11-02T13:00:00+01:00"}}}),
        ("vex", {"timestamp": "2026-11-02T12:00:00Z"}),
        ("cyclonedx", {"metadata": {"timestamp": "2026-11-02T12:00:00Z"}}),
    ):
        made = Statement((Subject("m", (identity().digest,)),), intoto.PREDICATES[kind], predicate)
        issued = intoto.binding_of(made.subjects[0], made).issued
        assert issued is not None
        assert issued.replace(microsecond=0) == NOW


def directory(*files: tuple[str, str]) -> Identity:
    made = tuple(FileDigest(path, 1, Digest("sha256", value * 32)) for path, value in files)
    return Identity("d", Digest("dirHash", "ee" * 32), len(made), made)


def about(*subjects: tuple[str, dict[str, str]]) -> Statement:
    made = tuple(Subject(name, intoto.digests(value)) for name, value in subjects)
    return Statement(made, intoto.PREDICATES["vex"], {"a": 1})


def test_what_binds_a_directory() -> None:
    model = directory(("a.bin", "aa"), ("sub/b.bin", "bb"))
    a, b = ("a.bin", {"sha256": "aa" * 32}), ("sub/b.bin", {"sha256": "bb" * 32})
    assert intoto.subject_for(about(("x", {"dirHash": "ee" * 32})), model)
    assert intoto.subject_for(about(("x", {"dirHash1": "ee" * 32})), model)
    assert intoto.subject_for(about(a, b), model)
    assert not intoto.subject_for(about(a), model), "one file says nothing about the rest"
    assert not intoto.subject_for(about(a, ("b.bin", b[1])), model), "under another name it is another model"
    assert not intoto.subject_for(about(("x", {"sha256": "ee" * 32})), model), "a file is no directory"
    assert not intoto.subject_for(about(a), Identity("d", Digest("dirHash", "00" * 32), 0)), "empty: all() of nothing"


def test_files_with_different_limits_do_not_bind_together() -> None:
    model = directory(("a.bin", "aa"), ("b.bin", "bb"))
    limits: tuple[dict[str, Any], ...] = ({}, {"violet_expires": "2026-11-02T12:00:00Z"})
    subjects = tuple(Subject(file.path, (file.digest,), notes) for file, notes in zip(model.files, limits, strict=True))
    assert not intoto.subject_for(Statement(subjects, intoto.PREDICATES["vex"], {"a": 1}), model)


def test_what_binds_a_file() -> None:
    assert intoto.subject_for(about(("other name", {"sha256": identity().digest.value})), identity())
    assert not intoto.subject_for(about(("model", {"sha256": "00" * 32})), identity())
    assert not intoto.subject_for(about(("model", {"md5": identity().digest.value})), identity())


def test_short_names() -> None:
    assert intoto.short_name("https://cyclonedx.org/bom/v1.6") == "cyclonedx"
    assert intoto.short_name("https://example.com/x") == "https://example.com/x"
    assert intoto.predicate_uri("summary") == "https://slsa.dev/verification_summary/v1"
    with pytest.raises(ValueError, match="neither a URI nor one of test-result"):
        intoto.predicate_uri("sumary")
