"""Trust in the code of repositories."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/trust-remote-code"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "AutoModel.from_pretrained('org/model', trust_remote_code=True)")


def benign(directory: Path) -> Path:
    return module(
        directory,
        *HEAD,
        "AutoModel.from_pretrained('org/model', trust_remote_code=False)",
        "AutoModel.from_pretrained('org/model', trust_remote_code=arguments.trust)",
    )


CASES = [
    ("pipeline('text-generation', model='org/model', trust_remote_code=True)", Severity.MEDIUM),
    ("datasets.load_dataset('org/data', trust_remote_code=True)", Severity.MEDIUM),
    ("kw = {'trust_remote_code': True}; AutoModel.from_pretrained(name, **kw)", Severity.MEDIUM),
    ("kw = dict(trust_remote_code=True); AutoModel.from_pretrained(name, **kw)", Severity.MEDIUM),
    ("functools.partial(AutoModel.from_pretrained, trust_remote_code=True)", Severity.MEDIUM),
    ("from vllm import LLM; LLM(model='org/model', trust_remote_code=True)", Severity.MEDIUM),
    (
        "AutoModel.from_pretrained('o/m', trust_remote_code=True, revision='000000000000000000000000000000000000000a')",
        Severity.LOW,
    ),
    ("engine.start(trust_remote_code=True)", Severity.MEDIUM),
    ("def own(trust_remote_code=True): pass", None),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4
