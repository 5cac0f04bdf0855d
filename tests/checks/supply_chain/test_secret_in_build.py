"""Secrets in images and pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import file, said, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/secret-in-build"
MEDIUM, LOW = Severity.MEDIUM, Severity.LOW
VALUE = "q7Zk2mP0xW"


def positive(directory: Path) -> Path:
    return file(directory, "Dockerfile", "FROM a", f"ENV HF_TOKEN={VALUE}")


def benign(directory: Path) -> Path:
    return file(
        directory,
        "Dockerfile",
        "FROM a",
        "ARG TAG=1",
        "ENV HF_TOKEN=$TOKEN MAX_TOKENS=4096 SECRET_FILE=/run/secrets/a API_KEY_NAME=key TOKEN=changeme",
        "RUN --mount=type=secret,id=hf_token make",
        "COPY .env.example /app/",
    )


CASES = [
    ("Dockerfile", f"FROM a\nENV HF_TOKEN {VALUE}", [MEDIUM]),
    ("Dockerfile", f"FROM a\nENV A=1 \\\n    API_KEY='{VALUE}'", [MEDIUM]),
    ("Dockerfile", f"FROM a\nARG AWS_SECRET_ACCESS_KEY={VALUE}", [MEDIUM]),
    ("Dockerfile", "FROM a\nARG HF_TOKEN", [LOW]),
    ("Dockerfile", "FROM a\nCOPY .env /app/", [MEDIUM]),
    ("Dockerfile", "FROM a\nCOPY --chown=a id_rsa /root/.ssh/", [MEDIUM]),
    ("compose.yml", f"services:\n  a:\n    image: x\n    environment:\n      API_KEY: {VALUE}", [MEDIUM]),
    ("compose.yml", "services:\n  a:\n    image: x\n    environment:\n      - API_KEY=${API_KEY}", []),
    (".gitlab-ci.yml", f"variables:\n  DB_PASSWORD: {VALUE}\nt:\n  script: [make]", [MEDIUM]),
    ("ci.yml", "on: push\nenv:\n  HF_TOKEN: ${{ secrets.HF_TOKEN }}\njobs:\n  a:\n    runs-on: x\n    steps: []", []),
    ("ci.yml", f"on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - env:\n        HF_TOKEN: {VALUE}", [MEDIUM]),
]


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_places(tmp_path: Path, name: str, text: str, expected: list[Severity]) -> None:
    found = said(file(tmp_path, name, text), RULE)
    assert [f.severity for f in found] == expected
    assert all(VALUE not in f.evidence + f.message for f in found)


def test_one_finding_a_variable(tmp_path: Path) -> None:
    assert severities(positive(tmp_path), RULE) == [MEDIUM]
