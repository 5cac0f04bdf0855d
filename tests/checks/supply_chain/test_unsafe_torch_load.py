"""torch.load, in the forms it is written in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, notebook, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unsafe-torch-load"
MEDIUM, LOW = Severity.MEDIUM, Severity.LOW


def positive(directory: Path) -> Path:
    return module(directory, "import torch", "state = torch.load('model.pt', weights_only=False)")


def benign(directory: Path) -> Path:
    (directory / "requirements.txt").write_text("torch==2.9.0\n")
    return module(
        directory,
        "import torch",
        "state = torch.load('model.pt', weights_only=True)",
        "other = torch.load('model.pt')",
        "third = torch.load('model.pt', **options)",
        "fourth = torch.load('model.pt', weights_only=not trusted)",
    )


CALLS = [
    "torch.load(f, weights_only=False)",
    "t.load(f, weights_only=False)",
    "load(f, weights_only=False)",
    "read(f, weights_only=False)",
    "alias(f, weights_only=False)",
    "torch.load(f, **{'weights_only': False})",
    "torch.load(f, **options)",
    "partial(torch.load, weights_only=False)(f)",
    "getattr(torch, 'load')(f, weights_only=False)",
    "Net.load_from_checkpoint(f, weights_only=False)",
    "torch.load(f, weights_only=0)",
]


@pytest.mark.parametrize("call", CALLS)
def test_forms(tmp_path: Path, call: str) -> None:
    path = module(
        tmp_path,
        "import torch, torch as t",
        "from functools import partial",
        "from torch import load, load as read",
        "from models import Net",
        "alias = t.load",
        "options = dict(weights_only=False)",
        f"x = {call}",
    )
    found = said(path, RULE)
    assert [(f.severity, f.location.line) for f in found] == [(MEDIUM, 7)], call


PINS = [
    ("requirements.txt", "torch==2.5.1", [MEDIUM]),
    ("requirements.txt", "torch>=2.1", [MEDIUM]),
    ("requirements.txt", "torch>=2.6", []),
    ("requirements.txt", "torch==2.10.0", []),
    ("requirements.txt", "torch", [LOW]),
    ("requirements.txt", "numpy==2.0", [LOW]),
    ("pyproject.toml", "[project]\nname='x'\ndependencies=['torch>=2.6']", []),
    ("pyproject.toml", "[tool.poetry.dependencies]\ntorch = '^2.6'", []),
    ("pyproject.toml", "[tool.poetry.dependencies]\ntorch = '^2.1'", [MEDIUM]),
    ("environment.yml", "dependencies:\n- pytorch=2.5.1", [MEDIUM]),
    ("uv.lock", "version = 1\n[[package]]\nname = 'torch'\nversion = '2.8.0'", []),
    ("uv.lock", "version = 1\n[[package]]\nname = 'torch'\nversion = '2.5.0'", [MEDIUM]),
]


@pytest.mark.parametrize(("name", "text", "severities"), PINS)
def test_the_version_decides_about_the_default(
    tmp_path: Path, name: str, text: str, severities: list[Severity]
) -> None:
    (tmp_path / name).write_text(text)
    path = module(tmp_path, "import torch", "x = torch.load('model.pt')")
    assert [f.severity for f in said(path, RULE)] == severities


def test_a_lock_file_comes_before_what_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname='x'\ndependencies=['torch>=2.0']")
    (tmp_path / "uv.lock").write_text("version = 1\n[[package]]\nname = 'torch'\nversion = '2.8.0'\n")
    assert not said(module(tmp_path, "import torch", "x = torch.load('m.pt')"), RULE)


def test_cells_of_notebooks_know_each_other(tmp_path: Path) -> None:
    path = notebook(tmp_path, "import torch as t\n", "%time\nx = 1\ny = t.load('m.pt', weights_only=False)\n")
    (found,) = said(path, RULE)
    assert found.message.startswith("Cell 2: ")
    assert found.location.line == 3


def test_installed_packages_and_tests_are_never_more_than_low(tmp_path: Path) -> None:
    lines = ("import torch", "x = torch.load('m.pt', weights_only=False)")
    (installed,) = said(module(tmp_path, *lines, name="venv/lib/python3.12/site-packages/acme/io.py"), RULE)
    assert installed.severity is LOW
    (tested,) = said(module(tmp_path, *lines, name="test_io.py"), RULE)
    assert tested.severity is LOW


def test_a_default_of_a_download_is_told(tmp_path: Path) -> None:
    path = module(tmp_path, "from torch.hub import load_state_dict_from_url as fetch", "x = fetch(url)")
    assert [f.severity for f in said(path, RULE)] == [LOW]


def test_other_loads_are_not_torchs(tmp_path: Path) -> None:
    path = module(
        tmp_path,
        "import json, numpy",
        "def load(p): return json.load(p)",
        "load('a')",
        "numpy.load('a')",
        "class torch:",
        "    @staticmethod",
        "    def load(p): return p",
        "torch.load('a')",
    )
    assert not said(path, RULE)
