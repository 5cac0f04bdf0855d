"""JSON lines of text and label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from violet.domain.errors import UsageError
from violet.targets.base import InputKind
from violet.targets.data import load_data


def write(where: Path, text: str) -> Path:
    path = where / "d.jsonl"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("lines", "options", "texts", "y", "classes"),
    [
        ('{"text": "a b", "label": 1}\n\n{"text": "é", "label": 0}\n', {}, ["a b", "é"], [1, 0], ("0", "1")),
        (
            '{"label": "up", "sentence": "a"}\n{"label": "down", "sentence": "b"}',
            {},
            ["a", "b"],
            [1, 0],
            ("down", "up"),
        ),
        (
            '{"q": "a", "mood": 1, "n": 2}\n{"q": "b", "mood": 0, "n": 2}',
            {"label": "mood"},
            ["a", "b"],
            [1, 0],
            ("0", "1"),
        ),
    ],
)
def test_texts_and_labels(lines: str, options: Any, texts: Any, y: Any, classes: Any, tmp_path: Path) -> None:
    data = load_data(write(tmp_path, lines), **options)
    assert data.domain.kind is InputKind.TEXT
    assert data.domain.shape == ()
    assert data.x.tolist() == texts
    assert data.y.tolist() == y
    assert data.classes == classes


def test_segments(tmp_path: Path) -> None:
    path = write(tmp_path, "".join(f'{{"text": "t{n}", "label": {n % 2}, "site": {n // 2}}}\n' for n in range(6)))
    assert load_data(path, segment=["site"]).segments["site"].tolist() == ["0", "0", "1", "1", "2", "2"]


@pytest.mark.parametrize(
    ("lines", "options", "message"),
    [
        ('{"text": "a", "label": 1}\n{"text": "b"\n', {}, "line 2 is no JSON"),
        ('{"text": "a", "label": 1}\n["b"]\n', {}, "line 2 is no JSON object"),
        ('{"text": "a", "label": 1}\n{"text": "b"}\n', {}, "object 2 has no 'label'"),
        ('{"text": "a", "label": 1}\n{"text": " ", "label": 0}\n', {}, "row 1 has no text"),
        ('{"text": "a", "label": 1}\n{"text": 5, "label": 0}\n', {}, "row 1 has no text"),
        ('{"text": "a", "label": 1}\n{"text": "b", "label": 1}\n', {}, "every row is of class"),
        ('{"text": "a", "label": 1.5}\n{"text": "b", "label": 1}\n', {}, "no whole number"),
        ('{"text": "a", "mood": 1}\n', {}, "which key is the class"),
        ('{"a": "x", "b": "y", "label": 1}\n', {}, "which key is the text"),
        ('{"text": "a", "label": 1}\n', {"segment": ["site"]}, "has no 'site'"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(lines: str, options: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=message):
        load_data(write(tmp_path, lines), **options)


def test_what_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "d.jsonl"
    path.write_bytes(b'{"text": "\xff", "label": 1}\n')
    with pytest.raises(UsageError, match="is not UTF-8"):
        load_data(path)
