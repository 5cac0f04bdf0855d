"""Operators of ONNX models that need code from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from tests.checks.examples import outcomes
from violet.domain import Severity

RULE = "artifact/onnx-custom-ops"


def build(directory: Path, name: str, domain: str, functions: list[Any] | None = None, **attributes: Any) -> Path:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    node = helper.make_node(name, ["x"], ["x2"], domain=domain, **attributes)
    graph = helper.make_graph([node], "g", [value], [value])
    made = helper.make_model(graph, ir_version=10, functions=functions or [])
    path = directory / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def function(name: str, domain: str) -> Any:
    body = [helper.make_node("Add", ["a", "a"], ["b"])]
    return helper.make_function(domain, name, ["a"], ["b"], body, [helper.make_opsetid("", 18)])


def positive(directory: Path) -> Path:
    return build(directory, "Decode", "acme.ops")


def benign(directory: Path) -> Path:
    """An operator of the model's own, defined in the model."""
    return build(directory, "Twice", "acme.local", [function("Twice", "acme.local")])


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


@pytest.mark.parametrize(
    ("name", "domain", "severity"),
    [
        ("PythonOp", "com.microsoft", Severity.HIGH),
        ("PyOp", "ai.onnx.contrib", Severity.HIGH),
        ("PyCustomOp", "acme", Severity.HIGH),
        ("ATen", "org.pytorch.aten", Severity.MEDIUM),
        ("EPContext", "com.microsoft", Severity.MEDIUM),
        ("AzureTextToText", "ai.onnx.contrib", Severity.MEDIUM),
        ("Anything", "acme", Severity.MEDIUM),
        ("BertTokenizer", "ai.onnx.contrib", Severity.INFO),
        ("NMSRotated", "mmdeploy", Severity.INFO),
    ],
)
def test_severities(tmp_path: Path, name: str, domain: str, severity: Severity) -> None:
    assert severities(build(tmp_path, name, domain)) == [severity]


@pytest.mark.parametrize(
    ("name", "domain"),
    [("Relu", ""), ("Relu", "ai.onnx"), ("FusedMatMul", "com.microsoft"), ("TreeEnsembleClassifier", "ai.onnx.ml")],
)
def test_operators_of_the_standard_and_of_the_runtime(tmp_path: Path, name: str, domain: str) -> None:
    assert severities(build(tmp_path, name, domain)) == []


def test_a_function_that_replaces_a_standard_operator(tmp_path: Path) -> None:
    assert severities(build(tmp_path, "Relu", "", [function("Relu", "")])) == [Severity.MEDIUM]


def test_the_evidence_names_what_python_is_called(tmp_path: Path) -> None:
    path = build(tmp_path, "PythonOp", "com.microsoft", func_name="backdoor.run")
    (found,) = [f for f in outcomes(path) if f.rule == RULE]
    assert "backdoor.run" in found.evidence
