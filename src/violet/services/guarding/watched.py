"""From options that name files to what judges: profiles, thresholds, schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError

if TYPE_CHECKING:
    from violet.detectors.reference import Reference
    from violet.runtime.judging.spec import JudgeSpec, ModelSpec


@dataclass(frozen=True, slots=True)
class WatchedOptions:
    """``model`` is its name; ``profile``, ``calibration`` and ``schema`` are files (empty: none); ``only`` and
    ``without`` are detectors by id."""

    model: str = "model"
    profile: str = ""
    calibration: str = ""
    schema: str = ""
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    clients: int = 10_000
    seed: int = 0


def model_spec(options: WatchedOptions) -> tuple[ModelSpec, str]:
    """The model as a judge is told of it, and the digest of its calibration (empty: none). Raises ``UsageError`` where
    thresholds were fitted to another profile."""
    from violet.runtime.judging.spec import ModelSpec, reference_of

    thresholds: dict[str, tuple[float, float]] = {}
    said = ""
    spec = ModelSpec(options.model, options.profile, options.schema, {}, tuple(options.without), tuple(options.only))
    if options.calibration:
        from dataclasses import replace

        from violet.services.guarding.calibrate import read_calibration

        calibration = read_calibration(options.calibration)
        reference = reference_of(spec)
        digest = reference.digest if reference is not None else ""
        if calibration.reference != digest:
            raise UsageError(
                f"{options.calibration} was fitted to another profile than {options.profile or 'none'}.",
                "Fit it again: violet guard calibrate TRACE --profile FILE",
            )
        thresholds = {one.id: (one.threshold, one.expected) for one in calibration.detectors}
        said = f"{options.calibration}: {calibration.asked:g} false alarms in 10,000 benign rows were asked for"
        spec = replace(spec, thresholds=thresholds)
    return spec, said


def judge_spec(options: WatchedOptions, worker: str = "") -> tuple[JudgeSpec, str]:
    """For one model."""
    from violet.runtime.judging.spec import JudgeSpec

    model, said = model_spec(options)
    return JudgeSpec((model,), options.clients, options.seed, worker=worker), said


def reference(options: WatchedOptions) -> Reference | None:
    """What the profile says of benign traffic."""
    from violet.runtime.judging.spec import ModelSpec, reference_of

    return reference_of(ModelSpec(options.model, options.profile))
