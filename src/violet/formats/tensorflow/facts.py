"""What a TensorFlow graph says of itself, as the checks need it."""

from __future__ import annotations

from dataclasses import dataclass, field

from violet.formats.keras.facts import KerasFacts
from violet.formats.tensorflow.risks import Risk


@dataclass(slots=True)
class GraphNode:
    """One node: ``strings`` are its attributes of type string, ``functions`` those that name functions
    (by attribute), ``constant`` the texts of a string constant."""

    name: str = ""
    op: str = ""
    inputs: list[str] = field(default_factory=list)
    strings: dict[str, list[bytes]] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    constant: list[bytes] | None = None


@dataclass(slots=True)
class Graph:
    """The main graph (``name`` is empty) or a function of its library with the names of its arguments."""

    name: str = ""
    nodes: dict[str, GraphNode] = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class RiskyNode:
    """A node that reaches outside.

    ``paths`` are the constant paths that get to it; ``given`` says that its path comes from whoever
    runs the graph. Neither means that the path is computed from what the graph holds.
    """

    graph: str
    name: str
    op: str
    risk: Risk
    paths: tuple[str, ...] = ()
    given: bool = False
    asset: bool = False
    """The path is that of a file in the model's own ``assets`` directory, put in by the loader."""

    @property
    def where(self) -> str:
        return f"{self.graph}/{self.name}" if self.graph else self.name


@dataclass(slots=True)
class TensorFlowFacts:
    """``ops`` counts the operations of all graphs; ``unknown`` are those that TensorFlow does not register,
    with one node each; ``assets`` the files that the model names."""

    ops: dict[str, int] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    risky: list[RiskyNode] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    assets: list[str] = field(default_factory=list)
    asset_nodes: set[str] = field(default_factory=set)
    """Names of the constants that the loader replaces by the paths of assets."""
    registered: list[str] = field(default_factory=list)
    version: str = ""
    keras: KerasFacts = field(default_factory=KerasFacts)
