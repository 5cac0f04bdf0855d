"""The same table from every kind of file, in pieces; and files that are not what they seem."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pyarrow as arrow
import pyarrow.feather as feather
import pyarrow.parquet as parquet
import pytest

from violet.detectors.profile.chunk import Chunk, Coded, joined
from violet.domain.errors import UsageError, VioletError
from violet.domain.traffic import Exchange
from violet.runtime.trace import write_trace
from violet.services.drifting import reading
from violet.services.drifting.count import count_reference, identifiers
from violet.services.drifting.options import Roles
from violet.services.drifting.reading import open_source

ROWS = 700


def table() -> pandas.DataFrame:
    rng = np.random.default_rng(0)
    return pandas.DataFrame(
        {
            "x": rng.normal(size=ROWS),
            "n": rng.integers(0, 5, ROWS),
            "town": rng.choice(["oslo", "rome", None], ROWS),
            "gap": np.where(rng.random(ROWS) < 0.1, np.nan, rng.random(ROWS)),
        }
    )


def save(frame: pandas.DataFrame, path: Path) -> None:
    plain = arrow.Table.from_pandas(frame, preserve_index=False)
    if path.suffix == ".parquet":
        parquet.write_table(plain, path, row_group_size=300)
    elif path.suffix == ".feather":
        feather.write_feather(plain, str(path))
    elif path.suffix == ".arrows":
        with arrow.OSFile(str(path), "wb") as sink, arrow.ipc.new_stream(sink, plain.schema) as writer:
            writer.write_table(plain, max_chunksize=200)
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".tsv":
        frame.to_csv(path, index=False, sep="\t")
    else:
        lines = [
            {name: None if value != value else value for name, value in row.items()} for row in frame.to_dict("records")
        ]
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def read(path: Path, roles: Roles | None = None) -> Chunk:
    return joined(list(open_source(str(path), roles or Roles()).chunks()))


def words(values: Coded) -> list[str | None]:
    return values.values()


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".arrows", ".csv", ".tsv", ".jsonl"])
def test_every_kind_of_file_says_the_same(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "VALUES", 4 * 1024)
    frame = table()
    save(frame, tmp_path / f"t{suffix}")
    source = open_source(str(tmp_path / f"t{suffix}"), Roles())
    chunks = list(source.chunks())
    assert [chunk.first for chunk in chunks] == np.cumsum([0, *(chunk.rows for chunk in chunks[:-1])]).tolist()
    whole = joined(chunks)
    assert whole.rows == ROWS
    assert source.rows == ROWS if source.exact else ROWS / 3 < source.rows < 3 * ROWS
    assert set(whole.numbers) == {"x", "n", "gap"}
    for name in ("x", "n", "gap"):
        np.testing.assert_allclose(whole.numbers[name].astype(float), frame[name].to_numpy(float))
    assert words(whole.words["town"]) == [None if town is None or town != town else town for town in frame["town"]]
    again = joined(list(source.chunks()))
    np.testing.assert_array_equal(again.numbers["x"], whole.numbers["x"])


def test_arrays_give_columns_and_vectors(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, big, y = (
        rng.normal(size=(ROWS, 3)),
        rng.normal(size=(ROWS, 8, 8, 10)).astype(np.float32),
        rng.integers(0, 2, ROWS),
    )
    np.savez_compressed(tmp_path / "a.npz", x=x, picture=big, y=y, names=np.array(["a", "b", "c"]))
    whole = read(tmp_path / "a.npz", Roles(truth="y"))
    assert set(whole.numbers) == {"a", "b", "c"}
    np.testing.assert_array_equal(whole.numbers["b"], x[:, 1])
    np.testing.assert_array_equal(whole.vectors["picture"], big.reshape(ROWS, -1))
    assert whole.truth is not None
    assert words(whole.truth) == [str(value) for value in y]
    np.save(tmp_path / "x.npy", x)
    assert set(read(tmp_path / "x.npy").numbers) == {"x0", "x1", "x2"}


def test_arrays_of_words_and_pickles(tmp_path: Path) -> None:
    np.savez(tmp_path / "w.npz", town=np.array(["oslo", "rome"]), n=np.array([1, 2]))
    assert words(read(tmp_path / "w.npz").words["town"]) == ["oslo", "rome"]
    np.savez(tmp_path / "o.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(VioletError, match="never unpickled"):
        read(tmp_path / "o.npz")
    np.savez(tmp_path / "f.npz", x=np.asfortranarray(np.ones((3, 4))))
    with pytest.raises(VioletError, match="column by column"):
        read(tmp_path / "f.npz")
    np.savez(tmp_path / "l.npz", x=np.ones(3), y=np.ones(4))
    with pytest.raises(VioletError, match="different lengths"):
        read(tmp_path / "l.npz")


def test_columns_have_roles(tmp_path: Path) -> None:
    frame = table().assign(
        when=pandas.date_range("2026-11-01", periods=ROWS, freq="min", tz="UTC"), who="key:a", p=0.5, y=1, yes="1"
    )
    roles = Roles(time="when", client="who", scores=("p",), truth="y", label="yes", exclude=("gap",))
    for suffix in (".parquet", ".csv"):
        save(frame, tmp_path / f"t{suffix}")
        whole = read(tmp_path / f"t{suffix}", roles)
        assert set(whole.names) == {"x", "n", "town"}
        assert whole.at is not None
        assert whole.at[1] - whole.at[0] == 60
        assert whole.at[0] == 1793491200
        assert whole.client is not None
        assert whole.client.words == ("key:a",)
        assert whole.scores is not None
        assert whole.scores.shape == (ROWS, 1)
        assert whole.truth is not None
        assert whole.truth.words == ("1",)
    lines = frame.assign(when=frame["when"].astype(str))
    save(lines, tmp_path / "t.jsonl")
    at = read(tmp_path / "t.jsonl", roles).at
    assert at is not None
    assert at[0] == 1793491200


def test_a_misspelt_column_is_told(tmp_path: Path) -> None:
    save(table(), tmp_path / "t.csv")
    with pytest.raises(UsageError, match="no column 'twon'") as told:
        read(tmp_path / "t.csv", Roles(columns=("twon",)))
    assert "town" in told.value.hint
    with pytest.raises(VioletError, match="no time"):
        read(tmp_path / "t.csv", Roles(time="gap"))
    with pytest.raises(VioletError, match="does not hold probabilities"):
        read(tmp_path / "t.csv", Roles(scores=("town",)))


def test_texts_lists_times_and_what_cannot_be_compared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    made = arrow.table(
        {
            "remark": [f"The {k}th customer of the day asked for a loan of {k * 7} crowns." for k in range(ROWS)],
            "embedding": arrow.array([rng.normal(size=4).tolist() if k else None for k in range(ROWS)]),
            "ragged": arrow.array([[1.0] * (k % 3) for k in range(ROWS)]),
            "nested": arrow.array([{"a": 1}] * ROWS),
            "flag": arrow.array([True, None] * (ROWS // 2)),
            "price": arrow.array([None, 2] * (ROWS // 2), arrow.decimal128(9, 2)),
            "day": arrow.array([0, 86_400_000] * (ROWS // 2), arrow.date64()),
        }
    )
    parquet.write_table(made, tmp_path / "t.parquet")
    whole = read(tmp_path / "t.parquet")
    assert set(whole.texts) == {"remark"}
    assert whole.vectors["embedding"].shape == (ROWS, 4)
    assert np.isnan(whole.vectors["embedding"][0]).all()
    assert set(whole.notes) == {"ragged", "nested"}
    assert whole.numbers["flag"][0] == 1
    assert np.isnan(whole.numbers["flag"][1])
    assert whole.numbers["price"][1] == 2
    assert whole.numbers["day"][1] == 86_400


def exchange(number: int, **fields: Any) -> Exchange:
    return Exchange(
        id=f"e{number}",
        at=1.7e9 + number,
        client=f"key:{number % 3}",
        model="m",
        rows=((float(number), "a", None), (1.0, "b", 2.0)),
        names=("x", "w", "gap"),
        scores=((0.2, 0.8), (0.7, 0.3)),
        labels=(1, 0),
        **fields,
    )


def test_traces_say_themselves_who_when_and_what_came_back(tmp_path: Path) -> None:
    write_trace(str(tmp_path / "t.jsonl"), [exchange(number) for number in range(40)])
    whole = read(tmp_path / "t.jsonl")
    assert whole.rows == 80
    assert set(whole.names) == {"x", "w", "gap"}
    assert whole.at is not None
    assert whole.at[2] == 1.7e9 + 1
    assert whole.client is not None
    assert set(whole.client.words) == {"key:0", "key:1", "key:2"}
    assert whole.scores is not None
    assert whole.scores[0].tolist() == [0.2, 0.8]
    assert whole.labels is not None
    assert words(whole.labels)[:2] == ["1", "0"]


def test_a_spool_of_the_guard_is_read_as_a_trace_is(tmp_path: Path) -> None:
    from violet.runtime.spool.writer import Spool

    spool = Spool(str(tmp_path / "spool"))
    for number in range(25):
        spool.append(exchange(number))
    assert spool.close()
    whole = read(tmp_path / "spool")
    assert whole.rows == 50
    assert whole.client is not None
    assert set(whole.names) == {"x", "w", "gap"}


def test_traces_with_rows_of_another_width_and_of_several_models(tmp_path: Path) -> None:
    odd = Exchange(id="o", at=1.7e9, client="c", model="m", rows=((1.0,),))
    write_trace(str(tmp_path / "t.jsonl"), [*(exchange(number) for number in range(20)), odd])
    source = open_source(str(tmp_path / "t.jsonl"), Roles())
    assert sum(chunk.rows for chunk in source.chunks()) == 40
    assert getattr(source, "left_out") == 1  # noqa: B009
    two = Exchange(id="o", at=1.7e9, client="c", model="other", rows=((1.0, "a", 0.0),))
    write_trace(str(tmp_path / "t.jsonl"), [exchange(0), two])
    with pytest.raises(UsageError, match="several models"):
        open_source(str(tmp_path / "t.jsonl"), Roles())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.csv", None, "no such file"),
        ("empty.csv", b"", "is empty"),
        ("half.parquet", b"PAR1" + b"\0" * 50, "cannot be read as Parquet"),
        ("half.arrow", b"ARROW1\0\0" + b"\1" * 50, "cannot be read as Arrow"),
        ("bad.npz", b"PK\x03\x04" + b"\0" * 50, "cannot be read as arrays"),
        ("bad.npy", b"\x93NUMPY\x01\x00\xff\xff{", "no array"),
        ("doubled.csv", b"a,a\n1,2\n3,4\n", "two columns are called"),
        ("ragged.csv", b"a,b\n1,2\n3\n", "cannot be read as CSV"),
        ("binary.csv", bytes(range(256)) * 40, "cannot be read|longer|column"),
        ("deep.jsonl", b'{"a":' + b"[" * 100_000 + b"\n" + b'{"a": 1}\n' * 5, ""),
        ("noise.jsonl", b'{"a": 1}\n' + b"{nope\n" * 200, "are no JSON objects"),
        ("wrong.jsonl", b'{"a": 1, "b": {"c": 2}}\n{"a": "x"}\n' * 20, ""),
    ],
)
def test_hostile_files_are_refused_with_a_reason(name: str, content: bytes | None, words: str, tmp_path: Path) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    if not words:
        assert read(path).rows > 0
        return
    with pytest.raises(VioletError, match=words):
        read(path)


def test_a_long_line_is_not_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from violet.services.drifting import lines

    monkeypatch.setattr(lines, "LONGEST", 1000)
    (tmp_path / "t.jsonl").write_bytes(b'{"a": 1}\n{"a": "' + b"x" * 5000 + b'"}\n')
    with pytest.raises(VioletError, match="longer than"):
        read(tmp_path / "t.jsonl")


def test_a_mixed_column_is_told_with_what_to_do(tmp_path: Path) -> None:
    from violet.services.drifting import tables

    body = "\n".join(["a,b"] + [f"{k},1" for k in range(2_000_000)] + ["word,2"])
    (tmp_path / "t.csv").write_text(body)
    assert len(body) > tables.BLOCK
    with pytest.raises(VioletError, match="cannot be read as CSV") as told:
        read(tmp_path / "t.csv")
    assert "--exclude" in told.value.hint


def test_columns_that_name_rows_are_left_out(tmp_path: Path) -> None:
    n = 3000
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "id": np.arange(n),
            "key": [f"k{k}" for k in range(n)],
            "x": rng.normal(size=n),
            "w": rng.choice(["a", "b"], n),
        }
    )
    save(frame, tmp_path / "t.parquet")
    counted = count_reference(open_source(str(tmp_path / "t.parquet"), Roles()))
    assert counted.profile.layout.names == ("x", "w")
    assert set(counted.notes) == {"id", "key"}
    wanted = count_reference(open_source(str(tmp_path / "t.parquet"), Roles()), columns=("id", "x"))
    assert "id" in wanted.profile.layout.names
    assert not identifiers(Chunk(0), 0)


def test_long_data_are_sampled_for_their_bins_and_counted_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from violet.services.drifting import count

    monkeypatch.setattr(count, "SAMPLE", 2048)
    monkeypatch.setattr(reading, "ROWS", 1024)
    rng = np.random.default_rng(0)
    frame = pandas.DataFrame({"x": np.sort(rng.normal(size=20_000)), "w": rng.choice(["a", "b"], 20_000)})
    save(frame, tmp_path / "t.parquet")
    profile = count_reference(open_source(str(tmp_path / "t.parquet"), Roles())).profile
    assert profile.rows == 20_000
    assert profile.counts.sum() == 20_000
    column = profile.layout.numbers[0]
    # All of a sorted file is in the sample: its tenths are those of the whole.
    tenths = column.edges[column.coarse]
    np.testing.assert_allclose(tenths, np.quantile(frame["x"], np.arange(1, 10) / 10), atol=0.1)
