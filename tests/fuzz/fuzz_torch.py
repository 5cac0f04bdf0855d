"""Fuzz entry: TorchScript programs and operator tables of any bytes."""

from __future__ import annotations

from tests.formats.tensor_files import survives

from violet.formats.torch.script import bytecode_uses, program_uses


def fuzz_one(data: bytes) -> None:
    list(program_uses(data.decode("utf-8", "replace"), "code.py"))
    list(bytecode_uses(data, "bytecode.pkl"))
    survives("torchscript", data, "net.pt")
