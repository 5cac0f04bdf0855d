"""The pipeline: books, thresholds, episodes and batches, with detectors made for the purpose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from violet.detectors.base import (
    Accuses,
    Batch,
    Entry,
    Facts,
    Needs,
    Scores,
    Setup,
    Stage,
)
from violet.detectors.reference import Reference, fit_reference
from violet.domain import Confidence, Severity, UsageError
from violet.domain.alert import Alert, Evidence
from violet.runtime.batching import Observed, observed
from violet.runtime.pipeline import Pipeline, PipelineOptions, Threshold


class Total:
    """The sum of the first column that a client has sent."""

    def __init__(self, setup: Setup) -> None:
        self.total = np.zeros(setup.clients)
        self.told = np.zeros(setup.clients, np.float32)
        self.seen: list[Batch] = []

    def observe(self, batch: Batch) -> Scores:
        self.seen.append(batch)
        value = np.empty(len(batch))
        for place, (slot, amount) in enumerate(zip(batch.client, batch.raw[:, 0], strict=True)):
            self.total[slot] += amount
            self.told[slot] += amount
            value[place] = self.total[slot]
        numbers = batch.request

        def explain(index: int) -> Evidence:
            return Evidence(
                f"sent {value[index]:g} in all", {"total": value[index]}, (batch.exchange(int(numbers[index])),)
            )

        return Scores(np.arange(len(batch)), value, explain)

    def forget(self, slots: Any) -> None:
        self.total[slots] = 0
        self.told[slots] = 0

    def delta(self, slots: Any) -> Any:
        found = self.told[slots][:, None].copy()
        self.told[slots] = 0
        return found

    def absorb(self, slots: Any, values: Any) -> None:
        self.total[slots] += values[:, 0]


class Broken(Total):
    def observe(self, batch: Batch) -> Scores:
        raise RuntimeError("no")


TOTAL = Facts(
    id="test/total",
    title="Total",
    severity=Severity.HIGH,
    stage=Stage.WINDOW,
    needs=Needs.ROWS,
    threshold=10.0,
    width=1,
    techniques=("AML.T0024",),
)
BROKEN = Facts(id="test/broken", title="Broken", severity=Severity.LOW, stage=Stage.WINDOW, needs=Needs.ROWS)
SCORED = Facts(
    id="test/scored", title="Scored", severity=Severity.LOW, stage=Stage.WINDOW, needs=Needs.SCORES, threshold=1.0
)
POOLED = Facts(
    id="test/pooled",
    title="Pooled",
    severity=Severity.LOW,
    stage=Stage.WINDOW,
    needs=Needs.ROWS,
    accuses=Accuses.MODEL,
    threshold=3.0,
)
SCHEMA = Facts(id="test/schema", title="S", severity=Severity.LOW, stage=Stage.WINDOW, needs=Needs.SCHEMA)


@pytest.fixture(scope="module")
def reference() -> Reference:
    return fit_reference(np.random.default_rng(0).normal(size=(200, 2)), ("a", "b"))


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    entries = {
        facts.id: Entry(facts, make, __name__)
        for facts, make in ((TOTAL, Total), (BROKEN, Broken), (SCORED, Total), (POOLED, Total), (SCHEMA, Total))
    }
    monkeypatch.setattr("violet.runtime.pipeline.detectors", lambda: entries)
    return iter(())


def request(number: int, client: str, *amounts: float, **more: Any) -> Observed:
    raw = np.array([[amount, 0.0] for amount in amounts])
    return Observed(id=f"q{number}", at=1000.0 + number, client=client, raw=raw, **more)


def made(reference: Reference | None, **options: Any) -> tuple[Pipeline, list[Alert]]:
    alerts: list[Alert] = []
    return Pipeline(PipelineOptions(model="m", **options), reference, alerts.append), alerts


@pytest.mark.usefixtures("known")
def test_an_alert_says_who_when_and_why(reference: Reference) -> None:
    pipeline, alerts = made(reference, only=frozenset({"test/total"}), worker="w")
    pipeline.observe([request(1, "ann", 4), request(2, "bob", 1), request(3, "ann", 4, 4)])
    (alert,) = alerts
    assert (alert.client, alert.detector, alert.query, alert.after) == ("ann", "test/total", "q3", 3)
    assert alert.at == 1003.0
    assert alert.score == 12.0
    assert alert.evidence.queries == ("q3",)
    assert alert.techniques == ("AML.T0024",)
    assert alert.confidence is Confidence.LOW
    assert alert.id == "w-a1"


@pytest.mark.usefixtures("known")
def test_a_calibrated_threshold_gives_confidence(reference: Reference) -> None:
    only = frozenset({"test/total"})
    pipeline, alerts = made(reference, only=only, thresholds={"test/total": Threshold(4.0, 0.5)})
    pipeline.observe([request(1, "ann", 5)])
    pipeline.observe([request(2, "bob", 100)])
    assert [alert.confidence for alert in alerts] == [Confidence.MEDIUM, Confidence.HIGH]
    assert [alert.false_alarms for alert in alerts] == [0.5, 0.5]


@pytest.mark.usefixtures("known")
def test_one_that_breaks_is_counted_and_the_others_go_on(reference: Reference) -> None:
    only = frozenset({"test/total", "test/broken"})
    pipeline, alerts = made(reference, only=only)
    pipeline.observe([request(1, "ann", 50)])
    assert len(alerts) == 1
    assert {state.id: state.failures for state in pipeline.states()} == {"test/broken": 1, "test/total": 0}
    strict, _ = made(reference, only=only, strict=True)
    with pytest.raises(RuntimeError):
        strict.observe([request(1, "ann", 1)])


@pytest.mark.usefixtures("known")
def test_what_cannot_run_says_why(reference: Reference) -> None:
    pipeline, _ = made(reference, off=frozenset({"test/broken"}))
    assert pipeline.left_out == {"test/broken": "it is off", "test/schema": "there is no schema of the table"}
    bare, _ = made(None)
    assert bare.left_out["test/total"] == "there is no profile of benign traffic"
    with pytest.raises(UsageError, match="There is no detector 'test/totla'"):
        made(reference, off=frozenset({"test/totla"}))


@pytest.mark.usefixtures("known")
def test_detectors_of_scores_wait_for_scores(reference: Reference) -> None:
    pipeline, alerts = made(reference, only=frozenset({"test/scored"}))
    pipeline.observe([request(1, "ann", 5)])
    assert not alerts
    pipeline.observe([request(2, "ann", 5, scores=np.array([[0.2, 0.8]]))])
    assert len(alerts) == 1


@pytest.mark.usefixtures("known")
def test_an_alert_about_all_traffic_accuses_nobody(reference: Reference) -> None:
    pipeline, alerts = made(reference, only=frozenset({"test/pooled"}))
    pipeline.observe([request(1, "ann", 5), request(2, "bob", 5)])
    (alert,) = alerts
    assert alert.client == ""


@pytest.mark.usefixtures("known")
def test_who_is_suspected_and_who_asks_most_is_told(reference: Reference) -> None:
    pipeline, _ = made(reference, only=frozenset({"test/total", "test/pooled"}))
    assert pipeline.clients() == []
    pipeline.observe([request(1, "ann", 8), request(2, "bob", *([0] * 50)), request(3, "cid", 0)])
    ann, bob, cid = pipeline.clients()
    assert (ann.client, ann.detector, ann.rows, ann.seen) == ("ann", "test/total", 1, 1001.0)
    assert ann.suspicion == pytest.approx(0.8)
    assert (bob.client, bob.rows, bob.suspicion) == ("bob", 50, 0.0)
    assert bob.rate > ann.rate > 0
    assert cid.client == "cid"
    assert [one.rate for one in pipeline.clients()] == [0.0]


@pytest.mark.usefixtures("known")
def test_a_new_client_does_not_inherit(reference: Reference) -> None:
    pipeline, alerts = made(reference, only=frozenset({"test/total"}), clients=2)
    pipeline.observe([request(1, "ann", 9)])
    pipeline.observe([request(2, "bob", 1)])
    pipeline.observe([request(3, "cid", 9)])  # takes ann's slot
    assert not alerts
    pipeline.observe([request(4, "ann", 9)])
    pipeline.observe([request(5, "ann", 9)])
    assert [(alert.client, alert.after) for alert in alerts] == [("ann", 2)]


@pytest.mark.usefixtures("known")
def test_company_adds_up(reference: Reference) -> None:
    only = frozenset({"test/total"})
    one, first = made(reference, only=only)
    two, second = made(reference, only=only)
    one.observe([request(1, "ann", 6)])
    two.observe([request(2, "ann", 3)])
    assert one.changed() == ["ann"]
    assert one.changed() == []
    two.absorb("ann", one.delta("ann"))
    assert one.delta("ann")["test/total"].tolist() == [0.0]
    assert two.delta("ann")["test/total"].tolist() == [3.0], "what was absorbed is not told again"
    two.absorb("ann", {"test/total": np.array([np.nan]), "test/nothing": np.ones(3)})
    assert not first
    assert not second
    two.observe([request(3, "ann", 1)])
    assert [alert.score for alert in second] == [10.0]


@pytest.mark.usefixtures("known")
def test_labels_come_from_scores_or_as_they_are_said(reference: Reference) -> None:
    pipeline, _ = made(reference, only=frozenset({"test/total"}))
    (arm,) = pipeline.arms
    pipeline.observe(
        [
            request(1, "a", 0, scores=np.array([[0.1, 0.9]])),
            request(2, "a", 0, 0, labels=("no", "yes")),
            request(3, "a", 0, labels=(7,)),
            request(4, "a", 0, labels=("yes",), scores=np.array([[0.9, 0.1]])),
            request(5, "a", 0, labels=(0.5,)),
        ]
    )
    batch = arm.detector.seen[0]  # type: ignore[attr-defined]
    assert batch.label.tolist() == [1, 0, 1, 7, 1, -1]
    assert np.isnan(batch.scores[1:4]).all()


@pytest.mark.usefixtures("known")
def test_one_probability_is_that_of_the_second_class(reference: Reference) -> None:
    pipeline, _ = made(reference, only=frozenset({"test/total"}))
    (arm,) = pipeline.arms
    pipeline.observe([request(1, "a", 0, scores=np.array([[0.9]])), request(2, "a", 0, scores=np.array([[0.2]]))])
    pipeline.observe([request(3, "a", 0, scores=np.array([[7.5]]))])
    first, second = arm.detector.seen  # type: ignore[attr-defined]
    assert first.scores == pytest.approx(np.array([[0.1, 0.9], [0.8, 0.2]]))
    assert first.label.tolist() == [1, 0]
    assert second.scores.tolist() == [[7.5]]


@pytest.mark.usefixtures("known")
def test_a_clock_set_back_stands_still(reference: Reference) -> None:
    pipeline, _ = made(reference, only=frozenset({"test/total"}))
    (arm,) = pipeline.arms
    late, early = request(50, "a", 0), request(1, "a", 0)
    pipeline.observe([late, early])
    pipeline.observe([early, request(60, "a", 0)])
    times = [time for batch in arm.detector.seen for time in batch.at.tolist()]  # type: ignore[attr-defined]
    assert times == [1050.0, 1050.0, 1050.0, 1060.0]


@pytest.mark.usefixtures("known")
def test_equal_rows_have_equal_digests(reference: Reference) -> None:
    pipeline, _ = made(reference, only=frozenset({"test/total"}))
    (arm,) = pipeline.arms
    pipeline.observe([request(1, "a", 1, 2, 1), request(2, "b", 2)])
    digest = arm.detector.seen[0].digest.tolist()  # type: ignore[attr-defined]
    assert digest[0] == digest[2]
    assert digest[1] == digest[3]
    assert digest[0] != digest[1]


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.lists(st.integers(0, 4), min_size=1, max_size=3)), min_size=1, max_size=30
    ),
    st.lists(st.integers(1, 7), min_size=1),
)
def test_how_a_stream_is_cut_makes_no_difference(
    reference: Reference, stream: list[tuple[str, list[int]]], cuts: list[int]
) -> None:
    entries = {TOTAL.id: Entry(TOTAL, Total, __name__)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("violet.runtime.pipeline.detectors", lambda: entries)
        requests = [request(number, client, *map(float, rows)) for number, (client, rows) in enumerate(stream)]
        whole, at_once = made(reference)
        whole.observe(requests)
        parts, in_parts = made(reference)
        begin = 0
        for turn in range(len(requests)):
            size = cuts[turn % len(cuts)]
            if begin >= len(requests):
                break
            parts.observe(requests[begin : begin + size])
            begin += size
    assert at_once == in_parts


def test_an_exchange_that_does_not_fit_is_refused(reference: Reference) -> None:
    from violet.domain.traffic import Exchange

    with pytest.raises(ValueError, match="3 values a row, where the profile has 2 columns"):
        observed(Exchange("x", 1.0, "ann", "m", rows=((1.0, 2.0, 3.0),)), reference)
    taken = observed(Exchange("x", 1.0, "ann", "m", rows=((1.0, None),), scores=((0.5, 0.5),)), reference)
    assert np.isnan(taken.raw[0, 1])
    assert taken.scores is not None
