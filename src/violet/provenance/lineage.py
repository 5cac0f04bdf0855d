"""The graph of what was made from what, built from attestations.

Envelopes are read once and indexed by the digests that they mention; signatures are verified only where the graph
that was asked for passes, so that ten thousand envelopes cost reading, not verifying.

What an envelope says is proven where a trusted signer vouches for it and it is in force; everything else is shown
as a claim, with the reason. Revocations are the other way round: one that is not believed taints nothing (anybody
could write it), and is mentioned.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from violet.domain import VioletError
from violet.domain.lineage import Edge, Lineage, Node, NodeKind, Taint, TaintPath
from violet.domain.provenance import Refusal
from violet.provenance import statement as intoto
from violet.provenance.evidence import CLOCK_SKEW, Read, believe, in_force, open_stored
from violet.provenance.predicates.derivation import Derivation
from violet.provenance.predicates.resource import PredicateError, Resource
from violet.provenance.predicates.revocation import Revocation
from violet.provenance.predicates.slsa_provenance import RELATION, ROLE, Provenance
from violet.provenance.stores import SUFFIX, DirectoryStore, Store, Stored

if TYPE_CHECKING:
    from violet.domain import Digest
    from violet.domain.provenance import Identity
    from violet.provenance.envelope import Keyring

USED = frozenset({"provenance", "derivation", "revocation"})
"""Predicate types that tell of lineage; envelopes that are named after another type are not read."""

MOST_NODES = 100_000

_ROLES = {"data": NodeKind.DATA, "code": NodeKind.CODE, "base-model": NodeKind.MODEL}
_STEPS = {NodeKind.DATA: "trained-on", NodeKind.CODE: "ran", NodeKind.INPUT: "used"}


@dataclass(slots=True, eq=False, repr=False)
class _Record:
    """One statement: ``children`` are its subjects, ``inputs`` what they were made from."""

    read: Read
    kind: str
    children: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[Resource, NodeKind, str], ...] = ()
    run: str = ""
    reason: str = ""
    copies: list[Read] = field(default_factory=list)
    verdict: tuple[tuple[str, ...], str] | None = None

    @property
    def key(self) -> str:
        return f"run:{hashlib.sha256(self.read.envelope.payload).hexdigest()[:32]}"


class Index:
    """Envelopes by the digests of what they are about, and of what that was made from."""

    def __init__(self, ring: Keyring, now: datetime.datetime, skew: datetime.timedelta = CLOCK_SKEW) -> None:
        self._ring = ring
        self._now = now
        self._skew = skew
        self._by_payload: dict[bytes, _Record] = {}
        self._made: dict[str, list[_Record]] = {}
        self._used: dict[str, list[_Record]] = {}
        self.revocations: list[_Record] = []
        self.notes: list[str] = []

    def add(self, stores: Iterable[Store]) -> None:
        for store in stores:
            for stored in _relevant(store):
                self._add(stored)

    def made(self, key: str) -> list[_Record]:
        """Statements on how this artifact was made."""
        return self._made.get(key, [])

    def used(self, key: str) -> list[_Record]:
        """Statements on what was made from it."""
        return self._used.get(key, [])

    def knows(self, key: str) -> bool:
        return key in self._made or key in self._used

    def verdict(self, record: _Record) -> tuple[tuple[str, ...], str]:
        """The signers who vouch for it, or none and a clause that says why it is only a claim."""
        if record.verdict is None:
            verdicts = [self._verdict(read) for read in (record.read, *record.copies)]
            record.verdict = next((v for v in verdicts if v[0]), verdicts[0])
        return record.verdict

    def _verdict(self, read: Read) -> tuple[tuple[str, ...], str]:
        believed = believe(read, self._ring)
        if isinstance(believed, Refusal):
            return (), _clause(believed)
        kind = read.statement.predicate_type
        for subject in read.statement.subjects:
            try:
                binding = intoto.binding_of(subject, read.statement)
            except intoto.StatementError as error:
                return (), str(error)
            late = in_force(read.stored, kind, binding, self._now, self._skew)
            if late:
                return (), _clause(late)
        return tuple(sorted({b.signer.name for b in believed})), ""

    def _add(self, stored: Stored) -> None:
        read = open_stored(stored)
        if isinstance(read, Refusal):
            self.notes.append(read.reason)
            return
        kind = intoto.short_name(read.statement.predicate_type)
        if kind not in USED:
            return
        known = self._by_payload.get(read.envelope.payload)
        if known is not None:
            known.copies.append(read)
            return
        try:
            record = _record(read, kind)
        except PredicateError as error:
            self.notes.append(f"{stored.path}: {error}.")
            return
        self._by_payload[read.envelope.payload] = record
        if kind == "revocation":
            self.revocations.append(record)
            return
        for key, _ in record.children:
            self._made.setdefault(key, []).append(record)
        for resource, _, _ in record.inputs:
            for digest in resource.digests:
                self._used.setdefault(str(digest), []).append(record)


def trace(
    identity: Identity,
    index: Index,
    *,
    taints: Sequence[Taint] = (),
    claims: Sequence[Edge] = (),
    descendants: bool = False,
) -> Lineage:
    """The lineage of an artifact. ``taints`` come on top of revocations that are believed; ``claims`` are what the
    artifact says of itself, edges from its key to nodes called ``name:...``."""
    root = str(identity.digest)
    graph = _Graph(index)
    graph.nodes[root] = Node(root, intoto.subject_of(identity).name, NodeKind.MODEL, (identity.digest,))
    named = {taint.node for taint in taints}
    revoked = {key for record in index.revocations for key, _ in record.children}
    for file in identity.files:
        part = str(file.digest)
        if index.knows(part) or part in named or part in revoked:
            graph.node(part, file.path, NodeKind.INPUT, (file.digest,))
            graph.edges[root, part, "contains"] = Edge(root, part, "contains", True, file.path)
    for claim in claims:
        kind = NodeKind.RUN if claim.relation == "made-by" else NodeKind.MODEL
        graph.node(claim.parent, claim.parent.removeprefix("name:"), kind, ())
        graph.edges[claim.child, claim.parent, claim.relation] = claim
    graph.climb([root, *(parent for _, parent, _ in list(graph.edges))])
    below: set[str] = set()
    if descendants:
        below = graph.descend(root)
        graph.climb(sorted(below))
    loops = _loops(graph)
    found = [*taints, *_revocations(index, graph)]
    notes = tuple(dict.fromkeys(index.notes))
    return _judged(root, graph, found, loops, notes, frozenset(below))


def search(directory: str, *, depth: int = 8, most: int = 50_000) -> Iterator[Store]:
    """The stores below a directory, down to ``depth`` levels: OCI image layouts, and every directory that holds
    envelopes. Links are not followed. Raises ``VioletError`` where a directory cannot be read, or there are more than
    ``most``: what was not looked at must not look clean."""
    from violet.provenance.oci import OciStore

    pending, seen = deque([(directory, 0)]), 0
    while pending:
        place, level = pending.popleft()
        seen += 1
        if seen > most:
            raise VioletError(f"There are more than {most:,} directories below {directory}.", "Search in fewer.")
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            raise VioletError(f"{place} cannot be searched: {error.strerror}.") from error
        if any(entry.name == "oci-layout" for entry in entries):
            yield OciStore(place)
            continue
        if any(entry.name.endswith(SUFFIX) for entry in entries):
            yield DirectoryStore(place, shared=True)
        if level < depth:
            folders = (entry for entry in entries if entry.is_dir(follow_symlinks=False))
            pending.extend((entry.path, level + 1) for entry in folders if entry.name not in (".git", "node_modules"))


class _Graph:
    """Nodes and edges as they are found."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self.nodes: dict[str, Node] = {}
        self.edges: dict[tuple[str, str, str], Edge] = {}

    def node(self, key: str, name: str, kind: NodeKind, digests: tuple[Digest, ...]) -> None:
        known = self.nodes.get(key)
        if known is None:
            if len(self.nodes) >= MOST_NODES:
                raise VioletError(f"This lineage has more than {MOST_NODES:,} nodes.", "Search in fewer directories.")
            self.nodes[key] = Node(key, name or key, kind, digests)
        elif set(digests) - set(known.digests) or known.kind is NodeKind.INPUT:
            together = tuple(dict.fromkeys((*known.digests, *digests)))
            chosen = kind if known.kind is NodeKind.INPUT else known.kind
            self.nodes[key] = replace(known, digests=together, kind=chosen)

    def climb(self, start: Iterable[str]) -> None:
        """Add everything that these were made from, whichever of its digests a statement knows it by: else whoever
        adds a statement could hide ancestors behind another digest of theirs."""
        pending, done = deque((key, key, "") for key in start), set[tuple[str, str, str]]()
        while pending:
            step = pending.popleft()
            if step in done:
                continue
            done.add(step)
            key, digest, doubt = step
            for record in self._index.made(digest):
                pending.extend(self._add(key, record, doubt))

    def descend(self, root: str) -> set[str]:
        """Add everything that was made from ``root``; the keys of that."""
        pending, below = deque([root]), set[str]()
        while pending:
            key = pending.popleft()
            for record in self._index.used(key):
                for child, name in record.children:
                    if child == root:
                        continue
                    self.node(child, name, NodeKind.MODEL, ())
                    self._add(child, record)
                    if child not in below:
                        below.add(child)
                        pending.append(child)
        return below

    def _add(self, child: str, record: _Record, alias: str = "") -> list[tuple[str, str, str]]:
        """The edges by which this statement tells where ``child`` comes from. Gives its parents, each as the key of its
        node, a digest that it is known by, and why that it has this digest is doubtful (``""``: it is not), which is
        ``alias`` for the child itself."""
        signers, doubt = self._index.verdict(record)
        if alias:
            signers, doubt = (), alias
        source, proven = record.read.stored.path, bool(signers)
        if proven and not self.nodes[child].attested:
            self.nodes[child] = replace(self.nodes[child], attested=True)
        made = child
        if record.run:
            made = record.key
            self.node(made, record.run, NodeKind.RUN, ())
            self._edge(Edge(child, made, "made-by", proven, source, signers, doubt))
        parents = []
        for resource, kind, relation in record.inputs:
            keys = [str(digest) for digest in resource.digests]
            known = next((key for key in keys if key in self.nodes), None)
            key = known or next((k for k in keys if self._index.knows(k)), keys[0])
            self.node(key, resource.name or resource.uri, kind, resource.digests)
            self._edge(Edge(made, key, relation, proven, source, signers, doubt))
            unsure = "" if proven else f"that {key} has other digests is only a claim"
            parents += [(key, digest, unsure if digest != key else "") for digest in dict.fromkeys((key, *keys))]
        return parents

    def _edge(self, edge: Edge) -> None:
        name = (edge.child, edge.parent, edge.relation)
        known = self.edges.get(name)
        if known is None or (edge.proven and not known.proven):
            self.edges[name] = edge


