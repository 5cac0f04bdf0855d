"""Write a torch module's weights: safetensors where it is installed and asked for, else a state dict."""

from __future__ import annotations

from typing import Any

from violet.domain.errors import MissingExtraError


def save_weights(module: Any, path: str) -> None:
    """To ``path``, whose suffix decides. Both are read again without running code. Raises ``MissingExtraError``."""
    state = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in module.state_dict().items()}
    if path.endswith(".safetensors"):
        try:
            from safetensors.torch import save_file
        except ImportError as error:
            raise MissingExtraError("Writing safetensors", "torch") from error
        save_file(state, path)
        return
    import torch

    torch.save(state, path)
