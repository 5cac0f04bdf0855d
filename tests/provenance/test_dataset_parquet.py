"""Tampered Parquet shards, by the bytes of their chunks and by their decoded rows."""

from __future__ import annotations

import datetime
import decimal
import io
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.provenance.datasets import described, told
from violet.domain.dataset import DatasetManifest
from violet.provenance.dataset.compare import compare
from violet.provenance.dataset.shard import Expected, describe_shard

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

ROWS = 1000


@cache
def table() -> Any:
    return pyarrow.table(
        {
            "id": list(range(ROWS)),
            "score": [n / 7 for n in range(ROWS)],
            "label": [("cat", "dog")[n % 2] for n in range(ROWS)],
            "tags": [["a", "b"], []] * (ROWS // 2),
            "inner": [{"x": n, "y": "z"} for n in range(ROWS)],
            "when": [datetime.datetime(2024, 1, 1) + datetime.timedelta(seconds=n) for n in range(ROWS)],
            "price": [decimal.Decimal(n) / 4 for n in range(ROWS)],
            "kind": pyarrow.array(["u", "v"] * (ROWS // 2)).dictionary_encode(),
        }
    )


def written(content: Any, **options: Any) -> bytes:
    out = io.BytesIO()
    options = {"row_group_size": 250, **options}
    parquet.write_table(content, out, data_page_size=256, write_batch_size=50, **options)
    return out.getvalue()


def with_value(column: str, row: int, value: object) -> Any:
    at = table().column_names.index(column)
    values = table()[column].to_pylist()
    values[row - 1] = value
    return table().set_column(at, column, pyarrow.array(values, table().schema.field(column).type))


def without_row(row: int) -> Any:
    return pyarrow.concat_tables([table().slice(0, row - 1), table().slice(row)])


def groups(*order: int) -> Any:
    return pyarrow.concat_tables([table().slice(250 * n, 250) for n in order])


BYTES: dict[str, tuple[Any, dict[str, Any], list[str]]] = {
    "a number": (
        with_value("score", 420, -1.0),
        {"use_dictionary": False},
        ['a.parquet: row group 2 (rows 251 to 500), column "score" changed, within rows 401 to 450.'],
    ),
    "a label": (
        with_value("label", 420, "cat"),
        {},
        ['a.parquet: row group 2 (rows 251 to 500), column "label" changed.'],
    ),
    "a value in a list": (
        with_value("tags", 420, ["q"]),
        {},
        ['a.parquet: row group 2 (rows 251 to 500), column "tags.list.element" changed.'],
    ),
    "row groups exchanged": (
        groups(0, 3, 2, 1),
        {},
        ["a.parquet: row groups 2 and 4 have exchanged places."],
    ),
    "a row group removed": (groups(0, 1, 3), {}, ["a.parquet: rows 501 to 750 were removed (1 row group)."]),
    "a row group added": (groups(0, 1, 2, 3, 0), {}, ["a.parquet: rows 1,001 to 1,250 were added (1 row group)."]),
    "compressed otherwise": (
        table(),
        {"compression": "zstd"},
        ["a.parquet: row groups 1 to 4 (rows 1 to 1,000), every column changed."],
    ),
    "a column gone": (table().drop_columns(["score"]), {}, ['a.parquet: column "score" is gone.']),
    "a column new": (table().append_column("fold", [[1] * ROWS]), {}, ['a.parquet: column "fold" is new.']),
    "a column renamed": (
        table().rename_columns(["id", "points", *table().column_names[2:]]),
        {},
        ['a.parquet: column "score" is called "points" now.'],
    ),
    "another type": (
        table().set_column(0, "id", table()["id"].cast("int32")),
        {},
        [
            'a.parquet: column "id" was of the type int64, and is int32 now.',
            'a.parquet: row groups 1 to 4 (rows 1 to 1,000), column "id" changed.',
        ],
    ),
    "other row groups": (
        groups(0, 1, 2),
        {"row_group_size": 300},
        ["a.parquet: the rows are grouped otherwise (4 row groups before, 3 now), so their bytes cannot be compared."],
    ),
    "other metadata": (
        table().replace_schema_metadata({"a": "b"}),
        {},
        ["a.parquet: the file was written otherwise; no row changed."],
    ),
}


@pytest.mark.parametrize("case", BYTES)
def test_by_the_bytes(case: str, tmp_path: Path) -> None:
    after, options, sentences = BYTES[case]
    same = {name: value for name, value in options.items() if name == "use_dictionary"}
    before = {"a.parquet": written(table(), **same)}
    found = told(tmp_path, before, {"a.parquet": written(after, **options)})
    assert found == sentences


def decoded(folder: Path, name: str, content: bytes) -> DatasetManifest:
    """A description whose rows are pinned, as a worker makes it."""
    plain = described(folder / name, {"a.parquet": content})
    shard = describe_shard(str(folder / name / "a.parquet"), "a.parquet", 10_000, Expected("parquet"), decode=True)
    return DatasetManifest(plain.name, plain.digest, plain.size, (shard,))


ROWS_TOLD: dict[str, tuple[Any, dict[str, Any], list[str]]] = {
    "a number": (with_value("score", 420, -1.0), {}, ['a.parquet: row 420, column "score" changed.']),
    "a label": (with_value("label", 420, "cat"), {}, ['a.parquet: row 420, column "label" changed.']),
    "a null": (with_value("label", 420, None), {}, ['a.parquet: row 420, column "label" changed.']),
    "a value in a list": (
        with_value("tags", 420, ["q"]),
        {},
        ['a.parquet: row 420, column "tags.list.element" changed.'],
    ),
    "a value in a structure": (
        with_value("inner", 420, {"x": 7, "y": "z"}),
        {},
        ['a.parquet: row 420, column "inner.x" changed.'],
    ),
    "a time": (
        with_value("when", 420, datetime.datetime(2025, 1, 1)),
        {},
        ['a.parquet: row 420, column "when" changed.'],
    ),
    "a row removed": (without_row(420), {}, ["a.parquet: row 420 was removed."]),
    "two row groups": (
        groups(0, 3, 2, 1),
        {},
        ["a.parquet: rows 251 to 500 and rows 751 to 1,000 have exchanged places."],
    ),
    "compressed otherwise": (
        table(),
        {"compression": "zstd"},
        ["a.parquet: the file was written otherwise; no row changed."],
    ),
}


@pytest.mark.parametrize("case", ROWS_TOLD)
def test_by_decoded_rows(case: str, tmp_path: Path) -> None:
    after, options, sentences = ROWS_TOLD[case]
    before = decoded(tmp_path, "before", written(table()))
    assert before.shards[0].notes == ()
    now = decoded(tmp_path, "after", written(after, **options))
    assert [difference.message for difference in compare(before, now)] == sentences


def test_cut_short(tmp_path: Path) -> None:
    content = written(table())
    (found,) = told(tmp_path, {"a.parquet": content}, {"a.parquet": content[:-100]})
    assert found == (
        f"a.parquet is altered ({len(content):,} bytes before, {len(content) - 100:,} now), and what changed cannot be "
        "told: the Parquet footer cannot be used. The file ends without a footer."
    )


def test_bytes_between_the_chunks(tmp_path: Path) -> None:
    """What no chunk owns is in the digest of the file, and nowhere else."""
    content = written(table())
    changed = content.replace(b"ARROW:schema", b"ARROW:SCHEMA")
    assert len(changed) == len(content)
    assert changed != content
    assert told(tmp_path, {"a.parquet": content}, {"a.parquet": changed}) == [
        "a.parquet: the file was written otherwise; no row changed."
    ]


def test_pages_that_lead_astray_are_not_used(tmp_path: Path) -> None:
    """Page headers are read from the file, too: where they do not add up, the chunk is known as a whole."""
    content = bytearray(written(table(), use_dictionary=False))
    (shard,) = described(tmp_path, {"a.parquet": bytes(content)}).shards
    assert all(chunk.pages for chunk in shard.row_groups[0].columns[:3])
    content[4:20] = b"\xff" * 16
    (shard,) = described(tmp_path, {"a.parquet": bytes(content)}).shards
    assert shard.kind == "parquet"
    assert shard.row_groups[0].columns[0].pages == ()


def test_rows_are_not_pinned_where_the_data_cannot_be_decoded(tmp_path: Path) -> None:
    content = bytearray(written(table(), use_dictionary=False))
    content[4:20] = b"\xff" * 16
    (shard,) = decoded(tmp_path, "before", bytes(content)).shards
    assert shard.row_digests is None
    assert shard.notes[0].startswith("its rows are not pinned: pyarrow cannot read it")


def test_without_pyarrow_rows_are_said_not_to_be_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = decoded(tmp_path, "before", written(table()))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    after = decoded(tmp_path, "after", written(with_value("score", 420, -1.0), use_dictionary=True))
    found = [difference.message for difference in compare(before, after)]
    assert found[0].startswith('a.parquet: row group 2 (rows 251 to 500), column "score" changed')
    assert found[1:] == [
        "a.parquet: its rows are not pinned: pyarrow is not installed (pip install 'violet-mlsecops[data]')."
    ]
