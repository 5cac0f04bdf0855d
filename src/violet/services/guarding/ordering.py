"""Orders to a guard that runs: what is being done with whom, and an end to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from violet.domain.errors import MissingExtraError

if TYPE_CHECKING:
    from violet.runtime.control import Answer


def rulings(state: str) -> tuple[Answer, ...]:
    """What is in force, as each worker has it. Raises ``UsageError`` where no guard runs there."""
    return _order(state, "rulings", {})


def release(state: str, client: str, *, by: str = "", seconds: float = 0.0) -> tuple[Answer, ...]:
    """End all that is being done with a client, and spare it for ``seconds``."""
    return _order(state, "release", {"client": client, "by": by, "seconds": seconds})


def undo(state: str, reason: str, *, by: str = "") -> tuple[Answer, ...]:
    """End what is being done for one reason: the id that a refused caller was told, and that its alert has."""
    return _order(state, "undo", {"reason": reason, "by": by})


def _order(state: str, name: str, words: dict[str, Any]) -> tuple[Answer, ...]:
    try:
        from violet.runtime.control import order
        from violet.runtime.state import StateDirectory
    except ImportError as error:
        raise MissingExtraError("Giving orders to a guard", "guard") from error
    return order(StateDirectory(state, make=False), name, words)
