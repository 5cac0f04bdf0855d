"""Data sets from end to end: described in workers, signed, tampered with, verified."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from violet.domain import UsageError, VioletError
from violet.domain.dataset import DatasetManifest
from violet.provenance.identity import identify
from violet.services.dataset import (
    DescribeOptions,
    compare,
    describe,
    differences,
    is_data_set,
    manifest_bytes,
    manifest_path,
    read_manifest,
    write_manifest,
)


def table(rows: int, seed: int = 1) -> str:
    dice = random.Random(seed)
    return "id,score,label\n" + "".join(f"{n},{dice.random():.4f},{dice.choice('ab')}\n" for n in range(rows))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "cat").mkdir(parents=True)
    (folder / "train.csv").write_text(table(500))
    (folder / "test.csv").write_text(table(100, 2))
    (folder / "more.jsonl").write_text("".join(json.dumps({"id": n, "text": f"row {n}"}) + "\n" for n in range(50)))
    (folder / "README.md").write_text("# Data\n")
    (folder / "cat" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(4) + b"IHDR" + bytes(8))
    return folder


def made(path: Path, options: DescribeOptions | None = None) -> DatasetManifest:
    return describe(str(path), identify(str(path), cache=False), options)


def told(path: Path, before: DatasetManifest) -> list[str]:
    found = differences(str(path), before, identify(str(path), cache=False))
    return [difference.message for difference in found]


def test_describe(data: Path) -> None:
    manifest = made(data)
    assert manifest.digest == identify(str(data), cache=False).digest
    assert [(s.path, s.kind, s.rows) for s in manifest.shards] == [
        ("README.md", "other", -1),
        ("cat/a.png", "image", -1),
        ("more.jsonl", "jsonl", 50),
        ("test.csv", "csv", 100),
        ("train.csv", "csv", 500),
    ]
    assert manifest.rows == 650
    assert [column.name for column in manifest.shards[4].columns] == ["id", "score", "label"]


def test_the_order_of_the_directory_and_the_workers_do_not_matter(data: Path, tmp_path: Path) -> None:
    other = tmp_path / "again" / "data"
    other.mkdir(parents=True)
    for name in ("train.csv", "cat", "README.md", "more.jsonl", "test.csv"):
        (shutil.copytree if (data / name).is_dir() else shutil.copy)(data / name, other / name)
    one, two = made(data, DescribeOptions(jobs=1)), made(other, DescribeOptions(jobs=3))
    assert manifest_bytes(one) == manifest_bytes(two)


def test_a_single_file_has_no_directory(data: Path) -> None:
    file = data / "train.csv"
    before = made(file)
    assert [shard.path for shard in before.shards] == ["train.csv"]
    text = file.read_text().splitlines(keepends=True)
    cells = text[41].strip().split(",")
    text[41] = ",".join([*cells[:2], "c"]) + "\n"
    file.write_text("".join(text))
    assert told(file, before) == ['train.csv: row 41, column "label" changed.']
    file.rename(data / "other.csv")
    assert told(data / "other.csv", before) == ['train.csv: row 41, column "label" changed.']


def test_changed_rows_behind_an_insertion_are_hashed_once_more(data: Path) -> None:
    before = made(data)
    text = (data / "train.csv").read_text().splitlines(keepends=True)
    text[300] = text[300].replace(",a\n", ",z\n").replace(",b\n", ",z\n")
    text.insert(10, "9,9,new\n")
    (data / "train.csv").write_text("".join(text))
    assert told(data, before) == ['train.csv: row 300, column "label" changed.', "train.csv: row 10 was added."]


def test_nothing_is_read_where_nothing_changed(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(data)
    monkeypatch.setattr("violet.services.dataset.describe", None)
    assert told(data, before) == []


def test_unchanged_shards_are_not_read_again(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = made(data)
    (data / "test.csv").write_text(table(101, 2))
    from violet.services import dataset

    real, seen = dataset._payload, []
    monkeypatch.setattr(dataset, "_payload", lambda f, e, o, w: seen.append(e.path) or real(f, e, o, w))
    assert told(data, before) == ["test.csv: row 101 was added."]
    assert seen == ["test.csv"]


def test_progress_counts_bytes(data: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    identity = identify(str(data), cache=False)
    describe(str(data), identity, progress=lambda done, total, path: seen.append((done, total, path)))
    assert seen[-1][0] == seen[-1][1] == identity.size
    assert {path for _, _, path in seen} == {"cat/a.png", "more.jsonl", "test.csv", "train.csv"}


def test_what_changes_meanwhile_is_refused(data: Path) -> None:
    identity = identify(str(data), cache=False)
    (data / "train.csv").write_text(table(499))
    with pytest.raises(VioletError, match=r"train\.csv changed while it was read"):
        describe(str(data), identity)


def test_a_shard_that_kills_its_reader_is_not_described(data: Path) -> None:
    """What a worker has no time for is said so, and verified by its digest."""
    (data / "train.csv").write_text(table(200_000))
    from violet.services import dataset

    entry = next(f for f in identify(str(data), cache=False).files if f.path == "train.csv")
    shard = dataset._undescribed(entry, "time", "gave no answer within 1 s")
    assert shard.notes == ("the process that described it gave no answer within 1 s",)
    before = made(data)
    after = replace(before, shards=tuple(shard if s.path == "train.csv" else s for s in before.shards))
    assert compare(before, after) == ()


@pytest.mark.parametrize(("exact", "level"), [(1000, 0), (650, 0), (649, 1), (1, 3)])
def test_all_shards_are_equally_exact(data: Path, exact: int, level: int) -> None:
    levels = {s.row_digests.level for s in made(data, DescribeOptions(exact_rows=exact)).shards if s.row_digests}
    assert levels == {level}


def test_coarse_and_fine_descriptions_can_be_compared(data: Path) -> None:
    before = made(data, DescribeOptions(exact_rows=100))
    text = (data / "train.csv").read_text().replace("\n250,", "\n9250,")
    (data / "train.csv").write_text(text)
    (found,) = told(data, before)
    assert found.startswith("train.csv: something in rows ")
    assert found.endswith('changed, in column "id" (rows are known in blocks of about 64).')


def test_manifests_are_written_whole_and_read_back(data: Path, tmp_path: Path) -> None:
    manifest = made(data)
    file = manifest_path(str(data))
    assert file == f"{data}.data.json"
    digest = write_manifest(manifest, file)
    assert read_manifest(file) == manifest
    import hashlib

    assert digest.value == hashlib.sha256(Path(file).read_bytes()).hexdigest()
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".tmp")]
    with pytest.raises(UsageError, match="cannot be written"):
        write_manifest(manifest, str(tmp_path / "nowhere" / "x.data.json"))
    Path(file).write_bytes(Path(file).read_bytes()[:-40])
    with pytest.raises(VioletError, match="cannot be read: it is not JSON"):
        read_manifest(file)


def test_what_counts_as_a_data_set(data: Path, tmp_path: Path) -> None:
    assert is_data_set(identify(str(data), cache=False))
    assert is_data_set(identify(str(data / "cat"), cache=False))
    model = tmp_path / "model"
    model.mkdir()
    for name in ("model.safetensors", "README.md", "logo.png", "vocab.txt"):
        (model / name).write_bytes(b"x")
    assert not is_data_set(identify(str(model), cache=False))


@pytest.mark.parametrize("path", ["data/", "data", "./data"])
def test_places(path: str) -> None:
    assert os.path.normpath(manifest_path(path)) == "data.data.json"
    assert manifest_path(path, "evidence") == "evidence/data.data.json"


def test_pyarrow_pins_rows_of_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "a.parquet"
    rows = {"id": list(range(1000)), "label": ["a", "b"] * 500}
    parquet.write_table(pyarrow.table(rows), file, row_group_size=300)
    before = made(file, DescribeOptions(decode=True))
    assert before.shards[0].notes == ()
    rows["label"][419] = "z"
    parquet.write_table(pyarrow.table(rows), file, row_group_size=300)
    assert told(file, before) == ['a.parquet: row 420, column "label" changed.']


def test_signed_tampered_and_verified(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through the command line: what changed is named, and an altered description is refused."""
    from violet.faces.cli.main import entry

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VIOLET_KEY_PASSPHRASE", "correct horse")

    def violet(*words: str) -> int:
        try:
            return entry([*words])
        except SystemExit as stop:
            return int(stop.code or 0)

    assert violet("keys", "new", "signer.pem") == 0
    assert violet("sign", "data", "--key", "signer.pem", "--data") == 0

    def verified() -> tuple[int, list[str]]:
        code = violet("verify", "data", "--key", "signer.pem.pub", "--format", "json", "--output", "out.json")
        found = json.loads((tmp_path / "out.json").read_text())["differences"]
        return code, [difference["sentence"] for difference in found if difference["change"] == "data"]

    assert verified() == (0, [])
    text = (data / "train.csv").read_text()
    (data / "train.csv").write_text(text.replace("\n40,", "\n940,"))
    assert verified() == (1, ['train.csv: row 41, column "id" changed.'])
    description = (tmp_path / "data.data.json").read_bytes()
    (tmp_path / "data.data.json").write_bytes(description.replace(b'"level":0', b'"level":0 '))
    assert verified() == (1, ["The description data.data.json is not the one that was signed."])
    (data / "train.csv").write_text(text)
    assert verified()[0] == 1
    (tmp_path / "data.data.json").write_bytes(description)
    assert verified() == (0, [])
