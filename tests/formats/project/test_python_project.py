"""Project settings and lock files: what is asked for, and where exactly that stands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, survives
from violet.formats.project.dependencies import components, read_file
from violet.formats.project.facts import MOST_DEPENDENCIES, Dependency, DependencyFacts
from violet.formats.project.pins import bounds
from violet.formats.source import BytesSource

DIGEST = "sha256:" + "0123456789abcdef" * 4
HEX = DIGEST[7:]
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(text: str, name: str) -> DependencyFacts:
    facts = read_file(BytesSource(text.encode()), name)
    assert facts is not None
    return facts


def told(facts: DependencyFacts) -> list[tuple[str, ...]]:
    return [(d.kind, d.name, d.specifier, d.version, d.group) for d in facts.dependencies]


def places(text: str, dependency: Dependency) -> tuple[str, ...]:
    regions = (dependency.name_region, dependency.specifier_region, *dependency.hash_regions)
    return tuple(text[r.start : r.end] if r else "" for r in regions)


PYPROJECT = f"""\
[build-system]
requires = ["hatchling>=1.26"]

[project]
name = "acme"
requires-python = ">=3.11"
dependencies = [
  "torch>=2.6",   # why
  "helper @ git+https://g.example/helper@{COMMIT}",
  'NumPy == 2.1.0 ; python_version < "3.13"',
]

[project.optional-dependencies]
gpu = ["triton"]

[dependency-groups]
dev = ["pytest>=8", {{include-group = "lint"}}]
lint = ["ruff==0.14"]

[tool.uv.sources]
triton = {{ index = "own" }}

[[tool.uv.index]]
name = "own"
url = "https://pypi.acme.example/simple"
explicit = true
"""


def test_pyproject() -> None:
    facts = read(PYPROJECT, "pyproject.toml")
    assert (facts.own, facts.python) == ("acme", ">=3.11")
    assert told(facts) == [
        ("package", "torch", ">=2.6", "", ""),
        ("repository", "helper", "", "", ""),
        ("package", "NumPy", "== 2.1.0", "2.1.0", ""),
        ("package", "triton", "", "", "gpu"),
        ("package", "pytest", ">=8", "", "dev"),
        ("package", "ruff", "==0.14", "0.14", "lint"),
        ("package", "hatchling", ">=1.26", "", "build"),
    ]
    torch, helper, numpy, triton = facts.dependencies[:4]
    assert places(PYPROJECT, torch) == ("torch", ">=2.6")
    assert (torch.line, torch.region.column) == (8, 3)
    assert places(PYPROJECT, numpy) == ("NumPy", "== 2.1.0")
    assert helper.pinned
    assert triton.index == "own"
    assert [(s.kind, s.value, s.explicit) for s in facts.settings] == [
        ("extra-index", "https://pypi.acme.example/simple", True)
    ]


def test_escapes_have_no_exact_place() -> None:
    text = '[project]\nname = "x"\ndependencies = ["t\\u006frch==1.0"]\n'
    (torch,) = read(text, "pyproject.toml").dependencies
    assert torch.name == "torch"
    assert torch.name_region is None


POETRY = """\
[tool.poetry]
name = "acme"
[tool.poetry.dependencies]
python = "^3.11"
torch = "^2.6"
numpy = "2.1.0"
any = "*"
own = {version = ">=1", source = "acme", extras = ["a"], markers = "sys_platform == 'linux'"}
g = {git = "https://g.example/g.git", rev = "v1"}
p = {path = "../p", develop = true}
several = [{version = "1.0", python = "<3.9"}, {version = "2.0", python = ">=3.9"}]
[tool.poetry.group.dev.dependencies]
pytest = ">=8"
[[tool.poetry.source]]
name = "acme"
url = "https://pypi.acme.example/simple"
priority = "explicit"
"""


def test_poetry() -> None:
    facts = read(POETRY, "pyproject.toml")
    assert told(facts) == [
        ("package", "torch", "^2.6", "", ""),
        ("package", "numpy", "2.1.0", "2.1.0", ""),
        ("package", "any", "", "", ""),
        ("package", "own", ">=1", "", ""),
        ("repository", "g", "", "", ""),
        ("path", "p", "", "", ""),
        ("package", "several", "1.0", "1.0", ""),
        ("package", "several", "2.0", "2.0", ""),
        ("package", "pytest", ">=8", "", "dev"),
    ]
    assert facts.dependencies[3].index == "acme"
    assert places(POETRY, facts.dependencies[0]) == ("torch", "^2.6")
    assert places(POETRY, facts.dependencies[3]) == ("own", ">=1")
    assert not facts.dependencies[4].pinned
    found = components(POETRY.encode(), "pyproject.toml")
    assert [c.specifier for c in found[:3]] == [">=2.6,<3", "==2.1.0", "*"]


def test_pipfile() -> None:
    text = (
        '[[source]]\nurl = "https://pypi.org/simple"\nverify_ssl = true\nname = "pypi"\n[[source]]\n'
        'url = "https://own.example"\nverify_ssl = false\nname = "own"\n[packages]\ntorch = "==2.6.0"\n'
        'x = {git = "https://g.example/x", ref = "main"}\n[dev-packages]\npytest = "*"\n'
    )
    facts = read(text, "Pipfile")
    assert told(facts) == [
        ("package", "torch", "==2.6.0", "2.6.0", ""),
        ("repository", "x", "", "", ""),
        ("package", "pytest", "", "", "dev"),
    ]
    assert [s.kind for s in facts.settings] == ["index", "extra-index", "trusted-host"]


LOCKS = {
    "poetry.lock": f"""\
