"""Fuzz entry: unsafe calls are found in any text, each where it stands."""

from __future__ import annotations

from violet.formats.python_source.loading import unsafe_calls


def fuzz_one(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for call in unsafe_calls(text):
        assert 0 <= call.region.start <= call.arguments.start <= call.arguments.end <= call.region.end <= len(text)
