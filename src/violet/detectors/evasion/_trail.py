"""Each query beside the nearest one before it: what the detectors of evasion have in common, computed once.

A row is *linked* to the nearest different row among its client's last 64 (brute force), or else to one further back
among its client's own, or to one of any client (fingerprints). *Near* is what hardly ever happens among benign rows:
for the last 64 a distance that one in 100,000 pairs of benign rows has, or as few columns that differ; for the longer
memory a hundred times rarer. Exact repeats are no links.

What honest people do is told apart here: *sparse* steps move one or two columns of a table, as who asks "what if?"; a
step is in a *fresh* direction where no earlier row near its base lies in the same direction or the opposite one, as
those of sliders do.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.evasion._scale import SPARSE, scale_of
from violet.detectors.evasion._shapes import Shapes, shapes_of
from violet.detectors.fingerprints import TINY, Fingerprints, Found
from violet.detectors.rings import CHUNK, EPOCH, Rings, Window

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.base import Batch, Setup

    Array = NDArray[Any]

_MARKS: dict[str, Any] = {
    "knot": np.int64,
    "root": np.int64,
    "tree": np.int64,
    "request": np.int64,
    "label": np.int32,
    "gap": np.float32,
}


class Step:
    """A linked row. ``row`` is its place in the batch, ``count`` the number of different rows its client has asked by
    then. ``near``: linked among the client's last; ``own``: to one of its own. ``distance``, ``moved`` (columns) and
    ``off`` (moved columns whose value the application's grid does not have) are of the link; ``features`` the moved
    columns of a sparse one, ``distant`` those in which it differs from an older row of its own, where these are few and
    the nearer link is not sparse. ``pair``: an earlier row lies exactly opposite, as far from the base, and no other on
    that line; ``shell``: how many earlier ones lie as far from the base, in other directions; ``halving``: it lies half
    as far from its base as that from its own, on one line. ``after`` and ``before`` are the row and its base, encoded
    (of own links; not to be kept). ``spread``: how many directions the dense rows around the base have (the
    participation ratio of their Gram matrix), of ``members``. ``flip``: its label is not that of its base. ``knot``,
    ``root`` and ``tree`` name the first row it goes back to: by near links, by own links, by any."""

    __slots__ = (
        "after",
        "base",
        "before",
        "count",
        "distance",
        "distant",
        "features",
        "flip",
        "fresh",
        "halving",
        "knot",
        "members",
        "moved",
        "near",
        "off",
        "own",
        "pair",
        "request",
        "root",
        "row",
        "shell",
        "slot",
        "sparse",
        "spread",
        "tree",
    )

    row: int
    slot: int
    count: int
    after: Array
    before: Array
    distant: Array | None
    near: bool
    own: bool
    distance: float
    moved: int
    off: int
    sparse: bool
    features: tuple[int, ...]
    fresh: bool
    pair: bool
    shell: int
    halving: bool
    spread: float
    members: int
    flip: bool
    request: int
    base: int
    knot: int
    root: int
    tree: int


class Trail:
    """Of one model. ``prints``: the long memory is kept as well."""

    def __init__(self, setup: Setup, prints: bool) -> None:
        assert setup.reference is not None
        self.reference = setup.reference
        self.scale = scale_of(setup.reference)
        self.rings = Rings(setup.clients, setup.reference.width, _MARKS)
        self.prints: Fingerprints | None = None
        self.count = np.zeros(setup.clients, np.int64)
        """Different rows that each client has asked: repeats of the row before are not counted."""
        self.counts = np.empty(0, np.int64)
        self.before = np.empty(0, np.int64)
        """The same after and before each row of the batch, in its order."""
        self.slots: list[int] = []
        self._last = np.zeros(setup.clients, np.uint64)
        self._known = np.zeros(setup.clients, bool)
        self._rows = 0
        self._nodes = 0
        self._batch: Batch | None = None
        self._steps: list[Step] = []
        self._takers: set[type] = set()
        self._setup = setup
        if prints:
            self._remember()

    def _remember(self) -> None:
        self.prints = Fingerprints(
            self.reference.width,
            self._setup.clients,
            self.scale.far,
            self.scale.fewer,
            self.reference.sample,
            _MARKS,
            self._setup.seed,
        )

    @property
    def bytes(self) -> int:
        own = self.count.nbytes + self._last.nbytes + self._known.nbytes
        return own + self.rings.bytes + (self.prints.bytes if self.prints else 0)

    def observe(self, batch: Batch) -> list[Step]:
        """The linked rows of the batch, in order. Each batch is taken in once, whoever asks first."""
        if batch is self._batch:
            return self._steps
        self._batch, self._steps = batch, []
        self.slots = batch.client.tolist()
        begin, n = 0, len(batch)
        self.counts, self.before = np.empty(n, np.int64), np.empty(n, np.int64)
        while begin < n:
            end = min(n, begin + CHUNK, begin + EPOCH - self._rows % EPOCH)
            self._chunk(batch, begin, end)
            self._rows += end - begin
            if self._rows % EPOCH == 0:
                self.rings.clear()
                if self.prints:
                    self.prints.clear(EPOCH)
            begin = end
        for step, count in zip(self._steps, self.counts[[step.row for step in self._steps]].tolist(), strict=True):
            step.count = count
        return self._steps

    def forget(self, slots: Array) -> None:
        self.rings.forget(slots)
        self.count[slots] = 0
        self._known[slots] = False
        if self.prints:
            self.prints.forget(slots)

    # -- one chunk ---------------------------------------------------------------------------------------------------

    def _chunk(self, batch: Batch, begin: int, end: int) -> None:
        slot, digest = batch.client[begin:end], batch.digest[begin:end]
        order = np.argsort(slot, kind="stable")
        whose = slot[order]
        new = np.append(True, whose[1:] != whose[:-1])
        said = digest[order]
        before = np.append(said[:1], said[:-1])
        before[new] = self._last[whose[new]]
        fresh = (said != before) | (new & ~self._known[whose])
        last = np.append(new[1:], True)
        self._last[whose[last]], self._known[whose[last]] = said[last], True
        everybody, whole = whose, order
        novel = fresh.copy()
        order = order[fresh]
        if order.size:
            novel[fresh] = self._take(batch, slot, order, begin)
        # Rows that are news, client by client: what is asked again is neither evidence nor camouflage.
        total = np.cumsum(novel)
        counts = self.count[everybody] + total - (total - novel)[new][np.cumsum(new) - 1]
        self.counts[whole + begin], self.before[whole + begin] = counts, counts - novel
        self.count[everybody[last]] = counts[last]

    def _take(self, batch: Batch, slot: Array, order: Array, begin: int) -> Array:
        """Rows ``order`` of a chunk, sorted by client. Gives which of them are not among their client's last."""
        whose = slot[order]
        n = len(order)
        new = np.append(True, whose[1:] != whose[:-1])
        index = np.arange(n)
        start = np.maximum.accumulate(np.where(new, index, 0))
        rank = index - start
        rows = order + begin
        x = batch.x[rows]
        nodes = np.empty(n, np.int64)
        nodes[np.argsort(order)] = self._nodes + index
        self._nodes += n
        window = self.rings.window(x, whose, rank, start, self._rows)
        marks = self.rings.marks
        own = window.own
        for name in ("knot", "root", "tree"):
            marks[name][own] = nodes
        marks["request"][own], marks["label"][own] = batch.request[rows], batch.label[rows]
        marks["gap"][own] = np.inf
        novel = self._link(batch, rows, x, whose, rank, window)
        self.rings.put(window, whose, rank)
        return novel

    def _link(self, batch: Batch, rows: Array, x: Array, whose: Array, rank: Array, window: Window) -> Array:
        scale = self.scale
        n = len(rows)
        past = self.rings.rows[window.at]
        past -= x[:, None, :]
        square = np.einsum("nmd,nmd->nm", past, past)
        square[~window.valid] = np.inf
        measure = square * np.float32(1.0 / max(scale.near, 1e-6) ** 2)
        if scale.few:
            moved = (past != 0).astype(np.float32) @ np.ones(past.shape[2], np.float32)
            few = moved * np.float32(1.0 / scale.few)
            np.minimum(measure, few * few, out=measure, where=window.valid)
        same = square <= TINY
        measure[same] = np.inf
        parent = measure.argmin(axis=1) if measure.shape[1] else np.zeros(n, np.int64)
        linked = np.zeros(n, bool) if not measure.shape[1] else measure[np.arange(n), parent] <= 1.0
        novel = ~same.any(axis=1)
        linked &= novel
        parent = np.where(novel, parent, same.argmax(axis=1)) if measure.shape[1] else parent
        found = None
        far = linked
        if self.prints:
            stream = np.argsort(rows)
            back = np.empty(n, np.int64)
            back[stream] = np.arange(n)
            told = self.prints.observe(x[stream], whose[stream], rank[stream])
            found = Found(*(getattr(told, name)[back] for name in Found.__slots__))
            far = linked | ((found.own >= 0) | (found.any >= 0) | (found.same >= 0)) & novel
            for name, mark in self.prints.marks.items():
                put = found.at >= 0
                mark[found.at[put]] = self.rings.marks[name][window.own[put]]
        if not far.any() and novel.all():
            return np.asarray(novel)
        shapes = self._shapes(past, linked, parent, window) if linked.any() else None
        self._steps += self._labelled(batch, rows, whose, far, novel, window, parent, found, shapes)
        return np.asarray(novel)

    def _shapes(self, past: Array, linked: Array, parent: Array, window: Window) -> Shapes:
        which = np.flatnonzero(linked)
        base = window.at[which, parent[which]]
        return shapes_of(
            self.scale,
            which,
            past[which],
            parent[which],
            window.valid[which],
            self.rings.rows[base],
        )

    def _labelled(
        self,
        batch: Batch,
        rows: Array,
        whose: Array,
        some: Array,
        novel: Array,
        window: Window,
        parent: Array,
        found: Found | None,
        shapes: Shapes | None,
    ) -> list[Step]:
        steps = []
        marks = self.rings.marks
        kept = self.prints.marks if self.prints else {}
        place = np.full(len(rows), -1)
        if shapes is not None:
            place[shapes.which] = np.arange(len(shapes.which))
        chosen = np.flatnonzero(some | ~novel)
        off = self._off_grid(batch.raw[rows[chosen]])
        watched = []
        for index, strange in sorted(zip(chosen.tolist(), off, strict=True), key=lambda pair: int(rows[pair[0]])):
            if not novel[index]:
                self._copied(window, index, int(parent[index]), found)
                continue
            if found is not None and place[index] < 0 and found.same[index] >= 0:
                base, own = int(found.same[index]), int(window.own[index])
                for name in ("root", "tree"):
                    marks[name][own] = kept[name][base]
                    if found.at[index] >= 0:
                        kept[name][int(found.at[index])] = kept[name][base]
                continue
            step = Step()
            step.row, step.slot, step.count = int(rows[index]), int(whose[index]), 0
            own = int(window.own[index])
            step.request, label = int(marks["request"][own]), int(marks["label"][own])
            before = -1
            at = int(found.at[index]) if found is not None else -1
            shape = int(place[index])
            step.near, step.distant = shape >= 0, None
            step.own = step.near or (found is not None and int(found.own[index]) >= 0)
            square = math.inf
            tree = int(marks["tree"][own])
            if shapes is not None and step.near:
                base = int(window.at[index, int(parent[index])])
                self._shaped(step, shapes, shape)
                step.after = batch.x[step.row]
                square = float(shapes.length[shape])
                marks["knot"][own], marks["root"][own] = marks["knot"][base], marks["root"][base]
                if step.halving and not self.scale.table:
                    step.halving = abs(float(marks["gap"][base]) - 2.0 * step.distance) < 0.1 * step.distance
                marks["gap"][own] = step.distance
                tree, before = int(marks["tree"][base]), int(marks["label"][base])
                step.base = int(marks["request"][base])
                columns = np.flatnonzero(shapes.step[shape]) if self.scale.table else None
                watched.append(step.slot)
            else:
                step.fresh, step.pair, step.shell, step.halving = True, False, 0, False
                step.spread, step.members, columns = 0.0, 0, None
                step.moved, step.distance, step.base = 0, math.inf, -1
            if found is not None and self.prints is not None:
                base = int(found.own[index])
                if base >= 0:
                    if step.near and step.moved > SPARSE >= int(found.own_moved[index]):
                        step.distant = self._columns(batch.x[step.row], base)
                    elif not step.near:
                        square = float(found.own_square[index])
                        step.after, step.before = batch.x[step.row], self.prints.rows[base]
                        marks["root"][own] = kept["root"][base]
                        tree, before = int(kept["tree"][base]), int(kept["label"][base])
                        step.base, step.moved = int(kept["request"][base]), int(found.own_moved[index])
                        columns = self._columns(batch.x[step.row], base)
                base = int(found.any[index])
                if base >= 0 and float(found.any_square[index]) < square:
                    square = float(found.any_square[index])
                    tree = int(kept["tree"][base])
                    if step.base < 0:
                        step.base, step.moved = int(kept["request"][base]), int(found.any_moved[index])
                        columns = self._columns(batch.x[step.row], base)
            marks["tree"][own] = tree
            if at >= 0:
                for name in ("knot", "root", "tree"):
                    kept[name][at] = marks[name][own]
            step.distance = math.sqrt(square)
            step.sparse = self.scale.table and step.moved <= SPARSE
            step.features = tuple(columns.tolist()) if columns is not None and step.sparse else ()
            step.off = int(strange.sum()) if columns is None else int(strange[columns].sum())
            step.flip = label >= 0 and before >= 0 and label != before
            step.knot, step.root, step.tree = int(marks["knot"][own]), int(marks["root"][own]), tree
            steps.append(step)
        if watched:
            self.rings.watch(np.array(watched), self._rows + 1)
        return steps

    def _shaped(self, step: Step, shapes: Shapes, at: int) -> None:
        step.before = shapes.before[at]
        step.fresh, step.pair, step.shell = bool(shapes.fresh[at]), bool(shapes.pair[at]), int(shapes.shell[at])
        step.halving, step.spread = bool(shapes.halving[at]), float(shapes.spread[at])
        step.members, step.moved = int(shapes.members[at]), int(shapes.moved[at])
        step.distance = math.sqrt(float(shapes.length[at]))

    def _copied(self, window: Window, index: int, same: int, found: Found | None) -> None:
        """A row that is asked again belongs where it belonged."""
        own, base = int(window.own[index]), int(window.at[index, same])
        at = int(found.at[index]) if found is not None else -1
        for name in ("knot", "root", "tree", "gap"):
            self.rings.marks[name][own] = self.rings.marks[name][base]
            if at >= 0 and self.prints:
                self.prints.marks[name][at] = self.rings.marks[name][base]

    def _columns(self, x: Array, base: int) -> Array | None:
        return np.flatnonzero(x != self.prints.rows[base]) if self.scale.table and self.prints else None

    def _off_grid(self, raw: Array) -> Array:
        """Which values are none of the application's, bool ``(n, p)``: single precision is forgiven."""
        grid = self.reference.grid
        with np.errstate(all="ignore"):
            steps = raw / np.where(grid > 0, grid, 1.0)
            off = np.abs(steps - np.round(steps)) > 1e-3 + 2e-7 * np.abs(steps)
        return np.asarray(off & (grid > 0) & np.isfinite(raw))


def trail_of(setup: Setup, taker: type, prints: bool = False) -> Trail:
    """The one that detectors built with the same ``Setup.shared`` have in common; each takes part once."""
    found: Trail | None = setup.shared.get("evasion trail")
    if found is None or taker in found._takers or found._rows:
        found = setup.shared["evasion trail"] = Trail(setup, prints)
    elif prints and found.prints is None:
        found._remember()
    found._takers.add(taker)
    return found
