"""What an explanation is asked for: one frozen object for every face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.robustness import Threat
    from violet.services.testing.options import DataSource
    from violet.targets.base import TargetSpec


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """``method`` is one of ``violet.explain.choosing.METHODS``. ``samples`` inputs are explained (0: as many as the
    method makes cheap), against ``background`` other ones; ``coalitions`` bounds what kernel SHAP asks for each (0: by
    the number of features). ``inputs`` are rows of the data to be shown one by one. ``adversarial`` is a file of
    adversarial examples; without one they are made by ``attack`` (empty: one that fits) under ``threat`` (``None``: by
    the kind of input). ``attributions_only`` leaves out the attack, shortcuts and stability."""

    target: TargetSpec
    data: DataSource
    method: str = "auto"
    samples: int = 0
    background: int = 100
    coalitions: int = 0
    inputs: tuple[int, ...] = ()
    adversarial: str = ""
    attack: str = ""
    threat: Threat | None = None
    queries: int = 0
    seed: int = 0
    scan: bool = True
    attributions_only: bool = False
    seconds: float = float("inf")
    """For all of it: what is not begun by then is left out."""
