"""Data sets that are signed with a description: what changed inside is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from violet.domain.signature import Change, Outcome, VerifyResult
from violet.services.keys import make
from violet.services.sign import SignOptions, VerifyOptions, sign, trusted, verify


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    make("key", "p256", None)
    (tmp_path / "train").mkdir()
    for shard in ("a", "b"):
        rows = "".join(f"{number},{shard}{number},{number * 1.5}\n" for number in range(300))
        (tmp_path / "train" / f"{shard}.csv").write_text("id,name,price\n" + rows)
    return tmp_path / "train"


def check(path: str = "train", *, data: bool = True) -> VerifyResult:
    return verify(VerifyOptions(path, signers=trusted(["key.pub"]), data=data, cache=False))


def test_a_changed_row_is_named(data: Path) -> None:
    result = sign(SignOptions("train", "key", data=True))
    assert result.dataset == "train.data.json"
    assert check().holds
    table = data / "b.csv"
    table.write_text(table.read_text().replace("\n77,b77,", "\n77,evil,"))
    found = check(data=False)
    assert [(d.change, d.path) for d in found.differences] == [(Change.ALTERED, "b.csv"), (Change.DATA, "b.csv")]
    assert 'row 78, column "name"' in found.differences[1].sentence


def test_progress_goes_on_while_a_change_is_looked_for(data: Path) -> None:
    sign(SignOptions("train", "key", data=True))
    table = data / "b.csv"
    table.write_text(table.read_text().replace("\n77,b77,", "\n77,evil,"))
    seen: list[tuple[int, int, str]] = []
    options = VerifyOptions("train", signers=trusted(["key.pub"]), data=True, cache=False)
    verify(options, lambda *now: seen.append(now))
    size = sum(file.stat().st_size for file in data.iterdir())
    assert [now for now in seen if now == (size, size, "b.csv")] == [(size, size, "b.csv")] * 3, (
        "hashed, named, described"
    )


def test_a_single_file(data: Path) -> None:
    sign(SignOptions("train/a.csv", "key", data=True))
    assert check("train/a.csv").holds
    with (data / "a.csv").open("a") as file:
        file.write("300,new,0\n")
    assert "row 301" in check("train/a.csv").reason


@pytest.mark.parametrize("wrong", ["altered", "missing", "pipe"])
def test_the_description_is_signed_too(data: Path, wrong: str) -> None:
    description = Path(sign(SignOptions("train", "key", data=True)).dataset)
    content = description.read_bytes()
    description.unlink()
    if wrong == "altered":
        description.write_bytes(content + b"\n")
    if wrong == "pipe":
        description.mkdir()
    found = check()
    assert found.outcome is Outcome.TAMPERED
    assert "train.data.json" in found.reason


def test_data_that_was_signed_without_one(data: Path) -> None:
    sign(SignOptions("train", "key"))
    assert check(data=False).holds
    found = check()
    assert found.outcome is Outcome.TAMPERED
    assert "was not signed as a data set" in found.reason
