"""Downloads without protection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/plain-http-download"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "urllib.request.urlretrieve('http://data.example.org/a.csv', 'a.csv')")


def benign(directory: Path) -> Path:
    return module(
        directory,
        *HEAD,
        "urllib.request.urlretrieve('https://data.example.org/a.csv', 'a.csv')",
        "requests.get('http://localhost:8000/a.zip')",
        "requests.get('http://api.example.org/v1/models')",
        "requests.get('http://10.0.0.7/a.zip')",
        "requests.get('http://minio:9000/a.zip')",
        "keras.utils.get_file('a', 'http://data.example.org/a.h5', file_hash='00')",
    )


CASES = [
    ("requests.get('http://data.example.org/a.zip')", Severity.MEDIUM),
    ("requests.get(f'http://data.example.org/{name}.zip')", Severity.MEDIUM),
    ("URL = 'http://data.example.org/a.zip'; requests.get(URL)", Severity.MEDIUM),
    ("pd.read_csv('http://data.example.org/a.csv')", Severity.MEDIUM),
    ("keras.utils.get_file('a', 'http://data.example.org/a.h5')", Severity.MEDIUM),
    ("torch.hub.load_state_dict_from_url('http://data.example.org/a.pth', weights_only=True)", Severity.MEDIUM),
    ("requests.get(url)", None),
    ("requests.get(f'http://{host}/a.zip')", None),
    ("urllib.request.urlretrieve('ftp://data.example.org/a', 'a')", Severity.MEDIUM),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4
