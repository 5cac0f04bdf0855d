"""Pins move to the smallest version without known problems; all else of the file stays."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from violet.actions.base import Settings
from violet.domain.fix import FixReport
from violet.domain.vulnerability import VexStatement
from violet.services.fix import FixOptions, fix
from violet.services.vex import read_documents

ADVISORIES = (
    ("GHSA-0001", "torch", ["0", "2.6.0"]),
    ("GHSA-0002", "torch", ["2.6.0", "2.8.0"]),
    ("GHSA-0003", "numpy", ["0", "1.22.2"]),
    ("GHSA-0004", "hopeless", ["0"]),
    ("GHSA-0005", "early", ["0", "2.0.0rc1", "2.0.0rc1", "2.0.3"]),
    ("MAL-2026-1", "evil", ["0"]),
)


def database(directory: Path) -> Path:
    """Advisories as OSV exports them, imported."""
    from violet.intel.osv.importer import update

    exports = directory / "osv"
    exports.mkdir(exist_ok=True)
    for name, package, bounds in ADVISORIES:
        kinds = ("introduced", "fixed")
        events = [{kinds[number % 2]: version} for number, version in enumerate(bounds)]
        affected = {
            "package": {"ecosystem": "PyPI", "name": package},
            "ranges": [{"type": "ECOSYSTEM", "events": events}],
        }
        entry = {"schema_version": "1.7.0", "id": name, "modified": "2026-01-01T00:00:00Z", "affected": [affected]}
        (exports / f"{name}.json").write_text(json.dumps(entry))
    path = directory / "intel" / "advisories.db"
    update(sorted(map(str, exports.glob("*.json"))), str(path), now=datetime.datetime.now(datetime.UTC))
    return path


def settings_for(directory: Path) -> Settings:
    return Settings(intel=str(database(directory)))


def fixable(directory: Path) -> Path:
    path = directory / "requirements.txt"
    path.write_text("torch==2.5.1\n")
    return path


def refusable(directory: Path) -> Path:
    path = directory / "requirements.txt"
    path.write_text("torch==2.5.1 --hash=sha256:" + "a" * 64 + "\n")
    return path


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_for(tmp_path_factory.mktemp("intel"))


@pytest.fixture(autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def run(path: Path, known: Settings, text: str | bytes) -> FixReport:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return fix(FixOptions((str(path),), ("pins",), settings=known))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("torch==2.5.1", "torch==2.8.0"),
        ("torch == 2.5.1  # why", "torch == 2.8.0  # why"),
        ("Torch[extra,more]===2.5.1 ; python_version>'3.8'", "Torch[extra,more]===2.8.0 ; python_version>'3.8'"),
        ("torch==2.6.0", "torch==2.8.0"),
        ("early==1.0", "early==2.0.3"),
        ("early==2.0.0rc1", "early==2.0.3"),
        ("numpy==1.20.0;python_version>'3.8'", "numpy==1.22.2;python_version>'3.8'"),
    ],
)
def test_the_version_moves_and_nothing_else(tmp_path: Path, known: Settings, before: str, after: str) -> None:
    path = tmp_path / "requirements.txt"
    for mark, end in ((b"", b"\n"), (b"\xef\xbb\xbf", b"\r\n")):
        frame = (
            mark + "# é\n-i https://pypi.org/simple".encode() + end + b"flask==1.0" + end + b"%s" + end + b"six" + end
        )
        report = run(path, known, frame % before.encode())
        assert report.exit_code == 0, report
        assert path.read_bytes() == frame % after.encode()
        assert len(report.fixes) == 1


@pytest.mark.parametrize(
    ("line", "reason", "advice"),
    [
        ("torch==2.5.1 --hash=sha256:" + "a" * 64, "hashes", "pip-compile --generate-hashes"),
        ("torch==2.5.1+cu118", "build of its own", "2.8.0"),
        ("torch>=1,<2", "all versions", "It is a range"),
        ("torch==2.5.*", "all versions", "It is a range"),
        ("hopeless==1.0", "no version is known", "another package"),
        ("evil==1.0", "malware", "Remove evil"),
    ],
)
def test_what_cannot_be_raised_is_refused(tmp_path: Path, known: Settings, line: str, reason: str, advice: str) -> None:
    path = tmp_path / "requirements.txt"
    report = run(path, known, f"six\n{line}\n")
    (item,) = report.unfixed
    assert reason in item.reason
    assert advice in item.advice
    assert item.line == 2
    assert path.read_text() == f"six\n{line}\n"


def vex(directory: Path, *about: tuple[str, str]) -> tuple[VexStatement, ...]:
    if not about:
        return ()
    path = directory / "vex.json"
    statements = [
        {
            "vulnerability": {"name": name},
            "products": [{"@id": product}],
            "status": "not_affected",
            "justification": "vulnerable_code_not_in_execute_path",
        }
        for name, product in about
    ]
    document = {
        "@context": "https://openvex.dev/ns/v0.2.0",
        "@id": "https://acme.example/vex",
        "author": "Acme",
        "timestamp": "2026-01-02T00:00:00Z",
        "version": 1,
        "statements": statements,
    }
    path.write_text(json.dumps(document))
    return read_documents([str(path)])


@pytest.mark.parametrize(
    ("about", "after"),
    [
        ([("GHSA-0001", "pkg:pypi/torch@2.5.1")], "torch==2.5.1\n"),
        ([("GHSA-0001", "pkg:pypi/torch")], "torch==2.5.1\n"),
        ([("GHSA-0001", "pkg:pypi/torch@2.4.0")], "torch==2.8.0\n"),
        ([("GHSA-0001", "pkg:pypi/numpy")], "torch==2.8.0\n"),
        ([("GHSA-0009", "pkg:pypi/torch")], "torch==2.8.0\n"),
        ([("GHSA-0002", "pkg:pypi/torch")], "torch==2.6.0\n"),
        ([], "torch==2.8.0\n"),
    ],
)
def test_statements_on_what_does_not_matter_are_weighed(
    tmp_path: Path, known: Settings, about: list[tuple[str, str]], after: str
) -> None:
    path = fixable(tmp_path)
    report = fix(FixOptions((str(path),), settings=replace(known, vex=vex(tmp_path, *about))))
    assert path.read_text() == after
    assert not report.unfixed


def test_ranges_that_allow_a_good_version_are_no_business_of_it(tmp_path: Path, known: Settings) -> None:
    report = run(tmp_path / "requirements.txt", known, "torch>=2.0\nnumpy\nflask==1.0\n")
    assert report.fixes == ()
    assert report.exit_code == 0


def test_a_project_file(tmp_path: Path, known: Settings) -> None:
    text = """# project
