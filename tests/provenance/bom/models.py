"""Real models, built by the libraries that define their formats."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

from tests.corpus.torch_layout import floats, legacy_checkpoint, state_dict, zip_checkpoint
from violet.domain.bom import Bom
from violet.services.bom import BomOptions, make_bom


def bom_of(path: Path | str, **options: Any) -> Bom:
    return make_bom(BomOptions(str(path), cache=False, **options))


def sklearn_pipeline() -> Any:
    """A classifier behind a scaler, fitted on a data frame with named columns."""
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(7)
    data = pd.DataFrame(random.random((40, 3)), columns=["age", "income", "height"])
    labels = np.where(data["age"] > 0.5, "yes", "no")
    return make_pipeline(StandardScaler(), LogisticRegression(C=3.0)).fit(data, labels)


def safetensors_file(path: Path, metadata: dict[str, str] | None = None, scale: int = 1) -> int:
    """Returns the number of elements, as NumPy counts them."""
    import numpy as np
    from safetensors.numpy import save_file

    tensors = {
        "embed.weight": np.zeros((11 * scale, 4), np.float32),
        "fc.weight": np.zeros((3, 4), np.float16),
        "fc.bias": np.zeros(3, np.float16),
    }
    save_file(tensors, path, metadata)
    return sum(array.size for array in tensors.values())


def gguf_file(path: Path) -> int:
    """A quantised model in GGUF; returns the number of elements."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("Tiny")
    writer.add_version("2.1")
    writer.add_license("apache-2.0")
    writer.add_organization("Example")
    writer.add_languages(["en", "de"])
    writer.add_context_length(128)
    writer.add_block_count(2)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(["a", "b", "c"])
    writer.add_base_model_count(1)
    writer.add_base_model_name(0, "Base")
    writer.add_base_model_repo_url(0, "https://huggingface.co/example/base")
    plain = np.zeros((4, 32), np.float32)
    quantised = np.zeros((8, 64), np.float32)
    writer.add_tensor("norm", plain)
    kind = gguf.GGMLQuantizationType.Q8_0
    writer.add_tensor("blk.0.weight", gguf.quants.quantize(quantised, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return plain.size + quantised.size


def onnx_file(path: Path) -> int:
    """A linear model with a dynamic batch; returns the number of elements of its initialisers."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = [
        numpy_helper.from_array(np.zeros((4, 3), np.float32), "w"),
        numpy_helper.from_array(np.zeros(3, np.float32), "b"),
    ]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Add", ["h", "b"], ["y"])],
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])],
        weights,
    )
    model = helper.make_model(
        graph,
        producer_name="pytorch",
        producer_version="2.9",
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=10,
    )
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer)


STATE = {"fc1.weight": floats(8, 4), "fc1.bias": floats(8), "fc2.weight": floats(2, 8), "fc2.bias": floats(2)}
STATE_ELEMENTS = 8 * 4 + 8 + 2 * 8 + 2


def torch_zip(path: Path) -> int:
    path.write_bytes(zip_checkpoint(state_dict(**STATE)))
    return STATE_ELEMENTS


def torch_legacy(path: Path) -> int:
    path.write_bytes(legacy_checkpoint(state_dict(**STATE)))
    return STATE_ELEMENTS


CARD = """---
license: apache-2.0
language:
- en
- fr
base_model: example/base
datasets: [squad, "glue"]
pipeline_tag: text-classification
model-index:
- name: tiny
  results:
  - task: {}
    dataset:
      name: GLUE SST-2
      type: glue
    metrics:
    - type: accuracy
      value: 0.91
---
# Tiny

## Intended uses & limitations

For tests only.

## Bias, Risks

It has never seen `data`.

## Training data

None to speak of.
"""


def hugging_face(path: Path) -> int:
    """A model directory as the Hub has it; returns the number of elements of its weights."""
    path.mkdir()
    (path / "README.md").write_text(CARD)
    config = {
        "architectures": ["BertForSequenceClassification"],
        "model_type": "bert",
        "hidden_size": 4,
        "torch_dtype": "float32",
        "transformers_version": "4.57.0",
        "id2label": {"0": "bad", "1": "good"},
    }
    (path / "config.json").write_text(json.dumps(config))
    (path / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
    (path / "tokenizer.json").write_text(json.dumps({"model": {"type": "WordPiece", "vocab": {"a": 0, "b": 1}}}))
    return safetensors_file(path / "model.safetensors", {"format": "pt"})


def pickled(path: Path, value: Any, protocol: int = 4) -> Path:
    path.write_bytes(pickle.dumps(value, protocol))
    return path
