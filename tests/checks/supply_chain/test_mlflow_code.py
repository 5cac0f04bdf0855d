"""MLflow models with and without code of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes
from violet.checks.examine import examine_file
from violet.domain import Finding, Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/mlflow-code"
SKLEARN = """\
artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.11.7
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.6.0
mlflow_version: 2.20.0
model_size_bytes: 1234
model_uuid: 3fb2a91c26a1444ba2b6a3b5f4a5b6f7
signature:
  inputs: '[{"type": "double", "name": "sepal length (cm)", "required": true}, {"type":
    "double", "name": "sepal width (cm)", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
  params: null
utc_time_created: '2026-01-01 00:00:00.000000'
"""


def model(directory: Path, text: str, files: dict[str, str] | None = None) -> Path:
    for name, content in (files or {}).items():
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)
    path = directory / "MLmodel"
    path.write_text(text)
    return path


def own(directory: Path, code: str) -> Path:
    text = SKLEARN.replace("mlflow.sklearn\n", "helper\n    code: code\n")
    return model(directory, text, {"code/helper.py": code})


def positive(directory: Path) -> Path:
    return own(directory, "def _load_pyfunc(path):\n    return None\n")


def benign(directory: Path) -> Path:
    return model(directory, SKLEARN)


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


def test_severity_follows_the_code(tmp_path: Path) -> None:
    assert severities(own(tmp_path, "def _load_pyfunc(path):\n    return None\n")) == [Severity.MEDIUM]
    assert severities(own(tmp_path, "import os\nos.system('touch x')\n")) == [Severity.HIGH]


def test_a_module_of_python_itself_is_no_loader(tmp_path: Path) -> None:
    assert severities(model(tmp_path, SKLEARN.replace("mlflow.sklearn", "runpy"))) == [Severity.HIGH]


def test_a_model_defined_by_a_script(tmp_path: Path) -> None:
    text = SKLEARN.replace("    predict_fn", "    model_code_path: /home/me/project/model.py\n    predict_fn")
    assert severities(model(tmp_path, text, {"model.py": "import mlflow\nmlflow.models.set_model(None)\n"})) == [
        Severity.MEDIUM
    ]


@pytest.mark.parametrize("path", ["../../x.pkl", "/etc/passwd", "s3://bucket/x.pkl"])
def test_paths_that_leave_the_directory(tmp_path: Path, path: str) -> None:
    assert Severity.HIGH in severities(model(tmp_path, SKLEARN.replace("model_path: model.pkl", f"model_path: {path}")))


@pytest.mark.parametrize(
    "line",
    [
        "loader_module: &a mlflow.sklearn",
        "<<: *a",
        "x: {loader_module: os}",
        "loader_module: mlflow.sklearn\n    loader_module: os",
    ],
)
def test_syntax_that_mlflow_does_not_write(tmp_path: Path, line: str) -> None:
    assert severities(model(tmp_path, SKLEARN.replace("loader_module: mlflow.sklearn", line)))


def test_code_in_a_directory_is_judged_as_the_models(tmp_path: Path) -> None:
    own(tmp_path, "import os\n\n\ndef predict(x):\n    os.system('touch x')\n")
    examined = examine_file(str(tmp_path / "code" / "helper.py"), root=str(tmp_path)).outcomes
    assert max(o.severity for o in examined if isinstance(o, Finding)) is Severity.HIGH
