"""Fuzz entry: the YAML scanner gives an outcome for any text."""

from __future__ import annotations

from violet.formats.text.yaml_lines import parse


def fuzz_one(data: bytes) -> None:
    parse(data.decode("utf-8", "replace"))
