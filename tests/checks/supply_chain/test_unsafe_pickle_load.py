"""Pickles, in all the forms they come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unsafe-pickle-load"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "model = joblib.load('model.joblib')")


def benign(directory: Path) -> Path:
    return module(
        directory,
        *HEAD,
        "x = np.load('a.npy')",
        "pickle.dump(1, f)",
        "class Safe(pickle.Unpickler):\n    def find_class(self, m, n):\n        raise ValueError\nSafe(f).load()",
    )


CASES = [
    ("pickle.load(f)", Severity.MEDIUM),
    ("pickle.loads(b)", Severity.MEDIUM),
    ("pickle.Unpickler(f).load()", Severity.MEDIUM),
    ("shelve.open('a')", Severity.MEDIUM),
    ("marshal.loads(b)", Severity.MEDIUM),
    ("pd.read_pickle('a')", Severity.MEDIUM),
    ("np.load('a', allow_pickle=True)", Severity.MEDIUM),
    ("np.load('a', None, True)", Severity.MEDIUM),
    ("np.load('a', allow_pickle=False)", None),
    ("from cloudpickle import load as L; L(f)", Severity.MEDIUM),
    ("rows = list(map(pickle.load, files))", Severity.MEDIUM),
    ("functools.partial(joblib.load, mmap_mode='r')", Severity.MEDIUM),
    ("np.load('a', **{'allow_pickle': True})", Severity.MEDIUM),
    ("with open('a', 'rb') as f: x = pickle.load(f)", Severity.MEDIUM),
    ("def go(): return (lambda p: joblib.load(p))", Severity.MEDIUM),
    ("import _pickle; _pickle.loads(b)", Severity.MEDIUM),
    ("x.load(f)", None),
    ("pickle.dumps(x)", None),
    ("# pickle.load(f)", None),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4
