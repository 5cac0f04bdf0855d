"""``violet profile`` and ``violet drift`` as users meet them: real files, every format, every exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas
import pytest

from violet.faces.cli.commands import drift as drift_command
from violet.faces.cli.commands import profile as profile_command
from violet.faces.cli.parser import Parser

if TYPE_CHECKING:
    from types import ModuleType

COMMANDS = {"profile": profile_command, "drift": drift_command}


def table(rows: int, seed: int, shift: float = 0.0, thief: bool = False) -> pandas.DataFrame:
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, rows)
    p = 1 / (1 + np.exp(-(age - 40) / 5))
    client = rng.integers(0, 60, rows).astype(str)
    if thief:
        theirs = rng.random(rows) < 0.3
        client = np.where(theirs, "thief", client)
        age = np.where(theirs, rng.uniform(0, 200, rows), age)
    return pandas.DataFrame(
        {
            "id": np.arange(rows),
            "age": age + shift,
            "town": rng.choice(["oslo", "rome"], rows),
            "account": client,
            "at": pandas.date_range("2026-11-01", periods=rows, freq="min"),
            "p": p,
            "paid": (rng.random(rows) < p).astype(int),
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("drift")
    table(6000, 0).to_parquet(made / "train.parquet", index=False)
    table(5000, 1).to_csv(made / "same.csv", index=False)
    table(5000, 2, shift=6).to_parquet(made / "older.parquet", index=False)
    table(5000, 3, thief=True).to_parquet(made / "stolen.parquet", index=False)
    table(5000, 4).drop(columns="town").to_parquet(made / "short.parquet", index=False)
    return made


@pytest.fixture(autouse=True)
def inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)


def run(*words: str) -> int:
    """As ``violet`` runs a command, but for the list of commands."""
    module: ModuleType = COMMANDS[words[0]]
    parser = Parser(prog=f"violet {words[0]}", description=module.DESCRIPTION, examples=module.EXAMPLES)
    module.add_arguments(parser)
    code: int = module.run(parser.parse_all(list(words[1:])), list(words))
    return code


ROLES = ("--time-column", "at", "--client-column", "account", "--score", "p", "--truth", "paid")


@pytest.fixture(scope="module")
def profile(folder: Path) -> str:
    path = str(folder / "train.profile")
    before = os.getcwd()
    os.chdir(folder)
    try:
        assert run("profile", "train.parquet", "-o", path, *ROLES, "--quiet") == 0
    finally:
        os.chdir(before)
    return path


def compared(capsys: pytest.CaptureFixture[str], *words: str, code: int) -> dict[str, Any]:
    assert run("drift", *words, "--format", "json", "--isolated") == code
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def test_a_profile_says_what_is_in_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("profile", "train.parquet", "-o", "said.profile", *ROLES) == 0
    text = capsys.readouterr().out
    assert "6,000 rows" in text
    assert "1 numbers: age" in text
    assert "1 categories: town" in text
    assert "6,000 answers of the model, 6,000 with a known truth" in text
    assert "id was left out: it names the rows" in text
    assert "Again: violet profile train.parquet" in text
    assert os.path.getsize("said.profile") < 300_000


def test_the_same_data_are_no_drift(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = compared(capsys, profile, "same.csv", code=0)
    assert document["drift"]["change"] == "stable"
    assert document["drift"]["performance"]["calibrated"], "the profile remembers which columns are what"
    assert document["drift"]["windows"][0]["start"].startswith("2026-11-01T")
    assert document["drift"]["clients"]["carriers"] == "unknown"


def test_drift_denies(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = compared(capsys, profile, "older.parquet", code=1)
    found = {finding["rule"]: finding for finding in document["report"]["findings"]}
    assert found["drift/column"]["severity"] == "medium"
    assert "'age'" in found["drift/column"]["message"]
    assert document["drift"]["clients"]["carriers"] == "many"
    assert run("drift", profile, "older.parquet", "--fail-on", "high", "--quiet", "--isolated") == 0
    assert run("drift", profile, "older.parquet", "--threshold", "0.6", "--quiet", "--isolated") == 0


def test_a_thief_is_told_from_drift(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = compared(capsys, profile, "stolen.parquet", "--fail-on", "high", code=1)
    clients = document["drift"]["clients"]
    assert clients["carriers"] == "few"
    assert clients["top"][0]["client"] == "thief"
    assert "drift/few-clients" in {finding["rule"] for finding in document["report"]["findings"]}


def test_a_column_that_cannot_be_compared_is_an_exit_code(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    document = compared(capsys, profile, "short.parquet", code=3)
    assert [one["name"] for one in document["drift"]["columns"] if one["change"] == "uncompared"] == ["town"]
    assert document["report"]["skipped"]
    assert compared(capsys, profile, "short.parquet", "--exclude", "town", code=0)


def test_data_are_compared_with_data_as_with_their_profile(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    by_data = compared(capsys, "train.parquet", "older.parquet", *ROLES, code=1)
    by_profile = compared(capsys, profile, "older.parquet", code=1)
    assert by_data["drift"]["columns"] == by_profile["drift"]["columns"]
    assert by_data["drift"]["reference_digest"] == by_profile["drift"]["reference_digest"]


def test_profiles_of_parts_add_up_to_that_of_the_whole(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    older = pandas.read_parquet("older.parquet")
    older[:2000].to_parquet("a.parquet", index=False)
    older[2000:].to_parquet("b.parquet", index=False)
    for name in ("a", "b"):
        assert run("profile", f"{name}.parquet", "--like", profile, "-o", f"{name}.profile", *ROLES, "--quiet") == 0
    assert run("profile", "a.profile", "b.profile", "-o", "both.profile", "--quiet") == 0
    added = compared(capsys, profile, "both.profile", code=1)["drift"]
    whole = compared(capsys, profile, "older.parquet", code=1)["drift"]
    for one, other in zip(added["columns"], whole["columns"], strict=True):
        for figure in ("effect", "psi", "jensen_shannon", "rows_after", "chi2"):
            assert one[figure] == other[figure], figure
        assert one["wasserstein"] == pytest.approx(other["wasserstein"]) if other["wasserstein"] else True
    assert added["performance"]["after"] == pytest.approx(whole["performance"]["after"])


def test_windows_by_rows_and_by_time(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    days = compared(capsys, profile, "older.parquet", "--by-time", "1d", code=1)["drift"]["windows"]
    assert [window["rows"] for window in days] == [1440, 1440, 1440, 680]
    rows = compared(capsys, profile, "older.parquet", "--window", "1000", code=1)["drift"]["windows"]
    assert [window["rows"] for window in rows] == [1000] * 5


def test_every_format_is_written(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"out.{suffix}" for suffix in ("html", "json", "md", "sarif", "xml", "txt")]
    outputs = [word for name in names for word in ("--output", name)]
    assert run("drift", profile, "stolen.parquet", *outputs, "--quiet", "--isolated") == 1
    assert capsys.readouterr().out == ""
    for name in names:
        text = Path(name).read_text("utf-8")
        assert "drift/few-clients" in text, name
    assert json.loads(Path("out.sarif").read_text())["runs"][0]["results"]


def test_the_command_it_prints_gives_the_same_figures(profile: str, capsys: pytest.CaptureFixture[str]) -> None:
    first = compared(capsys, profile, "older.parquet", "--seed", "3", code=1)["drift"]
    words = first["command"].split()
    assert words[:2] == ["violet", "drift"]
    again = compared(capsys, *words[2:], code=1)["drift"]
    for timed in (first, again):
        timed.pop("seconds")
        timed.pop("command")
    assert again == first


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("drift", "train.parquet", "none.csv"), "no such file"),
        (("drift", "train.parquet", "same.csv", "--window", "9"), "50 or more"),
        (("drift", "train.parquet", "same.csv", "--window", "99", "--by-time", "1d"), "do not go together"),
        (("drift", "train.parquet", "same.csv", "--by-time", "soon"), "--by-time soon: that is no length of time"),
        (("drift", "train.parquet", "same.csv", "--by-time", "1d"), "needs to know when"),
        (("drift", "train.parquet", "same.csv", "--threshold", "7"), "between 0 and 1"),
        (("drift", "train.parquet", "same.csv", "--level", "0"), "between 0 and 0.2"),
        (("drift", "train.parquet", "same.csv", "--columns", "agee"), "no column 'agee'"),
        (("drift", "train.parquet", "same.csv", "--fail-on", "often"), "--fail-on"),
        (("drift", "train.parquet", "same.csv", "--segment", "nope"), "no column 'nope'"),
        (("profile", "same.csv", "-o", "no/where.profile"), "does not exist"),
        (("profile", "same.csv", "-o", "x.profile", "--keep-rows", "-1"), "between 0 and"),
        (("profile", "same.csv", "-o", "x.profile", "--like", "train.parquet"), "no profile that can be used"),
        (("profile", "same.csv", "-o", "x.profile", "--like", "a", "--segment", "town"), "does not go with"),
    ],
)
def test_wrong_usage_is_explained(words: tuple[str, ...], complaint: str) -> None:
    from violet.domain import VioletError

    with pytest.raises(VioletError, match=complaint):
        run(*words)
    assert not Path("x.profile").exists()


def test_profiles_of_other_bins_are_not_compared(profile: str) -> None:
    from violet.domain import UsageError

    assert run("profile", "same.csv", "-o", "own.profile", "--quiet") == 0
    with pytest.raises(UsageError, match="other bins"):
        run("drift", profile, "own.profile")
    with pytest.raises(UsageError, match="other bins"):
        run("profile", profile, "own.profile", "-o", "x.profile")
    with pytest.raises(UsageError, match="is a profile"):
        run("profile", profile, "same.csv", "-o", "x.profile")


def test_raw_rows_stay_out_where_that_is_asked_for() -> None:
    from violet.detectors.profile.file import load_profile

    assert run("profile", "train.parquet", "-o", "bare.profile", "--keep-rows", "0", "--quiet") == 0
    reference = load_profile("bare.profile")[0].layout.reference
    assert reference is not None
    assert not len(reference.sample)


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\n"
        "import violet.faces.cli.commands.profile, violet.faces.cli.commands.drift\n"
        "heavy = {'numpy', 'pyarrow', 'scipy', 'pandas', 'jinja2', 'rich', 'msgspec'} & set(sys.modules)\n"
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
