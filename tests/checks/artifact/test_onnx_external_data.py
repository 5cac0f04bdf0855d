"""External data of ONNX models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tests.checks.examples import outcomes, rules
from violet.checks.examine import examine_file
from violet.domain import Severity, Skipped

RULE = "artifact/onnx-external-data"


def build(directory: Path, **entries: str) -> Path:
    """A model with one tensor that is somewhere else."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    value = helper.make_tensor_value_info("w", TensorProto.FLOAT, [4])
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [value], [tensor])
    path = directory / "model.onnx"
    path.write_bytes(helper.make_model(graph, ir_version=10).SerializeToString())
    return path


def positive(directory: Path) -> Path:
    return build(directory, location="../../../../../../etc/passwd")


def benign(directory: Path) -> Path:
    """As the library itself writes external data."""
    tensor = numpy_helper.from_array(np.ones((64, 64), np.float32), "w")
    value = helper.make_tensor_value_info("w", TensorProto.FLOAT, [64, 64])
    graph = helper.make_graph([helper.make_node("Identity", ["w"], ["y"])], "g", [], [value], [tensor])
    path = directory / "model.onnx"
    made = helper.make_model(graph, ir_version=10)
    onnx.save_model(made, str(path), save_as_external_data=True, location="weights.bin", size_threshold=0)
    return path


def severities(path: Path) -> list[Severity]:
    return [f.severity for f in outcomes(path) if f.rule == RULE]


@pytest.mark.parametrize(
    "location",
    [
        "/etc/passwd",
        "../secret",
        "a/../../secret",
        "..\\secret",
        "C:\\Users\\x",
        "\\\\host\\share\\x",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "*/_ORT_MEM_ADDR_/*",
    ],
)
def test_locations_that_leave(tmp_path: Path, location: str) -> None:
    assert severities(build(tmp_path, location=location)) == [Severity.HIGH]


def test_a_missing_file_is_not_clean(tmp_path: Path) -> None:
    path = build(tmp_path, location="weights.bin")
    assert severities(path) == [Severity.LOW]
    assert any(isinstance(o, Skipped) for o in examine_file(str(path)).outcomes)


def test_a_file_too_short(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(bytes(10))
    assert severities(build(tmp_path, location="weights.bin")) == [Severity.MEDIUM]


def test_a_link_that_leads_outside(tmp_path: Path) -> None:
    inside = tmp_path / "model"
    inside.mkdir()
    (tmp_path / "secret").write_bytes(bytes(16))
    (inside / "weights.bin").symlink_to(tmp_path / "secret")
    assert severities(build(inside, location="weights.bin")) == [Severity.MEDIUM]


def test_a_range_that_no_file_has(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(bytes(16))
    path = build(tmp_path, location="weights.bin", offset=str(1 << 62))
    assert Severity.HIGH in severities(path)


def test_entries_that_set_attributes(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(bytes(16))
    path = build(tmp_path, location="weights.bin", __class__="x")
    assert severities(path) == [Severity.HIGH]


def test_many_tensors_of_one_file_are_one_finding(tmp_path: Path) -> None:
    path = build(tmp_path, location="/etc/passwd")
    model = onnx.load(path, load_external_data=False)
    for _ in range(20):
        model.graph.initializer.add().CopyFrom(model.graph.initializer[0])
    path.write_bytes(model.SerializeToString())
    assert severities(path) == [Severity.HIGH]


def test_the_example_says_where(tmp_path: Path) -> None:
    (found,) = [f for f in outcomes(positive(tmp_path)) if f.rule == RULE]
    assert "etc/passwd" in found.evidence


def test_benign_has_nothing_at_all(tmp_path: Path) -> None:
    assert rules(benign(tmp_path)) == set()
