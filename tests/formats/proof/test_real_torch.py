"""What torch itself writes converts to what torch itself loads."""

from __future__ import annotations

import collections
from pathlib import Path
from typing import Any

import pytest

from tests.formats.proof.checkpoints import converted

pytestmark = pytest.mark.torch

LAYOUTS = pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])


def save(path: Path, value: Any, legacy: bool = False) -> None:
    import torch

    torch.save(value, path, _use_new_zipfile_serialization=not legacy)


def equal(expected: Any, got: Any) -> bool:
    """Whether a value as torch loads it is one as Violet puts it together, bit for bit."""
    import numpy as np
    import torch

    if isinstance(expected, torch.Tensor):
        plain = expected.detach().contiguous().reshape(-1)
        raw = plain.view(torch.uint8) if plain.numel() else plain.new_empty(0, dtype=torch.uint8)
        return raw.numpy().tobytes() == np.ascontiguousarray(got).tobytes()
    if type(expected) is not type(got):
        return False
    if isinstance(expected, dict):
        return list(expected) == list(got) and all(equal(v, got[k]) for k, v in expected.items())
    if isinstance(expected, (list, tuple)):
        return len(expected) == len(got) and all(map(equal, expected, got))
    return bool(expected == got)


def agree(path: Path) -> tuple[Any, dict[str, str]]:
    import torch

    expected = torch.load(path, weights_only=True)
    got, metadata, tensors = converted(path)
    assert equal(expected, got)
    from safetensors.torch import load

    output = load(path.with_suffix(".out").read_bytes())
    flat: dict[str, Any] = {}

    def walk(value: Any, name: str) -> None:
        if isinstance(value, torch.Tensor):
            flat[name or "tensor"] = value
        elif isinstance(value, dict):
            for key, item in value.items():
                walk(item, f"{name}.{key}" if name else str(key))
        elif isinstance(value, (list, tuple)):
            for number, item in enumerate(value):
                walk(item, f"{name}.{number}" if name else str(number))

    walk(expected, "")
    assert set(output) == set(flat) == set(tensors)
    for name, tensor in flat.items():
        assert output[name].dtype == tensor.dtype
        assert output[name].shape == tensor.shape
    return expected, metadata


@LAYOUTS
def test_a_network_and_its_optimizer(tmp_path: Path, legacy: bool) -> None:
    import torch

    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.LazyLinear(2)
    )
    optimizer = torch.optim.Adam(network.parameters())
    network(torch.randn(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    path = tmp_path / "model.pt"
    save(path, {"model": network.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3}, legacy)
    _, metadata = agree(path)
    assert '"a":{"d":[["_metadata"' in metadata["violet.structure"]


@LAYOUTS
def test_every_element_type(tmp_path: Path, legacy: bool) -> None:
    import torch

    names = "float64 float32 float16 bfloat16 int64 int32 int16 int8 uint8 bool complex64".split()
    if not legacy:
        names += "uint16 uint32 uint64 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz".split()
    value = {name: torch.arange(6).to(getattr(torch, name)).reshape(2, 3) for name in names}
    path = tmp_path / "model.pt"
    save(path, value, legacy)
    agree(path)


@LAYOUTS
def test_views_and_shared_storages(tmp_path: Path, legacy: bool) -> None:
    import torch

    base = torch.arange(4000.0)
    weight = torch.nn.Parameter(torch.randn(5, 4))
    value = collections.OrderedDict(
        base=base,
        part=base[10:20],
        steps=base[3:900:7],
        transposed=base.reshape(40, 100).t(),
        expanded=base[:5, None].expand(5, 3),
        windows=base.unfold(0, 10, 3),
        permuted=base.reshape(4, 10, 10, 10).permute(2, 0, 3, 1)[1:, ::2],
        empty=base[:0],
        flat=torch.zeros(0, 7),
        scalar=base[7],
        weight=weight,
        tied=weight,
    )
    path = tmp_path / "model.pt"
    save(path, value, legacy)
    _, metadata = agree(path)
    assert '"tied":"weight"' in metadata["violet.aliases"]


def test_a_single_tensor_and_a_list(tmp_path: Path) -> None:
    import torch

    for value in (torch.randn(3), [torch.randn(2), (torch.ones(1), 2)]):
        path = tmp_path / "model.pt"
        save(path, value)
        agree(path)


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        ("torch.quantize_per_tensor(torch.randn(4), 0.1, 0, torch.qint8)", "quantised"),
        ("torch.eye(3).to_sparse()", "sparse"),
        ("torch.nn.Linear(2, 2)", "torch.nn.modules.linear.Linear"),
        ("torch.zeros(2, dtype=torch.complex128)", "128 bits"),
        ("torch.randn(2, dtype=torch.complex64).conj()", "hooks|conjugate"),
        ("torch.device('cpu')", "torch.device"),
        ("torch.float32", "torch.float32"),
        ("torch.Size([2])", "torch.Size"),
        ("torch.empty(2, device='meta')", "meta"),
    ],
)
def test_what_is_no_plain_tensor_is_refused(tmp_path: Path, make: str, reason: str) -> None:
    import re

    import torch

    path = tmp_path / "model.pt"
    save(path, {"w": torch.ones(1), "other": eval(make)})
    with pytest.raises(ValueError, match=re.compile(reason)):
        converted(path)


def test_torchscript_is_refused(tmp_path: Path) -> None:
    import torch

    path = tmp_path / "model.pt"
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(path))
    with pytest.raises(ValueError, match="TorchScript"):
        converted(path)


def test_a_checkpoint_without_checksums(tmp_path: Path) -> None:
    import torch

    path = tmp_path / "model.pt"
    torch.serialization.set_crc32_options(False)
    try:
        save(path, {"w": torch.randn(3)})
    finally:
        torch.serialization.set_crc32_options(True)
    agree(path)
