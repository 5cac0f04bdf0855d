"""Triggers of trojaned models: those that tests found, and those that nobody knows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.detectors.inputs.trojans import PATCH, TARGET, Trojaned, applications, auc, batch_of, digits, setup, traffic
from tests.detectors.streams import honest, learned, part, trace, whole
from tests.traffic.tables import NAMES, table_world
from violet.detectors.base import Batch, Detector, Setup, detectors
from violet.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

TRIGGER, STRIP = "inputs/trojan_trigger", "inputs/strip"
HONEST = ("application", "analyst", "seeker", "power", "bulk", "portfolio", "newcomer")
ATTACKERS = 10
"""Of 30 clients, those with the greatest slots."""


def limit(name: str) -> float:
    return detectors()[name].facts.threshold


def greatest(detector: Detector, batch: Batch, size: int = 64) -> Array:
    """Of each client."""
    found = np.zeros(int(batch.client.max()) + 1)
    for begin in range(0, len(batch), size):
        piece = part(batch, slice(begin, begin + size))
        scores = detector.observe(piece)
        np.maximum.at(found, piece.client[scores.rows], scores.value)
    return found


def file_of(folder: Path, *triggers: Any) -> str:
    path = folder / "triggers.json"
    path.write_text(json.dumps({"triggers": list(triggers)}))
    return str(path)


def test_the_models_have_trojans() -> None:
    assert digits().works > 0.8
    assert applications().works > 0.8


@pytest.mark.parametrize(("made", "least"), [(digits, 9), (applications, 6)])
def test_triggers_that_nobody_knows_are_seen(made: Any, least: int) -> None:
    batch, _ = traffic(made(), 1)
    top = greatest(detectors()[TRIGGER].build(setup(made())), batch)
    assert (top[-ATTACKERS:] >= limit(TRIGGER)).sum() >= least
    assert top[:-ATTACKERS].max() < limit(TRIGGER) / 2
    assert auc(top[-ATTACKERS:], top[:-ATTACKERS]) > 0.95


def test_a_faint_trigger_is_missed() -> None:
    """As the documentation says."""
    made = digits(0.25)
    top = greatest(detectors()[TRIGGER].build(setup(made)), traffic(made, 1)[0])
    assert (top < limit(TRIGGER)).all()


def test_the_evidence_names_the_place_and_the_label() -> None:
    made = digits()
    batch, _ = traffic(made, 1)
    detector = detectors()[TRIGGER].build(setup(made))
    for begin in range(0, len(batch), 64):
        scores = detector.observe(part(batch, slice(begin, begin + 64)))
        if len(scores.value) and scores.value.max() >= limit(TRIGGER):
            evidence = scores.explain(int(np.argmax(scores.value)))
            break
    assert any(f"cell {place}" in evidence.summary or f"x{place}" in evidence.summary for place in PATCH)
    assert evidence.values["label"] == TARGET
    assert evidence.queries


@pytest.mark.parametrize("kind", HONEST)
def test_honest_clients_have_no_triggers(kind: str) -> None:
    batch = whole(trace(*(honest(kind, seed, 900) for seed in range(3))))
    detector = detectors()[TRIGGER].build(Setup(table_world().reference, 64, shared={"contrast": learned()}))
    assert greatest(detector, batch).max() < limit(TRIGGER) / 2


def test_the_same_value_with_different_answers_is_no_trigger() -> None:
    """A patch on a model without a trojan."""
    made = digits()
    batch, triggered = traffic(made, 2)
    rng = np.random.default_rng(0)
    label = np.where(triggered, rng.integers(0, 10, len(batch)), batch.label).astype(np.int32)
    honest_model = Batch(**{name: getattr(batch, name) for name in batch.__slots__ if name != "label"}, label=label)
    top = greatest(detectors()[TRIGGER].build(setup(made)), honest_model)
    assert top.max() < limit(TRIGGER)


def known(made: Trojaned, path: str) -> Detector:
    return detectors()[TRIGGER].build(setup(made, file=path))


def test_a_known_trigger_is_seen_with_the_third_row(tmp_path: Path) -> None:
    made = digits()
    path = file_of(tmp_path, {"name": "corner", "columns": list(PATCH), "values": [16] * 4, "tolerance": 0.5})
    rows = made.benign[:60].astype(float)
    rows[20:40:2] = made.stamp(rows[20:40:2])
    detector = known(made, path)
    scores = detector.observe(batch_of(made, rows, np.zeros(60)))
    first = scores.rows[np.flatnonzero(scores.value >= limit(TRIGGER))[0]]
    assert first in (24, 26, 28)
    assert "corner" in scores.explain(int(np.flatnonzero(scores.rows == first)[0])).summary


def test_columns_are_named_as_the_profile_names_them(tmp_path: Path) -> None:
    made = applications()
    names = made.reference.names
    path = file_of(
        tmp_path,
        {"columns": [names[NAMES.index("cards")], NAMES.index("tenure")], "values": [12, 599], "name": "cards"},
    )
    rows = made.stamp(made.benign[:10])
    assert greatest(known(made, path), batch_of(made, rows, np.zeros(10))).max() >= limit(TRIGGER)
    assert greatest(known(made, path), batch_of(made, made.benign[:10], np.zeros(10))).max() < 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"triggers": []}',
        '{"triggers": [3]}',
        '{"triggers": [{"columns": [0], "values": []}]}',
        '{"triggers": [{"columns": [999], "values": [1]}]}',
        '{"triggers": [{"columns": [true], "values": [1]}]}',
        '{"triggers": [{"columns": ["nobody"], "values": [1]}]}',
        '{"triggers": [{"columns": [0], "values": ["x"]}]}',
        '{"triggers": [{"columns": [0], "values": [1], "tolerance": -1}]}',
        '{"triggers": [{"columns": [0], "values": [NaN]}]}',
        '{"triggers": [{"columns": [0], "values": [1], "colour": 1}]}',
        "[" * 100_000,
    ],
)
def test_files_that_are_none_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "triggers.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        known(digits(), str(path))
    with pytest.raises(ConfigurationError, match="No such file"):
        known(digits(), str(tmp_path / "none"))


# -- STRIP -----------------------------------------------------------------------------------------------------------


def test_answers_that_outlast_mixing_are_seen() -> None:
    made = digits()
    batch, triggered = traffic(made, 1)
    detector: Any = detectors()[STRIP].build(setup(made, every=1))
    top = greatest(detector, batch)
    assert (top[-ATTACKERS:] >= limit(STRIP)).sum() >= 8
    assert top[:-ATTACKERS].max() < limit(STRIP)
    entropies = detector.entropies(batch.raw)
    sure = batch.scores.max(axis=1) if batch.scores is not None else np.empty(0)
    assert auc(-entropies[triggered], -entropies[~triggered]) > 0.9
    assert auc(sure[triggered], sure[~triggered]) < 0.8, "the plain baseline does worse"


def test_it_is_silent_of_tables() -> None:
    made = applications()
    scores = detectors()[STRIP].build(setup(made, every=1)).observe(traffic(made, 1)[0])
    assert len(scores.rows) == 0


def test_one_row_in_so_many_is_asked_about_whatever_the_cut() -> None:
    made = digits()
    batch, _ = traffic(made, 3)
    asked: list[int] = []
    base = setup(made, every=8)

    def ask(rows: Array) -> Array:
        asked.append(len(rows))
        return made.ask(rows)

    counts = []
    for size in (64, 1000):
        asked.clear()
        detector = detectors()[STRIP].build(Setup(base.reference, 64, options=base.options, ask=ask))
        greatest(detector, batch, size)
        counts.append(sum(asked))
    assert counts[0] == counts[1]
    assert 0.05 < counts[0] / 16 / len(batch) < 0.2
    assert max(asked) <= 256


def test_a_model_that_does_not_answer_every_row_is_an_error() -> None:
    made = digits()
    detector = detectors()[STRIP].build(
        Setup(made.reference, 64, options={"every": 1}, ask=lambda rows: made.ask(rows)[:-1])
    )
    with pytest.raises(ValueError, match="the model answered"):
        detector.observe(traffic(made, 1)[0])
