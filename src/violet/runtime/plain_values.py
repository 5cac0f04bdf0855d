"""Values that MessagePack and JSON can say, whatever rows held."""

from __future__ import annotations

from typing import Any


def scalar(value: Any) -> Any:
    """Scalars of numpy, which rows may hold, as Python's: for encoders that do not know them."""
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} does not belong into an exchange")
    return item()


def valid(value: Any) -> Any:
    """The same with unpaired surrogates, which are no Unicode text, written out."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {valid(name): valid(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [valid(inner) for inner in value]
    return value
