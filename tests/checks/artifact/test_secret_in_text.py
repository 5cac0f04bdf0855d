"""Secrets and what only looks like them. None of these opens anything: they are random."""

from __future__ import annotations

import base64
import json
import random
import string
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/secret-in-text"
DICE = random.Random(7)
LETTERS = string.ascii_letters


def some(count: int, alphabet: str = LETTERS + string.digits) -> str:
    return "".join(DICE.choice(alphabet) for _ in range(count))


def github() -> str:
    body = some(30)
    number, digits = zlib.crc32(body.encode()), ""
    alphabet = string.digits + string.ascii_uppercase + string.ascii_lowercase
    while number:
        number, rest = divmod(number, 62)
        digits = alphabet[rest] + digits
    return "ghp" + "_" + body + digits.rjust(6, "0")


def key_block() -> str:
    name = "RSA PRIVATE KEY"
    body = base64.encodebytes(DICE.randbytes(300)).decode()
    return f"-----BEGIN {name}-----\n{body}-----END {name}-----\n"


def token(header: dict[str, str], payload: dict[str, str]) -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in (header, payload)]
    return ".".join([*parts, some(43)])


LIVE = {
    "aws": ("AKIA" + some(16, string.ascii_uppercase + "234567"), Severity.HIGH),
    "aws secret": (f'aws_secret_access_key = "{some(40)}"', Severity.HIGH),
    "google": ("AIza" + some(35), Severity.HIGH),
    "github": (github(), Severity.HIGH),
    "gitlab": ("glpat-" + some(20), Severity.HIGH),
    "hugging face": ("hf" + "_" + some(34, LETTERS), Severity.HIGH),
    "anthropic": ("sk-ant-" + "api03-" + some(93), Severity.HIGH),
    "openai": ("sk-proj-" + some(40) + "T3BlbkFJ" + some(40), Severity.HIGH),
    "slack": ("xoxb-" + some(12, string.digits) + "-" + some(24), Severity.HIGH),
    "stripe": ("sk_live" + "_" + some(24), Severity.HIGH),
    "pypi": ("pypi-" + "AgEI" + some(80), Severity.HIGH),
    "npm": ("npm" + "_" + some(36), Severity.HIGH),
    "azure": (f"AccountKey={some(86)}==", Severity.HIGH),
    "key": (key_block(), Severity.HIGH),
    "database": (f"postgresql://model:{some(14)}@db7.internal.net/x", Severity.MEDIUM),
    "jwt": (token({"alg": "HS256"}, {"sub": "42"}), Severity.LOW),
    "assignment": (f'password = "{some(20)}a1B"', Severity.LOW),
}


def positive(directory: Path) -> Path:
    path = directory / "settings.py"
    path.write_text(f"TOKEN = '{LIVE['hugging face'][0]}'\n")
    return path


def benign(directory: Path) -> Path:
    path = directory / "settings.py"
    path.write_text(
        "import os\nTOKEN = os.environ['HF_TOKEN']\nkey = 'AKIAIOSFODNN7EXAMPLE'\npassword = 'your-password-here'\n"
    )
    return path


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize("file", ["notes.txt", "settings.json", "train.py", "model.yaml"])
def test_live_secrets(tmp_path: Path, name: str, file: str) -> None:
    secret, severity = LIVE[name]
    path = tmp_path / file
    if file.endswith(".json"):
        path.write_text(json.dumps({"note": secret} if '"' not in secret else {"password": secret.split('"')[1]}))
        if name == "aws secret":
            path.write_text(json.dumps({"aws_secret_access_key": secret.split('"')[1]}))
    elif file.endswith(".py"):
        path.write_text(f"{secret}\n" if '"' in secret else f'x = """{secret}"""\n')
    else:
        path.write_text(f"# x\nvalue: {secret}\n")
    found = [f for f in outcomes(path) if f.rule == RULE]
    assert severity in {f.severity for f in found}
    bare = secret.split('"')[1] if '"' in secret else secret
    assert all(bare[5:-5] not in f.evidence + f.message + f.key for f in found)


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "hf_YourTokenHereYourTokenHereYourTok",
        "api_key = 'sk-your-key-here-0000000000000000000000'",
        "password = '<your password>'",
        "password: ${DB_PASSWORD}",
        "postgresql://user:password@localhost/x",
        "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
        "secret = os.environ['SECRET_ACCESS_KEY_FOR_ME']",
        "tokenizer = 'BertTokenizerFast2'",
        "sha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'",
    ],
)
def test_placeholders_are_silent(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    assert outcomes(path) == []


def test_a_secret_far_into_a_long_text(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text("nothing here, line after line\n" * 250_000 + LIVE["github"][0] + "\n")
    assert [f.severity for f in outcomes(path)] == [Severity.HIGH]


def test_a_secret_in_utf_16(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(LIVE["github"][0].encode("utf-16"))
    assert [f.severity for f in outcomes(path)] == [Severity.HIGH]
