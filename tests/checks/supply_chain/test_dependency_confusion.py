"""Private names that the public index could answer for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.checks.supply_chain.files import DIGEST, file, said

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/dependency-confusion"
EXTRA = "--extra-index-url https://me:secretword@pypi.acme.example/simple"


def positive(directory: Path) -> Path:
    return file(directory, "requirements.txt", EXTRA, "acme-features==1.4", "torch==2.9.0")


def benign(directory: Path) -> Path:
    return file(directory, "requirements.txt", "--index-url https://pypi.acme.example/simple", "acme-features==1.4")


def test_only_the_private_name_is_told(tmp_path: Path) -> None:
    (found,) = said(positive(tmp_path), RULE)
    assert found.message.startswith("acme-features may come from pypi.acme.example")
    assert "secretword" not in found.evidence


def test_hashes_bind(tmp_path: Path) -> None:
    assert not said(file(tmp_path, "requirements.txt", EXTRA, f"acme-features==1.4 --hash={DIGEST}"), RULE)


def test_indexes_of_frameworks_hold_public_names_only(tmp_path: Path) -> None:
    lines = ("--extra-index-url https://download.pytorch.org/whl/cu128", "torch", "our-own-thing")
    assert not said(file(tmp_path, "requirements.txt", *lines), RULE)


def test_uv_stops_at_the_first_index_unless_told_otherwise(tmp_path: Path) -> None:
    project = ["[project]", 'name = "x"', 'dependencies = ["acme-tools"]']
    index = ["[[tool.uv.index]]", 'url = "https://pypi.acme.example/simple"']
    assert not said(file(tmp_path, "pyproject.toml", *project, *index), RULE)
    unsafe = ["[tool.uv]", 'index-strategy = "unsafe-best-match"']
    assert said(file(tmp_path, "pyproject.toml", *project, *unsafe, *index), RULE)


def test_sources_of_poetry(tmp_path: Path) -> None:
    source = ["[[tool.poetry.source]]", 'name = "acme"', 'url = "https://pypi.acme.example/simple"']
    project = ["[tool.poetry.dependencies]", 'acme-tools = "^1"']
    bound = ["[tool.poetry.dependencies]", 'acme-tools = {version = "^1", source = "acme"}']
    assert said(file(tmp_path, "pyproject.toml", *project, *source), RULE)
    assert not said(file(tmp_path, "pyproject.toml", *project, *source, 'priority = "explicit"'), RULE)
    assert not said(file(tmp_path, "pyproject.toml", *bound, *source), RULE)


def test_commands(tmp_path: Path) -> None:
    run = "RUN pip install --extra-index-url https://pypi.acme.example/simple acme-features"
    (found,) = said(file(tmp_path, "Dockerfile", "FROM python:3.12", run), RULE)
    assert found.location.line == 2
