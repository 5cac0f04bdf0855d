"""Signature files that attackers wrote: whatever the bytes, a clean refusal."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from violet.provenance.manifest import Entry, Manifest, WrongType, read_statement, statement
from violet.provenance.signing import bundle as module
from violet.provenance.signing.bundle import pae, read, rewritten
from violet.provenance.strict_json import DEPTH, Malformed, parse_object

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.sig"))
DIGEST = "ab" * 32

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


def a_bundle() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((Path(__file__).parent / "golden" / "violet-p256.sig").read_bytes())
    return found


def a_statement(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(statement(Manifest("m", (Entry("a", DIGEST), Entry("b/c", DIGEST)))))
    found.update(changes)
    return found


@given(st.binary(max_size=300))
@example(b"")
@example(b" \n")
@example(b"\xef\xbb\xbf{}")
@example(b"[" * 100_000)
@example(b'{"a":' * 5_000)
@example(b"1" * 5_000)
@example(b'{"mediaType": ' + b"9" * 5_000 + b"}")
def test_any_bytes(content: bytes) -> None:
    with pytest.raises(Malformed) as caught:
        read(content)
    assert "\n" not in str(caught.value)
    with pytest.raises(Malformed):
        read_statement(content)


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_any_truncation(path: Path) -> None:
    content = path.read_bytes().rstrip()
    for length in [*range(0, len(content) - 1, 97), len(content) - 1]:
        with pytest.raises(Malformed):
            read(content[:length])


@given(st.sampled_from(GOLDEN), st.data())
def test_any_replaced_value(path: Path, data: st.DataObject) -> None:
    """Put anything anywhere into a good bundle, and into a good payload: it is read, or refused."""
    table = json.loads(path.read_bytes())
    payload = json.loads(base64.b64decode(table["dsseEnvelope"]["payload"]))
    for whole, reader in ((table, read), (payload, read_statement)):
        node: Any = whole
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if isinstance(node[key], dict | list) and node[key] and data.draw(st.booleans()):
                node = node[key]
                continue
            node[key] = data.draw(json_values)
            break
        try:
            reader(json.dumps(whole).encode())
        except Malformed as error:
            str(error).encode("ascii")


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_what_is_handed_on_says_the_same(path: Path) -> None:
    bundle = read(path.read_bytes())
    again = read(rewritten(bundle))
    assert (again.payload, again.signatures, again.certificates) == (
        bundle.payload,
        bundle.signatures,
        bundle.certificates,
    )
    assert (again.method, again.payload_type, again.hint) == (bundle.method, bundle.payload_type, bundle.hint)


def test_other_spellings_are_refused() -> None:
    """The upstream library takes both, so that two readers could see two envelopes."""
    table = a_bundle()
    table["dsse_envelope"] = table["dsseEnvelope"]
    with pytest.raises(Malformed, match="unknown dsse_envelope"):
        read(json.dumps(table).encode())
    content = json.dumps(a_bundle())[:-1] + ', "mediaType": "other"}'
    with pytest.raises(Malformed, match=r"same key twice .*'mediaType'"):
        read(content.encode())
    table = a_bundle()
    table["dsseEnvelope"]["payload"] = "!" + table["dsseEnvelope"]["payload"]
    with pytest.raises(Malformed, match="not base64"):
        read(json.dumps(table).encode())


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    table = a_bundle()
    table["dsseEnvelope"]["signatures"] *= module.MOST_SIGNATURES + 1
    with pytest.raises(Malformed, match="more than 16 signatures"):
        read(json.dumps(table).encode())
    with pytest.raises(Malformed, match="too many values"):
        read(b'{"mediaType":[' + b"{}," * 20_000 + b"{}]}")
    with pytest.raises(Malformed, match="nested deeper"):
        parse_object(b'{"a":' + b"[" * DEPTH + b"]" * DEPTH + b"}", 10_000)
    monkeypatch.setattr(module, "LARGEST", 10)
    with pytest.raises(Malformed, match="larger than"):
        read(b"{" * 11)


def test_as_the_specification_encodes_it() -> None:
    """DSSE protocol, the example of PAE."""
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "", "a/.", "..", "a\nb", "a\\b", "\ud800", "x" * 5000],
)
def test_names_that_lead_elsewhere(name: str) -> None:
    table = a_statement()
    table["predicate"]["resources"][0]["name"] = name
    with pytest.raises(Malformed, match=r"names a file|half a character"):
        read_statement(json.dumps(table).encode())
    old = {
        "_type": table["_type"],
        "predicateType": "https://model_signing/Digests/v0.1",
        "subject": [{"name": name, "digest": {"sha256": DIGEST}}],
    }
    with pytest.raises(Malformed, match=r"names a file|half a character"):
        read_statement(json.dumps(old).encode())


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "crc32", "sha256-sharded-1", "SHA256", "", "sha512"])
def test_weak_and_unknown_hashes(algorithm: str) -> None:
    table = a_statement()
    table["predicate"]["serialization"]["hash_type"] = algorithm
    with pytest.raises(Malformed, match="uses the hash"):
        read_statement(json.dumps(table).encode())
    table = a_statement()
    table["predicate"]["resources"][0]["algorithm"] = algorithm
    with pytest.raises(Malformed, match="uses the hash"):
        read_statement(json.dumps(table).encode())


@pytest.mark.parametrize("digest", ["", "ab", DIGEST.upper(), DIGEST[:-1] + "g", DIGEST + "00", " " + DIGEST[1:]])
def test_digests_of_another_form(digest: str) -> None:
    table = a_statement()
    table["predicate"]["resources"][0]["digest"] = digest
    with pytest.raises(Malformed, match="is none of sha256"):
        read_statement(json.dumps(table).encode())


def sharded(*names: str, size: int = 10) -> bytes:
    entries = tuple(Entry("a", DIGEST, 0, 10) for _ in names)
    table = json.loads(statement(Manifest("m", entries, shard_size=size)))
    for resource, name in zip(table["predicate"]["resources"], names, strict=True):
        resource["name"] = name
    return json.dumps(table).encode()


@pytest.mark.parametrize(
    "names",
    [
        ("a:0:10", "a:0:10"),
        ("a:0:10", "a:5:15"),
        ("a:10:20",),
        ("a:0:10", "a:20:30"),
        ("a:0:5", "a:5:10"),
        ("a:0:11",),
        ("a:0:0",),
        ("a:5:0",),
        ("a:-1:5",),
        ("a:0:1e1",),
        ("a:0",),
        ("a",),
        ("a:b:0:10",),
        ("../a:0:10",),
        ("a:0:²",),
        ("a:0:" + "9" * 50,),
    ],
)
def test_shards_that_do_not_cover_a_file(names: tuple[str, ...]) -> None:
    with pytest.raises(Malformed):
        read_statement(sharded(*names))


def test_shards_that_do() -> None:
    found = read_statement(sharded("a:0:10", "a:10:20", "a:20:21", "b:0:3"))
    assert [(entry.path, entry.start, entry.end) for entry in found.entries][-2:] == [("a", 20, 21), ("b", 0, 3)]


@pytest.mark.parametrize("size", [0, -1, 1.5, "10", None, True, 1e300, 1 << 70])
def test_shard_sizes_that_are_none(size: object) -> None:
    table = json.loads(sharded("a:0:10"))
    table["predicate"]["serialization"]["shard_size"] = size
    with pytest.raises(Malformed):
        read_statement(json.dumps(table).encode())


def test_a_root_that_does_not_fit() -> None:
    table = a_statement()
    table["predicate"]["resources"].pop()
    with pytest.raises(Malformed, match="contradicts itself"):
        read_statement(json.dumps(table).encode())


def test_files_that_are_named_twice() -> None:
    content = statement(Manifest("m", (Entry("a", DIGEST), Entry("a", DIGEST))))
    with pytest.raises(Malformed, match="twice"):
        read_statement(content)
    with pytest.raises(Malformed, match="single file and over a directory"):
        read_statement(statement(Manifest("m", (Entry(".", DIGEST), Entry("a", DIGEST)))))


@pytest.mark.parametrize(
    "kind", ["https://slsa.dev/provenance/v1", "", None, 7, "https://model_signing/signature/v2.0"]
)
def test_statements_of_something_else(kind: object) -> None:
    with pytest.raises(WrongType):
        read_statement(json.dumps(a_statement(predicateType=kind)).encode())
    with pytest.raises(WrongType):
        read_statement(json.dumps(a_statement(_type=kind)).encode())


names = st.lists(
    st.text(
        st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\\/"), min_size=1, max_size=6
    ).filter(lambda part: part not in (".", "..")),
    min_size=1,
    max_size=3,
).map("/".join)


@given(st.dictionaries(names, st.binary(min_size=32, max_size=32), min_size=1, max_size=8))
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    entries = tuple(Entry(name, digest.hex()) for name, digest in files.items())
    manifest = Manifest("model", entries, ignored=(".git",))
    again = read_statement(statement(manifest))
    assert {(entry.path, entry.digest) for entry in again.entries} == {(e.path, e.digest) for e in entries}
    assert (again.name, again.ignored, again.algorithm) == ("model", (".git",), "sha256")


@given(st.dictionaries(names, st.binary(min_size=32, max_size=32), min_size=1, max_size=8))
def test_order_and_root_are_upstreams(files: dict[str, bytes]) -> None:
    """The library sorts by paths, not by text: it must come to the same payload."""
    from model_signing._signing.signing import Payload

    from violet.provenance.signing.upstream import as_upstream

    manifest = Manifest("model", tuple(Entry(name, digest.hex()) for name, digest in files.items()), ignored=(".git",))
    theirs = Payload(as_upstream(manifest)).statement.pb
    ours = json.loads(statement(manifest))
    assert ours["subject"][0]["digest"]["sha256"] == theirs.subject[0].digest["sha256"]
    listed = [resource["name"] for resource in ours["predicate"]["resources"]]
    assert listed == [value["name"] for value in theirs.predicate["resources"]]
    assert ours["predicate"]["serialization"] == dict(theirs.predicate["serialization"]) | {"ignore_paths": [".git"]}
