"""``violet attest`` as users meet it: every kind of bad evidence has its message and its exit code."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.provenance.attesting import Signer, signer
from violet.faces.cli.main import entry

START = [sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``ci``, ``dev`` and ``eve``, each ``.pem`` and ``.pub``."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    folder = tmp_path_factory.mktemp("keys")
    for name in ("ci", "dev", "eve"):
        who: Signer = signer(folder, name)
        pem = who.key.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / f"{name}.pem").write_bytes(pem)
        (folder / f"{name}.pem").chmod(0o600)
    return folder


@pytest.fixture
def place(tmp_path: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with two models and the keys."""
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    shutil.copytree(keys, tmp_path / "keys")
    (tmp_path / "model.pkl").write_bytes(pickle.dumps([1, 2, 3]))
    (tmp_path / "other.pkl").write_bytes(pickle.dumps([4, 5, 6]))
    return tmp_path


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def violet(place: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def verify(violet: Run, *more: str, trust: tuple[str, ...] = ("ci",), target: str = "model.pkl") -> tuple[int, Any]:
    trusted = [word for name in trust for word in ("--trust", f"keys/{name}.pub")]
    code, out, err = violet("attest", "verify", target, *trusted, *more, "--format", "json")
    assert not err
    return code, json.loads(out)


def leave(violet: Run, *more: str, key: str = "ci", target: str = "model.pkl") -> Path:
    code, out, err = violet("attest", "scan", target, "--key", f"keys/{key}.pem", *more, "--format", "json")
    assert code == 0, err
    return Path(json.loads(out)["path"])


def refused(result: Any) -> list[str]:
    return [entry["code"] for entry in result["refused"]]


def edit(file: Path, change: Callable[[dict[str, Any]], object]) -> None:
    value = json.loads(file.read_bytes())
    change(value)
    file.write_text(json.dumps(value))


def edit_payload(file: Path, old: bytes, new: bytes) -> None:
    def change(value: dict[str, Any]) -> None:
        payload = base64.b64decode(value["payload"])
        assert old in payload
        value["payload"] = base64.b64encode(payload.replace(old, new)).decode()

    edit(file, change)


def test_a_scan_is_attested_and_verified(violet: Run) -> None:
    written = leave(violet, "--expires", "90d")
    code, result = verify(violet, "--require", "test-result")
    assert code == 0
    assert result["verified"] is True
    assert [entry["path"] for entry in result["believed"]] == [str(written)]
    assert result["believed"][0]["signers"] == ["ci"]
    assert result["believed"][0]["says"].startswith("PASSED")


def _expired(_file: Path, _violet: Run) -> list[str]:
    return ["--at", "2100-01-01T00:00:00Z"]


def _early(_file: Path, _violet: Run) -> list[str]:
    return ["--at", "2020-01-01T00:00:00Z"]


def _other_content(_file: Path, _violet: Run) -> list[str]:
    Path("model.pkl").write_bytes(pickle.dumps([1, 2, 4]))
    return []


def _copied_from_another(file: Path, violet: Run) -> list[str]:
    other = leave(violet, target="other.pkl")
    shutil.copy(other, file.parent)
    file.unlink()
    return []


def _stranger(file: Path, violet: Run) -> list[str]:
    file.unlink()
    leave(violet, key="eve")
    return []


def _payload(file: Path, _violet: Run) -> list[str]:
    edit_payload(file, b'"result":"PASSED"', b'"result":"PASSEd"')
    return []


def _expiry(file: Path, _violet: Run) -> list[str]:
    edit_payload(file, b'"violet_expires":"20', b'"violet_expires":"21')
    return []


def _signature(file: Path, _violet: Run) -> list[str]:
    def change(value: dict[str, Any]) -> None:
        raw = bytearray(base64.b64decode(value["signatures"][0]["sig"]))
        raw[-1] ^= 1
        value["signatures"][0]["sig"] = base64.b64encode(bytes(raw)).decode()

    edit(file, change)
    return []


def _unsigned(file: Path, _violet: Run) -> list[str]:
    edit(file, lambda value: value.update(signatures=[]))
    return []


def _truncated(file: Path, _violet: Run) -> list[str]:
    file.write_bytes(file.read_bytes()[:-20])
    return []


def _blank(file: Path, _violet: Run) -> list[str]:
    file.write_bytes(file.read_bytes() + b" ")
    return []


def _empty(file: Path, _violet: Run) -> list[str]:
    file.write_bytes(b"")
    return []


def _linked(file: Path, _violet: Run) -> list[str]:
    file.rename("elsewhere.dsse.json")
    file.symlink_to(Path("elsewhere.dsse.json").absolute())
    return []


def _elsewhere(_file: Path, _violet: Run) -> list[str]:
    return ["--environment", "production"]


def _nonce(_file: Path, _violet: Run) -> list[str]:
    return ["--nonce", "today"]


def _threshold(_file: Path, _violet: Run) -> list[str]:
    return ["--threshold", "2"]


@pytest.mark.parametrize(
    ("attack", "code", "says"),
    [
        (_expired, "expired", "it expired at"),
        (_early, "not-yet-valid", "it was issued at"),
        (_other_content, "wrong-subject", "and model.pkl has sha256:"),
        (_copied_from_another, "wrong-subject", "it is about other.pkl with sha256:"),
        (_stranger, "unknown-signer", "signed by nobody who is trusted (key "),
        (_payload, "bad-signature", "altered"),
        (_expiry, "bad-signature", "altered"),
        (_signature, "bad-signature", "altered"),
        (_unsigned, "bad-signature", "carries no signature"),
        (_truncated, "malformed", "is not JSON"),
        (_blank, "malformed", "was changed since it was written"),
        (_empty, "malformed", "is not JSON"),
        (_linked, "malformed", "is a link"),
        (_elsewhere, "replayed", "made for the environment 'staging'"),
        (_nonce, "replayed", "the nonce 'today' was asked for"),
        (_threshold, "too-few-signers", "1 of the 2 signers"),
    ],
)
def test_refused_and_said_why(violet: Run, attack: Callable[[Path, Run], list[str]], code: str, says: str) -> None:
    file = leave(violet, "--expires", "90d", "--environment", "staging")
    more = attack(file, violet)
    exit_code, result = verify(violet, *more)
    assert exit_code == 1
    assert result["verified"] is False
    assert refused(result) == [code]
    assert says in result["refused"][0]["reason"]
    assert result["refused"][0]["fix"]
    assert result["believed"] == []
    trusted = ("--trust", "keys/ci.pub", *more)
    listed, out, err = violet("attest", "list", "model.pkl", *trusted)
    assert (listed, err) == (0, "")
    assert code in out
    assert violet("attest", "list", "model.pkl", "--strict", *trusted)[0] == 1


def test_a_replayed_copy_does_not_make_two(violet: Run) -> None:
    file = leave(violet)
    shutil.copy(file, file.parent / "copy.dsse.json")
    code, result = verify(violet)
    assert code == 1
    assert refused(result) == ["replayed"]
    assert len(result["believed"]) == 1
    assert verify(violet, "--threshold", "2")[0] == 1


def test_not_vouched_for(violet: Run) -> None:
    leave(violet)
    Path("violet.toml").write_text('[trust.signers.ci]\nkey = "keys/ci.pub"\nvouches_for = ["vex"]\n')
    code, result = verify(violet, trust=())
    assert code == 1
    assert refused(result) == ["not-vouched-for"]


def test_two_signers(violet: Run) -> None:
    file = leave(violet)
    code, out, _ = violet("attest", "countersign", str(file), "--key", "keys/dev.pem", "--format", "json")
    assert code == 0
    assert not file.exists(), "the new file took its place"
    assert Path(json.loads(out)["path"]).exists()
    code, result = verify(violet, "--threshold", "2", trust=("ci", "dev"))
    assert code == 0
    assert result["believed"][0]["signers"] == ["ci", "dev"]
    code, result = verify(violet, "--threshold", "2", trust=("ci",))
    assert refused(result) == ["too-few-signers"]


def test_two_keys_at_once(violet: Run) -> None:
    violet("attest", "scan", "model.pkl", "--key", "keys/ci.pem", "--key", "keys/dev.pem")
    assert verify(violet, "--threshold", "2", trust=("ci", "dev"))[0] == 0


def test_clock_skew_is_an_option(violet: Run) -> None:
    leave(violet, "--expires", "1h")
    assert verify(violet, "--at", "2100-01-01T00:00:00Z", "--clock-skew", "4000w")[0] == 0
    assert verify(violet, "--at", "2100-01-01T00:00:00Z", "--clock-skew", "1d")[0] == 1


def test_a_newer_result_supersedes(violet: Run) -> None:
    old = leave(violet)
    new = leave(violet)
    code, result = verify(violet)
    assert code == 0
    assert [entry["path"] for entry in result["believed"]] == [str(new)]
    assert [(entry["path"], entry["code"]) for entry in result["superseded"]] == [(str(old), "superseded")]


def test_nothing_to_believe(violet: Run) -> None:
    code, result = verify(violet)
    assert code == 1
    assert result["reasons"] == ["There is nothing to believe."]
    leave(violet)
    code, result = verify(violet, "--require", "summary")
    assert code == 1
    assert result["reasons"] == ["No believed attestation is of the type summary."]


def test_the_scan_leaves_one_too(violet: Run) -> None:
    code, out, err = violet(
        "scan", "model.pkl", "--attest", "--key", "keys/ci.pem", "--expires", "1d", "--format", "json"
    )
    assert code == 0
    assert json.loads(out)["schema"] == "violet-report/1"
    assert "the result was signed: model.pkl.attestations" in err
    assert verify(violet)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["scan", "model.pkl", "--key", "keys/ci.pem"], "--key and --expires belong to --attest"),
        (["scan", "model.pkl", "--attest"], "There is no key to sign with."),
        (["scan", "model.pkl", "other.pkl", "--attest", "--key", "keys/ci.pem"], "for one file or directory"),
        (["scan", "model.pkl", "--attest", "--key", "keys/ci.pem", "--expires", "soon"], "--expires"),
        (["attest", "scan", "model.pkl"], "There is no key to sign with."),
        (["attest", "scan", "model.pkl", "--key", "absent.pem"], "absent.pem"),
        (["attest", "scan", "model.pkl", "--key", "keys/ci.pub"], "public key"),
        (["attest", "scan", "absent.pkl", "--key", "keys/ci.pem"], "absent.pkl does not exist"),
        (["attest", "scan", "-", "--key", "keys/ci.pem"], "neither a file nor a directory"),
        (["attest", "scan", "model.pkl", "--key", "keys/ci.pem", "--expires", "90"], "write a number with"),
        (["attest", "scan", "model.pkl", "--key", "keys/ci.pem", "--data", "x"], "--data says nothing to scan"),
        (["attest", "scan", "model.pkl", "--key", "keys/ci.pem", "--fail-on", "x"], "is not a severity"),
        (["attest", "scan", "model.pkl", "--key", "keys/ci.pem", "--store", "model.pkl"], "is no directory"),
        (["attest", "training", "model.pkl", "--key", "keys/ci.pem"], "Nothing is said"),
        (["attest", "training", "model.pkl", "--key", "keys/ci.pem", "--data", "absent"], "absent does not exist"),
        (["attest", "derivation", "model.pkl", "--key", "keys/ci.pem", "--base", "other.pkl"], "is no relation"),
        (["attest", "statement", "model.pkl", "--key", "keys/ci.pem"], "needs --predicate-type"),
        (["attest", "revoke", "model.pkl", "--key", "keys/ci.pem"], "needs a reason"),
        (["attest", "revoke", "sha256:" + "ab" * 32, "--reason", "x", "--key", "keys/ci.pem"], "Add --store DIR"),
        (["attest", "countersign", "model.pkl", "--key", "keys/ci.pem"], "no DSSE envelope"),
        (["attest", "export", "model.pkl"], "--oci DIR"),
        (["attest", "export", "model.pkl", "--oci", "layout"], "There are no attestations"),
        (["attest", "verify", "model.pkl", "--trust", "absent.pub"], "absent.pub"),
        (["attest", "verify", "model.pkl", "--threshold", "0"], "--threshold must be 1 or more"),
        (["attest", "verify", "model.pkl", "--at", "noon"], "'noon' is no time"),
        (["attest", "verify", "model.pkl", "--require", "no type"], "neither a URI nor"),
        (["attest", "verify", "model.pkl", "--store", "absent"], "absent is no directory"),
        (["attest", "improve", "model.pkl"], "invalid choice"),
    ],
)
def test_wrong_usage(violet: Run, arguments: list[str], says: str) -> None:
    code, out, err = violet(*arguments)
    assert code in (2, 3)
    assert says in err
    assert out == ""
    assert "Traceback" not in err
    assert not list(Path.cwd().rglob("*.dsse.json"))


