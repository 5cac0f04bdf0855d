"""Words of command lines, given back by a real shell."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from violet.domain import shell
from violet.report.visible import visible

NAMES = [
    "model.pkl",
    'it\'s "two" words',
    "$(id) `id` $HOME * ? [a] ~ \\ !",
    "new\nline",
    "tab\tand\x1b[31mred",
    "\x07f",  # a hexadecimal digit behind an escape
    os.fsdecode(b"latin-\xe4-1"),
    "right\u202eleft",
    "filler\u3164\u115f",
    "größe-模型",
    "",
    "-dash",
]


def given_back(command: str) -> list[bytes]:
    """The words that ``bash`` makes of it."""
    script = os.fsencode(f"printf '%s\\0' {command}")
    return subprocess.run(["bash", "-c", script], capture_output=True, check=True).stdout.split(b"\0")[:-1]


@pytest.mark.parametrize("name", NAMES)
def test_a_shell_reads_the_name_that_was_written(name: str) -> None:
    assert given_back(shell.quote(name)) == [os.fsencode(name)]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_is_what_was_written(name: str) -> None:
    assert visible(shell.quote(name)) == shell.quote(name)


def test_a_command_line() -> None:
    assert given_back(shell.join(NAMES)) == [os.fsencode(name) for name in NAMES]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=20).map(lambda name: name.replace(b"\0", b"0")), min_size=1))
def test_any_names(names: list[bytes]) -> None:
    assert given_back(shell.join(map(os.fsdecode, names))) == names


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_words_are_quoted_as_ever(word: str) -> None:
    assert shell.quote(word) == shlex.quote(word)
