"""Detectors that ask the model themselves: in a thread beside the judge, about rows that they choose, as far as it
keeps up."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from violet.detectors.base import Stage, detectors
from violet.domain.errors import UsageError, VioletError
from violet.runtime.judging.spec import JudgeSpec, ModelSpec, build, reference_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference
    from violet.domain.alert import Alert
    from violet.runtime.batching import Observed
    from violet.runtime.pipeline import DetectorState, Pipeline

    Array = NDArray[Any]

WAITING = 64
"""Batches that may wait; more are left out."""
_log = logging.getLogger("violet.guard")


class Aside:
    """For the models of ``spec`` that can be asked (``ModelSpec.ask``). ``take`` is called in this thread: hand it
    on."""

    def __init__(self, spec: JudgeSpec, take: Callable[[Alert], None]) -> None:
        self.ids = tuple(name for name, entry in detectors().items() if entry.facts.stage is Stage.ASIDE)
        models = tuple(replace(model, only=self._wanted(model)) for model in spec.models if model.ask)
        self.left_out = 0
        self._spec = replace(spec, models=tuple(model for model in models if model.only), worker=f"{spec.worker}-s")
        self._take = take
        self._pipelines: dict[str, Pipeline] = {}
        self._queue: queue.Queue[tuple[str, Sequence[Observed]] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="violet-aside", daemon=True)
        self._thread.start()

    def _wanted(self, model: ModelSpec) -> tuple[str, ...]:
        return tuple(name for name in self.ids if name not in model.off and (not model.only or name in model.only))

    def offer(self, model: str, batch: Sequence[Observed]) -> None:
        try:
            self._queue.put_nowait((model, list(batch)))
        except queue.Full:
            self.left_out += sum(len(one.raw) for one in batch)

    def states(self, model: str) -> list[DetectorState]:
        pipeline = self._pipelines.get(model)
        return pipeline.states() if pipeline is not None else []

    def close(self) -> None:
        """Ends after what is being asked just now."""
        try:
            self._queue.put(None, timeout=1.0)
        except queue.Full:
            return
        self._thread.join(5.0)

    def _run(self) -> None:
        for model in self._spec.models:
            try:
                one = replace(self._spec, models=(model,))
                self._pipelines |= build(one, self._take, asks={model.name: asker(model, reference_of(model))})
            except VioletError as error:
                _log.error("%s cannot be asked beside its traffic: %s", model.name, error.diagnostics())
        while (waiting := self._queue.get()) is not None:
            pipeline = self._pipelines.get(waiting[0])
            if pipeline is not None:
                pipeline.observe(waiting[1])


def asker(model: ModelSpec, reference: Reference | None) -> Callable[[Array], Array]:
    """From raw rows ``(n, p)`` to the model's scores ``(n, k)``, by its endpoint. Raises ``UsageError`` where rows
    cannot be written as numbers, ``TargetError`` where the endpoint does not answer with scores."""
    from violet.targets.base import InputDomain, InputKind, TargetSpec
    from violet.targets.opening import open_target

    if reference is None or any(reference.categories):
        raise UsageError(
            "Only rows of numbers can be asked about beside the traffic.", "Its profile has words, or there is none."
        )
    domain = InputDomain(
        InputKind.TABLE, (reference.columns,), reference.low, reference.high, names=reference.names, dtype="float64"
    )
    target = open_target(TargetSpec(model.ask), domain)
    return target.scores