# This file is automatically @generated by Poetry 2.2.0 and should not be changed by hand.
[[package]]
name = "torch"
version = "2.6.0"
groups = ["main"]
files = [
    {{file = "torch-2.6.0.whl", hash = "{DIGEST}"}},
]
[[package]]
name = "helper"
version = "1.0"
[package.source]
type = "git"
url = "https://g.example/helper"
reference = "main"
resolved_reference = "{COMMIT}"
""",
    "uv.lock": f"""\
version = 1
requires-python = ">=3.11"
[[package]]
name = "acme"
version = "0.1"
source = {{ editable = "." }}
[[package]]
name = "torch"
version = "2.6.0"
source = {{ registry = "https://pypi.org/simple" }}
sdist = {{ url = "https://x/t.tar.gz", hash = "{DIGEST}", size = 1 }}
[[package]]
name = "helper"
version = "1.0"
source = {{ git = "https://g.example/helper?rev=main#{COMMIT}" }}
""",
    "pdm.lock": f"""\
[metadata]
groups = ["default"]
[[package]]
name = "torch"
version = "2.6.0"
groups = ["default"]
files = [{{file = "t.whl", hash = "{DIGEST}"}}]
[[package]]
name = "helper"
version = "1.0"
git = "https://g.example/helper"
revision = "{COMMIT}"
""",
    "pylock.toml": f"""\
lock-version = "1.0"
created-by = "pip"
[[packages]]
name = "torch"
version = "2.6.0"
[[packages.wheels]]
url = "https://x/t.whl"
hashes = {{sha256 = "{HEX}"}}
[[packages]]
name = "helper"
version = "1.0"
[packages.vcs]
type = "git"
url = "https://g.example/helper"
commit-id = "{COMMIT}"
""",
    "Pipfile.lock": json.dumps(
        {
            "_meta": {"sources": [{"name": "pypi", "url": "https://pypi.org/simple", "verify_ssl": True}]},
            "default": {
                "torch": {"version": "==2.6.0", "hashes": [DIGEST]},
                "helper": {"git": "https://g.example/helper", "ref": COMMIT},
            },
            "develop": {},
        },
        indent=4,
    ),
}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files(name: str) -> None:
    text = LOCKS[name]
    assert ids(text.encode(), name)[0] == "lock-file"
    torch, helper = read(text, name).dependencies
    assert (torch.kind, torch.name, torch.version, torch.locked) == ("package", "torch", "2.6.0", True)
    assert [str(one) for one in torch.hashes] == [DIGEST]
    assert places(text, torch)[0] == "torch"
    assert torch.name_region is not None
    assert "torch" in text.splitlines()[torch.name_region.line - 1]
    if name != "Pipfile.lock":
        assert places(text, torch) == ("torch", "2.6.0", HEX if name == "pylock.toml" else DIGEST)
    assert (helper.kind, helper.pinned) == ("repository", True)


CONDA_LOCK = f"""\
version: 1
metadata:
  content_hash: {{linux-64: x}}
package:
- name: numpy
  version: 2.1.0
  manager: conda
  platform: linux-64
  url: https://conda.anaconda.org/conda-forge/linux-64/numpy-2.1.0-py312_0.conda
  hash:
    md5: {HEX[:32]}
    sha256: {HEX}
- name: numpy
  version: 2.1.0
  manager: conda
  platform: osx-64
