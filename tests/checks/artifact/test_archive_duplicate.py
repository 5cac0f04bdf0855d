"""Members that share a name."""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from tests.checks.examples import outcomes, rules

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/archive-duplicate"


def array(values: object, *, allow_pickle: bool = False) -> bytes:
    target = io.BytesIO()
    np.save(target, np.asarray(values), allow_pickle=allow_pickle)
    return target.getvalue()


def written(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        for name, data in members:
            file.writestr(name, data)
    return path


def positive(directory: Path) -> Path:
    return written(directory / "m.npz", ("weights.npy", array([1.0])), ("weights.npy", array([2.0, 3.0])))


def benign(directory: Path) -> Path:
    return written(directory / "m.npz", ("weights.npy", array([1.0])), ("a/weights.npy", array([2.0, 3.0])))


def severities(path: Path) -> set[str]:
    return {f.severity.name for f in outcomes(path) if f.rule == RULE}


def test_only_different_content_is_grave(tmp_path: Path) -> None:
    assert severities(positive(tmp_path)) == {"HIGH"}
    assert severities(written(tmp_path / "e.zip", ("a.txt", b"text\n"), ("a.txt", b"text\n"))) == {"LOW"}
    assert severities(written(tmp_path / "c.zip", ("a.txt", b"text\n"), ("A.txt", b"other\n"))) == {"LOW"}
    assert RULE in rules(written(tmp_path / "n.zip", ("a.txt", b"text\n"), ("./a.txt", b"other\n")))
