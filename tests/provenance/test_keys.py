"""Keys: read, made, and each way to be wrong told apart. Real files from the ``openssl`` command."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from violet.domain import UsageError
from violet.provenance.keys import (
    KeyFileError,
    LockedKeyError,
    SignatureError,
    exposure,
    generate,
    load_certificates,
    load_private,
    load_public,
)
from violet.services.keys import make, new_passphrase, passphrase_for, public_pem, read_passphrase, show, unlock


def openssl(*words: str | Path, **options: str) -> str:
    return subprocess.run(
        ["openssl", *map(str, words)], check=True, capture_output=True, text=True, input=options.get("given")
    ).stdout


@pytest.mark.parametrize("curve", ["p256", "p384", "p521"])
def test_a_new_key(tmp_path: Path, curve: str) -> None:
    path = tmp_path / "signer.pem"
    facts = make(str(path), curve, "a long passphrase")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert facts.warnings == ()
    key = load_private(str(path), "a long passphrase")
    public = load_public(f"{path}.pub")
    assert (key.public.key_id, curve) == (public.key_id, public.curve) == (facts.key_id, facts.curve)
    assert public.key_id == hashlib.sha256(Path(f"{path}.pub").read_bytes()).hexdigest()
    signature = key.sign(b"content")
    public.verify(signature, b"content")
    with pytest.raises(SignatureError):
        public.verify(signature, b"Content")
    assert sorted(os.listdir(tmp_path)) == ["signer.pem", "signer.pem.pub"]


def test_openssl_reads_new_keys_and_makes_the_same_public_key(tmp_path: Path) -> None:
    path = tmp_path / "k"
    make(str(path), "p256", "the passphrase")
    assert openssl("pkey", "-in", path, "-passin", "pass:the passphrase", "-pubout") == Path(f"{path}.pub").read_text()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "k"
    for existing in (path, Path(f"{path}.pub")):
        existing.write_text("mine")
        with pytest.raises(UsageError, match="never overwritten"):
            make(str(path), "p256", "the passphrase")
        assert existing.read_text() == "mine"
        existing.unlink()
        assert os.listdir(tmp_path) == []
    path.symlink_to("nowhere")
    with pytest.raises(UsageError, match="never overwritten"):
        make(str(path), "p256", "the passphrase")


def test_the_umask_does_not_open_a_private_key(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make(str(tmp_path / "k"), "p256", "the passphrase")
    finally:
        os.umask(before)
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600


def test_both_forms_of_openssl_are_read(tmp_path: Path) -> None:
    old, new, locked = tmp_path / "old", tmp_path / "new", tmp_path / "locked"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", old)  # SEC 1, behind a block of parameters
    openssl("pkcs8", "-topk8", "-nocrypt", "-in", old, "-out", new)
    openssl("ec", "-in", old, "-aes256", "-passout", "pass:secret words", "-out", locked)  # Proc-Type: 4,ENCRYPTED
    keys = {load_private(str(path), "secret words").public.key_id for path in (old, new, locked)}
    assert len(keys) == 1
    with pytest.raises(LockedKeyError):
        load_private(str(locked))
    with pytest.raises(KeyFileError, match="does not open"):
        load_private(str(locked), "wrong words")


def garbled(path: Path) -> None:
    make(str(path), "p256", "right")
    text = path.read_text()
    path.write_text(text[:60] + "!!" + text[62:])


def cut(path: Path) -> None:
    make(str(path), "p256", "right")
    path.write_text(path.read_text()[:150])


def hollow(path: Path) -> None:
    path.write_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a directory"),
        (os.mkfifo, "not a regular file"),
        (lambda path: path.write_bytes(b""), "no private key in PEM"),
        (lambda path: path.write_bytes(os.urandom(300)), "no private key in PEM"),
        (lambda path: path.write_bytes(b"x" * (2 << 20)), "too large"),
        (lambda path: path.write_bytes(generate().public.pem), "is a public key; signing needs"),
        (lambda path: make(str(path), "p256", "other passphrase"), "passphrase does not open"),
        (garbled, "damaged"),
        (cut, "damaged"),
        (hollow, "damaged"),
        (lambda path: openssl("genrsa", "-out", path, "2048"), "of the kind RSA"),
        (lambda path: openssl("genpkey", "-algorithm", "ed25519", "-out", path), "of the kind Ed25519"),
        (lambda path: openssl("ecparam", "-name", "secp256k1", "-genkey", "-out", path), "curve secp256k1"),
        (lambda path: openssl("ecparam", "-name", "brainpoolP256r1", "-genkey", "-out", path), "curve brainpoolP256r1"),
    ],
)
def test_private_keys_that_cannot_be_used(tmp_path: Path, write: Callable[[Path], object], said: str) -> None:
    path = tmp_path / "key"
    write(path)
    with pytest.raises(KeyFileError, match=said) as caught:
        load_private(str(path), "right")
    assert caught.value.exit_code == 2
    assert str(path) in caught.value.diagnostics()
    assert "right" not in caught.value.diagnostics()


def test_a_locked_key_without_a_passphrase(tmp_path: Path) -> None:
    make(str(tmp_path / "k"), "p256", "the passphrase")
    for nothing in (None, ""):
        with pytest.raises(LockedKeyError, match="no passphrase was given"):
            load_private(str(tmp_path / "k"), nothing)


def test_a_passphrase_that_is_not_needed_is_no_error(tmp_path: Path) -> None:
    make(str(tmp_path / "k"), "p256", None)
    assert load_private(str(tmp_path / "k"), "whatever")


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: path.write_bytes(generate().pem(None)), "is a private key; verifying needs"),
        (lambda path: path.write_bytes(b"hello"), "no public key in PEM"),
        (lambda path: path.write_bytes(generate().public.pem[:80]), "no public key|damaged"),
        (lambda path: path.write_bytes(generate().public.pem.replace(b"M", b"!", 1)), "damaged"),
        (lambda path: path.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"), "certificate"),
    ],
)
def test_public_keys_that_cannot_be_used(tmp_path: Path, write: Callable[[Path], object], said: str) -> None:
    path = tmp_path / "key"
    write(path)
    with pytest.raises(KeyFileError, match=said):
        load_public(str(path))


@settings(max_examples=60)
@given(
    st.binary(max_size=200), st.sampled_from(["", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "PUBLIC KEY", "CERTIFICATE"])
)
def test_any_bytes_give_a_clean_error(tmp_path_factory: pytest.TempPathFactory, content: bytes, label: str) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.pem"
    if label:
        content = f"-----BEGIN {label}-----\n".encode() + content + f"\n-----END {label}-----\n".encode()
    path.write_bytes(content)
    for load in (lambda p: load_private(p, "x"), load_public, load_certificates):
        with pytest.raises(KeyFileError):
            load(str(path))


def test_keys_that_others_can_read_are_told(tmp_path: Path) -> None:
    path = tmp_path / "k"
    make(str(path), "p256", None)
    assert exposure(str(path)) == ""
    for mode in (0o640, 0o604, 0o620):
        path.chmod(mode)
        assert f"mode {mode:04o}" in exposure(str(path))


def test_where_a_passphrase_comes_from(tmp_path: Path) -> None:
    key, file = str(tmp_path / "k"), tmp_path / "p"
    make(key, "p256", "one")
    file.write_text("two\n")
    environment = {"VIOLET_KEY_PASSPHRASE": "three"}
    assert passphrase_for(key, file=str(file), environment=environment, ask=lambda _: "four") == "two"
    assert passphrase_for(key, environment=environment, ask=lambda _: "four") == "three"
    assert passphrase_for(key, environment={}, ask=lambda question: question) == f"Passphrase of {key}: "
    assert passphrase_for(key, environment={}) is None
    make(f"{key}2", "p256", None)
    assert passphrase_for(f"{key}2", environment={}, ask=lambda _: pytest.fail("asked for nothing")) is None
    assert unlock(key, ask=lambda _: "one").public.key_id == load_public(f"{key}.pub").key_id


def test_new_passphrases(tmp_path: Path) -> None:
    answers = iter(["same", "same", "one", "other", ""])
    assert new_passphrase(environment={}, ask=lambda _: next(answers)) == "same"
    with pytest.raises(UsageError, match="differ"):
        new_passphrase(environment={}, ask=lambda _: next(answers))
    with pytest.raises(UsageError, match="needs a passphrase"):
        new_passphrase(environment={}, ask=lambda _: next(answers))
    with pytest.raises(UsageError, match="needs a passphrase"):
        new_passphrase(environment={})
    with pytest.raises(UsageError, match="at most"):
        new_passphrase(environment={"VIOLET_KEY_PASSPHRASE": "x" * 2000})


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"x" * 5000, b"\xff\xfe"])
def test_passphrase_files_that_cannot_be_used(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p").write_bytes(content)
    with pytest.raises(KeyFileError, match="passphrase file"):
        read_passphrase(str(tmp_path / "p"))


def test_what_a_key_is(tmp_path: Path) -> None:
    key = str(tmp_path / "k")
    made = make(key, "p384", "the passphrase")
    opened = show(key, lambda: "the passphrase")
    assert (opened.key_id, opened.encrypted, opened.public, opened.warnings) == (made.key_id, True, f"{key}.pub", ())
    unopened = show(key, lambda: None)
    assert unopened.key_id == made.key_id
    assert "not opened" in unopened.warnings[0]
    assert show(f"{key}.pub", lambda: None).kind == "public"
    assert public_pem(key, lambda: None) == Path(f"{key}.pub").read_text() == public_pem(f"{key}.pub", lambda: None)
    Path(f"{key}.pub").write_bytes(generate().public.pem)
    with pytest.raises(KeyFileError, match="is not the public key of"):
        show(key, lambda: "the passphrase")
    Path(f"{key}.pub").unlink()
    with pytest.raises(LockedKeyError):
        show(key, lambda: None)