def _relevant(store: Store) -> Iterator[Stored]:
    if isinstance(store, DirectoryStore):
        yield from store.entries(kinds=USED)
    else:
        yield from store.entries()


def _record(read: Read, kind: str) -> _Record:
    value = read.statement.predicate
    children = tuple((str(digest), subject.name) for subject in read.statement.subjects for digest in subject.digests)
    if kind == "revocation":
        return _Record(read, kind, children, reason=Revocation.decode(value).reason)
    if kind == "derivation":
        made = Derivation.decode(value)
        return _Record(read, kind, children, tuple((s, NodeKind.MODEL, made.relation) for s in made.sources))
    run = Provenance.decode(value)
    relation = run.external.get(RELATION)
    base = relation if isinstance(relation, str) and relation else "base-model"
    inputs = []
    for resource in run.dependencies:
        if not resource.digests:
            continue
        part = _ROLES.get(str(resource.annotations.get(ROLE)))
        if part is None:
            part = NodeKind.CODE if resource.digest("gitCommit") else NodeKind.INPUT
        inputs.append((resource, part, _STEPS.get(part, base)))
    return _Record(read, kind, children, tuple(inputs), run=run.invocation or run.builder)


def _revocations(index: Index, graph: _Graph) -> list[Taint]:
    present = {str(digest) for node in graph.nodes.values() for digest in node.digests} | set(graph.nodes)
    taints = []
    for record in index.revocations:
        hit = sorted({key for key, _ in record.children if key in present})
        if not hit:
            continue
        signers, doubt = index.verdict(record)
        source = record.read.stored.path
        if not signers:
            index.notes.append(f"{source} says that {hit[0]} is revoked, and is not believed: {doubt}.")
            continue
        taints += [Taint(key, record.reason, source, signers) for key in hit]
    return taints


