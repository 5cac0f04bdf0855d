"""Loading calls: only the call changes, in any encoding and layout; and the rewritten call gives the same."""

from __future__ import annotations

import ast
import io
import json
import tarfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from violet.actions.base import Settings
from violet.domain.fix import FixReport
from violet.services.fix import FixOptions, fix


def fixable(directory: Path) -> Path:
    path = directory / "train.py"
    path.write_text("import torch\nmodel = torch.load('model.pt')\n")
    return path


def refusable(directory: Path) -> Path:
    path = directory / "train.py"
    path.write_text("import pickle\nmodel = pickle.load(open('model.pkl', 'rb'))\n")
    return path


@pytest.fixture(autouse=True)
def _state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))


def run(path: Path, content: bytes, aggressive: bool = False) -> FixReport:
    path.write_bytes(content)
    return fix(FixOptions((str(path),), ("loading",), settings=Settings(aggressive=aggressive)))


HEAD = "import torch, yaml, tarfile, pickle, functools\nimport numpy as np\n"
REWRITTEN = [
    ("torch.load(p)", "torch.load(p, weights_only=True)"),
    ("torch.load(p,)", "torch.load(p, weights_only=True,)"),
    ("torch.load(\n    p,  # why\n)", "torch.load(\n    p, weights_only=True,  # why\n)"),
    ("torch.load(\n    p  # why\n)", "torch.load(\n    p, weights_only=True  # why\n)"),
    ("torch.load((p))", "torch.load((p), weights_only=True)"),
    ("torch.load(open(p, 'rb'), mmap=False)", "torch.load(open(p, 'rb'), mmap=False, weights_only=True)"),
    ("torch.load(f'{p}é()#')", "torch.load(f'{p}é()#', weights_only=True)"),
    ("torch . load ( p )", "torch . load ( p, weights_only=True )"),
    (
        "[torch.load(q) for q in torch.load(p)]",
        "[torch.load(q, weights_only=True) for q in torch.load(p, weights_only=True)]",
    ),
    ("torch.load(torch.load(p))", "torch.load(torch.load(p, weights_only=True), weights_only=True)"),
    ("x = 'é'; torch.load(p); y = 'é'", "x = 'é'; torch.load(p, weights_only=True); y = 'é'"),
    ("torch.hub.load_state_dict_from_url(u)", "torch.hub.load_state_dict_from_url(u, weights_only=True)"),
    ("yaml.load(p)", "yaml.safe_load(p)"),
    ("yaml.load_all(p)", "yaml.safe_load_all(p)"),
    ("yaml.load(p, Loader=yaml.Loader)", "yaml.load(p, Loader=yaml.SafeLoader)"),
    ("yaml.load(p, yaml.CLoader)", "yaml.load(p, yaml.CSafeLoader)"),
    ("yaml.load(p, Loader = yaml . Loader )", "yaml.load(p, Loader = yaml . SafeLoader )"),
    ("tarfile.open(p).extractall()", 'tarfile.open(p).extractall(filter="data")'),
    ("tarfile.open(p).extractall('d')", "tarfile.open(p).extractall('d', filter='data')"),
    ("tarfile.open(p).extract(m, path='d')", "tarfile.open(p).extract(m, path='d', filter='data')"),
]  # fmt: skip
ASKED = [
    ("torch.load(p, weights_only=False)", "torch.load(p, weights_only=True)"),
    ("torch.load(p, weights_only = False, mmap=True)", "torch.load(p, weights_only = True, mmap=True)"),
    ("yaml.unsafe_load(p)", "yaml.safe_load(p)"),
    ("yaml.full_load(p)", "yaml.safe_load(p)"),
    ("yaml.load(p, yaml.UnsafeLoader)", "yaml.load(p, yaml.SafeLoader)"),
    ("yaml.load(p, Loader=yaml.FullLoader)", "yaml.load(p, Loader=yaml.SafeLoader)"),
    ("tarfile.open(p).extractall(filter='fully_trusted')", "tarfile.open(p).extractall(filter='data')"),
]
REFUSED = [
    ("torch.load(p, pickle_module=pickle)", "pickle_module"),
    ("torch.load(p, 'cpu', pickle)", "pickle_module"),
    ("torch.load(p, weights_only=False)", "in so many words"),
    ("list(map(torch.load, p))", "handed on"),
    ("functools.partial(torch.load)", "handed on"),
    ("pickle.load(p)", "no call does the same"),
    ("np.load(p, allow_pickle=True)", "cannot be told from the source"),
    ("yaml.load(p, Loader=yaml.UnsafeLoader)", "in so many words"),
    ("AutoModel.from_pretrained('org/model', trust_remote_code=True)", "may not load at all"),
    ("AutoModel.from_pretrained('org/model')", "cannot be told offline"),
    ("keras.models.load_model(p, safe_mode=False)", "does not load"),
    ("import urllib.request; urllib.request.urlretrieve('http://example.org/m.pt')", "over https"),
]


