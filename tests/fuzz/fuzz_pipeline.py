"""Fuzz entry: the readers of pipelines and Compose files give an outcome for any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives


def fuzz_one(data: bytes) -> None:
    for name in ("ci.yml", ".gitlab-ci.yml", "azure-pipelines.yml", "action.yml"):
        survives("pipeline", data, name)
    survives("compose", data, "compose.yml")
