"""Attacks of violet.attacks, run against models trained here, are seen, and explained."""

from __future__ import annotations

import numpy as np
import pytest

from tests.detectors.evasion.streams import Told, alone, attack, listen, world
from tests.traffic import disguise, evading

TABLES = tuple(name for name in evading.EVADING if evading.EVADING[name].table)
PICTURES = tuple(name for name in evading.EVADING if evading.EVADING[name].picture)
WITHIN = 150
"""Queries after which every plain attack is seen, where it asks so many."""


def first(told: Told) -> int:
    return min((told.first[name] for name in told.accusers), default=10**9)


@pytest.mark.parametrize(
    ("kind", "name"), [*(("tables", name) for name in TABLES), *(("pictures", name) for name in PICTURES)]
)
def test_plain_attacks_are_seen_soon(kind: str, name: str) -> None:
    for seed in range(3):  # Some are done after a handful of queries: those prove nothing.
        piece = attack(kind, name, seed)
        if len(np.unique(piece.raw, axis=0)) > 40:
            break
    else:
        pytest.skip("all three attacks were done after a few queries")
    told = listen(alone(piece, world(kind)))
    assert first(told) < WITHIN, {name: told.values[name].max(initial=0) for name in told.values}


def test_evidence_names_queries_distances_and_the_base() -> None:
    told = listen(alone(attack("tables", "hopskipjump"), world("tables")))
    for name in ("near_duplicates", "walks", "boundary_pairs", "provenance"):
        evidence = told.evidence[f"evasion/{name}"]
        assert evidence.summary.endswith(".")
        assert "x" in evidence.summary  # the exchange it goes back to
        assert 1 <= len(evidence.queries) <= 20
        assert all(query.startswith("x") and query[1:].isdigit() for query in evidence.queries)
        assert evidence.values
        assert evidence.reference


def test_the_geometry_tells_what_kind_of_search_it_is() -> None:
    def kinds(kind: str, name: str) -> dict[str, float | str]:
        return dict(listen(alone(attack(kind, name), world(kind)), ("evasion/walks",)).evidence["evasion/walks"].values)

    assert {"pairs", "shells"} & set(kinds("tables", "spsa"))
    assert "shells" in kinds("pictures", "spsa")
    assert "halvings" in kinds("tables", "surfree")
    searched = kinds("tables", "feasible-search")
    assert "columns" in searched
    assert len(str(searched["columns moved"]).split(", ")) > 5


@pytest.mark.parametrize("name", ["hopskipjump", "nes", "feasible-search"])
def test_time_makes_no_difference(name: str) -> None:
    piece = attack("tables", name)
    slow = disguise.slowly(piece, 0, every=3 * 86_400.0)
    fast, late = (listen(alone(one, world("tables"))) for one in (piece, slow))
    assert first(late) == first(fast) < WITHIN


@pytest.mark.parametrize("name", ["hopskipjump", "rays", "nes"])
@pytest.mark.parametrize("kind", ["tables", "pictures"])
def test_camouflage_does_not_hide_it(kind: str, name: str) -> None:
    trace = alone(disguise.camouflaged(world(kind), attack(kind, name), 0, cover=5), world(kind))
    told = listen(trace)
    if not told.accusers:
        assert len(attack(kind, name)) < 10
        return
    attacking = np.array([trace.kinds[kind].startswith("evasion") for kind in trace.kind])
    assert attacking[: first(told) + 1].sum() < WITHIN


@pytest.mark.parametrize("name", ["hopskipjump", "surfree"])
@pytest.mark.parametrize("kind", ["tables", "pictures"])
def test_twenty_accounts_are_one_attacker(kind: str, name: str) -> None:
    trace = alone(disguise.distributed(attack(kind, name), 0, accounts=20), world(kind))
    told = listen(trace)
    assert 0 <= told.first["evasion/provenance"] < WITHIN
    assert told.evidence["evasion/provenance"].others
    # Seen in the model's traffic before any account can be accused, by name of nobody.
    assert told.first["evasion/swarm"] < min(told.first["evasion/provenance"], told.first["evasion/near_duplicates"])


@pytest.mark.parametrize(("kind", "name"), [("pictures", "hopskipjump"), ("tables", "hopskipjump"), ("tables", "spsa")])
def test_an_account_for_each_query_is_seen_and_nobody_accused(kind: str, name: str) -> None:
    told = listen(alone(disguise.distributed(attack(kind, name), 0, accounts=3000), world(kind)))
    assert 0 <= told.first["evasion/swarm"] < WITHIN
    assert told.accusers == ["evasion/swarm"]


def test_an_honest_past_does_not_help() -> None:
    pieces = disguise.with_history(world("tables"), attack("tables", "hopskipjump"), 0, days=1.0, queries=200)
    trace = alone(pieces, world("tables"))
    told = listen(trace)
    attacking = np.array([trace.kinds[kind].startswith("evasion") for kind in trace.kind])
    assert told.accusers
    assert not attacking[: first(told)].sum() > WITHIN
    assert attacking[first(told)]
