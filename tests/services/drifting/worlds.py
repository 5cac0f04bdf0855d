"""Tables with known truth: what changed, when, where, and who did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.chunk import Chunk, Coded
from violet.detectors.profile.layout import Layout, fit_layout
from violet.detectors.profile.profile import Profile
from violet.domain.drift import ColumnDrift, Drift
from violet.services.drifting.clients import ClientTable
from violet.services.drifting.compare import compare_profiles
from violet.services.drifting.options import DriftOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]
    Change = Callable[["World"], None]

TOWNS = ("oslo", "rome", "bern")


class World:
    """Columns that a change may be put into before they are counted."""

    def __init__(self, rows: int, seed: int, clients: int = 100) -> None:
        rng = self.rng = np.random.default_rng(seed)
        self.rows = rows
        age = rng.normal(40, 10, rows)
        self.numbers: dict[str, Array] = {
            "age": age,
            "income": 100 * age + rng.normal(0, 300, rows),
            "debt": np.where(rng.random(rows) < 0.4, 0.0, rng.lognormal(3, 1, rows)),
            "visits": rng.poisson(4, rows).astype(np.float64),
        }
        self.town = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
        self.client = rng.integers(0, clients, rows)
        self.clients = [f"key:{place}" for place in range(clients)]
        self.margin = rng.normal(0, 2, rows)
        self.place = np.arange(rows) / rows

    def chunk(self) -> Chunk:
        p = 1 / (1 + np.exp(-self.margin))
        truth = (self.rng.random(self.rows) < p).astype(np.int64)
        return Chunk(
            rows=self.rows,
            numbers=self.numbers,
            words={"town": Coded((*TOWNS, "mars"), self.town)},
            at=1.7e9 + np.arange(self.rows) * 60.0,
            client=Coded(tuple(self.clients), self.client),
            scores=p.reshape(-1, 1),
            truth=Coded(("0", "1"), truth),
        )


def reference(rows: int = 12_000, change: Change | None = None, seed: int = 0) -> tuple[Layout, Profile]:
    world = World(rows, seed)
    if change is not None:
        change(world)
    chunk = world.chunk()
    layout = fit_layout(chunk, seed=seed)
    profile = Profile(layout, rate=1.0, window=rows // 16)
    profile.add(chunk)
    return layout, profile.finish()


def compared(
    known: tuple[Layout, Profile], change: Change | None = None, *, rows: int = 12_000, seed: int = 1, **options: Any
) -> Drift:
    world = World(rows, seed)
    if change is not None:
        change(world)
    layout, before = known
    after = Profile(layout, rate=1.0, window=rows // 32)
    table = ClientTable(layout, rows)
    after.add(world.chunk(), table.watch)
    return compare_profiles(before, after.finish(), DriftOptions("ref", "cur", **options), table=table)


def column(drift: Drift, name: str) -> ColumnDrift:
    return next(one for one in drift.columns if one.name == name)
