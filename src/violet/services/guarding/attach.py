"""Run the detectors over a recorded or followed trace: what the gateway would have said of it."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from violet.domain.errors import UsageError
from violet.domain.guard_report import ClientLine, DetectorUse, GuardReport, TruthLine
from violet.services.guarding.watched import model_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from violet.domain.alert import Alert
    from violet.domain.traffic import Exchange
    from violet.runtime.batching import Observed
    from violet.runtime.pipeline import Pipeline
    from violet.services.guarding.watched import WatchedOptions

BATCH = 256
"""Requests that are taken in at once."""
LARGEST = 1 << 16
"""Rows of one batch: a request of more goes alone."""


class Replay:
    """Takes exchanges in the order they came. ``take`` is called with each alert when it is raised."""

    def __init__(self, options: WatchedOptions, take: Callable[[Alert], None] | None = None) -> None:
        from violet.runtime.judging.spec import options_of, reference_of
        from violet.runtime.pipeline import Pipeline

        if options.clients < BATCH:
            raise UsageError(f"{options.clients} clients are too few to be told apart.", f"Say {BATCH} or more.")
        spec, self._calibration = model_spec(options)
        self.options = options
        self.reference = reference_of(spec)
        self.alerts: list[Alert] = []
        self.exchanges = 0
        self.unread = 0
        self.reasons: Counter[str] = Counter()
        self.begin = float("inf")
        self.end = float("-inf")
        self.begun = time.perf_counter()
        self._told = take
        self._rows: Counter[str] = Counter()
        self._truth: dict[str, str] = {}
        self._pending: list[Observed] = []
        self._size = 0
        of_model = options_of(spec, self.reference, clients=options.clients, seed=options.seed)
        self.pipeline: Pipeline = Pipeline(replace(of_model, strict=True), self.reference, self._take)

    def read(self, path: str, *, follow: bool = False) -> None:
        """All that stands in a trace (``-``: standard input); ``follow``: and what is added, without end."""
        from violet.runtime.trace import PAUSE, read_trace

        def wait() -> bool:
            self.flush()
            time.sleep(PAUSE)
            return True

        def complain(number: int, why: str) -> None:
            self.complain(f"line {number:,}: {why}")

        for exchange in read_trace(path, follow=follow, wait=wait, complain=complain):
            self.feed(exchange)
        self.flush()

    def feed(self, exchange: Exchange) -> None:
        """One more. What does not fit the profile is counted, with the reason."""
        from violet.runtime.batching import observed

        self.exchanges += 1
        self.begin, self.end = min(self.begin, exchange.at), max(self.end, exchange.at)
        if exchange.truth:
            self._truth.setdefault(exchange.client, exchange.truth)
        try:
            taken = observed(exchange, self.reference)
        except ValueError as error:
            self.unread += max(1, len(exchange.rows))
            if len(self.reasons) < 100 or str(error) in self.reasons:
                self.reasons[str(error)] += 1
            return
        rows = len(taken.raw)
        self._rows[exchange.client] += rows
        if self._size + rows > LARGEST:
            self.flush()
        self._pending.append(taken)
        self._size += rows
        if len(self._pending) >= BATCH:
            self.flush()

    def complain(self, why: str) -> None:
        """A line that could not be read at all."""
        self.unread += 1
        if len(self.reasons) < 100 or why in self.reasons:
            self.reasons[why] += 1

    def flush(self) -> None:
        """Judge what is waiting."""
        waiting, self._pending, self._size = self._pending, [], 0
        if waiting:
            self.pipeline.observe(waiting)

    def _take(self, alert: Alert) -> None:
        self.alerts.append(alert)
        if self._told is not None:
            self._told(alert)

    def report(self, source: str, command: str, *, complete: bool = True) -> GuardReport:
        """What came of it so far."""
        import numpy as np

        from violet import __version__

        self.flush()
        return GuardReport(
            source=source,
            model=self.options.model,
            exchanges=self.exchanges,
            rows=sum(self._rows.values()),
            unread=self.unread,
            clients=len(self._rows),
            begin=self.begin if self.exchanges else 0.0,
            end=self.end if self.exchanges else 0.0,
            alerts=tuple(self.alerts),
            accused=self._accused(),
            detectors=self._detectors(),
            truth=self._truths(),
            reasons=dict(self.reasons),
            profile=self.reference.digest if self.reference is not None else "",
            calibration=self._calibration,
            seconds=time.perf_counter() - self.begun,
            seed=self.options.seed,
            versions={"violet": __version__, "numpy": np.__version__},
            command=command,
            complete=complete,
        )

    def _accused(self) -> tuple[ClientLine, ...]:
        first: dict[str, Alert] = {}
        counts: Counter[str] = Counter()
        for alert in self.alerts:
            if alert.client:
                first.setdefault(alert.client, alert)
                counts[alert.client] += 1
        lines = [
            ClientLine(
                client, self._rows[client], counts[client], alert.detector, alert.after, self._truth.get(client, "")
            )
            for client, alert in first.items()
        ]
        return tuple(sorted(lines, key=lambda one: (-one.alerts, one.client)))

    def _detectors(self) -> tuple[DetectorUse, ...]:
        from violet.detectors.base import detectors

        states = {state.id: state for state in self.pipeline.states()}
        uses = []
        for name, entry in detectors().items():
            state = states.get(name)
            if state is not None:
                uses.append(
                    DetectorUse(
                        name,
                        entry.facts.title,
                        state.threshold,
                        state.false_alarms,
                        state.alerts,
                        round(state.microseconds, 2),
                    )
                )
            elif name in self.pipeline.left_out:
                why = self.pipeline.left_out[name]
                uses.append(DetectorUse(name, entry.facts.title, float("nan"), float("nan"), 0, 0.0, why))
        return tuple(uses)

    def _truths(self) -> tuple[TruthLine, ...]:
        if not self._truth:
            return ()
        first: dict[str, int] = {}
        for alert in self.alerts:
            if alert.client:
                first.setdefault(alert.client, alert.after)
        lines = []
        for truth in sorted(set(self._truth.values())):
            clients = [client for client, said in self._truth.items() if said == truth]
            after = [first[client] for client in clients if client in first]
            lines.append(
                TruthLine(
                    truth,
                    len(clients),
                    len(after),
                    sum(self._rows[client] for client in clients),
                    statistics.median(after) if after else float("nan"),
                    max(after) if after else float("nan"),
                )
            )
        return tuple(lines)
