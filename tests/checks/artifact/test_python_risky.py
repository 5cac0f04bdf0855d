"""Calls that ordinary programs make too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/python-risky"


def positive(directory: Path) -> Path:
    path = directory / "train.py"
    path.write_text("import subprocess\n\n\ndef build():\n    subprocess.run(['make'])\n")
    return path


def benign(directory: Path) -> Path:
    path = directory / "train.py"
    path.write_text("import math\n\n\ndef gelu(x):\n    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))\n")
    return path


def worst(path: Path) -> Severity:
    return max(f.severity for f in outcomes(path) if f.rule == RULE)


def test_a_command_in_a_function_is_low_and_on_import_high(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import os\n\n\ndef go():\n    os.system('touch x')\n")
    assert worst(path) is Severity.LOW
    path.write_text("import os\nos.system('touch x')\n")
    assert worst(path) is Severity.HIGH
    path.write_text("import os\n\n\ndef go():\n    os.system('touch x')\n\n\ngo()\n")
    assert worst(path) is Severity.HIGH


def test_a_build_tool_on_import_is_low(tmp_path: Path) -> None:
    path = tmp_path / "version.py"
    path.write_text("import subprocess\nV = subprocess.check_output(['git', 'describe'])\n")
    assert worst(path) is Severity.LOW


@pytest.mark.parametrize("reference", ["modeling_tiny.Tiny", "org/other--modeling_tiny.Tiny"])
def test_code_named_by_a_configuration_is_judged_as_the_models(tmp_path: Path, reference: str) -> None:
    path = tmp_path / "modeling_tiny.py"
    path.write_text("import os\n\n\nclass Tiny:\n    def forward(self):\n        os.system('touch x')\n")
    assert worst(path) is Severity.LOW
    (tmp_path / "config.json").write_text(json.dumps({"auto_map": {"AutoModel": reference}}))
    assert worst(path) is Severity.HIGH


def test_machine_code_on_import_is_high(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import ctypes\nctypes.windll.kernel32.VirtualAlloc(0, 1, 2, 3)\n")
    assert worst(path) is Severity.HIGH
    path.write_text("import ctypes\ndef f():\n    ctypes.windll.kernel32.VirtualAlloc(0, 1, 2, 3)\n")
    assert worst(path) is Severity.MEDIUM


def test_torch_load_of_weights_only_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("import torch\n\n\ndef load(p):\n    return torch.load(p, weights_only=True)\n")
    assert outcomes(path) == []
    path.write_text("import torch\n\n\ndef load(p):\n    return torch.load(p)\n")
    assert worst(path) is Severity.LOW


def test_source_that_cannot_be_parsed_is_told(tmp_path: Path) -> None:
    path = tmp_path / "old.py"
    path.write_text("print 'hello'\n")
    assert worst(path) is Severity.LOW
