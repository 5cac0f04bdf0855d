"""Every way in which a text table can be tampered with, and the sentence that names it."""

from __future__ import annotations

import bz2
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.provenance.datasets import Files, described, told

HEAD = "id,score,label"
A = [f"{n},0.{n:03},{'cat' if n % 2 else 'dog'}" for n in range(200)]
B = [f"{n},1.{n:03},{'cat' if n % 2 else 'dog'}" for n in range(1000, 1200)]


def csv(rows: list[str], head: str = HEAD, end: str = "\n", last: bool = True) -> bytes:
    return (end.join([head, *rows]) + (end if last else "")).encode()


def jsonl(rows: list[str]) -> bytes:
    lines = [dict(zip(HEAD.split(","), row.split(","), strict=True)) for row in rows]
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def put(rows: list[str], at: int, row: str) -> list[str]:
    """``rows`` with the one of number ``at`` (from 1) replaced."""
    return [*rows[: at - 1], row, *rows[at:]]


def without(rows: list[str], at: int) -> list[str]:
    return [*rows[: at - 1], *rows[at:]]


def with_new(rows: list[str], at: int, row: str) -> list[str]:
    """``rows`` with one more, which is number ``at``."""
    return [*rows[: at - 1], row, *rows[at - 1 :]]


FLIPPED = A[40].replace("dog", "cat")

ROWS: dict[str, tuple[list[str], list[str]]] = {
    "a cell": (put(A, 41, FLIPPED), ['{}: row 41, column "label" changed.']),
    "two cells of a row": (put(A, 41, "7,0.040,cat"), ['{}: row 41, columns "id" and "label" changed.']),
    "the same column in two rows": (
        put(put(A, 41, FLIPPED), 43, A[42].replace("dog", "cat")),
        ['{}: row 41, column "label" changed.', '{}: row 43, column "label" changed.'],
    ),
    "neighbouring rows": (
        put(put(A, 41, A[40].replace("dog", "cow")), 42, A[41].replace("cat", "cow")),
        ['{}: rows 41 and 42, column "label" changed.'],
    ),
    "other columns in rows far apart": (
        put(put(A, 41, FLIPPED), 141, "7" + A[140]),
        ['{}: row 41, column "label" changed.', '{}: row 141, column "id" changed.'],
    ),
    "other columns in rows close together": (
        put(put(A, 41, FLIPPED), 43, "7" + A[42]),
        [
            '{}: row 41 changed, in one or more of the columns "id" or "label".',
            '{}: row 43 changed, in one or more of the columns "id" or "label".',
        ],
    ),
    "first row": (put(A, 1, "7" + A[0]), ['{}: row 1, column "id" changed.']),
    "last row": (put(A, 200, "7" + A[199]), ['{}: row 200, column "id" changed.']),
    "a row added": (with_new(A, 41, "9,9,cow"), ["{}: row 41 was added."]),
    "rows added at the end": ([*A, "9,9,cow", "8,8,cow"], ["{}: rows 201 and 202 were added."]),
    "a row removed": (without(A, 41), ["{}: row 41 was removed."]),
    "a cell behind a row added": (
        with_new(put(A, 141, A[140].replace("dog", "cow")), 41, "9,9,cow"),
        ['{}: row 141, column "label" changed.', "{}: row 41 was added."],
    ),
    "a cell in the group of a row added": (
        with_new(put(A, 45, A[44].replace("dog", "cow")), 41, "9,9,cow"),
        ['{}: row 45, column "label" changed.', "{}: row 41 was added."],
    ),
    "a cell behind a row removed": (
        without(put(A, 141, A[140].replace("dog", "cow")), 41),
        ['{}: row 141, column "label" changed.', "{}: row 41 was removed."],
    ),
    "a cell in the group of a row removed": (
        without(put(A, 45, A[44].replace("dog", "cow")), 41),
        ["{}: row 45 changed.", "{}: row 41 was removed."],
    ),
    "a row doubled": (with_new(A, 42, A[40]), ["{}: row 42 was added, a copy of row 41."]),
    "a copy of a row far away": (with_new(A, 42, A[99]), ["{}: row 42 was added, a copy of row 100."]),
    "a row moved": (
        with_new(without(A, 41), 141, A[40]),
        ["{}: row 41 stands at row 141 now."],
    ),
    "two rows exchanged": (put(put(A, 41, A[90]), 91, A[40]), ["{}: row 41 and row 91 have exchanged places."]),
    "neighbours exchanged": (put(put(A, 41, A[41]), 42, A[40]), ["{}: rows 41 and 42 have exchanged places."]),
    "all in another order": (
        A[::-1],
        ["{}: 199 rows between row 1 and row 199 stand in another order; none of them changed."],
    ),
    "the end cut off": (A[:150], ["{} is cut short: rows 151 to 200 of 200 are missing."]),
    "all rows gone": ([], ["{} is cut short: rows 1 to 200 of 200 are missing."]),
    "two rows become one": ([*A[:40], "9,9,cow", *A[42:]], ["{}: rows 41 and 42 were replaced by 1 other row."]),
}


