"""Snapshots in a Hugging Face cache, whose files are links: from scan to gate, and against every other link."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.services.signing.world import World, signed, upstream, verified
from violet.domain import VioletError
from violet.domain.signature import Change, Outcome
from violet.faces.cli.main import entry
from violet.provenance.hashing_walk import ChangedError, walk
from violet.provenance.hub_cache import Snapshot, snapshot_of
from violet.provenance.identity import identify
from violet.provenance.stores import beside
from violet.services.gate.fence import Fence

REVISION = "0123456789abcdef0123456789abcdef01234567"
FILES = {
    "config.json": b'{"model_type": "bert"}',
    "weights/model.bin": pickle.dumps({"weights": [1.0, 2.0]}),
    "tokenizer/vocab.txt": b"a\nb\n",
}
LARGE = {"weights/model.bin"}


class Cache:
    """One cached repository, as ``huggingface_hub`` lays it out."""

    def __init__(self, root: Path, kind: str = "models") -> None:
        self.home = root / "hub" / f"{kind}--org--name"
        self.blobs = self.home / "blobs"
        self.snapshot = self.home / "snapshots" / REVISION
        self.blobs.mkdir(parents=True)
        (self.home / "refs").mkdir()
        (self.home / "refs" / "main").write_text(REVISION)
        for name, content in FILES.items():
            self.add(name, content, large=name in LARGE)

    def add(self, name: str, content: bytes, *, large: bool = False) -> Path:
        git = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        blob = self.blobs / (hashlib.sha256(content).hexdigest() if large else git)
        blob.write_bytes(content)
        link = self.snapshot / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(os.path.relpath(blob, link.parent))
        return blob

    def blob(self, name: str) -> Path:
        return self.blobs / os.path.basename(os.readlink(self.snapshot / name))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cache:
    monkeypatch.chdir(tmp_path)
    return Cache(tmp_path)


@pytest.fixture
def copy(cache: Cache, tmp_path: Path) -> Path:
    return Path(shutil.copytree(cache.snapshot, tmp_path / "copy"))


def test_it_has_the_digest_of_its_copy(cache: Cache, copy: Path) -> None:
    here, there = identify(str(cache.snapshot), cache=False), identify(str(copy), cache=False)
    assert here.digest == there.digest
    assert here.files == there.files
    assert here.name == "org--name"
    assert identify(f"{cache.snapshot}/", jobs=2).digest == there.digest
    (cache.home.parent / "latest").symlink_to(cache.snapshot)
    assert identify(str(cache.home.parent / "latest")).digest == there.digest


def test_links_with_whole_paths(cache: Cache, copy: Path) -> None:
    link = cache.snapshot / "config.json"
    blob = link.resolve()
    link.unlink()
    link.symlink_to(blob)
    assert identify(str(cache.snapshot)).digest == identify(str(copy)).digest


def test_signatures_in_both_directions(world: World, cache: Cache, copy: Path) -> None:
    """A signature of the snapshot holds for the files wherever they are, and upstream's holds here."""
    path = str(cache.snapshot)
    signature = signed(world, path)
    assert signature == str(cache.home / f"{REVISION}.sig")
    assert verified(world, path).holds
    assert verified(world, str(copy), signature=signature).holds
    key = ("--public_key", world.path("p256.pub"))
    for target, more in ((copy, ()), (cache.snapshot, ("--allow_symlinks",))):
        done = upstream("verify", "key", target, "--signature", signature, *key, *more)
        assert done.stdout == "Verification succeeded\n", done.stderr
    done = upstream("sign", "key", copy, "--private_key", world.path("p256"), "--signature", "up.sig")
    assert done.returncode == 0, done.stderr
    assert verified(world, path, signature="up.sig").holds


def test_what_lies_beside_is_no_revision(world: World, cache: Cache) -> None:
    """The Hub's own program takes whatever is in ``snapshots`` for one."""
    path = str(cache.snapshot)
    signed(world, path)
    assert beside(path).path == str(cache.home / f"{REVISION}.attestations")
    assert os.listdir(cache.home / "snapshots") == [REVISION]


