"""Folders of images."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from violet.domain.errors import UsageError
from violet.targets.base import InputKind
from violet.targets.data import load_data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six colour images of 6 x 8 in two classes, in several formats, and a file that the system left."""
    rng = np.random.default_rng(0)
    root = tmp_path / "images"
    for index in range(6):
        where = root / ("cat", "dog")[index % 2] / ("" if index < 4 else "more")
        where.mkdir(parents=True, exist_ok=True)
        pixels = rng.integers(0, 256, (8, 6, 3), dtype=np.uint8)
        pixels[0, 0] = (255, index, 0)
        Image.fromarray(pixels).save(where / f"{index}.{('png', 'bmp', 'ppm')[index % 3]}")
    (root / "cat" / ".DS_Store").write_bytes(b"x")
    return root


def test_a_folder_a_class(folder: Path) -> None:
    data = load_data(folder)
    assert data.domain.kind is InputKind.IMAGE
    assert (data.x.shape, data.x.dtype, data.domain.layout) == ((6, 3, 8, 6), np.float32, "chw")
    assert data.classes == ("cat", "dog")
    assert data.y.tolist() == [0, 0, 0, 1, 1, 1]
    corner = data.x[:, :, 0, 0] * 255
    assert np.rint(corner[:, 1]).tolist() == [0, 2, 4, 1, 3, 5]
    assert np.rint(corner[:, 0]).tolist() == [255] * 6
    assert data.domain.high.max() == 1
    assert len(data.notes) == 2
    assert data.name == "images"


def test_layout_range_and_limit(folder: Path) -> None:
    whole = load_data(folder)
    data = load_data(folder, layout="hwc", value_range=(-1, 1))
    assert np.allclose(data.x, whole.x.transpose(0, 2, 3, 1) * 2 - 1, atol=1e-6)
    assert data.notes == ()
    few = load_data(folder, limit=4, seed=1)
    assert len(few) == 4
    assert few.digest == whole.digest
    assert all((row == whole.x).all(axis=(1, 2, 3)).any() for row in few.x)


def test_grey_images(folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "grey"
    for path in sorted(folder.rglob("*.*")):
        if path.suffix in (".png", ".bmp", ".ppm"):
            new = root / path.relative_to(folder).with_suffix(".png")
            new.parent.mkdir(parents=True, exist_ok=True)
            Image.open(path).convert("L").save(new)
    assert load_data(root).x.shape == (6, 1, 8, 6)
    assert load_data(root, layout="hw").x.shape == (6, 8, 6)
    with pytest.raises(UsageError, match="no layout hw"):
        load_data(folder, layout="hw")


def test_the_digest_is_of_all_files_and_names(folder: Path, tmp_path: Path) -> None:
    before = load_data(folder).digest
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name[0] != ".")
    lines = sorted(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n" for path in files
    )
    assert before == hashlib.sha256("".join(lines).encode()).hexdigest()
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    assert load_data(copy).digest == before
    (copy / "cat" / "0.png").rename(copy / "cat" / "zero.png")
    assert load_data(copy).digest != before


def test_what_is_wrong_is_named(folder: Path) -> None:
    broken = folder / "dog" / "broken.png"
    broken.write_bytes(b"no image")
    with pytest.raises(UsageError, match=r"broken\.png is no image that can be read"):
        load_data(folder)
    whole = (folder / "cat" / "0.png").read_bytes()
    broken.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UsageError, match=r"broken\.png is a broken image"):
        load_data(folder)
    Image.new("RGB", (5, 8)).save(broken)
    with pytest.raises(UsageError, match=r"broken\.png has 5 x 8 pixels, and .* has 6 x 8"):
        load_data(folder)
    broken.unlink()
    (folder / "eel").mkdir()
    with pytest.raises(UsageError, match="eel holds no images"):
        load_data(folder)
    (folder / "eel").rmdir()
    with pytest.raises(UsageError, match="'xy' is no layout"):
        load_data(folder, layout="xy")
    with pytest.raises(UsageError, match="no schema, label column or segments"):
        load_data(folder, label="x")
    shutil.rmtree(folder / "dog")
    with pytest.raises(UsageError, match="has 1 folder within"):
        load_data(folder)
