"""TOML with places, held against the standard library's parser."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.formats.project.toml_text import Toml, TomlError, parse

KEYS = st.from_regex(r"[A-Za-z0-9_-]{1,8}", fullmatch=True)
TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x7f", min_codepoint=32), max_size=12)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


VALUES: st.SearchStrategy[Any] = st.recursive(
    TEXTS | st.integers(-999, 999) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


def written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list):
        return "[" + ",\n ".join(map(written, value)) + (",]" if value else "]")
    return "{" + ", ".join(f"{key} = {written(inner)}" for key, inner in value.items()) + "}"


def plain(node: Toml) -> Any:
    if node.kind == "table":
        return {key: plain(inner) for key, inner in node.table.items()}
    if node.kind == "array":
        return [plain(item) for item in node.items]
    if node.kind == "text":
        return node.scalar
    return {"true": True, "false": False}.get(node.scalar) if node.scalar in ("true", "false") else int(node.scalar)


@given(st.dictionaries(KEYS, VALUES, max_size=4), st.dictionaries(KEYS, st.dictionaries(KEYS, VALUES), max_size=3))
def test_values_are_those_of_the_standard_library(top: dict[str, Any], tables: dict[str, dict[str, Any]]) -> None:
    tables = {name: table for name, table in tables.items() if name not in top}
    text = "".join(f"{key} = {written(value)}  # c\n" for key, value in top.items())
    for name, table in tables.items():
        text += f"[{name}]\n" + "".join(f"{key} = {written(value)}\n" for key, value in table.items())
    node = parse(text)
    assert plain(node) == tomllib.loads(text)
    for key in top:
        place = node.table[key].key
        assert text[slice(*place)] == key


@pytest.mark.parametrize(
    "text",
    [
        'a = """x"""',
        'a = """\nx\\\n   y"""',
        "a = '''\nx'y'''",
        'a = """x\\""" y"""',
        'a = """x"""""',
        "a = ''",
        'a = ""',
        "a.b.c = 'x'\na.d = 'y'",
        "[[p]]\nn = 'a'\n[p.s]\nx = 'y'\n[[p]]\nn = 'b'",
        "'quoted key' = \"\\u00e9\\t\"",
        "a = [ # c\n 'x', # d\n]\n",
        "a = {b = ['x'], c.d = 'y'}",
        "\ufeffa = 'x'"[1:],
        "a = 'x'\r\nb = 'y'\r\n",
    ],
)
def test_forms(text: str) -> None:
    assert plain(parse(text)) == tomllib.loads(text)


@given(st.text(max_size=120))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        theirs = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        theirs = None
    try:
        ours = parse(text)
    except TomlError:
        assert theirs is None or "\ufeff" in text
        return
    if theirs is not None:
        assert set(ours.table) == set(theirs)


@given(st.text(alphabet=st.sampled_from("a=[]{}\"'.,#\n \\1"), max_size=60))
def test_any_text_of_its_characters(text: str) -> None:
    try:
        theirs = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        theirs = None
    try:
        ours = parse(text)
    except TomlError:
        assert theirs is None
        return
    if theirs is not None:
        assert set(ours.table) == set(theirs)


@pytest.mark.parametrize("text", ["a = " + "[" * 5_000, "a = " + "{b=" * 5_000, ".".join("a" * 5_000) + " = 1"])
def test_depth_is_bounded(text: str) -> None:
    with pytest.raises(TomlError):
        parse(text)


def test_places_of_texts() -> None:
    text = "[a]\nb = 'x'  # c\nc = [\"yy\"]\n"
    node = parse(text)
    b, c = node.get("a", "b"), node.get("a", "c").items[0]
    assert text[b.start : b.end] == "'x'"
    assert text[c.inner : c.end - 1] == "yy"
