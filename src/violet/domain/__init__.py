"""The words every room shares: frozen dataclasses and errors, standard library only."""

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
