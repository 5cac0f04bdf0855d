"""ONNX models, made by the converters that people use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.targets.conftest import Sample, vectors
from violet.domain.errors import UsageError
from violet.targets.base import InputDomain, InputKind, Offers, TargetError, TargetSpec
from violet.targets.data_texts import text_domain
from violet.targets.opening import open_target

ALL = Offers.LABELS | Offers.SCORES | Offers.PROBABILITIES
NAMES = ("0", "1", "2")


def opened(path: Path, domain: Any = None, names: tuple[str, ...] = NAMES, **options: str) -> Any:
    spec = TargetSpec(str(path), options=tuple(options.items()))
    return open_target(spec, domain or vectors(), len(names), names=names)


def save(graph_nodes: list[Any], inputs: list[Any], outputs: list[Any], path: Path, weights: Any = ()) -> Path:
    graph = helper.make_graph(graph_nodes, "g", inputs, outputs, list(weights))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return path


def value(name: str, kind: int, *shape: Any) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


@pytest.mark.parametrize("zipmap", [True, False])
def test_a_converted_estimator(zipmap: bool, sample: Sample, tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    words = np.array(["bird", "cat", "dog"])[sample.y]
    model = LogisticRegression().fit(sample.x, words)
    made = to_onnx(model, sample.x[:1].astype(np.float32), options={"zipmap": zipmap})
    path = tmp_path / "m.bin"
    path.write_bytes(made.SerializeToString())
    order = ("dog", "bird", "cat") if zipmap else ("bird", "cat", "dog")
    target = opened(path, names=order)
    assert target.offers == ALL
    places = [["bird", "cat", "dog"].index(word) for word in order]
    assert np.allclose(target.scores(sample.x), model.predict_proba(sample.x)[:, places], atol=1e-5)
    labels = opened(path, names=("dog", "bird", "cat"), outputs="labels")
    assert labels.offers == Offers.LABELS
    assert (np.array(["dog", "bird", "cat"])[labels.labels(sample.x)] == model.predict(sample.x)).all()


def test_a_pipeline_with_an_input_a_column(table: Path, tmp_path: Path) -> None:
    pytest.importorskip("skl2onnx")
    import pandas
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    from violet.targets.data import load_data

    frame = pandas.read_csv(table, dtype={"job": object})
    inputs = frame[["job", "income"]].astype({"income": np.float32})
    model = make_pipeline(
        make_column_transformer((OneHotEncoder(), ["job"]), remainder="passthrough"), LogisticRegression(max_iter=500)
    ).fit(inputs, frame["risk"])
    types = [("job", StringTensorType([None, 1])), ("income", FloatTensorType([None, 1]))]
    path = tmp_path / "m.onnx"
    path.write_bytes(convert_sklearn(model, initial_types=types).SerializeToString())
    data = load_data(table, label="risk")
    target = opened(path, data.domain, data.classes)
    assert np.allclose(target.scores(data.x), model.predict_proba(inputs), atol=1e-4)
    with pytest.raises(TargetError, match="takes rows of named features"):
        opened(path, image((1, 2, 2)))


def image(shape: tuple[int, ...], high: float = 1.0, layout: str = "chw") -> InputDomain:
    return InputDomain(InputKind.IMAGE, shape, np.zeros(shape), np.full(shape, high), layout=layout)


def flat_linear(path: Path, batch: Any, *row: int, kind: int = TensorProto.FLOAT) -> Path:
    """Logits of two classes: the sum of the pixels, and its negative."""
    size = int(np.prod(row))
    weights = np.stack([np.ones(size), -np.ones(size)], axis=1).astype(np.float32)
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("Flatten", ["f"], ["flat"]),
        helper.make_node("MatMul", ["flat", "w"], ["logits"]),
    ]
    tensor = helper.make_tensor("w", TensorProto.FLOAT, weights.shape, weights.ravel())
    return save(nodes, [value("x", kind, batch, *row)], [value("logits", TensorProto.FLOAT, batch, 2)], path, [tensor])


def test_images_logits_and_a_fixed_number_of_rows(tmp_path: Path) -> None:
    x = np.random.default_rng(0).random((5, 1, 3, 4)).astype(np.float32)
    total = x.sum(axis=(1, 2, 3))
    for batch in ("n", 1, 2):
        target = opened(flat_linear(tmp_path / "m.onnx", batch, 1, 3, 4), image((1, 3, 4)), ("a", "b"))
        assert target.offers == Offers.LABELS | Offers.SCORES
        assert np.allclose(target.scores(x), np.stack([total, -total], axis=1), atol=1e-5)
    grey = opened(tmp_path / "m.onnx", image((3, 4), layout="hw"), ("a", "b"))
    assert np.allclose(grey.scores(x[:, 0])[:, 0], total, atol=1e-5)
    flat = opened(flat_linear(tmp_path / "f.onnx", "n", 12), image((1, 3, 4)), ("a", "b"))
    assert np.allclose(flat.scores(x)[:, 0], total, atol=1e-5)
    alone = open_target(TargetSpec(str(tmp_path / "f.onnx")))
    assert alone.domain.shape == (12,)


def test_transposed_images_are_refused(tmp_path: Path) -> None:
    path = flat_linear(tmp_path / "m.onnx", "n", 3, 8, 6)
    with pytest.raises(
        TargetError, match=r"takes rows of shape \(3, 8, 6\); the data has rows of shape \(8, 6, 3\)"
    ) as caught:
        opened(path, image((8, 6, 3), layout="hwc"), ("a", "b"))
    assert "--layout" in caught.value.diagnostics()


def test_bytes_are_rounded_and_cut(tmp_path: Path) -> None:
    path = flat_linear(tmp_path / "m.onnx", "n", 1, 1, 2, kind=TensorProto.UINT8)
    target = opened(path, image((1, 1, 2), 255), ("a", "b"))
    x = np.array([[[[1.6, 254.4]]], [[[-3.0, 300.0]]]])
    assert target.scores(x)[:, 0].tolist() == [256.0, 255.0]


def test_outputs_are_chosen_by_name(tmp_path: Path, sample: Sample) -> None:
    nodes = [
        helper.make_node("Identity", ["x"], ["features"]),
        helper.make_node("Softmax", ["x"], ["scores"], axis=1),
        helper.make_node("ArgMax", ["x"], ["label"], axis=1, keepdims=0),
    ]
    outputs = [
        value("label", TensorProto.INT64, "n"),
        value("features", TensorProto.FLOAT, "n", 4),
        value("scores", TensorProto.FLOAT, "n", 4),
    ]
    path = save(nodes, [value("x", TensorProto.FLOAT, "n", 4)], outputs, tmp_path / "m.onnx")
    names = ("0", "1", "2", "3")
    x = sample.x.astype(np.float32)
    assert np.allclose(opened(path, names=names).scores(x), x)
    assert opened(path, names=names, output="scores").offers == ALL
    labels = opened(path, names=names, output="label")
    assert labels.offers == Offers.LABELS
    assert (labels.labels(x) == x.argmax(axis=1)).all()
    assert opened(path, names=names, outputs="labels").offers == Offers.LABELS
    with pytest.raises(UsageError, match="no output 'score'") as caught:
        opened(path, names=names, output="score")
    assert "Did you mean 'scores'?" in caught.value.diagnostics()


def test_one_probability_a_row(tmp_path: Path, sample: Sample) -> None:
    nodes = [
        helper.make_node("ReduceSum", ["x", "axis"], ["s"], keepdims=1),
        helper.make_node("Sigmoid", ["s"], ["p"]),
    ]
    axis = helper.make_tensor("axis", TensorProto.INT64, [1], [1])
    path = save(
        nodes,
        [value("x", TensorProto.FLOAT, "n", 4)],
        [value("p", TensorProto.FLOAT, "n", 1)],
        tmp_path / "m.onnx",
        [axis],
    )
    target = opened(path, names=("no", "yes"))
    expected = 1 / (1 + np.exp(-sample.x.sum(axis=1)))
    assert target.offers == ALL
    assert np.allclose(target.scores(sample.x), np.stack([1 - expected, expected], axis=1), atol=1e-6)
    logit = opened(path, names=("no", "yes"), outputs="logits")
    assert np.allclose(logit.scores(sample.x)[:, 1], expected / 2, atol=1e-6)
    with pytest.raises(TargetError, match="3 scores a row"):
        opened(path)


def test_texts_and_numbers_are_not_mixed_up(tmp_path: Path) -> None:
    coded = {"keys_strings": ["good", "bad"], "values_int64s": [1, 0]}
    nodes = [helper.make_node("LabelEncoder", ["x"], ["y"], domain="ai.onnx.ml", **coded)]
    graph = helper.make_graph(nodes, "g", [value("x", TensorProto.STRING, "n")], [value("y", TensorProto.INT64, "n")])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 2)]
    path = tmp_path / "m.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString())
    with pytest.raises(TargetError, match="takes text, and the data is numbers"):
        opened(path)
    with pytest.raises(TargetError, match="the data is text"):
        opened(flat_linear(tmp_path / "n.onnx", "n", 4), text_domain(), ("a", "b"))
