"""The readers of PyTorch archives. The archives are written member by member, as PyTorch lays them out."""

from __future__ import annotations

import io
import pickle
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.tensor_files import ids, kinds, mutations, read, survives
from violet.formats.torch.facts import ScriptFacts, TorchFacts
from violet.formats.torch.script import bytecode_uses, program_uses

OBJECT = pickle.dumps({"epoch": 3}, 2)
MAGIC = 0x1950A86A20F9469CFC6C


def archive(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return stream.getvalue()


def checkpoint(root: str = "archive") -> dict[str, bytes]:
    return {
        f"{root}/data.pkl": OBJECT,
        f"{root}/byteorder": b"little",
        f"{root}/data/0": bytes(64),
        f"{root}/version": b"3\n",
        f"{root}/.data/serialization_id": b"0123456789",
    }


PROGRAM = """class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  def forward(self: __torch__.Net,
    x: Tensor) -> Tensor:
    _0 = ops.prim.NumToTensor(torch.size(x, 0))
    _1 = ops.torchvision.nms(x, x, 0.5)
    print("torch.save is only named here")  # ops.evil.run(x)
    return torch.add(x, _0, alpha=1)
"""


def script(program: str, **more: bytes) -> dict[str, bytes]:
    members = {
        "net/data.pkl": OBJECT,
        "net/code/__torch__.py": program.encode(),
        "net/code/__torch__.py.debug_pkl": OBJECT,
        "net/constants.pkl": pickle.dumps((), 2),
        "net/version": b"3\n",
    }
    return members | {f"net/{name.replace('__', '/')}": content for name, content in more.items()}


def uses(program: str) -> list[tuple[str, str, str]]:
    return [(u.namespace, u.name, u.method) for u in program_uses(program, "code.py")]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_checkpoint(method: int) -> None:
    data = archive(checkpoint(), method)
    assert ids(data, "model.pt")[0] == "torch_zip"
    parsed = read("torch_zip", data, "model.pt")
    assert isinstance(parsed.facts, TorchFacts)
    assert parsed.facts.records.roots == ["archive/"]
    assert parsed.facts.records.storages == 1
    assert parsed.defects == []


def test_case_of_names_hides_nothing() -> None:
    assert ids(archive({"a/DATA.PKL": OBJECT, "a/Version": b"3"}), "m.pt")[0] == "torch_zip"
    upper = {name.replace("code", "CODE").replace("constants", "Constants"): c for name, c in script(PROGRAM).items()}
    assert ids(archive(upper), "m.pt")[0] == "torchscript"
    facts = read("torchscript", archive(upper)).facts
    assert isinstance(facts, ScriptFacts)
    assert facts.sources == 1


def test_two_members_of_one_name_are_both_read() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as file:
        for name, content in script(PROGRAM).items():
            file.writestr(name, content)
        with pytest.warns(UserWarning, match="Duplicate"):
            file.writestr("net/code/__torch__.py", 'def f(x):\n  torch.save(x, "/tmp/x")\n')
    facts = read("torchscript", stream.getvalue()).facts
    assert isinstance(facts, ScriptFacts)
    assert [u.name for u in facts.uses] == ["save"]


def test_two_object_graphs_contradict() -> None:
    data = archive(checkpoint("a") | checkpoint("b"))
    assert kinds(read("torch_zip", data, "model.pt")) == ["contradiction"]
    assert kinds(read("torch_zip", data, "backup.zip")) == []


def test_package() -> None:
    members = {
        "p/.data/extern_modules": b"torch\n",
        "p/.data/version": b"6\n",
        "p/model/model.pkl": OBJECT,
        "p/project/layers.py": b"import os\n",
    }
    data = archive(members)
    assert ids(data, "p.pt")[0] == "torch_package"
    facts = read("torch_package", data).facts
    assert isinstance(facts, TorchFacts)
    assert facts.records.python == ["p/project/layers.py"]


def test_exported_program() -> None:
    members = {
        "m/archive_format": b"pt2",
        "m/models/model.json": b"{}",
        "m/data/aotinductor/model/c.wrapper.so": b"\x7fELF",
    }
    data = archive(members)
    assert ids(data, "m.pt2")[0] == "torch_export"
    facts = read("torch_export", data).facts
    assert isinstance(facts, TorchFacts)
    assert facts.records.native == ["m/data/aotinductor/model/c.wrapper.so"]


def test_other_archives_are_none_of_these() -> None:
    found = ids(archive({"readme.txt": b"hello", "data/0": b"x"}), "x.zip")
    assert not any(name.startswith("torch") for name in found)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_legacy(protocol: int) -> None:
    data = b"".join(pickle.dumps(part, protocol) for part in (MAGIC, 1001, {}, {"a": 1}, []))
    assert "torch_legacy" in ids(data, "model.pth")


def test_script_that_only_computes() -> None:
    data = archive(script(PROGRAM))
    assert ids(data, "net.pt")[0] == "torchscript"
    parsed = read("torchscript", data)
    assert isinstance(parsed.facts, ScriptFacts)
    assert parsed.facts.sources == 1
    assert parsed.facts.uses == []
    assert parsed.defects == []
    assert parsed.unexamined == []


@pytest.mark.parametrize(
    ("line", "use"),
    [
        ('torch.save(x, "/tmp/x")', ("aten", "save", "f")),
        ('torch . save (x, "/tmp/x")', ("aten", "save", "f")),
        ('ops.aten.save(x, "/tmp/x")', ("aten", "save", "f")),
        ('torch.ops.aten.from_file("/etc/passwd")', ("aten", "from_file", "f")),
        ('torch.from_file("/etc/passwd", True, 9)', ("aten", "from_file", "f")),
        ("ops.acme.run(x)", ("acme", "run", "f")),
        ("^PyFunction(True)(x)", ("python", "PyFunction", "f")),
        ("__torch__.torch.classes.acme.Thing(x)", ("classes.acme", "Thing", "f")),
        ("torch.rpc_async(x)", ("aten", "rpc_async", "f")),
    ],
)
def test_what_reaches_outside(line: str, use: tuple[str, str, str]) -> None:
    assert uses(f"def f(self, x):\n  return {line}\n") == [use]


@pytest.mark.parametrize(
    "line",
    [
        "torch.mul(x, x)",
        "ops.quantized.linear(x, x)",
        "__torch__.torch.classes.quantized.LinearPackedParamsBase",
        "self.save_counter",
        "(self.tokenizer).save(x)",
        "'torch.save(x)'",
        '"""torch.save(x)\n"""',
        "# torch.save(x)",
        "uninitialized(Tensor)",
    ],
)
def test_what_does_not(line: str) -> None:
    assert uses(f"def f(self, x):\n  y = {line}\n") == []


def test_what_happens_while_loading() -> None:
    program = 'def __setstate__(self, s):\n  torch.save(s, "/tmp/x")\n'
    assert uses(program) == [("aten", "save", "__setstate__")]


@pytest.mark.parametrize("protocol", [0, 2, 3, 4, 5])
def test_operators_of_a_mobile_program(protocol: int) -> None:
    table = pickle.dumps(("aten::save", "acme::run.out", "aten::add", "quantized::linear"), protocol)
    found = {(u.namespace, u.name) for u in bytecode_uses(table, "bytecode.pkl")}
    assert found == {("aten", "save"), ("acme", "run")}


def test_a_program_too_long_to_read_is_said_so() -> None:
    from violet.formats.source import Bounds

    data = archive(script(PROGRAM * 100))
    assert read("torchscript", data, bounds=Bounds(text=1000)).unexamined


def valid() -> bytes:
    return archive(script(PROGRAM, bytecode_pkl=OBJECT), zipfile.ZIP_DEFLATED)


@given(st.text(st.sampled_from("torch.save(ops aten)\"'#^\n\\def _"), max_size=80))
def test_any_program(text: str) -> None:
    list(program_uses(text, "code.py"))


@given(mutations(valid))
def test_any_mutation(data: bytes) -> None:
    survives("torchscript", data, "net.pt")
    survives("torch_zip", data, "net.pt")
