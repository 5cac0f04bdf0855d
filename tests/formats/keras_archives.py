"""Keras configurations and archives written by hand, for what Keras itself would refuse to write."""

from __future__ import annotations

import base64
import json
import marshal
import zipfile
from pathlib import Path
from typing import Any

Json = Any


def function(module: str | None, name: str, registered: str | None = "function") -> Json:
    """A function as Keras 3 serializes it."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": registered}


def code(source: str) -> str:
    """Base64 of the marshalled code of a lambda expression: compiled, never run."""
    made = compile(source, "<test>", "eval")
    inner = next(c for c in made.co_consts if hasattr(c, "co_code"))
    return base64.b64encode(marshal.dumps(inner)).decode()


def lambda_function(source: str) -> Json:
    return {"class_name": "__lambda__", "config": {"code": code(source), "defaults": None, "closure": None}}


def layer(name: str, config: Json, module: str | None = "keras.layers", registered: str | None = None) -> Json:
    return {"module": module, "class_name": name, "config": config, "registered_name": registered}


def lambda_layer(value: Json, **more: Json) -> Json:
    return layer("Lambda", {"name": "lam", "function": value, **more})


def sequential(*layers: Json) -> Json:
    first = layer("InputLayer", {"batch_shape": [None, 4], "dtype": "float32", "name": "input"})
    inner = {"name": "sequential", "trainable": True, "layers": [first, *layers]}
    return {"module": "keras", "class_name": "Sequential", "config": inner, "registered_name": None}


def legacy(*layers: Json) -> Json:
    """A model as Keras 2 keeps it in HDF5."""
    return {"class_name": "Sequential", "config": {"name": "sequential", "layers": list(layers)}}


def archive(path: Path, config: Json | str | bytes, **members: bytes) -> Path:
    """A ``.keras`` archive of a configuration (text and bytes are written as they are)."""
    text = config if isinstance(config, (str, bytes)) else json.dumps(config)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", '{"keras_version": "3.8.0", "date_saved": "2025-01-01@00:00:00"}')
        file.writestr("config.json", text)
        for name, data in members.items():
            file.writestr(name, data)
    return path


def hdf5(path: Path, config: Json, training: Json | None = None) -> Path:
    """A legacy HDF5 model with no weights."""
    import h5py

    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(config)
        if training is not None:
            file.attrs["training_config"] = json.dumps(training)
        file.create_group("model_weights")
    return path


def dense(name: str = "dense") -> Json:
    config = {
        "name": name,
        "trainable": True,
        "units": 2,
        "activation": "relu",
        "use_bias": True,
        "kernel_initializer": {
            "module": "keras.initializers",
            "class_name": "GlorotUniform",
            "config": {"seed": None},
            "registered_name": None,
        },
        "dtype": {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "float32"},
            "registered_name": None,
        },
    }
    return layer("Dense", config)
