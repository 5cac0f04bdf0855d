"""Libraries that are told pickles are fine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/dangerous-deserialization-allowed"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "store = FAISS.load_local('i', e, allow_dangerous_deserialization=True)")


def benign(directory: Path) -> Path:
    return module(
        directory,
        *HEAD,
        "store = FAISS.load_local('i', e, allow_dangerous_deserialization=False)",
        "store = FAISS.load_local('i', e)",
    )


CASES = [
    (
        "from langchain import FAISS; FAISS.load_local('i', e, allow_dangerous_deserialization=True)",
        Severity.MEDIUM,
    ),
    ("create_pandas_dataframe_agent(llm, df, allow_dangerous_code=True)", Severity.MEDIUM),
    ("f(allow_dangerous_deserialization=flag)", None),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4
