"""What is said about data that its files do not say."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DataOptions:
    """See ``violet.targets.data.load_data``."""

    schema_path: str = ""
    label: str = ""
    segment: tuple[str, ...] = ()
    layout: str = ""
    value_range: tuple[float, float] | None = None
    limit: int = 0
    seed: int = 0

    def drawn(self, rows: int) -> list[int]:
        """The rows that are wanted of so many: at random without replacement, in their order."""
        if not self.limit or self.limit >= rows:
            return list(range(rows))
        import numpy as np

        return sorted(np.random.default_rng(self.seed).permutation(rows)[: self.limit].tolist())


def closest(name: str, known: tuple[str, ...]) -> str:
    """The hint for a name that is not there."""
    import difflib

    near = difflib.get_close_matches(name, known, 1, 0.5)
    if near:
        return f"Did you mean {near[0]!r}?"
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"There are: {shown}."
