"""``violet keys``, ``violet sign`` and ``violet verify`` as they are typed."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from violet.faces.cli.main import entry

VIOLET = Path(sys.executable).parent / "violet"
PASSPHRASE = "correct horse battery staple"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a model and a key."""
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("VIOLET_KEY_PASSPHRASE", PASSPHRASE)
    place = tmp_path / "place"
    (place / "model").mkdir(parents=True)
    (place / "model" / "weights.bin").write_bytes(b"w" * 1000)
    (place / "model" / "config.json").write_bytes(b"{}")
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def key(here: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert entry(["keys", "new", "signer.pem"]) == 0
    capsys.readouterr()
    return "signer.pem"


def test_from_a_key_to_a_verified_model(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["keys", "new", "signer.pem"]) == 0
    made = capsys.readouterr().out
    assert entry(["keys", "show", "signer.pem"]) == 0
    assert capsys.readouterr().out == made
    assert "encrypted" in made
    assert entry(["sign", "model", "--key", "signer.pem"]) == 0
    assert "model.sig" in capsys.readouterr().out
    (here / "violet.toml").write_text('[sign]\nkey = "signer.pem"\n[trust.signers.release]\nkey = "signer.pem.pub"\n')
    assert entry(["verify", "model"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("verified: model is what release signed: 2 files.\n")
    again = shlex.split(said.split("again ")[1])
    assert entry(again[1:]) == 0
    assert entry(["sign", "model/"]) == 0, "the key of the configuration, and no slash in the name"
    assert sorted(os.listdir()) == ["model", "model.sig", "signer.pem", "signer.pem.pub", "violet.toml"]


def test_json(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["sign", "model", "--key", key, "--format", "json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["signature"], made["files"], made["bytes"], made["algorithm"]) == ("model.sig", 2, 1002, "sha256")
    Path("model/new").touch()
    assert entry(["verify", "model", "--key", f"{key}.pub", "--format", "json", "--output", "out.json"]) == 1
    found = json.loads(Path("out.json").read_bytes())
    assert found["outcome"] == "unsigned-files"
    assert found["holds"] is False
    assert [(d["change"], d["path"]) for d in found["differences"]] == [("added", "new")]
    assert found["signers"][0]["key_id"] == made["signer"]["key_id"] == found["claimed"][0]
    assert entry(["verify", "model", "--key", f"{key}.pub", "--ignore-unsigned"]) == 0
    assert "1 files that nobody signed: new" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("verify model --key signer.pem.pub", 1, "There is no signature model.sig."),
        ("verify model", 2, "Nobody is trusted"),
        ("verify absent --key signer.pem.pub", 2, "absent does not exist"),
        ("verify model --key absent.pub", 2, "absent.pub does not exist"),
        ("verify model --key signer.pem", 2, "is a private key"),
        ("verify model --identity me", 2, "belong together"),
        ("verify model --trust-config x --key signer.pem.pub", 2, "needs --identity"),
        ("sign model", 2, "no key to sign with"),
        ("sign absent --key signer.pem", 2, "absent does not exist"),
        ("sign model --key absent.pem", 2, "absent.pem does not exist"),
        ("sign model --key signer.pem.pub", 2, "is a public key"),
        ("sign model --key signer.pem --signature no/where", 2, "The directory no does not exist"),
        ("sign model --key signer.pem --shards many", 2, "is not a size"),
        ("sign model --key signer.pem --jobs -1", 2, "--jobs"),
        ("sign model --key signer.pem --ambient", 2, "need --sigstore"),
        ("sign model --key signer.pem --passphrase-file absent", 2, "passphrase file absent"),
        ("keys new signer.pem", 2, "never overwritten"),
        ("keys new no/where", 2, "The directory no does not exist"),
        ("keys show absent", 2, "does not exist"),
        ("keys show model/config.json", 2, "no public key"),
        ("keys new other --public", 2, "--public is for"),
        ("keys show signer.pem --curve p256", 2, "are for: violet keys new"),
        ("keys nwe other", 2, "invalid choice"),
    ],
)
def test_errors(key: str, capsys: pytest.CaptureFixture[str], arguments: str, code: int, said: str) -> None:
    before = sorted(os.listdir())
    assert entry(arguments.split()) == code
    shown = capsys.readouterr()
    assert said in shown.err + shown.out
    assert "Traceback" not in shown.err
    assert PASSPHRASE not in shown.err + shown.out
    assert sorted(os.listdir()) == before


def test_a_wrong_and_an_absent_passphrase(
    key: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIOLET_KEY_PASSPHRASE", "something else")
    assert entry(["sign", "model", "--key", key]) == 2
    assert "does not open the key" in capsys.readouterr().err
    monkeypatch.delenv("VIOLET_KEY_PASSPHRASE")
    assert entry(["sign", "model", "--key", key]) == 2
    assert "no passphrase was given" in capsys.readouterr().err
    Path("secret").write_text(PASSPHRASE + "\n")
    assert entry(["sign", "model", "--key", key, "--passphrase-file", "secret"]) == 0


def test_what_cannot_be_read_is_three(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("model/link").symlink_to("weights.bin")
    assert entry(["sign", "model", "--key", key]) == 3
    assert "model/link is a symbolic link" in capsys.readouterr().err
    assert not Path("model.sig").exists()
    assert entry(["sign", "model", "--key", key, "--allow-links"]) == 0


def test_a_key_that_others_may_read(key: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(key).chmod(0o644)
    assert entry(["sign", "model", "--key", key]) == 0
    assert "can be read or changed by others (mode 0644)" in capsys.readouterr().err


def test_an_unencrypted_key_is_an_ugly_option(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["keys", "new", "bare", "--unencrypted-i-accept-the-risk", "--curve", "p384"]) == 0
    shown = capsys.readouterr()
    assert "NOT encrypted" in shown.out
    assert "whoever reads it can sign" in shown.err
    assert "-----BEGIN PRIVATE KEY-----" in Path("bare").read_text()


def test_evidence_in_one_directory(key: str) -> None:
    Path("evidence").mkdir()
    Path("violet.toml").write_text('[evidence]\ndirectory = "evidence"\n[trust.signers.me]\nkey = "signer.pem.pub"\n')
    assert entry(["sign", "model", "--key", key]) == 0
    (name,) = os.listdir("evidence")
    assert re.fullmatch(r"model-[0-9a-f]{16}\.sig", name)
    assert entry(["verify", "model"]) == 0


def test_the_model_is_the_working_directory(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("model")
    assert entry(["sign", ".", "--key", f"../{key}"]) == 0
    assert sorted(os.listdir()) == ["config.json", "weights.bin"]
    assert entry(["verify", ".", "--key", f"../{key}.pub"]) == 0
    assert entry(["verify", "../model", "--key", f"../{key}.pub"]) == 0


def test_a_passphrase_is_asked_for_twice_on_a_terminal(here: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VIOLET_")}
    for answers, code in ((("typed words", "typed words"), 0), (("typed words", "other words"), 2)):
        master, slave = pty.openpty()
        name = f"key{code}"
        process = subprocess.Popen(
            [VIOLET, "keys", "new", name],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            start_new_session=True,
        )
        os.close(slave)
        seen = b""
        for question, answer in zip((b"new key: ", b"Once more: "), answers, strict=True):
            while question not in seen:
                seen += os.read(master, 1000)
            os.write(master, answer.encode() + b"\n")
        while process.poll() is None:
            try:
                seen += os.read(master, 1000)
            except OSError:
                break
        assert process.wait() == code
        os.close(master)
        assert b"words" not in seen
        assert Path(name).exists() is (code == 0)


def test_help_and_plain_verification_load_nothing_heavy(key: str) -> None:
    entry(["sign", "model", "--key", key])
    script = (
        "import sys\nfrom violet.faces.cli.main import entry\n"
        f"code = entry(['verify', 'model', '--key', {key!r} + '.pub'])\n"
        "print(code, [name for name in ('model_signing', 'sigstore', 'pydantic', 'OpenSSL', 'requests', 'blake3')"
        " if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr == "0 []\n"
