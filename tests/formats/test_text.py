"""Plain text, its relatives, and the small YAML scanner."""

from __future__ import annotations

import codecs

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, read, survives
from violet.formats.source import Bounds
from violet.formats.text.document import Document
from violet.formats.text.yaml_lines import parse

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 12345\n"


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"hello\n", "README.md", "text"),
        ("naïve café".encode(), "notes.txt", "text"),
        ("naïve café".encode("latin-1"), "notes.txt", "text"),
        ("hello".encode("utf-16"), "notes.txt", "text"),
        (codecs.BOM_UTF8 + b"a,b\n1,2\n", "data.csv", "text"),
        (b"a: 1\n", "settings.yaml", "yaml"),
        (b"<?xml version='1.0'?><a/>", "a.xml", "xml"),
        (b"<!DOCTYPE html><html></html>", "a.html", "html"),
        (POINTER, "model.safetensors", "lfs-pointer"),
    ],
)
def test_what_text_is(data: bytes, name: str, expected: str) -> None:
    assert ids(data, name)[0] == expected


@pytest.mark.parametrize("data", [b"", b"\0\1\2\3", b"abc\0def", bytes(range(256)), b"\x80\x04]."])
def test_what_text_is_not(data: bytes) -> None:
    assert "text" not in ids(data, "data")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
def test_decoding(encoding: str) -> None:
    facts = read("text", "naïve text, long enough".encode(encoding), "a.txt").facts
    assert isinstance(facts, Document)
    assert facts.text.removeprefix("\ufeff") == "naïve text, long enough"


def test_lines_and_pieces() -> None:
    text = "first\nsecond\nthird\n"
    facts = read("text", text.encode(), "a.txt").facts
    assert isinstance(facts, Document)
    assert [facts.line(text.index(word)) for word in ("first", "second", "third")] == [1, 2, 3]
    long = ("0123456789" * 20_000 + "needle" + "0123456789" * 200_000).encode()
    facts = read("text", long, "a.txt", Bounds(text=100_000)).facts
    assert isinstance(facts, Document)
    assert facts.truncated
    assert any("needle" in piece for piece in facts.pieces())


def test_bytes_that_are_not_text_further_on_are_told() -> None:
    parsed = read("text", b"text\n" * 2_000 + b"\0\1\2", "a.txt")
    assert parsed.unexamined == ["bytes that are not text, from offset 10000"]
    assert read("text", b"text\n" * 2_000, "a.txt").unexamined == []
    assert read("text", b"x" * 5_000, "a.txt", Bounds(text=1_000, table=2_000)).unexamined


@given(st.binary(max_size=400))
def test_any_bytes(data: bytes) -> None:
    for name in ("text", "yaml", "xml", "html"):
        survives(name, data, "a.txt")


SIMPLE = st.recursive(
    st.text(st.characters(codec="ascii", categories=("L", "N"), include_characters=" _-:#'\"\\"), max_size=20).map(str)
    | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), SIMPLE, min_size=1, max_size=4))
def test_yaml_that_the_library_writes_is_understood(value: dict[str, object]) -> None:
    parsed = parse(yaml.safe_dump(value, default_flow_style=False))
    understood = not parsed.strange
    if understood:
        assert _same(parsed.value, yaml.load(yaml.safe_dump(value), yaml.BaseLoader))


def _same(mine: object, theirs: object) -> bool:
    if isinstance(theirs, dict) and isinstance(mine, dict):
        return mine.keys() == theirs.keys() and all(_same(mine[k], theirs[k]) for k in theirs)
    if isinstance(theirs, list) and isinstance(mine, list):
        return len(mine) == len(theirs) and all(_same(a, b) for a, b in zip(mine, theirs, strict=True))
    if theirs in ("null", "", [], {}, None) and mine in (None, "", [], {}):
        return True
    return " ".join(str(mine).split()) == " ".join(str(theirs).split())


@given(st.text(max_size=300))
def test_any_text_as_yaml(text: str) -> None:
    parse(text)
