"""What holds for any table and any change in it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.provenance.datasets import described, told
from violet.formats.source import BytesSource
from violet.provenance.dataset.align import gaps
from violet.provenance.dataset.stream import NotDescribedError, TextStream
from violet.provenance.dataset.table import describe_table
from violet.provenance.dataset.tally import RowTally, fold_to, row_digests

CELLS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=8),
    st.sampled_from(['"', ",", "\n", "a,b", '"x"', "\x00\x01", "1", ""]),
)
"""Anything a field may hold."""


def written(rows: list[list[str]], quoting: int = csv.QUOTE_MINIMAL) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, quoting=quoting, lineterminator="\n")
    writer.writerow(["first", "second", "third"])
    writer.writerows(rows)
    return out.getvalue().encode()


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_any_change_to_any_cell_is_named(data: st.DataObject) -> None:
    """The row and the column, whatever the cell held and holds now."""
    rows = data.draw(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=90))
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 2))
    value = data.draw(CELLS.filter(lambda cell: cell.replace("\r\n", "\n") != rows[row][column].replace("\r\n", "\n")))
    changed = [list(cells) for cells in rows]
    changed[row][column] = value
    quoting = csv.QUOTE_ALL if "\x00" in str(rows + changed) or "\\x00" in str(rows + changed) else csv.QUOTE_MINIMAL
    with TemporaryDirectory() as folder:
        before, after = written(rows, quoting), written(changed, quoting)
        if b"\0" in before[:4096] + after[:4096]:
            return
        found = told(Path(folder), {"a.csv": before}, {"a.csv": after})
    rest = [text for text in found if "the lines ended" not in text and "lines ended with CRLF" not in text]
    assert rest == [f'a.csv: row {row + 1:,}, column "{("first", "second", "third")[column]}" changed.']


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_any_change_to_any_json_value_is_named(data: st.DataObject) -> None:
    values = st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.lists(st.integers(), max_size=2)
    )
    rows = data.draw(st.lists(st.lists(values, min_size=3, max_size=3), min_size=1, max_size=90))
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, 2))
    value = data.draw(values.filter(lambda v: json.dumps(v) != json.dumps(rows[row][column])))
    changed = [list(cells) for cells in rows]
    changed[row][column] = value
    names = ("first", "second", "third")
    before, after = (
        b"".join(json.dumps(dict(zip(names, cells, strict=True))).encode() + b"\n" for cells in table)
        for table in (rows, changed)
    )
    with TemporaryDirectory() as folder:
        found = told(Path(folder), {"a.jsonl": before}, {"a.jsonl": after})
    assert found == [f'a.jsonl: row {row + 1}, column "{names[column]}" changed.']


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=120, unique=True).map(sorted),
    st.integers(0, 200),
    st.sampled_from(["added", "removed"]),
)
@settings(max_examples=60, deadline=None)
def test_any_single_row_added_or_removed_is_named(numbers: list[int], at: int, what: str) -> None:
    rows = [f"{number},x" for number in numbers]
    at %= len(rows)
    less = rows[:at] + rows[at + 1 :]
    before, after = (rows, less) if what == "removed" else (less, rows)
    texts = ["\n".join(["n,x", *table, ""]).encode() for table in (before, after)]
    with TemporaryDirectory() as folder:
        (found,) = told(Path(folder), {"a.csv": texts[0]}, {"a.csv": texts[1]})
    if what == "removed" and at == len(rows) - 1:
        assert found == f"a.csv is cut short: row {at + 1} of {len(rows)} is missing."
    else:
        assert found == f"a.csv: row {at + 1} was {what}."


@given(
    st.binary(max_size=400), st.sampled_from(["a.csv", "a.jsonl", "a.txt", "a.tsv", "a.png", "a.parquet", "a.csv.gz"])
)
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_described(content: bytes, name: str) -> None:
    """And their manifest can be read back (``described`` sees to that)."""
    with TemporaryDirectory() as folder:
        (shard,) = described(Path(folder), {name: content}).shards
    assert shard.size == len(content)
    assert shard.kind != "other" or shard.notes


@given(st.lists(st.lists(CELLS, max_size=4), max_size=40), st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_how_a_file_is_cut_into_pieces_does_not_matter(rows: list[list[str]], size: int) -> None:
    """Digests depend on the rows, not on where one read ended and the next began."""
    content = written(rows)
    try:
        whole = describe_table(lambda: TextStream(BytesSource(content)), "a.csv", 100, None, ())
    except NotDescribedError:
        return

    class Slow(TextStream):
        def _read(self):  # type: ignore[no-untyped-def]
            # The first piece is whole enough to tell the dialect, as it always is in practice.
            yield content[:200]
            for at in range(200, len(content), size):
                yield content[at : at + size]

    pieces = describe_table(
        lambda: Slow(BytesSource(content)), "a.csv", 100, whole.text, [c.name for c in whole.columns]
    )
    assert pieces == whole


@given(st.integers(0, 3000), st.integers(1, 500), st.lists(st.integers(1, 400), max_size=20))
@settings(max_examples=60, deadline=None)
def test_folding_at_once_or_on_the_way_is_the_same(rows: int, limit: int, pieces: list[int]) -> None:
    digests = row_digests([str(n % 97 if n % 3 else n).encode() for n in range(rows)])
    tally = RowTally(limit)
    at = 0
    for piece in [*pieces, rows]:
        tally.add(digests[8 * at : 8 * (at + piece)])
        at += piece
    found = tally.finish()
    assert found == fold_to(0, digests, b"", tally.level)
    assert len(found[0]) <= 8 * limit or tally.level


@given(st.lists(st.integers(0, 20), max_size=60), st.lists(st.integers(0, 20), max_size=60))
@settings(max_examples=200, deadline=None)
def test_gaps_lead_from_one_sequence_to_the_other(before: list[int], after: list[int]) -> None:
    made: list[int] = []
    at = 0
    for gap in gaps(before, after):
        made += before[at : gap.start] + after[gap.begin : gap.stop]
        assert gap.old or gap.new
        at = gap.end
    assert made + before[at:] == after
