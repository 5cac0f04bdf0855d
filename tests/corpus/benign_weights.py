"""Model files that are not pickles: safetensors, ONNX, GGUF, Keras, SavedModel."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import chat_templates, keras_layout
from .sample import Sample, write_bytes


def _file(name: str, technique: str, content: Callable[[], bytes], needs: tuple[str, ...] = ()) -> Sample:
    return Sample(name, technique, False, False, write_bytes(name, content), "", needs)


def _directory(name: str, technique: str, fill: Callable[[Path], None], needs: tuple[str, ...] = ()) -> Sample:
    def build(directory: Path) -> Path:
        path = directory / name
        path.mkdir()
        fill(path)
        return path

    return Sample(name, technique, False, False, build, "", needs)


def _safetensors(metadata: dict[str, str] | None) -> Callable[[], bytes]:
    def content() -> bytes:
        import numpy as np
        from safetensors.numpy import save

        tensors = {
            "model.embed.weight": np.ones((10, 4), dtype="f4"),
            "model.layers.0.bias": np.zeros(4, dtype="f2"),
            "scalar": np.array(3, dtype="i8"),
            "empty": np.zeros((0, 4), dtype="f4"),
        }
        return save(tensors, metadata)

    return content


def _safetensors_index(path: Path) -> None:
    from safetensors.numpy import save_file

    names = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")
    weights = {}
    for number, name in enumerate(names):
        import numpy as np

        save_file({f"layer.{number}.weight": np.ones((2, 2))}, path / name, {"format": "pt"})
        weights[f"layer.{number}.weight"] = name
    index = {"metadata": {"total_size": 64}, "weight_map": weights}
    (path / "model.safetensors.index.json").write_text(json.dumps(index, indent=2))
    (path / "config.json").write_text(
        json.dumps({"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 2})
    )


def _onnx_model(weights: bool = True) -> Any:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 64])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 64])
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["xw"]),
        helper.make_node("Add", ["xw", "b"], ["sum"]),
        helper.make_node("Relu", ["sum"], ["y"]),
    ]
    generator = np.random.RandomState(0)
    constants = [
        numpy_helper.from_array(generator.rand(64, 64).astype("f4"), "w"),
        numpy_helper.from_array(np.zeros(64, dtype="f4"), "b"),
    ]
    graph = helper.make_graph(nodes, "layer", [source], [result], constants if weights else [])
    return helper.make_model(
        graph,
        producer_name="corpus",
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=9,
    )


def _onnx_microsoft() -> bytes:
    """A model as runtimes' optimizers write it: a fused operator of the com.microsoft domain, and metadata."""
    from onnx import TensorProto, helper

    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    node = helper.make_node("FastGelu", ["x"], ["y"], domain="com.microsoft")
    model = helper.make_model(
        helper.make_graph([node], "fused", [source], [result]),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
    )
    entry = model.metadata_props.add()
    entry.key, entry.value = "onnx.quant.pre_process", "onnxruntime.quant"
    return bytes(model.SerializeToString())


def _onnx_external(path: Path) -> None:
    import onnx

    onnx.save_model(
        _onnx_model(),
        path / "model.onnx",
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="model.onnx_data",
        size_threshold=16,
    )


def _onnx_external_nested(path: Path) -> None:
    import onnx

    (path / "weights").mkdir()
    onnx.save_model(
        _onnx_model(),
        path / "model.onnx",
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="weights/tensors.bin",
        size_threshold=16,
    )


def _gguf(template: str, quantized: bool) -> Callable[[Path], Path]:
    def build(directory: Path) -> Path:
        import gguf
        import numpy as np

        path = directory / ("tiny-q8.gguf" if quantized else "tiny-f32.gguf")
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_name("tiny")
        writer.add_block_count(1)
        writer.add_context_length(128)
        writer.add_embedding_length(32)
        writer.add_feed_forward_length(64)
        writer.add_head_count(2)
        writer.add_layer_norm_rms_eps(1e-5)
        writer.add_tokenizer_model("llama")
        writer.add_token_list([f"<{i}>" for i in range(32)])
        writer.add_token_scores([0.0] * 32)
        writer.add_token_types([1] * 32)
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        writer.add_chat_template(template)
        values = np.random.RandomState(0).rand(32, 32).astype("f4")
        if quantized:
            packed = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor("token_embd.weight", packed, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor("token_embd.weight", values)
        writer.add_tensor("output_norm.weight", np.ones(32, dtype="f4"))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return build


def _keras() -> Any:
    os.environ.setdefault("KERAS_BACKEND", "torch")
    import keras

    return keras


def _keras_sequential() -> Any:
    keras = _keras()
    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.1),
            layers.Dense(2),
        ]
    )


def _keras_functional() -> Any:
    keras = _keras()
    layers = keras.layers
    tokens = keras.Input((6,), dtype="int32", name="lambda_tokens")
    vectors = layers.Embedding(10, 4, name="embedding")(tokens)
    pooled = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(vectors))
    model = keras.Model(
        tokens, layers.Dense(1, activation="sigmoid", kernel_regularizer="l2")(pooled), name="classifier"
    )
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss="binary_crossentropy", metrics=["accuracy"])
    return model


def _keras_file(name: str, make: Callable[[], Any]) -> Sample:
    def build(directory: Path) -> Path:
        path = directory / name
        make().save(path)
        return path

    return Sample(name, "benign/keras", False, False, build, "keras-safe", ("keras", "h5py", "torch"))


