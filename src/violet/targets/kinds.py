"""The kinds of targets there are, which of them a location is, and which of them run code when they are loaded."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from violet.targets.base import Target, TargetSpec
    from violet.targets.request import Opening

PICKLES = ("pickle", "gzip", "bzip2", "xz", "lzma", "zlib", "lz4", "zstd", "zfile")
"""Formats of ``violet.formats`` under which pickles go, compressed ones too."""


@dataclass(frozen=True, slots=True)
class Kind:
    """``formats`` are those of ``violet.formats`` by which a file is known to be of this kind; ``module`` has a
    function ``open_model(opening)``; ``options`` are its own, beside the common ones."""

    id: str
    title: str
    module: str
    formats: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


_HTTP = (
    "protocol",
    "template",
    "answer",
    "timeout",
    "deadline",
    "retries",
    "header",
    "input",
    "output",
    "model",
    "format",
    "ca",
)

KINDS: Mapping[str, Kind] = {
    kind.id: kind
    for kind in (
        Kind("sklearn", "scikit-learn estimator (skops; pickle or joblib with trust)", "kind_sklearn",
             ("skops", *PICKLES)),
        Kind("xgboost", "XGBoost model (JSON or UBJSON)", "kind_xgboost", ("xgboost-json", "xgboost-ubjson")),
        Kind("lightgbm", "LightGBM model (text)", "kind_lightgbm", ("lightgbm",)),
        Kind("catboost", "CatBoost model (cbm or JSON)", "kind_catboost", ("catboost", "catboost-json")),
        Kind("onnx", "ONNX model (onnxruntime)", "kind_onnx", ("onnx",), ("input", "output")),
        Kind("torch", "torch module: weights and a factory module:function", "torch_kinds",
             ("torch_zip", "torch_legacy", "safetensors"), ("factory", "device")),
        Kind("torchscript", "TorchScript module", "torch_script", ("torchscript",), ("device",)),
        Kind("callable", "Python function, estimator or module: module:name", "kind_callable", (), ("device",)),
        Kind("http", "HTTP endpoint (Open Inference Protocol, MLflow, TF Serving, template)", "kind_http", (), _HTTP),
    )
}  # fmt: skip
"""By id."""

_DOTTED = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def kind_of(spec: TargetSpec) -> Kind:
    """What the location is: by the spec's word, else a URL, ``module:name``, or a file by its content. Raises
    ``UsageError`` that lists the kinds."""
    location = spec.location
    if spec.kind:
        if spec.kind not in KINDS:
            raise UsageError(f"{spec.kind!r} is no kind of target.", _listed())
        kind = KINDS[spec.kind]
        _check_options(spec, kind)
        _check_content(location, kind)
        return kind
    kind = _guessed(location)
    _check_options(spec, kind)
    return kind


def _guessed(location: str) -> Kind:
    if location.lower().startswith(("http://", "https://")):
        return KINDS["http"]
    if not os.path.exists(location):
        if _DOTTED.fullmatch(location):
            return KINDS["callable"]
        raise UsageError(f"{location}: there is no such file.", "A function is named like package.module:predict")
    if os.path.isdir(location):
        raise UsageError(f"{location} is a directory.", "Name the file of the model. " + _listed())
    from violet.targets.content import formats_of

    found = formats_of(location)
    for format_ in found:
        for kind in KINDS.values():
            if format_ in kind.formats:
                # what is a checkpoint of torch, too, was written by torch
                return KINDS["torch"] if "torch_legacy" in found else kind
    what = f"is {' and '.join(found)}" if found else "is of no known format"
    raise UsageError(f"{location} {what}, and no kind of model that can be asked.", _listed())


def _check_content(location: str, kind: Kind) -> None:
    """Raises ``UsageError`` for a file that is something else than what it is said to be."""
    if not kind.formats:
        return
    if not os.path.isfile(location):
        if kind.id == "torch" and _DOTTED.fullmatch(location):
            return
        raise UsageError(f"{location}: there is no such file.")
    from violet.targets.content import formats_of

    found = formats_of(location)
    if not set(found) & set(kind.formats):
        what = " and ".join(found) or "of no known format"
        raise UsageError(f"{location} is {what}, and no {kind.title}.", "Leave --kind out: the content tells it.")


def _listed() -> str:
    return f"Kinds: {', '.join(KINDS)}."


def _check_options(spec: TargetSpec, kind: Kind) -> None:
    from violet.targets.data_options import closest
    from violet.targets.request import COMMON

    known = (*kind.options, *COMMON)
    for name, _ in spec.options:
        if name not in known:
            raise UsageError(f"A target of kind {kind.id} has no option {name!r}.", closest(name, known))


def needs_trust(spec: TargetSpec) -> bool:
    """Whether opening it runs code that the file holds: pickles, whole torch modules, skops files that name types which
    skops does not know. Raises ``UsageError`` for what is no target."""
    kind = kind_of(spec)
    if kind.id not in ("sklearn", "torch") or not os.path.isfile(spec.location):
        return False
    from violet.targets.content import formats_of

    found = formats_of(spec.location)
    if kind.id == "torch":
        return "safetensors" not in found and not any(name == "factory" for name, _ in spec.options)
    if "skops" in found:
        from violet.targets.kind_sklearn import unknown_types

        return bool(unknown_types(spec.location))
    return True


def opener(kind: Kind) -> Callable[[Opening], Target]:
    """The function that opens targets of this kind, its module loaded."""
    found: Callable[[Opening], Target] = import_module(f"violet.targets.{kind.module}").open_model
    return found
