"""``violet fix`` on the command line: formats, exit codes, help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.corpus.torch_layout import Call, Global, floats, state_dict, zip_checkpoint
from violet.faces.cli.main import entry


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.pth").write_bytes(zip_checkpoint(state_dict(weight=floats(3, 4), bias=floats(3))))
    (tmp_path / "load.py").write_text("import torch\nmodel = torch.load('model.pth')\n")


def test_a_rehearsal_shows_diff_and_tensors(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["fix", ".", "--dry-run", "--isolated"]) == 0
    shown = capsys.readouterr().out
    assert "+model = torch.load('model.pth', weights_only=True)" in shown
    assert "would become model.safetensors" in shown
    assert "weight  F32   3x4" in shown
    assert "2 files would be fixed; 0 not fixed; 2 examined" in shown


def test_json_has_the_documented_shape(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["fix", ".", "--format", "json", "--isolated"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "violet-fix/1"
    assert set(report) == {
        "schema", "version", "rehearsed", "files", "journal", "fixes", "unfixed", "unexamined", "exit_code",
    }  # fmt: skip
    loading, conversion = report["fixes"]
    assert loading["edits"][0]["line"] == 2
    assert conversion["conversion"]["target"] == "model.safetensors"
    assert {t["name"] for t in conversion["conversion"]["tensors"]} == {"weight", "bias"}
    assert entry(["fix", "--undo", report["journal"]]) == 0
    assert not Path("model.safetensors").exists()


def test_undo_last_and_undo_of_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["fix", "load.py", "--isolated"]) == 0
    assert "Undo: violet fix --undo" in capsys.readouterr().out
    assert entry(["fix", "--undo", "last", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["exit_code"] == 0
    assert "weights_only" not in Path("load.py").read_text()
    assert entry(["fix", "--undo", "nowhere"]) == 2
    assert entry(["fix", "--undo", "last", "load.py"]) == 2


def test_what_remains_exits_with_1_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("evil.pt").write_bytes(zip_checkpoint({"w": floats(2), "x": Call(Global("os", "system"), ("id",))}))
    assert entry(["fix", "evil.pt", "--isolated"]) == 1
    shown = capsys.readouterr().out
    assert "os.system('id')  byte" in shown
    assert "it holds os.system, which is neither a tensor" in shown


def test_markdown_and_several_outputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["fix", ".", "--dry-run", "--isolated", "--output", "r.md", "--output", "r.json"]) == 0
    text = Path("r.md").read_text()
    assert "```diff" in text
    assert "| weight | F32 | 3 × 4 |" in text
    assert json.loads(Path("r.json").read_text())["rehearsed"] is True


@pytest.mark.parametrize(
    "arguments",
    [
        ["fix"],
        ["fix", "none"],
        ["fix", ".", "--only", "all"],
        ["fix", ".", "--output", "r.html"],
        ["fix", ".", "--attest"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert entry([*arguments, "--isolated"]) == 2
    assert "violet:" in capsys.readouterr().err
    assert {path.name for path in Path().iterdir()} == {"model.pth", "load.py"}


def test_what_was_not_examined_exits_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    Path("old.py").write_text("print 'x'\n")
    assert entry(["fix", "old.py", "--isolated"]) == 3
    assert "no Python of this version" in capsys.readouterr().out


def test_hostile_names_are_made_visible(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a\x1b[31m\n.py").write_text("import torch\ntorch.load('\x1b[2J')\n")
    for fmt in ("console", "json", "markdown"):
        entry(["fix", ".", "--dry-run", "--isolated", "--format", fmt])
        shown = capsys.readouterr().out
        assert "\x1b" not in shown
        assert "\\x1b[31m" in shown.replace("\\\\", "\\").replace("\\[", "[")


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry(["fix", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "violet fix model.pt --dry-run" in shown
    assert "exit codes" in shown


PAGE = Path(__file__).parents[2] / "docs" / "tasks" / "fix-a-model-or-repository.md"


def captures() -> list[tuple[str, str]]:
    """The page's console blocks: the command, and what it prints."""
    text = PAGE.read_text(encoding="utf-8")
    found = [block.split("\n```", 1)[0] for block in text.split("```console\n")[1:]]
    return [(block.partition("\n")[0].removeprefix("$ violet "), block.partition("\n")[2]) for block in found]


def test_the_conversion_on_the_page_is_real(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    from violet.exercises.demo import build

    build("zoo")
    command, shown = captures()[0]
    entry([*command.split(), "--isolated"])
    said = capsys.readouterr().out
    assert said.partition("Undo:")[0].split() == shown.partition("Undo:")[0].split()


def test_the_rewrite_on_the_page_is_real(capsys: pytest.CaptureFixture[str]) -> None:
    command, shown = captures()[1]
    before = [
        line[3:] for line in shown.splitlines() if line.startswith(("   ", "  -")) and not line.startswith("  ---")
    ]
    Path("train.py").write_text("import tarfile\nimport torch\nimport yaml\n\n" + "\n".join(before) + "\n")
    entry([*command.split(), "--isolated"])
    assert capsys.readouterr().out.split() == shown.split()


def test_repairs_are_attested_with_the_digests_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    import hashlib

    from violet.provenance.envelope import decode as open_envelope
    from violet.provenance.statement import decode

    Path("keys").mkdir()
    command = ["keys", "new", "keys/k.pem", "--unencrypted-i-accept-the-risk"]
    assert entry(command) == 0
    Path("violet.toml").write_text('[trust.signers.me]\nkey = "keys/k.pem.pub"\n')
    before = hashlib.sha256(Path("load.py").read_bytes()).hexdigest()
    capsys.readouterr()
    assert entry(["fix", "load.py", "--attest", "--key", "keys/k.pem", "--format", "json"]) == 0
    (fixed,) = json.loads(capsys.readouterr().out)["fixes"]
    after = hashlib.sha256(Path("load.py").read_bytes()).hexdigest()
    assert (fixed["before"], fixed["after"]) == (f"sha256:{before}", f"sha256:{after}")
    statement = decode(open_envelope(Path(fixed["attestation"]).read_bytes()).payload)
    assert [str(digest) for digest in statement.subjects[0].digests] == [f"sha256:{after}"]
    assert statement.predicate["relation"] == "repair"
    assert statement.predicate["from"][0]["digest"] == {"sha256": before}
    assert statement.predicate["parameters"]["action"] == "rewrite-loading"
    assert statement.predicate["parameters"]["summaries"][0]["line"] == fixed["edits"][0]["line"]
    assert entry(["attest", "verify", "load.py"]) == 0
    assert "Attestation" not in capsys.readouterr().err
    assert entry(["fix", "--undo", "last"]) == 0
    assert not Path(fixed["attestation"]).exists()
    assert hashlib.sha256(Path("load.py").read_bytes()).hexdigest() == before
