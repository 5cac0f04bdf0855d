"""The words every room shares: frozen dataclasses and errors, standard library only.

The modules load when a name of theirs is first asked for: making dataclasses takes longer than all else that
``violet --help`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.asset import Asset, Digest
    from violet.domain.errors import ConfigurationError, MissingExtraError, UsageError, VioletError
    from violet.domain.outcome import (
        Confidence,
        Decision,
        Failed,
        Finding,
        Location,
        Measurement,
        Outcome,
        Report,
        Severity,
        Skipped,
        Verdict,
    )
    from violet.domain.rule import Cost, Rule, Stage

__all__ = [
    "Asset",
    "Confidence",
    "ConfigurationError",
    "Cost",
    "Decision",
    "Digest",
    "Failed",
    "Finding",
    "Location",
    "Measurement",
    "MissingExtraError",
    "Outcome",
    "Report",
    "Rule",
    "Severity",
    "Skipped",
    "Stage",
    "UsageError",
    "Verdict",
    "VioletError",
]

_HOMES = {
    "asset": ("Asset", "Digest"),
    "errors": ("ConfigurationError", "MissingExtraError", "UsageError", "VioletError"),
    "rule": ("Cost", "Rule", "Stage"),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = next((module for module, names in _HOMES.items() if name in names), "outcome")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found
