"""What changed between two bills, and one bill of several."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given

from tests.provenance.bom import models
from tests.provenance.bom.models import bom_of
from tests.provenance.bom.strategies import boms
from tests.provenance.bom.test_documents import comparable
from violet.domain import Digest, UsageError
from violet.domain.bom import Bom, Change, Dataset, ModelFacts, Property, Relation, reference
from violet.domain.component import Component
from violet.provenance.bom.compare import compare
from violet.provenance.bom.merge import merge, with_packages


def package(name: str, version: str = "", **more: object) -> Component:
    purl = f"pkg:pypi/{name}" + (f"@{version}" if version else "")
    return Component(name, version, ecosystem="PyPI", purl=purl, **more)  # type: ignore[arg-type]


def bill(*parts: Component, name: str = "app", facts: ModelFacts | None = None) -> Bom:
    subject = Component(name, type="machine-learning-model")
    relations = tuple(Relation(reference(subject), "depends-on", reference(part)) for part in parts)
    return Bom(subject, facts or ModelFacts(), parts, relations=relations)


@given(boms())
def test_nothing_differs_from_itself(bom: Bom) -> None:
    assert compare(bom, bom).empty


@given(boms(), boms())
def test_differences_are_the_same_the_other_way_round(first: Bom, second: Bom) -> None:
    there, back = compare(first, second), compare(second, first)
    assert there.empty == back.empty
    assert there.count == back.count


def test_components_go_up_down_in_and_out() -> None:
    before = bill(package("up", "1.9"), package("down", "2.0"), package("gone", "1"), package("odd", "x y"))
    after = bill(package("Up", "1.10"), package("down", "2.0rc1"), package("new", specifier=">=1"), package("odd", "z"))
    found = {(c.what.lower(), c.kind, c.before, c.after) for c in compare(before, after).components}
    assert found == {
        ("up", "upgraded", "1.9", "1.10"),
        ("down", "downgraded", "2.0", "2.0rc1"),
        ("gone", "removed", "1", ""),
        ("new", "added", "", ">=1"),
        ("odd", "changed", "x y", "z"),
    }


def test_the_same_version_with_other_content_is_a_change() -> None:
    digests = [(Digest("sha256", letter * 64),) for letter in "ab"]
    before, after = (bill(package("a", "1", hashes=digest)) for digest in digests)
    change = compare(before, after).components[0]
    assert (change.kind, change.before[:8], change.after[:8]) == ("changed", "sha256:a", "sha256:b")


def test_licences_and_data_sets() -> None:
    old = Dataset("train.csv", digests=(Digest("sha256", "a" * 64),))
    new = replace(old, digests=(Digest("sha256", "b" * 64),))
    before = replace(bill(package("a", "1", licenses=("MIT",))), datasets=(old, Dataset("gone")))
    after = replace(bill(package("a", "1", licenses=("GPL-3.0-only",))), datasets=(new,))
    found = compare(before, after)
    assert found.licenses == (Change("a", "changed", "MIT", "GPL-3.0-only"),)
    assert [(c.what, c.kind) for c in found.datasets] == [
        ("gone (training)", "removed"),
        ("train.csv (training)", "changed"),
    ]


def test_two_versions_of_a_model(tmp_path: Path) -> None:
    models.safetensors_file(tmp_path / "v1.safetensors")
    models.safetensors_file(tmp_path / "v2.safetensors", scale=2)
    found = compare(bom_of(tmp_path / "v1.safetensors"), bom_of(tmp_path / "v2.safetensors"))
    assert Change("parameters", "changed", "59", "103") in found.facts
    assert Change("dtype F32", "changed", "44", "88") in found.facts
    assert {change.what for change in found.subject} == {"name", "digest"}


@given(boms())
def test_merging_with_itself_adds_nothing(bom: Bom) -> None:
    assert comparable(merge([bom, bom])) == comparable(merge([bom]))
    once = merge([bom])
    assert comparable(merge([once])) == comparable(once)


@given(boms(), boms())
def test_the_order_of_a_merge_does_not_matter(first: Bom, second: Bom) -> None:
    assert merge([first, second]) == merge([second, first])


@given(boms(), boms())
def test_a_merge_loses_no_part(first: Bom, second: Bom) -> None:
    merged = merge([first, second])
    refs = {reference(merged.subject), *map(reference, merged.components), *map(reference, merged.datasets)}
    for bom in (first, second):
        for part in (bom.subject, *bom.components, *bom.datasets):
            assert reference(part) in refs
        facts = {reference(merged.subject): merged.facts, **dict(merged.models)}
        if not bom.facts.empty:
            assert set(bom.facts.hyperparameters) <= set(facts[reference(bom.subject)].hyperparameters)


def test_identical_parts_stand_once_and_different_ones_stay() -> None:
    first = bill(package("a", "1"), package("b", "1"), name="one")
    second = bill(package("a", "1"), package("b", "2"), name="two")
    merged = merge([first, second])
    assert sorted(p.name for p in merged.components if p.ecosystem) == ["a", "b", "b"]
    assert merged.subject.name == "one + two"
    assert any("b: several versions are named: 1, 2" in conflict for conflict in merged.conflicts)
    assert len({reference(part) for part in merged.components}) == len(merged.components)


def test_facts_that_disagree_are_told() -> None:
    first = bill(facts=ModelFacts(task="a", parameters=10, hyperparameters=(("x", "1"),)))
    second = bill(facts=ModelFacts(task="b", parameters=10, hyperparameters=(("y", "2"),)))
    merged = merge([first, second])
    assert merged.subject.name == "app"
    assert merged.facts.parameters == 10
    assert merged.facts.hyperparameters == (("x", "1"), ("y", "2"))
    assert merged.conflicts == ("app: the bills disagree on task: 'a', 'b'",)


def test_licences_that_disagree_are_both_kept() -> None:
    merged = merge([bill(package("a", "1", licenses=(name,))) for name in ("MIT", "ISC")])
    assert merged.components[0].licenses == ("ISC", "MIT")
    assert any("disagree on the licence: ISC or MIT" in conflict for conflict in merged.conflicts)


def test_what_is_installed_replaces_what_is_not_pinned() -> None:
    asked = (package("a", specifier=">=2"), package("b", "1.0"), package("c", specifier="<3"))
    bom = replace(bill(*asked), properties=(Property(reference(asked[0]), "violet:scope", "dev"),))
    bom = with_packages(bom, (package("a", "1.5"), package("b", "1.0"), package("c", "2.9"), package("d", "4")))
    assert [(p.name, p.version, p.specifier) for p in bom.components] == [
        ("b", "1.0", ""), ("a", "1.5", ">=2"), ("c", "2.9", "<3"), ("d", "4", "")
    ]  # fmt: skip
    assert bom.conflicts == ("a:  asks for >=2, but 1.5 is installed",)
    refs = {reference(part) for part in bom.components}
    assert {relation.target for relation in bom.relations} == refs
    assert bom.properties[0].part in refs


def test_nothing_to_merge() -> None:
    with pytest.raises(UsageError):
        merge([])
