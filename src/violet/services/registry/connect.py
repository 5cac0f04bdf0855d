"""Which registry, and what the gate is asked there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.registry import Registry


def connect(address: str = "") -> Registry:
    """The MLflow registry at ``address`` (``""``: ``MLFLOW_TRACKING_URI``). Raises ``UsageError`` where nothing
    names one, ``MissingExtraError`` without MLflow's client."""
    from violet.registries.mlflow import MlflowRegistry

    return MlflowRegistry(address)
