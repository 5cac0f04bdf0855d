"""``violet lineage`` as users meet it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.provenance.attesting import signer
from violet.faces.cli.main import entry

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def violet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs in a directory with a data set, code, a base model, an adapter made from it, and an int8 copy of that."""
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    for name in ("ci", "eve"):
        key = signer(tmp_path, name).key.key
        Path(f"{name}.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for name, files in {
        "src": {"train.py": "pass\n"},
        "base": {"config.json": '{"model_type": "llama", "_name_or_path": "acme/llama"}', "w.bin": "base"},
        "tuned": {"adapter_config.json": '{"peft_type": "LORA", "base_model_name_or_path": "acme/base"}', "w.bin": "t"},
    }.items():
        Path(name).mkdir()
        for file, text in files.items():
            Path(name, file).write_text(text)
    Path("rows.csv").write_text("a,b\n1,2\n")
    Path("int8.bin").write_text("q")

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = entry(list(arguments))
        said = capsys.readouterr()
        return code, said.out, said.err

    for words in (
        ["training", "base", "--data", "rows.csv", "--code", "src", "--run", "run-1"],
        ["training", "tuned", "--base", "base", "--relation", "adapter", "--run", "run-2"],
        ["derivation", "int8.bin", "--base", "tuned", "--relation", "quantisation"],
    ):
        code, _, err = run("attest", *words, "--key", "ci.pem", "--store", "proofs")
        assert code == 0, err
    return run


def digest(name: str) -> str:
    return "sha256:" + hashlib.sha256(Path(name).read_bytes()).hexdigest()


def trace(violet: Run, *arguments: str) -> tuple[int, Any]:
    code, out, err = violet("lineage", *arguments, "--search", "proofs", "--trust", "ci.pub", "--format", "json")
    assert not err
    return code, json.loads(out)


def test_what_a_model_was_made_of(violet: Run) -> None:
    code, found = trace(violet, "int8.bin", "--require-proven")
    assert code == 0
    assert (found["proven"], found["tainted"], found["notes"]) == (True, False, [])
    kinds = {node["name"]: node["kind"] for node in found["nodes"]}
    assert kinds == {
        "int8.bin": "model",
        "tuned": "model",
        "run-2": "run",
        "base": "model",
        "run-1": "run",
        "rows.csv": "data",
        "src": "code",
    }
    assert {edge["relation"] for edge in found["edges"]} == {"quantisation", "adapter", "made-by", "trained-on", "ran"}


def test_the_tree(violet: Run) -> None:
    code, out, _ = violet("lineage", "int8.bin", "--search", "proofs", "--trust", "ci.pub", "--descendants")
    assert code == 0
    lines = [line.strip().split("  ")[:2] for line in out.splitlines()]
    steps = [words for words in lines if words[0] in ("quantisation", "adapter", "made-by", "ran", "trained-on")]
    assert steps == [
        ["quantisation", "tuned"],
        ["made-by", "run run-2"],
        ["adapter", "base"],
        ["made-by", "run run-1"],
        ["ran", "src"],
        ["trained-on", "rows.csv"],
    ]
    assert "PROVEN: 6 ancestors, 6 of 6 steps proven" in out


def test_without_trust_all_is_claimed(violet: Run) -> None:
    code, out, _ = violet("lineage", "int8.bin", "--search", "proofs", "--require-proven")
    assert code == 1
    assert "NOT PROVEN: 6 ancestors, 0 of 6 steps proven" in out
    assert "nobody who is trusted" in out


def test_tainted_by_option(violet: Run) -> None:
    code, found = trace(violet, "int8.bin", "--taint", f"{digest('rows.csv')}=poisoned rows")
    assert code == 1
    (taint,) = found["taints"]
    names = {node["key"]: node["name"] for node in found["nodes"]}
    assert [names[key] for key in taint["path"]] == ["rows.csv", "run-1", "base", "run-2", "tuned", "int8.bin"]
    assert (taint["reason"], taint["origin"], taint["proven"]) == ("poisoned rows", "--taint", True)
    assert trace(violet, "int8.bin", "--taint", "sha256:" + "00" * 32 + "=elsewhere")[0] == 0