@pytest.mark.parametrize(("before", "after"), REWRITTEN)
def test_exact_rewrites(tmp_path: Path, before: str, after: str) -> None:
    report = run(tmp_path / "a.py", f"{HEAD}{before}\n".encode())
    assert report.unfixed == ()
    assert (tmp_path / "a.py").read_text() == f"{HEAD}{after}\n"
    ast.parse(f"{HEAD}{after}\n")


@pytest.mark.parametrize(("before", "after"), ASKED)
def test_what_was_asked_for_only_when_told_so(tmp_path: Path, before: str, after: str) -> None:
    report = run(tmp_path / "a.py", f"{HEAD}{before}\n".encode())
    assert "in so many words" in report.unfixed[0].reason
    assert (tmp_path / "a.py").read_text() == f"{HEAD}{before}\n"
    report = run(tmp_path / "a.py", f"{HEAD}{before}\n".encode(), aggressive=True)
    assert report.unfixed == ()
    assert (tmp_path / "a.py").read_text() == f"{HEAD}{after}\n"


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_refusals(tmp_path: Path, line: str, reason: str) -> None:
    content = f"{HEAD}import keras\nfrom transformers import AutoModel\n{line}\n".encode()
    report = run(tmp_path / "a.py", content)
    assert report.fixes == ()
    assert any(reason in item.reason for item in report.unfixed)
    assert all(item.advice and item.line == 5 for item in report.unfixed)
    assert (tmp_path / "a.py").read_bytes() == content


def test_names_that_were_imported_are_not_guessed(tmp_path: Path) -> None:
    content = b"from yaml import load, Loader\nload(open('x'), Loader=Loader)\nload(open('x'))\n"
    report = run(tmp_path / "a.py", content)
    assert report.fixes == ()
    assert len(report.unfixed) == 2
    content = b"from torch import load\nload('x')\n"
    assert run(tmp_path / "a.py", content).exit_code == 0
    assert (tmp_path / "a.py").read_bytes() == content.replace(b"'x')", b"'x', weights_only=True)")


