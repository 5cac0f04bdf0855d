"""Adversarial examples as a file, for training, explaining and regression."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError

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
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as file:
            np.savez_compressed(file, **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)
