"""What is believed of what lies with an artifact, and what is refused, each for its own reason."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.provenance.attesting import NOW, Signer, identity, leave, signer
from violet.domain.provenance import Evidence, TrustedSigner
from violet.provenance import envelope as dsse
from violet.provenance import statement as intoto
from violet.provenance.envelope import Believed
from violet.provenance.evidence import Expected, collect, count_signers
from violet.provenance.keys import KeyFileError
from violet.provenance.stores import DirectoryStore

MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signer]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: signer(folder, name) for name in ("ci", "dev", "eve")}


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(str(tmp_path / "model.attestations"))


def judge(
    store: DirectoryStore, *trusted: Signer | TrustedSigner, now: datetime.datetime = NOW, **expected: object
) -> Evidence:
    signers = [s.trusted() if isinstance(s, Signer) else s for s in trusted]
    return collect(identity(), [store], signers, now=now, expected=Expected(**expected))  # type: ignore[arg-type]


def codes(evidence: Evidence) -> list[str]:
    return [refusal.code for refusal in evidence.refused]


def test_believed(store: DirectoryStore, people: dict[str, Signer]) -> None:
    written = leave(store, identity(), people["ci"], expires=DAY, environment="production", check="scan")
    (attestation,) = judge(store, people["ci"], people["dev"]).attestations
    assert attestation.path == written.path
    assert attestation.digest == written.digest
    assert attestation.signers == ("ci",)
    assert attestation.key_ids == (people["ci"].key.public.key_id,)
    assert (attestation.issued, attestation.expires) == (NOW, NOW + DAY)
    assert (attestation.environment, attestation.check) == ("production", "scan")
    assert judge(store, people["ci"]).refused == ()


def test_an_empty_store_and_one_that_does_not_exist(store: DirectoryStore, tmp_path: Path) -> None:
    assert judge(store) == Evidence(identity())
    (tmp_path / "model.attestations").write_text("a file")
    assert judge(store) == Evidence(identity())


@pytest.mark.parametrize(
    ("at", "skew", "expected"),
    [
        (NOW - 6 * MINUTE, 5 * MINUTE, ["not-yet-valid"]),
        (NOW - 5 * MINUTE, 5 * MINUTE, []),
        (NOW - 6 * MINUTE, 6 * MINUTE, []),
        (NOW - MINUTE, 0 * MINUTE, ["not-yet-valid"]),
        (NOW + DAY + 4 * MINUTE, 5 * MINUTE, []),
        (NOW + DAY + 5 * MINUTE, 5 * MINUTE, ["expired"]),
        (NOW + DAY, 0 * MINUTE, ["expired"]),
        (NOW + DAY - MINUTE, 0 * MINUTE, []),
    ],
)
def test_clocks(
    store: DirectoryStore,
    people: dict[str, Signer],
    at: datetime.datetime,
    skew: datetime.timedelta,
    expected: list[str],
) -> None:
    leave(store, identity(), people["ci"], expires=DAY)
    evidence = judge(store, people["ci"], now=at, skew=skew)
    assert codes(evidence) == expected
    assert bool(evidence.attestations) is not bool(expected)


def test_wrong_subject_says_both_digests(store: DirectoryStore, people: dict[str, Signer]) -> None:
    leave(store, identity("another"), people["ci"])
    (refusal,) = judge(store, people["ci"]).refused
    assert refusal.code == "wrong-subject"
    assert str(identity().digest) in refusal.reason
    assert str(identity("another").digest) in refusal.reason


def test_a_shared_store_holds_what_is_about_others(
    tmp_path: Path, store: DirectoryStore, people: dict[str, Signer]
) -> None:
    shared = replace(store, shared=True)
    leave(store, identity("another"), people["ci"])
    assert judge(shared, people["ci"]) == Evidence(identity())
    old = replace(identity("older content"), name="model")
    leave(store, old, people["ci"])
    (refusal,) = judge(shared, people["ci"]).refused
    assert refusal.code == "wrong-subject", "it has the artifact's name, and nothing fits: said, to explain"
    leave(store, identity(), people["ci"])
    assert judge(shared, people["ci"]).refused == ()


def test_a_name_in_a_shared_store_proves_nothing(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """An envelope about something else, renamed so that it is found for this artifact, is passed over."""
    other = leave(store, identity("another"), people["ci"])
    mine = other.path.replace(identity("another").digest.value[:16], identity().digest.value[:16])
    Path(other.path).rename(mine)
    assert judge(replace(store, shared=True), people["ci"]).attestations == ()


def test_not_vouched_for(store: DirectoryStore, people: dict[str, Signer]) -> None:
    leave(store, identity(), people["ci"])
    (refusal,) = judge(store, people["ci"].trusted("provenance")).refused
    assert refusal.code == "not-vouched-for"
    assert "ci" in refusal.reason
    for allowed in ("*", "test-result", intoto.PREDICATES["test-result"]):
        assert judge(store, people["ci"].trusted("provenance", allowed)).attestations


def test_only_those_who_may_speak_are_counted(store: DirectoryStore, people: dict[str, Signer]) -> None:
    leave(store, identity(), people["ci"], people["dev"])
    evidence = judge(store, people["ci"], people["dev"].trusted("provenance"))
    assert evidence.attestations[0].signers == ("ci",)
    assert codes(judge(store, people["ci"], people["dev"].trusted("provenance"), threshold=2)) == ["too-few-signers"]


def test_two_signers_in_one_envelope_or_in_two(store: DirectoryStore, people: dict[str, Signer]) -> None:
    leave(store, identity(), people["ci"], people["dev"])
    assert judge(store, people["ci"], people["dev"], threshold=2).attestations[0].signers == ("ci", "dev")
    assert codes(judge(store, people["ci"], threshold=2)) == ["too-few-signers"]
    shutil.rmtree(store.path)
    leave(store, identity(), people["ci"])
    leave(store, identity(), people["dev"])
    (merged,) = judge(store, people["ci"], people["dev"], threshold=2).attestations
    assert merged.signers == ("ci", "dev"), "the same statement, signed by each in a file of its own"


def test_a_copy_does_not_count_twice(store: DirectoryStore, people: dict[str, Signer]) -> None:
    written = leave(store, identity(), people["ci"])
    shutil.copy(written.path, Path(store.path) / "copy.dsse.json")
    evidence = judge(store, people["ci"])
    assert len(evidence.attestations) == 1
    assert codes(evidence) == ["replayed"]
    assert "counts once" in evidence.refused[0].reason
    assert set(codes(judge(store, people["ci"], threshold=2))) == {"replayed", "too-few-signers"}


def test_the_same_statement_signed_again_is_a_copy(store: DirectoryStore, people: dict[str, Signer]) -> None:
    leave(store, identity(), people["ci"])
    leave(store, identity(), people["ci"])
    evidence = judge(store, people["ci"])
    assert (len(evidence.attestations), codes(evidence)) == (1, ["replayed"])


def test_the_same_envelope_in_two_stores_is_no_offence(
    tmp_path: Path, store: DirectoryStore, people: dict[str, Signer]
) -> None:
    leave(store, identity(), people["ci"])
    shutil.copytree(store.path, tmp_path / "exported")
    other = DirectoryStore(str(tmp_path / "exported"), shared=True)
    evidence = collect(identity(), [store, other], [people["ci"].trusted()], now=NOW)
    assert (len(evidence.attestations), evidence.refused) == (1, ())


def test_one_person_with_two_keys_is_one(store: DirectoryStore, people: dict[str, Signer], tmp_path: Path) -> None:
    leave(store, identity(), people["ci"], people["dev"])
    both = [TrustedSigner("ann", str(people["ci"].file)), TrustedSigner("ann", str(people["dev"].file))]
    assert codes(judge(store, *both, threshold=2)) == ["too-few-signers"]
    same = [TrustedSigner("ann", str(people["ci"].file)), TrustedSigner("bob", str(people["ci"].file))]
    assert codes(judge(store, *same, threshold=2)) == ["too-few-signers"]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=10))
def test_counting_signers_is_a_maximum_matching(pairs: Sequence[tuple[int, int]]) -> None:
    from itertools import permutations

    believed = [Believed(TrustedSigner(f"n{name}", ""), f"k{key}") for name, key in pairs]
    wanted = set(pairs)
    best = max(sum((name, key) in wanted for name, key in enumerate(keys)) for keys in permutations(range(5)))
    assert count_signers(believed) == best


@pytest.mark.parametrize(
    ("made", "asked", "replayed"),
    [
        ({}, {"environment": "production"}, False),
        ({"environment": "production"}, {"environment": "production"}, False),
        ({"environment": "production"}, {}, False),
        ({"environment": "staging"}, {"environment": "production"}, True),
        ({"nonce": "1"}, {"nonce": "1"}, False),
        ({"nonce": "1"}, {}, False),
        ({"nonce": "1"}, {"nonce": "2"}, True),
        ({}, {"nonce": "2"}, True),
        ({"policy": "aa"}, {"policy": "aa"}, False),
        ({"policy": "aa"}, {"policy": "bb"}, True),
        ({}, {"policy": "bb"}, False),
    ],
)
def test_made_for_another_occasion(
    store: DirectoryStore, people: dict[str, Signer], made: dict[str, str], asked: dict[str, str], replayed: bool
) -> None:
    leave(store, identity(), people["ci"], **made)
    assert codes(judge(store, people["ci"], **asked)) == (["replayed"] if replayed else [])


def test_a_summary_of_another_policy_is_replayed(store: DirectoryStore, people: dict[str, Signer]) -> None:
    predicate = {"timeVerified": "2026-11-02T11:00:00Z", "policy": {"uri": "x:y", "digest": {"sha256": "aa" * 32}}}
    leave(store, identity(), people["ci"], kind="summary", predicate=predicate)
    assert judge(store, people["ci"], policy="aa" * 32).attestations
    assert codes(judge(store, people["ci"], policy="bb" * 32)) == ["replayed"]


def test_a_newer_answer_supersedes(store: DirectoryStore, people: dict[str, Signer]) -> None:
    old = leave(store, identity(), people["ci"], check="scan")
    new = leave(store, identity(), people["ci"], check="scan", now=NOW + MINUTE)
    evidence = judge(store, people["ci"], now=NOW + DAY)
    assert [a.path for a in evidence.attestations] == [new.path]
    assert evidence.refused == (), "nothing is wrong with it"
    assert [(r.code, r.path) for r in evidence.superseded] == [("superseded", old.path)]
    assert Path(new.path).name in evidence.superseded[0].reason


@pytest.mark.parametrize(
    ("other", "who"),
    [
        ({"check": "scan-deep"}, "ci"),
        ({"check": "scan", "environment": "staging"}, "ci"),
        ({"check": "scan"}, "dev"),
        ({"check": ""}, "ci"),
    ],
)
def test_another_question_does_not_supersede(
    store: DirectoryStore, people: dict[str, Signer], other: dict[str, str], who: str
) -> None:
    leave(store, identity(), people["ci"], check="scan")
    leave(store, identity(), people[who], now=NOW + MINUTE, **other)  # type: ignore[arg-type]
    assert len(judge(store, people["ci"], people["dev"], now=NOW + DAY).attestations) == 2


def test_an_expired_answer_does_not_supersede(store: DirectoryStore, people: dict[str, Signer]) -> None:
    leave(store, identity(), people["ci"], check="scan")
    leave(store, identity(), people["ci"], check="scan", now=NOW + MINUTE, expires=MINUTE)
    evidence = judge(store, people["ci"], now=NOW + DAY)
    assert (len(evidence.attestations), codes(evidence)) == (1, ["expired"])


def test_history_is_not_superseded(store: DirectoryStore, people: dict[str, Signer]) -> None:
    for number in range(2):
        predicate = {"relation": "conversion", "from": [{"digest": {"sha256": "ab" * 32}}]}
        leave(store, identity(), people["ci"], kind="derivation", predicate=predicate, now=NOW + number * MINUTE)
    assert len(judge(store, people["ci"], now=NOW + DAY).attestations) == 2


def test_a_trusted_key_that_is_missing_is_an_error(store: DirectoryStore) -> None:
    with pytest.raises(KeyFileError):
        judge(store, TrustedSigner("gone", "absent.pub"))


def test_what_is_no_statement_is_malformed(store: DirectoryStore, people: dict[str, Signer]) -> None:
    for number, (payload, kind) in enumerate([(b"{}", intoto.PAYLOAD_TYPE), (b"x", intoto.PAYLOAD_TYPE), (b"", "t")]):
        content = dsse.sign(payload, kind, [people["ci"].key]).to_bytes()
        (Path(store.path)).mkdir(exist_ok=True)
        (Path(store.path) / f"{number}.dsse.json").write_bytes(content)
    assert codes(judge(store, people["ci"])) == ["malformed"] * 3


@pytest.fixture(scope="module")
def one_envelope(tmp_path_factory: pytest.TempPathFactory, people: dict[str, Signer]) -> Path:
    store = DirectoryStore(str(tmp_path_factory.mktemp("flips") / "model.attestations"))
    return Path(leave(store, identity(), people["ci"], predicate={"result": "FAILED"}, expires=DAY).path)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_is_refused(one_envelope: Path, people: dict[str, Signer], data: st.DataObject) -> None:
    content = one_envelope.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != content[at]))
    _refused(one_envelope, content, content[:at] + bytes([byte]) + content[at + 1 :], people)


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_truncation_is_refused(one_envelope: Path, people: dict[str, Signer], data: st.DataObject) -> None:
    content = one_envelope.read_bytes()
    _refused(one_envelope, content, content[: data.draw(st.integers(0, len(content) - 1))], people)


def _refused(file: Path, content: bytes, changed: bytes, people: dict[str, Signer]) -> None:
    file.write_bytes(changed)
    try:
        evidence = judge(DirectoryStore(str(file.parent)), people["ci"], people["dev"])
    finally:
        file.write_bytes(content)
    assert evidence.attestations == ()
    assert codes(evidence)[0] in ("malformed", "bad-signature", "unknown-signer")
    assert len(evidence.refused) == 1


@given(content=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_in_a_store(tmp_path: Path, people: dict[str, Signer], content: bytes) -> None:
    (tmp_path / "x.dsse.json").write_bytes(content)
    evidence = judge(DirectoryStore(str(tmp_path)), people["ci"])
    assert evidence.attestations == ()
    assert len(evidence.refused) == 1