- name: torch
  version: 2.6.0
  manager: pip
"""


def test_conda_lock() -> None:
    numpy, torch = read(CONDA_LOCK, "conda-lock.yml").dependencies
    assert (numpy.ecosystem, numpy.version, len(numpy.hashes)) == ("conda", "2.1.0", 2)
    assert (torch.ecosystem, torch.version, torch.hashes) == ("PyPI", "2.6.0", ())
    assert places(CONDA_LOCK, torch)[:2] == ("torch", "2.6.0")


def test_explicit_conda_lists() -> None:
    text = f"@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/linux-64/numpy-2.1.0-py312_0.conda#{HEX[:32]}\n"
    (numpy,) = read(text, "conda-linux-64.lock").dependencies
    assert (numpy.name, numpy.version, numpy.hashes[0].algorithm) == ("numpy", "2.1.0", "md5")


ENVIRONMENT = """\
name: acme
channels:
  - conda-forge
  - https://conda.acme.example/channel
dependencies:
  - python=3.12
  - numpy=2.1.0
  - pytorch::pytorch>=2.6,<3
  - scipy 1.14.*
  - mkl=2024.0=h1
  - pip
  - pip:
    - --extra-index-url https://x.example/simple
    - torch==2.6.0  # why
    - -r requirements.txt
