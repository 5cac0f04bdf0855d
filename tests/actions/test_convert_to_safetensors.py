"""The action around the conversion: names, refusals, attestation. What is proven: tests/formats/proof."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.torch_layout import Call, Global, floats, state_dict, zip_checkpoint
from violet.actions.convert_to_safetensors import concerns, target_name
from violet.services.fix import FixOptions, attestor, fix, take_back


def fixable(directory: Path) -> Path:
    path = directory / "model.pth"
    path.write_bytes(zip_checkpoint(state_dict(weight=floats(3, 4))))
    return path


def refusable(directory: Path) -> Path:
    path = directory / "model.pth"
    path.write_bytes(zip_checkpoint({"weight": floats(3), "run": Call(Global("os", "system"), ("id",))}))
    return path


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("model.pt", "model.safetensors"),
        ("a/pytorch_model.bin", "a/pytorch_model.safetensors"),
        ("checkpoint.pth.tar", "checkpoint.safetensors"),
        ("model.v1.2", "model.v1.2.safetensors"),
        ("weights", "weights.safetensors"),
        (".pt", ".pt.safetensors"),
        ("step.100.ckpt", "step.100.safetensors"),
    ],
)
def test_names(name: str, target: str) -> None:
    assert target_name(name) == target


def test_source_code_is_not_looked_at() -> None:
    assert concerns("model.PT")
    assert concerns("weights")
    assert not concerns("train.py")
    assert not concerns("model.safetensors")


def test_the_refusal_names_the_call_and_its_place(tmp_path: Path) -> None:
    report = fix(FixOptions((str(refusable(tmp_path)),)))
    (item,) = report.unfixed
    assert item.evidence == "os.system('id')"
    assert item.offset
    assert "os.system" in item.reason


def test_an_attestation_binds_both_digests_and_the_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("VIOLET_KEY_PASSPHRASE", "correct horse battery staple")
    violet = [sys.executable, "-P", "-c", "import sys; from violet.faces.cli.main import entry; sys.exit(entry())"]
    subprocess.run([*violet, "keys", "new", "key.pem"], check=True, capture_output=True)
    from violet.services.configuration import load

    path = fixable(tmp_path)
    report = fix(FixOptions((str(path),), attest=attestor(load(isolated=True), "key.pem")))
    conversion = report.fixes[0].conversion
    assert conversion is not None
    assert conversion.after is not None
    command = [
        *violet,
        "attest",
        "verify",
        conversion.target,
        "--trust",
        "key.pem.pub",
        "--isolated",
        "--format",
        "json",
    ]
    verified = subprocess.run(command, capture_output=True, text=True)
    assert verified.returncode == 0, verified.stderr
    (believed,) = json.loads(verified.stdout)["believed"]
    envelope = json.loads(Path(report.fixes[0].attestation).read_text())
    import base64

    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement["subject"][0]["digest"] == {"sha256": conversion.after.value}
    predicate = statement["predicate"]
    assert predicate["relation"] == "conversion"
    assert predicate["from"][0]["digest"] == {"sha256": conversion.before.value}
    assert predicate["parameters"]["contents"] == str(conversion.contents)
    assert believed
    assert take_back(report.journal).exit_code == 0
    assert not (tmp_path / "model.safetensors.attestations").exists()


def test_the_contents_digest_is_that_of_the_documented_lines(tmp_path: Path) -> None:
    import hashlib

    conversion = fix(FixOptions((str(fixable(tmp_path)),), dry_run=True)).fixes[0].conversion
    assert conversion is not None
    (tensor,) = conversion.tensors
    line = f'{tensor.digest} F32 [3,4] "weight"\n'
    assert conversion.contents.value == hashlib.sha256(line.encode()).hexdigest()
