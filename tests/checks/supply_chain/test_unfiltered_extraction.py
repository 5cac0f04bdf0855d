"""Tar archives without a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unfiltered-extraction"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "tarfile.open('a.tar').extractall('out')")


def benign(directory: Path) -> Path:
    return module(
        directory,
        *HEAD,
        "tarfile.open('a.tar').extractall('out', filter='data')",
        "import zipfile; zipfile.ZipFile('a').extractall('out')",
        "tarfile.open('a.tar').extractall('out', members=checked)",
    )


CASES = [
    ("with tarfile.open('a') as t: t.extractall()", Severity.MEDIUM),
    ("t = tarfile.TarFile('a'); t.extract('b', 'out')", Severity.MEDIUM),
    ("tarfile.open('a').extractall(filter='fully_trusted')", Severity.MEDIUM),
    ("tarfile.open('a').extractall(filter=tarfile.data_filter)", None),
    ("x.extractall()", None),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4


def test_python_that_filters_by_default(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname='x'\nrequires-python='>=3.14'\n")
    assert not said(module(tmp_path, *HEAD, "tarfile.open('a.tar').extractall('out')"), RULE)
