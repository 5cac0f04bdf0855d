"""Where a model comes from: artifacts and training runs, what was made from what, and how far that is proven."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from violet.domain.asset import Digest


class NodeKind(enum.StrEnum):
    """What a node is. ``INPUT`` went into something, and nobody says as what."""

    DATA = "data"
    CODE = "code"
    RUN = "run"
    MODEL = "model"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class Node:
    """An artifact, known by its digests, or a run that made one.

    ``key`` is the digest that it was met by (``sha256:...``), ``run:...`` for a run and ``name:...`` for what is
    known by name only. ``attested`` tells that a statement which is believed says how it was made.
    """

    key: str
    name: str
    kind: NodeKind
    digests: tuple[Digest, ...] = ()
    attested: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """``child`` was made from ``parent``, both keys of nodes.

    ``relation`` is what the parent was to it: ``trained-on``, ``ran``, ``made-by`` (a run), ``fine-tune``,
    ``quantisation``, ``adapter``, ``merge``, ``conversion``, ``distillation``, ``contains``. It is ``proven`` where
    ``signers`` who are trusted vouch for it; otherwise it is a claim, and ``doubt`` says in a clause why.
    ``source`` is the file that says it.
    """

    child: str
    parent: str
    relation: str
    proven: bool
    source: str
    signers: tuple[str, ...] = ()
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Taint:
    """Something that must not be used, by digest. ``origin`` is who says so: ``--taint``, the configuration, or the
    path of a revocation that is believed, with its ``signers``."""

    node: str
    reason: str
    origin: str
    signers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TaintPath:
    """How a taint reaches a node: the keys from the tainted node down to it. ``proven`` where every step is."""

    taint: Taint
    path: tuple[str, ...]
    proven: bool


@dataclass(frozen=True, slots=True)
class Lineage:
    """The part of the graph that ``root`` belongs to.

    ``tainted`` are the keys of all nodes that are tainted or made from something that is; ``taints`` how taints
    reach the root, each taint once. ``loops`` are sets of nodes that claim to be made from each other, which
    cannot be: their edges are claims, whoever signed them. ``notes`` say in sentences what could not be used and
    why. ``descendants`` are keys of what was made from the root, where that was asked.
    """

    root: str
    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...] = ()
    taints: tuple[TaintPath, ...] = ()
    tainted: frozenset[str] = frozenset()
    loops: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    descendants: frozenset[str] = field(default=frozenset())

    @property
    def is_tainted(self) -> bool:
        return self.root in self.tainted

    @property
    def proven(self) -> bool:
        """Every step up from the root is proven, and every model among its ancestors has a proven origin."""
        above = self.ancestors() | {self.root}
        steps = all(edge.proven for edge in self.edges if edge.child in above)
        return steps and all(self.nodes[key].attested for key in above if self.nodes[key].kind is NodeKind.MODEL)

    def parents(self, key: str) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.child == key)

    def ancestors(self) -> frozenset[str]:
        above: dict[str, list[str]] = {}
        for edge in self.edges:
            above.setdefault(edge.child, []).append(edge.parent)
        found: set[str] = set()
        pending = [self.root]
        while pending:
            for parent in above.get(pending.pop(), ()):
                if parent not in found:
                    found.add(parent)
                    pending.append(parent)
        return frozenset(found)
