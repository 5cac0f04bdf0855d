"""Lineage: proven or claimed, tainted or not, whatever graph somebody forges."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.provenance.attesting import NOW, Signer, leave, signer
from violet.domain import Digest, VioletError
from violet.domain.lineage import Edge, Lineage, NodeKind, Taint
from violet.domain.provenance import FileDigest, Identity
from violet.provenance.envelope import Keyring
from violet.provenance.lineage import Index, search, trace
from violet.provenance.predicates.resource import Resource
from violet.provenance.predicates.slsa_provenance import RELATION, ROLE, TRAINING, Provenance
from violet.provenance.stores import DirectoryStore

DAY = datetime.timedelta(days=1)


def thing(name: str) -> Identity:
    return Identity(name, Digest("sha256", hashlib.sha256(name.encode()).hexdigest()), 1)


def key(name: str) -> str:
    return str(thing(name).digest)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signer]:
    folder = tmp_path_factory.mktemp("keys")
    return {name: signer(folder, name) for name in ("ci", "eve")}


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(str(tmp_path / "store"), shared=True)


def resource(name: str, role: str = "") -> Resource:
    return Resource(name, digests=(thing(name).digest,), annotations={ROLE: role} if role else {})


def trained(store: DirectoryStore, who: Signer, model: str, *inputs: tuple[str, str], **more: object) -> None:
    run = Provenance(
        TRAINING,
        "urn:x:y",
        tuple(resource(*entry) for entry in inputs),
        {RELATION: "fine-tune"},
        invocation=f"r-{model}",
    )
    leave(store, thing(model), who, kind="provenance", predicate=run.encode(), **more)  # type: ignore[arg-type]


def derived(store: DirectoryStore, who: Signer, model: str, *sources: str, relation: str = "quantisation") -> None:
    predicate: dict[str, object] = {"relation": relation, "from": [resource(source).encode() for source in sources]}
    leave(store, thing(model), who, kind="derivation", predicate=predicate)


def revoked(store: DirectoryStore, who: Signer, name: str, **more: object) -> None:
    leave(store, thing(name), who, kind="revocation", predicate={"reason": f"bad {name}"}, **more)  # type: ignore[arg-type]


def lineage(
    store: DirectoryStore,
    people: dict[str, Signer],
    root: str | Identity,
    *,
    taints: Iterable[str] = (),
    trust: tuple[str, ...] = ("ci",),
    vouches_for: tuple[str, ...] = ("*",),
    descendants: bool = False,
    claims: tuple[Edge, ...] = (),
    now: datetime.datetime = NOW,
) -> Lineage:
    index = Index(Keyring.load(people[name].trusted(*vouches_for) for name in trust), now)
    index.add([store])
    given_ = [Taint(key(name), "given", "--taint") for name in taints]
    identity = thing(root) if isinstance(root, str) else root
    return trace(identity, index, taints=given_, descendants=descendants, claims=claims)


def names(found: Lineage, keys: Iterable[str]) -> set[str]:
    return {found.nodes[k].name for k in keys}


def test_the_whole_chain(store: DirectoryStore, people: dict[str, Signer]) -> None:
    ci = people["ci"]
    trained(store, ci, "base", ("rows", "data"), ("src", "code"))
    trained(store, ci, "tuned", ("more", "data"), ("base", "base-model"))
    derived(store, ci, "q8", "tuned")
    found = lineage(store, people, "q8")
    assert names(found, found.ancestors()) == {"tuned", "r-tuned", "more", "base", "r-base", "rows", "src"}
    assert found.proven
    assert not found.is_tainted
    kinds = {node.name: node.kind for node in found.nodes.values()}
    assert (kinds["rows"], kinds["src"], kinds["r-base"], kinds["base"]) == tuple("data code run model".split())
    steps = {(found.nodes[e.child].name, e.relation, found.nodes[e.parent].name) for e in found.edges}
    assert ("q8", "quantisation", "tuned") in steps
    assert ("r-tuned", "fine-tune", "base") in steps
    assert ("r-base", "trained-on", "rows") in steps
    assert ("r-base", "ran", "src") in steps
    assert {e.signers for e in found.edges} == {("ci",)}


def test_descendants(store: DirectoryStore, people: dict[str, Signer]) -> None:
    ci = people["ci"]
    trained(store, ci, "base", ("rows", "data"))
    derived(store, ci, "q8", "base")
    derived(store, ci, "merged", "q8", "stranger", relation="merge")
    trained(store, ci, "unrelated", ("elsewhere", "data"))
    found = lineage(store, people, "base", descendants=True)
    assert names(found, found.descendants) == {"q8", "merged"}
    assert "unrelated" not in {node.name for node in found.nodes.values()}
    assert lineage(store, people, "base").descendants == frozenset()


def test_a_revoked_data_set_taints_all_below(store: DirectoryStore, people: dict[str, Signer]) -> None:
    ci = people["ci"]
    trained(store, ci, "base", ("rows", "data"), ("src", "code"))
    derived(store, ci, "q8", "base")
    revoked(store, ci, "rows")
    found = lineage(store, people, "q8")
    assert found.is_tainted
    assert names(found, found.tainted) == {"rows", "r-base", "base", "q8"}
    (path,) = found.taints
    assert [found.nodes[k].name for k in path.path] == ["rows", "r-base", "base", "q8"]
    assert path.proven
    assert (path.taint.reason, path.taint.signers) == ("bad rows", ("ci",))
    assert not lineage(store, people, "unrelated").is_tainted


def test_a_revocation_by_a_stranger_is_only_mentioned(store: DirectoryStore, people: dict[str, Signer]) -> None:
    trained(store, people["ci"], "base", ("rows", "data"))
    revoked(store, people["eve"], "rows")
    revoked(store, people["eve"], "something else")
    found = lineage(store, people, "base")
    assert not found.is_tainted
    (note,) = found.notes
    assert key("rows") in note
    assert "nobody who is trusted" in note


def test_a_revocation_must_be_vouched_for_and_in_force(store: DirectoryStore, people: dict[str, Signer]) -> None:
    revoked(store, people["ci"], "m", expires=DAY)
    assert lineage(store, people, "m").is_tainted
    assert not lineage(store, people, "m", vouches_for=("provenance",)).is_tainted
    assert not lineage(store, people, "m", now=NOW + 2 * DAY).is_tainted


def test_a_claim_taints_and_says_that_it_is_a_claim(store: DirectoryStore, people: dict[str, Signer]) -> None:
    trained(store, people["eve"], "model", ("rows", "data"))
    found = lineage(store, people, "model", taints=["rows"])
    assert found.is_tainted
    assert not found.taints[0].proven
    assert not found.proven
    assert all("nobody who is trusted" in edge.doubt for edge in found.edges)


def test_a_proven_path_is_preferred_to_a_shorter_claim(store: DirectoryStore, people: dict[str, Signer]) -> None:
    derived(store, people["eve"], "model", "rows")
    trained(store, people["ci"], "middle", ("rows", "data"))
    derived(store, people["ci"], "model", "middle")
    (path,) = lineage(store, people, "model", taints=["rows"]).taints
    assert path.proven
    assert len(path.path) == 4


def test_a_believed_copy_makes_a_claim_proven(store: DirectoryStore, people: dict[str, Signer]) -> None:
    derived(store, people["eve"], "q8", "base")
    assert not lineage(store, people, "q8").edges[0].proven
    derived(store, people["ci"], "q8", "base")
    (edge,) = lineage(store, people, "q8").edges
    assert edge.proven
    assert edge.signers == ("ci",)


def test_an_ancestor_that_nobody_tells_of_is_not_proven(store: DirectoryStore, people: dict[str, Signer]) -> None:
    derived(store, people["ci"], "q8", "base")
    found = lineage(store, people, "q8")
    assert found.edges[0].proven
    assert not found.proven
    assert not found.nodes[key("base")].attested
    assert not lineage(store, people, "alone").proven


def test_expired_and_premature_provenance_is_a_claim(store: DirectoryStore, people: dict[str, Signer]) -> None:
    trained(store, people["ci"], "model", ("rows", "data"), expires=DAY)
    late = lineage(store, people, "model", now=NOW + 2 * DAY)
    early = lineage(store, people, "model", now=NOW - DAY)
    assert "expired" in late.edges[0].doubt
    assert "issued at" in early.edges[0].doubt
    assert not late.proven
    assert not early.proven


def test_a_changed_envelope_is_a_claim(store: DirectoryStore, people: dict[str, Signer]) -> None:
    derived(store, people["ci"], "q8", "base")
    (stored,) = store.entries()
    Path(stored.path).write_bytes(stored.content.replace(b'"keyid":"', b'"keyid":"0'))
    assert not lineage(store, people, "q8").edges[0].proven


def test_loops_end_and_are_no_proof(store: DirectoryStore, people: dict[str, Signer]) -> None:
    ci = people["ci"]
    derived(store, ci, "a", "b")
    derived(store, ci, "b", "c")
    derived(store, ci, "c", "a", "origin")
    derived(store, ci, "self", "self")
    found = lineage(store, people, "a", descendants=True)
    assert [names(found, loop) for loop in found.loops] == [{"a", "b", "c"}]
    assert {edge.proven for edge in found.edges if edge.parent != key("origin")} == {False}
    assert next(edge for edge in found.edges if edge.parent == key("origin")).proven
    assert not found.proven
    assert lineage(store, people, "self").loops == ((key("self"),),)
    assert lineage(store, people, "a", taints=["origin"]).is_tainted
    assert lineage(store, people, "a", taints=["c"]).is_tainted


def test_a_part_of_a_directory_brings_its_lineage(store: DirectoryStore, people: dict[str, Signer]) -> None:
    derived(store, people["ci"], "weights", "base")
    folder = Identity("model", Digest("dirHash", "ee" * 32), 2, (FileDigest("w.bin", 1, thing("weights").digest),))
    found = lineage(store, people, folder, taints=["base"])
    assert found.is_tainted
    assert [e.relation for e in found.edges] == ["contains", "quantisation"]
    assert lineage(store, people, folder, taints=["weights"]).is_tainted


def test_any_digest_of_a_resource_is_tainted(store: DirectoryStore, people: dict[str, Signer]) -> None:
    code = Resource("src", digests=(thing("src").digest, Digest("gitCommit", "ab" * 20)), annotations={ROLE: "code"})
    predicate = Provenance(TRAINING, "urn:x:y", (code,)).encode()
    leave(store, thing("model"), people["ci"], kind="provenance", predicate=predicate)
    index = Index(Keyring.load([people["ci"].trusted()]), NOW)
    index.add([store])
    for taint in (key("src"), "gitCommit:" + "ab" * 20):
        assert trace(thing("model"), index, taints=[Taint(taint, "bad commit", "--taint")]).is_tainted
    assert not trace(thing("model"), index, taints=[Taint("gitCommit:" + "cd" * 20, "x", "--taint")]).is_tainted


def test_claims_of_the_artifact_itself(store: DirectoryStore, people: dict[str, Signer]) -> None:
    claim = Edge(key("model"), "name:acme/base", "adapter", False, "adapter_config.json", (), "it says so itself")
    found = lineage(store, people, "model", claims=(claim,))
    assert found.nodes["name:acme/base"].kind is NodeKind.MODEL
    assert found.edges == (claim,)


def test_what_cannot_be_read_is_noted(store: DirectoryStore, people: dict[str, Signer]) -> None:
    Path(store.path).mkdir()
    (Path(store.path) / "x.dsse.json").write_bytes(b"{")
    leave(store, thing("m"), people["ci"], kind="derivation", predicate={"relation": "merge", "from": []})
    notes = lineage(store, people, "m").notes
    assert len(notes) == 2


def test_searching_directories(tmp_path: Path, people: dict[str, Signer]) -> None:
    from violet.provenance.oci import create

    for place in ("a/x.attestations", "a/b/c/y.attestations"):
        derived(DirectoryStore(str(tmp_path / place)), people["ci"], place, "base")
    derived(create(str(tmp_path / "layout")), people["ci"], "z", "base")  # type: ignore[arg-type]
    (tmp_path / "a" / "loop").symlink_to(tmp_path)
    stores = list(search(str(tmp_path)))
    assert [Path(store.path).name for store in stores] == ["layout", "x.attestations", "y.attestations"]
    index = Index(Keyring.load([people["ci"].trusted()]), NOW)
    index.add(stores)
    assert len(trace(thing("base"), index, descendants=True).descendants) == 3
    assert [Path(store.path).name for store in search(str(tmp_path), depth=2)] == ["layout", "x.attestations"]


def test_what_was_not_looked_at_does_not_look_clean(
    tmp_path: Path, store: DirectoryStore, people: dict[str, Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    with pytest.raises(VioletError, match="more than 2 directories"):
        list(search(str(tmp_path), most=2))
    with pytest.raises(VioletError, match="cannot be searched"):
        list(search(str(tmp_path / "absent")))
    derived(store, people["ci"], "q8", *"abcdef")
    monkeypatch.setattr("violet.provenance.lineage.MOST_NODES", 5)
    with pytest.raises(VioletError, match="more than 5 nodes"):
        lineage(store, people, "q8")


def test_deep_chains_need_no_recursion(people: dict[str, Signer]) -> None:
    """A thousand generations, without envelopes: the graph alone."""
    from violet.provenance import lineage as module

    graph = module._Graph(Index(Keyring(), NOW))
    for number in range(5_000):
        graph.node(f"n{number}", f"n{number}", NodeKind.MODEL, ())
        graph._edge(Edge(f"n{number}", f"n{number + 1}", "merge", True, ""))
    graph.node("n5000", "n5000", NodeKind.MODEL, ())
    loops = module._loops(graph)
    found = module._judged("n0", graph, [Taint("n5000", "x", "y")], loops, (), frozenset())
    assert loops == ()
    assert len(found.taints[0].path) == 5_001
    assert len(found.ancestors()) == 5_000


EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7), st.booleans()), max_size=16)


@given(edges=EDGES, bad=st.sets(st.integers(0, 7), max_size=2))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_taint_is_reachability(
    tmp_path_factory: pytest.TempPathFactory,
    people: dict[str, Signer],
    edges: list[tuple[int, int, bool]],
    bad: set[int],
) -> None:
    """Tainted is exactly what can be reached from something bad; proven exactly where believed edges do it."""
    store = DirectoryStore(str(tmp_path_factory.mktemp("graph")), shared=True)
    for child, parent, signed in dict.fromkeys(edges):
        derived(store, people["ci" if signed else "eve"], str(child), str(parent))
    found = lineage(store, people, "0", taints=[str(n) for n in bad], descendants=True)

    def reach(pairs: set[tuple[int, int]], start: Iterable[int]) -> set[int]:
        seen = set(start)
        while more := {child for child, parent in pairs if parent in seen} - seen:
            seen |= more
        return seen

    every = {(child, parent) for child, parent, _ in edges}
    assert found.is_tainted == (0 in reach(every, bad))
    for path in found.taints:
        assert found.nodes[path.path[-1]].name == "0"
        steps = {
            (int(found.nodes[c].name), int(found.nodes[p].name)) for p, c in zip(path.path, path.path[1:], strict=False)
        }
        assert steps <= every
    reverse = {(parent, child) for child, parent in every}
    assert names(found, found.ancestors()) == {str(n) for n in _above(every)}
    assert names(found, found.descendants) == {str(n) for n in reach(every, [0]) - {0}}
    looping = {n for n in range(8) if any((n, p) in every and n in reach(reverse, [p]) for p in range(8))}
    present = {int(node.name) for node in found.nodes.values()}
    assert {int(found.nodes[k].name) for loop in found.loops for k in loop} == looping & present


def _above(every: set[tuple[int, int]]) -> set[int]:
    """What node 0 was made from; itself only where a loop leads back."""
    seen: set[int] = set()
    pending = [0]
    while pending:
        at = pending.pop()
        for child, parent in every:
            if child == at and parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return seen
