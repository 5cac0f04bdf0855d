"""What every explanation does after its attributions: step after step, as far as time and patience go."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.explanation import Explanation

    Step = tuple[str, Callable[[Explanation], Explanation]]
    Progress = Callable[[int, int, str], None]


class Steps:
    """``seconds`` are for the whole explanation: no step is begun after them. Ctrl-C ends a step, and leaves out the
    others; what was found before stays."""

    def __init__(self, seconds: float, progress: Progress | None, count: int) -> None:
        self._deadline = time.monotonic() + seconds
        self._progress = progress
        self._count = count
        self._done = 0
        self.missing: list[str] = []

    @property
    def left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def tell(self, what: str) -> None:
        if self._progress is not None:
            self._progress(self._done, self._count, what)
        self._done += 1

    def run(self, explanation: Explanation, steps: tuple[Step, ...]) -> Explanation:
        """Each step adds to the explanation. ``missing`` says which were not done, and why."""
        for place, (what, step) in enumerate(steps):
            names = ", ".join(name for name, _ in steps[place:])
            if self.left <= 0:
                self.missing.append(f"Time ran out, so this was not measured: {names}.")
                return replace(explanation, partial=True)
            self.tell(what)
            try:
                explanation = step(explanation)
            except KeyboardInterrupt:
                self.missing.append(f"It was interrupted, so this was not measured: {names}.")
                return replace(explanation, partial=True)
        return explanation
