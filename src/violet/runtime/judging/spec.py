"""What is judged and how, in words that can be handed to another process."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from violet.domain.errors import UsageError
from violet.runtime.pipeline import QUIET, Pipeline, PipelineOptions, Threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference
    from violet.domain.alert import Alert
    from violet.domain.guarding_calibration import Calibration

    Array = NDArray[Any]

Options = Mapping[str, float | int | str | bool]


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """``profile`` is a file of ``violet profile`` (empty: none), ``schema`` one that describes a table. ``thresholds``
    are by detector: value and false alarms in 10,000 benign queries."""

    name: str
    profile: str = ""
    schema: str = ""
    ask: str = ""
    """Where the model can be asked beside its traffic (empty: it is not)."""
    thresholds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    off: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    options: Mapping[str, Options] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JudgeSpec:
    """``worker`` is part of every alert's id."""

    models: tuple[ModelSpec, ...]
    clients: int = 10_000
    seed: int = 0
    quiet: float = QUIET
    worker: str = ""

    def to_json(self) -> dict[str, Any]:
        """NaN, which JSON does not have, as ``None``."""
        made = asdict(self)
        for model in made["models"]:
            model["thresholds"] = {
                name: [value, None if math.isnan(rate) else rate] for name, (value, rate) in model["thresholds"].items()
            }
        return made

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> JudgeSpec:
        """What ``to_json`` gave."""
        models = tuple(
            ModelSpec(
                name=one["name"],
                profile=one["profile"],
                schema=one["schema"],
                ask=one["ask"],
                thresholds={
                    name: (float(value), math.nan if rate is None else float(rate))
                    for name, (value, rate) in one["thresholds"].items()
                },
                off=tuple(one["off"]),
                only=tuple(one["only"]),
                options=one["options"],
            )
            for one in said["models"]
        )
        return cls(models, said["clients"], said["seed"], said["quiet"], said["worker"])


def reference_of(spec: ModelSpec) -> Reference | None:
    """What benign traffic of the model looks like. Raises ``UsageError`` for a file that is no profile."""
    if not spec.profile:
        return None
    from violet.detectors.profile.file import load_profile

    profile, _ = load_profile(spec.profile)
    return profile.layout.reference


def calibrated(spec: ModelSpec, path: str) -> tuple[ModelSpec, Calibration]:
    """The model with the thresholds of a calibration's file. Raises ``UsageError`` where they were fitted to another
    profile."""
    from violet.runtime.calibration_file import read_calibration

    calibration = read_calibration(path)
    reference = reference_of(spec)
    if calibration.reference != (reference.digest if reference is not None else ""):
        raise UsageError(
            f"{path} was fitted to another profile than {spec.profile or 'none'}.",
            "Fit it again: violet guard calibrate TRACE --profile FILE",
        )
    thresholds = {one.id: (one.threshold, one.expected) for one in calibration.detectors}
    return replace(spec, thresholds={**thresholds, **spec.thresholds}), calibration


def constraints_of(spec: ModelSpec, reference: Reference | None) -> object | None:
    """What must hold of the model's rows. Raises ``UsageError`` for a schema that cannot be read or does not fit."""
    if not spec.schema or reference is None:
        return None
    from violet.runtime.constraints import constraints_from

    return constraints_from(spec.schema, reference)


def options_of(spec: ModelSpec, reference: Reference | None, *, clients: int, seed: int) -> PipelineOptions:
    """What a pipeline for the model is made with. Raises ``UsageError`` as ``constraints_of`` does."""
    return PipelineOptions(
        model=spec.name,
        clients=clients,
        seed=seed,
        thresholds={name: Threshold(value, rate) for name, (value, rate) in spec.thresholds.items()},
        off=frozenset(spec.off),
        only=frozenset(spec.only),
        options=spec.options,
        constraints=constraints_of(spec, reference),
    )


def build(
    spec: JudgeSpec, take: Callable[[Alert], None], asks: Mapping[str, Callable[[Array], Array]] | None = None
) -> dict[str, Pipeline]:
    """A pipeline for each model, by name. ``asks`` are models that detectors may ask themselves."""
    asks = asks or {}
    made: dict[str, Pipeline] = {}
    for model in spec.models:
        reference = reference_of(model)
        options = replace(
            options_of(model, reference, clients=spec.clients, seed=spec.seed),
            worker=spec.worker,
            quiet=spec.quiet,
            ask=asks.get(model.name),
            aside=model.name in asks,
        )
        made[model.name] = Pipeline(options, reference, take)
    return made
