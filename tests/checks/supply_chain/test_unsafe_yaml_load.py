"""YAML that can name any object."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unsafe-yaml-load"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "c = yaml.load(open('c.yaml'), Loader=yaml.Loader)")


def benign(directory: Path) -> Path:
    return module(
        directory,
        *HEAD,
        "c = yaml.safe_load(f)",
        "c = yaml.load(f, Loader=yaml.SafeLoader)",
        "c = yaml.load(f, yaml.CSafeLoader)",
        "c = yaml.load(f, Loader=loader)",
    )


CASES = [
    ("yaml.load(f, yaml.UnsafeLoader)", Severity.MEDIUM),
    ("yaml.unsafe_load(f)", Severity.MEDIUM),
    ("yaml.full_load(f)", Severity.LOW),
    ("yaml.load(f)", Severity.LOW),
    ("yaml.load_all(f, Loader=yaml.FullLoader)", Severity.LOW),
    ("from ruamel.yaml import YAML; YAML(typ='unsafe').load(f)", Severity.MEDIUM),
    ("from ruamel.yaml import YAML; YAML(typ='safe').load(f)", None),
    ("yaml.dump(x)", None),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4


@pytest.mark.parametrize(("asked", "severities"), [("pyyaml==6.0.2", []), ("PyYAML<5", [Severity.MEDIUM])])
def test_the_version_decides_about_no_loader(tmp_path: Path, asked: str, severities: list[Severity]) -> None:
    (tmp_path / "requirements.txt").write_text(asked)
    assert [f.severity for f in said(module(tmp_path, *HEAD, "yaml.load(f)"), RULE)] == severities
