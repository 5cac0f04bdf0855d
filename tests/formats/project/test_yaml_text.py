"""YAML with places, held against PyYAML itself."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from violet.formats.project.yaml_text import Yaml, YamlError, parse

TEXTS = st.text(alphabet=st.characters(codec="utf-8", categories=["L", "N", "P", "Z"]), max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=8
)


def plain(node: Yaml) -> Any:
    if node.kind == "mapping":
        return {key.value: plain(value) for key, value in node.pairs}
    if node.kind == "sequence":
        return [plain(item) for item in node.items]
    return node.value


@given(VALUES, st.booleans())
def test_values_are_those_that_were_dumped(value: Any, flow: bool) -> None:
    text = yaml.dump(value, default_flow_style=flow, allow_unicode=True)
    (document,) = parse(text)
    assert plain(document) == value


@given(st.text(max_size=150) | st.text(alphabet=st.sampled_from("a:- \n[]{}&*|>'\"#!?%"), max_size=80))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        documents = parse(text)
    except YamlError:
        return
    for document in documents:
        assert 0 <= document.start <= document.end


def test_places_and_lines() -> None:
    text = "a:\n  - x # c\n  - 'yy'\nb: |\n  one\n  two\n"
    (root,) = parse(text)
    x, y = root.get("a").items
    assert (text[x.inner : x.inner + 1], x.line) == ("x", 2)
    assert (text[y.inner : y.inner + 2], y.line) == ("yy", 3)
    assert root.get("b").block
    assert root.get("b").line == 4


def test_merged_keys_and_aliases() -> None:
    (root,) = parse("base: &b {image: x}\njob:\n  <<: *b\n  script: [*b]\n")
    assert root.text("job", "image") == "x"
    assert dict(root.get("job").entries())["image"].value == "x"


def test_aliases_do_not_multiply() -> None:
    text = "a: &a [x]\n"
    for old, new in zip("abcdefgh", "bcdefghi", strict=True):
        text += f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}]\n"
    (root,) = parse(text)
    assert len(root.pairs) == 9


@pytest.mark.parametrize("text", ["[" * 5_000, "- " * 5_000 + "x", "a: &a [*a]\nb: {<<: *b}", "{" * 100])
def test_depth_is_bounded(text: str) -> None:
    try:
        parse(text)
    except YamlError:
        return
    assert text.startswith("a: &a")


def test_tags_are_not_followed() -> None:
    (root,) = parse("a: !!python/object/apply:os.system [id]\n")
    assert root.get("a").tag.endswith("os.system")
    assert root.get("a").items[0].value == "id"


def test_an_anchor_may_hold_itself() -> None:
    (root,) = parse("&a [*a, x]")
    assert root.items[0] is root
