"""Connections without protection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import file, said, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/insecure-index"
HIGH, MEDIUM = Severity.HIGH, Severity.MEDIUM


def positive(directory: Path) -> Path:
    return file(directory, "pyproject.toml", "[[tool.uv.index]]", 'url = "http://pypi.acme.example/simple"')


def benign(directory: Path) -> Path:
    return file(
        directory,
        "pyproject.toml",
        "[[tool.uv.index]]",
        'url = "https://pypi.acme.example/simple"',
        "[[tool.uv.index]]",
        'url = "http://localhost:8080/simple"',
    )


SOURCES = "[tool.uv.sources]\na = {url = 'http://p.example.org/a.whl'}"
PLACES = [
    ("pyproject.toml", "[tool.uv]\nindex-url = 'http://p.example.org/'", [HIGH]),
    ("pyproject.toml", "[tool.uv]\nextra-index-url = ['http://p.example.org/']", [HIGH]),
    ("pyproject.toml", f"{SOURCES}\n[project]\ndependencies=['a']", [HIGH]),
    ("pyproject.toml", "[project]\nname='x'\ndependencies=['a @ http://p.example.org/a.whl']", [HIGH]),
    ("pyproject.toml", "[[tool.poetry.source]]\nname='p'\nurl='http://p.example.org/'", [HIGH]),
    ("Pipfile", "[[source]]\nurl = 'https://p.example.org'\nverify_ssl = false", [MEDIUM]),
    ("uv.toml", "[[index]]\nurl = 'http://p.example.org/'", [HIGH]),
    ("uv.toml", "allow-insecure-host = ['p.example.org']", [MEDIUM]),
    ("pip.conf", "[global]\nindex-url = http://p.example.org/simple\ntrusted-host = p.example.org", [HIGH, MEDIUM]),
    ("Dockerfile", "FROM a\nENV PIP_INDEX_URL=http://p.example.org/", [HIGH]),
    ("Dockerfile", "FROM a\nRUN pip install --trusted-host p.example.org x", [MEDIUM]),
    ("Dockerfile", "FROM a\nRUN pip --no-cache-dir install \\\n  -i http://p.example.org/ x", [HIGH]),
    ("Dockerfile", "FROM a\nRUN pip install --index-url http://10.0.0.3/ --trusted-host 10.0.0.3 x", []),
    (".gitlab-ci.yml", "variables:\n  PIP_INDEX_URL: http://p.example.org/\nt:\n  script: [make]", [HIGH]),
    ("setup.sh", "uv pip install --index-url=http://p.example.org/ x", [HIGH]),
    ("uv.lock", "version = 1\n[[package]]\nname='a'\nversion='1'\nsource = {url='http://p.example.org/a.whl'}", [HIGH]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "expected"), PLACES)
def test_places(tmp_path: Path, name: str, text: str, expected: list[Severity]) -> None:
    assert severities(file(tmp_path, name, text), RULE) == expected


def test_passwords_are_not_shown(tmp_path: Path) -> None:
    (found,) = said(file(tmp_path, "uv.toml", "[[index]]", "url = 'http://me:hunter22@p.example.org/'"), RULE)
    assert "hunter22" not in found.evidence + found.message
