"""Dependencies with known vulnerabilities."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.checks.supply_chain.advisories import imported
from tests.checks.supply_chain.files import file, said
from violet.checks.examine import examine_file
from violet.domain import Severity, Skipped

RULE = "supply_chain/vulnerable-dependency"
HIGH, MEDIUM, LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW


@pytest.fixture(scope="module")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> str:
    return imported(tmp_path_factory.mktemp("advisories"))


@pytest.fixture
def intel(advisories: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("VIOLET_INTEL_DIRECTORY", advisories)
    return advisories


def positive(directory: Path) -> Path:
    imported(directory.parent / f"{directory.name}-advisories")
    return file(directory, "requirements.txt", "torch==2.5.1")


def benign(directory: Path) -> Path:
    imported(directory.parent / f"{directory.name}-advisories")
    return file(directory, "requirements.txt", "torch==2.9.0", "tqdm>=4.67", "numpy==2.0.0", "torch")


def test_all_problems_of_a_package_are_one_finding(tmp_path: Path, intel: str) -> None:
    (found,) = said(file(tmp_path, "requirements.txt", "numpy==2.0", "torch==2.5.1"), RULE)
    assert found.severity is HIGH
    assert "torch 2.5.1 has 2 known vulnerabilities (GHSA-53q9-r3pm-6pq6" in found.message
    assert "GHSA-3749-ghw9-m3mg" in found.evidence
    assert found.fix == "Move torch to 2.7.1rc1 or newer."
    assert found.location.line == 2


def test_lock_files_of_npm(tmp_path: Path, intel: str) -> None:
    packages = {f"node_modules/{name}": {"version": version} for name, version in
                (("lodash", "4.17.5"), ("torch", "2.5.1"), ("ms", "2.1.2"))}  # fmt: skip
    path = tmp_path / "package-lock.json"
    path.write_text(json.dumps({"lockfileVersion": 3, "packages": packages}, indent=1))
    (found,) = said(path, RULE)
    assert "lodash 4.17.5 has 2 known vulnerabilities" in found.message
    assert found.fix == "Move lodash to 4.17.21 or newer.", "4.17.9 is older, though its text is not"
    assert found.severity is MEDIUM
    assert not said(path, "supply_chain/unhashed-dependency")


@pytest.mark.parametrize(
    ("line", "severity"),
    [
        ("torch==2.6.0", LOW),
        ("pillow==10.2.0", MEDIUM),
        ("tqdm==4.66.0", LOW),
        ("acme-stealer==1.0", Severity.CRITICAL),
        ("acme-stealer>=1", Severity.CRITICAL),
        ("torch>=2.0", LOW),
        ("torch<2.6", HIGH),
    ],
)
def test_severities(tmp_path: Path, intel: str, line: str, severity: Severity) -> None:
    assert [f.severity for f in said(file(tmp_path, "requirements.txt", line), RULE)] == [severity]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("uv.lock", ("version = 1", "[[package]]", 'name = "torch"', 'version = "2.5.1"')),
        ("poetry.lock", ("[[package]]", 'name = "torch"', 'version = "2.5.1"')),
        ("Pipfile.lock", ('{"_meta": {}, "default": {"torch": {"version": "==2.5.1"}}}',)),
        ("pyproject.toml", ("[project]", 'name = "x"', 'dependencies = ["torch==2.5.1"]')),
        ("pyproject.toml", ("[tool.poetry.dependencies]", 'torch = "2.5.1"')),
        ("environment.yml", ("dependencies:", "- pip:", "  - torch==2.5.1")),
        ("setup.py", ("setup(install_requires=['torch==2.5.1'])",)),
        ("setup.cfg", ("[options]", "install_requires =", "    torch==2.5.1")),
    ],
)
def test_every_sort_of_file(tmp_path: Path, intel: str, name: str, lines: tuple[str, ...]) -> None:
    assert [f.severity for f in said(file(tmp_path, name, *lines), RULE)] == [HIGH]


def test_a_range_says_nothing_beside_a_lock_file(tmp_path: Path, intel: str) -> None:
    file(tmp_path, "uv.lock", "version = 1")
    path = file(tmp_path, "pyproject.toml", "[project]", 'name = "x"', 'dependencies = ["torch>=2.0"]')
    assert not said(path, RULE)


def test_without_advisories_that_is_said_and_nothing_else(tmp_path: Path) -> None:
    assert not os.path.exists(os.environ["VIOLET_INTEL_DIRECTORY"])
    path = file(tmp_path, "requirements.txt", "torch==2.5.1")
    skipped = [o for o in examine_file(str(path)).outcomes if isinstance(o, Skipped)]
    assert [s.what for s in skipped] == ["no advisories"]
    assert "violet intel update" in skipped[0].reason


def test_a_broken_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "advisories.db").write_bytes(b"not a database" * 100)
    monkeypatch.setenv("VIOLET_INTEL_DIRECTORY", str(tmp_path))
    path = file(tmp_path, "requirements.txt", "torch==2.5.1")
    skipped = [o for o in examine_file(str(path)).outcomes if isinstance(o, Skipped)]
    assert [s.what for s in skipped] == ["advisories"]