@pytest.mark.parametrize("case", ROWS)
@pytest.mark.parametrize(
    ("name", "build"), [("a.csv", csv), ("a.jsonl", jsonl), ("a.csv.gz", lambda r: gzip.compress(csv(r)))]
)
def test_rows(case: str, name: str, build: Callable[[list[str]], bytes], tmp_path: Path) -> None:
    after, sentences = ROWS[case]
    assert told(tmp_path, {name: build(A)}, {name: build(after)}) == [text.format(name) for text in sentences]


@pytest.mark.parametrize(
    "case", ["a row added", "a row removed", "a row doubled", "two rows exchanged", "the end cut off"]
)
def test_lines_of_plain_text(case: str, tmp_path: Path) -> None:
    after, sentences = ROWS[case]
    text = {name: "".join(row + "\n" for row in rows).encode() for name, rows in (("before", A), ("after", after))}
    found = told(tmp_path, {"a.txt": text["before"]}, {"a.txt": text["after"]})
    assert found == [sentence.format("a.txt") for sentence in sentences]


def test_a_line_of_plain_text_has_no_columns(tmp_path: Path) -> None:
    assert told(tmp_path, {"a.txt": b"one\ntwo\n"}, {"a.txt": b"one\nTwo\n"}) == ["a.txt: row 2 changed."]


SIZE = f"{len(csv(A)):,} bytes before, 3,000 now"
NO_TEXT = "and what changed cannot be told: it holds zero bytes, as no text does."

SHARDS: dict[str, tuple[Files, list[str]]] = {
    "swapped": ({"a.csv": csv(B), "b.csv": csv(A)}, ["a.csv and b.csv have exchanged their contents."]),
    "renamed": ({"c.csv": csv(A), "b.csv": csv(B)}, ["a.csv is called c.csv now."]),
    "moved": ({"train/a.csv": csv(A), "b.csv": csv(B)}, ["a.csv moved from the top to train/."]),
    "missing": ({"b.csv": csv(B)}, ["a.csv is missing (200 rows)."]),
    "added": (
        {"a.csv": csv(A), "b.csv": csv(B), "c.csv": csv(["x,y,z"])},
        ["c.csv is new (1 row)."],
    ),
    "copied": ({"a.csv": csv(A), "b.csv": csv(B), "c.csv": csv(A)}, ["c.csv is new, a copy of a.csv."]),
    "one holds the other": ({"a.csv": csv(B), "b.csv": csv(B)}, ["a.csv holds what b.csv held."]),
    "a row moved to the other": (
        {"a.csv": csv(without(A, 6)), "b.csv": csv(with_new(B, 8, A[5]))},
        ["a.csv: row 6 stands in b.csv now, as row 8."],
    ),
    "rows exchanged between them": (
        {"a.csv": csv(put(A, 6, B[7])), "b.csv": csv(put(B, 8, A[5]))},
        ["a.csv: row 6 and row 8 of b.csv have exchanged places."],
    ),
    "a row of the other copied": (
        {"a.csv": csv(with_new(A, 6, B[9])), "b.csv": csv(B)},
        ["a.csv: row 6 was added, a copy of row 10 of b.csv."],
    ),
    "cut in the middle of a row": (
        {"a.csv": csv([*A[:90], A[90][:4]], last=False), "b.csv": csv(B)},
        ["a.csv is cut short: rows 92 to 200 of 200 are missing, and row 91 ends in the middle."],
    ),
    "no text any more": ({"a.csv": bytes(3000), "b.csv": csv(B)}, [f"a.csv is altered ({SIZE}), {NO_TEXT}"]),
}


@pytest.mark.parametrize("case", SHARDS)
def test_shards(case: str, tmp_path: Path) -> None:
    after, sentences = SHARDS[case]
    assert told(tmp_path, {"a.csv": csv(A), "b.csv": csv(B)}, after) == sentences


