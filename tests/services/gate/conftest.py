"""The place of work is built once; every test has a copy of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.services.gate import world
from violet.provenance.keys import load_private


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sklearn")
    root = tmp_path_factory.mktemp("gate") / "built"
    root.mkdir()
    world.build(root)
    return root


@pytest.fixture
def place(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> world.World:
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    root = tmp_path / "place"
    shutil.copytree(built, root)
    monkeypatch.chdir(root)
    made = world.World(root, {name: load_private(str(root / f"{name}.pem")) for name in world.PEOPLE})
    made.preset()
    return made
