"""skops schemas, written node by node."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

Json = Any


def value(content: object) -> Json:
    return {
        "__class__": "str",
        "__module__": "builtins",
        "__loader__": "JsonNode",
        "content": json.dumps(content),
        "is_json": True,
    }


def listed(*items: Json, loader: str = "TupleNode", name: str = "tuple") -> Json:
    return {"__class__": name, "__module__": "builtins", "__loader__": loader, "content": list(items)}


def node(loader: str, module: str, name: str, **more: Json) -> Json:
    return {"__class__": name, "__module__": module, "__loader__": loader, "__id__": 1, **more}


def schema(root: Json, **more: Json) -> str:
    return json.dumps({**root, "protocol": 2, "_skops_version": "0.13.0", **more})


def write(path: Path, text: str) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("schema.json", text)
    return path
