"""Versions that are left open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.checks.supply_chain.files import file, said, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unpinned-dependency"


def positive(directory: Path) -> Path:
    return file(directory, "requirements.txt", "torch", "transformers>=4.40", "numpy==2.0.0")


def benign(directory: Path) -> Path:
    return file(directory, "requirements.txt", "torch==2.9.0", "pip", "-r base.txt", "x @ git+https://g/x@" + "a" * 40)


def test_one_finding_names_them(tmp_path: Path) -> None:
    (found,) = said(positive(tmp_path), RULE)
    assert found.message.startswith("2 of 3 packages")
    assert found.evidence == "torch, transformers>=4.40"
    assert found.location.line == 1


def test_a_lock_file_beside_it_is_enough(tmp_path: Path) -> None:
    file(tmp_path, "uv.lock", "version = 1")
    assert not said(positive(tmp_path), RULE)


def test_sources_of_compiled_lists_are_left_alone(tmp_path: Path) -> None:
    assert not said(file(tmp_path, "requirements.in", "torch"), RULE)
    assert not said(file(tmp_path, "constraints.txt", "torch<3"), RULE)


def test_libraries_leave_versions_open(tmp_path: Path) -> None:
    path = file(tmp_path, "pyproject.toml", "[project]", 'name = "x"', 'dependencies = ["torch>=2.6", "numpy"]')
    (found,) = said(path, RULE)
    assert found.severity is Severity.INFO
    assert found.evidence == "numpy"
    assert severities(file(tmp_path, "setup.py", "setup(install_requires=['torch>=2'])"), RULE) == []


def test_environments(tmp_path: Path) -> None:
    path = file(tmp_path, "environment.yml", "dependencies:", "- python=3.12", "- numpy=2.1", "- pip:", "  - torch")
    (found,) = said(path, RULE)
    assert found.evidence == "numpy=2.1, torch"
