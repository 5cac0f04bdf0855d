"""However traffic is cut into batches, and whether detectors share their state or not, each says the same of it.

For the detectors of extraction, membership and denial; those of evasion have a test of their own."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.detectors.streams import build, feed, mixed, part
from violet.detectors.base import Batch, detectors

OURS = sorted(name for name in detectors() if name.split("/")[0] in ("extraction", "membership", "denial"))


@cache
def stream() -> Batch:
    return mixed(2)


@cache
def at_once(name: str) -> Any:
    return feed(build(name), stream()).value


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=6)
@given(data=st.data())
def test_how_a_stream_is_cut_makes_no_difference(name: str, data: st.DataObject) -> None:
    n = len(stream())
    cuts = sorted(data.draw(st.lists(st.integers(0, n), min_size=1, max_size=40)))
    np.testing.assert_allclose(feed(build(name), stream(), cuts).value, at_once(name), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", OURS)
def test_row_by_row_is_the_same_as_well(name: str) -> None:
    few = part(stream(), slice(0, 250))
    one = feed(build(name), few, range(1, 250)).value
    np.testing.assert_allclose(one, feed(build(name), few).value, rtol=1e-4, atol=1e-4)


def test_detectors_that_share_their_state_say_what_they_say_alone() -> None:
    shared: dict[object, Any] = {}
    together = {name: build(name, shared) for name in OURS}
    values: dict[str, list[Any]] = {name: [] for name in OURS}
    n = len(stream())
    for begin in range(0, n, 64):
        batch = part(stream(), slice(begin, begin + 64))
        for name, detector in together.items():
            scores = detector.observe(batch)
            value = np.full(len(batch), np.nan)
            value[scores.rows] = scores.value
            values[name].append(value)
    for name in OURS:
        np.testing.assert_allclose(np.concatenate(values[name]), at_once(name), rtol=1e-4, atol=1e-4)


def test_clients_do_not_touch_each_other() -> None:
    """A client's scores are the same with others around it and without: nobody can get another one accused."""
    batch = stream()
    own = np.flatnonzero(batch.client == int(batch.client[0]))
    # What is usual, and who acts together, is known of all clients by intent.
    apart = [name for name in OURS if not name.startswith("denial/") and name != "extraction/together"]
    for name in apart:
        alone = feed(build(name), part(batch, own)).value
        np.testing.assert_allclose(at_once(name)[own], alone, rtol=1e-4, atol=1e-4)