@pytest.mark.parametrize("kind", ["models", "datasets", "spaces"])
def test_all_kinds(tmp_path: Path, kind: str) -> None:
    assert identify(str(Cache(tmp_path, kind).snapshot)).name == "org--name"


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.home.rename(c.home.with_name("org--name")),
        lambda c: (c.home / "snapshots").rename(c.home / "shots"),
        lambda c: c.blobs.rename(c.home / "blob"),
        lambda c: (c.blobs.rename(c.home / "real"), c.blobs.symlink_to("real")),
    ],
    ids=["name", "snapshots", "no blobs", "blobs elsewhere"],
)
def test_what_only_looks_like_one(cache: Cache, change: Callable[[Cache], object]) -> None:
    """Told by its structure; then links are what they are everywhere else."""
    change(cache)
    (found,) = (p for p in cache.home.parent.rglob(REVISION) if p.is_dir())
    assert snapshot_of(str(found)) is None
    with pytest.raises(VioletError, match="is a symbolic link"):
        identify(str(found))


@pytest.mark.parametrize(
    "link",
    [
        "/etc/passwd",
        "../../../../../../../../../../etc/passwd",
        "../../refs/main",
        "../../blobs",
        "../../blobs/..",
        "../../blobs/.",
        "../../blobs/../refs/main",
        "../../blobs/sub/x",
        ".././../blobs/BLOB",
        "..//../blobs/BLOB",
        "../../snapshots/../blobs/BLOB",
        "away/../../../blobs/BLOB",
        "../../../models--org--other/blobs/secret",
        "../../blobs/away",
        "../../blobs/missing",
        "../../blobs/folder",
        "../../blobs/pipe",
        "config.json",
        "link",
    ],
)
def test_every_other_link_is_refused(cache: Cache, tmp_path: Path, link: str) -> None:
    """``away/..`` is this directory to whoever reads the text, and elsewhere to the system."""
    other = cache.home.parent / "models--org--other" / "blobs"
    other.mkdir(parents=True)
    (other / "secret").write_bytes(b"secret")
    (cache.blobs / "away").symlink_to(other / "secret")
    (cache.blobs / "folder").mkdir()
    os.mkfifo(cache.blobs / "pipe")
    (cache.snapshot / "away").symlink_to(tmp_path)
    before = identify(str(cache.snapshot), ignore=["away"])
    name = os.path.basename(cache.blob("config.json"))
    (cache.snapshot / "link").symlink_to(link.replace("BLOB", name))
    with pytest.raises(VioletError, match="link"):
        identify(str(cache.snapshot), ignore=["away"])
    assert identify(str(cache.snapshot), ignore=["away", "link"]).digest == before.digest


@pytest.mark.parametrize("path", ["", "a/b/c"])
def test_how_deep_a_link_lies_matters(path: str) -> None:
    snapshot = Snapshot("/hub/models--a--b", REVISION)
    name = f"{path}/x".lstrip("/")
    up = name.count("/") + 2
    assert snapshot.blob_of(name, "../" * up + "blobs/ab") == "ab"
    for number in {0, 1, 2, 3, 4, 5, 6} - {up}:
        assert snapshot.blob_of(name, "../" * number + "blobs/ab") == ""


def test_a_blob_that_is_not_what_its_name_promises(world: World, cache: Cache, copy: Path) -> None:
    path = str(cache.snapshot)
    signature = signed(world, path)
    blob = cache.blob("weights/model.bin")
    blob.write_bytes(pickle.dumps({"weights": [6.0, 6.0]}))
    with pytest.raises(VioletError, match=r"model\.bin is not what was downloaded"):
        identify(path)
    with pytest.raises(VioletError, match="is not what was downloaded"):
        signed(world, path)
    found = verified(world, path)
    assert found.outcome is Outcome.TAMPERED
    assert {d.change for d in found.differences} == {Change.ALTERED, Change.IRREGULAR}
    # Also where somebody signed just that content: then the cache lies, and not to us alone.
    (copy / "weights" / "model.bin").write_bytes(blob.read_bytes())
    signed(world, str(copy), signature=signature)
    assert verified(world, str(copy), signature=signature).holds
    found = verified(world, path)
    assert found.outcome is Outcome.TAMPERED
    assert [d.change for d in found.differences] == [Change.IRREGULAR]
    assert "not what its name promises" in found.reason