def test_a_pipe_is_not_trusted(violet: Run) -> None:
    os.mkfifo("pipe")
    code, _, err = violet("attest", "scan", "pipe", "--key", "keys/ci.pem")
    assert code == 2
    assert "neither a file nor a directory" in err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_place(violet: Run, place: Path) -> None:
    place.chmod(0o500)
    try:
        code, _, err = violet("attest", "scan", "model.pkl", "--key", "keys/ci.pem")
    finally:
        place.chmod(0o700)
    assert code == 2
    assert "cannot be written" in err


def test_any_predicate_can_be_attested(violet: Run) -> None:
    Path("vex.json").write_text('{"statements": []}')
    code, _, err = violet(
        "attest", "statement", "model.pkl", "--predicate-type", "vex", "--predicate", "vex.json", "--key", "keys/ci.pem"
    )
    assert (code, err) == (0, "")
    _, result = verify(violet)
    assert result["believed"][0]["predicate_type"] == "https://openvex.dev/ns/v0.2.0"
    Path("vex.json").write_text("[]")
    for file in ("vex.json", "absent.json", "/dev/stdin"):
        code, _, err = violet(
            "attest", "statement", "model.pkl", "--predicate-type", "vex", "--predicate", file, "--key", "keys/ci.pem"
        )
        assert code == 2
        assert "is no predicate" in err


