"""Every way to tamper with a signed model is noticed, and named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.services.signing.world import (
    FILES,
    World,
    alter,
    signed,
    verified,
)
from violet.domain.signature import Change, Outcome
from violet.provenance.hashing_walk import ChangedError
from violet.provenance.identity import identify
from violet.provenance.keys import load_public
from violet.services.sign import SignOptions, VerifyOptions, sign, trusted, verify


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


def test_a_file_that_comes_while_others_are_hashed(world: World, model: Path) -> None:
    """Nobody signed it, and it was not there yet when the files were listed."""
    signed(world)
    time = os.stat(model / "a").st_mtime_ns

    def interfere(*_: object) -> None:
        (model / "a" / "evil.py").touch()
        os.utime(model / "a", ns=(time, time))

    options = VerifyOptions("model", signers=trusted([world.path("p256.pub")]), cache=False)
    with pytest.raises(ChangedError, match="changed while"):
        verify(options, interfere)
