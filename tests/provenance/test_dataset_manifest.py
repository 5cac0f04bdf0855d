"""Manifests that are none, or that contradict themselves, are refused with the reason."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.provenance.datasets import described
from violet.provenance.dataset.manifest import manifest_bytes, parse_manifest, parse_shard

CSV = b"id,label\n1,cat\n2,dog\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR" + bytes(8)


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return manifest_bytes(described(tmp_path_factory.mktemp("data"), {"a.csv": CSV, "cat/b.png": PNG}))


def shard(table: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = table["shards"][0]
    return found


def broken(table: dict[str, Any], path: tuple[str | int, ...], value: object) -> None:
    place: Any = table
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value


BROKEN: dict[str, tuple[tuple[str | int, ...], object, str]] = {
    "another type": (("type",), "model", "it is no data set manifest"),
    "another version": (("version",), 2, "it is of version 2, and this Violet reads version 1"),
    "a shard outside": (("shards", 0, "path"), "../a.csv", "it names a shard '../a.csv', which lies nowhere"),
    "an absolute shard": (("shards", 0, "path"), "/a.csv", "it names a shard '/a.csv', which lies nowhere"),
    "shards out of order": (("shards", 0, "path"), "z.csv", "its shards are not in order"),
    "an unknown kind": (("shards", 0, "kind"), "pickle", "it has a shard of the unknown kind 'pickle'"),
    "another size": (("shards", 0, "size"), 1, "its sizes do not add up"),
    "a negative size": (("size",), -1, "size in it is no count"),
    "a size that is true": (("size",), True, "size in it is no count"),
    "no SHA-256": (("shards", 0, "sha256"), "AB" * 32, "sha256 in it is no SHA-256"),
    "no digest": (("digest",), {"md5": "00"}, "it has no digest of the data set"),
    "rows without digests": (("shards", 0, "rows"), 3, "it has a shard with more or fewer digests than rows"),
    "digests cut": (("shards", 0, "row_digests", "digests"), "AAAA", "more or fewer digests than rows"),
    "no Base64": (("shards", 0, "row_digests", "digests"), "!!!", "digests in it is not Base64"),
    "columns cut": (("shards", 0, "row_digests", "columns"), "", "more or fewer digests than rows"),
    "odd groups": (("shards", 0, "row_digests", "column_rows"), 7, "more or fewer digests than rows"),
    "a level without end": (("shards", 0, "row_digests", "level"), 1 << 40, "counts in it is no text"),
    "a delimiter of two": (("shards", 0, "text", "delimiter"), ",,", "it has a shard with the delimiter ',,'"),
    "a quotation mark for a delimiter": (("shards", 0, "text", "delimiter"), '"', "it has a shard with the delimiter"),
    "classes that are not there": (("classes",), [], "its classes are not those of its images"),
    "no list": (("shards",), {}, "shards in it is no list"),
    "a shard that is none": (("shards", 0), 7, "it holds something else where an object should be"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_contradicts_itself_is_refused(case: str, content: bytes) -> None:
    path, value, reason = BROKEN[case]
    table = json.loads(content)
    broken(table, path, value)
    with pytest.raises(ValueError, match=re.escape(reason)):
        parse_manifest(json.dumps(table).encode())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c[:-10], "it is not JSON"),
        (lambda c: c.replace(b'"size"', b'"name"', 1), "same key twice"),
        (lambda c: b"[" * 1000, "nested deeper"),
        (lambda c: c.replace(b"21", b"NaN", 1), "NaN"),
        (lambda c: b"\xff" + c, "not UTF-8"),
    ],
)
def test_what_is_no_json_is_refused(change: Callable[[bytes], bytes], reason: str, content: bytes) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_manifest(change(content))


def test_the_same_data_give_the_same_bytes(content: bytes, tmp_path: Path) -> None:
    again = described(tmp_path, {"cat/b.png": PNG, "a.csv": CSV})
    assert manifest_bytes(again) == content
    assert manifest_bytes(parse_manifest(content)) == content


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_answer_of_a_worker_is_a_shard_or_refused(content: bytes, data: st.DataObject) -> None:
    table = json.loads(content)["shards"][0]
    place: Any = table
    while True:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    with contextlib.suppress(ValueError):
        parse_shard(table)
