"""The command line as users meet it: in processes of their own where that matters, else through ``entry``."""

from __future__ import annotations

import json
import os
import pickle
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from violet.faces.cli.main import COMMANDS, entry
from violet.policy import NEVER_FAIL

HOSTILE = b"cos\nsystem\n(S'echo violet'\ntR."
START = [sys.executable, "-P", "-c", "from violet.faces.cli.main import main; main()"]


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with ``models/good.pkl`` and ``models/evil.pkl``."""
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "good.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    (folder / "evil.pkl").write_bytes(HOSTILE)
    return folder


def violet(*arguments: str, **more: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*START, *arguments], capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload,no-any-return]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["models/good.pkl"], 0),
        (["models/evil.pkl"], 1),
        (["models"], 1),
        (["absent"], 2),
        (["models", "--fail-on", "whatever"], 2),
        (["models", "--jobs", "0"], 2),
        (["models", "--memory", "1"], 2),
        (["models", "--output", "no/such/directory.html"], 2),
        (["models", "--output", "report.unknown"], 2),
        (["models", "--unknown"], 2),
        ([], 2),
        (["empty"], 3),
        (["unknown.xyz"], 3),
        (["models", "--fail-on", NEVER_FAIL], 0),
    ],
)
def test_exit_codes(models: Path, arguments: Sequence[str], code: int) -> None:
    (models.parent / "empty").mkdir()
    (models.parent / "unknown.xyz").write_bytes(bytes(range(1, 200)))
    assert entry(["scan", *arguments]) == code


def test_json_is_alone_on_standard_output(models: Path) -> None:
    ended = violet("scan", "models", "--format", "json")
    assert ended.returncode == 1
    report = json.loads(ended.stdout)
    assert [f["path"] for f in report["findings"] if f["severity"] == "critical"] == ["models/evil.pkl"]
    assert ended.stderr == ""


def test_the_console_report_names_what_would_run(models: Path) -> None:
    ended = violet("scan", "models")
    assert "os.system" in ended.stdout
    assert "models/evil.pkl" in ended.stdout
    assert "\x1b[" not in ended.stdout
    assert "violet scan models" in ended.stdout


def test_reports_go_to_files_by_suffix_and_the_console_stays(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = ("r.html", "r.sarif", "r.json", "r.xml", "r.md", "r.txt")
    outputs = [word for name in names for word in ("--output", name)]
    assert entry(["scan", "models", *outputs]) == 1
    assert "os.system" in capsys.readouterr().out
    contents = {name: Path(name).read_text(encoding="utf-8") for name in names}
    assert contents["r.html"].startswith("<!")
    assert json.loads(contents["r.sarif"])["version"] == "2.1.0"
    assert json.loads(contents["r.json"])["findings"]
    assert "<testsuite" in contents["r.xml"]
    assert all("os.system" in text for text in contents.values())
    assert sorted(os.listdir()) == sorted([*names, "models"])


def test_one_file_takes_the_format_asked_for(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["scan", "models", "--format", "sarif", "--output", "results.json", "--quiet"]) == 1
    assert json.loads(Path("results.json").read_text(encoding="utf-8"))["version"] == "2.1.0"
    assert capsys.readouterr().out == ""


def test_baseline_round_trip(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["scan", "models", "--write-baseline", "accepted.json"]) == 0
    assert entry(["scan", "models", "--baseline", "accepted.json"]) == 0
    (models / "evil2.pkl").write_bytes(HOSTILE)
    assert entry(["scan", "models", "--baseline", "accepted.json"]) == 1
    capsys.readouterr()
    assert entry(["scan", "models", "--baseline", "models/evil.pkl"]) == 2
    assert "baseline" in capsys.readouterr().err


def test_ignore_files_of_the_working_directory(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path(".violetignore").write_text("evil.*\n", encoding="utf-8")
    assert entry(["scan", "models"]) == 0
    capsys.readouterr()
    assert entry(["scan", "models", "--format", "json"]) == 0
    skipped = json.loads(capsys.readouterr().out)["skipped"]
    assert [(s["path"], s["reason"]) for s in skipped] == [("models/evil.pkl", "ignored by .violetignore:1")]


def test_settings_in_what_is_scanned_cannot_hide_anything(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / ".violetignore").write_text("*\n", encoding="utf-8")
    (models / "violet.toml").write_text(f"[policy]\nfail_on = '{NEVER_FAIL}'\n", encoding="utf-8")
    assert entry(["scan", "models", "--format", "json"]) == 1
    rules = [f["rule"] for f in json.loads(capsys.readouterr().out)["findings"]]
    assert rules.count("supply_chain/scan-settings-in-target") == 2
    assert entry(["scan", "models", "--ignore-file", "models/.violetignore"]) == 3  # nothing is left to examine


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry([name, "--help"]) == 0
    assert "examples:" in capsys.readouterr().out
    assert entry(["help", name]) == 0


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["sacn"], "Did you mean: violet scan?"),
        (["scan", ".", "--formt=json"], "Did you mean --format?"),
        (["rules", "explain", "worker-death"], "Did you mean 'artifact/worker-death'?"),
        (["."], "To examine a file: violet scan ."),
        (["zzzzzz"], "See: violet --help"),
    ],
)
def test_mistakes_get_a_suggestion(arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(arguments) == 2
    assert hint in capsys.readouterr().err


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    from violet import __version__

    assert entry(["--version"]) == 0
    assert capsys.readouterr().out == f"violet {__version__}\n"
    assert entry(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(name in text and summary in text for name, summary in COMMANDS)
    assert entry([]) == 2


def test_rules_can_be_listed_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["rules", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert "artifact/worker-death" in {rule["id"] for rule in listed}
    for rule in listed:
        assert entry(["rules", "explain", rule["id"]]) == 0
        text = capsys.readouterr().out
        assert rule["title"] in text
        assert "What it looks for" in text


def test_configuration_is_shown_with_its_origin(
    models: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("violet.toml").write_text("[scan]\njobs = 3\n", encoding="utf-8")
    monkeypatch.setenv("VIOLET_POLICY_FAIL_ON", "low")
    assert entry(["config", "show", "--format", "json"]) == 0
    settings = json.loads(capsys.readouterr().out)["settings"]
    assert settings["scan.jobs"]["origin"].endswith("violet.toml")
    assert settings["policy.fail_on"] == {"value": "low", "origin": "VIOLET_POLICY_FAIL_ON"}
    assert settings["scan.timeout"]["origin"] == "default"
    assert entry(["config"]) == 0
    assert "scan.jobs" in capsys.readouterr().out


def test_debug_shows_where_it_came_from(models: Path) -> None:
    plain, debug = violet("scan", "absent"), violet("--debug", "scan", "absent")
    assert "Traceback" not in plain.stderr
    assert "Traceback" in debug.stderr
    assert "Traceback" in violet("scan", "absent", "--debug").stderr


def test_a_reader_that_leaves_is_no_error(models: Path) -> None:
    for number in range(300):
        (models / f"{number}.pkl").write_bytes(HOSTILE)
    process = subprocess.Popen([*START, "scan", "models"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    process.wait(120)
    assert errors == b""


def test_interruption_leaves_no_worker_behind(models: Path, tmp_path: Path) -> None:
    """Ctrl-C on a terminal goes to the whole process group. All of it must be gone afterwards."""
    (models / "long.pkl").write_bytes(b"(" + b"N0" * 60_000_000 + b"N.")
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*START, "scan", "models"],
        stdin=terminal,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    os.close(terminal)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (workers := children.read_text(encoding="ascii").split()):
        assert process.poll() is None
    held = [os.pidfd_open(int(pid)) for pid in workers]
    os.killpg(process.pid, signal.SIGINT)
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130
    assert b"Traceback" not in errors
    os.close(controller)
    poll = select.poll()
    for descriptor in held:
        poll.register(descriptor, select.POLLIN)
    assert len(poll.poll(20_000)) == len(held)
    for descriptor in held:
        os.close(descriptor)


def test_progress_is_shown_on_a_terminal_only_and_removed() -> None:
    from violet.faces.cli.progress import line

    shown = line(5, 10, "a/very/long/path/" * 20 + "\x1b[31mmodel.pkl", 60)
    assert len(shown) < 60
    assert "5/10" in shown
    assert shown.endswith("model.pkl")
    assert "\x1b" not in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name, _ in COMMANDS)
    assert "--write-baseline" in script or "write-baseline" in script


def test_bash_completions_work() -> None:
    script = violet("completion", "bash").stdout
    script += "COMP_WORDS=(violet scan --basel); COMP_CWORD=2; _violet; echo ${COMPREPLY[@]}\n"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert ended.stdout == "--baseline\n"


def test_code_in_the_working_directory_is_not_run(models: Path) -> None:
    """Whoever scans stands in a directory of files that others made."""
    for name in ("json", "select", "argparse", "rich", "violet"):
        Path(f"{name}.py").write_text("raise SystemExit('code from the working directory was run')\n", encoding="utf-8")
    metadata = Path("evil-1.dist-info")
    metadata.mkdir()
    (metadata / "entry_points.txt").write_text("[violet.checks]\nevil = json\n", encoding="utf-8")
    ended = violet("scan", "models")
    assert ended.returncode == 1
    assert "was run" not in ended.stdout + ended.stderr
