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


def closest(name: str, known: tuple[str, ...]) -> str:
    """The hint for a name that is not there."""
    import difflib

    near = difflib.get_close_matches(name, known, 1, 0.5)
    if near:
        return f"Did you mean {near[0]!r}?"
    shown = ", ".join(known[:20]) + (", ..." if len(known) > 20 else "")
    return f"There are: {shown}."