ENCODINGS = [
    ("utf-8", b""),
    ("utf-8", b"\xef\xbb\xbf"),
    ("latin-1", b""),
    ("cp1252", b""),
    ("shift_jis", b""),
    ("gb18030", b""),
    ("utf-8-sig", b"\xef\xbb\xbf"),
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
@pytest.mark.parametrize(("encoding", "mark"), ENCODINGS)
def test_encodings_and_line_ends_stay(tmp_path: Path, encoding: str, mark: bytes, end: str) -> None:
    if end == "\r" and not encoding.startswith("utf-8"):
        pytest.skip("Python itself finds no coding comment before a lone carriage return")
    letters = {"latin-1": "é", "cp1252": "“é”", "shift_jis": "日本表", "gb18030": "中文"}.get(encoding, "é中😀")
    lines = [
        f"# -*- coding: {encoding} -*-",
        "import torch",
        f"a = '{letters}'",
        f"b = torch.load('{letters}')  # {letters}",
        "",
    ]
    plain = encoding.removesuffix("-sig")
    content = mark + end.join(lines).encode(plain)
    report = run(tmp_path / "a.py", content)
    lines[3] = f"b = torch.load('{letters}', weights_only=True)  # {letters}"
    assert report.exit_code == 0, report
    assert (tmp_path / "a.py").read_bytes() == mark + end.join(lines).encode(plain)


@pytest.mark.parametrize(
    "content",
    [
        b"# coding: nonsense\nimport torch\ntorch.load('x')\n",
        b"import torch\ntorch.load('\xff')\n",
        b"print 'x'\n",
        b"\0",
    ],
)
def test_what_is_no_python_is_not_examined(tmp_path: Path, content: bytes) -> None:
    report = run(tmp_path / "a.py", content)
    assert report.exit_code == 3
    assert (tmp_path / "a.py").read_bytes() == content


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_diff_is_a_patch(tmp_path: Path, end: str) -> None:
    import subprocess

    content = f"# é\nimport torch\n\n\ntorch.load('x'){end}"
    (tmp_path / "a.py").write_text(content)
    report = fix(FixOptions((str(tmp_path / "a.py"),), dry_run=True))
    patched = subprocess.run(
        ["patch", "-s", "-o", "-", str(tmp_path / "a.py")], input=report.fixes[0].diff.encode(), capture_output=True
    )
    assert patched.returncode == 0, patched.stderr
    assert patched.stdout.decode() == content.replace("'x')", "'x', weights_only=True)")


SPACE = st.sampled_from(["", " ", "\n  ", "  # é\n", "\\\n"])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    spaces=st.lists(SPACE.filter(lambda s: s != "\\\n"), min_size=6, max_size=6),
    arguments=st.lists(
        st.sampled_from(["p", "(p)", "f(p, q)", "*r", "'é)'", "lambda: 0", "[p for p in q]"]), min_size=1, max_size=2
    ),
    keywords=st.lists(st.sampled_from(["map_location='cpu'", "mmap=True"]), max_size=2, unique=True),
    trailing=st.booleans(),
)  # fmt: skip
def test_only_the_call_changes(
    tmp_path: Path, spaces: list[str], arguments: list[str], keywords: list[str], trailing: bool
) -> None:
    parts = [*arguments, *keywords]
    inside = "".join(
        f"{spaces[i]}{part}{spaces[i + 1]}{',' if i < len(parts) - 1 or trailing else ''}"
        for i, part in enumerate(parts)
    )
    text = f"import torch\nx = torch.load({inside}{spaces[5]})  # end\ny = 1\n"
    run(tmp_path / "a.py", text.encode())
    after = (tmp_path / "a.py").read_bytes().decode()
    if after != text:
        expected = ast.parse(text)
        call = expected.body[1].value  # type: ignore[attr-defined]
        call.keywords.append(ast.keyword("weights_only", ast.Constant(True)))
        assert ast.dump(ast.parse(after)) == ast.dump(expected)
        added = after.replace(", weights_only=True", "", 1).replace(" weights_only=True,", "", 1)
        assert added == text
    else:
        assert "*r" in arguments


# -- notebooks ---------------------------------------------------------------------------------------


def notebook(*sources: object, indent: int | None = 1, ascii_only: bool = False) -> bytes:
    cells: list[dict[str, object]] = [{"cell_type": "markdown", "metadata": {}, "source": ["torch.load('x') é\n"]}]
    for source in sources:
        cells.append(
            {
                "cell_type": "code",
                "execution_count": 1,
                "metadata": {},
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["torch.load('x')\n"]}],
                "source": source,
            }
        )
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    value = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode() + b"\n"


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_only_the_source_of_the_cell_changes(tmp_path: Path, indent: int | None, ascii_only: bool) -> None:
    first = ["%matplotlib inline\n", "import torch, tarfile\n", "!pip list\n", "m = torch.load('é😀\"')  # é\n", "m"]
    second = "tarfile.open('x').extractall(\"d\")\nn = torch.load(\n    'b',\n)"
    path = tmp_path / "a.ipynb"
    report = run(path, notebook(first, second, indent=indent, ascii_only=ascii_only))
    assert report.exit_code == 0, report
    first[3] = "m = torch.load('é😀\"', weights_only=True)  # é\n"
    second = "tarfile.open('x').extractall(\"d\", filter=\"data\")\nn = torch.load(\n    'b', weights_only=True,\n)"
    assert path.read_bytes() == notebook(first, second, indent=indent, ascii_only=ascii_only)
    assert [(edit.cell, edit.line) for edit in report.fixes[0].edits] == [(2, 4), (3, 1), (3, 2)]


