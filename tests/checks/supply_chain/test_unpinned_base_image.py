"""Images without a digest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.checks.supply_chain.files import DIGEST, file, said, severities
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "supply_chain/unpinned-base-image"
MEDIUM, LOW = Severity.MEDIUM, Severity.LOW


def positive(directory: Path) -> Path:
    return file(directory, "Dockerfile", "FROM pytorch/pytorch:latest")


def benign(directory: Path) -> Path:
    return file(
        directory,
        "Dockerfile",
        f"FROM python:3.12-slim@{DIGEST} AS build",
        "FROM scratch",
        "FROM build AS last",
        "ARG UNKNOWN",
        "FROM ${UNKNOWN}",
    )


CASES = [
    ("Dockerfile", "FROM python", [MEDIUM]),
    ("Dockerfile", "FROM python:3.12", [LOW]),
    ("Dockerfile", "FROM --platform=linux/amd64 registry.example.org:5000/a/b", [MEDIUM]),
    ("Dockerfile", "ARG TAG=latest\nFROM python:${TAG}", [MEDIUM]),
    ("Dockerfile", "ARG TAG\nFROM python:${TAG:-3.12}", [LOW]),
    ("Dockerfile", "from python:3.12 as Build\nfrom build\nFROM python:3.12", [LOW]),
    ("gpu.Dockerfile", "FROM python:nightly", [MEDIUM]),
    ("Containerfile", "FROM python", [MEDIUM]),
    ("Dockerfile.gpu", "FROM python", [MEDIUM]),
    ("compose.yaml", "services:\n  a:\n    image: redis\n  b:\n    build: .", [MEDIUM]),
    (".gitlab-ci.yml", "image: python:3.12\nt:\n  script: [make]\n  services: [postgres]", [LOW, MEDIUM]),
    ("ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    container: python:3\n    steps: []", [LOW]),
    ("ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n    - uses: docker://alpine", [MEDIUM]),
]


@pytest.mark.parametrize(("name", "text", "expected"), CASES)
def test_places(tmp_path: Path, name: str, text: str, expected: list[Severity]) -> None:
    assert severities(file(tmp_path, name, text), RULE) == expected


def test_the_line_is_that_of_the_reference(tmp_path: Path) -> None:
    (found,) = said(file(tmp_path, "Dockerfile", "# syntax=docker/dockerfile:1", "", "FROM \\", "  python"), RULE)
    assert found.location.line == 4
