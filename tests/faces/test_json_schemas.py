"""What commands write as JSON, held against the published schemas. ``violet scan`` has tests of its own."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.faces.test_admission import write_certificate
from violet.faces.cli.main import entry

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"
NAMES = ("config", "keys", "rules", "sign", "verify")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith("VIOLET_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("VIOLET_KEY_PASSPHRASE", "correct horse battery staple")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").write_bytes(b"w" * 1000)
    (tmp_path / "model" / "train.csv").write_text("a,b\n1,2\n3,4\n")
    (tmp_path / "model" / "notes.txt").write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / f"{name}-1.json").read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def closed(value: Any) -> Any:
    """The schema without room for fields that it does not describe."""
    if isinstance(value, dict):
        made = {name: closed(inner) for name, inner in value.items()}
        if "properties" in made and isinstance(made.get("required"), list):
            made.setdefault("additionalProperties", False)
        return made
    return [closed(item) for item in value] if isinstance(value, list) else value


def held(name: str, code: int, *command: str) -> Any:
    """What a command wrote; it must be described, field by field."""
    assert entry([*command, "--format", "json", "--output", "out.json"]) == code
    content = json.loads(Path("out.json").read_text())
    jsonschema.Draft202012Validator(closed(schema(name))).validate(content)
    return content


def test_every_schema_has_a_name_of_its_own() -> None:
    assert {path.name for path in SCHEMAS.glob("*-1.json")} >= {f"{name}-1.json" for name in NAMES}
    assert len({schema(name)["$id"] for name in (*NAMES, "report")}) == len(NAMES) + 1


def test_keys(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = held("keys", 0, "keys", "new", "signer.pem")
    assert held("keys", 0, "keys", "show", "signer.pem") == made
    assert held("keys", 0, "keys", "show", "signer.pem.pub")["kind"] == "public"
    certificate, _ = write_certificate(here)
    assert held("keys", 0, "keys", "show", str(certificate))["kind"] == "certificate"


def test_sign_and_verify(here: Path) -> None:
    assert entry(["keys", "new", "signer.pem"]) == 0
    held("sign", 0, "sign", "model", "--key", "signer.pem", "--ignore", "notes.txt")
    assert held("verify", 1, "verify", "model", "--key", "signer.pem.pub")["differences"], "left out, and not accepted"
    shown = held("verify", 0, "verify", "model", "--key", "signer.pem.pub", "--ignore", "notes.txt")
    assert shown["holds"]
    assert shown["signers"]
    assert shown["files"]
    held("sign", 0, "sign", "model", "--key", "signer.pem", "--data")
    held("verify", 0, "verify", "model", "--key", "signer.pem.pub")
    (here / "model" / "train.csv").write_text("a,b\n1,2\n3,5\n")
    (here / "model" / "notes.txt").rename(here / "model" / "moved.txt")
    (here / "model" / "new.bin").write_bytes(b"n")
    (here / "model" / "weights.bin").unlink()
    changes = {d["change"] for d in held("verify", 1, "verify", "model", "--key", "signer.pem.pub")["differences"]}
    assert len(changes) >= 3
    held("sign", 0, "sign", "model", "--key", "signer.pem", "--shards", "1MiB")
    held("verify", 0, "verify", "model", "--key", "signer.pem.pub")
    assert entry(["keys", "new", "other.pem"]) == 0
    assert not held("verify", 1, "verify", "model", "--key", "other.pem.pub")["holds"]


def test_config(here: Path) -> None:
    assert held("config", 0, "config", "show", "--isolated")["file"] == ""
    (here / "violet.toml").write_text('[sign]\nkey = "signer.pem"\n')
    (here / ".violetignore").write_text("*.tmp\n")
    shown = held("config", 0, "config", "show")
    assert shown["settings"]["sign.key"]["value"] == "signer.pem"


def test_rules() -> None:
    everything = held("rules", 0, "rules")
    assert len(everything) > 60
    assert held("rules", 0, "rules", "explain", everything[0]["id"]) == everything[:1]


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_asks_for_every_field_that_it_describes(name: str, here: Path) -> None:
    """So that a field that is taken away is noticed."""
    whole = schema(name)
    kind = whole["items"] if whole["type"] == "array" else whole
    assert kind["required"] == list(kind["properties"])
    broken = copy.deepcopy(whole)
    assert not jsonschema.Draft202012Validator(broken).is_valid({} if whole["type"] == "object" else [{}])