"""


def test_environments() -> None:
    facts = read(ENVIRONMENT, "environment.yml")
    assert [(d.ecosystem, d.name, d.specifier, d.version) for d in facts.dependencies] == [
        ("conda", "python", "=3.12", ""),
        ("conda", "numpy", "=2.1.0", "2.1.0"),
        ("conda", "pytorch", ">=2.6,<3", ""),
        ("conda", "scipy", "1.14.*", ""),
        ("conda", "mkl", "=2024.0=h1", "2024.0"),
        ("conda", "pip", "", ""),
        ("PyPI", "torch", "==2.6.0", "2.6.0"),
    ]
    assert [(s.kind, s.line) for s in facts.settings] == [
        ("channel", 3),
        ("channel", 4),
        ("extra-index", 13),
        ("include", 15),
    ]
    assert places(ENVIRONMENT, facts.dependencies[2]) == ("pytorch", ">=2.6,<3")
    assert places(ENVIRONMENT, facts.dependencies[6]) == ("torch", "==2.6.0")


def test_an_environment_that_is_no_yaml_is_read_by_its_lines() -> None:
    facts = read("a: [\n- torch==2.6.0\n", "environment.yml")
    assert facts.problem
    assert [d.name for d in facts.dependencies] == ["torch"]


def test_recipes() -> None:
    text = (
        '{% set version = "1.2" %}\npackage:\n  name: acme\nrequirements:\n  host:\n    - pip\n  run:\n'
        "    - numpy >=2,<3\n    - acme-core =={{ version }}\n    - {{ compiler('c') }}\ntest:\n  - x\n"
    )
    assert [(d.name, d.specifier, d.group) for d in read(text, "meta.yaml").dependencies] == [
        ("pip", "", "build"),
        ("numpy", ">=2,<3", ""),
        ("acme-core", "==1.2", ""),
    ]


SETUP = """\
from setuptools import setup
extra = ["triton>=3"]
setup(
    name="acme",
    python_requires=">=3.11",
    install_requires=["torch>=2.6", "ä" + "b", open("x").read(), "numpy==2.1.0"],
    extras_require={"gpu": extra, "x": compute()},
)
"""


def test_setup_scripts_are_read_and_not_run() -> None:
    facts = read(SETUP, "setup.py")
    assert told(facts) == [
        ("package", "torch", ">=2.6", "", ""),
        ("package", "numpy", "==2.1.0", "2.1.0", ""),
        ("package", "triton", ">=3", "", "gpu"),
    ]
    assert (facts.own, facts.python) == ("acme", ">=3.11")
    assert places(SETUP, facts.dependencies[1]) == ("numpy", "==2.1.0")
    assert ids(SETUP.encode(), "setup.py") == ["python", "setup-script"]


def test_setup_cfg() -> None:
    text = (
        "[metadata]\nname = acme\n[options]\npython_requires = >=3.11\ninstall_requires =\n    torch>=2.6\n"
        "    # no\n    numpy==2.1.0 ; python_version<'3'\nsetup_requires = wheel\n[options.extras_require]\n"
        "gpu =\n  triton\n[options.package_data]\n* = *.txt\n"
    )
    facts = read(text, "setup.cfg")
    assert told(facts) == [
        ("package", "torch", ">=2.6", "", ""),
        ("package", "numpy", "==2.1.0", "2.1.0", ""),
        ("package", "wheel", "", "", "build"),
        ("package", "triton", "", "", "gpu"),
    ]
    assert places(text, facts.dependencies[0]) == ("torch", ">=2.6")
    assert (facts.own, facts.python) == ("acme", ">=3.11")


def test_extras_whose_names_begin_with_a_digit() -> None:
    facts = read("[options]\n[options.extras_require]\n3d = open3d\n_x =\n  evil\n", "setup.cfg")
    assert told(facts) == [("package", "open3d", "", "", "3d"), ("package", "evil", "", "", "_x")]


def test_lists_in_setup_scripts_that_are_put_together() -> None:
    text = (
        'base = ["numpy==2.1.0"]\nmore = [*base, "scipy"]\n'
        'setup(install_requires=base + ["torch"] + more, extras_require={"a": [*more]})\n'
    )
    assert [(d.name, d.group) for d in read(text, "setup.py").dependencies] == [
        ("numpy", ""),
        ("torch", ""),
        ("numpy", ""),
        ("scipy", ""),
        ("numpy", "a"),
        ("scipy", "a"),
    ]
    assert read("a = a + a\nsetup(install_requires=a)\n", "setup.py").dependencies == []


def test_what_is_cut_off_is_said() -> None:
    entries = "".join(f"- name: p{n}\n  version: '1'\n  manager: pip\n" for n in range(MOST_DEPENDENCIES + 1))
    assert "more entries" in read(f"package:\n{entries}", "conda-lock.yml").problem
    line = "https://conda.anaconda.org/conda-forge/noarch/p{}-1.0-h_0.conda\n"
    explicit = "@EXPLICIT\n" + "".join(line.format(n) for n in range(MOST_DEPENDENCIES + 1))
    assert "more entries" in read(explicit, "conda-linux-64.lock").problem
    assert "characters" in read("@EXPLICIT\n" + line.format("a" * 3000), "conda-linux-64.lock").problem
    assert "characters" in read("requirements:\n  run:\n    - evil" + " " * 3000 + "\n", "meta.yaml").problem
    packages = {f"p{n}": {"version": "==1"} for n in range(MOST_DEPENDENCIES + 1)}
    assert "more entries" in read(json.dumps({"default": packages}), "Pipfile.lock").problem


@pytest.mark.parametrize(
    ("written", "version"),
    [("numpy 1.2.3 py311_0", "1.2.3"), ("numpy=1.2.3=py311_0", "1.2.3"), ("numpy 1.2.*", ""), ("numpy >=1,<2", "")],
)
def test_builds_of_conda(written: str, version: str) -> None:
    (made,) = read(f"dependencies:\n  - {written}\n", "environment.yml").dependencies
    assert made.version == version


def test_alternatives_have_no_bounds() -> None:
    assert bounds(">=2.6 || <2") == (None, None)
    assert bounds(">=1,<2 | >=3") == (None, None)
    assert bounds(">=2.6,<3") == ((2, 6), (3,))


def test_what_is_broken_is_said() -> None:
    assert read("[project\n", "pyproject.toml").problem
    assert read("{", "Pipfile.lock").problem
    assert read("setup(", "setup.py").problem
    assert read_file(BytesSource(b""), "notes.md") is None
    assert components(b"torch==1", "notes.md") == ()


NAMES = st.sampled_from(
    "pyproject.toml Pipfile uv.toml setup.cfg setup.py pip.conf poetry.lock uv.lock pdm.lock Pipfile.lock pylock.toml"
    " conda-lock.yml conda-linux-64.lock environment.yml meta.yaml requirements.txt".split()
)
WORDS = st.sampled_from(
    "[ ] [[ ]] = { } \" ' , . # : - \\ package name version files hash source tool poetry dependencies uv project a 1"
    " \n >= == @ :// git install_requires setup( ) requirements: package: @EXPLICIT".split(" ")
)


@given(NAMES, st.binary(max_size=200) | st.lists(WORDS, max_size=40).map(lambda words: " ".join(words).encode()))
def test_any_content(name: str, data: bytes) -> None:
    facts = read_file(BytesSource(data), name)
    assert facts is not None
    for dependency in facts.dependencies:
        dependency.component(name)
        assert dependency.line >= 1
    for format_id in ("python-project", "lock-file", "setup-script"):
        survives(format_id, data, name)
