"""What lies beside models: configurations, templates, code, notebooks, documents, archives, MLflow directories."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import pickle
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import chat_templates
from .sample import Sample, write_bytes
from .torch_layout import floats, state_dict, zip_checkpoint

TRAINING = '''\
"""Train a digit classifier and save it."""

import argparse
import json
import os
from pathlib import Path

import joblib
import numpy as np
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("models"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    np.random.seed(options.seed)
    features, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(features, labels)
    model = LogisticRegression(max_iter=500).fit(train_x, train_y)
    os.makedirs(options.out, exist_ok=True)
    joblib.dump(model, os.path.join(options.out, "digits.joblib"))
    score = {"accuracy": float(model.score(test_x, test_y))}
    (options.out / "score.json").write_text(json.dumps(score))
    print("accuracy: %(accuracy).3f" % score)


if __name__ == "__main__":
    main()
'''

SETTINGS = '''\
"""Settings from the environment."""

import json
import os
import re

DEFAULTS = {"batch_size": 32, "compile": False, "evaluate": True}
PATTERN = re.compile(r"^[a-z_]+$")


def settings(prefix: str = "MODEL_") -> dict:
    """Defaults, overridden by MODEL_* variables that hold JSON."""
    values = dict(DEFAULTS)
    for key, text in os.environ.items():
        name = key.removeprefix(prefix).lower()
        if key.startswith(prefix) and PATTERN.match(name):
            values[name] = json.loads(text)
    token = os.environ.get("HF_TOKEN")
    values["authenticated"] = token is not None
    return values
'''

MODELING = '''\
"""A small attention block."""

import math

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width: int, heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.scale = 1.0 / math.sqrt(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.eval()
        y = self.norm(x)
        return x + self.scale * self.attention(y, y, y, need_weights=False)[0]
'''

README = """\
---
license: apache-2.0
library_name: sklearn
tags: [tabular-classification]
---
# Digits

A logistic regression. Never unpickle files that you do not trust: `pickle.load` runs `os.system` if the file says so.

```python
import joblib
model = joblib.load("digits.joblib")
```

```bash
pip install scikit-learn
curl -L https://example.org/digits.joblib -o digits.joblib
```
"""


def _sample(
    name: str, technique: str, content: Callable[[], bytes], loader: str = "", needs: tuple[str, ...] = ()
) -> Sample:
    return Sample(name, technique, False, False, write_bytes(name, content), loader, needs)


def _text(name: str, technique: str, content: str, loader: str = "", needs: tuple[str, ...] = ()) -> Sample:
    return _sample(name, technique, content.encode, loader, needs)


def _json(name: str, technique: str, value: Any, loader: str = "", needs: tuple[str, ...] = ()) -> Sample:
    return _text(name, technique, json.dumps(value, indent=2), loader, needs)


def _directory(name: str, technique: str, fill: Callable[[Path], None], needs: tuple[str, ...] = ()) -> Sample:
    def build(directory: Path) -> Path:
        path = directory / name
        path.mkdir()
        fill(path)
        return path

    return Sample(name, technique, False, False, build, "", needs)


def _tokenizer_config(template: Any) -> dict[str, Any]:
    return {
        "add_bos_token": True,
        "added_tokens_decoder": {"1": {"content": "<s>", "lstrip": False, "special": True}},
        "bos_token": "<s>",
        "eos_token": "</s>",
        "chat_template": template,
        "model_max_length": 1000000000000000019884624838656,
        "tokenizer_class": "LlamaTokenizer",
    }


def _tokenizer() -> dict[str, Any]:
    return {
        "version": "1.0",
        "added_tokens": [{"id": 0, "content": "<unk>", "special": True}],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
        "model": {
            "type": "BPE",
            "vocab": {"import": 0, "os": 1, "exec(": 2, "eval(": 3, "__class__": 4, "{{": 5, "<?php": 6, "rm -rf": 7},
            "merges": ["e v", "ev al", "s y"],
        },
    }


def _hashes() -> dict[str, Any]:
    digests = {f"shard-{i:05d}.bin": hashlib.sha256(str(i).encode()).hexdigest() for i in range(40)}
    return {
        "files": digests,
        "commit": hashlib.sha1(b"commit").hexdigest(),
        "etag": '"' + hashlib.md5(b"etag").hexdigest() + '"',
        "run_id": "0f9c6a1e4b7d4c0e9f5a2b3c4d5e6f70",
        "uuid": "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "integrity": "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "token": "<s>",
        "pad_token_id": 0,
        "secret_santa": "no",
        "api_key_env": "OPENAI_API_KEY",
        "password": "",
    }


def _notebook(*cells: str) -> dict[str, Any]:
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Exploration\n", "Look at the data first."]},
            *(
                {
                    "cell_type": "code",
                    "execution_count": number,
                    "metadata": {},
                    "outputs": [{"output_type": "stream", "name": "stdout", "text": ["(150, 4)\n"]}],
                    "source": cell.splitlines(keepends=True),
                }
                for number, cell in enumerate(cells, 1)
            ),
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _parquet() -> bytes:
    """The smallest Parquet file: version 1, a schema of a root alone, no rows, no row groups (Thrift compact)."""
    footer = b"\x15\x02\x19\x1c\x48\x06schema\x15\x00\x00\x16\x00\x19\x0c\x00"
    return b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _image() -> bytes:
    """A one-colour PNG. Source: W3C PNG specification, section 5."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\x40\x80\xc0" * 16) * 16
    head = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _table() -> str:
    rows = [f"{i},{i * 0.5},{'setosa' if i % 2 else 'virginica'},=A{i}" for i in range(100)]
    return "\n".join(["id,width,species,note", *rows]) + "\n"


