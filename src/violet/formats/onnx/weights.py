"""Whose tensor data a file without a format of its own is.

A model of more than 2 GiB keeps its tensors in files beside it: plain numbers, without a header by which they could
be known. What makes them known is the model that names them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.formats.source import Source

MOST_MODELS = 16
"""Models beside a file that are asked whether it is theirs."""

_known: dict[tuple[str, str, int], frozenset[str]] = {}
"""What each model names, by directory, name and size: an export may leave a thousand files beside one model."""


def is_tensor_data(
    directory: str,
    name: str,
    sibling: Callable[[str], Source | None],
    siblings: Callable[[], list[str]],
) -> bool:
    """Whether an ONNX model in the same directory takes tensors from the file called ``name``."""
    models = [entry for entry in siblings() if entry.lower().endswith(".onnx") and "/" not in entry and entry != name]
    for model in models[:MOST_MODELS]:
        source = sibling(model)
        if source is None:
            continue
        key = (directory, model, source.size)
        if key not in _known:
            _known[key] = _external(source, model)
        if name in _known[key]:
            return True
    return False


def _external(source: Source, name: str) -> frozenset[str]:
    """The files that a model names, none where it is no model that can be read."""
    from violet.formats.base import Reading
    from violet.formats.onnx.facts import OnnxFacts
    from violet.formats.onnx.reader import read_onnx
    from violet.formats.source import Bounds, Meter

    bounds = Bounds()
    try:
        facts = read_onnx(source, Reading(name, bounds, Meter(bounds))).facts
    except Exception:  # it is examined by itself, and what is wrong with it is said there
        return frozenset()
    if not isinstance(facts, OnnxFacts):
        return frozenset()
    return frozenset(entry.location.removeprefix("./") for entry in facts.external)