[project]
name = "é"
dependencies = ["torch==2.5.1", 'numpy == 1.20.0 ; python_version > "3.8"', "requests>=2"]

[dependency-groups]
dev = [
    "torch==2.6.0",  # for the tests
]
"""
    path = tmp_path / "pyproject.toml"
    report = run(path, known, text)
    assert report.exit_code == 0
    wanted = text.replace("2.5.1", "2.8.0").replace("1.20.0", "1.22.2").replace("2.6.0", "2.8.0")
    assert path.read_text() == wanted


def test_a_conda_environment(tmp_path: Path, known: Settings) -> None:
    text = (
        "dependencies:\n  - python=3.11\n  - numpy=1.20.0\n  - numpy=1.20.0=py39_0\n  - pip:\n    - torch==2.5.1  # x\n"
    )
    path = tmp_path / "environment.yml"
    report = run(path, known, text)
    assert path.read_text() == text.replace("numpy=1.20.0\n", "numpy=1.22.2\n").replace("2.5.1", "2.8.0")
    assert "not pinned by a plain version" in report.unfixed[0].reason


LOCKS = {
    "uv.lock": ('version = 1\n\n[[package]]\nname = "torch"\nversion = "2.5.1"\n', "uv lock --upgrade-package torch"),
    "poetry.lock": ('[[package]]\nname = "torch"\nversion = "2.5.1"\n', "poetry"),
    "Pipfile.lock": ('{"default": {"torch": {"version": "==2.5.1"}}}', "pipenv upgrade"),
}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_are_left_to_their_tools(tmp_path: Path, known: Settings, name: str) -> None:
    text, command = LOCKS[name]
    report = run(tmp_path / name, known, text)
    assert command in report.unfixed[0].advice
    assert (tmp_path / name).read_text() == text


def test_without_advisories_nothing_was_examined(tmp_path: Path) -> None:
    report = run(tmp_path / "requirements.txt", Settings(intel=str(tmp_path / "none.db")), "torch==2.5.1\n")
    assert report.exit_code == 3
    assert "violet intel" in report.unexamined[0].reason


ENTRIES = (
    "torch==2.5.1", "torch == 2.6.0", "numpy==1.20.0", "flask==1.0", "# torch==2.5.1", "", "-r other.txt", "six",
    "torch>=2.0", "hopeless==1", "git+https://example.org/torch==2.5.1", "torch[a]==2.5.1 ; os_name=='nt'",
)  # fmt: skip


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(st.sampled_from(ENTRIES), max_size=8), end=st.sampled_from(["\n", "\r\n"]))
def test_only_versions_change(tmp_path: Path, known: Settings, lines: Sequence[str], end: str) -> None:
    path = tmp_path / "requirements.txt"
    run(path, known, end.join(lines))
    for before, after in zip(lines, path.read_bytes().decode().split(end), strict=False):
        if not before or before[0] == "#" or "git" in before or ("torch" not in before and "numpy" not in before):
            assert after == before
        elif "==" in before:
            assert after == before.replace("2.5.1", "2.8.0").replace("2.6.0", "2.8.0").replace("1.20.0", "1.22.2")
