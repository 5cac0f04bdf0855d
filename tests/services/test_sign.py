"""Signing and verifying: with the upstream program in both directions, and against every way to tamper."""

from __future__ import annotations

import base64
import datetime
import errno
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.provenance.test_identity import somebody_else
from violet.domain import UsageError, VioletError
from violet.domain.provenance import TrustedSigner
from violet.domain.signature import Change, Outcome, SigstoreIdentity, SigstoreSigning, VerifyResult
from violet.provenance.identity import identify
from violet.provenance.keys import KeyFileError, LockedKeyError, load_private, load_public
from violet.provenance.manifest import Entry, Manifest, statement
from violet.provenance.signing import bundle as bundles
from violet.provenance.signing.place import write_whole
from violet.services.keys import make
from violet.services.sign import SignOptions, VerifyOptions, sign, trusted, verify

BIN = Path(sys.executable).parent
FILES = {"config.json": b"{}", "a/weights.bin": b"w" * 3_000_000, "a/b/x": b"x", "-odd name.txt": b"o", "zero": b""}


def openssl(*words: str | Path) -> None:
    subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)


class World:
    """Keys, certificates and a model that the tests of this module copy."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name, curve in (("p256", "p256"), ("p384", "p384"), ("other", "p256")):
            make(str(root / name), curve, None)
        make(str(root / "locked"), "p256", "the passphrase")
        self.authority("root", "/CN=Root")
        self.authority("stranger", "/CN=Stranger")
        self.certificate("leaf", "p384", "keyUsage=critical,digitalSignature", 90)
        self.certificate("unfit", "p384", "keyUsage=critical,keyEncipherment", 90)
        self.certificate("foreign", "other", "extendedKeyUsage=codeSigning", 90)
        self.model = root / "original"
        for name, content in FILES.items():
            path = self.model / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def authority(self, name: str, subject: str) -> None:
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.root / f"{name}.key")
        openssl(
            *("req", "-x509", "-new", "-key", self.root / f"{name}.key", "-subj", subject, "-days", "100"),
            *("-out", self.root / f"{name}.crt", "-addext", "keyUsage=critical,keyCertSign"),
        )

    def certificate(self, name: str, key: str, extension: str, days: int) -> None:
        request, extensions = self.root / f"{name}.csr", self.root / f"{name}.ext"
        extensions.write_text(f"{extension}\nbasicConstraints=CA:FALSE\n")
        openssl("req", "-new", "-key", self.root / key, "-subj", f"/CN=Signer {name}", "-out", request)
        openssl(
            *("x509", "-req", "-in", request, "-CA", self.root / "root.crt", "-CAkey", self.root / "root.key"),
            *("-days", str(days), "-extfile", extensions, "-out", self.root / f"{name}.crt"),
        )

    def path(self, name: str) -> str:
        return str(self.root / name)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture
def model(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model, in the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(world.model, tmp_path / "model")
    return tmp_path / "model"


def signed(world: World, path: str = "model", key: str = "p256", **more: Any) -> str:
    return sign(SignOptions(path, world.path(key), cache=False, **more)).signature


def verified(world: World, path: str = "model", key: str = "p256.pub", **more: Any) -> VerifyResult:
    return verify(VerifyOptions(path, signers=trusted([world.path(key)]) if key else (), cache=False, **more))


def upstream(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([BIN / "model_signing", *map(str, words)], capture_output=True, text=True, check=False)


# --- with the upstream program -----------------------------------------------------------------------------------


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


# --- tampering with the model ------------------------------------------------------------------------------------


def test_an_untouched_model(world: World, model: Path) -> None:
    result = sign(SignOptions("model", world.path("p256")))
    assert result.identity == identify("model", cache=False)
    found = verified(world)
    assert found.holds
    assert found.identity == result.identity
    assert {file.path: file.size for file in found.files} == {name: len(data) for name, data in FILES.items()}
    (signer,) = found.signers
    assert signer.key_id == load_public(world.path("p256.pub")).key_id == found.claimed[0]
    shutil.move("model", "renamed")
    assert verified(world, "renamed", signature="model.sig").holds, "the name of the directory is not signed"


@pytest.mark.parametrize("name", [b"\xff\xfe", b"line\nbreak", "模型".encode(), b"-key"])
def test_any_name_of_a_model(world: World, model: Path, name: bytes) -> None:
    """It is not signed, so it may be anything."""
    named = os.fsdecode(name)
    shutil.move("model", f"./{named}")
    for path in (f"./{named}", f"./{named}/config.json"):
        sign(SignOptions(path, world.path("p256"), signature="x.sig", cache=False))
        assert verified(world, path, signature="x.sig").holds


def alter(model: Path) -> None:
    with (model / "a" / "weights.bin").open("r+b") as file:
        file.seek(1_234_567)
        file.write(b"W")


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (alter, [(Change.ALTERED, "a/weights.bin", "")]),
        (lambda m: (m / "zero").write_bytes(b"0"), [(Change.ALTERED, "zero", "")]),
        (lambda m: (m / "config.json").unlink(), [(Change.MISSING, "config.json", "")]),
        (lambda m: (m / "new.py").write_bytes(b"import os"), [(Change.ADDED, "new.py", "")]),
        (lambda m: (m / "config.json").rename(m / "a" / "c"), [(Change.RENAMED, "a/c", "config.json")]),
        (lambda m: shutil.copy(m / "config.json", m / "copy"), [(Change.ADDED, "copy", "")]),
        (
            lambda m: ((m / "config.json").unlink(), (m / "config.json").symlink_to("zero")),
            [(Change.IRREGULAR, "config.json", "")],
        ),
        (lambda m: ((m / "zero").unlink(), os.mkfifo(m / "zero")), [(Change.IRREGULAR, "zero", "")]),
        (
            lambda m: ((m / "zero").unlink(), (m / "zero").mkdir(), (m / "zero" / "y").write_bytes(b"y")),
            [(Change.MISSING, "zero", ""), (Change.ADDED, "zero/y", "")],
        ),
        (
            lambda m: (alter(m), (m / "config.json").unlink(), (m / "new").write_bytes(b"n")),
            [(Change.ALTERED, "a/weights.bin", ""), (Change.MISSING, "config.json", ""), (Change.ADDED, "new", "")],
        ),
        (lambda m: (m / "bad\nname").write_bytes(b""), [(Change.IRREGULAR, "bad\nname", "")]),
    ],
)
def test_every_difference_is_named(
    world: World, model: Path, tamper: Callable[[Path], object], expected: list[tuple[Change, str, str]]
) -> None:
    signed(world)
    tamper(model)
    found = verified(world)
    assert [(d.change, d.path, d.was) for d in found.differences] == expected
    only_added = all(change is Change.ADDED for change, _, _ in expected)
    assert found.outcome is (Outcome.UNSIGNED_FILES if only_added else Outcome.TAMPERED)
    assert found.identity is None
    assert found.signers, "the signature itself holds"
    assert all("\n" not in d.sentence for d in found.differences)
    accepting = verified(world, ignore_unsigned=True)
    assert accepting.holds is all(d.change is Change.ADDED or d.path == "bad\nname" for d in found.differences)
    assert set(accepting.unsigned) == {path for change, path, _ in expected if path not in FILES}


def test_swapped_files(world: World, model: Path) -> None:
    signed(world)
    os.rename("model/config.json", "t")
    os.rename("model/a/b/x", "model/config.json")
    os.rename("t", "model/a/b/x")
    assert [d.path for d in verified(world).differences] == ["a/b/x", "config.json"]


def test_shards_that_were_cut_or_grown(world: World, model: Path) -> None:
    (model / "zero").unlink()
    signed(world, shard_size=1 << 20)
    os.truncate("model/a/weights.bin", 2_500_000)
    (difference,) = verified(world).differences
    assert "2,500,000 bytes instead of 3,000,000" in difference.sentence
    (model / "a" / "weights.bin").write_bytes(FILES["a/weights.bin"] + b"!" * 200_000)
    assert "3,200,000 bytes instead of 3,000,000" in verified(world).differences[0].sentence
    (model / "a" / "weights.bin").write_bytes(FILES["a/weights.bin"])
    (model / "__init__.py").touch()
    (difference,) = verified(world).differences
    assert (difference.change, difference.path) == (Change.ADDED, "__init__.py")
    assert "do not cover empty files" in difference.sentence


def test_a_file_is_no_directory(world: World, model: Path) -> None:
    signed(world, "model/config.json", signature="file.sig")
    signed(world, signature="directory.sig")
    for path, signature in (("model", "file.sig"), ("model/config.json", "directory.sig")):
        found = verified(world, path, signature=signature)
        assert found.outcome is Outcome.TAMPERED
        assert "The signature is over a" in found.reason


def test_what_a_signature_hides(world: World, model: Path) -> None:
    """A signature with ignore_paths says nothing of what lies there."""
    (model / "cache").mkdir()
    (model / "cache" / "c").write_bytes(b"c")
    signed(world, ignore=("cache/", "absent"))
    found = verified(world)
    assert found.outcome is Outcome.HIDDEN_FILES
    assert [(d.change, d.path) for d in found.differences] == [(Change.HIDDEN, "cache")]
    accepted = verified(world, ignore=("cache",))
    assert accepted.holds
    assert accepted.ignored == ("cache",)
    shutil.rmtree(model / "cache")
    assert verified(world).holds


def test_ignoring_does_not_hide_what_was_signed(world: World, model: Path) -> None:
    signed(world)
    alter(model)
    for ignore in ("a", "a/weights.bin", ".", "", "/", "..", "../model/a"):
        found = verified(world, ignore=(ignore,))
        assert [d.path for d in found.differences] == ["a/weights.bin"]


# --- tampering with the signature --------------------------------------------------------------------------------


def forge(world: World, manifest: Manifest | bytes, *keys: str, payload_type: str = bundles.PAYLOAD_TYPE) -> None:
    """A bundle around anything, made with real keys."""
    payload = manifest if isinstance(manifest, bytes) else statement(manifest)
    owners = [load_private(world.path(key)) for key in keys]
    signatures = [owner.sign(bundles.pae(payload_type, payload)) for owner in owners]
    table = json.loads(bundles.write(payload, signatures, bundles.key_material(owners[0].public.key_id)))
    table["dsseEnvelope"]["payloadType"] = payload_type
    Path("model.sig").write_text(json.dumps(table))


def entries_of(model: Path) -> tuple[Entry, ...]:
    return tuple(Entry(file.path, file.digest.value) for file in identify(str(model)).files)


def edit(change: Callable[[dict[str, Any]], object]) -> None:
    path = Path("model.sig")
    table = json.loads(path.read_bytes())
    change(table)
    path.write_text(json.dumps(table))


def edit_payload(table: dict[str, Any]) -> None:
    payload = base64.b64decode(table["dsseEnvelope"]["payload"]).replace(b"config.json", b"c0nfig.json")
    table["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()


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


# --- what cannot be done -----------------------------------------------------------------------------------------


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


def test_certificates_out_of_force(world: World, model: Path) -> None:
    """Nobody signs with one; a signature that was made with one holds, as upstream decides, and says so."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding

    root = x509.load_pem_x509_certificate((world.root / "root.crt").read_bytes())
    key = load_private(world.path("p384"))
    begins = root.not_valid_before_utc
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string("CN=Ended"))
        .issuer_name(root.subject)
        .public_key(key.key.public_key())
        .serial_number(7)
        .not_valid_before(begins)
        .not_valid_after(begins + datetime.timedelta(seconds=1))
        .add_extension(x509.KeyUsage(True, *[False] * 8), critical=True)
        .sign(load_private(world.path("root.key")).key, hashes.SHA256())
    )
    ended = model.parent / "ended.crt"
    ended.write_bytes(certificate.public_bytes(Encoding.PEM))
    time.sleep(max(0.0, 1.1 - (datetime.datetime.now(datetime.UTC) - begins).total_seconds()))
    with pytest.raises(KeyFileError, match="is in force from"):
        sign(SignOptions("model", world.path("p384"), certificate=str(ended)))
    payload = statement(Manifest("model", entries_of(model)))
    material = bundles.certificate_material((certificate.public_bytes(Encoding.DER),))
    content = bundles.write(payload, [key.sign(bundles.pae(bundles.PAYLOAD_TYPE, payload))], material)
    Path("model.sig").write_bytes(content)
    found = verified(world, key="", chain=(world.path("root.crt"),))
    assert found.outcome is Outcome.VERIFIED, found.reason
    assert "nothing proves that the signature is older" in found.warnings[0]


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


