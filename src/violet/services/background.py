"""Commands that go on while others are run: what a demonstration or a drill deploys."""

from __future__ import annotations

from violet.engine.background import Background, free_port

__all__ = ["Background", "free_port"]
