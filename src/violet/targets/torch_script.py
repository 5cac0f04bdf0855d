"""TorchScript modules: they bring their own code, which torch's interpreter runs, not Python's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from violet.targets.torch_kinds import adopt_module

if TYPE_CHECKING:
    from violet.targets.base import Target
    from violet.targets.request import Opening


def open_model(opening: Opening) -> Target:
    """Raises ``TargetError`` where the module does not take the domain's rows."""
    untyped: Any = torch.jit
    module = untyped.load(opening.spec.location, map_location=opening.option("device", "cpu"))
    return adopt_module(module, opening)
