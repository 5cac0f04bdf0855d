"""Files to scan."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

HOSTILE = b"cos\nsystem\n(S'echo violet'\ntR."


@pytest.fixture
def zoo(tmp_path: Path) -> Path:
    """A directory with a harmless pickle, a hostile one, and one of each in a directory below."""
    root = tmp_path / "zoo"
    (root / "below").mkdir(parents=True)
    for folder in (root, root / "below"):
        (folder / "good.pkl").write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
        (folder / "evil.pkl").write_bytes(HOSTILE)
    return root
