"""What every detector keeps to: its facts, its documentation, and what it makes of any batch it can be given."""

from __future__ import annotations

import inspect
import re
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.detectors.streams import CLIENTS, learned, mixed, part
from tests.traffic.tables import table_world
from violet.detectors.base import NOTHING, Accuses, Batch, Detector, Needs, Setup, Stage, detectors
from violet.domain.alert import Evidence
from violet.domain.errors import UsageError
from violet.domain.outcome import Severity
from violet.intel.atlas import TECHNIQUES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

ALL = sorted(detectors())
SECTIONS = ("What it sees", "Needs", "Cost", "Misses", "Source")
WORDS = ("the quick brown fox", "jumps over", "a lazy dog", "and is gone by morning", "", "\x00\ufffd\U0001f98a" * 9)


class Constraints:
    """A schema of a table, as ``Needs.SCHEMA`` wants it."""

    def violations(self, raw: Array) -> Array:
        return np.asarray(np.nan_to_num(raw[:, 0]) > 80)

    def describe(self, row: Array) -> str:
        return f"age is {row[0]:g}, more than 80"


def setup_for(clients: int = CLIENTS) -> Setup:
    world = table_world()
    return Setup(world.reference, clients, ask=world.answer, constraints=Constraints(), shared={"contrast": learned()})


@cache
def stream() -> Batch:
    """A thousand rows and more, with texts beside them."""
    batch = mixed()
    texts = [WORDS[index % len(WORDS)] for index in range(len(batch))]
    return replace(batch, texts=texts, answers=texts[::-1])


def some(rows: Array | slice) -> Batch:
    """Of the stream."""
    batch = stream()
    places = np.arange(len(batch))[rows]
    found = part(batch, rows)
    texts = [batch.texts[place] for place in places.tolist()] if batch.texts is not None else None
    return replace(found, memo={}, texts=texts, answers=texts)


def observed(detector: Detector, batch: Batch) -> list[float]:
    """Scores of the batch, after a look at what they say of themselves."""
    scores = detector.observe(batch)
    assert len(scores.rows) == len(scores.value)
    assert np.asarray(scores.value).dtype.kind == "f"
    if len(scores.rows):
        rows = np.asarray(scores.rows)
        assert (np.diff(rows) > 0).all()
        assert rows[0] >= 0
        assert rows[-1] < len(batch)
        assert not np.isnan(scores.value).any()
        for index in (0, len(rows) - 1, int(np.argmax(scores.value))):
            evidence = scores.explain(index)
            assert isinstance(evidence, Evidence)
            assert evidence.summary.strip()
            assert len(evidence.queries) <= 20
            assert all(isinstance(query, str) for query in (*evidence.queries, *evidence.others))
    return np.asarray(scores.value).tolist()


def test_there_are_detectors_of_every_kind() -> None:
    families = {name.split("/")[0] for name in ALL}
    assert {"extraction", "membership", "denial"} <= families


@pytest.mark.parametrize("name", ALL)
def test_its_file_says_what_it_sees_needs_costs_and_misses(name: str) -> None:
    entry = detectors()[name]
    text = entry.help
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == list(SECTIONS)
    for title, after in zip(headings, re.split(r"^## .+$", text, flags=re.MULTILINE)[1:], strict=True):
        assert len(after.strip()) > 10, f"{title} says nothing"
    assert text.splitlines()[0].strip().endswith(".")


@pytest.mark.parametrize("name", ALL)
def test_its_facts_hold_together(name: str) -> None:
    entry = detectors()[name]
    facts = entry.facts
    family, own = name.split("/")
    assert facts.id == name
    assert entry.module == f"violet.detectors.{family}.{own}"
    assert facts.title
    assert not facts.title.endswith(".")
    assert isinstance(facts.severity, Severity)
    assert isinstance(facts.stage, Stage)
    assert isinstance(facts.accuses, Accuses)
    assert facts.threshold > 0
    assert facts.unit
    assert facts.width >= 0
    assert facts.width * 4 <= 4096, "a client's sketch is at most 4 kB"
    assert facts.microseconds > 0
    assert not facts.response.blocks or facts.stage is Stage.BEFORE, "by default nothing is refused on suspicion"


@pytest.mark.parametrize("name", ALL)
def test_its_techniques_exist(name: str) -> None:
    facts = detectors()[name].facts
    assert facts.techniques or name.startswith("drift/")
    assert [technique for technique in facts.techniques if technique not in TECHNIQUES] == []
    assert all(reference.startswith("https://") for reference in facts.references)


