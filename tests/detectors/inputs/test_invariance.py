"""However traffic is cut into batches, detectors of inputs and outputs say the same of it, and clients do not touch
each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.inputs.test_texts import HONEST, ODD
from tests.detectors.inputs.trojans import digits, setup, traffic
from tests.detectors.outputs.test_leaks import CERTAIN, account, card, mail
from tests.detectors.streams import learned, mixed, part
from tests.traffic.replay import constraints
from tests.traffic.tables import table_world
from violet.detectors.base import Accuses, Batch, Detector, Setup, detectors
from violet.detectors.inputs.known_campaign import fingerprints, write_campaign

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

OURS = sorted(name for name in detectors() if name.split("/")[0] in ("inputs", "outputs"))
OPTIONS: dict[str, dict[str, float | int | str | bool]] = {
    "outputs/explanation_drift": {"window": 500},
    "outputs/segment_shift": {"window": 500},
    "outputs/confidence_collapse": {"window": 64},
    "inputs/strip": {"every": 2},
    "inputs/feature_squeezing": {"every": 2},
}


@cache
def stream() -> Batch:
    """Thieves and honest clients, several times over, with rows far out, wrong and missing ones; with texts."""
    world = table_world()
    rng = np.random.default_rng(2)
    pieces = [mixed(seed) for seed in range(10)]
    columns = ("x", "raw", "scores", "label", "seconds", "size", "digest", "status", "client")
    joined: dict[str, Any] = {name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in columns}
    n = len(joined["client"])
    # Some more clients: of few, windows of all traffic take long to fill.
    joined["client"] = (joined["client"] + 16 * (np.arange(n) // 7 % 4)).astype(np.int32)
    # At last the model answers the young otherwise.
    young = (np.arange(n) > 7500) & (joined["raw"][:, 0] < 35)
    joined["scores"] = np.where(young[:, None], joined["scores"][:, ::-1], joined["scores"])
    raw = joined["raw"].copy()
    odd = np.flatnonzero(joined["client"] % 4 == 1)
    odd = odd[rng.random(len(odd)) < 0.4]
    raw[odd] = rng.uniform(raw.min(axis=0), 2 * raw.max(axis=0), (len(odd), raw.shape[1]))
    raw[odd[::5], 3] = np.inf
    raw[odd[::7], 2:9] = np.nan
    texts = [HONEST[index % len(HONEST)] + str(index % 50) for index in range(n)]
    answers = list(texts)
    for place in odd.tolist():
        texts[place] = ODD[list(ODD)[place % len(ODD)]](place % 40)
        answers[place] = f"{mail(place % 60)} {account(place % 30)} {card(place % 20)}"
    for place in odd[::20].tolist():
        answers[place] += CERTAIN[list(CERTAIN)[place % len(CERTAIN)]](place)
    joined |= {"raw": raw, "x": world.reference.encode(raw), "label": np.where(odd_of(odd, n), 5, joined["label"])}
    return replace(
        pieces[0],
        **joined,
        memo={},
        at=1.8e9 + np.arange(n) * 3.0,
        request=np.arange(n, dtype=np.int64) // 2,
        texts=texts,
        answers=answers,
    )


def odd_of(rows: Array, n: int) -> Array:
    found = np.zeros(n, dtype=bool)
    found[rows] = True
    return found


@pytest.fixture(scope="module", autouse=True)
def campaign(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("campaign") / "c.npz")
    batch = stream()
    some = batch.raw[np.isfinite(batch.raw).all(axis=1)][::9]
    write_campaign(path, fingerprints(some, table_world().held[: len(some)], table_world().reference))
    assert Path(path).exists()
    OPTIONS["inputs/known_campaign"] = {"file": path}


def built(name: str, shared: dict[object, Any] | None = None) -> Detector:
    world = table_world()
    shared = {"contrast": learned()} if shared is None else shared
    options = OPTIONS.get(name, {})
    return detectors()[name].build(
        Setup(world.reference, 64, options=options, ask=world.answer, constraints=constraints(world), shared=shared)
    )


def some(rows: slice | Array) -> Batch:
    whole = stream()
    assert whole.texts is not None
    assert whole.answers is not None
    places = np.arange(len(whole))[rows].tolist()
    texts, answers = [whole.texts[place] for place in places], [whole.answers[place] for place in places]
    return replace(part(whole, rows), texts=texts, answers=answers)


def values(detector: Detector, batches: Sequence[Batch]) -> Array:
    """Of all rows, NaN where nothing is said; evidence of the highest is asked for."""
    found = []
    with np.errstate(all="ignore"):
        for batch in batches:
            value = np.full(len(batch), np.nan)
            scores = detector.observe(batch)
            value[scores.rows] = scores.value
            if len(scores.rows):
                assert scores.explain(int(np.argmax(scores.value))).summary
            found.append(value)
    return np.concatenate(found)


def cut(places: Sequence[int]) -> list[Batch]:
    n = len(stream())
    return [some(slice(begin, end)) for begin, end in zip([0, *places], [*places, n], strict=True)]


@cache
def at_once(name: str) -> Any:
    return values(built(name), [some(slice(0, len(stream())))])


SILENT = {"inputs/strip", "inputs/feature_squeezing", "outputs/confidence_collapse"}
"""Of tables, and of what does not collapse, nothing above 0 is said: for the first two there are pictures below."""


@pytest.mark.parametrize("name", OURS)
def test_the_stream_has_something_for_each(name: str) -> None:
    said = np.nan_to_num(at_once(name))
    assert said.max() > 0 or name in SILENT


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_how_a_stream_is_cut_makes_no_difference(name: str, data: st.DataObject) -> None:
    n = len(stream())
    places = sorted(data.draw(st.lists(st.integers(0, n), min_size=1, max_size=30)))
    np.testing.assert_allclose(values(built(name), cut(places)), at_once(name), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", OURS)
def test_row_by_row_is_the_same_as_well(name: str) -> None:
    few = 600
    one = values(built(name), [some(slice(row, row + 1)) for row in range(few)])
    np.testing.assert_allclose(one, values(built(name), [some(slice(0, few))]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["inputs/strip", "inputs/feature_squeezing", "inputs/trojan_trigger"])
def test_cuts_make_no_difference_for_pictures(name: str) -> None:
    made = digits()
    batch, _ = traffic(made, 4)

    def said(size: int) -> Array:
        options: dict[str, float] = {} if name == "inputs/trojan_trigger" else {"every": 2}
        detector = detectors()[name].build(setup(made, **options))
        return values(detector, [part(batch, slice(at, at + size)) for at in range(0, len(batch), size)])

    whole = said(len(batch))
    assert np.nanmax(whole) > 0
    for size in (7, 64):
        np.testing.assert_allclose(said(size), whole, rtol=1e-4, atol=1e-4)


ALONE = [
    "inputs/out_of_distribution",
    "inputs/impossible_combination",
    "inputs/known_campaign",
    "outputs/secrets",
]
"""Those that know nothing of all clients together. (What is usual, the others learn of everybody, by intent.)"""


@pytest.mark.parametrize("name", ALONE)
def test_clients_do_not_touch_each_other(name: str) -> None:
    own = np.flatnonzero(stream().client == 1)
    np.testing.assert_allclose(at_once(name)[own], values(built(name), [some(own)]), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", [name for name in OURS if detectors()[name].facts.width])
def test_what_others_saw_adds_up(name: str) -> None:
    """Of two workers that see a half each, one that has heard the other's sketches knows at least as much."""
    n = len(stream())
    first, second = built(name), built(name)
    values(first, [some(slice(0, n // 2))])
    values(second, [some(slice(0, n // 2))])
    slots = np.arange(64)
    told = first.delta(slots)
    assert told.shape == (64, 1)
    second.absorb(slots, told)
    after = some(slice(n // 2, n // 2 + 100))
    alone, together = (np.nan_to_num(values(one, [after])) for one in (first, second))
    assert (together >= alone - 1e-3).all()
    assert not second.delta(np.array([63])).any()


def test_sharing_state_makes_no_difference() -> None:
    shared: dict[object, Any] = {"contrast": learned()}
    together = {name: built(name, shared) for name in OURS}
    found: dict[str, list[Array]] = {name: [] for name in OURS}
    for begin in range(0, 1500, 64):
        batch = some(slice(begin, min(begin + 64, 1500)))
        for name, detector in together.items():
            found[name].append(values(detector, [batch]))
    for name in OURS:
        np.testing.assert_allclose(np.concatenate(found[name]), at_once(name)[:1500], rtol=1e-4, atol=1e-4)


def test_they_accuse_clients_or_nobody() -> None:
    assert {detectors()[name].facts.accuses for name in OURS} == {Accuses.CLIENT, Accuses.MODEL}
