"""Whole torch modules, which are pickles: loaded in a process with limits, and nowhere else."""

from __future__ import annotations

from typing import Any

import torch


def load_whole(path: str) -> Any:
    """Runs whatever the file names."""
    return torch.load(path, map_location="cpu", weights_only=False)
