"""Containers that run as root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import file, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/image-runs-as-root"
MEDIUM, LOW = Severity.MEDIUM, Severity.LOW


def positive(directory: Path) -> Path:
    return file(directory, "Dockerfile", "FROM python:3.12", "COPY . /app", 'CMD ["python", "/app/serve.py"]')


def benign(directory: Path) -> Path:
    return file(
        directory, "Dockerfile", "FROM python:3.12", "RUN useradd app", "USER app:app", 'CMD ["python", "serve.py"]'
    )


CASES = [
    ("Dockerfile", "FROM a\nUSER app\nUSER root", [LOW]),
    ("Dockerfile", "FROM a\nUSER 0:0\nCMD x", [LOW]),
    ("Dockerfile", "FROM a AS b\nUSER app\nFROM b\nCMD x", []),
    ("Dockerfile", "FROM gcr.io/distroless/python3:nonroot\nCMD x", []),
    ("Dockerfile", "FROM a\nRUN make", []),
    ("Dockerfile", "FROM a\nCMD x\nFROM b\nUSER app\nCMD y", []),
    ("compose.yml", "services:\n  a:\n    image: x@y\n    privileged: true\n    pid: host", [MEDIUM, MEDIUM]),
    ("compose.yml", "services:\n  a:\n    image: x\n    volumes:\n    - /var/run/docker.sock:/s", [MEDIUM]),
    ("compose.yml", "services:\n  a:\n    image: x\n    volumes:\n    - ./data:/data", []),
]


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_cases(tmp_path: Path, name: str, text: str, expected: list[Severity]) -> None:
    assert severities(file(tmp_path, name, text), RULE) == expected