def _files() -> dict[str, bytes]:
    return {
        "model/README.md": README.encode(),
        "model/train.py": TRAINING.encode(),
        "model/config.json": b'{"model_type": "bert"}',
        "model/data.csv": _table().encode(),
        "model/weights.pkl": pickle.dumps({"w": [0.1, 0.2]}, 4),
        "model/empty/": b"",
    }


def _zip(method: int) -> Callable[[], bytes]:
    def content() -> bytes:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name, data in _files().items():
                archive.writestr(name, data)
        return stream.getvalue()

    return content


def _tar(mode: str) -> Callable[[], bytes]:
    def content() -> bytes:
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode=mode) as archive:  # type: ignore[call-overload]
            for name, data in _files().items():
                info = tarfile.TarInfo(name.rstrip("/"))
                if name.endswith("/"):
                    info.type = tarfile.DIRTYPE
                    info.mode = 0o755
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            link = tarfile.TarInfo("model/latest.pkl")
            link.type, link.linkname = tarfile.SYMTYPE, "weights.pkl"
            archive.addfile(link)
        return stream.getvalue()

    return content


def _seven(directory: Path) -> Path:
    import py7zr

    path = directory / "model.7z"
    with py7zr.SevenZipFile(path, "w") as archive:
        for name, data in _files().items():
            if data:
                archive.writestr(data, name)
    return path


def _lz4() -> bytes:
    import lz4.frame

    return bytes(lz4.frame.compress(pickle.dumps(list(range(500)), 4)))


def _logistic() -> bytes:
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    x = np.random.RandomState(0).rand(30, 3)
    return pickle.dumps(LogisticRegression().fit(x, x[:, 0] > 0.5), 4)


def _mlflow(path: Path) -> None:
    (path / "model.pkl").write_bytes(_logistic())
    (path / "MLmodel").write_text(
        "artifact_path: model\nflavors:\n  python_function:\n    env:\n      conda: conda.yaml\n"
        "      virtualenv: python_env.yaml\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
        "    predict_fn: predict\n    python_version: 3.11.7\n  sklearn:\n    code: null\n"
        "    pickled_model: model.pkl\n"
        "    serialization_format: cloudpickle\n    sklearn_version: 1.6.1\n"
        "mlflow_version: 2.20.0\n"
        "model_uuid: 5b1f0d8f8f0a4f0e9d1b2c3d4e5f6a7b\nrun_id: 0f9c6a1e4b7d4c0e9f5a2b3c4d5e6f70\n"
        "utc_time_created: '2025-01-15 10:00:00.000000'\n"
    )
    (path / "conda.yaml").write_text(
        "channels:\n- conda-forge\ndependencies:\n- python=3.11.7\n- pip<=24.0\n- pip:\n  - mlflow==2.20.0\n"
        "  - scikit-learn==1.6.1\nname: mlflow-env\n"
    )
    (path / "python_env.yaml").write_text(
        "python: 3.11.7\nbuild_dependencies:\n- pip==24.0\n- setuptools\ndependencies:\n- -r requirements.txt\n"
    )
    (path / "requirements.txt").write_text("mlflow==2.20.0\nscikit-learn==1.6.1\nnumpy==2.1.3\n")
    (path / "input_example.json").write_text('{"columns": ["a", "b", "c"], "data": [[0.1, 0.2, 0.3]]}')


def _mlflow_with_code(path: Path) -> None:
    _mlflow(path)
    (path / "code").mkdir()
    (path / "code" / "settings.py").write_text(SETTINGS)
    text = (path / "MLmodel").read_text()
    (path / "MLmodel").write_text(text.replace("    loader_module", "    code: code\n    loader_module"))