def test_escapes_and_line_ends_of_a_notebook_stay(tmp_path: Path) -> None:
    content = notebook(["import torch\n", "torch.load('/a')"]).replace(b"/a", b"\\/\\u0061").replace(b"\n", b"\r\n")
    path = tmp_path / "a.ipynb"
    assert run(path, content).exit_code == 0
    assert path.read_bytes() == content.replace(b"u0061')", b"u0061', weights_only=True)")


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"cells": 3}', notebook("x")[:-20], b"\xff"])
def test_what_is_no_notebook_is_not_examined_or_left(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.ipynb"
    report = run(path, content)
    assert report.fixes == ()
    assert path.read_bytes() == content


def test_a_call_across_two_lines_of_a_notebook(tmp_path: Path) -> None:
    source = ["import torch\n", "m = torch.load(\n", "    'x')\n"]
    path = tmp_path / "a.ipynb"
    assert run(path, notebook(source)).exit_code == 0
    assert path.read_bytes() == notebook([*source[:2], "    'x', weights_only=True)\n"])


# -- why it is exact ---------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=10),
    st.dates(),
    st.binary(max_size=9),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)),
    max_leaves=12,
)


@given(value=DOCUMENTS)
def test_yaml_loaders_agree_on_plain_documents(value: object) -> None:
    text = yaml.safe_dump(value)
    assert (
        yaml.load(text, Loader=yaml.SafeLoader)
        == yaml.load(text, Loader=yaml.Loader)
        == yaml.load(text, Loader=yaml.FullLoader)
    )
    assert yaml.safe_load(text) == yaml.load(text, Loader=yaml.Loader)


def test_yaml_loaders_share_how_they_read_what_is_not_tagged() -> None:
    from yaml import constructor, resolver

    assert constructor.UnsafeConstructor.__mro__.index(constructor.SafeConstructor)
    for tag, make in constructor.SafeConstructor.yaml_constructors.items():
        if tag is not None:
            assert constructor.UnsafeConstructor.yaml_constructors[tag] is make
    added = set(constructor.UnsafeConstructor.yaml_constructors) - set(constructor.SafeConstructor.yaml_constructors)
    assert all(tag.startswith("tag:yaml.org,2002:python/") for tag in added)
    assert yaml.Loader.yaml_implicit_resolvers == yaml.SafeLoader.yaml_implicit_resolvers
    assert issubclass(yaml.SafeLoader, resolver.Resolver)


def test_tar_archives_come_out_the_same(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in (("a/b.txt", b"b"), ("c", b"c" * 10_000)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("a/link")
        link.type, link.linkname = tarfile.SYMTYPE, "b.txt"
        archive.addfile(link)
    for kind in ("data", "fully_trusted"):
        stream.seek(0)
        with tarfile.open(fileobj=stream) as archive:
            archive.extractall(tmp_path / kind, filter=kind)
    found = []
    for place in (tmp_path / "data", tmp_path / "fully_trusted"):
        paths = sorted(place.rglob("*"))
        found.append([(str(p.relative_to(place)), p.is_symlink(), p.is_file() and p.read_bytes()) for p in paths])
    assert found[0] == found[1]


@pytest.mark.torch
def test_torch_gives_the_same_with_weights_only(tmp_path: Path) -> None:
    import torch

    network = torch.nn.Linear(3, 2)
    value = {
        "model": network.state_dict(),
        "optimizer": torch.optim.Adam(network.parameters()).state_dict(),
        "epoch": 3,
    }
    torch.save(value, tmp_path / "model.pt")
    one = torch.load(tmp_path / "model.pt", weights_only=True)
    other = torch.load(tmp_path / "model.pt", weights_only=False)
    assert one["optimizer"] == other["optimizer"]
    assert all(torch.equal(one["model"][key], tensor) for key, tensor in other["model"].items())
