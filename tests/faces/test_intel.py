"""``violet intel`` as its users meet it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.intel.advisories import ML, ZERO, archive, entry
from violet.faces.cli.main import entry as violet


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an export, a project and a place for advisories of its own."""
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    archive(tmp_path / "PyPI.zip", ML)
    (tmp_path / "requirements.txt").write_text("torch==2.5.1\nkeras>=3\nflask==3.1\n")
    return tmp_path


@pytest.fixture
def ready(work: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    assert violet(["intel", "update", "PyPI.zip"]) == 0
    capsys.readouterr()
    return work


def test_update_and_status(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert violet(["intel", "update", "PyPI.zip"]) == 0
    assert f"{len(ML)} entries; {len(ML)} added, 0 changed, 0 unchanged; 0 refused" in capsys.readouterr().out
    assert violet(["intel", "update", "PyPI.zip"]) == 0
    assert "the same content was imported" in capsys.readouterr().out
    assert violet(["intel", "status"]) == 0
    out = capsys.readouterr().out
    assert f"{len(ML)} advisories" in out
    assert str(work / "data" / "violet" / "intel" / "advisories.db") in out
    assert violet(["intel", "status", "--format", "json"]) == 0
    status = json.loads(capsys.readouterr().out)
    assert status["schema"] == "violet-intel-status/1"
    assert status["advisories"] == len(ML)
    assert status["age_days"] < 1


def test_refused_entries_are_told(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive(work / "bad.zip", [entry("A-1", "x", ZERO), {"id": "B-1"}])
    assert violet(["intel", "update", "--format", "json", "bad.zip"]) == 3
    (source,) = json.loads(capsys.readouterr().out)["sources"]
    assert (source["added"], source["rejected"]) == (1, 1)
    assert source["problems"] == ["B-1.json: modified is no time"]


def test_match(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert violet(["intel", "match", "requirements.txt"]) == 1
    out = capsys.readouterr().out
    assert "torch 2.5.1  requirements.txt:1" in out
    assert "critical 9.3  CVE-2025-32434" in out
    assert "[allowed, not certain]" in out
    assert "Again: violet intel match requirements.txt" in out
    assert violet(["intel", "match", "requirements.txt", "--fail-on", "never-fail-i-accept-everything"]) == 0


def test_match_as_json(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert violet(["intel", "match", ".", "--format", "json", "--output", "report.json"]) == 1
    assert "DENY: 1 critical" in capsys.readouterr().out  # the console's report stays, as with a scan
    report = json.loads((ready / "report.json").read_text())
    assert report["schema"] == "violet-vulnerabilities/1"
    assert report["decision"]["verdict"] == "deny"
    assert report["summary"]["counts"]["critical"] == 1
    first = report["matches"][0]
    assert first["id"] == "CVE-2025-32434"
    assert first["fixed"] == ["2.6.0"]
    assert first["component"]["origin"] == "requirements.txt:1"
    assert first["vex"] is None


@pytest.mark.parametrize("fmt", ["markdown", "sarif", "junit", "html"])
def test_other_formats(ready: Path, capsys: pytest.CaptureFixture[str], fmt: str) -> None:
    assert violet(["intel", "match", "requirements.txt", "--format", fmt]) == 1
    assert "CVE-2025-32434" in capsys.readouterr().out


def test_match_with_vex(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert violet(["intel", "match", "--package", "torch==2.5.1", "--write-vex", "vex.json", "--vex-author", "Me"]) == 1
    document = json.loads((ready / "vex.json").read_text())
    assert document["author"] == "Me"
    document["statements"][0] |= {"status": "not_affected", "justification": "component_not_present"}
    (ready / "vex.json").write_text(json.dumps(document))
    capsys.readouterr()
    assert violet(["intel", "match", "--package", "torch==2.5.1", "--vex", "vex.json"]) == 0
    out = capsys.readouterr().out
    assert "Suppressed by VEX, and not counted: 1" in out
    assert "component not present (Me," in out


def test_packages_and_what_cannot_be_told(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert violet(["intel", "match", "--package", "torch==2.6.0"]) == 0
    assert violet(["intel", "match", "--package", "npm:x==1"]) == 3
    assert "no advisories are imported for npm" in capsys.readouterr().out


def test_show(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert violet(["intel", "show", "cve-2025-32434"]) == 0
    out = capsys.readouterr().out
    assert "GHSA-53q9-r3pm-6pq6" in out
    assert "PYSEC-2025-41" in out
    assert "introduced 0, fixed 2.6.0" in out
    assert violet(["intel", "show", "CVE-2025-1550", "--format", "json"]) == 0
    (advisory,) = json.loads(capsys.readouterr().out)["advisories"]
    assert advisory["affected"][0]["ranges"][0]["events"][1] == {"kind": "fixed", "version": "3.9.0"}


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["match", "."], 3, "violet intel update FILE"),
        (["status"], 3, "No advisories are imported"),
        (["update"], 2, "nothing to import"),
        (["update", "absent.zip"], 2, "cannot be read"),
        (["match"], 2, "nothing to match"),
        (["match", "absent"], 2, "does not exist"),
        (["show"], 2, "Which advisory?"),
        (["status", "x"], 2, "takes no names"),
        (["status", "--fail-on", "low"], 2, "--fail-on is for"),
        (["status", "--replace"], 2, "--replace is for"),
        (["show", "X", "--format", "sarif"], 2, "no sarif"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_errors(work: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str) -> None:
    assert violet(["intel", *arguments]) == code
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err


def test_errors_with_advisories(ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert violet(["intel", "show", "CVE-1"]) == 2
    assert violet(["intel", "match", ".", "--fail-on", "awful"]) == 2
    (ready / "vex.json").write_text("{}")
    assert violet(["intel", "match", ".", "--vex", "vex.json"]) == 2
    (ready / "data" / "violet" / "intel" / "advisories.db").write_text("x" * 1000)
    assert violet(["intel", "status"]) == 3
    assert "cannot be read" in capsys.readouterr().err


def test_a_hostile_advisory_does_not_reach_the_terminal(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nasty = "\x1b[31mred\u202e | `x` [y](z)"
    value = entry("A-1\u202e", "x", ZERO, ("fixed", "2\x1b[0m"), summary=nasty, aliases=["CVE-1"])
    (work / "nasty.json").write_text(json.dumps([value, entry("B-1", "x", ZERO, summary=nasty)]))
    violet(["intel", "update", "nasty.json"])
    for arguments in (
        ["match", "--package", "x==1"],
        ["match", "--package", "x==1", "--format", "markdown"],
        ["show", "B-1"],
    ):
        violet(["intel", *arguments])
        out = capsys.readouterr().out
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_the_configured_directory(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (work / "violet.toml").write_text('[intel]\ndirectory = "advisories"\n')
    assert violet(["intel", "update", "PyPI.zip"]) == 0
    assert (work / "advisories" / "advisories.db").exists()
    assert violet(["intel", "match", "--package", "torch==2.6.0"]) == 0
    assert violet(["intel", "match", "--package", "torch==2.6.0", "--isolated"]) == 3


def test_matching_loads_little(ready: Path) -> None:
    import subprocess
    import sys

    script = (
        "import sys, json\nfrom violet.faces.cli.main import entry\n"
        "entry(['intel', 'match', '--package', 'torch==2.6.0', '--output', 'o.txt'])\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(json.loads(ended.stdout.splitlines()[-1]))
    assert not loaded & {"packaging", "cryptography", "yaml", "rich", "jinja2", "model_signing", "numpy"}
