"""Repositories without a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unpinned-hub-revision"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "model = AutoModel.from_pretrained('org/model')")


def benign(directory: Path) -> Path:
    return module(
        directory,
        *HEAD,
        "AutoModel.from_pretrained('org/model', revision='000000000000000000000000000000000000000a')",
        "AutoModel.from_pretrained('./model')",
        "AutoModel.from_pretrained(arguments.model)",
        "AutoModel.from_pretrained('models/mine')",
        "datasets.load_dataset('csv', data_files='a.csv')",
        "AutoModel.from_pretrained('org/model', local_files_only=True)",
        "AutoModel.from_pretrained('org/model', revision=REVISION)",
    )


CASES = [
    ("hub.hf_hub_download('org/model', 'a.bin')", Severity.LOW),
    ("hub.hf_hub_download(repo_id='org/model', filename='a.bin')", Severity.LOW),
    ("hub.snapshot_download('org/model', revision='main')", Severity.LOW),
    ("datasets.load_dataset('squad')", Severity.LOW),
    ("datasets.load_dataset('org/data', revision='v1')", Severity.LOW),
    ("AutoModel.from_pretrained('bert-base-uncased')", Severity.LOW),
    ("pipeline('summarization', model='org/model')", Severity.LOW),
    ("torch.hub.load('ultralytics/yolov5', 'yolov5s')", Severity.MEDIUM),
    ("torch.hub.load('ultralytics/yolov5:000000000000000000000000000000000000000a', 'yolov5s')", None),
    ("torch.hub.load('.', 'own', source='local')", None),
    ("NAME = 'org/model'; AutoModel.from_pretrained(NAME)", Severity.LOW),
    ("from sentence_transformers import SentenceTransformer as S; S('org/model')", Severity.LOW),
    ("AutoModel.from_pretrained('/models/org')", None),
    ("AutoModel.from_pretrained('out/checkpoint.pt')", None),
    ("x.load_dataset_from('org/data')", None),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4
