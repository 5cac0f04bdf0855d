"""What people do wrong, and what is wrong around Violet: told in a sentence, with the way out. And what is printed
for pasting, pasted."""

from __future__ import annotations

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import pytest

from violet.faces.cli.main import entry

HOSTILE = b"cos\nsystem\n(S'echo violet'\ntR."
START = [sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]
PROGRAM = (
    '#!/bin/sh\nexec "$PYTHON" -P -c "import sys; from violet.faces.cli.main import entry; sys.exit(entry())" "$@"\n'
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("VIOLET_KEY_PASSPHRASE", "a passphrase")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    (tmp_path / "programs").mkdir()
    program = tmp_path / "programs" / "violet"
    program.write_text(PROGRAM)
    program.chmod(0o755)
    monkeypatch.setenv("PYTHON", sys.executable)
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:{os.environ['PATH']}")
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    (work / "good.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    assert entry(["keys", "new", "signer.pem"]) == 0
    return work


def pasted(command: str) -> int:
    return subprocess.run(["bash", "-c", command], capture_output=True, check=False).returncode


def printed(text: str) -> list[str]:
    """The commands in a report: behind a word and a colon."""
    return re.findall(r"(?m)^\s*(?:Again|Next|Undo): (violet .*)$", text)


@pytest.mark.parametrize("name", ['model\'s "best".pkl', "two\nlines.pkl", os.fsdecode(b"caf\xe9.pkl"), "\x1b[2J.pkl"])
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["scan"], 0),
        (["attest", "scan", "--key", "signer.pem"], 0),
        (["attest", "list"], 0),
        (["lineage"], 0),
        (["intel", "match"], 3),
    ],
)
def test_what_is_printed_runs_when_it_is_pasted(
    place: Path, capsys: pytest.CaptureFixture[str], name: str, arguments: list[str], code: int
) -> None:
    os.rename("good.pkl", name)
    assert entry([*arguments, name]) == code
    commands = printed(capsys.readouterr().out)
    assert commands or code == 3
    for command in commands:
        assert pasted(command) == 0


@pytest.mark.parametrize("store", [[], ["--store", "kept"]])
def test_what_comes_next_names_the_public_key(
    place: Path, capsys: pytest.CaptureFixture[str], store: list[str]
) -> None:
    capsys.readouterr()
    assert entry(["attest", "scan", "good.pkl", "--key", "signer.pem", *store]) == 0
    (command,) = printed(capsys.readouterr().out)
    assert "--trust signer.pem.pub" in command
    assert pasted(command) == 0


def test_what_comes_after_a_second_signature(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["keys", "new", "second.pem"]) == 0
    assert entry(["attest", "scan", "good.pkl", "--key", "signer.pem"]) == 0
    (envelope,) = Path("good.pkl.attestations").glob("*.dsse.json")
    capsys.readouterr()
    assert entry(["attest", "countersign", str(envelope), "--key", "second.pem"]) == 0
    (command,) = printed(capsys.readouterr().out)
    assert pasted(command.replace("PUBLIC_KEY", "signer.pem.pub")) == 0


def test_a_key_that_lies_elsewhere_is_not_made_up(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.rename("signer.pem.pub", "elsewhere.pub")
    capsys.readouterr()
    assert entry(["attest", "scan", "good.pkl", "--key", "signer.pem"]) == 0
    assert "--trust PUBLIC_KEY" in capsys.readouterr().out


def test_names_behind_two_dashes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.rename("good.pkl", "-good.pkl")
    (place / "evil.pkl").write_bytes(HOSTILE)
    assert entry(["scan", "--quiet", "--", "-good.pkl"]) == 0
    assert entry(["scan", "--quiet", "--", "-good.pkl", "evil.pkl"]) == 1
    assert entry(["bom", "--format", "json", "--", "-good.pkl"]) == 0
    capsys.readouterr()
    assert entry(["scan", "-good.pkl"]) == 2
    assert "./-good.pkl" in capsys.readouterr().err
    assert entry(["scan", "--", "--deep"]) == 2
    assert "'--deep' cannot be scanned" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("attest verfy good.pkl", "Did you mean verify?"),
        ("policy expalin", "Did you mean explain?"),
        ("keys good.pkl new", "The action comes first: violet keys ACTION good.pkl"),
        ("scan good.pkl --format xml", "there is console, json"),
        ("attest verify good.pkl --key signer.pem.pub", "To believe a public key: --trust FILE"),
        ("intel status --format sarif", "writes console and json"),
        ("rules --output rules.html", "End it in one of .json .txt"),
        ("config --output nowhere/config.json", "The directory nowhere does not exist"),
        ("verify good.pkl --key signer.pem.pub --output .", "is a directory"),
        ("sign good.pkl --key signer.pem --output signed.xml", "does not say which format"),
    ],
)
def test_mistakes_are_told_with_the_way_out(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, said: str
) -> None:
    assert entry(command.split()) == 2
    assert said in capsys.readouterr().err


def test_nothing_is_signed_where_the_result_cannot_be_written(place: Path) -> None:
    assert entry(["sign", "good.pkl", "--key", "signer.pem", "--output", "nowhere/signed.json"]) == 2
    assert not Path("good.pkl.sig").exists()


