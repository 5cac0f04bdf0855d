"""skops files that call functions no model needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.checks.examples import outcomes
from tests.formats.skops_schemas import listed, node, schema, value, write
from violet.domain import Severity

RULE = "artifact/skops-dangerous-type"
SYSTEM = node("FunctionNode", "os", "system")
MODEL = node("ObjectNode", "sklearn.linear_model._logistic", "LogisticRegression")


def generator(name: str) -> Any:
    state = node("DictNode", "builtins", "dict", key_types=listed(), content={"bit_generator": value(name)})
    content = {"bit_generator": state, "seed_seq": value(1)}
    return node("RandomGeneratorNode", "numpy.random._generator", "Generator", content=content)


def positive(directory: Path) -> Path:
    root = node("ConstructorFromReduceNode", "posix", "system", content=listed(value("id")))
    return write(directory / "m.skops", schema(root))


def benign(directory: Path) -> Path:
    picker = node("OperatorFuncNode", "operator", "itemgetter", attrs=listed(value(0)))
    method = node("MethodNode", MODEL["__module__"], MODEL["__class__"], content={"func": "predict", "obj": MODEL})
    return write(directory / "m.skops", schema(listed(picker, generator("PCG64"), method)))


@pytest.mark.parametrize(
    "root",
    [
        SYSTEM,
        node("OperatorFuncNode", "operator", "call", attrs=listed(SYSTEM, value("id"))),
        node("OperatorFuncNode", "operator", "methodcaller", attrs=listed(value("system"))),
        node("OperatorFuncNode", "sklearn.base", "call", attrs=listed(value(1))),
        node("TypeNode", "builtins", "eval"),
        node("FunctionNode", "numpy", "fromfile"),
        node("FunctionNode", "joblib", "load"),
        node("PartialNode", "functools", "partial", content={"func": SYSTEM, "args": listed(), "kwds": value({})}),
        node("MethodNode", MODEL["__module__"], MODEL["__class__"], content={"func": "__reduce__", "obj": MODEL}),
        generator("seed"),
    ],
)
def test_what_runs_code(tmp_path: Path, root: Any) -> None:
    found = outcomes(write(tmp_path / "m.skops", schema(root)))
    assert Severity.CRITICAL in [f.severity for f in found if f.rule == RULE]


def test_methods_of_another_object_than_the_node_says(tmp_path: Path) -> None:
    root = node("MethodNode", "builtins", "int", content={"func": "predict", "obj": MODEL})
    found = outcomes(write(tmp_path / "m.skops", schema(root)))
    assert max(f.severity for f in found) >= Severity.HIGH


def test_a_protocol_that_is_no_number(tmp_path: Path) -> None:
    found = outcomes(write(tmp_path / "m.skops", schema(value(1), protocol=True)))
    assert RULE in {f.rule for f in found}


def test_a_schema_that_does_not_look_like_one(tmp_path: Path) -> None:
    text = '{"padding": "' + "x" * 9000 + '", ' + schema(SYSTEM)[1:]
    assert RULE in {f.rule for f in outcomes(write(tmp_path / "m.skops", text))}


def test_functions_called_as_if_they_were_classes(tmp_path: Path) -> None:
    root = node("ConstructorFromReduceNode", "sklearn.datasets._openml", "_open_openml_url", content=listed(value("u")))
    found = outcomes(write(tmp_path / "m.skops", schema(root)))
    assert [f.severity for f in found if f.rule == RULE] == [Severity.HIGH]