# --- writing -----------------------------------------------------------------------------------------------------


def test_signatures_are_replaced_whole(world: World, model: Path) -> None:
    first = Path(signed(world)).read_bytes()
    Path("model.sig").chmod(0o600)
    second = Path(signed(world, key="p384")).read_bytes()
    assert first != second
    assert sorted(os.listdir()) == ["model", "model.sig"]


def test_read_only_places(world: World, model: Path) -> None:
    with somebody_else() as folder:
        key = folder / "key"
        make(str(key), "p256", None)
        (folder / "models").mkdir()
        (folder / "models" / "m").write_bytes(b"m")
        (folder / "models").chmod(0o500)
        with pytest.raises(UsageError, match="cannot be written: Permission denied"):
            sign(SignOptions(str(folder / "models" / "m"), str(key), cache=False))
        assert os.listdir(folder / "models") == ["m"]
        elsewhere = sign(
            SignOptions(str(folder / "models" / "m"), str(key), signature=str(folder / "m.sig"), cache=False)
        )
        assert os.path.exists(elsewhere.signature)
        (folder / "models").chmod(0o700)


@pytest.fixture(params=["nameless", "named"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of writing: some file systems know no files without names."""
    if request.param == "named":
        monkeypatch.setattr("violet.provenance.signing.place._nameless", lambda _: -1)
    return str(request.param)


def test_writing_is_all_or_nothing(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = str(tmp_path / "x.sig")
    write_whole(target, b"one")
    write_whole(target, b"two")
    assert Path(target).read_bytes() == b"two"
    with pytest.raises(FileExistsError):
        write_whole(target, b"three", replace=False)
    write_whole(f"{target}2", b"four", replace=False, mode=0o600)
    assert Path(f"{target}2").stat().st_mode & 0o777 == 0o600

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left"):
        write_whole(target, b"five")
    assert Path(target).read_bytes() == b"two"
    assert sorted(os.listdir(tmp_path)) == ["x.sig", "x.sig2"]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill", "interrupt"])
def test_a_signer_that_is_stopped_leaves_nothing_half_written(
    world: World, model: Path, number: signal.Signals
) -> None:
    """At any moment there is no signature, or a whole one, and nothing else."""
    (model / "more").write_bytes(b"m" * (24 << 20))
    command = [BIN / "violet", "sign", "model", "--key", world.path("p256"), "--no-cache", "--quiet", "--isolated"]
    started = time.monotonic()
    subprocess.run(command, check=True)
    usual = time.monotonic() - started
    os.unlink("model.sig")
    outcomes = set()
    for step in range(9):
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        time.sleep(usual * (0.4 + step / 9))
        process.send_signal(number)
        assert process.wait() in (0, -number, 130)
        left = sorted(os.listdir())
        outcomes.add(tuple(left))
        assert left in (["model"], ["model", "model.sig"])
        if "model.sig" in left:
            assert verified(world).holds
            os.unlink("model.sig")
    assert ("model",) in outcomes
