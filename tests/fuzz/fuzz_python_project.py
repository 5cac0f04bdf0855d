"""Fuzz entry: the readers of project settings and lock files give an outcome for any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives

PROJECTS = ("pyproject.toml", "Pipfile", "uv.toml", "setup.cfg", "pip.conf")
LOCKS = ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml", "conda-linux-64.lock")


def fuzz_one(data: bytes) -> None:
    for name in PROJECTS:
        survives("python-project", data, name)
    for name in LOCKS:
        survives("lock-file", data, name)
    survives("setup-script", data, "setup.py")