def _hugging_face(path: Path) -> None:
    (path / "config.json").write_text(json.dumps(_config(), indent=2))
    (path / "tokenizer_config.json").write_text(json.dumps(_tokenizer_config(chat_templates.INSTRUCT), indent=2))
    (path / "tokenizer.json").write_text(json.dumps(_tokenizer()))
    (path / "generation_config.json").write_text('{"do_sample": true, "temperature": 0.6, "eos_token_id": [1, 2]}')
    (path / "special_tokens_map.json").write_text('{"bos_token": "<s>", "eos_token": "</s>"}')
    (path / "chat_template.jinja").write_text(chat_templates.TOOLS)
    (path / "README.md").write_text(README)
    (path / ".gitattributes").write_text("*.bin filter=lfs diff=lfs merge=lfs -text\n")
    weights = state_dict(model__embed__weight=floats(8, 4))
    (path / "pytorch_model.bin").write_bytes(zip_checkpoint(weights, "pytorch_model"))


def _config() -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": 64,
        "num_attention_heads": 4,
        "rope_scaling": {"rope_type": "llama3", "factor": 8.0},
        "torch_dtype": "bfloat16",
        "transformers_version": "4.48.0",
        "id2label": {"0": "exec", "1": "system"},
    }


SAMPLES = (
    _text("instruct.jinja", "benign/chat-template", chat_templates.INSTRUCT),
    _text("chatml.jinja", "benign/chat-template", chat_templates.CHATML, "jinja", ("jinja2",)),
    _text("tools.jinja", "benign/chat-template", chat_templates.TOOLS),
    _text("generation.jinja", "benign/chat-template", chat_templates.GENERATION),
    _text("zephyr.jinja", "benign/chat-template", chat_templates.ZEPHYR),
    _json("tokenizer_config.json", "benign/chat-template", _tokenizer_config(chat_templates.INSTRUCT)),
    _json(
        "tokenizer_config_several.json",
        "benign/chat-template",
        _tokenizer_config(
            [
                {"name": "default", "template": chat_templates.CHATML},
                {"name": "tool_use", "template": chat_templates.TOOLS},
            ]
        ),
    ),
    _json("tokenizer.json", "benign/hugging-face", _tokenizer()),
    _json("config.json", "benign/hugging-face", _config()),
    _directory("hugging_face_model", "benign/hugging-face", _hugging_face),
    _directory("mlflow_model", "benign/mlflow", _mlflow, ("sklearn",)),
    _directory("mlflow_model_code", "benign/mlflow", _mlflow_with_code, ("sklearn",)),
    _text("train.py", "benign/code", TRAINING),
    _text("settings.py", "benign/code", SETTINGS),
    _text("modeling_block.py", "benign/code", MODELING),
    _json(
        "exploration.ipynb",
        "benign/notebook",
        _notebook(
            "import numpy as np\nimport pandas as pd\n",
            "frame = pd.read_csv('data.csv')\nframe.shape\n",
            "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot(frame['width'])\n",
            "model = make_model()\nmodel.eval()\n",
        ),
    ),
    _json("checksums.json", "benign/text", _hashes()),
    _text("MODEL_CARD.md", "benign/text", README),
    _text("data.csv", "benign/data", _table()),
    _text("requirements.txt", "benign/text", "numpy>=2\nscikit-learn==1.6.1\n# pinned below\ntorch==2.6.0\n"),
    _text("labels.txt", "benign/text", "cat\ndog\nsystem\neval\n"),
    _text("rows.jsonl", "benign/data", "\n".join(json.dumps({"text": f"row {i}", "label": i % 2}) for i in range(50))),
    _sample("picture.png", "benign/data", _image),
    _sample("table.parquet", "benign/data", _parquet),
    _sample("empty.bin", "benign/data", bytes),
    _sample("deflated.zip", "benign/archive", _zip(zipfile.ZIP_DEFLATED)),
    _sample("stored.zip", "benign/archive", _zip(zipfile.ZIP_STORED)),
    _sample("bzip2.zip", "benign/archive", _zip(zipfile.ZIP_BZIP2)),
    _sample("model.tar", "benign/archive", _tar("w")),
    _sample("model.tar.gz", "benign/archive", _tar("w:gz")),
    _sample("model.tar.bz2", "benign/archive", _tar("w:bz2")),
    _sample("model.tar.xz", "benign/archive", _tar("w:xz")),
    Sample("model.7z", "benign/archive", False, False, _seven, "", ("py7zr",)),
    _sample(
        "state.pkl.gz", "benign/archive", lambda: gzip.compress(pickle.dumps({"a": [1, 2]}, 4), mtime=0), "compressed"
    ),
    _sample("state.pkl.xz", "benign/archive", lambda: lzma.compress(pickle.dumps({"a": [1, 2]}, 4)), "compressed"),
    _sample("state.pkl.lz4", "benign/archive", _lz4, "", ("lz4",)),
)
