"""Results of tasks, as they lie in a run directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.services.testing.work import ChunkResult

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.engine.runs import RunDirectory

    Array = NDArray[Any]

ARRAYS = ("fooled", "distance", "queries", "gradients", "first")
FIGURES = ("seconds", "complete", "reported", "recount", "rejected")
_DIAGNOSTIC = "diagnostic."


def save(run: RunDirectory, key: str, result: ChunkResult) -> None:
    arrays: dict[str, Array] = {name: getattr(result, name) for name in ARRAYS}
    facts: dict[str, Any] = {name: getattr(result, name) for name in FIGURES}
    if result.adversarial.dtype == object:  # text: an array of objects would be a pickle
        facts["texts"] = [str(text) for text in result.adversarial]
    else:
        arrays["adversarial"] = result.adversarial
    arrays.update({f"{_DIAGNOSTIC}{name}": value for name, value in result.diagnostics.items()})
    run.save(key, arrays, facts)


def load(run: RunDirectory, key: str) -> ChunkResult | None:
    """``None`` where there is none, or none that can be read."""
    import numpy as np

    found = run.load(key)
    if found is None:
        return None
    arrays, facts = found
    texts = facts.get("texts")
    try:
        known: dict[str, Any] = {name: arrays[name] for name in ARRAYS} | {name: facts[name] for name in FIGURES}
        return ChunkResult(
            adversarial=np.array(texts, dtype=object) if texts is not None else arrays["adversarial"],
            **known,
            diagnostics={
                name.removeprefix(_DIAGNOSTIC): value for name, value in arrays.items() if name.startswith(_DIAGNOSTIC)
            },
        )
    except KeyError:
        return None
