"""Objects of classes that no known library defines."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from typing import TYPE_CHECKING

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(b"\x80\x04\x8c\x07acme.ml\x8c\x05Model\x93)\x81}\x8c\x01aK\x01sb.")
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps(OrderedDict(a=1)))
    return path


def test_it_is_of_medium_severity(tmp_path: Path) -> None:
    assert {f.severity.name for f in outcomes(positive(tmp_path))} == {"MEDIUM"}
