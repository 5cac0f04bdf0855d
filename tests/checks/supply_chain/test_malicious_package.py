"""Packages that are known to be attacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import file, outcomes, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/malicious-package"


def positive(directory: Path) -> Path:
    return file(directory, "requirements.txt", "ultralytics==8.3.41")


def benign(directory: Path) -> Path:
    return file(directory, "requirements.txt", "ultralytics==8.3.47", "litellm>=1.82", "torch==2.9.0")


@pytest.mark.parametrize(
    "line", ["torchtriton", "TorchTriton==3.0", "litellm==1.82.8", "lightning==2.6.3", "deepseeek"]
)
def test_published_cases(tmp_path: Path, line: str) -> None:
    path = file(tmp_path, "requirements.txt", "numpy==2.0.0", line)
    (found,) = said(path, RULE)
    assert found.severity is Severity.CRITICAL
    assert found.location.line == 2
    assert not said(path, "supply_chain/lookalike-package")


def test_lock_files_and_commands(tmp_path: Path) -> None:
    lock = file(tmp_path, "uv.lock", "version = 1", "[[package]]", 'name = "lightning"', 'version = "2.6.2"')
    assert said(lock, RULE)
    assert said(file(tmp_path, "Dockerfile", "FROM a", "RUN pip install torchtriton"), RULE)


def test_a_neighbouring_version_is_clean(tmp_path: Path) -> None:
    assert not [f for f in outcomes(file(tmp_path, "requirements.txt", "litellm==1.82.70")) if f.rule == RULE]
