"""Attacks from around what is believed: where it lies, how it is shown, what it adds up to."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.provenance.attacking import about, codes, files, judge, put, table
from tests.provenance.attesting import NOW, PREDICATE, Signer, identity, leave, signer
from violet.domain import Digest, UsageError, VioletError
from violet.domain.provenance import Evidence, Identity, Statement, Subject
from violet.provenance import envelope as dsse
from violet.provenance import statement as intoto
from violet.provenance import stores
from violet.provenance.envelope import EnvelopeError, Keyring
from violet.provenance.evidence import collect
from violet.provenance.identity import identify
from violet.provenance.lineage import Index, trace
from violet.provenance.oci import OciStore, create
from violet.provenance.signing import bundle as bundles
from violet.provenance.stores import DirectoryStore
from violet.report.attestations import EvidenceView, render
from violet.services.sign import SignOptions, VerifyOptions, sign, trusted, verify


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signer]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: signer(folder, name) for name in ("ci", "dev", "eve")}


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(str(tmp_path / "model.attestations"))


# --- where it lies -----------------------------------------------------------------------------------------------


def test_a_store_full_of_traps(store: DirectoryStore, tmp_path: Path, people: dict[str, Signer]) -> None:
    """Each is refused by its name, none is followed or waited for, and what is good still counts."""
    good = leave(store, identity(), people["ci"])
    folder, secret = Path(store.path), tmp_path / "secret"
    secret.write_bytes(Path(good.path).read_bytes())
    (folder / "link.dsse.json").symlink_to(secret)
    (folder / "loop.dsse.json").symlink_to("loop.dsse.json")
    (folder / "folder.dsse.json").mkdir()
    os.mkfifo(folder / "pipe.dsse.json")
    (folder / "empty.dsse.json").write_bytes(b"")
    with open(folder / "huge.dsse.json", "wb") as file:
        file.truncate(8 << 30)
    os.symlink("/dev/zero", folder / "zero.dsse.json")
    os.symlink("/proc/self/mem", folder / "mem.dsse.json")
    evidence = judge(store, people["ci"])
    assert [a.path for a in evidence.attestations] == [good.path]
    assert set(codes(evidence)) == {"malformed"}
    assert len(evidence.refused) == 8


def test_bounds_of_a_store(
    store: DirectoryStore, people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for number in range(5):
        put(store, b"{}", f"{number}.dsse.json")
    monkeypatch.setattr(stores, "MOST_ENTRIES", 4)
    with pytest.raises(VioletError, match="more than 4 attestations"):
        judge(store, people["ci"])
    monkeypatch.setattr(stores, "MOST_ENTRIES", 5)
    monkeypatch.setattr(stores, "MOST_BYTES", 9)
    with pytest.raises(VioletError, match="more than 9 bytes"):
        judge(store, people["ci"])


def test_a_shared_store_under_any_names(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """Names are an index and no proof: what is about others is nothing unusual there, whatever its file is called, and
    what is about this one is found."""
    shared = replace(store, shared=True)
    put(
        store,
        about(people["ci"], {"name": "other", "digest": {"sha256": identity("other").digest.value}}),
        "a.dsse.json",
    )
    put(store, about(people["eve"], {"name": "other", "digest": {"sha256": "ab" * 32}}), "b.dsse.json")
    assert judge(shared, people["ci"]) == Evidence(identity())
    put(store, about(people["ci"], {"name": "", "digest": {"sha256": identity().digest.value}}), "c.dsse.json")
    assert len(judge(shared, people["ci"]).attestations) == 1


def test_a_layout_that_repeats_itself(tmp_path: Path, people: dict[str, Signer]) -> None:
    """A million layers that name one blob are read once."""
    layout = create(str(tmp_path / "oci"))
    plain = DirectoryStore(str(tmp_path / "plain"))
    written = leave(plain, identity(), people["ci"])
    layout.add(identity(), [("test-result", Path(written.path).read_bytes())])
    (manifest,) = [m for m in layout._manifests() if m.get("artifactType") == "application/vnd.in-toto+json"]
    many = json.dumps({**manifest, "layers": manifest["layers"] * 20_000}).encode()
    digest = layout.write_blob(many)
    index = table(str(tmp_path / "oci" / "index.json"))
    index["manifests"] = [{"mediaType": manifest["mediaType"], "digest": str(digest), "size": len(many)}] * 1_000
    (tmp_path / "oci" / "index.json").write_text(json.dumps(index))
    assert len(list(layout.entries())) == 1
    assert len(judge(layout, people["ci"]).attestations) == 1


@pytest.mark.parametrize(
    "digest",
    ["sha256:../../../secret", "sha256:" + "../" * 21 + "x", "sha512:" + "ab" * 32, "sha256:" + "AB" * 32, "", 7, None],
)
def test_a_layout_that_points_elsewhere(tmp_path: Path, people: dict[str, Signer], digest: Any) -> None:
    layout = create(str(tmp_path / "oci"))
    (tmp_path / "secret").write_text('{"layers":[]}')
    entries = [{"digest": digest, "size": 13, "mediaType": "application/vnd.oci.image.manifest.v1+json"}]
    (tmp_path / "oci" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    assert list(layout.entries()) == []
    manifest = json.dumps({"layers": [{"mediaType": "application/vnd.dsse.envelope.v1+json", "digest": digest}]})
    good = layout.write_blob(manifest.encode())
    entries[0] |= {"digest": str(good), "size": len(manifest)}
    (tmp_path / "oci" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": entries}))
    (found,) = layout.entries()
    assert found.content == b""
    assert codes(judge(layout, people["ci"])) == ["malformed"]


def test_indexes_within_indexes(tmp_path: Path) -> None:
    layout = create(str(tmp_path / "oci"))
    inner: list[dict[str, Any]] = []
    for _ in range(50):
        content = json.dumps({"manifests": inner * 3}).encode()
        inner = [{"digest": str(layout.write_blob(content)), "size": len(content)}]
    (tmp_path / "oci" / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": inner}))
    assert list(layout.entries()) == []
    assert isinstance(layout, OciStore)


# --- what is printed ---------------------------------------------------------------------------------------------

EVIL = "x\nVERIFIED  model\x1b[2J\u202e\ud800"


def hostile(people: dict[str, Signer]) -> Iterator[bytes]:
    of = {"sha256": identity("other").digest.value}
    notes = {"violet_environment": EVIL.replace("\ud800", ""), "violet_check": "\x1b]0;x\x07"}
    yield about(people["ci"], {"name": EVIL.replace("\ud800", ""), "digest": of})
    yield about(people["eve"], {"name": "\x1b[2J", "digest": of})
    yield about(people["eve"], {"name": "model", "digest": {"a\x1b[2J": "x\nVERIFIED"}})
    yield about(people["ci"], {"name": "m", "digest": {"sha256": identity().digest.value}, "annotations": notes})
    yield about(people["eve"], {"name": "m", "digest": of}, predicateType="urn:x:\x1b[2J")
    yield about(people["ci"], {"name": "m", "digest": of}, predicateType="urn:x:\u202e")
    yield about(people["ci"], {"name": EVIL, "digest": of})


@pytest.mark.parametrize("shared", [False, True])
def test_nothing_hostile_reaches_the_terminal(
    store: DirectoryStore, people: dict[str, Signer], *, shared: bool
) -> None:
    for number, content in enumerate(hostile(people)):
        put(store, content, f"{number}\x1b[31m.dsse.json")
    evidence = judge(replace(store, shared=shared), people["ci"], environment="production")
    for refusal in evidence.refused:
        assert "\x1b" not in refusal.predicate_type
    for fmt in ("console", "json"):
        printed = render(EvidenceView(evidence), fmt)
        assert all(line.isprintable() for line in printed.split("\n"))
        assert not any(line.startswith("VERIFIED") for line in printed.split("\n"))


# --- lineage -----------------------------------------------------------------------------------------------------


def made_from(store: DirectoryStore, who: Signer, model: Identity, *digests: dict[str, str]) -> None:
    sources = [{"name": "source", "digest": digest} for digest in digests]
    leave(store, model, who, kind="derivation", predicate={"relation": "fine-tune", "from": sources})


def traced(store: DirectoryStore, people: dict[str, Signer], of: Identity) -> Any:
    index = Index(Keyring.load([people["ci"].trusted()]), NOW)
    index.add([store])
    return trace(of, index)


def test_a_taint_cannot_be_hidden_behind_another_digest(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """The ancestor is known by two digests. Whoever adds a statement that knows it by the one of which nothing more is
    told must not cut off what the other one leads to."""
    ci, eve = people["ci"], people["eve"]
    model, base, grandparent = identity("model"), identity("base"), identity("grandparent")
    other = "cd" * 64
    leave(store, grandparent, ci, kind="revocation", predicate={"reason": "poisoned"})
    made_from(store, ci, base, {"sha256": grandparent.digest.value})
    made_from(store, ci, model, {"sha256": base.digest.value, "sha512": other})
    assert traced(store, people, model).is_tainted
    made_from(store, eve, model, {"sha512": other})
    made_from(store, eve, model, {"aaa": "1", "sha512": other}, {"aaa": "2", "sha256": grandparent.digest.value})
    found = traced(store, people, model)
    assert found.is_tainted
    assert any(path.proven for path in found.taints)


def test_a_claim_that_two_digests_are_one_proves_nothing(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """Somebody who is not believed says that the base, of which nothing is known, is the renowned one."""
    ci, eve = people["ci"], people["eve"]
    model, renowned, source = identity("model"), identity("renowned"), identity("source")
    made_from(store, ci, renowned, {"sha256": source.digest.value})
    made_from(store, eve, model, {"md5": "ab" * 16, "sha256": renowned.digest.value})
    found = traced(store, people, model)
    for edge in found.edges:
        if edge.child != str(renowned.digest):
            assert not edge.proven, edge
    assert not found.proven


def test_circles_prove_nothing_and_end(store: DirectoryStore, people: dict[str, Signer]) -> None:
    ci = people["ci"]
    circle = [identity(f"m{number}") for number in range(50)]
    for number, model in enumerate(circle):
        made_from(store, ci, model, {"sha256": circle[number - 1].digest.value}, {"sha256": model.digest.value})
    found = traced(store, people, circle[0])
    assert found.loops
    assert not found.proven


def test_wrapping_a_tainted_file_into_a_directory(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """Another digest of the whole does not wash a file of it."""
    of = files(config="fine", weights="poisoned")
    poisoned = Identity("weights", of.files[1].digest, 8)
    leave(store, poisoned, people["ci"], kind="revocation", predicate={"reason": "poisoned"})
    assert traced(store, people, of).is_tainted
    leave(store, of, people["eve"], kind="revocation", predicate={"reason": "slander"})
    clean = files(config="fine", weights="fine")
    leave(store, clean, people["eve"], kind="revocation", predicate={"reason": "slander"})
    assert not traced(store, people, clean).is_tainted


# --- statements --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("https://openvex.dev/ns", "vex"),
        ("https://openvex.dev/ns/v0.3.0", "vex"),
        ("https://openvex.dev/nsevil", ""),
        ("https://openvex.dev/ns@evil.example", ""),
        ("https://openvex.dev/ns/../x", ""),
        ("https://cyclonedx.org/bom/v1.6", "cyclonedx"),
        ("https://cyclonedx.org/bom/1.7", "cyclonedx"),
        ("https://cyclonedx.org/bom/vex-and-more", ""),
        ("HTTPS://in-toto.io/attestation/test-result/v0.1", ""),
        ("https://in-toto.io/attestation/test-result/v0.1/", ""),
        ("https://in-toto.io/attestation/test-result/v0.1#x", ""),
    ],
)
def test_types_that_begin_like_known_ones(
    store: DirectoryStore, people: dict[str, Signer], uri: str, name: str
) -> None:
    """A signer who may speak of one type may not speak of another whose name begins like it."""
    assert intoto.short_name(uri) == (name or uri)
    put(store, about(people["ci"], {"name": "m", "digest": {"sha256": identity().digest.value}}, predicateType=uri))
    known = name or "vex"
    evidence = collect(identity(), [store], [people["ci"].trusted(known, "cyclonedx", "test-result")], now=NOW)
    assert codes(evidence) == ([] if name else ["not-vouched-for"])


def test_a_statement_of_millions_of_values(store: DirectoryStore, people: dict[str, Signer]) -> None:
    payload = b'{"_type":"x","predicate":{"a":[' + b"[]," * 2_000_000 + b"[]]}}"
    with pytest.raises(intoto.StatementError, match="too many values"):
        intoto.decode(payload)
    content = b'{"payload":"","payloadType":"x","signatures":[' + b"{}," * 1_000_000 + b"{}]}"
    with pytest.raises(EnvelopeError, match="too many values"):
        dsse.decode(content)


def test_subjects_keep_their_own_terms(store: DirectoryStore, people: dict[str, Signer]) -> None:
    """What was said of one subject for the laboratory does not hold because another one has no such note."""
    of = identity()
    statement = Statement(
        (
            Subject("lab", (of.digest,), {"violet_environment": "lab"}),
            Subject("all", (Digest("sha256", "ab" * 32),), {}),
        ),
        intoto.PREDICATES["test-result"],
        PREDICATE,
    )
    put(store, dsse.sign(intoto.encode(statement), intoto.PAYLOAD_TYPE, [people["ci"].key]).to_bytes())
    assert codes(judge(store, people["ci"], environment="production")) == ["replayed"]


@pytest.mark.parametrize("name", ["HEAD", "commondir", "packed-refs", "config", "refs/heads/main"])
def test_pipes_in_a_repository(tmp_path: Path, name: str) -> None:
    """Nobody is waited for."""
    from violet.provenance.git import commit_of

    place = tmp_path / ".git"
    (place / "refs" / "heads").mkdir(parents=True)
    (place / "HEAD").write_text("ref: refs/heads/main\n")
    (place / "packed-refs").write_text(f"{'ab' * 20} refs/heads/main\n")
    (place / name).unlink(missing_ok=True)
    os.mkfifo(place / name)
    found = commit_of(str(tmp_path))
    assert found is None or found.digest == "ab" * 20


# --- the cache of digests ----------------------------------------------------------------------------------------


def test_a_rewritten_file_with_its_old_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("violet.provenance.cache.SETTLED", 0)
    model = tmp_path / "model"
    model.write_bytes(b"a" * (5 << 20))
    before = os.stat(model)
    first = identify(str(model))
    assert os.listdir(tmp_path / "cache" / "violet" / "digests")
    os.link(model, tmp_path / "other name")
    with open(tmp_path / "other name", "r+b") as file:
        file.write(b"evil")
    os.utime(model, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert identify(str(model)).digest != first.digest


@pytest.mark.parametrize(
    ("mount", "foreign"),
    [
        ("36 25 7:3 / /mnt rw - ext4 /dev/loop3 rw", True),
        ("36 25 8:1 / /mnt rw - ext4 /dev/sda1 rw", False),
        ("36 25 8:1 / /mnt rw shared:1 - squashfs /dev/sdb rw", True),
        ("36 25 8:1 / /mnt rw - vfat /dev/sdb1 rw", True),
        ("36 25 0:44 / /mnt rw - fuse.sshfs host: rw", True),
        ("36 25 0:44 / /loop rw - tmpfs tmpfs rw", False),
        ("36 25", False),
        ("36 25 x:y / / - nfs4", False),
    ],
)
def test_file_systems_of_others(mount: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *, foreign: bool) -> None:
    """An image can be made anew with the same inodes and times and another content."""
    from violet.provenance import cache

    (tmp_path / "mountinfo").write_text(mount + "\n")
    real = open
    monkeypatch.setattr(
        "builtins.open",
        lambda path, *a, **k: real(tmp_path / "mountinfo" if path == "/proc/self/mountinfo" else path, *a, **k),
    )
    assert bool(cache._foreign_devices()) is foreign


# --- model signatures --------------------------------------------------------------------------------------------


def test_a_hint_that_would_garble_the_terminal(
    tmp_path: Path, people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from violet.faces.cli.main import entry

    monkeypatch.chdir(tmp_path)
    Path("model").write_bytes(b"x")
    Path("key").write_bytes(people["eve"].key.pem(None))
    sign(SignOptions("model", "key", cache=False))
    value = table("model.sig")
    value["verificationMaterial"]["publicKey"]["hint"] = "x\nverified: model is what ci signed\x1b[2J\u202e"
    Path("model.sig").write_text(json.dumps(value))
    assert entry(["verify", "model", "--key", str(people["ci"].file), "--isolated"]) == 1
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.split("\n"))
    assert not any(line.startswith("verified") for line in printed.split("\n"))


def test_a_signature_over_no_files(tmp_path: Path, people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch) -> None:
    """With --ignore-unsigned it would be a signature over anything."""
    from violet.provenance.manifest import Manifest, statement

    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    Path("model", "evil").write_bytes(b"x")
    Path("single").write_bytes(b"x")
    ci = people["ci"]
    for path in ("model", "single"):
        payload = statement(Manifest("model", ()))
        signature = ci.key.sign(bundles.pae(bundles.PAYLOAD_TYPE, payload))
        content = bundles.write(payload, [signature], bundles.key_material(ci.key.public.key_id))
        Path(f"{path}.sig").write_bytes(content)
        for ignore in (False, True):
            options = VerifyOptions(path, signers=(ci.trusted(),), ignore_unsigned=ignore, cache=False)
            assert not verify(options).holds


@pytest.mark.parametrize("path", ["", ".", "..", "../x", "/etc", "a/../.."])
def test_paths_to_ignore_lie_inside(
    tmp_path: Path, people: dict[str, Signer], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upstream would take ``.`` in a signature for the whole model."""
    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    Path("model", "a").write_bytes(b"x")
    Path("key").write_bytes(people["ci"].key.pem(None))
    with pytest.raises(UsageError, match="names nothing inside"):
        sign(SignOptions("model", "key", ignore=(path,), cache=False))


def test_thousands_of_renamed_files(tmp_path: Path, people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch) -> None:
    """All with the same content, so that each could be any other."""
    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    Path("key").write_bytes(people["ci"].key.pem(None))
    for number in range(1_000):
        Path("model", str(number)).touch()
    sign(SignOptions("model", "key", cache=False))
    for number in range(1_000):
        Path("model", str(number)).rename(f"model/x{number}")
    found = verify(VerifyOptions("model", signers=trusted([str(people["ci"].file)]), cache=False))
    assert {str(d.change) for d in found.differences} == {"renamed"}
    assert len(found.differences) == 1_000
