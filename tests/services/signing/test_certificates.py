"""Certificates: in force, fit to sign, and under an authority that is trusted."""

from __future__ import annotations

import datetime
import shlex
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.services.signing.world import World, entries_of, signed, upstream, verified
from violet.domain.signature import Outcome
from violet.faces.cli.main import entry
from violet.provenance.keys import KeyFileError, load_private, private_key
from violet.provenance.manifest import Manifest, statement
from violet.provenance.signing import bundle as bundles
from violet.services.sign import SignOptions, sign

NOW = datetime.datetime.now(datetime.UTC)
DAY = datetime.timedelta(days=1)


class Authority:
    """Issues certificates of any kind, which ``openssl x509`` would not."""

    def __init__(self, name: str, above: Authority | None = None, *, days: tuple[int, int] = (-100, 100)) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name.from_rfc4514_string(f"CN={name}")
        self.certificate = (above or self).issue(self.name, self.key, days=days, authority=True)

    def issue(
        self,
        name: x509.Name,
        key: Any,
        *,
        days: tuple[int, int] = (-10, 10),
        authority: bool = False,
        usage: bool | None = True,
        extended: tuple[x509.ObjectIdentifier, ...] = (),
        depth: int | None = None,
    ) -> x509.Certificate:
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + days[0] * DAY)
            .not_valid_after(NOW + days[1] * DAY)
            .add_extension(x509.BasicConstraints(authority, depth), critical=True)
        )
        if usage is not None:
            signs = x509.KeyUsage(usage, False, False, False, False, authority, False, False, False)
            built = built.add_extension(signs, critical=True)
        if extended:
            built = built.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
        return built.sign(self.key, hashes.SHA256())

    def leaf(self, key: Any, **how: Any) -> x509.Certificate:
        return self.issue(x509.Name.from_rfc4514_string("CN=Leaf"), key, **how)

    def file(self, path: str) -> str:
        Path(path).write_bytes(self.certificate.public_bytes(Encoding.PEM))
        return path


def made_with(model: Path, key: ec.EllipticCurvePrivateKey, *chain: x509.Certificate) -> None:
    """A signature of the model, as whoever has this key and these certificates can write it."""
    payload = statement(Manifest("model", entries_of(model)))
    material = bundles.certificate_material(tuple(c.public_bytes(Encoding.DER) for c in chain))
    signature = private_key(key).sign(bundles.pae(bundles.PAYLOAD_TYPE, payload))
    Path("model.sig").write_bytes(bundles.write(payload, [signature], material))


@pytest.fixture
def root(model: Path) -> Authority:
    authority = Authority("Root")
    authority.file("root.crt")
    return authority


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def by_root(world: World, **more: Any) -> Any:
    return verified(world, key="", chain=("root.crt",), **more)


# --- in force ----------------------------------------------------------------------------------------------------


def test_one_that_ended(world: World, model: Path, root: Authority, key: Any) -> None:
    """Nothing proves when it signed: whoever got the key since could have. Upstream accepts it."""
    made_with(model, key, root.leaf(key, days=(-10, -5)))
    found = by_root(world)
    assert found.outcome is Outcome.EXPIRED
    assert "CN=Leaf, which ended on" in found.reason
    assert "--accept-expired-certificates" in found.fix
    before = by_root(world, at=NOW - 7 * DAY)
    assert before.holds
    assert "ended on" in before.warnings[0]
    assert by_root(world, at=NOW - 11 * DAY).outcome is Outcome.EXPIRED
    accepted = by_root(world, accept_expired=True)
    assert accepted.holds
    assert "nothing proves when" in accepted.warnings[0]
    assert upstream(
        *("verify", "certificate", "model", "--signature", "model.sig", "--certificate_chain", "root.crt")
    ).stdout.startswith("Verification succeeded")


def test_one_that_has_not_begun(world: World, model: Path, root: Authority, key: Any) -> None:
    made_with(model, key, root.leaf(key, days=(5, 10)))
    found = by_root(world)
    assert found.outcome is Outcome.EXPIRED
    assert "begins on" in found.reason


def test_an_authority_that_ended(world: World, model: Path, root: Authority, key: Any) -> None:
    between = Authority("Between", root, days=(-50, -1))
    made_with(model, key, between.leaf(key), between.certificate)
    found = by_root(world)
    assert found.outcome is Outcome.EXPIRED
    assert "CN=Between, whose authorities are not all in force" in found.reason
    assert by_root(world, at=NOW - 2 * DAY).holds
    assert by_root(world, accept_expired=True).holds


