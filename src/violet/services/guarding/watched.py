"""From options that name files to what judges: profiles, thresholds, schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.runtime.judging.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class WatchedOptions:
    """``model`` is its name; ``profile``, ``calibration`` and ``schema`` are files (empty: none); ``only`` and
    ``without`` are detectors by id."""

    model: str = "model"
    profile: str = ""
    calibration: str = ""
    schema: str = ""
    ask: str = ""
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    clients: int = 10_000
    seed: int = 0


def model_spec(options: WatchedOptions) -> tuple[ModelSpec, str]:
    """The model as a judge is told of it, and what its thresholds rest on, in words (empty: they are as they come).
    Raises ``UsageError`` where they were fitted to another profile."""
    from violet.runtime.judging.spec import ModelSpec, calibrated

    spec = ModelSpec(
        options.model,
        options.profile,
        options.schema,
        options.ask,
        off=tuple(options.without),
        only=tuple(options.only),
    )
    if not options.calibration:
        return spec, ""
    spec, calibration = calibrated(spec, options.calibration)
    return spec, f"{options.calibration}: {calibration.asked:g} false alarms in 10,000 benign rows were asked for"
