"""Compiled Python, path files and Modelfiles: the small readers."""

from __future__ import annotations

import marshal
from importlib.util import MAGIC_NUMBER

from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, mutations, read, survives
from violet.formats.python_bytecode import BytecodeFacts


def bytecode() -> bytes:
    return MAGIC_NUMBER + bytes(8) + (6).to_bytes(4, "little") + marshal.dumps(compile("x = 1\n", "a.py", "exec"))


def modelfile() -> bytes:
    return b'FROM ./model.gguf\nPARAMETER temperature 1\nTEMPLATE """{{ .Prompt }}"""\n'


def test_recognised() -> None:
    assert ids(bytecode(), "a.pyc") == ["python-bytecode"]
    assert ids(bytecode(), "model.bin") == ["python-bytecode"]
    assert ids(b"/a/path\n", "a.pth")[0] == "python-path"
    assert ids(modelfile(), "Modelfile")[0] == "modelfile"


def test_source_beside() -> None:
    facts = read("python-bytecode", bytecode(), "a.cpython-311.pyc", beside={"../a.py": b"x = 1\n"}).facts
    assert isinstance(facts, BytecodeFacts)
    assert (facts.source, facts.stale, facts.unchecked) == ("../a.py", False, False)


def test_templates_of_a_modelfile() -> None:
    assert read("modelfile", modelfile()).children == []
    hostile = modelfile().replace(b"{{ .Prompt }}", b"{{ lipsum.__globals__ }}")
    assert [child.format for child in read("modelfile", hostile).children] == ["jinja"]


@given(st.binary(max_size=200) | mutations(bytecode) | mutations(modelfile))
def test_any_bytes(data: bytes) -> None:
    survives("python-bytecode", data, "a.pyc")
    survives("python-path", data, "a.pth")
    survives("modelfile", data, "Modelfile")
