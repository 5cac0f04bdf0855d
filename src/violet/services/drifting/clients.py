"""Who carries a change: drift is carried by many clients in proportion to what they ask, an attack by few.

Counted on sampled rows in fixed memory: a table of coarse counts a client, the clients that come first and one more for
all others.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.profile.coarse import Coarse
from violet.domain.drift import Carriers, Change, ClientCarriage, ClientShare
from violet.services.drifting.windows import block_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.profile.chunk import Chunk
    from violet.detectors.profile.layout import Layout
    from violet.detectors.profile.profile import Profile
    from violet.domain.drift import ColumnDrift
    from violet.services.drifting.columns import Rules

    Array = NDArray[Any]

CLIENTS = 1024
CELLS = 16 << 20
"""Counts in the table at most: 64 MB."""
PARTS = 8
FEWEST = 10
"""Clients from which few can be told from many."""
ROWS = 5
"""Sampled rows of a client from which its own direction is told."""
COLUMNS = 5
SHOWN = 10
FEW = 0.2
HALF = 0.5
OTHERS = "(all others)"


class ClientTable:
    """Give ``watch`` to ``Profile.add``. ``rows`` is about how many rows it will be told of: each eighth of them is a
    part, so that a change can be looked at where it is."""

    def __init__(self, layout: Layout, rows: int) -> None:
        self.layout = layout
        width = int(layout.coarse_offsets[-1])
        self.slots = max(16, min(CLIENTS, CELLS // max(1, width * PARTS)))
        self.names: dict[str, int] = {}
        self.counts = np.zeros((PARTS, self.slots + 1, width), np.int32)
        self.known = False
        self._each = max(1, -(-rows // PARTS))
        self._seen = 0

    def watch(self, chunk: Chunk, codes: Array) -> None:
        """Rows of a chunk, and their coarse codes ``(columns, rows)``."""
        if chunk.client is None:
            return
        self.known = True
        table = np.full(len(chunk.client.words) + 1, self.slots, np.int64)
        present = np.unique(chunk.client.codes)
        for code in present[present >= 0].tolist():
            name = chunk.client.words[code]
            slot = self.names.get(name)
            if slot is None and len(self.names) < self.slots:
                slot = self.names[name] = len(self.names)
            table[code] = self.slots if slot is None else slot
        part = np.minimum((self._seen + np.arange(chunk.rows)) // self._each, PARTS - 1)
        self._seen += chunk.rows
        row = (part * (self.slots + 1) + table[chunk.client.codes]) * self.counts.shape[2]
        flat = self.counts.reshape(-1)
        for column in codes:
            cells, counts = np.unique(row + column, return_counts=True)
            flat[cells] += counts.astype(np.int32)

    def where_changed(self, before: Profile, places: list[int], threshold: float) -> Array:
        """Counts by client ``(slots + 1, width)`` of the parts in which the greatest effect on these columns reaches
        the threshold; of the one with the greatest, where it does so in none."""
        effects = Coarse(self.layout).effects(before.coarse(), self.counts.sum(axis=1, dtype=np.int64))[:, places]
        largest = np.nanmax(np.where(np.isfinite(effects), effects, -1.0), axis=1)
        chosen = largest >= threshold
        if not chosen.any():
            chosen = largest == largest.max()
        return np.asarray(self.counts[chosen].sum(axis=0, dtype=np.int64))


def carriage(table: ClientTable, before: Profile, columns: list[ColumnDrift], rules: Rules) -> ClientCarriage:
    """Leave out one client after the other, whoever carries most first, until no column drifts any more."""
    places = _places(before, columns)
    if not places:
        return ClientCarriage(Carriers.UNKNOWN, "No column drifted, so there is nothing to carry.")
    everyone = table.where_changed(before, places, rules.threshold)
    first = slice(0, int(before.layout.coarse_offsets[1]))
    present = np.flatnonzero(everyone[:, first].sum(axis=1))
    clients = int((present < table.slots).sum())
    if clients < FEWEST:
        return ClientCarriage(
            Carriers.UNKNOWN, f"{clients} clients are too few to tell few from many ({FEWEST} are needed).", clients
        )
    names = {slot: name for name, slot in table.names.items()} | {table.slots: OTHERS}
    counts = everyone[present]
    rows = counts[:, first].sum(axis=1).astype(np.float64)
    carried, own = _shares_of_change(counts, before, places)
    order = np.argsort(-carried, kind="stable")
    few, effect, without = _left_out(counts, order, before, places, rules)
    share = float(rows[order[:few]].sum() / rows.sum())
    known = np.isfinite(own)
    spread = float(rows[known & (own > 0)].sum() / max(1.0, rows[known].sum()))
    carriers, reason = _judged(few, clients, share, spread)
    top = tuple(
        ClientShare(names[int(present[at])][:200], float(rows[at] / rows.sum()), float(carried[at]))
        for at in order[:SHOWN]
        if carried[at] > 0
    )
    return ClientCarriage(carriers, reason, clients, few, share, effect, without, spread, top)


def _shares_of_change(counts: Array, before: Profile, places: list[int]) -> tuple[Array, Array]:
    """What part of the change each client carries, and whether it changed by itself: 1 where it moved at least a
    quarter as far as all together, and two standard errors; NaN where it has too few rows to tell."""
    carried = np.zeros(len(counts))
    moved_far, errors = np.zeros(len(counts)), np.zeros(len(counts))
    reference, used = before.coarse(), 0
    for place in places:
        p = block_of(reference, before, place)
        own = block_of(counts, before, place).astype(np.float64)
        rows, total = own.sum(axis=1), own.sum(axis=0)
        if not p.sum() or not total.sum():
            continue
        base = p / p.sum()
        gained = total / total.sum() > base
        share = float(base[gained].sum())
        moved = own[:, gained].sum(axis=1) - share * rows
        whole = float(moved.sum())
        if whole <= 0:
            continue
        used += 1
        carried += moved / whole
        with np.errstate(invalid="ignore", divide="ignore"):
            moved_far += (moved / rows) / (whole / rows.sum())
            errors += moved / np.sqrt(rows * max(share * (1 - share), 1e-4))
    used = max(used, 1)
    own_direction = np.where((moved_far / used > 0.25) & (errors / math.sqrt(used) > 2), 1.0, 0.0)
    enough = counts[:, : before.layout.coarse_offsets[1]].sum(axis=1) >= ROWS
    return carried / used, np.where(enough, own_direction, np.nan)


def _places(before: Profile, columns: list[ColumnDrift]) -> list[int]:
    by_name = {name: place for place, name in enumerate(before.layout.names)}
    found = [column for column in columns if column.change is Change.DRIFT and column.name in by_name]
    found.sort(key=lambda column: -column.excess)
    return [by_name[column.name] for column in found[:COLUMNS]]


def _left_out(
    counts: Array, order: Array, before: Profile, places: list[int], rules: Rules
) -> tuple[int, float, float]:
    """How many have to go until the greatest effect is below the threshold or a quarter of itself; that effect, and
    what is left of it. Found by halving: leaving more out, in this order, only takes more of the change away."""
    coarse, reference = Coarse(before.layout), before.coarse()
    total = counts.sum(axis=0)
    gone = np.cumsum(counts[order], axis=0)

    def effect(left: Array) -> float:
        found = coarse.effects(reference, left)[places]
        return float(np.nanmax(found)) if np.isfinite(found).any() else 0.0

    whole = effect(total)
    enough = max(rules.threshold, 0.25 * whole) if whole >= rules.threshold else 0.25 * whole
    low, high = 0, len(order) - 1
    while low < high:
        middle = (low + high) // 2
        if effect(total - gone[middle]) < enough:
            high = middle
        else:
            low = middle + 1
    return low + 1, whole, effect(total - gone[low])


def _judged(few: int, clients: int, share: float, spread: float) -> tuple[Carriers, str]:
    figures = (
        f"{few:,} of {clients:,} clients {'carries' if few == 1 else 'carry'} it, with {100 * share:.1f} % of the rows"
    )
    own = f"clients that changed by themselves have {100 * spread:.0f} %"
    if few <= max(1, FEW * clients) and share <= HALF and spread < HALF:
        return Carriers.FEW, f"{figures}; {own}. That is how an attack, a broken client or a new job looks."
    if spread >= HALF or few > HALF * clients:
        return Carriers.MANY, f"Many carry it: {own} of the rows. That is how a changed world looks."
    return Carriers.UNKNOWN, f"{figures}; {own}. That is between a changed world and the work of few."
