"""Targets that Hydra would call."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import rules

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/instantiated-target"


def positive(directory: Path) -> Path:
    path = directory / "model_config.yaml"
    path.write_text("model:\n  _target_: os.system\n  command: id\n")
    return path


def benign(directory: Path) -> Path:
    path = directory / "model_config.yaml"
    path.write_text(
        "model:\n  _target_: nemo.collections.asr.models.EncDecCTCModel\noptim:\n  _target_: torch.optim.AdamW\n"
    )
    return path


@pytest.mark.parametrize("name", ["subprocess.run", "builtins.exec", "pickle.load", "posix.system", "shutil.rmtree"])
def test_targets_in_json(tmp_path: Path, name: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"model": {"_target_": name}}))
    assert RULE in rules(path)
    path.write_text(json.dumps({"model": {"_target_": name}}).replace("_target_", "\\u005ftarget_"))
    assert RULE in rules(path)