def swap_link(cache: Cache) -> None:
    other = cache.add("other.json", b'{"model_type": "evil"}')
    link = cache.snapshot / "config.json"
    (cache.snapshot / "other.json").unlink()
    link.unlink()
    link.symlink_to(f"../../blobs/{other.name}")


def swap_blob(cache: Cache) -> None:
    blob = cache.blob("config.json")
    new = blob.with_name("new")
    new.write_bytes(blob.read_bytes())
    os.replace(new, blob)


def blob_to_link(cache: Cache) -> None:
    blob = cache.blob("config.json")
    blob.rename(blob.with_name("moved"))
    blob.symlink_to("moved")


def swap_snapshot(cache: Cache) -> None:
    cache.snapshot.rename(cache.snapshot.with_name("old"))
    shutil.copytree(cache.snapshot.with_name("old"), cache.snapshot, symlinks=True)


@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("change", [swap_link, swap_blob, blob_to_link, swap_snapshot])
def test_swaps_while_hashing(cache: Cache, change: Callable[[Cache], None], after: int) -> None:
    """Everything is in its place again when hashing ends; only somebody else's."""
    folders = [cache.snapshot, cache.snapshot / "weights", cache.snapshot / "tokenizer"]
    times = {folder: os.stat(folder).st_mtime_ns for folder in folders}
    left = list(range(after))

    def interfere(*_: Any) -> None:
        left.pop()
        if not left:
            left.extend(range(99))
            change(cache)
            for folder, time in times.items():
                if os.stat(folder).st_mtime_ns != time:
                    os.utime(folder, ns=(time, time))

    with pytest.raises(ChangedError):
        identify(str(cache.snapshot), cache=False, jobs=1, progress=interfere)


def test_what_was_opened_must_be_the_snapshot(cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link to the snapshot that leads elsewhere by the time that it is opened."""
    shutil.copytree(cache.snapshot, tmp_path / "evil", symlinks=True)
    here = tmp_path / "here"
    here.symlink_to(cache.snapshot)
    found = snapshot_of(str(here))
    here.unlink()
    here.symlink_to(tmp_path / "evil")
    monkeypatch.setattr("violet.provenance.hashing_walk.snapshot_of", lambda _: found)
    with pytest.raises(ChangedError, match="was replaced"):
        walk(str(here))


def test_the_gate_notices_a_blob_that_was_away(cache: Cache) -> None:
    fence = Fence.around(str(cache.snapshot))
    assert fence.breach() == ""
    blob = cache.blob("config.json")
    content, before = blob.read_bytes(), os.stat(blob)
    blob.write_bytes(b"evil")
    blob.write_bytes(content)
    os.utime(blob, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert fence.breach() == str(blob)


def test_from_scan_to_gate(world: World, cache: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command works on the snapshot in its place, and the gate finds what the others left."""
    path = str(cache.snapshot)
    (tmp_path / "violet.toml").write_text(
        f'[sign]\nkey = "{world.path("p256")}"\n'
        f'[trust.signers.ci]\nkey = "{world.path("p256.pub")}"\n'
        '[gate.requirements.signed]\nexpression = "signature.verified"\n'
        '[gate.requirements.scanned]\nexpression = "scan.complete"\n'
    )
    assert entry(["scan", path]) == 0
    assert entry(["gate", path]) == 1
    assert entry(["sign", path]) == 0
    assert entry(["verify", path]) == 0
    assert entry(["attest", "scan", path]) == 0
    assert entry(["attest", "verify", path, "--require", "test-result"]) == 0
    capsys.readouterr()
    code = entry(["gate", path, "--format", "json"])
    printed = json.loads(capsys.readouterr().out)
    assert code == 0, printed
    assert sorted(os.listdir(cache.home)) == [
        f"{REVISION}.attestations",
        f"{REVISION}.sig",
        "blobs",
        "refs",
        "snapshots",
    ]
    swap_link(cache)
    assert entry(["verify", path]) == 1
    assert entry(["gate", path]) == 1
