"""Signatures of every released format verify for ever."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from violet.domain.provenance import TrustedSigner
from violet.domain.signature import Outcome
from violet.services.sign import VerifyOptions, verify

GOLDEN = Path(__file__).parent / "golden"
SIGNATURES = sorted(GOLDEN.glob("*.sig"))
KEYS = tuple(TrustedSigner(name, str(GOLDEN / f"{name}.pub")) for name in ("p256", "p384", "p521"))


@pytest.fixture
def model(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A copy of what the signature is over."""
    copy = tmp_path / "model"
    shutil.copytree(GOLDEN / "model", copy)
    if "shards" in request.node.name:
        (copy / "vocab" / "empty.txt").unlink()
    return str(copy / "weights.txt" if "-file" in request.node.name else copy)


def test_there_are_some() -> None:
    assert len(SIGNATURES) >= 17


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda path: path.stem)
def test_verifies(signature: Path, model: str) -> None:
    result = verify(VerifyOptions(model, str(signature), signers=KEYS, cache=False))
    assert result.outcome is Outcome.VERIFIED, result.reason
    assert [signer.method for signer in result.signers] == ["key"]


@pytest.mark.parametrize("signature", SIGNATURES, ids=lambda path: path.stem)
def test_does_not_verify_for_an_altered_model(signature: Path, model: str) -> None:
    weights = Path(model) if model.endswith(".txt") else Path(model) / "weights.txt"
    content = bytearray(weights.read_bytes())
    content[-3] ^= 1
    weights.write_bytes(content)
    result = verify(VerifyOptions(model, str(signature), signers=KEYS, cache=False))
    assert result.outcome is Outcome.TAMPERED
    assert [difference.change for difference in result.differences] == ["altered"]


@pytest.mark.parametrize("signature", sorted(GOLDEN.glob("*certificate.sig")), ids=lambda path: path.stem)
def test_verifies_by_its_authority(signature: Path, model: str) -> None:
    result = verify(VerifyOptions(model, str(signature), chain=(str(GOLDEN / "root.crt"),), cache=False))
    assert result.outcome is Outcome.VERIFIED, result.reason
    (signer,) = result.signers
    assert signer.name == "CN=Violet Golden Signer"
    assert signer.issuer == "CN=Violet Golden Intermediate"