def _judged(
    root: str,
    graph: _Graph,
    taints: Sequence[Taint],
    loops: tuple[tuple[str, ...], ...],
    notes: tuple[str, ...],
    below: frozenset[str],
) -> Lineage:
    edges = tuple(sorted(graph.edges.values(), key=lambda e: (e.child, e.relation, e.parent)))
    aliases: dict[str, set[str]] = {}
    for node in graph.nodes.values():
        for name in (node.key, *(str(digest) for digest in node.digests)):
            aliases.setdefault(name, set()).add(node.key)
    sound = _children(edge for edge in edges if edge.proven)
    every = _children(edges)
    tainted: set[str] = set()
    paths = []
    for taint in dict.fromkeys(taints):
        hit = sorted(aliases.get(taint.node, ()))
        reached = _reached(hit, every)
        tainted.update(reached)
        if root in reached:
            surely = _reached(hit, sound)
            best = surely if root in surely else reached
            paths.append(TaintPath(taint, _path(root, best), root in surely))
    return Lineage(
        root,
        dict(sorted(graph.nodes.items())),
        edges,
        tuple(sorted(paths, key=lambda p: (not p.proven, len(p.path), p.taint.node))),
        frozenset(tainted),
        loops,
        notes,
        below,
    )


def _children(edges: Iterable[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        found.setdefault(edge.parent, []).append(edge.child)
    return found


def _reached(start: Sequence[str], children: dict[str, list[str]]) -> dict[str, str]:
    """Every node at or below ``start``, with the one that it was reached from (itself, for the start)."""
    origin = {key: key for key in start}
    pending = deque(start)
    while pending:
        key = pending.popleft()
        for child in children.get(key, ()):
            if child not in origin:
                origin[child] = key
                pending.append(child)
    return origin


def _path(node: str, origin: dict[str, str]) -> tuple[str, ...]:
    path = [node]
    while origin[path[-1]] != path[-1]:
        path.append(origin[path[-1]])
    return tuple(reversed(path))


def _loops(graph: _Graph) -> tuple[tuple[str, ...], ...]:
    """Strongly connected components of more than one node, or with an edge to itself (Tarjan, 1972, without
    recursion). Content cannot be made from what was made from it, so their edges are no proof any more."""
    parents: dict[str, list[str]] = {}
    for edge in graph.edges.values():
        parents.setdefault(edge.child, []).append(edge.parent)
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    held: set[str] = set()
    loops: list[tuple[str, ...]] = []
    for start in sorted(graph.nodes):
        if start in number:
            continue
        work = [(start, iter(parents.get(start, ())))]
        number[start] = low[start] = len(number)
        stack.append(start)
        held.add(start)
        while work:
            key, following = work[-1]
            for parent in following:
                if parent not in number:
                    number[parent] = low[parent] = len(number)
                    stack.append(parent)
                    held.add(parent)
                    work.append((parent, iter(parents.get(parent, ()))))
                    break
                if parent in held:
                    low[key] = min(low[key], number[parent])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[key])
                if low[key] == number[key]:
                    loop: list[str] = []
                    while True:
                        member = stack.pop()
                        held.discard(member)
                        loop.append(member)
                        if member == key:
                            break
                    if len(loop) > 1 or key in parents.get(key, ()):
                        loops.append(tuple(sorted(loop)))
    for component in loops:
        members = set(component)
        for name, edge in graph.edges.items():
            if edge.child in members and edge.parent in members:
                doubt = "it is part of a loop: nothing can be made from what was made from it"
                graph.edges[name] = replace(edge, proven=False, doubt=doubt)
    return tuple(sorted(loops))


def _clause(refusal: Refusal) -> str:
    return refusal.reason.removeprefix(f"{refusal.path}: ").rstrip(".")
