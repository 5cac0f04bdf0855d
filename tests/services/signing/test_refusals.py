"""What cannot be signed or verified is refused before anything is written."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from tests.services.signing.world import (
    World,
    edit,
    signed,
    verified,
)
from violet.domain import UsageError, VioletError
from violet.domain.provenance import TrustedSigner
from violet.domain.signature import SigstoreIdentity, SigstoreSigning
from violet.provenance.keys import KeyFileError, LockedKeyError
from violet.services.sign import SignOptions, VerifyOptions, sign, verify


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"path": "absent"}, UsageError, "absent does not exist"),
        ({"key": ""}, UsageError, "no key to sign with"),
        ({"key": "locked"}, LockedKeyError, "no passphrase"),
        ({"key": "locked", "passphrase": "wrong"}, KeyFileError, "does not open"),
        ({"key": "p256.pub"}, KeyFileError, "is a public key"),
        ({"signature": "nowhere/x.sig"}, UsageError, "nowhere does not exist"),
        ({"signature": "model"}, UsageError, "is a directory"),
        ({"signature": "/dev/zero"}, UsageError, "not a regular file"),
        ({"shard_size": 5}, UsageError, "or more"),
        ({"shard_size": 1 << 20}, VioletError, "zero is empty"),
        ({"certificate": "leaf.crt"}, KeyFileError, "does not belong to the key"),
        ({"certificate": "unfit.crt", "key": "p384"}, KeyFileError, "is not for signing"),
        ({"certificate": "p256"}, KeyFileError, "no certificate"),
        ({"chain": ("root.crt",)}, UsageError, "--chain needs --certificate"),
        ({"sigstore": SigstoreSigning()}, UsageError, "without a key of yours"),
    ],
)
def test_signing_that_cannot_be(
    world: World, model: Path, options: dict[str, Any], error: type[VioletError], said: str
) -> None:
    before = sorted(os.listdir())
    words = {"path": "model", "key": "p256"} | options
    for name in ("key", "certificate"):
        if words.get(name):
            words[name] = world.path(words[name])
    words["chain"] = tuple(world.path(name) for name in words.get("chain", ()))
    with pytest.raises(error, match=said):
        sign(SignOptions(**words))
    assert sorted(os.listdir()) == before


def test_nothing_to_sign(world: World, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(VioletError, match="holds no file"):
        sign(SignOptions(str(tmp_path / "empty"), world.path("p256")))


def test_nobody_is_trusted(model: Path) -> None:
    with pytest.raises(UsageError, match="Nobody is trusted"):
        verify(VerifyOptions("model"))
    with pytest.raises(KeyFileError, match="does not exist"):
        verify(VerifyOptions("model", signers=(TrustedSigner("x", "absent.pub"),)))


def test_sigstore_without_a_network(world: World, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One clear sentence, and nothing written."""
    import requests  # what Sigstore's client of The Update Framework uses

    def refuse(*_: object, **__: object) -> None:
        raise requests.ConnectionError("no network")

    monkeypatch.setattr("urllib3.connectionpool.HTTPConnectionPool.urlopen", refuse)
    with pytest.raises(VioletError, match="Sigstore cannot be reached") as caught:
        sign(SignOptions("model", sigstore=SigstoreSigning()))
    assert caught.value.exit_code == 3
    assert not Path("model.sig").exists()
    signed(world)
    edit(
        lambda table: table.update(
            verificationMaterial={"certificate": {"rawBytes": base64.b64encode(b"x").decode()}, "tlogEntries": []}
        )
    )
    with pytest.raises(VioletError, match="Sigstore cannot be reached"):
        verified(world, key="", sigstore=SigstoreIdentity("me@example.org", "https://issuer.example"))
    assert "no identity was given" in verified(world).reason
