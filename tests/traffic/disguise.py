"""What attackers do so as not to be seen: go slowly, hide among ordinary queries, use many accounts, use an old one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.traffic.clients import Span, application
from tests.traffic.trace import DAY, Piece

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.traffic.world import World

    Array = NDArray[Any]


def slowly(piece: Piece, seed: int, every: float = 600.0) -> Piece:
    """The same queries, one in ``every`` seconds (half to one and a half of that)."""
    rng = np.random.default_rng([seed, 61])
    at = piece.at[0] + np.cumsum(rng.uniform(0.5 * every, 1.5 * every, len(piece)))
    return replace(piece, at=at)


def camouflaged(world: World, piece: Piece, seed: int, cover: int = 5) -> list[Piece]:
    """Before each query, ``cover`` ordinary ones by the same client. Their kind is ``cover:...``: neither honest nor
    the attack itself."""
    rng = np.random.default_rng([seed, 62])
    n = len(piece)
    gaps = np.diff(piece.at, prepend=piece.at[0] - 1.0)
    at = piece.at[0] + np.cumsum(np.maximum(gaps, 0.05) * (cover + 1))
    before = (at[:, None] - np.maximum(gaps, 0.05)[:, None] * rng.uniform(0.01, cover, (n, cover))).ravel()
    rows = world.population.draw(rng, n * cover)
    order = np.argsort(before)
    hidden = Piece(piece.client, _covered(piece), before[order], rows, campaign=piece.campaign)
    return [replace(piece, at=at), hidden]


def distributed(piece: Piece, seed: int, accounts: int = 20) -> list[Piece]:
    """The same queries, each by one of ``accounts``. All belong to one campaign."""
    rng = np.random.default_rng([seed, 63])
    whose = rng.integers(0, accounts, len(piece))
    parts = [cut(piece, np.flatnonzero(whose == account)) for account in range(accounts)]
    return [replace(part, client=f"{piece.client}.{account}") for account, part in enumerate(parts) if len(part)]


def with_history(world: World, piece: Piece, seed: int, days: float = 3.0, queries: int = 300) -> list[Piece]:
    """An account that was honest for some days before (stolen, or patient)."""
    rng = np.random.default_rng([seed, 64])
    honest = application(world, rng, piece.client, Span(float(piece.at[0]) - days * DAY, days), queries)
    return [replace(honest, kind=_covered(piece), campaign=piece.campaign), piece]


def cut(piece: Piece, places: Array) -> Piece:
    """Some rows of it, each a request of its own."""

    def some(values: Array | None) -> Array | None:
        return None if values is None else values[places]

    return Piece(
        client=piece.client,
        kind=piece.kind,
        at=piece.at[places],
        raw=piece.raw[places],
        failed=some(piece.failed),
        slow=some(piece.slow),
        extra=some(piece.extra),
        goal=some(piece.goal),
        campaign=piece.campaign,
    )


def _covered(piece: Piece) -> str:
    return f"cover:{piece.kind}"