@pytest.mark.parametrize(
    "command",
    [
        "rules",
        "config",
        "keys show signer.pem",
        "sign good.pkl --key signer.pem",
        "attest list good.pkl",
        "attest revoke good.pkl --reason wrong --key signer.pem",
        "lineage good.pkl",
        "bom good.pkl",
        "intel match --package torch==2.5.1",
    ],
)
def test_the_suffix_of_a_file_decides(place: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    if command.startswith("intel"):
        affected = {"package": {"ecosystem": "PyPI", "name": "x"}, "versions": ["1"]}
        advisory = {"id": "X-1", "modified": "2026-01-01T00:00:00Z", "affected": [affected]}
        (place / "osv.json").write_text(json.dumps(advisory))
        assert entry(["intel", "update", "osv.json"]) == 0
    capsys.readouterr()
    assert entry([*command.split(), "--output", "result.json"]) == 0
    json.loads((place / "result.json").read_text())
    assert capsys.readouterr().out, "where something was written is said, or the report is shown"


def test_a_bill_that_was_written_says_so(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert entry(["bom", "good.pkl", "--output", "good.cdx.json"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Wrote good.cdx.json: CycloneDX of good.pkl")
    assert out.count("\n") == 1


def test_verify_believes_one_more_key(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["sign", "good.pkl", "--key", "signer.pem"]) == 0
    assert entry(["verify", "good.pkl", "--trust", "signer.pem.pub"]) == 0
    capsys.readouterr()
    assert entry(["verify", "good.pkl", "--trust", "ci=signer.pem.pub", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["signers"][0]["name"] == "ci"


def test_what_was_imported_elsewhere_is_looked_for_there(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "osv.json").write_text("[]")
    entry(["intel", "update", "osv.json", "--directory", "kept there"])
    command = capsys.readouterr().out.rpartition("See what is there: ")[2]
    assert pasted(command) == entry(["intel", "status", "--directory", "kept there"])


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_an_output_that_is_full(place: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run([*START, "rules"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 3
    assert "No space left on device" in done.stderr
    assert "internal error" not in done.stderr


@pytest.mark.parametrize("command", [["scan", "."], ["verify", "x", "--key", "y"], ["config"], ["lineage", "x"]])
def test_a_working_directory_that_was_removed(place: Path, command: list[str]) -> None:
    gone = place / "gone"
    gone.mkdir()
    script = f"rmdir ../gone && violet {' '.join(command)}"
    done = subprocess.run(["bash", "-c", script], cwd=gone, capture_output=True, text=True, check=False)
    assert done.returncode in (2, 3)
    assert "internal error" not in done.stderr
    assert "working directory is not there" in done.stderr


def test_a_report_that_cannot_be_written_leaves_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    before = sorted(os.listdir())
    assert entry(["bom", "good.pkl", "--output", "good.cdx.json"]) == 2
    assert sorted(os.listdir()) == before


@pytest.mark.parametrize(
    ("words", "among"),
    [
        (["violet", ""], "lineage"),
        (["violet", "attest", ""], "countersign"),
        (["violet", "gate", "in"], "init"),
        (["violet", "bom", "di"], "diff"),
        (["violet", "intel", "match", ".", "--format", ""], "sarif"),
        (["violet", "verify", "--tr"], "--trust"),
    ],
)
def test_completions(place: Path, capsys: pytest.CaptureFixture[str], words: list[str], among: str) -> None:
    capsys.readouterr()
    assert entry(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    script += f"COMP_WORDS=({' '.join(repr(word) for word in words)}); COMP_CWORD={len(words) - 1}; _violet\n"
    script += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    assert among in done.stdout.split()


def test_the_width_is_what_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    from violet.faces.cli.output import terminal_width

    monkeypatch.delenv("COLUMNS", raising=False)
    assert terminal_width() is None, "standard output is no terminal here"
    for said, width in (("120", 120), ("0", None), ("-5", None), ("wide", None), ("9999999", None), ("²", None)):
        monkeypatch.setenv("COLUMNS", said)
        assert terminal_width() == width


@pytest.mark.parametrize("command", ["promote", "mlflow", "admission"])
def test_the_gate_is_asked_with_the_configuration_that_was_named(
    command: str,
) -> None:
    """Each command hands it on; that the gate obeys it is tested where the gate is."""
    from violet.faces.cli.commands import admission, mlflow, promote
    from violet.faces.cli.parser import Parser
    from violet.services.gate import GateOptions

    module = {"promote": promote, "mlflow": mlflow, "admission": admission}[command]
    parser = Parser(prog=command, description="", examples="")
    module.add_arguments(parser)

    words = {
        "promote": ["fraud@7", "--alias", "champion"],
        "mlflow": ["watch"],
        "admission": ["review", "x.json"],
    }[command]
    for extra, config, isolated in (([], "", False), (["--config", "c.toml", "--isolated"], "c.toml", True)):
        arguments = parser.parse_all([*words, *extra])
        if command == "admission":
            options = admission._options(arguments).gate
        else:
            options = promote.gate_options(arguments, GateOptions)
        assert (options.config, options.isolated) == (config, isolated)
    if command == "promote":
        assert promote._same(arguments) == ["--config", "c.toml", "--isolated"]
