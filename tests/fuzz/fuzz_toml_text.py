"""Fuzz entry: text is parsed as TOML with places, or refused."""

from __future__ import annotations

import contextlib

from violet.formats.project.toml_text import TomlError, parse


def fuzz_one(data: bytes) -> None:
    with contextlib.suppress(TomlError):
        parse(data.decode("utf-8", "replace"))
