"""Traffic with known truth: two worlds, honest clients of many kinds, and attackers.

world = table_world()                              # or picture_world(28)
trace = benign(world, seed=1)                      # some days of honest traffic, 60,000 rows
pieces = benign_pieces(world, 2, Mixture(queries=5_000)) + [steal(world, "synthesis", 0), evade(world, "square", 0)]
trace = assemble(world, pieces)                    # together, in the order of time, with the model's answers
said = replay(trace, [detectors()["extraction/coverage"]])["extraction/coverage"]
attack = trace.rows("extraction")                  # where the truth is
"""

from tests.traffic.abusing import ABUSING, abuse
from tests.traffic.clients import Mixture, benign, benign_pieces
from tests.traffic.disguise import camouflaged, distributed, slowly, with_history
from tests.traffic.evading import EVADING, evade, kinds
from tests.traffic.pictures import picture_world
from tests.traffic.replay import Said, batches, replay
from tests.traffic.stealing import STEALING, steal
from tests.traffic.tables import table_world
from tests.traffic.trace import DAY, START, Piece, Trace, assemble
from tests.traffic.world import World

__all__ = [
    "ABUSING",
    "DAY",
    "EVADING",
    "START",
    "STEALING",
    "Mixture",
    "Piece",
    "Said",
    "Trace",
    "World",
    "abuse",
    "assemble",
    "batches",
    "benign",
    "benign_pieces",
    "camouflaged",
    "distributed",
    "evade",
    "kinds",
    "picture_world",
    "replay",
    "slowly",
    "steal",
    "table_world",
    "with_history",
]
