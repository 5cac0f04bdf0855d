"""Where settings are found, how they combine, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from violet.domain import ConfigurationError, Severity
from violet.policy import NEVER_FAIL
from violet.services.configuration import (
    FILE,
    as_text,
    ignore_source,
    keys,
    load,
    parse_fail_on,
    parse_seconds,
    parse_size,
    policy,
)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "project"
    place.mkdir()
    monkeypatch.chdir(place)
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    return place


def test_defaults() -> None:
    configuration = load()
    assert configuration.file == ""
    assert policy(configuration).fail_on is Severity.HIGH
    assert all(setting.origin == "default" for setting in configuration.settings.values())


def test_found_upward(here: Path) -> None:
    file = write(here / FILE, "[policy]\nfail_on = 'medium'\n[scan.bounds]\ndepth = 3\n")
    below = here / "a" / "b"
    below.mkdir(parents=True)
    configuration = load(str(below))
    assert configuration.file == str(file)
    assert configuration.settings["policy.fail_on"].origin == str(file)
    assert policy(configuration).fail_on is Severity.MEDIUM
    assert configuration.bounds == (("depth", 3),)


def test_in_the_project_file(here: Path) -> None:
    write(here / "pyproject.toml", "[tool.violet.scan]\njobs = 3\n")
    assert load().value("scan.jobs") == 3
    write(here / "inner" / "pyproject.toml", "[tool.other]\nx = 1\n")
    assert load(str(here / "inner")).value("scan.jobs") == 3


def test_two_files_are_one_too_many(here: Path) -> None:
    write(here / "pyproject.toml", "[tool.violet.scan]\njobs = 3\n")
    write(here / FILE, "")
    with pytest.raises(ConfigurationError, match="Both"):
        load()


def test_a_directory_that_everybody_writes_to_is_passed_over(here: Path) -> None:
    write(here / FILE, "[scan]\njobs = 9\n")
    below = here / "below"
    below.mkdir()
    here.chmod(0o777)
    assert load(str(below)).value("scan.jobs") == 0
    assert load(str(here)).value("scan.jobs") == 9


def test_environment_wins_over_the_file(here: Path) -> None:
    write(here / FILE, "[scan]\njobs = 3\n")
    configuration = load(environment={"VIOLET_SCAN_JOBS": "5", "VIOLET_SCAN_DEEP": "yes"})
    assert configuration.settings["scan.jobs"].value == 5
    assert configuration.settings["scan.jobs"].origin == "VIOLET_SCAN_JOBS"
    assert configuration.value("scan.deep") is True
    with pytest.raises(ConfigurationError, match="VIOLET_SCAN_JOBS"):
        load(environment={"VIOLET_SCAN_JOBS": "many"})


def test_named_and_isolated(here: Path, tmp_path: Path) -> None:
    write(here / FILE, "[scan]\njobs = 3\n")
    write(here / ".violetignore", "*.pkl\n")
    named = write(tmp_path / "other.toml", "[scan]\njobs = 4\n")
    assert load(file=str(named)).value("scan.jobs") == 4
    isolated = load(isolated=True)
    assert isolated.value("scan.jobs") == 0
    assert isolated.ignore == ()
    assert isolated.found_files == ()
    with pytest.raises(ConfigurationError):
        load(file=str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[scan]\njob = 3\n", "Did you mean 'scan.jobs'"),
        ("fail_on = 'high'\n", "Did you mean 'policy.fail_on'"),
        ("[policy]\nfail_on = 'severe'\n", "not a severity"),
        ("[policy]\nfail_on = 'never'\n", NEVER_FAIL),
        ("[scan]\njobs = -1\n", "whole number"),
        ("[scan]\njobs = true\n", "whole number"),
        ("[scan]\njobs = '2 '\n", "whole number"),
        ("[scan]\nmemory = '1 parsec'\n", "not a size"),
        ("[scan]\nmemory = 5\n", "too little"),
        ("[scan]\ntimeout = 0\n", "seconds"),
        ("[scan]\nignore = 3\n", "list of texts"),
        ("[scan]\ndeep = 'perhaps'\n", "neither true nor false"),
        ("scan = 3\n", "does not exist"),
        ("nonsense", "TOML"),
        ("[[policy.waive]]\nrule = 'a/b'\n", "policy.waive"),
    ],
)
def test_mistakes_are_explained(here: Path, text: str, message: str) -> None:
    write(here / FILE, text)
    with pytest.raises(ConfigurationError) as caught:
        load()
    assert message in caught.value.diagnostics()


def test_the_policy_of_the_gate_is_kept_as_it_stands(here: Path) -> None:
    write(here / FILE, "[gate]\nmax_waiver_days = 3\nnonsense = true\n[policy]\nfail_on = 'low'\n")
    configuration = load()
    assert configuration.gate == {"max_waiver_days": 3, "nonsense": True}
    assert policy(configuration).fail_on == Severity.LOW
    assert load(isolated=True).gate is None


def test_ignore_files_beside_the_configuration_and_where_one_stands(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(here / FILE, "[scan]\nignore = ['*.tmp']\n")
    write(here / ".violetignore", "a\n")
    write(here / "below" / ".violetignore", "b\n")
    monkeypatch.chdir(here / "below")
    configuration = load()
    assert [source.base for source in configuration.ignore] == [str(here), str(here / "below"), str(here)]
    assert set(configuration.found_files) == {
        str(here / ".violetignore"),
        str(here / "below" / ".violetignore"),
        str(here / FILE),
    }


def test_a_named_ignore_file(here: Path) -> None:
    source = ignore_source(str(write(here / "mine", "\ufeffa\nb\n")))
    assert source.lines[:2] == ((1, "a"), (2, "b"))
    assert not source.found
    with pytest.raises(ConfigurationError):
        ignore_source("absent")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("64MiB", 64 << 20), ("1 GiB", 1 << 30), ("1.5g", 3 << 29), (str(1 << 27), 1 << 27), (1 << 27, 1 << 27)],
)
def test_sizes(text: object, expected: int) -> None:
    assert parse_size(text) == expected


@pytest.mark.parametrize("value", ["", "x", "-1", "1..5GiB", True, None, "infGiB", "1e9"])
def test_bad_sizes(value: object) -> None:
    with pytest.raises(ValueError, match=r"size|little"):
        parse_size(value)


@pytest.mark.parametrize("value", ["nan", "inf", "-1", 0, True, None, "x"])
def test_bad_seconds(value: object) -> None:
    with pytest.raises(ValueError, match="seconds"):
        parse_seconds(value)


def test_letting_everything_through_takes_a_long_word() -> None:
    assert parse_fail_on(NEVER_FAIL) == NEVER_FAIL
    assert parse_fail_on("Critical") == "critical"


def test_every_key_can_be_shown() -> None:
    assert all(as_text(key.default) and key.help for key in keys())
