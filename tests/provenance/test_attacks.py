"""Attacks on what is believed: each was tried for real, and none may ever work (again)."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import os
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.provenance.attacking import about, codes, files, judge, named, put, table
from tests.provenance.attesting import NOW, PREDICATE, Signer, identity, leave, signer
from violet.domain import Digest, UsageError, VioletError
from violet.domain.provenance import Identity, TrustedSigner
from violet.provenance import envelope as dsse
from violet.provenance import statement as intoto
from violet.provenance.envelope import EnvelopeError, Keyring
from violet.provenance.evidence import Expected, collect
from violet.provenance.identity import identify
from violet.provenance.keys import KeyFileError, generate, load_public
from violet.provenance.lineage import Index, trace
from violet.provenance.signing import bundle as bundles
from violet.provenance.stores import DirectoryStore
from violet.provenance.strict_json import Malformed
from violet.services.attest import Terms
from violet.services.sign import SignOptions, VerifyOptions, sign, verify

DAY = datetime.timedelta(days=1)
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the group of P-256 (FIPS 186-4, D.1.2.3)."""


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signer]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: signer(folder, name) for name in ("ci", "dev", "eve")}


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(str(tmp_path / "model.attestations"))


# --- the envelope ------------------------------------------------------------------------------------------------


def test_names_given_twice(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """Which of two payloads is signed, and which is read?"""
    good = Path(leave(store, identity(), people["ci"]).path)
    content = good.read_bytes()
    good.unlink()
    evil = base64.b64encode(b"{}").decode()
    for text in (
        content[:-1] + f',"payload":"{evil}"}}'.encode(),
        content[:-1] + f',"\\u0070ayload":"{evil}"}}'.encode(),
        b'{"payload":"' + evil.encode() + b'",' + content[1:],
    ):
        put(store, text)
        assert codes(judge(store, people["ci"])) == ["malformed"]


@pytest.mark.parametrize(
    "change",
    [
        lambda c: b"\xef\xbb\xbf" + c,
        lambda c: c + c,
        lambda c: c + b"\x00",
        lambda c: c[:-1],
        lambda c: c.replace(b'"payloadType":"application/', b'"payloadType":"Application/'),
        lambda c: c.replace(b'in-toto+json"', b'in-toto+json "'),
        lambda c: c.replace(b'"sig":"', b'"sig":" '),
        lambda c: c.replace(b'"sig":"', b'"sig":"='),
        lambda c: c.replace(b'"payload":"', b'"payload":"\\n'),
        lambda c: c.replace(b'=="', b'"').replace(b'="', b'"'),
        lambda c: c.decode().encode("utf-16"),
    ],
)
def test_other_spellings_of_an_envelope(
    store: DirectoryStore, people: dict[str, Signer], change: Callable[[bytes], bytes]
) -> None:
    good = Path(leave(store, identity(), people["ci"]).path)
    content = good.read_bytes()
    good.unlink()
    changed = change(content)
    if changed != content:
        put(store, changed)
        evidence = judge(store, people["ci"])
        assert evidence.attestations == ()
        assert len(evidence.refused) == 1


def test_base64_has_one_form(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """The bits that padding leaves over are not signed: they could make many files of one."""
    statement = intoto.build(identity(), "test-result", {"padding": "x"}, intoto.Binding(NOW))
    payloads = (intoto.encode(replace(statement, predicate={"padding": "x" * size})) for size in range(1, 4))
    payload = next(payload for payload in payloads if len(payload) % 3)
    value = json.loads(dsse.sign(payload, intoto.PAYLOAD_TYPE, [people["ci"].key]).to_bytes())
    text = value["payload"].rstrip("=")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    other = text[:-1] + alphabet[alphabet.index(text[-1]) + 1] + "=" * (-len(text) % 4)
    assert base64.b64decode(other) == payload
    put(store, json.dumps({**value, "payload": other}).encode())
    assert codes(judge(store, people["ci"])) == ["malformed"]
    with pytest.raises(Malformed, match="as an encoder writes it"):
        bundles._decoded("QUJDRB==", "payload")


def test_a_second_valid_signature_out_of_the_first(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """ECDSA: with (r, s) also (r, n - s) holds, so that anybody can make a second envelope. It is no second signer,
    and no second statement."""
    ci = people["ci"]
    written = leave(store, identity(), ci)
    value = table(written.path)
    r, s = decode_dss_signature(base64.b64decode(value["signatures"][0]["sig"]))
    twin = base64.b64encode(encode_dss_signature(r, ORDER - s)).decode()
    one = {**value, "signatures": [{"keyid": "", "sig": twin}]}
    two = {**value, "signatures": [*value["signatures"], {"keyid": ci.key.public.key_id, "sig": twin}]}
    for content in (one, two):
        put(store, json.dumps(content).encode())
        evidence = judge(store, ci)
        assert len(evidence.attestations) == 1
        assert codes(evidence) == ["replayed"]
        assert judge(store, ci, threshold=2).attestations == ()
    envelope = dsse.decode(json.dumps(two).encode())
    assert len(dsse.verify(envelope, Keyring.load([ci.trusted()]))) == 1


def test_signatures_in_the_name_of_another_key(store: DirectoryStore, people: dict[str, Signer]) -> None:
    ci, dev, eve = people["ci"], people["dev"], people["eve"]
    path = Path(leave(store, identity(), eve).path)
    value = table(str(path))
    for key_id in (ci.key.public.key_id, ci.key.public.key_id.upper(), "", "\u202eci", "x" * 100_000):
        value["signatures"][0]["keyid"] = key_id
        put(store, json.dumps(value).encode(), path.name)
        evidence = judge(store, ci, dev)
        assert evidence.attestations == ()
        assert len(evidence.refused[0].reason) < 600
        assert evidence.refused[0].reason.isprintable()
    # One who is trusted does not become two, whoever's name stands at the signature.
    path.unlink()
    value = table(leave(store, identity(), ci).path)
    value["signatures"] = [{**value["signatures"][0], "keyid": name} for name in ("", "a", "b")]
    put(store, json.dumps(value).encode(), os.listdir(store.path)[0])
    assert codes(judge(store, ci, dev, threshold=2)) != []
    assert judge(store, ci, dev, threshold=2).attestations == ()


def test_a_payload_of_another_kind(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """What was signed as one kind of thing is none of another kind: waivers, model signatures, statements."""
    from violet.policy.waivers import PAYLOAD_TYPE

    ci = people["ci"]
    payload = intoto.encode(intoto.build(identity(), "test-result", PREDICATE, intoto.Binding(NOW)))
    as_waiver = dsse.sign(payload, PAYLOAD_TYPE, [ci.key])
    put(store, as_waiver.to_bytes())
    assert codes(judge(store, ci)) == ["malformed"]
    relabelled = replace(as_waiver, payload_type=intoto.PAYLOAD_TYPE)
    put(store, relabelled.to_bytes())
    assert codes(judge(store, ci)) == ["bad-signature"]


def test_the_encoding_that_is_signed_has_one_reading() -> None:
    assert dsse.pae("a 1 b", b"c") != dsse.pae("a", b"1 b c")
    assert dsse.pae("é", b"") == b"DSSEv1 2 \xc3\xa9 0 "
    assert bundles.pae("x", b"y") == dsse.pae("x", b"y")
    assert not bundles.pae_of_old("x", b"y").startswith(b"DSSEv1")


def test_an_attestation_is_no_model_signature(
    tmp_path: Path, people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the other way round, though both are in-toto statements in envelopes of the same type by the same key."""
    monkeypatch.chdir(tmp_path)
    ci = people["ci"]
    Path("model").mkdir()
    Path("model", "a").write_bytes(b"a")
    Path("key").write_bytes(ci.key.pem(None))
    signers = (ci.trusted(),)
    of = identify("model")
    written = leave(DirectoryStore("model.attestations"), of, ci)
    value = table(written.path)
    envelope = {name: value[name] for name in ("payload", "payloadType", "signatures")}
    material = bundles.key_material(ci.key.public.key_id)
    bundle = {"mediaType": bundles.MEDIA_TYPE, "verificationMaterial": material, "dsseEnvelope": envelope}
    Path("model.sig").write_text(json.dumps(bundle))
    assert str(verify(VerifyOptions("model", signers=signers, cache=False)).outcome) == "wrong-type"
    sign(SignOptions("model", "key", cache=False))
    bundle = table("model.sig")
    Path("model.attestations", "sig.dsse.json").write_text(json.dumps(bundle["dsseEnvelope"]))
    evidence = collect(of, [DirectoryStore("model.attestations")], signers, now=NOW)
    assert [a.path for a in evidence.attestations] == [written.path]
    assert codes(evidence) == ["wrong-subject"]


def test_many_signatures_over_a_large_payload(people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch) -> None:
    """What was signed is put together once, however many keys and signatures there are."""
    from violet.provenance.signing import trust

    made = []
    monkeypatch.setattr(trust, "pae_of_old", lambda *_: made.append(1) or b"")  # type: ignore[func-returns-value]
    good = people["ci"].key.sign(bundles.pae(bundles.PAYLOAD_TYPE, b"{}"))
    bundle = bundles.Bundle("key", b"{}", bundles.PAYLOAD_TYPE, (good,) * 15 + (b"x",), {})
    anchors = trust.read_anchors([people[name].trusted() for name in ("ci", "dev", "eve")])
    with pytest.raises(trust.Refused):
        trust.by_keys(bundle, anchors, "x.sig")
    assert len(made) == 1


def test_content_is_hashed_once_for_many_keys(people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty-two signatures of nobody, all keys tried on each, over sixteen megabytes."""
    from violet.provenance import keys

    made = []
    real = hashlib.new
    monkeypatch.setattr(keys.hashlib, "new", lambda name, data: made.append(name) or real(name, data))  # type: ignore[func-returns-value]
    envelope = dsse.sign(b"{}", intoto.PAYLOAD_TYPE, [people["eve"].key])
    envelope = replace(envelope, signatures=envelope.signatures * dsse.MOST_SIGNATURES)
    with pytest.raises(EnvelopeError, match="nobody who is trusted"):
        dsse.verify(envelope, Keyring.load([people["ci"].trusted(), people["dev"].trusted()]))
    assert made == ["sha256"]


# --- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("curve", [ec.SECP192R1(), ec.SECP224R1(), ec.SECP256K1(), ec.BrainpoolP256R1()])
def test_weak_and_unusual_curves(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve).public_key()
    (tmp_path / "k.pub").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(KeyFileError, match=r"P-256|not known"):
        load_public(str(tmp_path / "k.pub"))


def test_a_curve_of_ones_own(tmp_path: Path) -> None:
    """Explicit parameters can name another generator, for which anybody has a private key (CVE-2020-0601)."""
    import subprocess

    private, public = tmp_path / "k", tmp_path / "k.pub"
    explicit = ("-param_enc", "explicit")
    subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", *explicit, "-out", private],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["openssl", "ec", "-in", private, "-pubout", *explicit, "-out", public], check=True, capture_output=True
    )
    forged = bytearray(base64.b64decode(b"".join(public.read_bytes().splitlines()[1:-1])))
    generator = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
    at = forged.find(generator)
    assert at > 0
    forged[at] ^= 1
    body = base64.encodebytes(bytes(forged))
    public.write_bytes(b"-----BEGIN PUBLIC KEY-----\n" + body + b"-----END PUBLIC KEY-----\n")
    with pytest.raises(KeyFileError):
        load_public(str(public))


def test_one_key_under_many_names(store: DirectoryStore, tmp_path: Path, people: dict[str, Signer]) -> None:
    leave(store, identity(), people["ci"])
    aliases = [TrustedSigner(name, str(people["ci"].file)) for name in ("a", "b", "c")]
    evidence = collect(identity(), [store], aliases, now=NOW, expected=Expected(threshold=2))
    assert codes(evidence) == ["too-few-signers"]


def test_certificates_that_are_not_in_force_vouch_for_nothing(store: DirectoryStore, tmp_path: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    key = generate()
    name = x509.Name.from_rfc4514_string("CN=ci")

    def certificate(begins: datetime.datetime, ends: datetime.datetime, *, authority: bool = False) -> TrustedSigner:
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.key.public_key())
            .serial_number(1)
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
            .sign(key.key, hashes.SHA256())
        )
        file = tmp_path / f"{begins:%s}-{authority}.crt"
        file.write_bytes(built.public_bytes(Encoding.PEM))
        return TrustedSigner("ci", str(file))

    leave(store, identity(), Signer("ci", key, tmp_path / "ci.crt"))
    for trusted_, said in (
        (certificate(NOW - 10 * DAY, NOW - DAY), "whose certificate"),
        (certificate(NOW + DAY, NOW + 2 * DAY), "begins on"),
        (certificate(NOW - DAY, NOW + DAY, authority=True), "nobody who is trusted"),
    ):
        evidence = collect(identity(), [store], [trusted_], now=NOW)
        assert codes(evidence) == ["unknown-signer"]
        assert said in evidence.refused[0].reason
    assert len(collect(identity(), [store], [certificate(NOW - DAY, NOW + DAY)], now=NOW).attestations) == 1


# --- what it is about --------------------------------------------------------------------------------------------


def test_file_and_directory_are_never_mixed_up(tmp_path: Path, people: dict[str, Signer]) -> None:
    """A file whose content is the listing that a directory's digest is made of has the same digits."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "a").write_bytes(b"a")
    directory = identify(str(tmp_path / "model"))
    listing = f"{directory.files[0].digest.value}  a\n"
    (tmp_path / "listing").write_text(listing)
    file = identify(str(tmp_path / "listing"))
    assert file.digest.value == directory.digest.value
    assert file.digest != directory.digest
    for one, other in ((file, directory), (directory, file)):
        store = DirectoryStore(str(tmp_path / f"{one.name}.attestations"))
        leave(store, one, people["ci"])
        assert codes(judge(store, people["ci"], of=other)) == ["wrong-subject"]
        shared = replace(store, shared=True)
        assert judge(shared, people["ci"], of=other).attestations == ()


def test_nothing_is_not_everything(tmp_path: Path, people: dict[str, Signer]) -> None:
    """The empty file and the empty directory have the same digits as well."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_bytes(b"")
    directory, file = identify(str(tmp_path / "empty")), identify(str(tmp_path / "file"))
    assert directory.digest.value == file.digest.value
    store = DirectoryStore(str(tmp_path / "x"))
    leave(store, file, people["ci"])
    assert codes(judge(store, people["ci"], of=directory)) == ["wrong-subject"]


@pytest.mark.parametrize(
    "digest",
    [
        {"sha256": "AB" * 32},
        {"SHA256": "ab" * 32},
        {"sha256": " " + "ab" * 32},
        {"sha256": "sha256:" + "ab" * 32},
        {"sha256": ["ab" * 32]},
        {"sha256": "ab" * 16},
        {"sha256": ""},
        {"sha512": "ab" * 32},
        {"dirHash": "ab" * 32},
        {"": "ab" * 32},
        {"sha256\n": "ab" * 32},
        {"dirHash": "ab" * 32, "dirHash1": "cd" * 32},
    ],
)
def test_other_spellings_of_a_digest(store: DirectoryStore, people: dict[str, Signer], digest: Any) -> None:
    of = Identity("model", Digest("sha256", "ab" * 32), 1)
    put(store, about(people["ci"], {"name": "model", "digest": digest}))
    assert judge(store, people["ci"], of=of).attestations == ()


def test_mixtures_of_what_was_named_file_by_file(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """One statement over the files of two models says nothing of a model that takes some files of each."""
    ci, ours, theirs = people["ci"], files(config="ours", weights="ours"), files(config="theirs", weights="theirs")
    mixed = files(config="ours", weights="theirs")
    put(store, about(ci, *named(ours), *named(theirs)))
    for of in (mixed, ours):
        assert codes(judge(store, ci, of=of)) == ["wrong-subject"]
    put(store, about(ci, *named(ours)))
    assert len(judge(store, ci, of=ours).attestations) == 1
    both = {"name": "weights", "digest": {"sha256": theirs.files[1].digest.value}}
    put(store, about(ci, *named(ours), both))
    for of in (mixed, ours):
        assert codes(judge(store, ci, of=of)) == ["wrong-subject"]


def test_parts_of_what_was_named_file_by_file(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """A model without its configuration, or with something more, is another model."""
    ci, whole = people["ci"], files(config="c", weights="w")
    put(store, about(ci, *named(whole)))
    assert len(judge(store, ci, of=whole).attestations) == 1
    for of in (files(weights="w"), files(config="c", weights="w", more="m"), files(config="w", weights="c")):
        assert codes(judge(store, ci, of=of)) == ["wrong-subject"]
    put(store, about(ci, *({**entry, "name": f"./{entry['name']}"} for entry in named(whole))))
    assert len(judge(store, ci, of=whole).attestations) == 1
    put(store, about(ci, *({**entry, "name": f"x/../{entry['name']}"} for entry in named(whole))))
    assert judge(store, ci, of=whole).attestations == ()
    for change in ({"violet_environment": "lab"}, {"violet_expires": "2020-01-01T00:00:00Z"}):
        first, second = named(whole)
        put(store, about(ci, first, {**second, "annotations": change}))
        assert judge(store, ci, of=whole).attestations == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a", "A"),
        ("a", "a "),
        (unicodedata.normalize("NFC", "é"), unicodedata.normalize("NFD", "é")),
        ("fi", "\ufb01"),
        ("a", "a\u200b"),
        ("0", "\u0660"),
        ("a.bin", "nib.a\u202e"),
    ],
)
def test_names_that_look_alike_are_different(tmp_path: Path, one: str, other: str) -> None:
    digests = []
    for name in (one, other):
        folder = tmp_path / name.encode().hex()
        folder.mkdir()
        (folder / name).write_bytes(b"x")
        digests.append(identify(str(folder)).digest)
    assert digests[0] != digests[1]


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\\b", "a\x1b[2J", "a\x7f", b"\xff\xfe"])
def test_names_that_cannot_be_listed(tmp_path: Path, name: str | bytes) -> None:
    path = os.path.join(os.fsencode(tmp_path), os.fsencode(name))
    with open(path, "wb") as file:
        file.write(b"x")
    with pytest.raises(VioletError) as caught:
        identify(str(tmp_path))
    assert caught.value.what.isprintable()


def test_a_file_that_comes_while_others_are_hashed(tmp_path: Path) -> None:
    """And the directory has its old time again: the other time, which nobody can set, tells."""
    model = tmp_path / "model"
    (model / "below").mkdir(parents=True)
    (model / "a").write_bytes(b"a" * 100_000)
    times = os.stat(model / "below").st_mtime_ns

    def interfere(*_: object) -> None:
        (model / "below" / "evil.py").touch()
        os.utime(model / "below", ns=(times, times))

    with pytest.raises(VioletError, match="changed while"):
        identify(str(model), cache=False, progress=interfere)


# --- when --------------------------------------------------------------------------------------------------------


def dated(people: dict[str, Signer], **notes: Any) -> bytes:
    of = identity()
    subject = {"name": of.name, "digest": {"sha256": of.digest.value}, "annotations": notes}
    return about(people["ci"], subject)


@pytest.mark.parametrize(
    ("notes", "code"),
    [
        ({"violet_expires": "9999-12-31T23:59:59Z"}, ""),
        ({"violet_issued": "0001-01-01T00:00:00Z"}, ""),
        ({"violet_issued": "9999-12-31T23:59:59.999999Z"}, "not-yet-valid"),
        ({"violet_expires": "0001-01-01T00:00:00Z"}, "expired"),
        ({"violet_expires": "9999-12-31T23:59:59-14:00"}, "malformed"),
        ({"violet_expires": "0001-01-01T00:00:00+14:00"}, "malformed"),
        ({"violet_expires": "10000-01-01T00:00:00Z"}, "malformed"),
        ({"violet_expires": "2027-01-01T00:00:00"}, "malformed"),
        ({"violet_expires": "2027-01-01"}, "malformed"),
        ({"violet_expires": "2026-12-31T23:59:60Z"}, "malformed"),
        ({"violet_expires": ""}, "malformed"),
        ({"violet_expires": None}, "malformed"),
        ({"violet_expires": 4102444800}, "malformed"),
        ({"violet_expires": ["2027-01-01T00:00:00Z"]}, "malformed"),
        ({"violet_expires": "2027-01-01T00:00:00Z\x00"}, "malformed"),
        ({"violet_expires": "２０２７-01-01T00:00:00Z"}, "malformed"),
        ({"violet_issued": "2026-11-02T12:00:00Z", "violet_expires": "2026-11-02T12:00:00Z"}, "malformed"),
        ({"violet_issued": "2026-11-02T14:00:00+02:00", "violet_expires": "2026-11-02T12:30:00Z"}, ""),
        ({"violet_environment": 1}, "malformed"),
        ({"violet_nonce": None}, "malformed"),
    ],
)
def test_times(store: DirectoryStore, people: dict[str, Signer], notes: dict[str, Any], code: str) -> None:
    put(store, dated(people, **notes))
    evidence = judge(store, people["ci"])
    assert codes(evidence) == ([code] if code else [])
    assert len(evidence.attestations) == (0 if code else 1)
    index = Index(Keyring.load([people["ci"].trusted()]), NOW)
    index.add([store])
    trace(identity(), index)


@pytest.mark.parametrize("expires", [datetime.timedelta(0), -DAY])
def test_what_expires_at_once_is_not_made(
    store: DirectoryStore, people: dict[str, Signer], expires: datetime.timedelta
) -> None:
    """Nothing is not "for ever"."""
    with pytest.raises(UsageError, match="for some time"):
        leave(store, identity(), people["ci"], expires=expires)
    with pytest.raises(UsageError, match="calendar"):
        Terms(expires=datetime.timedelta(days=999_999_999), now=NOW).binding()
