"""Promotion and the watch against a real MLflow server, from the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.registries.conftest import Server
from violet.domain import UsageError, VioletError
from violet.faces.cli.main import entry
from violet.registries.mlflow import MlflowRegistry, RegistryError

POLICY = """
[gate.requirements.no-high-findings]
expression = 'findings.all(f, f.severity < severity("high"))'
description = "No finding is of severity high or above."

[gate.environments.signed.requirements.signed]
expression = 'signature.verified'
description = "The model is signed."

[trust.signers.release]
key = "release.pub"
"""
START = [sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mlflow_server: Server) -> Path:
    """A working directory with a policy and a key, from which the server is known."""
    for name in [name for name in os.environ if name.startswith("VIOLET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_server.address)
    monkeypatch.setenv("VIOLET_KEY_PASSPHRASE", "correct horse")
    (tmp_path / "violet.toml").write_text(POLICY)
    assert entry(["keys", "new", "release.key"]) == 0
    made = next(path for path in tmp_path.iterdir() if path.name.endswith(".pub"))
    made.rename(tmp_path / "release.pub")
    return tmp_path


def promote(version: str, *more: str) -> int:
    return entry(["promote", version, "--alias", "champion", "--run-missing", *more])


def aliases(server: Server, model: str) -> dict[str, str]:
    found = server.client.get_registered_model(model).aliases
    return {name: str(version) for name, version in found.items()}


def test_an_allowed_version_gets_the_alias_and_the_decision(
    desk: Path, mlflow_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = mlflow_server.good("allowed"), mlflow_server.good("allowed")
    assert promote(f"allowed@{first}") == 0
    assert promote(f"models:/allowed/{second}") == 0
    assert aliases(mlflow_server, "allowed") == {"champion": second}
    assert f"Undo: violet promote allowed@{first} --alias champion" in capsys.readouterr().out
    tags = mlflow_server.client.get_model_version("allowed", second).tags
    assert tags["violet.gate"].startswith("allow ")
    assert tags["violet.digest"].startswith("dirHash:")
    assert tags["violet.policy"].startswith("sha256:")


def test_a_denied_version_gets_nothing(desk: Path, mlflow_server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    good, evil = mlflow_server.good("denied"), mlflow_server.evil("denied")
    assert promote(f"denied@{good}") == 0
    assert promote(f"denied@{evil}", "--output", "decision.sarif") == 1
    assert aliases(mlflow_server, "denied") == {"champion": good}
    assert "was not changed" in capsys.readouterr().out
    assert json.loads((desk / "decision.sarif").read_text())["runs"][0]["results"]


def test_a_rehearsal_sets_nothing(desk: Path, mlflow_server: Server) -> None:
    version = mlflow_server.good("rehearsed")
    assert promote(f"rehearsed@{version}", "--dry-run") == 0
    assert aliases(mlflow_server, "rehearsed") == {}
    assert not mlflow_server.client.get_model_version("rehearsed", version).tags


def test_evidence_is_kept_with_the_version_and_found_there(desk: Path, mlflow_server: Server) -> None:
    """Sign what was trained, attach the signature, and promote where the policy wants one."""
    version = mlflow_server.good("attached")
    assert promote(f"attached@{version}", "--environment", "signed") == 1
    registry = MlflowRegistry(mlflow_server.address)
    (desk / "files").mkdir()
    files = registry.fetch(registry.version("attached", version), str(desk / "files"))
    (desk / "evidence").mkdir()
    assert entry(["sign", files, "--key", "release.key", "--signature", "evidence/model.sig"]) == 0
    assert entry(["mlflow", "attach", f"attached@{version}", "evidence"]) == 0
    assert promote(f"attached@{version}", "--environment", "signed", "--key", "release.key") == 0
    kept = mlflow_server.client.list_artifacts(
        mlflow_server.client.get_model_version("attached", version).run_id, f"violet/{version}"
    )
    names = [Path(entry.path).name for entry in kept]
    assert "model.sig" in names
    assert any(name.endswith(".dsse.json") for name in names), "the signed summary is kept, too"


def watch_once(model: str, *more: str) -> int:
    return entry(["mlflow", "watch", "--once", "--model", model, "--run-missing", "--state", "state.json", *more])


def test_the_watch_puts_back_what_others_set(
    desk: Path, mlflow_server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    good, evil = mlflow_server.good("watched"), mlflow_server.evil("watched")
    mlflow_server.client.set_registered_model_alias("watched", "champion", good)
    assert watch_once("watched") == 0
    mlflow_server.client.set_registered_model_alias("watched", "champion", evil)
    capsys.readouterr()
    assert watch_once("watched", "--dry-run", "--format", "json") == 1
    event = json.loads(capsys.readouterr().out)
    assert (event["action"], event["version"], event["to"]) == ("would-revert", evil, good)
    assert aliases(mlflow_server, "watched") == {"champion": evil}
    assert watch_once("watched", "--output", "events.jsonl") == 1
    assert "put back to" in capsys.readouterr().out
    assert aliases(mlflow_server, "watched") == {"champion": good}
    assert json.loads((desk / "events.jsonl").read_text())["action"] == "reverted"
    assert watch_once("watched") == 0


def test_the_watch_takes_away_what_was_never_allowed(desk: Path, mlflow_server: Server) -> None:
    mlflow_server.client.set_registered_model_alias("never", "champion", mlflow_server.evil("never"))
    assert watch_once("never") == 1
    assert aliases(mlflow_server, "never") == {}


def test_the_watch_goes_on_until_it_is_told_to_end(desk: Path, mlflow_server: Server) -> None:
    evil = mlflow_server.evil("live")
    arguments = ["mlflow", "watch", "--model", "live", "--run-missing", "--interval", "0.2", "--format", "json"]
    process = subprocess.Popen([*START, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        mlflow_server.client.set_registered_model_alias("live", "champion", evil)
        event = json.loads(process.stdout.readline())
        assert (event["action"], event["alias"], event["version"]) == ("removed", "champion", evil)
        assert aliases(mlflow_server, "live") == {}
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.stdout.close()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["promote", "nothing", "--alias", "champion"], 2, "MODEL@VERSION"),
        (["promote", "absent@1", "--alias", "champion"], 2, "knows nothing of absent@1"),
        (["mlflow", "attach", "absent@1", "."], 2, "knows nothing"),
        (["mlflow", "attach", "absent@1"], 2, "Attach what to what?"),
        (["mlflow", "watch", "fraud@1"], 2, "takes no 'fraud@1'"),
        (["mlflow", "watch", "--interval", "0"], 2, "--interval"),
        (["mlflow", "watch", "--once", "--tracking-uri", "http://127.0.0.1:9"], 3, ""),
    ],
)
def test_bad_usage_is_explained(
    desk: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, words: str
) -> None:
    assert entry(arguments) == code
    assert words in capsys.readouterr().err


def test_what_is_fetched_is_what_was_logged(mlflow_server: Server, tmp_path: Path) -> None:
    """No file more: the digest is that of the directory that was trained."""
    version = mlflow_server.good("exact")
    registry = MlflowRegistry(mlflow_server.address)
    path = Path(registry.fetch(registry.version("exact", version), str(tmp_path)))
    assert path.name == "exact"
    assert sorted(entry.name for entry in path.iterdir()) == ["MLmodel", "model.pkl"]


def test_nothing_is_made_in_the_working_directory(desk: Path, mlflow_server: Server) -> None:
    before = sorted(desk.iterdir())
    version = mlflow_server.good("tidy")
    promote(f"tidy@{version}")
    assert sorted(desk.iterdir()) == before


def test_errors_are_told_apart(mlflow_server: Server) -> None:
    with pytest.raises(UsageError, match="knows nothing"):
        MlflowRegistry(mlflow_server.address).version("absent", "1")
    with pytest.raises(RegistryError):
        list(MlflowRegistry("http://127.0.0.1:9").models())
    assert issubclass(RegistryError, VioletError)