def test_tainted_by_revocation(violet: Run) -> None:
    Path("revoked").mkdir()
    arguments = ("--reason", "stolen", "--store", "revoked")
    assert violet("attest", "revoke", digest("rows.csv"), "--key", "eve.pem", *arguments)[0] == 0
    code, found = trace(violet, "int8.bin", "--search", "revoked")
    assert code == 0
    assert "is not believed" in found["notes"][0]
    assert violet("attest", "revoke", digest("rows.csv"), "--key", "ci.pem", *arguments)[0] == 0
    code, found = trace(violet, "int8.bin", "--search", "revoked")
    assert code == 1
    assert found["taints"][0]["signers"] == ["ci"]
    assert trace(violet, "src", "--search", "revoked")[0] == 0, "what stands beside the taint is not tainted"


def test_tainted_by_configuration(violet: Run) -> None:
    Path("violet.toml").write_text(
        f'[lineage]\ntaint = ["{digest("rows.csv")}=poisoned"]\nsearch = ["proofs"]\n'
        '[trust.signers.ci]\nkey = "ci.pub"\n'
    )
    code, out, _ = violet("lineage", "int8.bin")
    assert code == 1
    assert "poisoned (configuration)" in out


def test_what_would_be_withdrawn_with_it(violet: Run) -> None:
    code, found = trace(violet, "rows.csv", "--descendants", "--taint", f"{digest('rows.csv')}=poisoned")
    assert code == 1
    tainted = {node["name"] for node in found["nodes"] if node["tainted"]}
    assert tainted == {"rows.csv", "run-1", "base", "run-2", "tuned", "int8.bin"}
    assert len(found["descendants"]) == 3


def test_what_a_model_says_of_itself_is_a_claim(violet: Run) -> None:
    code, found = trace(violet, "tuned")
    assert code == 0
    (claim,) = [edge for edge in found["edges"] if edge["parent"].startswith("name:")]
    assert (claim["parent"], claim["relation"], claim["proven"]) == ("name:acme/base", "adapter", False)
    assert "nobody vouches for it" in claim["doubt"]
    assert found["proven"] is False
    code, found = trace(violet, "tuned", "--no-claims")
    assert found["proven"] is True


def test_hostile_claims_do_no_harm(violet: Run) -> None:
    Path("tuned/config.json").write_text("[" * 100_000)
    Path("tuned/README.md").write_text("---\nbase_model: \x1b[31m\n---\n")
    code, out, err = violet("lineage", "tuned", "--color", "never")
    assert (code, err) == (0, "")
    assert "\x1b" not in out


def test_pictures(violet: Run, tmp_path: Path) -> None:
    code, dot, _ = violet("lineage", "int8.bin", "--search", "proofs", "--trust", "ci.pub", "--format", "dot")
    assert code == 0
    assert dot.count("->") == 6
    if shutil.which("dot"):
        subprocess.run(["dot", "-Tsvg"], input=dot, text=True, check=True, capture_output=True)
    violet("lineage", "int8.bin", "--search", "proofs", "--output", "lineage.mmd")
    text = Path("lineage.mmd").read_text()
    assert text.startswith("flowchart BT\n")
    assert text.count("-.->") == 6, "claims are dashed"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["absent"], "absent does not exist"),
        (["int8.bin", "--search", "absent"], "absent is no directory"),
        (["int8.bin", "--taint", "rows.csv=bad"], "is no taint"),
        (["int8.bin", "--taint", "sha256:zz=bad"], "is no taint"),
        (["int8.bin", "--trust", "absent.pub"], "absent.pub"),
        (["int8.bin", "--at", "noon"], "cannot be understood"),
        (["int8.bin", "--format", "svg"], "invalid choice"),
    ],
)
def test_wrong_usage(violet: Run, arguments: list[str], says: str) -> None:
    code, out, err = violet("lineage", *arguments)
    assert code == 2
    assert says in err
    assert out == ""
