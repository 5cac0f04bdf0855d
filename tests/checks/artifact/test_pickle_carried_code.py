"""Code carried by value."""

from __future__ import annotations

import dis
import pickle
import subprocess
from typing import TYPE_CHECKING

import cloudpickle
import dill
import pytest

from tests.checks.examples import outcomes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RULE = "artifact/pickle-carried-code"


def positive(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(cloudpickle.dumps(lambda x: x + 1))
    return path


def benign(directory: Path) -> Path:
    path = directory / "model.pkl"
    path.write_bytes(pickle.dumps({"lambda": "x + 1"}))
    return path


def said(content: bytes, directory: Path) -> tuple[str, str]:
    path = directory / "m.pkl"
    path.write_bytes(content)
    (found,) = [f for f in outcomes(path) if f.rule == RULE]
    assert all(f.severity.name == "LOW" for f in outcomes(path)) or found.severity.name != "LOW"
    return found.severity.name, found.message


def made(source: str) -> object:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec(source, namespace)
    return namespace["f"]


def test_code_that_only_computes_is_low(tmp_path: Path) -> None:
    severity, message = said(positive(tmp_path).read_bytes(), tmp_path)
    assert severity == "LOW"
    assert "only compute" in message


@pytest.mark.parametrize(
    "dumps", [cloudpickle.dumps, lambda f: dill.dumps(f, recurse=True)], ids=["cloudpickle", "dill"]
)
@pytest.mark.parametrize(
    ("severity", "named", "source"),
    [
        ("LOW", "only compute", "import numpy as np\nf = lambda x: np.log1p(x).sum()"),
        ("LOW", "only compute", "import os\nf = lambda x: os.path.join(x, 'a')"),
        ("LOW", "only compute", "class A:\n    def g(self): return self.h\n    h = property(lambda s: 1)\nf = A"),
        ("MEDIUM", "numpy.load", "import numpy as np\nf = lambda x: np.load(x)"),
        ("MEDIUM", "os.remove", "import os\nf = lambda x: os.remove(x)"),
        ("MEDIUM", "open", "f = lambda x: open(x)"),
        ("MEDIUM", ".tofile", "f = lambda x: x.tofile('a')"),
        ("MEDIUM", ".tofile", "def f(x):\n    x.tofile = 1\n    return x.tofile('a')"),
        ("MEDIUM", "'to_pickle'", "f = lambda x: x.agg('to_pickle')"),
        ("MEDIUM", "getattr", "f = lambda x: getattr(x, 'y')"),
        ("MEDIUM", "helper", "f = lambda x: helper(x)"),
        ("HIGH", "os.system", "import os\nf = lambda x: os.system(x)"),
        ("HIGH", "os.system", "import random\nf = lambda x: random._os.system(x)"),
        ("HIGH", "__self__", "f = lambda x: len.__self__"),
        ("HIGH", "__builtins__", "f = lambda x: globals()['__builtins__']"),
        ("HIGH", "__code__", "def f(x):\n    x.predict.__code__ = x.other"),
        ("HIGH", "/bin/sh", "f = lambda x: x.predict('/bin/sh -c id')"),
    ],
)  # fmt: skip
def test_what_the_names_say(
    tmp_path: Path, dumps: Callable[[object], bytes], severity: str, named: str, source: str
) -> None:
    found, message = said(dumps(made(source)), tmp_path)
    assert found == severity
    assert named in message


def test_code_of_no_known_version_is_not_vouched_for(tmp_path: Path) -> None:
    content = cloudpickle.dumps(made("f = lambda x: x + 'suffix'"))
    code = made("f = lambda x: x + 'suffix'").__code__.co_code  # type: ignore[attr-defined]
    severity, message = said(content.replace(code, b"\xff\xff" + code[2:]), tmp_path)
    assert severity == "MEDIUM"
    assert "no version" in message


def test_reading_beyond_the_constants_is_high(tmp_path: Path) -> None:
    content = cloudpickle.dumps(made("f = lambda x: x + 'suffix'"))
    load = dis.opmap["LOAD_CONST"]
    severity, message = said(content.replace(bytes((load, 1)), bytes((load, 201))), tmp_path)
    assert severity == "HIGH"
    assert "beyond" in message


def test_methods_that_run_at_load(tmp_path: Path) -> None:
    source = "class A:\n    def __setstate__(self, state):\n        helper(state)\nf = A()\nf.a = 1"
    assert said(cloudpickle.dumps(made(source)), tmp_path)[0] == "HIGH"
    harmless = "class A:\n    def __setstate__(self, state):\n        self.a = state\nf = A()\nf.a = 1"
    assert said(cloudpickle.dumps(made(harmless)), tmp_path)[0] == "MEDIUM"


@pytest.mark.parametrize("dumps", [cloudpickle.dumps, dill.dumps], ids=["cloudpickle", "dill"])
def test_code_that_runs_commands_is_high(tmp_path: Path, dumps: object) -> None:
    path = tmp_path / "m.pkl"
    path.write_bytes(dumps(lambda x: subprocess.Popen(["sh", "-c", x])))  # type: ignore[operator]
    found = [f for f in outcomes(path) if f.rule == RULE]
    assert found
    assert any(f.severity.name in ("HIGH", "CRITICAL") for f in outcomes(path))
