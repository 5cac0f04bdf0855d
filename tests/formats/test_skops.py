"""The skops readers."""

from __future__ import annotations

import io
import json
import zipfile
from functools import cache

import numpy as np
import skops.io
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from tests.formats.skops_schemas import listed, node, schema, value
from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.base import Parsed
from violet.formats.skops.facts import SkopsFacts


def facts_of(parsed: Parsed) -> SkopsFacts:
    assert isinstance(parsed.facts, SkopsFacts)
    return parsed.facts


@cache
def real() -> bytes:
    return skops.io.dumps(LogisticRegression().fit(np.arange(8.0).reshape(4, 2), [0, 1, 0, 1]))


def real_schema() -> bytes:
    with zipfile.ZipFile(io.BytesIO(real())) as file:
        return file.read("schema.json")


def test_a_real_model() -> None:
    assert ids(real(), "model.skops")[0] == "skops"
    assert ids(real(), "model.bin")[0] == "skops"
    assert ids(real_schema(), "schema.json")[0] == "skops-schema"
    facts = facts_of(read("skops-schema", real_schema()))
    assert facts.version == skops.__version__
    assert ("ObjectNode", "sklearn.linear_model._logistic.LogisticRegression") in {
        (n.loader, n.full) for n in facts.nodes
    }


def test_nodes_are_kept_once_for_each_kind() -> None:
    text = schema(listed(*[node("ObjectNode", "a", "B") for _ in range(50)]))
    assert facts_of(read("skops-schema", text.encode())).types == 2


def test_calls_are_shown() -> None:
    root = node("ConstructorFromReduceNode", "posix", "system", content=listed(value("id"), value(1)))
    (found,) = [n for n in facts_of(read("skops-schema", schema(root).encode())).nodes if n.name == "system"]
    assert found.call == '"id", 1'


def test_contradictions() -> None:
    text = '{"__class__": "a", "__class__": "b", "__module__": "m", "__loader__": "ObjectNode"}'
    parsed = read("skops-schema", text.encode())
    assert kinds(parsed) == ["contradiction"]
    assert {n.name for n in facts_of(parsed).nodes} == {"a", "b"}


def test_what_is_no_json_stays_unexamined() -> None:
    for data in (b"{", b"[" * 100_000, b"\xff"):
        parsed = read("skops-schema", data)
        assert kinds(parsed) == ["malformed"]
        assert parsed.unexamined


@cache
def valid() -> bytes:
    obj = node("ObjectNode", "sklearn.base", "X")
    return schema(
        listed(
            node("MethodNode", "a", "b", content={"func": "f", "obj": obj}),
            node("OperatorFuncNode", "operator", "call", attrs=listed(value(json.dumps("x")))),
            node("PartialNode", "functools", "partial", content={"func": obj}),
            node("RandomGeneratorNode", "numpy", "Generator", content={"bit_generator": {"content": {}}}),
        )
    ).encode()


@given(st.binary(max_size=500))
def test_any_bytes(data: bytes) -> None:
    survives("skops-schema", data, "schema.json")
    survives("skops", data, "model.skops")


@given(mutations(valid))
def test_mutations(data: bytes) -> None:
    survives("skops-schema", data, "schema.json")


@given(mutations(real))
def test_mutations_of_an_archive(data: bytes) -> None:
    survives("skops", data, "model.skops")
