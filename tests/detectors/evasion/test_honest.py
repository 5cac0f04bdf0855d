"""Honest clients are not accused, whatever they look like at first sight."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detectors.evasion.streams import ALL, built, cloud, entry, hear, listen, smooth, world
from tests.detectors.evasion.streams import batch as made
from tests.traffic.clients import Mixture, benign


@pytest.mark.parametrize("kind", ["tables", "pictures"])
@pytest.mark.parametrize("seed", [11, 12])
def test_no_alarm_in_honest_traffic(kind: str, seed: int) -> None:
    shares = {
        "application": 0.3,
        "analyst": 0.2,
        "seeker": 0.1,
        "retries": 0.1,
        "power": 0.1,
        "newcomer": 0.05,
        "bulk": 0.05,
        "portfolio": 0.05,
        "probe": 0.05,
    }
    trace = benign(world(kind), seed, Mixture(clients=60, days=4.0, queries=8000, shares=shares))
    told = listen(trace)
    heard = {name: float(values.max(initial=0.0)) for name, values in told.values.items()}
    assert told.accusers == [], heard
    # Nor is it close: thresholds stand at more than 1.4 times the worst of them.
    assert all(heard[name] * 1.4 < entry(name).facts.threshold for name in ALL), heard


def test_an_analyst_who_varies_one_column_after_the_other_is_not_a_search() -> None:
    """Six columns of twenty, 50 values each, on the grid."""
    of = world("tables")
    rng = np.random.default_rng(5)
    base = of.population.draw(rng, 1)[0]
    columns = [of.names.index(name) for name in ("income", "debt", "accounts", "inquiries", "tenure", "cards")]
    rows = np.tile(base, (300, 1))
    for part, column in enumerate(columns):
        step = max(of.reference.grid[column], 1.0)
        rows[50 * part : 50 * part + 50, column] = base[column] + step * np.arange(1, 51)
    told = hear([made(rows, 0, of.reference)], built(of.reference))
    assert told.accusers == []


def test_all_columns_one_after_the_other_are_a_search() -> None:
    """The same, over every column: what an analyst does not do, and a search does."""
    of = world("tables")
    base = of.population.draw(np.random.default_rng(5), 1)[0]
    rows = np.tile(base, (80, 1))
    for row, column in enumerate(np.tile(np.arange(20), 4)):
        rows[row, column] += max(of.reference.grid[column], 0.01) * (1 + row // 20)
    told = hear([made(rows, 0, of.reference)], built(of.reference))
    assert told.accusers == ["evasion/walks"]


def test_one_cell_of_a_grid_is_not_a_cloud_but_a_cloud_is() -> None:
    """The same number of variants of one row: along one line, and in all directions."""
    base = np.random.default_rng(1).normal(size=8)
    line = base + np.linspace(-0.3, 0.3, 40)[:, None] * np.ones(8)
    assert hear([made(line)], built(smooth(8))).accusers == []
    told = hear([made(cloud(base, 40))], built(smooth(8)))
    assert {"evasion/ring", "evasion/near_duplicates"} <= set(told.accusers)


def test_a_client_who_sends_the_same_again_is_not_accused() -> None:
    """Retries with growing pauses, and a health probe for days."""
    rng = np.random.default_rng(3)
    rows = np.repeat(rng.normal(size=(300, 8)), 4, axis=0)
    probe = np.tile(rng.normal(size=8), (3000, 1))
    detectors = built(smooth(8))
    assert hear([made(rows, 1), made(probe, 2, begin=2000)], detectors).accusers == []


def test_many_pairs_of_twins_are_not_a_search() -> None:
    """Every case comes back once, a little changed in all columns: many small clusters."""
    rows = np.random.default_rng(4).normal(size=(400, 8))
    again = rows + 0.05 * np.random.default_rng(5).normal(size=rows.shape)
    both = np.stack([rows, again], axis=1).reshape(-1, 8)
    assert hear([made(both)], built(smooth(8))).accusers == []