def _h5_data(directory: Path) -> Path:
    import h5py
    import numpy as np

    path = directory / "measurements.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.arange(10.0), compression="gzip")
        file.attrs["description"] = "temperatures, one a minute; no model_config here"
    return path


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(number: int, value: bytes | int | str) -> bytes:
    """One protobuf field: a varint for an int, length-delimited otherwise."""
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    data = value.encode() if isinstance(value, str) else value
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _node(name: str, op: str, *inputs: str, **attributes: bytes) -> bytes:
    """A NodeDef: name=1, op=2, input=3, attr=5 (a map of string to AttrValue)."""
    body = _field(1, name) + _field(2, op) + b"".join(_field(3, item) for item in inputs)
    for key, value in attributes.items():
        body += _field(5, _field(1, key) + _field(2, value))
    return body


def _saved_model() -> bytes:
    """A SavedModel with one dense layer and the ordinary save and restore graph.

    Source: tensorflow/core/protobuf/saved_model.proto, meta_graph.proto, saver.proto; framework/graph.proto.
    """
    real = _field(6, 1)
    text = _field(6, 7)
    nodes = [
        _node("x", "Placeholder", dtype=real),
        _node("w", "VarHandleOp", dtype=real),
        _node("w/Read", "ReadVariableOp", "w", dtype=real),
        _node("y", "MatMul", "x", "w/Read", T=real),
        _node("saver_filename", "Placeholder", dtype=text),
        _node("StringJoin", "StringJoin", "saver_filename"),
        _node("ShardedFilename", "ShardedFilename", "StringJoin"),
        _node("SaveV2/tensor_names", "Const", dtype=text),
        _node("SaveV2", "SaveV2", "ShardedFilename", "SaveV2/tensor_names", "w/Read"),
        _node("MergeV2Checkpoints", "MergeV2Checkpoints", "ShardedFilename", "saver_filename"),
        _node("RestoreV2", "RestoreV2", "saver_filename", "SaveV2/tensor_names"),
        _node("AssignVariableOp", "AssignVariableOp", "w", "RestoreV2", dtype=real),
        _node("NoOp", "NoOp", "^AssignVariableOp"),
        _node("StatefulPartitionedCall", "StatefulPartitionedCall", "x", "w"),
    ]
    graph = b"".join(_field(1, node) for node in nodes) + _field(4, _field(1, 1286))
    info = _field(4, "serve") + _field(5, "2.16.1")
    saver = _field(1, "saver_filename:0") + _field(2, "StatefulPartitionedCall:0") + _field(3, "NoOp") + _field(7, 2)
    tensor = _field(1, "x:0") + _field(2, 1)
    signature = _field(1, _field(1, "inputs") + _field(2, tensor)) + _field(3, "tensorflow/serving/predict")
    meta = _field(1, info) + _field(2, graph) + _field(3, saver)
    meta += _field(5, _field(1, "serving_default") + _field(2, signature))
    return _field(1, 1) + _field(2, meta)


def _saved_model_directory(path: Path) -> None:
    (path / "saved_model.pb").write_bytes(_saved_model())
    (path / "assets").mkdir()
    (path / "assets" / "vocab.txt").write_text("the\nof\nand\nimport\n")
    (path / "variables").mkdir()
    (path / "variables" / "variables.data-00000-of-00001").write_bytes(struct.pack("<16f", *([0.5] * 16)))
    (path / "keras_metadata.pb").write_bytes(b"")


SAMPLES = (
    _file(
        "model.safetensors", "benign/safetensors", _safetensors({"format": "pt", "license": "mit"}), ("safetensors",)
    ),
    _file("bare.safetensors", "benign/safetensors", _safetensors(None), ("safetensors",)),
    _directory("sharded_safetensors", "benign/safetensors", _safetensors_index, ("safetensors",)),
    _file("layer.onnx", "benign/onnx", lambda: bytes(_onnx_model().SerializeToString()), ("onnx",)),
    _file("fused.onnx", "benign/onnx", _onnx_microsoft, ("onnx",)),
    _directory("onnx_external", "benign/onnx", _onnx_external, ("onnx",)),
    _directory("onnx_external_nested", "benign/onnx", _onnx_external_nested, ("onnx",)),
    Sample("tiny-f32.gguf", "benign/gguf", False, False, _gguf(chat_templates.TOOLS, False), "", ("gguf",)),
    Sample(
        "tiny-q8.gguf", "benign/gguf", False, False, _gguf(chat_templates.CHATML, True), "jinja", ("gguf", "jinja2")
    ),
    _keras_file("saved_sequential.keras", _keras_sequential),
    _keras_file("saved_functional.keras", _keras_functional),
    _keras_file("saved_sequential.h5", _keras_sequential),
    _file("sequential.keras", "benign/keras", lambda: keras_layout.keras_archive(keras_layout.sequential()), ("h5py",)),
    _file("functional.keras", "benign/keras", lambda: keras_layout.keras_archive(keras_layout.functional()), ("h5py",)),
    _file("sequential.h5", "benign/keras", lambda: keras_layout.h5_model(keras_layout.sequential()), ("h5py",)),
    _file("functional.hdf5", "benign/keras", lambda: keras_layout.h5_model(keras_layout.functional()), ("h5py",)),
    _file("model.weights.h5", "benign/keras", keras_layout.weights, ("h5py",)),
    Sample("measurements.h5", "benign/hdf5", False, False, _h5_data, "", ("h5py",)),
    _directory("saved_model", "benign/saved-model", _saved_model_directory),
    _file("saved_model.pb", "benign/saved-model", _saved_model),
)
