"""Every way to tamper with a signature is noticed."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.signing.world import (
    FILES,
    World,
    edit,
    edit_payload,
    entries_of,
    forge,
    signed,
    verified,
)
from violet.domain import VioletError
from violet.domain.provenance import TrustedSigner
from violet.domain.signature import Outcome
from violet.provenance.keys import load_public
from violet.provenance.manifest import Entry, Manifest, statement
from violet.services.sign import SignOptions, VerifyOptions, sign, trusted, verify


def test_no_signature(world: World, model: Path) -> None:
    found = verified(world)
    assert (found.outcome, found.holds) == (Outcome.NOT_SIGNED, False)
    assert "model.sig" in found.reason


@pytest.mark.parametrize("content", [b"", b"not json", b"{}", b"[]", b'{"mediaType": "x"}', b"\xff" * 9, None])
def test_malformed_signatures(world: World, model: Path, content: bytes | None) -> None:
    path = Path(signed(world))
    path.write_bytes(path.read_bytes()[:-20] if content is None else content)
    found = verified(world)
    assert found.outcome is Outcome.MALFORMED
    assert found.signers == ()
    assert content is not None or "truncated" in found.reason


def test_an_altered_payload(world: World, model: Path) -> None:
    signed(world)
    edit(edit_payload)
    found = verified(world)
    assert found.outcome is Outcome.BAD_SIGNATURE
    assert "altered after signing" in found.reason
    assert found.differences == ()


def test_an_altered_payload_without_a_hint(world: World, model: Path) -> None:
    signed(world)
    edit(lambda table: table["verificationMaterial"]["publicKey"].pop("hint"))
    assert verified(world).holds, "as before 1.0"
    edit(edit_payload)
    assert verified(world).outcome is Outcome.UNKNOWN_SIGNER


def test_an_unknown_signer_is_named_with_those_who_are_known(world: World, model: Path) -> None:
    signed(world, key="other")
    keys = ["p256.pub", "p384.pub"]
    found = verify(VerifyOptions("model", signers=trusted([world.path(key) for key in keys])))
    assert found.outcome is Outcome.UNKNOWN_SIGNER
    ids = [load_public(world.path(key)).key_id for key in keys]
    assert found.tried == tuple(ids)
    assert found.claimed == (load_public(world.path("other.pub")).key_id,)
    assert all(key_id in found.reason for key_id in (*ids, *found.claimed))
    edit(lambda table: table["verificationMaterial"]["publicKey"].update(hint=ids[0]))
    assert verified(world).outcome is Outcome.BAD_SIGNATURE


def test_two_signatures(world: World, model: Path) -> None:
    """Everybody who signed must be trusted, or the envelope is refused; who is not is told."""
    manifest = Manifest("model", entries_of(model))
    forge(world, manifest, "p256", "p384")
    both = verify(VerifyOptions("model", signers=trusted([world.path("p256.pub"), world.path("p384.pub")])))
    assert both.holds
    assert [signer.name for signer in both.signers] == ["p256.pub", "p384.pub"]
    one = verified(world)
    assert one.outcome is Outcome.UNKNOWN_SIGNER
    assert "Signature 2 of 2" in one.reason
    forge(world, manifest, "p256")
    edit(lambda table: table["dsseEnvelope"]["signatures"].insert(0, {"sig": base64.b64encode(b"junk").decode()}))
    assert "Signature 1 of 2" in verified(world).reason


def test_signatures_by_certificate_hold_one_signature(world: World, model: Path) -> None:
    sign(SignOptions("model", world.path("p384"), certificate=world.path("leaf.crt"), chain=(world.path("root.crt"),)))
    edit(lambda table: table["dsseEnvelope"]["signatures"].append(table["dsseEnvelope"]["signatures"][0]))
    found = verified(world, key="", chain=(world.path("root.crt"),))
    assert found.outcome is Outcome.BAD_SIGNATURE
    edit(lambda table: (table["dsseEnvelope"]["signatures"].pop(), edit_payload(table)))
    assert verified(world, key="", chain=(world.path("root.crt"),)).outcome is Outcome.UNKNOWN_SIGNER


def test_a_signature_over_a_subset(world: World, model: Path) -> None:
    forge(world, Manifest("model", entries_of(model)[1:]), "p256")
    found = verified(world)
    assert found.outcome is Outcome.UNSIGNED_FILES
    assert len(found.differences) == 1
    accepted = verified(world, ignore_unsigned=True)
    assert accepted.holds
    assert accepted.unsigned == (found.differences[0].path,)


def test_a_signature_over_nothing(world: World, model: Path) -> None:
    forge(world, Manifest("model", ()), "p256")
    assert len(verified(world).differences) == len(FILES)
    forge(world, Manifest("model", (), ignored=(".", "", "a/..", "/", *os.listdir(model))), "p256")
    assert verified(world).outcome is Outcome.HIDDEN_FILES


def test_statements_and_payloads_of_other_types(world: World, model: Path) -> None:
    table = json.loads(statement(Manifest("model", entries_of(model))))
    forge(world, json.dumps(table | {"predicateType": "https://slsa.dev/provenance/v1"}).encode(), "p256")
    assert verified(world).outcome is Outcome.WRONG_TYPE
    forge(world, Manifest("model", entries_of(model)), "p256", payload_type="application/json")
    assert verified(world).outcome is Outcome.WRONG_TYPE


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret"])
def test_a_trusted_signer_cannot_name_files_elsewhere(world: World, model: Path, name: str) -> None:
    forge(world, Manifest("model", (Entry(name, "0" * 64),)), "p256")
    for ignore_unsigned in (False, True):
        assert verified(world, ignore_unsigned=ignore_unsigned).outcome is Outcome.MALFORMED


def test_tiny_shards_do_not_exhaust_anything(world: World, model: Path) -> None:
    forge(world, Manifest("model", (Entry("a/weights.bin", "0" * 64, 0, 1),), shard_size=1), "p256")
    with pytest.raises(VioletError, match=r"more than 500,000 shards"):
        verified(world)


def test_vouching_for_signatures(world: World, model: Path) -> None:
    signed(world)
    key = TrustedSigner("release", world.path("p256.pub"), ("signature",))
    assert verify(VerifyOptions("model", signers=(key,))).holds
    other = replace(key, vouches_for=("test-result",))
    assert verify(VerifyOptions("model", signers=(other,))).outcome is Outcome.UNKNOWN_SIGNER
