"""May this model go live? Decided from evidence that is verified here, without asking anybody.

``decide`` is what every face calls; it prints nothing, keeps nothing between calls, and may run in several threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from violet.services.gate.options import GateOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.domain.gate import GateDecision

    Progress = Callable[[int, int, str], None]

__all__ = ["GateOptions", "decide"]


def decide(options: GateOptions, progress: Progress | None = None) -> GateDecision:
    """Whether the model may go live, and why.

    Raises ``ConfigurationError`` and ``UsageError`` (exit code 2) for a policy or options that cannot be, and
    ``VioletError`` (3) for a model that cannot be read. Everything else, a missing or empty policy included, is a
    decision.
    """
    from violet.services.gate.examine import examine

    return examine(options, progress).decision
