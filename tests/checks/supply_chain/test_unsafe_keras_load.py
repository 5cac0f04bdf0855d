"""Keras without its safe mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.loading import module, said
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unsafe-keras-load"
HEAD = (
    "import pickle, joblib, yaml, tarfile, shelve, marshal, requests, urllib.request, keras, functools",
    "import numpy as np, pandas as pd, torch, transformers, datasets, huggingface_hub as hub",
    "from transformers import AutoModel, pipeline",
)


def positive(directory: Path) -> Path:
    return module(directory, *HEAD, "keras.models.load_model('m.keras', safe_mode=False)")


def benign(directory: Path) -> Path:
    return module(
        directory, *HEAD, "keras.models.load_model('m.keras')", "keras.models.load_model('m.keras', safe_mode=True)"
    )


CASES = [
    ("from tensorflow.keras.models import load_model; load_model('m', safe_mode=False)", Severity.MEDIUM),
    ("keras.config.enable_unsafe_deserialization()", Severity.MEDIUM),
    ("from keras import config; config.enable_unsafe_deserialization()", Severity.MEDIUM),
    ("keras.saving.load_model('m', **{'safe_mode': False})", Severity.MEDIUM),
    ("keras.layers.Lambda(f)", None),
]


@pytest.mark.parametrize(("line", "severity"), CASES)
def test_calls(tmp_path: Path, line: str, severity: Severity | None) -> None:
    found = said(module(tmp_path, *HEAD, line), RULE)
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    if severity is not None:
        assert found[0].location.line == 4
