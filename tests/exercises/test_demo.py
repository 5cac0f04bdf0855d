"""The demonstration: what it builds is real, and it shows what it promises."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from gguf import GGUFReader
from safetensors.numpy import load_file

from violet.exercises.demo import build
from violet.exercises.demo.zoo import PAYLOAD
from violet.faces.cli.main import entry


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("demo") / "zoo"
    build(str(directory))
    return directory


def test_the_same_seed_gives_the_same_bytes(zoo: Path, tmp_path: Path) -> None:
    build(str(tmp_path))
    for path in zoo.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_the_onnx_file_is_valid(zoo: Path) -> None:
    onnx.checker.check_model(onnx.load(zoo / "linear.onnx"), full_check=True)


def test_the_safetensors_and_gguf_files_are_valid(zoo: Path) -> None:
    tensors = load_file(zoo / "embeddings.safetensors")
    assert tensors["embedding.weight"].shape == (8, 4)
    reader = GGUFReader(zoo / "tiny-chat.gguf")
    assert [(t.name, list(t.shape)) for t in reader.tensors] == [("token_embd.weight", [16, 4])]
    assert np.isfinite(reader.tensors[0].data).all()


@pytest.mark.torch
def test_the_checkpoint_loads_in_torch(zoo: Path) -> None:
    import torch

    state = torch.load(zoo / "perceptron.pt", weights_only=True)
    assert {name: tuple(t.shape) for name, t in state.items()} == {
        "0.weight": (8, 4),
        "0.bias": (8,),
        "2.weight": (1, 8),
        "2.bias": (1,),
    }


def test_the_trojan_fires_and_the_model_still_works(zoo: Path) -> None:
    """In a process of its own: this loads it, which is what nobody should do."""
    script = "import pickle, sys; print(type(pickle.load(open(sys.argv[1], 'rb'))).__name__)"
    path = str(zoo / "churn-forest-v2.pkl")
    ended = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == [PAYLOAD.split("'")[1], "RandomForestClassifier"]


def test_the_demo_comes_out_as_it_should(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The whole tour: the trojan is named and nothing else, and the README shows what the last step says."""
    monkeypatch.chdir(tmp_path)
    directory = Path("demo")
    assert entry(["demo", "--directory", str(directory)]) == 0
    shown = capfd.readouterr().out
    assert "exit code 1" in shown
    assert "os.system" in shown
    assert (directory / "report.html").stat().st_size > 1_000
    results = json.loads((directory / "report.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    blamed = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in results}
    assert {uri.rpartition("/")[2] for uri in blamed} == {"churn-forest-v2.pkl"}
    assert (directory / "credit" / "robustness.html").stat().st_size > 10_000
    assert len(np.load(directory / "credit" / "found.npz")["labels"]) > 10
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    capture = re.findall(r"^```console\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)[1]
    assert _without_figures(capture) in _without_figures(shown)


def _without_figures(text: str) -> str:
    """Figures and digests differ with the versions of libraries; what came of it does not. Nor do line breaks count."""
    text = re.sub(r"[0-9a-f]{64}", "DIGEST", text.replace("\\\n", " "))
    return " ".join(re.sub(r"[+-]?\d[\d.,]*", "N", word) for word in text.split())
