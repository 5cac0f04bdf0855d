"""The attacks that detectors are measured by: plain ones, and ones that hide."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.traffic.abusing import ABUSING, abuse
from tests.traffic.disguise import camouflaged, distributed, slowly, with_history
from tests.traffic.evading import adaptive_kinds, evade, kinds
from tests.traffic.stealing import STEALING, steal

if TYPE_CHECKING:
    from tests.traffic.trace import Piece
    from tests.traffic.world import World

Make = Callable[["World", int, float], list["Piece"]]
"""World, seed and start (seconds since 1970) to the traffic of one attacker."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """``group``: ``plain``, ``slow``, ``camouflaged``, ``distributed``, ``patient`` (an old account),
    ``adaptive`` (knows how it is looked for) or ``limits`` (what quotas are for, and no detector)."""

    name: str
    group: str
    make: Make


def scenarios(world: World) -> Mapping[str, Scenario]:
    """By name, in the order of the report."""
    found: dict[str, Scenario] = {}

    def add(name: str, group: str, make: Make) -> None:
        found[name] = Scenario(name, group, make)

    for kind in STEALING:
        add(f"extraction:{kind}", "plain", _steal(kind))
    for kind in kinds(world):
        add(f"evasion:{kind}", "plain", _evade(kind, 3))
    for kind in ("hopskipjump", "square"):
        add(f"evasion:{kind}, one case", "plain", _evade(kind, 1))
    for kind in ABUSING:
        add(kind, "limits" if kind == "denial:flood" else "plain", _abuse(kind))
    hidden = {f"extraction:{kind}": _steal(kind) for kind in STEALING}
    hidden |= {f"evasion:{kind}": _evade(kind, 2) for kind in ("hopskipjump", "square", "nes")}
    for name, make in hidden.items():
        add(f"{name}, one in 10 min", "slow", _slow(make))
    for name, make in hidden.items():
        add(f"{name}, 5 covers", "camouflaged", _covered(make, 5))
    for name, make in hidden.items():
        add(f"{name}, 10 covers", "camouflaged", _covered(make, 10))
    for name, make in hidden.items():
        add(f"{name}, 20 accounts", "distributed", _spread(make))
    for kind in STEALING:
        add(f"extraction:{kind}, old account", "patient", _old(_steal(kind)))
    for kind in adaptive_kinds(world):
        add(f"evasion:{kind}", "adaptive", _evade(kind, 3))
    add("extraction:natural", "adaptive", _steal("natural"))
    return found


def _steal(kind: str) -> Make:
    return lambda world, seed, start: [steal(world, kind, seed, start=start)]


def _evade(kind: str, samples: int) -> Make:
    return lambda world, seed, start: [evade(world, kind, seed, samples=samples, start=start)]


def _abuse(kind: str) -> Make:
    return lambda world, seed, start: [abuse(world, kind, seed, start=start)]


def _slow(make: Make) -> Make:
    return lambda world, seed, start: [slowly(piece, seed) for piece in make(world, seed, start)]


def _covered(make: Make, cover: int) -> Make:
    def made(world: World, seed: int, start: float) -> list[Piece]:
        return [part for piece in make(world, seed, start) for part in camouflaged(world, piece, seed, cover)]

    return made


def _spread(make: Make) -> Make:
    def made(world: World, seed: int, start: float) -> list[Piece]:
        return [part for piece in make(world, seed, start) for part in distributed(piece, seed)]

    return made


def _old(make: Make) -> Make:
    def made(world: World, seed: int, start: float) -> list[Piece]:
        return [part for piece in make(world, seed, start) for part in with_history(world, piece, seed)]

    return made
