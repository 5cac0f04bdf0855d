"""Lineage and evidence are laid out whatever their names hold."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain import Digest, UsageError
from violet.domain.lineage import Edge, Lineage, Node, NodeKind, Taint, TaintPath
from violet.domain.provenance import Attestation, Evidence, Identity, Refusal, Statement, Subject
from violet.report import attestations, lineage
from violet.report.attestations import EvidenceView
from violet.report.lineage import FORMATS, LineageView

NASTY = st.text(st.sampled_from('ab "\\\n\r\x1b[]{}|<>;#\u202e\ud800'), max_size=12)


def made(name: str, kind: NodeKind = NodeKind.MODEL) -> Node:
    return Node(name, name, kind, (Digest("sha256", name * 8),), attested=True)


def small(name: str = "data", word: str = "trained-on") -> Lineage:
    nodes = {n.key: n for n in (made("m"), made(f"x{name}", NodeKind.DATA))}
    edge = Edge("m", f"x{name}", word, False, name, (name,), name)
    taint = TaintPath(Taint(f"x{name}", name, name), (f"x{name}", "m"), False)
    return Lineage("m", nodes, (edge,), (taint,), frozenset(nodes), (tuple(nodes),), (name,), frozenset())


@given(NASTY, NASTY)
@pytest.mark.parametrize("fmt", FORMATS)
def test_any_names(fmt: str, name: str, word: str) -> None:
    text = lineage.render(LineageView(small(name, word)), fmt)
    assert text.endswith("\n")
    assert all(c.isprintable() or c == "\n" for c in text)
    if fmt == "json":
        assert json.loads(text)["tainted"] is True
    if fmt == "dot":
        assert text.count("\n") == 3 + 2 + 1 + 1
        assert text.replace("\\\\", "").replace('\\"', "").count('"') == 2 + 2 * 2 + 2 * 2 + 2
    if fmt == "mermaid":
        assert text.count("\n") == 1 + 2 + 1 + 2
        assert text.count('"') == 2 * 2 + 2


def test_large_graphs_are_cut_on_a_terminal_and_whole_in_json() -> None:
    nodes = {f"n{i}": made(f"n{i}") for i in range(3_000)}
    edges = tuple(Edge(f"n{i // 2}", f"n{i}", "merge", True, "", ("ci",)) for i in range(1, 3_000))
    view = LineageView(Lineage("n0", nodes, edges))
    text = lineage.render(view, "console")
    assert text.count("\n") < 500
    assert "more: --format json shows all" in text
    assert len(json.loads(lineage.render(view, "json"))["edges"]) == 2_999


def test_what_comes_twice_is_laid_out_once() -> None:
    nodes = {name: made(name) for name in "abcd"}
    pairs = ["ab", "ac", "bd", "cd"]
    text = lineage.render(
        LineageView(Lineage("a", nodes, tuple(Edge(*pair, "merge", True, "") for pair in pairs))), "console"
    )
    assert text.count("merge  d") == 2
    assert text.count("(see above)") == 1


def test_an_unknown_format() -> None:
    with pytest.raises(UsageError, match="no format of a lineage"):
        lineage.render(LineageView(small()), "svg")


@given(NASTY)
def test_any_evidence(name: str) -> None:
    statement = Statement((Subject(name, (Digest("sha256", "ab"),)),), name, {})
    evidence = Evidence(
        Identity(name, Digest("sha256", "ab" * 32), 1),
        (Attestation(name, statement, (name,), ("k",), Digest("sha256", "cd"), environment=name, check=name),),
        (Refusal(name, "expired", name, name, name),),
        (Refusal(name, "superseded", name, name, name),),
    )
    view = EvidenceView(evidence, {}, {name: name}, name, name, False, (name,))
    for fmt in ("console", "json"):
        text = attestations.render(view, fmt)
        assert all(c.isprintable() or c == "\n" for c in text)
    found = json.loads(attestations.render(view, "json"))
    assert [len(found[part]) for part in ("believed", "refused", "superseded")] == [1, 1, 1]
