"""What a TorchScript program calls, read from its serialised source without compiling it.

Serialised programs write operators of the ``aten`` namespace as ``torch.name(...)``, those of any other
as ``ops.namespace.name(...)``, native classes as ``__torch__.torch.classes.namespace.Name``, and calls
back into Python as ``^name(...)`` (``torch/csrc/jit/serialization/python_print.cpp``). The file
operators cannot be written as methods of a value: the compiler wants a first argument called ``self``.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from violet.formats.torch.facts import FILE_OPERATORS, REMOTE, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

KNOWN_NAMESPACES = frozenset(
    (
        "aten", "prim", "prims", "quantized", "_quantized", "quantized_decomposed", "torchvision", "image",
        "video_reader", "torchaudio", "torchtext", "torchrec", "fbgemm", "_caffe2", "mkldnn", "onednn",
        "mkl", "mkldnn_prepacked", "prepacked", "inductor", "xnnpack", "static_runtime", "sparse", "cuda",
        "profiler", "c10d", "_c10d_functional", "c10d_functional", "onnx", "vulkan", "vulkan_prepack",
        "vulkan_quantized", "metal", "metal_prepack", "torch_sparse", "torch_scatter", "torch_cluster",
        "torch_spline_conv", "pyg", "detectron2", "rnn", "internal", "_test", "_nnapi", "debugprims",
        "nvprims", "rngprims", "higher_order", "torchao", "bitsandbytes", "flash_attn", "xformers",
        "torch_ipex", "tensorrt", "tensorexpr", "neuron", "preprocess", "torch_xla", "xla",
        "_c10d_functional_autograd", "_dtensor", "_inductor_test", "_native", "debug_mode_ops", "export",
        "flex_lib", "fsdp", "inductor_prims", "onnx_symbolic", "quantization", "streams", "symm_mem",
    )
)  # fmt: skip
"""Operators of PyTorch itself and of libraries that are widely used with it."""

_MOST_USES = 10_000


@cache
def _token() -> re.Pattern[str]:
    return re.compile(
        r'"""(?:[^"\\]|\\.|"(?!""))*"""'
        r"|'''(?:[^'\\]|\\.|'(?!''))*'''"
        r'|"(?:[^"\\\n]|\\.)*"'
        r"|'(?:[^'\\\n]|\\.)*'"
        r"|\#[^\n]*"
        r"|\^\s*[A-Za-z_]\w*"
        r"|\.?[A-Za-z_]\w*(?:\s*\.\s*[A-Za-z_]\w*)*",
        re.DOTALL,
    )


def program_uses(text: str, where: str) -> Iterator[Use]:
    """File operators, remote calls, calls into Python, and operators and classes of every namespace but
    those of ``KNOWN_NAMESPACES``."""
    method = ""
    before = ""
    found = 0
    for token in _token().finditer(text):
        word = token[0]
        if word[0] in "\"'#":
            continue
        if before == "def":
            method = word
        before = word
        use = _use(word)
        if use is None:
            continue
        found += 1
        if found > _MOST_USES:
            return
        start = text.rfind("\n", 0, token.start()) + 1
        end = text.find("\n", token.end())
        line = text.count("\n", 0, token.start()) + 1
        shown = text[start : end if end >= 0 else len(text)].strip()[:200]
        yield Use(use[0], use[1], where, line, shown, method)


def _use(word: str) -> tuple[str, str] | None:
    if word[0] == "^":
        return "python", word[1:].strip()
    parts = [part.strip() for part in word.split(".")]
    if len(parts) < 2:
        return None
    if parts[0] == "torch" and parts[1] == "ops":
        parts = parts[1:]
    if parts[0] == "ops" and len(parts) >= 3:
        namespace, name = parts[1], parts[2]
        plain = namespace == "aten" and name in FILE_OPERATORS
        return (namespace, name) if plain or name in REMOTE or namespace not in KNOWN_NAMESPACES else None
    if parts[0] == "torch" and len(parts) == 2:
        return ("aten", parts[1]) if parts[1] in FILE_OPERATORS or parts[1] in REMOTE else None
    if "classes" in parts and parts[0] == "__torch__":
        at = parts.index("classes")
        if parts[at - 1] == "torch" and len(parts) > at + 2 and parts[at + 1] not in KNOWN_CLASSES:
            return f"classes.{parts[at + 1]}", parts[at + 2]
        return None
    return None


KNOWN_CLASSES = KNOWN_NAMESPACES | {"dist_rpc", "dist_c10d", "profiling", "cuda", "cudnn", "tensorrt"}


def bytecode_uses(data: bytes, where: str) -> Iterator[Use]:
    """The same for the operators that compiled (mobile) programs name: texts of a pickled table."""
    seen: set[str] = set()
    position = -1
    while (position := data.find(b"::", position + 1)) >= 0 and len(seen) < _MOST_USES:
        text = _framed(data, position)
        if not text or text in seen:
            continue
        seen.add(text)
        namespace, _, name = text.partition("::")
        name = name.partition(".")[0]
        files = namespace == "aten" and name in FILE_OPERATORS
        if files or name in REMOTE or namespace not in KNOWN_NAMESPACES:
            yield Use(namespace, name, where, 0, text)


def _framed(data: bytes, position: int) -> str:
    """The pickled text that the colons at ``position`` stand in: its length stands before it, in one byte
    or four, or it ends with its line."""
    for start in range(position - 1, max(position - 48, 0), -1):
        if not (data[start : start + 1].isalnum() or data[start] == 0x5F):
            break
        length = 0
        if data[start - 2] in b"\x8cU":
            length = data[start - 1]
        if start + length <= position + 2 and start >= 5 and data[start - 5] in b"XT":
            length = int.from_bytes(data[start - 4 : start], "little")
        if data[start - 1] == 0x56 and length == 0:
            length = data.find(b"\n", position, position + 120) - start
        if position + 2 < start + length <= position + 120:
            text = data[start : start + length]
            if text.isascii() and text.replace(b":", b"").replace(b".", b"").replace(b"_", b"").isalnum():
                return text.decode("ascii")
    return ""