def test_a_pinned_one_that_ended(world: World, model: Path, root: Authority, key: Any) -> None:
    """It is trusted as long as it says; its bare key is trusted until somebody says otherwise."""
    certificate = root.leaf(key, days=(-10, -5))
    Path("pinned.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    made_with(model, key, certificate)
    pinned = str(Path("pinned.crt").absolute())
    found = verified(world, key=pinned)
    assert found.outcome is Outcome.EXPIRED
    assert "pinned.crt" in found.reason
    assert verified(world, key=pinned, at=NOW - 7 * DAY).holds
    assert verified(world, key=pinned, accept_expired=True).holds
    Path("bare.pub").write_bytes(private_key(key).public.pem)
    assert verified(world, key=str(Path("bare.pub").absolute())).holds


def test_the_command(world: World, model: Path, root: Authority, key: Any, capsys: pytest.CaptureFixture[str]) -> None:
    made_with(model, key, root.leaf(key, days=(-10, -5)))
    words = ["verify", "model", "--certificate-chain", "root.crt", "--isolated"]
    assert entry(words) == 1
    assert "ended on" in capsys.readouterr().out
    then = (NOW - 7 * DAY).isoformat()
    assert entry([*words, "--at", then]) == 0
    (again,) = (line for line in capsys.readouterr().out.splitlines() if "again" in line)
    assert entry([*shlex.split(again.partition("violet ")[2]), "--isolated"]) == 0
    assert entry([*words, "--accept-expired-certificates"]) == 0
    assert entry([*words, "--at", "yesterday"]) == 2
    assert entry([*words, "--at", "2026-01-01T00:00:00"]) == 2
    assert entry([*words, "--at", "9999-12-31T23:59:59-23:00"]) == 2
    assert entry([*words, "--at", then, "--accept-expired-certificates"]) == 2
    assert entry([*words, "--at", "9999-12-31T23:59:59Z"]) == 1


def test_nobody_signs_with_one(model: Path, root: Authority, key: Any) -> None:
    Path("key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    Path("ended.crt").write_bytes(root.leaf(key, days=(-10, -5)).public_bytes(Encoding.PEM))
    with pytest.raises(KeyFileError, match="is in force from"):
        sign(SignOptions("model", "key", certificate="ended.crt"))


# --- fit to sign -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "fit"),
    [
        ({}, True),
        ({"extended": (ExtendedKeyUsageOID.CODE_SIGNING,)}, True),
        ({"usage": None, "extended": (ExtendedKeyUsageOID.CODE_SIGNING,)}, True),
        ({"extended": (ExtendedKeyUsageOID.SERVER_AUTH,)}, False),
        ({"extended": (ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.CLIENT_AUTH)}, False),
        ({"extended": (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CODE_SIGNING)}, True),
        ({"usage": False, "extended": (ExtendedKeyUsageOID.CODE_SIGNING,)}, False),
        ({"usage": None}, False),
        ({"authority": True}, False),
    ],
)
def test_what_it_is_for(
    world: World, model: Path, root: Authority, key: Any, how: dict[str, Any], *, fit: bool
) -> None:
    """The certificate of a web server or of an authority signs no model, whoever issued it."""
    certificate = root.leaf(key, **how)
    made_with(model, key, certificate)
    found = by_root(world)
    assert found.holds is fit, found.reason
    Path("key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    Path("own.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
    if fit:
        assert sign(SignOptions("model", "key", certificate="own.crt")).signer.method == "certificate"
    else:
        assert found.outcome is Outcome.UNKNOWN_SIGNER
        with pytest.raises(KeyFileError, match="is not for signing"):
            sign(SignOptions("model", "key", certificate="own.crt"))


@pytest.mark.parametrize("other", [rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()])
def test_other_kinds_of_keys(world: World, model: Path, root: Authority, key: Any, other: Any) -> None:
    made_with(model, key, root.leaf(other))
    found = by_root(world)
    assert found.outcome is Outcome.UNKNOWN_SIGNER
    assert "a kind of key that cannot sign models" in found.reason


# --- under the authority -----------------------------------------------------------------------------------------


def test_chains_that_do_not_lead_to_the_root(world: World, model: Path, root: Authority, key: Any) -> None:
    stranger, impostor = Authority("Stranger"), Authority("Root")
    end = Authority("End", root)
    end.certificate = root.leaf(end.key)  # certified, but not to certify others
    narrow = Authority("Narrow", root)
    narrow.certificate = root.issue(narrow.name, narrow.key, authority=True, depth=0)
    below = Authority("Below", narrow)
    for chain in (
        (stranger.leaf(key),),
        (stranger.leaf(key), stranger.certificate),
        (impostor.leaf(key), impostor.certificate),
        (impostor.leaf(key), root.certificate),
        (end.leaf(key), end.certificate),
        (below.leaf(key), below.certificate, narrow.certificate),
        (Authority.issue(stranger, stranger.name, stranger.key),),
    ):
        made_with(model, stranger.key if len(chain) == 1 and chain[0].subject == stranger.name else key, *chain)
        assert by_root(world).outcome is Outcome.UNKNOWN_SIGNER, chain


def test_names_that_an_authority_may_not_certify(world: World, model: Path, root: Authority, key: Any) -> None:
    bounded = Authority("Bounded", root)
    only = x509.NameConstraints([x509.DirectoryName(x509.Name.from_rfc4514_string("O=Ours"))], None)
    bounded.certificate = (
        x509.CertificateBuilder()
        .subject_name(bounded.name)
        .issuer_name(root.name)
        .public_key(bounded.key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + 20 * DAY)
        .add_extension(x509.BasicConstraints(True, None), critical=True)
        .add_extension(only, critical=True)
        .sign(root.key, hashes.SHA256())
    )
    made_with(model, key, bounded.leaf(key, days=(0, 5)), bounded.certificate)
    assert by_root(world).outcome is Outcome.UNKNOWN_SIGNER
    ours = bounded.issue(x509.Name.from_rfc4514_string("CN=Leaf,O=Ours"), key, days=(0, 5))
    made_with(model, key, ours, bounded.certificate)
    assert by_root(world).holds, by_root(world).reason


def test_a_name_that_would_garble_the_terminal(
    world: World, model: Path, root: Authority, key: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = "x\nverified: model is what root.crt signed\x1b[2J\u202e"
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, evil)])
    stranger = Authority("Stranger")
    made_with(model, key, stranger.issue(name, key))
    assert entry(["verify", "model", "--certificate-chain", "root.crt", "--isolated"]) == 1
    printed = capsys.readouterr().out
    assert not any(line.startswith("verified") for line in printed.splitlines())
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_the_key_of_the_world_still_signs(world: World, model: Path) -> None:
    signed(world, "model", "p384", certificate=world.path("leaf.crt"))
    assert verified(world, key="", chain=(world.path("root.crt"),)).holds
    assert load_private(world.path("p384")).public.curve == "p384"
