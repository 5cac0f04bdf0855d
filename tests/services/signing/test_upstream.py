"""Signing and verifying with the upstream program, in both directions."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.services.signing.world import (
    FILES,
    World,
    signed,
    upstream,
    verified,
)
from violet.domain import VioletError
from violet.domain.signature import Change, Outcome
from violet.provenance.identity import identify
from violet.services.sign import SignOptions, sign


@pytest.mark.parametrize("key", ["p256", "p384"])
@pytest.mark.parametrize("path", ["model", "model/a/weights.bin"])
def test_upstream_verifies_ours(world: World, model: Path, key: str, path: str) -> None:
    result = sign(SignOptions(path, world.path(key)))
    command = shlex.split(result.commands[1])
    assert command[0] == "model_signing"
    assert upstream(*command[1:]).stdout == "Verification succeeded\n"
    (model / "a" / "weights.bin").write_bytes(b"tampered")
    assert upstream(*command[1:]).returncode == 1


@pytest.mark.parametrize("path", ["model", "model/a/weights.bin"])
def test_we_verify_upstreams(world: World, model: Path, path: str) -> None:
    inside = "model/model.sig" if path == "model" else "model.sig"
    done = upstream("sign", "key", path, "--private_key", world.path("p384"), "--signature", inside)
    assert done.returncode == 0, done.stderr
    result = verified(world, path, "p384.pub", signature=inside)
    assert result.outcome is Outcome.VERIFIED, result.reason
    assert result.identity is not None
    (model / "a" / "weights.bin").write_bytes(b"tampered")
    assert verified(world, path, "p384.pub", signature=inside).outcome is Outcome.TAMPERED


def test_certificates_in_both_directions(world: World, model: Path) -> None:
    result = sign(
        SignOptions("model", world.path("p384"), certificate=world.path("leaf.crt"), chain=(world.path("root.crt"),))
    )
    assert result.signer.name == "CN=Signer leaf"
    assert upstream(*shlex.split(result.commands[1])[1:]).stdout == "Verification succeeded\n"
    done = upstream(
        *("sign", "certificate", "model", "--private_key", world.path("p384"), "--signature", "up.sig"),
        *("--signing_certificate", world.path("leaf.crt"), "--certificate_chain", world.path("root.crt")),
    )
    assert done.returncode == 0, done.stderr
    for signature in ("model.sig", "up.sig"):
        found = verified(world, key="", signature=signature, chain=(world.path("root.crt"),))
        assert found.outcome is Outcome.VERIFIED, found.reason
        assert [signer.name for signer in found.signers] == ["CN=Signer leaf"]
        # An authority among the trusted signers, the signer's own certificate, and the bare key count, too.
        for anchor in ("root.crt", "leaf.crt", "p384.pub"):
            assert verified(world, key=anchor, signature=signature).outcome is Outcome.VERIFIED
        for anchor in ("stranger.crt", "foreign.crt", "p256.pub"):
            assert verified(world, key=anchor, signature=signature).outcome is Outcome.UNKNOWN_SIGNER
    found = verified(world, key="", chain=(world.path("stranger.crt"),))
    assert found.outcome is Outcome.UNKNOWN_SIGNER
    assert "CN=Signer leaf, certified by CN=Root" in found.reason


@pytest.mark.parametrize("method", ["shards", "blake2", "blake3"])
def test_other_serializations_of_the_library(world: World, model: Path, method: str) -> None:
    from model_signing import hashing, signing

    config = hashing.Config()
    if method == "shards":
        (model / "zero").unlink()  # shards cannot cover it
        config.use_shard_serialization(shard_size=1_000_000)
    else:
        config.use_file_serialization(hashing_algorithm=method)  # type: ignore[arg-type]
    signing.Config().use_elliptic_key_signer(private_key=world.path("p256")).set_hashing_config(config).sign(
        model, model.parent / "model.sig"
    )
    result = verified(world)
    assert result.outcome is Outcome.VERIFIED, result.reason
    if method != "shards":
        assert result.identity == identify("model")
    content = bytearray(FILES["a/weights.bin"])
    content[1_500_000] ^= 1
    (model / "a" / "weights.bin").write_bytes(content)
    (difference,) = verified(world).differences
    assert difference.change is Change.ALTERED
    if method == "shards":
        assert (difference.start, difference.end) == (1_000_000, 2_000_000)
        assert "between the bytes 1,000,000 and 2,000,000" in difference.sentence


def test_our_shards_verify_with_the_library(world: World, model: Path) -> None:
    from model_signing import verifying

    (model / "zero").unlink()
    result = sign(SignOptions("model", world.path("p256"), shard_size=1 << 20))
    assert (result.identity, result.shard_size) == (None, 1 << 20)
    verifying.Config().use_elliptic_key_verifier(public_key=world.path("p256.pub")).verify(
        model, Path(result.signature)
    )
    assert verified(world).holds


def test_git_files_are_left_out_as_upstream_does(world: World, model: Path) -> None:
    for name in (".git/config", ".gitattributes", ".github/x.yml", ".gitignore"):
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_bytes(b"1")
    signed(world)
    (model / ".gitignore").write_bytes(b"2")
    assert verified(world).holds
    assert upstream(
        "verify", "key", "model", "--signature", "model.sig", "--public_key", world.path("p256.pub")
    ).stdout == ("Verification succeeded\n")
    upstream(
        "sign", "key", "model", "--no-ignore-git-paths", "--private_key", world.path("p256"), "--signature", "g.sig"
    )
    assert verified(world, signature="g.sig").holds
    (model / ".gitignore").write_bytes(b"3")
    assert verified(world, signature="g.sig").outcome is Outcome.TAMPERED


def test_links_that_upstream_followed(world: World, model: Path) -> None:
    (model / "alias").symlink_to("config.json")
    with pytest.raises(VioletError, match="alias is a symbolic link"):
        signed(world)
    result = sign(SignOptions("model", world.path("p256"), links=True))
    assert verified(world).holds
    assert upstream(*shlex.split(result.commands[1])[1:]).stdout == "Verification succeeded\n"
    (model / "alias").unlink()
    (model / "alias").symlink_to("/etc/hostname")
    (difference,) = verified(world).differences
    assert (difference.change, difference.path) == (Change.IRREGULAR, "alias")
    assert "out of the model" in difference.sentence
