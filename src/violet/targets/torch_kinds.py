"""Torch modules from a file of weights and a factory that builds the module they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from violet.domain.errors import UsageError
from violet.targets.answers import looks_like_probabilities
from violet.targets.base import InputKind, Target, TargetError
from violet.targets.callable_target import example, first_line
from violet.targets.content import formats_of
from violet.targets.torch_module import OUTPUTS, TorchTarget

if TYPE_CHECKING:
    from violet.targets.base import InputDomain
    from violet.targets.request import Opening

NESTED = ("state_dict", "model_state_dict", "model", "net", "module", "weights")
"""Keys under which training scripts put the weights beside other things."""


def open_model(opening: Opening) -> Target:
    """``location`` holds weights, and the option ``factory`` names a function without parameters that builds the
    module; or ``location`` itself is ``module:function``. Raises ``UsageError``, ``TargetError``."""
    from violet.targets.kind_callable import named_object

    location = opening.spec.location
    factory = opening.option("factory")
    if not factory:
        if ":" in location:
            return adopt_module(_built(named_object(location), location), opening)
        raise UsageError(
            f"{opening.name} holds weights, and no module.",
            "Name the function that builds the module: --factory module:function",
        )
    module = _built(named_object(factory), factory)
    weights = read_weights(location, opening.name)
    try:
        module.load_state_dict(weights)
    except (RuntimeError, TypeError, AttributeError) as error:
        lines = [line.strip() for line in str(error).splitlines()]
        said = " ".join(lines[1:3]) or first_line(error)
        raise TargetError(f"The weights of {opening.name} do not fit {factory}: {said[:300]}") from error
    return adopt_module(module, opening)


def _built(factory: Any, name: str) -> Any:
    module = factory
    if not isinstance(factory, torch.nn.Module):
        if not callable(factory):
            raise UsageError(f"{name} is no function that builds a torch module.")
        try:
            module = factory()
        except Exception as error:
            raise UsageError(f"{name} could not build a module: {type(error).__name__}: {first_line(error)}") from error
    if not isinstance(module, torch.nn.Module):
        raise UsageError(f"{name} gave a {type(module).__name__}, and a torch module was expected.")
    return module


def read_weights(path: str, name: str) -> dict[str, Any]:
    """The state_dict of a checkpoint, taken out of what a training script saved around it, without the prefixes of data
    parallel and compiled modules. Nothing but weights is loaded. Raises ``TargetError``."""
    if "safetensors" in formats_of(path):
        from safetensors.torch import load_file

        found: Any = load_file(path)
    else:
        try:
            found = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:
            raise TargetError(
                f"{name} holds more than weights: {first_line(error)}", "Save module.state_dict() instead."
            ) from error
    for key in NESTED:
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
            break
    if not isinstance(found, dict) or not all(isinstance(value, torch.Tensor) for value in found.values()):
        raise TargetError(f"{name} holds no state_dict.", "Save module.state_dict().")
    for prefix in ("module.", "_orig_mod."):
        if found and all(key.startswith(prefix) for key in found):
            found = {key.removeprefix(prefix): value for key, value in found.items()}
    return dict(found)


def adopt_module(module: Any, opening: Opening) -> Target:
    """A target with gradients. Raises ``TargetError`` where the module does not take the domain's rows."""
    domain = opening.inputs((), dtype="float32")
    if domain.kind is InputKind.TEXT:
        raise TargetError(f"{opening.name} takes tensors, and the data is text.")
    said = opening.outputs or "logits"
    outputs = {"scores": "logits"}.get(said, said)
    if outputs not in OUTPUTS:
        raise UsageError(f"A torch module does not give {said}.", f"Say one of {', '.join(OUTPUTS)}.")
    torch.set_num_threads(1)
    device = opening.option("device", "cpu")
    count, ends_with = probe_module(module, domain, opening.name, device)
    return TorchTarget(
        module,
        domain,
        count,
        name=opening.name,
        outputs=outputs if opening.outputs else ends_with,
        order=opening.place(count),
        device=device,
        batch=opening.whole("batch", 1024, least=1),
    )


def probe_module(module: Any, domain: InputDomain, name: str, device: str = "cpu") -> tuple[int, str]:
    """How many classes a module knows, and whether it ends with ``logits`` or ``probabilities``, by a few made-up
    inputs. One output a row is taken for a logit: whether it is a probability, few inputs do not tell."""
    asked = example(domain)
    probe = TorchTarget(module, domain, 0, name=name, device=device)
    with torch.no_grad():
        found = probe.logits(torch.from_numpy(asked.astype(np.float32))).double().cpu().numpy()
    ends_with = "probabilities" if found.shape[1] > 1 and looks_like_probabilities(found) else "logits"
    return max(2, int(found.shape[1])), ends_with
