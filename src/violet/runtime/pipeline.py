"""The detectors of one model in one process: rows go in as they come, alerts come out.

The same pipeline serves the gateway, where rows are taken in batches of some dozens just after their answers have gone
out, and a recorded trace. What a detector says does not depend on how the stream is cut.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.base import Accuses, Batch, Detector, Entry, Facts, Needs, Setup, Stage, detectors
from violet.detectors.clients import ClientSlots
from violet.detectors.episodes import Episodes
from violet.domain.alert import Alert, Evidence
from violet.domain.errors import UsageError
from violet.domain.outcome import Confidence
from violet.runtime.batching import Batcher

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference
    from violet.runtime.batching import Observed

    Array = NDArray[Any]

QUIET = 900.0
"""Seconds below its threshold after which a detector's episode with a client is over."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """``value`` in the detector's unit; ``false_alarms`` in 10,000 benign queries, as calibrated (NaN: it was not)."""

    value: float
    false_alarms: float = float("nan")


@dataclass(frozen=True, slots=True, eq=False)
class PipelineOptions:
    """``thresholds``, ``off`` and ``options`` go by detector id; ``only`` (where not empty) names all that run.
    ``aside`` False leaves out what asks the model."""

    model: str = "model"
    clients: int = 10_000
    seed: int = 0
    worker: str = ""
    quiet: float = QUIET
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    off: frozenset[str] = frozenset()
    only: frozenset[str] = frozenset()
    options: Mapping[str, Mapping[str, float | int | str | bool]] = field(default_factory=dict)
    aside: bool = False
    ask: Callable[[Array], Array] | None = None
    constraints: object | None = None
    strict: bool = False
    """A detector that breaks ends it all, instead of being counted: for traces and tests."""


@dataclass(frozen=True, slots=True)
class DetectorState:
    """For who watches: ``top`` is the greatest share of its threshold that any client has reached lately, ``rows`` how
    many it has looked at; ``microseconds`` what one has cost on average."""

    id: str
    threshold: float
    false_alarms: float
    top: float
    alerts: int
    rows: int
    microseconds: float
    failures: int


@dataclass(frozen=True, slots=True)
class ClientState:
    """``rate`` in rows a second since last asked; ``suspicion`` the greatest share of any threshold reached lately, by
    ``detector``; ``seen`` when its latest row came."""

    client: str
    rate: float
    rows: int
    suspicion: float
    detector: str
    seen: float


class Arm:
    """A detector at work, with its threshold and its books."""

    __slots__ = (
        "alerts",
        "detector",
        "episodes",
        "facts",
        "failures",
        "reached",
        "rows",
        "seconds",
        "threshold",
    )

    def __init__(self, entry: Entry, setup: Setup, threshold: Threshold, quiet: float) -> None:
        self.facts: Facts = entry.facts
        self.detector: Detector = entry.build(setup)
        self.threshold = threshold
        self.episodes = Episodes(threshold.value, quiet, setup.clients)
        self.reached = np.zeros(setup.clients, np.float32)
        """By slot, the share of the threshold reached lately."""
        self.seconds = 0.0
        self.rows = 0
        self.alerts = 0
        self.failures = 0


class Pipeline:
    """Not to be shared between threads. ``take`` is called with each alert, at once."""

    def __init__(self, options: PipelineOptions, reference: Reference | None, take: Callable[[Alert], None]) -> None:
        self.options = options
        self.reference = reference
        self.slots = ClientSlots(options.clients)
        self._batcher = Batcher(reference, self.slots)
        self.asked = np.zeros(options.clients, np.int64)
        """Rows by slot."""
        self.seen = np.zeros(options.clients, np.float64)
        """When a slot's client was last heard, seconds since 1970."""
        self.rows = 0
        self.left_out: dict[str, str] = {}
        """Why a detector does not run, by its id."""
        self.arms: list[Arm] = []
        self._aside: list[Arm] = []
        self._take = take
        self._changed: set[int] = set()
        self._alerts = 0
        self._looked = np.zeros(options.clients, np.int64), time.monotonic()
        self._arm()

    def _arm(self) -> None:
        known = detectors()
        shared: dict[object, Any] = {}
        options = self.options
        for names, what in ((options.only, "only"), (options.off, "off"), (options.options.keys(), "options")):
            for name in sorted(names):
                if name not in known:
                    raise UsageError(f"There is no detector {name!r} ({what}).", "See: violet guard detectors")
        for name, entry in known.items():
            facts = entry.facts
            if options.only and name not in options.only:
                continue
            if name in options.off or (not facts.default and name not in options.only):
                self.left_out[name] = "it is off"
                continue
            why = self._lacks(facts)
            if why:
                self.left_out[name] = why
                continue
            setup = Setup(
                reference=self.reference,
                clients=options.clients,
                seed=options.seed,
                options=options.options.get(name, {}),
                ask=options.ask,
                constraints=options.constraints,
                shared=shared,
            )
            threshold = options.thresholds.get(name, Threshold(facts.threshold))
            arm = Arm(entry, setup, threshold, options.quiet)
            (self._aside if facts.stage is Stage.ASIDE else self.arms).append(arm)
        if not options.aside:
            for arm in self._aside:
                self.left_out[arm.facts.id] = "it asks the model beside the traffic, which is not configured"
            self._aside = []

    def _lacks(self, facts: Facts) -> str:
        if self.reference is None and (Needs.REFERENCE in facts.needs or Needs.ROWS in facts.needs):
            return "there is no profile of benign traffic"
        if Needs.SCHEMA in facts.needs and self.options.constraints is None:
            return "there is no schema of the table"
        if Needs.MODEL in facts.needs and self.options.ask is None:
            return "the model cannot be asked beside the traffic"
        return ""

    # -- traffic -----------------------------------------------------------------------------------------------------

    def observe(self, requests: Sequence[Observed]) -> None:
        """Take in answered requests, in the order they came."""
        batch = self._batcher.batch(requests)
        if batch is None:
            return
        self._forget()
        counts = self._count(batch)
        for arm in (*self.arms, *self._aside):
            self._run(arm, batch, counts)
        self._changed.update(batch.client.tolist())

    def _forget(self) -> None:
        freed = self.slots.take_freed()
        if not freed:
            return
        gone = np.array(freed)
        for arm in (*self.arms, *self._aside):
            arm.detector.forget(gone)
            arm.episodes.forget(gone)
            arm.reached[gone] = 0
        self.asked[gone] = 0
        self._looked[0][gone] = 0

    def _count(self, batch: Batch) -> Array:
        """How many rows each row's client had asked by then, this one included."""
        order = np.argsort(batch.client, kind="stable")
        sorted_clients = batch.client[order]
        starts = np.flatnonzero(np.diff(sorted_clients, prepend=-1))
        place = np.arange(len(batch)) - np.repeat(starts, np.diff(starts, append=len(batch)))
        counts = np.empty(len(batch), np.int64)
        counts[order] = self.asked[sorted_clients] + place + 1
        self.asked[batch.client[order]] = counts[order]
        self.seen[batch.client] = batch.at
        self.rows += len(batch)
        return counts

    def _run(self, arm: Arm, batch: Batch, counts: Array) -> None:
        needs = arm.facts.needs
        if (
            (batch.scores is None and Needs.SCORES in needs)
            or (batch.texts is None and Needs.TEXTS in needs)
            or (batch.answers is None and Needs.ANSWERS in needs)
            or (not batch.x.shape[1] and Needs.ROWS in needs)
        ):
            return
        begun = time.perf_counter()
        try:
            scores = arm.detector.observe(batch)
            if len(scores.rows):
                owners = batch.client
                if arm.facts.accuses is Accuses.MODEL:
                    owners = np.zeros(len(batch), np.int32)
                limit = arm.threshold.value
                if 0 < limit < np.inf:
                    np.multiply(arm.reached, np.float32(0.995), out=arm.reached)
                    np.maximum.at(arm.reached, owners[scores.rows], (scores.value / limit).astype(np.float32))
                for index in arm.episodes.step(scores.rows, owners, scores.value, batch.at).tolist():
                    row, value = int(scores.rows[index]), float(scores.value[index])
                    self._alert(arm, batch, counts, row, value, scores.explain(index))
        except Exception:  # one detector that breaks must not take the others, or the traffic, with it
            arm.failures += 1
            if self.options.strict:
                raise
        arm.seconds += time.perf_counter() - begun
        arm.rows += len(batch)

    def _alert(self, arm: Arm, batch: Batch, counts: Array, row: int, value: float, evidence: Evidence) -> None:
        facts = arm.facts
        calibrated = not np.isnan(arm.threshold.false_alarms)
        limit = arm.threshold.value
        if calibrated and value >= 1.5 * limit:
            confidence = Confidence.HIGH
        else:
            confidence = Confidence.MEDIUM if calibrated else Confidence.LOW
        self._alerts += 1
        arm.alerts += 1
        client = "" if facts.accuses is Accuses.MODEL else self.slots.name(int(batch.client[row]))
        query = self._batcher.id(int(batch.request[row]))
        self._take(
            Alert(
                id=f"{self.options.worker}-a{self._alerts}".lstrip("-"),
                at=float(batch.at[row]),
                model=self.options.model,
                client=client,
                detector=facts.id,
                title=facts.title,
                severity=facts.severity,
                confidence=confidence,
                score=value,
                threshold=limit,
                evidence=evidence,
                query=query,
                after=int(counts[row]),
                techniques=facts.techniques,
                false_alarms=arm.threshold.false_alarms,
                response=facts.response,
                worker=self.options.worker,
            )
        )

    # -- company -----------------------------------------------------------------------------------------------------

    def changed(self) -> list[str]:
        """Clients heard since this was last asked."""
        slots, self._changed = self._changed, set()
        return [name for name in (self.slots.name(slot) for slot in slots) if name]

    def delta(self, client: str) -> dict[str, Array]:
        """What was added to the client's sketches since last asked, by detector."""
        slot = self.slots.find(client)
        if slot < 0:
            return {}
        place = np.array([slot])
        return {arm.facts.id: arm.detector.delta(place)[0] for arm in self.arms if arm.facts.width}

    def absorb(self, client: str, values: Mapping[str, Array]) -> None:
        """Add what another process saw of the client. What does not fit is left out."""
        slot = np.array([self.slots.slot(client)])
        self._forget()
        for arm in self.arms:
            value = values.get(arm.facts.id)
            if value is not None and value.shape == (arm.facts.width,) and np.all(np.isfinite(value)):
                arm.detector.absorb(slot, value.astype(np.float32)[None, :])

    # -- views -------------------------------------------------------------------------------------------------------

    def states(self) -> list[DetectorState]:
        found = []
        for arm in (*self.arms, *self._aside):
            found.append(
                DetectorState(
                    arm.facts.id,
                    arm.threshold.value,
                    arm.threshold.false_alarms,
                    float(arm.reached.max()),
                    arm.alerts,
                    arm.rows,
                    1e6 * arm.seconds / arm.rows if arm.rows else 0.0,
                    arm.failures,
                )
            )
        return found

    def clients(self, most: int = 40) -> list[ClientState]:
        """Those under the greatest suspicion, and those who ask most: half of ``most`` each, at most."""
        if not len(self.slots):
            return []
        judging = [arm for arm in self.arms if arm.facts.accuses is not Accuses.MODEL]
        reached = np.array([arm.reached for arm in judging]).reshape(len(judging), self.options.clients)
        suspicion = reached.max(axis=0, initial=0.0)
        before, then = self._looked
        now = time.monotonic()
        rates = (self.asked - before) / max(now - then, 1e-3)
        self._looked = self.asked.copy(), now
        chosen: dict[int, None] = {}
        for figures in (suspicion, rates):
            for slot in np.argsort(-figures, kind="stable")[: most // 2].tolist():
                if figures[slot] > 0:
                    chosen[slot] = None
        return [
            ClientState(
                self.slots.name(slot),
                float(rates[slot]),
                int(self.asked[slot]),
                float(suspicion[slot]),
                judging[int(np.argmax(reached[:, slot]))].facts.id if suspicion[slot] > 0 else "",
                float(self.seen[slot]),
            )
            for slot in chosen
        ]
