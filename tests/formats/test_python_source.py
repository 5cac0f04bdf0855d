"""Python source: recognised, decoded as Python would, and followed within bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, mutations, read, survives
from violet.formats.python_source.acts import PythonFacts, When
from violet.formats.python_source.reader import analyse

SOURCE = """\
import os, base64 as b
from subprocess import run as go

def f(x, y=os.system):
    for i in [1, 2]:
        y(f"{x} {i}")
    return [chr(c ^ 3) for c in x]

class A:
    def __init__(self): self.r = go
    def m(self): self.r(["ls", *[str(z) for z in (1, 2)]])

if __name__ == "__main__":
    A().m()
    exec(b.b64decode("eCA9IDE="))
"""


def valid() -> bytes:
    return SOURCE.encode()


@pytest.mark.parametrize(
    ("data", "name"),
    [(b"x = 1\n", "a.py"), (b"#!/usr/bin/env python3\nx = 1\n", "tool"), (b"#!/usr/bin/python2\n", "a.bin")],
)
def test_what_source_is(data: bytes, name: str) -> None:
    assert ids(data, name)[0] == "python"


def acts(text: str) -> dict[str, When]:
    return {act.kind: act.when for act in analyse(text).acts}


def test_when_things_happen() -> None:
    assert acts("import os\nos.system('x')")["command"] is When.IMPORT
    assert acts("import os\ndef f():\n    os.system('x')")["command"] is When.DEFINED
    assert acts("import os\ndef f():\n    os.system('x')\nf()")["command"] is When.IMPORT
    assert acts("import os\ndef g():\n    os.system('x')\ndef f():\n    g()\nf()")["command"] is When.IMPORT
    assert acts("import os\nclass A:\n    def __init__(self):\n        os.system('x')\nA()")["command"] is When.IMPORT
    assert acts("import os\nclass A:\n    os.system('x')")["command"] is When.IMPORT
    assert acts("import os\nif __name__ == '__main__':\n    os.system('x')")["command"] is When.SCRIPT
    assert acts("import os\nf = lambda: os.system('x')\n")["command"] is When.DEFINED


def test_calls_are_shown_resolved() -> None:
    found = [
        act for act in analyse("from subprocess import Popen as p\nq = p\nq(['a', 'b'])").acts if act.kind == "command"
    ]
    assert found[0].call == "subprocess.Popen(['a', 'b'])"
    assert found[0].line == 3


def test_names_that_are_bound_otherwise_are_not_the_builtins() -> None:
    assert acts("def eval(x):\n    return x\neval(input())") == {}
    assert acts("from mylib import exec\nexec('x')") == {}


def test_encodings() -> None:
    latin = "# coding: latin-1\nx = 'é'\n".encode("latin-1")
    facts = read("python", latin, "a.py").facts
    assert isinstance(facts, PythonFacts)
    assert "é" in facts.document.text
    hidden = b"# coding: utf-7\nimport os\nos+AC4-system('id')\n"
    facts = read("python", hidden, "a.py").facts
    assert isinstance(facts, PythonFacts)
    assert {"odd-encoding", "command"} <= {act.kind for act in facts.acts}


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 50_000 + ")" * 50_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "+".join(["a"] * 20_000),
        "x = " + "f(" * 80 + ")" * 80,
        "a = 'x' * 10 ** 9",
        "a = 'x' * 9999\n" * 50 + "b = (a + a + a + a).join([a] * 9)",
        "a = '%s' * 3000 % tuple(['x' * 9999] * 3000)",
        "def f():\n    return f() + g()\ndef g():\n    return f()\nf()",
        "f = lambda g: g(g)\nf(f)",
        "for a in [1, 2, 3]:\n    for b in [1, 2, 3]:\n        for c in [1, 2, 3]:\n            print(a, b, c)",
        "exec('exec(\"exec(1)\")')",
        "x = [[1] * 9999 for a in range(9999) for b in range(9999)]",
        "import zlib\nx = zlib.decompress(zlib.compress(b'a'))",
    ],
)
def test_hostile_shapes_end(text: str) -> None:
    survives("python", text.encode(), "a.py")
    analyse(text)


def test_a_bomb_in_a_constant_is_not_expanded() -> None:
    import zlib

    bomb = zlib.compress(b"#" * (64 << 20), 9)
    found = analyse(f"import zlib\nexec(zlib.decompress({bomb!r}))").acts
    assert "run-hidden" in {act.kind for act in found}


def test_folding_agrees_with_python() -> None:
    for expression in (
        "'sys' + 'tem'", "'%s%s' % ('sys', 'tem')", "'{}{}'.format('sys', 'tem')", "'metsys'[::-1]", "'SYSTEM'.lower()",
        "''.join(['sys', 'tem'])", "bytes([115, 121, 115, 116, 101, 109]).decode()", "'sXyXsXtXeXm'.replace('X', '')",
        "bytes.fromhex('73797374656d').decode()", "''.join(map(chr, (115, 121, 115, 116, 101, 109)))",
        "''.join(chr(c + 1) for c in (114, 120, 114, 115, 100, 108))",
        "__import__('base64').b64decode('c3lzdGVt').decode()",
        "f\"{'sys'}{'tem'}\"", "['a', 'system'][1]", "{'k': 'system'}['k']", "'a system b'.split()[1]",
        "__import__('codecs').decode('flfgrz', 'rot13')", "''.join(reversed('metsys'))", "str(b'system', 'ascii')",
    ):  # fmt: skip
        assert eval(expression) == "system"
        found = {act.kind for act in analyse(f"import os\ngetattr(os, {expression})('id')").acts}
        assert "hidden-name" in found, expression


@given(st.binary(max_size=300) | mutations(valid))
def test_any_bytes(data: bytes) -> None:
    survives("python", data, "a.py")
