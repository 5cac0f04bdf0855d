"""Adversarial examples as a file, for training, explaining and regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.domain.errors import UsageError
from violet.domain.whole_file import whole_file

if TYPE_CHECKING:
    from violet.services.testing.evasion import Examples


def save_examples(path: str, examples: Examples) -> None:
    """Write ``original``, ``adversarial``, ``labels``, ``predicted``, ``distance``, ``index`` and ``attack`` as npz, in
    one step. Text is stored as fixed-width Unicode: an array of objects would be a pickle."""
    import numpy as np

    arrays = {
        name: getattr(examples, name)
        for name in ("original", "adversarial", "labels", "predicted", "distance", "index")
    }
    arrays["attack"] = np.array(examples.attack, dtype=np.str_)
    for name in ("original", "adversarial"):
        if arrays[name].dtype == object:
            arrays[name] = arrays[name].astype(np.str_)
    try:
        with whole_file(path) as file:
            np.savez_compressed(file, **arrays)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