WRITTEN: dict[str, tuple[bytes, list[str]]] = {
    "line ends": (csv(A, end="\r\n"), ["a.csv: the lines ended with LF, and do with CRLF now."]),
    "one line end": (
        csv(A).replace(b"\n", b"\r\n", 7).replace(b"\r\n", b"\n", 6),
        ["a.csv: the lines ended with LF, and do with a mixture of LF and CRLF now."],
    ),
    "old line ends": (csv(A, end="\r"), ["a.csv: the lines ended with LF, and do with CR now."]),
    "byte-order mark": (b"\xef\xbb\xbf" + csv(A), ["a.csv: a byte-order mark was put in front."]),
    "UTF-16": (csv(A).decode().encode("utf-16"), ["a.csv: the text was UTF-8, and is UTF-16-LE now."]),
    "last line end": (csv(A, last=False), ["a.csv: the last line has no line end now."]),
    "delimiter": (
        csv(A).replace(b",", b";"),
        [
            "a.csv: the fields were parted by ',', and are by ';' now.",
            "a.csv: rows 1 to 200 are written otherwise; no value changed.",
        ],
    ),
    "quotes": (
        csv(put(A, 41, ",".join(f'"{cell}"' for cell in A[40].split(",")))),
        ["a.csv: row 41 is written otherwise; no value changed."],
    ),
    "header quotes": (
        csv(A, head='"id",score,label'),
        ["a.csv: the header is written otherwise; the names of the columns are the same."],
    ),
    "column renamed": (csv(A, head="id,score,target"), ['a.csv: column "label" is called "target" now.']),
    "column gone": (csv([row.rpartition(",")[0] for row in A], head="id,score"), ['a.csv: column "label" is gone.']),
    "column new": (csv([row + ",1" for row in A], head=HEAD + ",fold"), ['a.csv: column "fold" is new.']),
    "column gone, another changed": (
        csv(["7" + row.rpartition(",")[0] for row in A], head="id,score"),
        ['a.csv: column "label" is gone.', 'a.csv: column "id" changed, too.'],
    ),
    "columns in another order": (
        csv([",".join(row.split(",")[::-1]) for row in A], head="label,score,id"),
        ['a.csv: the columns stand in another order: "label", "score" and "id".'],
    ),
    "a field too many": (
        csv(put(A, 41, A[40] + ",x")),
        ['a.csv: row 41, column "fields past the last column" changed.'],
    ),
    "a field too few": (csv(put(A, 41, "40,0.040")), ['a.csv: row 41, column "label" changed.']),
    "a quotation mark that does not close": (
        csv(put(A, 41, '"' + A[40])),
        ["a.csv: rows 41 to 200 were replaced by 1 other row."],
    ),
    "every label": (
        csv([row.replace("cat", "lion").replace("dog", "lion") for row in A]),
        ['a.csv: rows 1 to 200, column "label" changed.'],
    ),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_how_it_is_written(case: str, tmp_path: Path) -> None:
    after, sentences = WRITTEN[case]
    assert told(tmp_path, {"a.csv": csv(A)}, {"a.csv": after}) == sentences


def test_many_rows_are_summed_up(tmp_path: Path) -> None:
    after = [row.replace("cat", "lion") for row in A]
    found = told(tmp_path, {"a.csv": csv(A)}, {"a.csv": csv(after)})
    assert len(found) == 21
    assert found[0] == 'a.csv: row 2, column "label" changed.'
    assert found[-1] == 'a.csv: 80 more rows changed, between row 42 and row 200, in column "label".'


def test_rows_of_several_lines(tmp_path: Path) -> None:
    before = csv(['1,"one\ntwo",cat', '2,"three, ""four""\r\n\n",dog', "3,plain,dog"])
    after = before.replace(b"two", b"Two")
    assert told(tmp_path, {"a.csv": before}, {"a.csv": after}) == ['a.csv: row 1, column "score" changed.']
    shard = described(tmp_path, {"a.csv": before}).shards[0]
    assert shard.rows == 3
    assert shard.text is not None
    assert shard.text.ragged == 0


def test_no_header(tmp_path: Path) -> None:
    before = "".join(row + "\n" for row in A).encode()
    found = told(tmp_path, {"a.csv": before}, {"a.csv": before.replace(b"40,0.040,dog", b"40,0.040,cat")})
    assert found == ['a.csv: row 41, column "column 3" changed.']


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters(delimiter: str, tmp_path: Path) -> None:
    before = csv(A).replace(b",", delimiter.encode())
    after = before.replace(f"40{delimiter}0.040{delimiter}dog".encode(), f"40{delimiter}0.040{delimiter}cat".encode())
    assert told(tmp_path, {"a.csv": before}, {"a.csv": after}) == ['a.csv: row 41, column "label" changed.']


def test_compressed_otherwise(tmp_path: Path) -> None:
    found = told(tmp_path, {"a.csv.gz": gzip.compress(csv(A), 1)}, {"a.csv.gz": gzip.compress(csv(A), 9)})
    assert found == ["a.csv.gz was compressed otherwise; its content is the same."]


def test_compressed_data_cut_short(tmp_path: Path) -> None:
    whole = bz2.compress(csv(A))
    (found,) = told(tmp_path, {"a.csv.bz2": whole}, {"a.csv.bz2": whole[:-20]})
    assert found.startswith(
        f"a.csv.bz2 is altered ({len(whole)} bytes before, {len(whole) - 20} now), and what changed "
    )
    assert "it cannot be decompressed" in found


def test_a_decompression_bomb_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from violet.formats.compressed import bombs

    monkeypatch.setattr(bombs, "SIZE", 1 << 20)
    (shard,) = described(tmp_path, {"a.csv.gz": gzip.compress(b"1,2,3\n" * 2_000_000)}).shards
    assert shard.kind == "other"
    assert "as decompression bombs do" in shard.notes[0]


def test_a_row_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from violet.provenance.dataset import stream, table

    monkeypatch.setattr(stream, "LONGEST_ROW", 1 << 21)
    monkeypatch.setattr(table, "LONGEST_ROW", 1 << 21)
    (shard,) = described(tmp_path, {"a.csv": b"a,b\n" + b"x" * (5 << 20)}).shards
    assert (shard.kind, shard.notes) == ("other", ("a row is longer than 2,097,152 bytes",))
    text = b'a,b\n"open,1\n' + b"1,2\n" * (1 << 20)
    (shard,) = described(tmp_path, {"a.csv": text}).shards
    assert shard.kind == "csv"
    assert shard.text is not None
    assert not shard.text.quoted
    assert shard.rows == 1 + (1 << 20)


def test_json_keys(tmp_path: Path) -> None:
    rows = [{"id": n, "deep": {"a": [n]}, "label": "x"} for n in range(100)]
    before = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    rows[40]["deep"] = {"a": [0]}
    del rows[41]["label"]
    rows[43]["other"] = 1
    lines = [json.dumps(row).encode() for row in rows]
    lines[80] = lines[80].replace(b": ", b":")
    lines[90] = b"{broken"
    found = told(tmp_path, {"a.jsonl": before}, {"a.jsonl": b"\n".join(lines) + b"\n"})
    assert found == [
        'a.jsonl: column "other" is new.',
        'a.jsonl: rows 41 and 42 changed, each in one or more of the columns "deep", "label" or "other".',
        'a.jsonl: row 44 changed, in one or more of the columns "deep", "label" or "other".',
        'a.jsonl: row 81 changed, in one or more of the columns "id", "deep" or "label".',
        'a.jsonl: row 91 changed, in one or more of the columns "id", "deep" or "label".',
    ]


def test_json_written_otherwise(tmp_path: Path) -> None:
    before = jsonl(A)
    after = before.replace(b'"40", "score"', b'"40",  "score"')
    assert told(tmp_path, {"a.jsonl": before}, {"a.jsonl": after}) == [
        "a.jsonl: row 41 is written otherwise; no value changed."
    ]


def test_json_that_is_hostile(tmp_path: Path) -> None:
    deep = b"[" * 100_000
    many = json.dumps({f"k{n}": n for n in range(5000)}).encode()
    content = b"\n".join([b'{"a": 1}', deep, b"9" * 10_000, b'{"a": NaN}', b"\xff", many, b"null", b'"text"', b""])
    (shard,) = described(tmp_path, {"a.jsonl": content}).shards
    assert shard.rows == 8
    assert shard.columns == ()
    assert shard.notes == (f"its columns have no digests: it has 5,001 keys in its first {len(content):,} bytes",)


def test_blocks_when_there_are_too_many_rows(tmp_path: Path) -> None:
    rows = [f"{n},0.{n % 977:03},{'cat' if n % 2 else 'dog'}" for n in range(20_000)]
    before = {"a.csv": csv(rows)}
    after = {"a.csv": csv(put(rows, 12_345, "x" + rows[12_344]))}
    expected = described(tmp_path, before, limit=1000)
    digests = expected.shards[0].row_digests
    assert digests is not None
    assert digests.level == 1
    assert 200 < len(digests.digests) // 8 < 450
    (found,) = told(tmp_path, before, after, limit=1000)
    assert found.startswith("a.csv: something in rows 12,")
    assert found.endswith('changed, in column "id" (rows are known in blocks of about 64).')
    (found,) = told(tmp_path, before, {"a.csv": csv(with_new(rows, 12_345, "9,9,cow"))}, limit=1000)
    assert "there are 1 more than there were (rows are known in blocks of about 64)." in found
    (found,) = told(tmp_path, before, {"a.csv": csv(without(rows, 12_345))}, limit=1000)
    assert "there are 1 fewer than there were (rows are known in blocks of about 64)." in found
