"""Writes Keras models without Keras: the .keras archive of version 3 and the HDF5 file of versions 2 and 3.

Layout: keras/src/saving/saving_lib.py (metadata.json, config.json, model.weights.h5) and
keras/src/legacy/saving/legacy_h5_format.py (`model_config` and `training_config` attributes, `model_weights` group).
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

POLICY = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}


def _object(module: str, name: str, /, **config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def _layer(kind: str, name: str, /, **config: Any) -> dict[str, Any]:
    return _object("keras.layers", kind, name=name, trainable=True, dtype=POLICY, **config)


def _kernel(**config: Any) -> dict[str, Any]:
    return {
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": _object("keras.initializers", "GlorotUniform", seed=None),
        "bias_initializer": _object("keras.initializers", "Zeros"),
        "kernel_regularizer": _object("keras.regularizers", "L2", l2=0.01),
        "bias_regularizer": None,
        "kernel_constraint": None,
        **config,
    }


def _input(name: str, *shape: int | None) -> dict[str, Any]:
    return _object("keras.layers", "InputLayer", batch_shape=[None, *shape], dtype="float32", sparse=False, name=name)


def layers() -> list[dict[str, Any]]:
    """A small image classifier."""
    return [
        _input("input_layer", 8, 8, 1),
        _layer("Rescaling", "rescaling", scale=1 / 255, offset=0.0),
        _layer("Conv2D", "conv2d", filters=2, kernel_size=[3, 3], strides=[1, 1], padding="valid", **_kernel()),
        _layer("BatchNormalization", "batch_normalization", axis=-1, momentum=0.99, epsilon=0.001),
        _layer("Flatten", "flatten", data_format="channels_last"),
        _layer("Dropout", "dropout", rate=0.1, seed=None, noise_shape=None),
        _layer("Dense", "dense", units=2, **_kernel(activation="softmax")),
    ]


def sequential() -> dict[str, Any]:
    """The configuration of a Sequential model, compiled."""
    optimizer = _object(
        "keras.src.backend.torch.optimizers.torch_adam",
        "Adam",
        name="adam",
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
    )
    return {
        **_object("keras", "Sequential", name="sequential", trainable=True, dtype=POLICY, layers=layers()),
        "build_config": {"input_shape": [None, 8, 8, 1]},
        "compile_config": {
            "optimizer": {**optimizer, "registered_name": "Adam"},
            "loss": _object("keras.losses", "SparseCategoricalCrossentropy", from_logits=False, name="loss"),
            "loss_weights": None,
            "metrics": ["accuracy"],
            "jit_compile": True,
            "run_eagerly": False,
        },
    }


def _tensor(layer: str) -> dict[str, Any]:
    config = {"shape": [None, 4], "dtype": "float32", "keras_history": [layer, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def functional() -> dict[str, Any]:
    """The configuration of a functional model with a branch, an operator layer and a layer called like a function."""
    dense = {**_layer("Dense", "lambda_dense", units=4, **_kernel()), "name": "lambda_dense"}
    dense["inbound_nodes"] = [{"args": [_tensor("inputs")], "kwargs": {}}]
    added = {**_layer("Add", "add"), "name": "add"}
    added["inbound_nodes"] = [{"args": [[_tensor("inputs"), _tensor("lambda_dense")]], "kwargs": {}}]
    activation = {**_layer("Activation", "activation", activation="gelu"), "name": "activation"}
    activation["inbound_nodes"] = [{"args": [_tensor("add")], "kwargs": {"training": False}}]
    parts = [{**_input("inputs", 4), "name": "inputs", "inbound_nodes": []}, dense, added, activation]
    return _object(
        "keras.src.models.functional",
        "Functional",
        name="eval_model",
        trainable=True,
        layers=parts,
        input_layers=[["inputs", 0, 0]],
        output_layers=[["activation", 0, 0]],
    )


def keras_archive(config: dict[str, Any]) -> bytes:
    """A .keras file with this configuration and a few weights."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.8.0", "date_saved": "2025-01-15@10:00:00"}))
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", weights())
    return stream.getvalue()


def weights() -> bytes:
    """The weights file of version 3: one group a layer, variables numbered."""
    import h5py
    import numpy as np

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, shapes in {"conv2d": [(3, 3, 1, 2), (2,)], "dense": [(72, 2), (2,)]}.items():
            for number, shape in enumerate(shapes):
                file.create_dataset(f"layers/{name}/vars/{number}", data=np.ones(shape, dtype="f4"))
        file.create_group("layers/flatten/vars")
        file.create_dataset("optimizer/vars/0", data=np.int64(3))
    return stream.getvalue()


def h5_model(config: dict[str, Any], version: str = "2.15.0") -> bytes:
    """A whole model in one HDF5 file, the configuration in an attribute."""
    import h5py
    import numpy as np

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        plain = {"class_name": config["class_name"], "config": config["config"]}
        file.attrs["model_config"] = json.dumps(plain)
        file.attrs["training_config"] = json.dumps({"loss": "mse", "metrics": ["accuracy"], "optimizer_config": {}})
        file.attrs["keras_version"] = version
        file.attrs["backend"] = "tensorflow"
        group = file.create_group("model_weights/dense/dense")
        group.create_dataset("kernel:0", data=np.ones((72, 2), dtype="f4"))
        group.create_dataset("bias:0", data=np.zeros(2, dtype="f4"))
        file["model_weights"].attrs["layer_names"] = [b"conv2d", b"flatten", b"dense"]
    return stream.getvalue()
