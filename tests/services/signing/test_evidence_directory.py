"""Signatures in a directory for many models, where two may be called alike."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.services.signing.world import World, signed, verified
from violet.domain.signature import Change, Outcome
from violet.provenance.identity import identify
from violet.services.sign import SignOptions, sign

DIRECTORY = "evidence"


@pytest.fixture(autouse=True)
def directory(model: Path) -> Path:
    folder = Path(DIRECTORY)
    folder.mkdir()
    return folder


@pytest.fixture
def namesake(model: Path) -> Path:
    """Another model of the same name, in another place."""
    other = Path(shutil.copytree(model, "other/model"))
    (other / "config.json").write_bytes(b"another")
    return other


def test_two_models_of_one_name(world: World, model: Path, namesake: Path) -> None:
    first = signed(world, "model", directory=DIRECTORY)
    second = signed(world, "other/model", directory=DIRECTORY)
    assert first == f"{DIRECTORY}/model-{identify('model').digest.value[:16]}.sig"
    assert sorted(os.listdir(DIRECTORY)) == sorted(map(os.path.basename, (first, second)))
    for path, signature in (("model", first), ("other/model", second)):
        found = verified(world, path, directory=DIRECTORY)
        assert found.holds, found.reason
        assert found.signature == signature
        assert f"--signature {signature}" in found.commands[0]
    assert signed(world, "model", directory=DIRECTORY) == first, "the same content, the same place"


def test_what_differs_is_named_where_there_is_one_signature(world: World, model: Path) -> None:
    signed(world, "model", directory=DIRECTORY)
    (model / "config.json").write_bytes(b"evil")
    found = verified(world, directory=DIRECTORY)
    assert found.outcome is Outcome.TAMPERED
    assert [d.change for d in found.differences] == [Change.ALTERED]


def test_none_of_several_fits(world: World, model: Path, namesake: Path) -> None:
    first = signed(world, "model", directory=DIRECTORY)
    signed(world, "other/model", directory=DIRECTORY)
    (model / "config.json").write_bytes(b"evil")
    found = verified(world, directory=DIRECTORY)
    assert found.outcome is Outcome.NOT_SIGNED
    assert "over other content" in found.reason
    named = verified(world, directory=DIRECTORY, signature=first)
    assert named.outcome is Outcome.TAMPERED


def test_the_name_of_a_file_proves_nothing(world: World, model: Path, namesake: Path) -> None:
    """A signature over other content under the name that this content calls for."""
    first = signed(world, "model", directory=DIRECTORY)
    second = signed(world, "other/model", directory=DIRECTORY)
    os.replace(second, first)
    found = verified(world, directory=DIRECTORY)
    assert found.outcome is Outcome.TAMPERED
    signed(world, "other/model", directory=DIRECTORY)
    found = verified(world, directory=DIRECTORY)
    assert found.outcome is Outcome.TAMPERED


def test_none_at_all(world: World, model: Path) -> None:
    assert verified(world, directory=DIRECTORY).outcome is Outcome.NOT_SIGNED
    assert verified(world, directory="missing").outcome is Outcome.NOT_SIGNED


def test_shards_and_ones_put_there_by_hand(world: World, model: Path, namesake: Path) -> None:
    for folder in (model, namesake):
        (folder / "zero").unlink()
    signed(world, "model", directory=DIRECTORY, shard_size=1 << 20)
    signed(world, "other/model", directory=DIRECTORY)
    assert verified(world, directory=DIRECTORY).holds
    assert verified(world, "other/model", directory=DIRECTORY).holds
    for name in os.listdir(DIRECTORY):
        os.unlink(os.path.join(DIRECTORY, name))
    signed(world, "model", signature=f"{DIRECTORY}/model.sig")
    assert verified(world, directory=DIRECTORY).holds
    signed(world, "other/model", directory=DIRECTORY)
    assert verified(world, directory=DIRECTORY).holds


def test_a_directory_within_the_model(world: World, model: Path) -> None:
    (model / "evidence").mkdir()
    place = str(model / "evidence")
    result = sign(SignOptions("model", world.path("p256"), directory=place, cache=False))
    assert result.signature == f"{place}/model.sig"
    assert verified(world, directory=place).holds
    (model / "evidence" / "x").write_bytes(b"")
    assert verified(world, directory=place).outcome is Outcome.UNSIGNED_FILES


def test_descriptions_of_data(world: World, tmp_path: Path) -> None:
    for folder, rows in (("a", "1\n2\n"), ("b", "3\n4\n")):
        Path(folder).mkdir()
        Path(folder, "train.csv").write_text("x\n" + rows)
        signed(world, f"{folder}/train.csv", directory=DIRECTORY, data=True)
    assert len([name for name in os.listdir(DIRECTORY) if name.endswith(".data.json")]) == 2
    for folder in ("a", "b"):
        found = verified(world, f"{folder}/train.csv", directory=DIRECTORY, data=True)
        assert found.holds, found.reason
    Path("b", "train.csv").write_text("x\n3\n5\n")
    (kept,) = [n for n in os.listdir(DIRECTORY) if n.endswith(".sig") and n not in os.path.basename(found.signature)]
    os.unlink(os.path.join(DIRECTORY, kept))
    found = verified(world, "b/train.csv", directory=DIRECTORY, data=True)
    assert any(d.change is Change.DATA for d in found.differences), found.reason
