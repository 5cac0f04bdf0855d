"""torch checkpoints: written by hand in both layouts, and by torch itself where it is installed."""

from __future__ import annotations

import argparse
import importlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .sample import Sample, write_bytes
from .torch_layout import Call, Global, New, Tensor, floats, legacy_checkpoint, state_dict, zip_checkpoint


def _weights() -> Any:
    return state_dict(
        conv__weight=floats(4, 3, 3, 3), conv__bias=floats(4), fc__weight=floats(2, 16), steps=Tensor("q", (), (12,))
    )


def _checkpoint() -> dict[str, Any]:
    groups = [{"lr": 0.001, "betas": (0.9, 0.999), "eps": 1e-08, "weight_decay": 0, "amsgrad": False, "params": [0, 1]}]
    moments = {"step": 40, "exp_avg": floats(4, 3, 3, 3), "exp_avg_sq": floats(4, 3, 3, 3)}
    return {
        "model": _weights(),
        "optimizer": {"state": {0: moments}, "param_groups": groups},
        "epoch": 3,
        "args": argparse.Namespace(lr=0.001, data="imagenet", eval=False, dist_url="env://"),
        "dtype": Global("torch", "float32"),
        "device": Call(Global("torch", "device"), ("cpu",)),
        "shape": Call(Global("torch", "Size"), ([4, 3, 3, 3],)),
    }


def _parameter(tensor: Tensor) -> Call:
    return Call(
        Global("torch._utils", "_rebuild_parameter"), (tensor, True, Call(Global("collections", "OrderedDict"), ()))
    )


def _module(module: str, name: str, parameters: dict[str, Any], children: dict[str, Any], **more: Any) -> New:
    empty = Call(Global("collections", "OrderedDict"), ())
    state = {
        "training": False,
        "_parameters": state_dict(**parameters),
        "_buffers": empty,
        "_non_persistent_buffers_set": set(),
        "_backward_hooks": empty,
        "_forward_hooks": empty,
        "_modules": state_dict(**children),
        **more,
    }
    return New(Global(module, name), state)


def _network() -> New:
    linear = _module(
        "torch.nn.modules.linear",
        "Linear",
        {"weight": _parameter(floats(2, 4)), "bias": _parameter(floats(2))},
        {},
        in_features=4,
        out_features=2,
    )
    relu = _module("torch.nn.modules.activation", "ReLU", {}, {}, inplace=True)
    return _module("torch.nn.modules.container", "Sequential", {}, {"0": linear, "1": relu})


def _lightning() -> dict[str, Any]:
    return {
        "epoch": 2,
        "global_step": 400,
        "pytorch-lightning_version": "2.5.5",
        "state_dict": _weights(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'val_loss'}": {"best_model_path": "epoch=1.ckpt"}},
        "optimizer_states": [],
        "lr_schedulers": [],
        "hparams_name": "kwargs",
        "hyper_parameters": {"lr": 0.001, "hidden": 32},
    }


def _hand(name: str, content: Callable[[], bytes]) -> Sample:
    return Sample(name, "benign/torch", False, False, write_bytes(name, content))


def _torch() -> Any:
    return importlib.import_module("torch")


def _by_torch(name: str, make: Callable[[Any], Any], **options: Any) -> Sample:
    def content() -> bytes:
        torch = _torch()
        stream = io.BytesIO()
        torch.save(make(torch), stream, **options)
        return stream.getvalue()

    return Sample(name, "benign/torch", False, False, write_bytes(name, content), "torch", ("torch",))


def _small(torch: Any) -> Any:
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(72, 2), nn.Softmax(1)
    )


def _training(torch: Any) -> Any:
    model = _small(torch)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 1, 8, 8)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    return {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "args": argparse.Namespace(lr=1e-3),
        "random": torch.get_rng_state(),
    }


def _tensors(torch: Any) -> Any:
    kinds = (torch.float16, torch.bfloat16, torch.int8, torch.bool, torch.complex64, torch.float64)
    quantized = torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.quint8)
    return [
        *(torch.zeros(2, dtype=kind) for kind in kinds),
        torch.eye(2).to_sparse(),
        quantized,
        torch.Size([1]),
        torch.float32,
    ]


def _script(directory: Path) -> Path:
    torch = _torch()
    path = directory / "traced_torchscript.pt"
    torch.jit.trace(_small(torch).eval(), torch.ones(1, 1, 8, 8)).save(str(path))
    return path


def _package(directory: Path) -> Path:
    package = importlib.import_module("torch.package")
    path = directory / "package.pt"
    with package.PackageExporter(str(path)) as exporter:
        exporter.extern("torch.**")
        exporter.save_pickle("model", "model.pkl", _small(_torch()))
        exporter.save_text("info", "README.txt", "weights of a small network")
    return path


SAMPLES = (
    _hand("weights_zip.pt", lambda: zip_checkpoint(_weights())),
    _hand("pytorch_model.bin", lambda: zip_checkpoint(_weights(), "pytorch_model")),
    _hand("checkpoint_zip.pth", lambda: zip_checkpoint(_checkpoint())),
    _hand("lightning.ckpt", lambda: zip_checkpoint(_lightning(), "lightning")),
    _hand("network_zip.pt", lambda: zip_checkpoint(_network())),
    _hand("weights_legacy.pth", lambda: legacy_checkpoint(_weights())),
    _hand("checkpoint_legacy.pt", lambda: legacy_checkpoint(_checkpoint())),
    _by_torch("torch_state_dict.pt", lambda torch: _small(torch).state_dict()),
    _by_torch("torch_module.pt", _small),
    _by_torch("torch_training.ckpt", _training),
    _by_torch("torch_tensors.pt", _tensors),
    _by_torch(
        "torch_state_dict_legacy.pth", lambda torch: _small(torch).state_dict(), _use_new_zipfile_serialization=False
    ),
    Sample("traced_torchscript.pt", "benign/torchscript", False, False, _script, "", ("torch",)),
    Sample("package.pt", "benign/torch-package", False, False, _package, "torch-package", ("torch",)),
)
