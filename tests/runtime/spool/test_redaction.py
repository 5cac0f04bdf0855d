"""What the rules name is not in the bytes that are written, whatever the exchange looks like."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from violet.domain.errors import ConfigurationError
from violet.domain.traffic import Exchange
from violet.runtime.spool.options import SpoolOptions
from violet.runtime.spool.reader import SpoolReader
from violet.runtime.spool.record import encode
from violet.runtime.spool.redaction import Redaction, Redactor
from violet.runtime.spool.writer import Spool

KEY = b"k" * 32
SECRET = "4711-secret"
BASE = Exchange(id="1", at=1.0, client="key:a", model="m", names=("age", "Income ", "town"), rows=((40.0, 5.5e4, "X"),))


def redacted(rules: Redaction, exchange: Exchange = BASE, request: bytes = b"", response: bytes = b"") -> Exchange:
    return Redactor(rules, KEY)(exchange, request, response)[0]


def test_columns_go_by_name_and_by_index() -> None:
    found = redacted(Redaction(columns=(("income", "drop"), (2, "hash"))))
    assert found.rows[0][:2] == (40.0, None)
    assert str(found.rows[0][2]).startswith("~")
    assert found.rows[0][2] == redacted(Redaction(columns=((2, "hash"),))).rows[0][2]
    assert Redactor(Redaction(columns=((2, "hash"),)), b"o" * 32)(BASE, b"", b"")[0].rows[0][2] != found.rows[0][2]


def test_rows_whose_columns_cannot_be_told_are_left_out() -> None:
    rules = Redaction(columns=(("income", "drop"),))
    nameless = replace(BASE, names=())
    redactor = Redactor(rules, KEY)
    assert redactor(nameless, b"", b"")[0].rows == ()
    assert redactor.unplaced == 1
    assert redactor(replace(BASE, names=("age",)), b"", b"")[0].rows == ()
    ordered = replace(rules, order=("age", "income", "town"))
    assert redacted(ordered, nameless).rows == ((40.0, None, "X"),)
    ragged = replace(BASE, rows=((1.0, 2.0, "a"), (1.0, 2.0, "a", 3.0)))
    assert redacted(rules, ragged).rows == ()


def test_numbers_hash_alike_however_they_were_written() -> None:
    redactor = Redactor(Redaction(columns=((0, "hash"),)), KEY)
    rows = [redactor(replace(BASE, rows=((value,),)), b"", b"")[0].rows[0][0] for value in (5, 5.0, "5", None)]
    assert rows[0] == rows[1] != rows[2]
    assert rows[3] is None


def test_keys_are_long_enough_and_taken_whole() -> None:
    rules = Redaction(columns=((0, "hash"),))
    with pytest.raises(ConfigurationError, match="16 bytes"):
        Redactor(rules, b"short")
    found = {Redactor(rules, b"k" * 200 + end)(BASE, b"", b"")[0].rows[0][0] for end in (b"a", b"b")}
    assert len(found) == 2


def test_callers_become_pseudonyms_that_stay_the_same() -> None:
    addressed = replace(BASE, client="address:10.0.0.7", address="10.0.0.7")
    hashed = redacted(Redaction(clients="hash", addresses="hash"), addressed)
    assert hashed.client.startswith("address:~")
    assert hashed.address.startswith("~")
    assert redacted(Redaction(clients="hash"), hashed).client == hashed.client
    dropped = redacted(Redaction(addresses="drop"), addressed)
    assert (dropped.client, dropped.address) == ("address:", "")
    assert redacted(Redaction(addresses="drop"), replace(BASE, address="10.0.0.7")).client == "key:a"


@given(st.text(max_size=40), st.text(max_size=40))
def test_what_an_expression_finds_is_nowhere(before: str, after: str) -> None:
    text = f"{before} {SECRET} {after}"
    exchange = replace(
        BASE, rows=((1.0, text, None),), texts=(text,), answers=(text,), labels=(text,), extra={"a": text}
    )
    body = json.dumps({"prompt": [text], SECRET: {"deep": [{"x": text}]}}).encode()
    redactor = Redactor(Redaction(texts=((r"\d{4}-secret", "[gone]"),)), KEY, bodies=True)
    found, request, response = redactor(exchange, body, body)
    kept = encode(found, request, response)
    assert SECRET.encode() not in kept
    assert SECRET not in str(found)
    assert kept.count(b"[gone]") >= 5


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(JSON)
def test_paths_in_bodies_are_emptied_and_the_rest_stays(other: object) -> None:
    rules = Redaction(request=(("$.inputs[*].data", "drop"), ("$.user", "hash")), response=(("$.outputs[0]", "drop"),))
    document = {"inputs": [{"data": [SECRET], "name": "x"}, {"data": {"a": SECRET}}], "user": [SECRET], "other": other}
    redactor = Redactor(rules, KEY, bodies=True)
    _, request, response = redactor(BASE, json.dumps(document).encode(), b'{"outputs": ["4711-secret", 2]}')
    assert SECRET.encode() not in request + response
    left = json.loads(request)
    assert left["other"] == other
    assert left["inputs"] == [{"data": None, "name": "x"}, {"data": None}]
    assert left["user"][0].startswith("~")
    assert json.loads(response) == {"outputs": [None, 2]}


@pytest.mark.parametrize("body", [b"not json", b"\xff\xfe", b'{"a": NaN}', b"[" * 5_000 + b"]" * 5_000, b'{"a": 1'])
def test_a_body_that_cannot_be_redacted_is_left_out(body: bytes) -> None:
    redactor = Redactor(Redaction(request=(("$.user", "drop"),)), KEY, bodies=True)
    assert redactor(BASE, body, body)[1:] == (b"", body)  # no rule speaks of responses
    assert redactor.unreadable == 1


@pytest.mark.parametrize(
    ("rules", "bodies", "says"),
    [
        (Redaction(columns=(("a", "hide"),)), False, "drop or hash"),
        (Redaction(columns=((-1, "drop"),)), False, "from 0"),
        (Redaction(clients="some"), False, "keep, hash or drop"),
        (Redaction(texts=(("(", ""),)), False, "no regular expression"),
        (Redaction(texts=(("a", r"\1"),)), False, "cannot replace"),
        (Redaction(texts=(("(a+)+$", ""),)), False, "possessively"),
        (Redaction(texts=(("(aa?)+$", ""),)), False, "possessively"),
        (Redaction(texts=(("(a|ab)*c", ""),)), False, "possessively"),
        (Redaction(texts=(("(?=(a+)+)b", ""),)), False, "possessively"),
        (Redaction(request=(("$[", "drop"),)), True, "no path"),
        (Redaction(columns=(("a", "drop"),)), True, "kept whole"),
        (Redaction(clients="hash"), True, "kept whole"),
    ],
)
def test_rules_that_cannot_be_are_refused(rules: Redaction, bodies: bool, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Redactor(rules, KEY, bodies=bodies)
    assert says in refused.value.diagnostics()


@pytest.mark.parametrize(
    "pattern", [r"\d{1,3}(?:\.\d{1,3}){3}", r"(?:\d[ -]?+){13,16}+", r"[\w.+-]+@[\w.-]+", "(?>a|ab)+"]
)
def test_useful_expressions_are_taken_and_end(pattern: str) -> None:
    redactor = Redactor(Redaction(texts=((pattern, ""),)), KEY)
    # By backtracking without end, this would not return.
    hostile = replace(BASE, texts=("1" * 100_000, "a" * 100_000, "1.1" * 30_000, "a@" * 50_000))
    found, _, _ = redactor(hostile, b"", b"")
    assert max(map(len, found.texts)) <= 4_096


def test_nothing_unredacted_reaches_the_disk(tmp_path: Path) -> None:
    rules = Redaction(
        columns=(("town", "drop"),), texts=((SECRET, ""),), clients="hash", request=(("$.rows[*][2]", "drop"),)
    )
    options = SpoolOptions(bodies=True, compress=False)
    spool = Spool(str(tmp_path), options, redactor=Redactor(rules, KEY, bodies=True))
    exchange = replace(BASE, client="key:whoever", rows=((1.0, 2.0, "Springfield"),), texts=(SECRET,))
    body = json.dumps({"rows": [[1, 2, "Springfield"]], "note": SECRET}).encode()
    spool.append(exchange, body)
    assert spool.close()
    on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for word in (b"Springfield", SECRET.encode(), b"whoever"):
        assert word not in on_disk
    (kept,) = SpoolReader(str(tmp_path)).read()
    assert kept.exchange.rows == ((1.0, 2.0, None),)
    assert json.loads(kept.request) == {"rows": [[1, 2, None]], "note": ""}
