"""Names made to be taken for others."""

from __future__ import annotations

from importlib.metadata import distributions
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.checks.supply_chain.files import file, said
from tests.checks.supply_chain.package_names import MISSPELLED, REAL
from violet.checks.supply_chain._package_names import COMPROMISED, CONFUSED, MALICIOUS, NEIGHBOURS, POPULAR
from violet.checks.supply_chain._similarity import imitated
from violet.domain import Severity
from violet.formats.project.facts import canonical

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/lookalike-package"


def positive(directory: Path) -> Path:
    return file(directory, "requirements.txt", "numpy==2.0.0", "tensorfow==2.19.0")


def benign(directory: Path) -> Path:
    return file(directory, "requirements.txt", *REAL)


def test_no_real_name_is_taken_for_an_imitation() -> None:
    names = {canonical(name) for name in REAL} | {canonical(d.metadata["Name"]) for d in distributions()}
    assert len(names) > 1_000
    assert [(name, imitated(name)) for name in sorted(names) if imitated(name)[0]] == []


def test_little_of_that_is_by_exception() -> None:
    assert len(NEIGHBOURS) < 20


def test_misspellings_are_found() -> None:
    missed = [name for name in MISSPELLED if not imitated(canonical(name))[0]]
    assert len(missed) <= len(MISSPELLED) // 50, missed


def test_tables_agree() -> None:
    assert not set(MALICIOUS) & {canonical(name) for name in REAL}
    assert not set(MALICIOUS) & set(POPULAR)
    assert set(COMPROMISED) & {canonical(name) for name in REAL}
    assert all(canonical(name) == name for name in (*POPULAR, *NEIGHBOURS, *CONFUSED, *MALICIOUS, *COMPROMISED))


@pytest.mark.parametrize("name", ["pytorch", "sklearn", "tensorflow-gpu", "cv2"])
def test_names_of_modules_are_low(tmp_path: Path, name: str) -> None:
    (found,) = said(file(tmp_path, "requirements.txt", name), RULE)
    assert found.severity is Severity.LOW
    assert CONFUSED[name] in found.message


def test_letters_that_look_the_same(tmp_path: Path) -> None:
    (found,) = said(file(tmp_path, "requirements.txt", "nump\u0443==2.0.0"), RULE)
    assert "look-alike letters" in found.message


def test_conda_calls_it_pytorch(tmp_path: Path) -> None:
    assert not said(file(tmp_path, "environment.yml", "dependencies:", "- pytorch=2.9.0"), RULE)


def test_what_comes_from_an_address_is_no_imitation(tmp_path: Path) -> None:
    assert not said(file(tmp_path, "requirements.txt", "numpyy @ https://example.org/numpyy-1.0.tar.gz"), RULE)


def test_the_projects_own_name(tmp_path: Path) -> None:
    lines = ("[project]", 'name = "torchvisio"', 'dependencies = ["torchvisio[gpu]"]')
    assert not said(file(tmp_path, "pyproject.toml", *lines), RULE)


WORKFLOW = """on: push
jobs:
  a:
    runs-on: x
    steps:
    - run: |
        make
        pip install tensorfow
"""
COMMANDS = [
    ("Dockerfile", "FROM a\nRUN apt-get update && pip3 install --no-cache-dir 'tensorfow>=2' numpy\n", 2),
    (".github/workflows/a.yml", WORKFLOW, 8),
    ("setup.sh", "#!/bin/sh\nuv pip install tensorfow\n", 2),
    ("poetry.lock", "[[package]]\nname = 'tensorfow'\nversion = '1'\n", 1),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "line"), COMMANDS)
def test_commands_and_locks(tmp_path: Path, name: str, text: str, line: int) -> None:
    (found,) = said(file(tmp_path, name, text), RULE)
    assert found.location.line == line


@given(st.text(max_size=40))
def test_any_name_has_an_answer(name: str) -> None:
    target, how = imitated(canonical(name))
    assert bool(target) == bool(how)
    assert target == "" or target in POPULAR


@pytest.mark.parametrize("name", POPULAR)
def test_nothing_imitates_itself(name: str) -> None:
    assert imitated(name) == ("", "")
