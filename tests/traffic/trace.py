"""Traffic in columns: fast to make, to cut, to replay, and to write as exchanges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.traffic import Exchange

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.traffic.world import World

    Array = NDArray[Any]

START = 1_764_547_200.0
"""Traffic begins on a Monday, 2025-12-01 00:00 UTC."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """What one client sends, before the model has answered. First axis ``n``: ``at`` seconds since 1970, ``raw`` ``(n,
    p)``. ``group`` is equal for rows of one request (default: each its own); ``failed``: the model answers with 503;
    ``slow`` multiplies the model's time, ``extra`` adds bytes. ``goal`` marks the query at which an attack has reached
    what it was made for. ``campaign`` is shared by accounts that work for one attacker."""

    client: str
    kind: str
    at: Array
    raw: Array
    group: Array | None = None
    failed: Array | None = None
    slow: Array | None = None
    extra: Array | None = None
    goal: Array | None = None
    campaign: str = ""

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """Rows in the order they came. ``client``, ``kind`` and ``campaign`` (-1: none) are places in ``clients``,
    ``kinds`` and ``campaigns``; the other columns are those of ``violet.detectors.base.Batch``."""

    world: World
    clients: tuple[str, ...]
    kinds: tuple[str, ...]
    campaigns: tuple[str, ...]
    at: Array
    client: Array
    request: Array
    raw: Array
    scores: Array
    label: Array
    seconds: Array
    size: Array
    digest: Array
    status: Array
    kind: Array
    campaign: Array
    goal: Array

    def __len__(self) -> int:
        return len(self.at)

    @property
    def benign(self) -> Array:
        """``(n,)`` bool."""
        return np.asarray(np.array([kind.startswith("benign") for kind in self.kinds], dtype=bool)[self.kind])

    def rows(self, kind: str) -> Array:
        """Where rows of this kind are; ``evasion`` stands for all ``evasion:...``."""
        wanted = [place for place, name in enumerate(self.kinds) if name == kind or name.startswith(kind + ":")]
        return np.flatnonzero(np.isin(self.kind, wanted))

    def to_exchanges(self, model: str = "credit-risk") -> Iterator[Exchange]:
        """One a request, as a trace on disk or the spool has them."""
        starts = np.flatnonzero(np.diff(self.request, prepend=-1))
        names = self.world.names
        for begin, end in zip(starts.tolist(), [*starts[1:].tolist(), len(self)], strict=True):
            well = bool(self.status[begin] == 200)
            yield Exchange(
                id=f"x{int(self.request[begin])}",
                at=float(self.at[begin]),
                client=self.clients[int(self.client[begin])],
                model=model,
                rows=tuple(tuple(None if v != v else v for v in row) for row in self.raw[begin:end].tolist()),
                names=names,
                scores=tuple(map(tuple, self.scores[begin:end].tolist())) if well else (),
                labels=tuple(self.label[begin:end].tolist()) if well else (),
                status=int(self.status[begin]),
                seconds=float(self.seconds[begin:end].sum()),
                request_bytes=int(self.size[begin:end].sum()),
                truth=self.kinds[int(self.kind[begin])],
            )


@dataclass(slots=True)
class _Names:
    places: dict[str, int] = field(default_factory=dict)

    def place(self, name: str) -> int:
        return self.places.setdefault(name, len(self.places))


def assemble(world: World, pieces: Sequence[Piece], seed: int = 0) -> Trace:
    """Bring what clients send into the order of time, and let the model answer."""
    pieces = [piece for piece in pieces if len(piece)]
    clients, kinds, campaigns = _Names(), _Names(), _Names()
    lengths = [len(piece) for piece in pieces]

    def spread(values: list[int]) -> Array:
        return np.repeat(np.array(values, dtype=np.int64), lengths)

    def joined(name: str, default: float) -> Array:
        parts = [getattr(piece, name) for piece in pieces]
        return np.concatenate([np.full(n, default) if v is None else v for n, v in zip(lengths, parts, strict=True)])

    at = np.concatenate([piece.at for piece in pieces])
    own = [np.arange(len(p)) if p.group is None else np.asarray(p.group) for p in pieces]
    base = np.cumsum([0, *(int(group.max()) + 1 for group in own)])
    group = np.concatenate([g + b for g, b in zip(own, base.tolist(), strict=False)])
    # Rows of one request come at one time: that of its first.
    first = np.full(int(base[-1]), np.inf)
    np.minimum.at(first, group, at)
    at = first[group]
    order = np.lexsort((group, at))
    at, group = at[order], group[order]
    raw = np.concatenate([piece.raw for piece in pieces])[order]
    failed = joined("failed", 0)[order].astype(bool)
    rng = np.random.default_rng([seed, len(at)])
    request = np.cumsum(np.diff(group, prepend=-1) != 0) - 1
    scores = world.answer(raw).astype(np.float32)
    label = scores.argmax(axis=1).astype(np.int32)
    scores[failed] = np.nan
    label[failed] = -1
    seconds = world.seconds * rng.lognormal(0.0, 0.25, len(at)) * joined("slow", 1)[order]
    return Trace(
        world=world,
        client=spread([clients.place(piece.client) for piece in pieces])[order].astype(np.int32),
        kind=spread([kinds.place(piece.kind) for piece in pieces])[order].astype(np.int16),
        campaign=spread([campaigns.place(p.campaign) if p.campaign else -1 for p in pieces])[order].astype(np.int32),
        clients=tuple(clients.places),
        kinds=tuple(kinds.places),
        campaigns=tuple(campaigns.places),
        at=at,
        request=request.astype(np.int64),
        raw=raw,
        scores=scores,
        label=label,
        seconds=seconds.astype(np.float32),
        size=(lengths_as_text(raw) + joined("extra", 0)[order]).astype(np.float32),
        digest=digests(raw),
        status=np.where(failed, 503, 200).astype(np.int16),
        goal=joined("goal", 0)[order].astype(bool),
    )


def lengths_as_text(raw: Array) -> Array:
    """About how many bytes rows take as JSON, ``(n,)``: numbers of few digits are short, all others long."""
    with np.errstate(all="ignore"):
        cents = np.abs(raw * 100 - np.round(raw * 100)) < 1e-7
        digits = np.floor(np.log10(np.maximum(np.abs(raw), 1))) + 4
    return np.asarray(np.where(cents, digits, 19).sum(axis=1)) + 40.0


def digests(raw: Array) -> Array:
    """A hash of each row's exact content, uint64 ``(n,)``: equal rows, equal digests; others differ but by accident."""
    bits = np.ascontiguousarray(raw, dtype=np.float64).view(np.uint64)
    found = np.full(len(raw), 0x9E3779B97F4A7C15, dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in range(bits.shape[1]):
            found ^= bits[:, column] + np.uint64(0x9E3779B97F4A7C15) + (found << np.uint64(6)) + (found >> np.uint64(2))
            found *= np.uint64(0xFF51AFD7ED558CCD)
            found ^= found >> np.uint64(33)
    return found
