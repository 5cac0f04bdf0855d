"""DSSE envelopes, held to securesystemslib's implementation, and to bytes that somebody changed."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as Theirs
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from tests.provenance.attesting import Signer, signer
from violet.provenance import envelope as dsse
from violet.provenance.envelope import Envelope, EnvelopeError, Keyring

TYPE = "application/vnd.in-toto+json"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signer]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: signer(folder, name) for name in ("ci", "dev", "eve")}


def ring(*signers: Signer) -> Keyring:
    return Keyring.load(s.trusted() for s in signers)


def their_key(who: Signer) -> SSlibKey:
    return SSlibKey.from_crypto(who.key.public.key, keyid=who.key.public.key_id)


@given(st.binary(max_size=60), st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_pae_is_theirs(payload: bytes, kind: str) -> None:
    assert dsse.pae(kind, payload) == Theirs(payload, kind, {}).pae()


def test_pae_of_the_protocols_example() -> None:
    assert dsse.pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize("curve", ["p256", "p384", "p521"])
def test_every_curve_signs(tmp_path: Path, curve: str) -> None:
    who = signer(tmp_path, "ci", curve)
    made = dsse.decode(dsse.sign(b"payload", TYPE, [who.key]).to_bytes())
    assert [b.signer.name for b in dsse.verify(made, ring(who))] == ["ci"]


@pytest.mark.parametrize("curve", ["p256", "p384"])  # they have no scheme for P-521
def test_theirs_verifies_ours(tmp_path: Path, curve: str) -> None:
    who = signer(tmp_path, "ci", curve)
    content = dsse.sign(b"payload", TYPE, [who.key]).to_bytes()
    read = Theirs.from_dict(json.loads(content))
    assert set(read.verify([their_key(who)], 1)) == {who.key.public.key_id}
    changed = json.loads(content) | {"payload": base64.b64encode(b"Payload").decode()}
    with pytest.raises(VerificationError):
        Theirs.from_dict(changed).verify([their_key(who)], 1)


def test_ours_verifies_theirs(people: dict[str, Signer]) -> None:
    ci = people["ci"]
    made = Theirs(b"payload", TYPE, {})
    made.sign(CryptoSigner(ci.key.key, their_key(ci)))
    read = dsse.decode(json.dumps(made.to_dict()).encode())
    assert [b.signer.name for b in dsse.verify(read, ring(ci, people["dev"]))] == ["ci"]


def test_a_key_id_of_another_scheme_is_only_a_hint(people: dict[str, Signer]) -> None:
    ci = people["ci"]
    made = Theirs(b"payload", TYPE, {})
    made.sign(CryptoSigner(ci.key.key, SSlibKey.from_crypto(ci.key.public.key)))
    read = dsse.decode(json.dumps(made.to_dict()).encode())
    assert read.signatures[0].key_id != ci.key.public.key_id
    assert [b.key_id for b in dsse.verify(read, ring(people["dev"], ci))] == [ci.key.public.key_id]


def test_their_threshold_accepts_our_two_signatures(people: dict[str, Signer]) -> None:
    ci, dev = people["ci"], people["dev"]
    both = dsse.countersign(dsse.sign(b"p", TYPE, [ci.key]), dev.key)
    assert len(Theirs.from_dict(json.loads(both.to_bytes())).verify([their_key(ci), their_key(dev)], 2)) == 2
    assert len(dsse.countersign(both, dev.key).signatures) == 2, "signing again replaces"


def test_url_safe_base64_is_read(people: dict[str, Signer]) -> None:
    payload = b"\xfb\xff\xfe?"
    value = json.loads(dsse.sign(payload, TYPE, [people["ci"].key]).to_bytes())
    value["payload"] = base64.urlsafe_b64encode(payload).decode()
    assert dsse.decode(json.dumps(value).encode()).payload == payload


def altered(people: dict[str, Signer], **changes: object) -> bytes:
    value = json.loads(dsse.sign(b"payload", TYPE, [people["ci"].key]).to_bytes())
    return json.dumps(value | changes).encode()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"payload": base64.b64encode(b"Payload").decode()}, "bad-signature"),
        ({"payloadType": TYPE + "x"}, "bad-signature"),
        ({"payload": "####"}, "malformed"),
        ({"payload": "QR=="}, "malformed"),
        ({"payload": "cGF5bG9hZA=="[:-1]}, "malformed"),
        ({"payload": None}, "malformed"),
        ({"payloadType": ""}, "malformed"),
        ({"payloadType": "\ud800"}, "malformed"),
        ({"signatures": []}, "bad-signature"),
        ({"signatures": "none"}, "bad-signature"),
        ({"signatures": [1]}, "malformed"),
        ({"signatures": [{"keyid": "", "sig": 1}]}, "malformed"),
        ({"signatures": [{"keyid": 1, "sig": ""}]}, "malformed"),
        ({"signatures": [{"keyid": "", "sig": ""}]}, "unknown-signer"),
        ({"signatures": [{"sig": "AAAA"}] * 33}, "malformed"),
    ],
)
def test_refused(people: dict[str, Signer], changes: dict[str, object], code: str) -> None:
    with pytest.raises(EnvelopeError) as caught:
        dsse.verify(dsse.decode(altered(people, **changes)), ring(people["ci"]))
    assert caught.value.code == code


def test_unknown_signer_is_named(people: dict[str, Signer]) -> None:
    made = dsse.sign(b"payload", TYPE, [people["eve"].key])
    with pytest.raises(EnvelopeError, match=people["eve"].key.public.key_id) as caught:
        dsse.verify(made, ring(people["ci"]))
    assert caught.value.code == "unknown-signer"


def test_a_false_signature_in_a_trusted_name_spoils_the_others(people: dict[str, Signer]) -> None:
    made = dsse.sign(b"payload", TYPE, [people["ci"].key, people["dev"].key])
    false = dsse.Signature(people["dev"].key.public.key_id, made.signatures[0].value)
    spoilt = Envelope(made.payload, made.payload_type, (made.signatures[0], false))
    with pytest.raises(EnvelopeError) as caught:
        dsse.verify(spoilt, ring(people["ci"], people["dev"]))
    assert caught.value.code == "bad-signature"


def test_a_stranger_may_sign_along(people: dict[str, Signer]) -> None:
    made = dsse.sign(b"payload", TYPE, [people["ci"].key, people["eve"].key])
    assert [b.signer.name for b in dsse.verify(made, ring(people["ci"], people["dev"]))] == ["ci"]


def test_a_signature_for_another_type_does_not_hold(people: dict[str, Signer]) -> None:
    made = dsse.sign(b"payload", "text/plain", [people["ci"].key])
    with pytest.raises(EnvelopeError):
        dsse.verify(Envelope(made.payload, TYPE, made.signatures), ring(people["ci"]))


@given(st.binary(max_size=300))
def test_any_bytes_as_an_envelope(content: bytes) -> None:
    with pytest.raises(EnvelopeError) as caught:
        dsse.decode(content)
    assert caught.value.code in ("malformed", "bad-signature")


@pytest.fixture(scope="module")
def signed(people: dict[str, Signer]) -> bytes:
    """One envelope for all examples: signatures are random."""
    return dsse.sign(b'{"a":1}', TYPE, [people["ci"].key]).to_bytes()


@given(st.data())
def test_any_changed_byte_changes_nothing_that_is_believed(
    people: dict[str, Signer], signed: bytes, data: st.DataObject
) -> None:
    """Refused, or it was a byte that nobody signed (of a key id or a field's name) and says nothing."""
    at = data.draw(st.integers(0, len(signed) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != signed[at]))
    changed = signed[:at] + bytes([byte]) + signed[at + 1 :]
    try:
        read = dsse.decode(changed)
        believed = dsse.verify(read, ring(people["ci"], people["dev"]))
    except EnvelopeError:
        return
    assert (read.payload, read.payload_type) == (b'{"a":1}', TYPE)
    assert [b.signer.name for b in believed] == ["ci"]
