"""Named by tests as ``tests.targets.models:...``, as users name theirs."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.tree import DecisionTreeClassifier

_RNG = np.random.default_rng(0)
_X = _RNG.random((60, 4))

weak = DecisionTreeClassifier(max_depth=2, random_state=0).fit(_X, np.digitize(_X[:, 0], [0.3, 0.6]))


def network() -> Any:
    """Two layers on rows of four numbers, three classes."""
    import torch

    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3))


def nothing() -> int:
    return 3