@pytest.mark.parametrize("name", ALL)
def test_its_options_are_typed_and_no_others_are_taken(name: str) -> None:
    entry = detectors()[name]
    assert all(isinstance(value, int | float | str | bool) for value in entry.facts.options.values())
    with pytest.raises(UsageError, match="has no option"):
        entry.build(replace(setup_for(), options={"no such option": 1}))


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_it_takes_batches_of_any_size(name: str, rows: int) -> None:
    entry = detectors()[name]
    detector = entry.build(setup_for())
    observed(detector, some(slice(0, rows)))
    observed(detector, some(slice(0, 0)))
    observed(detector, some(slice(rows, rows + 1)))


@pytest.mark.parametrize("name", ALL)
def test_its_sketches_have_the_width_it_states(name: str) -> None:
    entry = detectors()[name]
    detector = entry.build(setup_for())
    detector.observe(some(slice(0, 300)))
    slots = np.array([3, 0, 5])
    told = detector.delta(slots)
    assert told.shape == (3, entry.facts.width)
    assert told.dtype == np.float32
    assert not detector.delta(slots).any(), "what was told once is not told again"
    detector.absorb(slots, np.ones((3, entry.facts.width), np.float32))
    assert not detector.delta(slots).any(), "what was absorbed is not told"
    detector.forget(slots)
    detector.forget(np.empty(0, np.int64))
    observed(detector, some(slice(300, 400)))


@pytest.mark.parametrize("name", ALL)
def test_nothing_that_is_sent_breaks_it(name: str) -> None:
    """Values that no model takes, answers that no model gives, times that no clock shows."""
    entry = detectors()[name]
    detector = entry.build(setup_for())
    observed(detector, some(slice(0, 100)))
    with np.errstate(all="ignore"):
        rng = np.random.default_rng(0)
        absurd = np.array([np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, -1.0, 0.0])
        batch = some(slice(100, 300))
        raw = rng.choice(absurd, batch.raw.shape)
        hostile = replace(
            batch,
            memo={},
            raw=raw,
            x=table_world().reference.encode(raw),
            scores=rng.choice(absurd, (len(batch), 2)).astype(np.float32),
            label=rng.choice(np.array([-1, 0, 1, 2**31 - 1], np.int32), len(batch)),
            seconds=rng.choice(absurd, len(batch)).astype(np.float32),
            size=rng.choice(absurd, len(batch)).astype(np.float32),
            status=rng.choice(np.array([0, 200, 500, 999], np.int16), len(batch)),
        )
    with np.errstate(all="ignore"):
        observed(detector, hostile)
    assert all(np.isfinite(observed(detector, some(slice(300, 500)))))


@pytest.mark.parametrize("name", ALL)
def test_it_does_without_what_it_does_not_need(name: str) -> None:
    """Answers without scores, rows without labels: detectors that do not ask for them work on."""
    entry = detectors()[name]
    needs = entry.facts.needs
    batch = some(slice(0, 200))
    if Needs.SCORES not in needs:
        batch = replace(batch, memo={}, scores=None)
    if Needs.LABELS not in needs:
        batch = replace(batch, memo={}, label=np.full(len(batch), -1, np.int32))
    if Needs.TEXTS not in needs:
        batch = replace(batch, memo={}, texts=None)
    if Needs.ANSWERS not in needs:
        batch = replace(batch, memo={}, answers=None)
    observed(entry.build(setup_for()), batch)


@pytest.mark.parametrize("name", [name for name in ALL if Needs.REFERENCE not in detectors()[name].facts.needs])
def test_it_works_without_a_reference_where_it_asks_for_none(name: str) -> None:
    entry = detectors()[name]
    batch = some(slice(0, 100))
    if Needs.ROWS not in entry.facts.needs:
        batch = replace(batch, memo={}, x=np.empty((100, 0), np.float32), raw=np.empty((100, 0)), scores=None)
    observed(entry.build(replace(setup_for(), reference=None, shared={})), batch)


@pytest.mark.parametrize("name", ALL)
def test_what_nobody_saw_has_no_score(name: str) -> None:
    assert len(NOTHING.rows) == 0
    entry = detectors()[name]
    assert inspect.isclass(entry.make)
    assert observed(entry.build(setup_for()), some(slice(0, 0))) == []