def test_export_and_read_back(violet: Run) -> None:
    leave(violet)
    code, out, _ = violet("attest", "export", "model.pkl", "--oci", "layout")
    assert code == 0
    assert out == "1 attestation of model.pkl written to layout.\n"
    shutil.rmtree("model.pkl.attestations")
    assert verify(violet)[0] == 1
    assert verify(violet, "--store", "layout")[0] == 0


def test_a_directory_is_bound_as_a_whole(violet: Run, place: Path) -> None:
    folder = place / "model"
    folder.mkdir()
    (folder / "a.pkl").write_bytes(pickle.dumps(1))
    leave(violet, target="model/")
    assert verify(violet, target="model")[0] == 0
    (folder / "b.txt").write_text("one file more")
    code, result = verify(violet, target="model")
    assert code == 1
    assert refused(result) == ["wrong-subject"]


def test_it_runs_as_a_program(place: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*START, *arguments], capture_output=True, text=True, check=False)

    done = run("attest", "scan", "model.pkl", "--key", "keys/ci.pem", "--output", "written.json")
    assert (done.returncode, done.stdout, done.stderr) == (0, "Wrote written.json.\n", "")
    assert json.loads(Path("written.json").read_text())["type"] == "test-result"
    done = run("attest", "verify", "model.pkl", "--trust", "keys/ci.pub")
    assert done.returncode == 0
    assert "VERIFIED: 1 believed, 0 refused" in done.stdout
    assert "Again: violet attest verify model.pkl --trust keys/ci.pub" in done.stdout


def test_names_cannot_command_the_terminal(violet: Run, place: Path) -> None:
    file = leave(violet)
    file.rename(file.parent / "x\x1b[31m.dsse.json")
    _, out, _ = violet("attest", "list", "model.pkl", "--trust", "keys/ci.pub")
    assert "\x1b" not in out
    assert "\\x1b" in out
