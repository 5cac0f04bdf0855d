"""From options that name files to what judges: profiles, thresholds, schemas."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.runtime.judging.spec import ModelSpec


CAMPAIGN, TRIGGERS = "inputs/known_campaign", "inputs/trojan_trigger"
"""Detectors that know attacks from a file."""


@dataclass(frozen=True, slots=True)
class WatchedOptions:
    """``model`` is its name; ``profile``, ``calibration`` and ``schema`` are files (empty: none), and so are
    ``campaign``, fingerprints of known adversarial examples, and ``triggers`` of trojans. ``only`` and ``without`` are
    detectors by id."""

    model: str = "model"
    profile: str = ""
    calibration: str = ""
    schema: str = ""
    ask: str = ""
    campaign: str = ""
    triggers: str = ""
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    clients: int = 10_000
    seed: int = 0


def model_spec(options: WatchedOptions) -> tuple[ModelSpec, str]:
    """The model as a judge is told of it, and what its thresholds rest on, in words (empty: they are as they come).
    Raises ``UsageError`` where they were fitted to another profile."""
    from violet.runtime.judging.spec import ModelSpec, calibrated

    known = {CAMPAIGN: options.campaign, TRIGGERS: options.triggers}
    spec = ModelSpec(
        options.model,
        options.profile,
        options.schema,
        options.ask,
        off=tuple(options.without),
        only=tuple(options.only),
        options={id_: {"file": os.path.abspath(file)} for id_, file in known.items() if file},
    )
    if not options.calibration:
        return spec, ""
    spec, calibration = calibrated(spec, options.calibration)
    return spec, f"{options.calibration}: {calibration.asked:g} false alarms in 10,000 benign rows were asked for"
