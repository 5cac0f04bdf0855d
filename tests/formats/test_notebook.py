"""Notebooks: cells, magics and outputs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.notebook.cells import NotebookFacts


def valid() -> bytes:
    cells = [
        {"cell_type": "markdown", "source": ["# Title\n", "<b>x</b>"], "metadata": {}},
        {"cell_type": "code", "source": ["!ls\n", "x = 1"], "metadata": {}, "outputs": [
            {"output_type": "display_data", "data": {"text/html": ["<p>1</p>"]}, "metadata": {}}]},
    ]  # fmt: skip
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def facts(*cells: str, language: str = "python") -> NotebookFacts:
    made = [{"cell_type": "code", "source": cell, "metadata": {}, "outputs": []} for cell in cells]
    metadata = {"kernelspec": {"language": language}}
    found = read("notebook", json.dumps({"cells": made, "metadata": metadata, "nbformat": 4}).encode(), "a.ipynb").facts
    assert isinstance(found, NotebookFacts)
    return found


def test_recognised() -> None:
    assert ids(valid(), "a.ipynb")[0] == "notebook"
    assert ids(valid(), "a.json")[0] == "notebook"
    assert "notebook" not in ids(b'{"a": 1}', "a.json")


@pytest.mark.parametrize(
    ("cell", "shell"),
    [
        ("!ls -l", ["ls -l"]),
        ("!!ls", ["ls"]),
        ("  %system id", ["id"]),
        ("a = !cat x", ["cat x"]),
        ("%pip install x", ["pip install x"]),
        ("%%bash -s\nls\npwd", ["-s\nls\npwd"]),
        ("%matplotlib inline", []),
        ("x = a != b", []),
        ("x = a % b", []),
    ],
)
def test_lines_for_a_shell(cell: str, shell: list[str]) -> None:
    assert [line.text for line in facts(cell).shell] == shell


def test_code_in_another_language_is_not_taken_for_examined() -> None:
    cells = [{"cell_type": "code", "source": "x <- 1", "metadata": {}, "outputs": []}]
    data = json.dumps({"cells": cells, "metadata": {"kernelspec": {"language": "R"}}, "nbformat": 4}).encode()
    assert read("notebook", data, "a.ipynb").unexamined == ["the code of a notebook in r"]


def test_what_is_not_a_notebook() -> None:
    assert kinds(read("notebook", b'{"cells": [', "a.ipynb")) == ["malformed"]


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("notebook", data, "a.ipynb")
