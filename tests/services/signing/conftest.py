"""A model, and keys and certificates to sign it with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.services.signing.world import World


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture
def model(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the model, in the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(world.model, tmp_path / "model")
    return tmp_path / "model"
