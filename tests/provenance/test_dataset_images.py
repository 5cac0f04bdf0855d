"""Folders of images: what headers say, and labels that are flipped by moving a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.provenance.datasets import Files, described, told
from violet.domain.dataset import ImageFacts
from violet.formats.source import BytesSource
from violet.provenance.dataset.images import image_facts

image = pytest.importorskip("PIL.Image")

FORMATS = {"a.png": "png", "a.jpg": "jpeg", "a.gif": "gif", "a.bmp": "bmp", "a.webp": "webp", "a.tiff": "tiff"}


def picture(name: str = "a.png", size: tuple[int, int] = (7, 5), shade: int = 0, **options: object) -> bytes:
    out = io.BytesIO()
    kind = FORMATS["a." + name.rpartition(".")[2]]
    image.new("RGB", size, (shade % 256, shade // 256, 9)).save(out, kind.upper(), **options)
    return out.getvalue()


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [(7, 5), (300, 1), (1, 300)])
def test_size_as_the_writer_wrote_it(name: str, size: tuple[int, int]) -> None:
    assert image_facts(BytesSource(picture(name, size))) == ImageFacts(FORMATS[name], *size)


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.jpg", {"progressive": True}), ("a.jpg", {"exif": b"Exif\0\0" + bytes(3000)}), ("a.webp", {"lossless": True})],
)
def test_size_in_other_layouts(name: str, options: dict[str, object]) -> None:
    assert image_facts(BytesSource(picture(name, **options))) == ImageFacts(FORMATS[name], 7, 5)


@given(st.sampled_from(sorted(FORMATS)), st.integers(0, 200), st.binary(max_size=20))
def test_any_header_gives_an_outcome(name: str, cut: int, more: bytes) -> None:
    facts = image_facts(BytesSource(picture(name)[:cut] + more))
    assert facts is None or facts.width >= 0


IMAGES: Files = {
    f"{split}/{label}/{n}.png": picture(shade=n + 10 * k + 100 * s)
    for s, split in enumerate(("train", "test"))
    for k, label in enumerate(("cat", "dog"))
    for n in range(3)
}


def moved(origin: str, target: str) -> Files:
    files = dict(IMAGES)
    files[target] = files.pop(origin)
    return files


CASES: dict[str, tuple[Files, list[str]]] = {
    "a label flipped": (
        moved("train/cat/1.png", "train/dog/9.png"),
        [
            "train/cat/1.png moved from train/cat/ to train/dog/, and is called 9.png there.",
            'The class "train/cat" had 3 images, and has 2 now.',
            'The class "train/dog" had 3 images, and has 4 now.',
        ],
    ),
    "labels exchanged": (
        IMAGES | {"train/cat/1.png": IMAGES["train/dog/1.png"], "train/dog/1.png": IMAGES["train/cat/1.png"]},
        ["train/cat/1.png and train/dog/1.png have exchanged their contents."],
    ),
    "a class renamed": (
        {path.replace("test/cat", "test/lion"): data for path, data in IMAGES.items()},
        [
            "test/cat/0.png moved from test/cat/ to test/lion/.",
            "test/cat/1.png moved from test/cat/ to test/lion/.",
            "test/cat/2.png moved from test/cat/ to test/lion/.",
            'The class "test/cat" had 3 images, and has 0 now.',
            'The class "test/lion" had 0 images, and has 3 now.',
        ],
    ),
    "from test to training": (
        IMAGES | {"train/cat/7.png": IMAGES["test/cat/1.png"]},
        [
            'The class "train/cat" had 3 images, and has 4 now.',
            "train/cat/7.png is new, a copy of test/cat/1.png.",
        ],
    ),
    "another image": (
        IMAGES | {"train/cat/1.png": picture(size=(9, 9))},
        ["train/cat/1.png: the image is another one (PNG of 7 x 5 before, PNG of 9 x 9 now)."],
    ),
    "a patch in an image": (
        IMAGES | {"train/cat/1.png": picture(shade=77)},
        ["train/cat/1.png: the image is another one."],
    ),
    "no image any more": (
        IMAGES | {"train/cat/1.png": b"<html>"},
        ["train/cat/1.png: the image is none any more.", 'The class "train/cat" had 3 images, and has 2 now.'],
    ),
    "one gone": (
        {path: data for path, data in IMAGES.items() if path != "train/cat/1.png"},
        ['The class "train/cat" had 3 images, and has 2 now.', "train/cat/1.png is missing."],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tampering(case: str, tmp_path: Path) -> None:
    after, sentences = CASES[case]
    assert sorted(told(tmp_path, IMAGES, after)) == sorted(sentences)


def test_classes_are_counted(tmp_path: Path) -> None:
    made = described(tmp_path, IMAGES)
    assert [(group.name, group.images) for group in made.classes] == [
        ("test/cat", 3),
        ("test/dog", 3),
        ("train/cat", 3),
        ("train/dog", 3),
    ]
    assert described(tmp_path / "flat", {"a.png": picture()}).classes == ()
