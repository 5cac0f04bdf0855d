"""MLmodel files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.checks.supply_chain.test_mlflow_code import SKLEARN
from tests.formats.tensor_files import ids, mutations, read, survives
from violet.formats.mlflow.reader import MlflowFacts


def valid() -> bytes:
    return SKLEARN.encode()


def test_recognised() -> None:
    assert ids(valid(), "MLmodel") == ["mlflow"]
    assert ids(valid(), "renamed.txt") == ["mlflow"]
    assert "mlflow" not in ids(b"\x08\x01\x12\x00", "model.mlmodel")


def test_what_is_read() -> None:
    facts = read("mlflow", valid(), "MLmodel").facts
    assert isinstance(facts, MlflowFacts)
    assert facts.flavors == ["python_function", "sklearn"]
    assert facts.loaders == [("python_function", "mlflow.sklearn")]
    assert (facts.strange, facts.outside, facts.code, facts.code_model) == ([], [], [], "")


def test_a_file_without_flavors_is_not_examined() -> None:
    assert read("mlflow", b"a: 1\n", "MLmodel").unexamined


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("mlflow", data, "MLmodel")
