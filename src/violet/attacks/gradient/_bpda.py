"""BPDA: a way back through steps that have no useful gradient (Athalye, Carlini and Wagner 2018, section 4.1).

``straight_through`` wraps one known step. ``Substitute`` finds such steps by itself: while it is active, calls of
rounding, sign, threshold, whole-number and saturating operations answer as ever, and on the way back behave as the
identity, a slope or a leak. It sees what runs as Python (any module but TorchScript, whose operations it cannot reach).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

LEAK = 0.01
"""Slope that saturating functions keep on the way back, beside their own."""
SHARPNESS = 4.0
"""Slope at the threshold of the sigmoid that stands for a comparison."""


def straight_through(step: Callable[[Any], Any], surrogate: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
    """``step`` forward; backward the identity (then its output has its input's shape), or ``surrogate``, a smooth
    function that resembles it. ``step`` may leave torch: it is given a detached tensor."""

    def both_ways(x: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            hard = step(x.detach())
        return _joined(torch.as_tensor(hard, dtype=x.dtype, device=x.device), surrogate(x) if surrogate else x)

    return both_ways


def preprocessed(module: Any, step: Callable[[Any], Any], surrogate: Callable[[Any], Any] | None = None) -> Any:
    """A module that applies ``step`` to its input and then ``module``, with a way back through both."""

    class Preprocessed(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.module = module
            self.step = straight_through(step, surrogate)

        def forward(self, x: torch.Tensor) -> Any:
            return self.module(self.step(x))

    return Preprocessed()


class _Join(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
    """The value of ``hard``, the gradient of ``soft``; to the last bit, and whatever the size of either."""

    @staticmethod
    def forward(ctx: Any, hard: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
        return hard.view_as(hard)

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[None, torch.Tensor]:
        return None, slope


def _joined(hard: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
    apply: Any = _Join.apply
    joined: torch.Tensor = apply(hard.detach().to(soft.dtype), soft)
    return joined


def _functions(names: str) -> set[Any]:
    """The functions of these names in torch, on tensors (in place as well) and in ``torch.nn.functional``."""
    found: set[Any] = set()
    for name in names.split():
        for home in (torch, torch.Tensor, torch.nn.functional, torch.special):
            for spelled in (name, f"{name}_"):
                known = getattr(home, spelled, None)
                if callable(known):
                    found.add(known)
    return found


STAIRS = _functions("round floor ceil trunc fix sign sgn")
SATURATING = _functions("tanh sigmoid expit clamp clip clamp_min clamp_max hardtanh relu6 hardsigmoid erf hardswish")
PEELED = _functions("softmax")
COMPARISONS = {
    **dict.fromkeys(_functions("gt ge greater greater_equal __gt__ __ge__"), 1.0),
    **dict.fromkeys(_functions("lt le less less_equal __lt__ __le__"), -1.0),
}
WHOLE = _functions("to type int long byte short char bool type_as")
ARITHMETIC = _functions(
    "mul multiply div divide true_divide add sub subtract rsub matmul mm bmm sum mean stack cat where "
    "__mul__ __rmul__ __truediv__ __rtruediv__ __add__ __radd__ __sub__ __rsub__ __matmul__ float double half to type"
)
KEEPING = _functions("log clamp_min clamp clip to float double contiguous clone log_")
WHERE = _functions("where")


class Substitute(TorchFunctionMode):  # type: ignore[misc, unused-ignore]
    """``touched`` counts the operations that were given another way back."""

    def __init__(self) -> None:
        super().__init__()
        self.touched = 0

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        first = args[0] if args else kwargs.get("input")
        if not isinstance(first, torch.Tensor | list | tuple):
            return func(*args, **kwargs)
        if func in ARITHMETIC and _soft_among(args):
            return self._soft_arithmetic(func, args, kwargs)
        if not isinstance(first, torch.Tensor) or not first.requires_grad or not first.is_floating_point():
            return func(*args, **kwargs)
        if func in STAIRS:
            return self._replace(func, args, kwargs, first, lambda x, out: x)
        if func in COMPARISONS:
            return self._compare(func, args, kwargs, first, COMPARISONS[func])
        found = None
        if func in WHOLE:
            found = func(*args, **kwargs)
            if not found.is_floating_point():
                self.touched += 1
                found._violet_soft = first
                return found
        elif func in SATURATING:
            found = self._replace(func, args, kwargs, first, lambda x, out: out + LEAK * x)
        elif func in PEELED:
            found = func(*args, **kwargs)
            found._violet_logits = first
            self.touched += 1
            return found
        if found is None:
            found = func(*args, **kwargs)
        if func in KEEPING and hasattr(first, "_violet_logits"):
            found._violet_logits = first._violet_logits
        return found

    def _replace(self, func: Any, args: Any, kwargs: Any, first: torch.Tensor, soft: Any) -> Any:
        """In place as well: the tensor then holds the new value with the new way back."""
        self.touched += 1
        if func.__name__.endswith("_") and not func.__name__.endswith("__"):
            before = first.clone()
            plain = getattr(torch, func.__name__[:-1], None) or getattr(torch.nn.functional, func.__name__[:-1])
            found = plain(before, *args[1:], **kwargs)
            return first.copy_(_joined(found, soft(before, found)))
        found = func(*args, **kwargs)
        return _joined(found, soft(first, found))

    def _compare(self, func: Any, args: Any, kwargs: Any, first: torch.Tensor, way: float) -> Any:
        found = func(*args, **kwargs)
        limit = args[1] if len(args) > 1 else kwargs.get("other", 0.0)
        self.touched += 1
        found._violet_soft = torch.sigmoid(SHARPNESS * way * (first - limit))
        return found

    def _soft_arithmetic(self, func: Any, args: Any, kwargs: Any) -> Any:
        """Whole numbers and truth values that came from a differentiable input go on as floats with a way back."""
        if func in WHERE and len(args) == 3 and hasattr(args[0], "_violet_soft"):
            chosen, yes, no = args
            hard = func(chosen, yes, no)
            soft = chosen._violet_soft
            return _joined(hard, soft * yes + (1.0 - soft) * no)
        if func in WHOLE:
            found = func(*args, **kwargs)
            if found.is_floating_point():
                return _joined(found, args[0]._violet_soft.to(found.dtype))
            found._violet_soft = args[0]._violet_soft
            return found
        return func(*(_as_float(value) for value in args), **kwargs)


def _soft_among(values: Any) -> bool:
    for value in values:
        if isinstance(value, list | tuple):
            if _soft_among(value):
                return True
        elif isinstance(value, torch.Tensor) and hasattr(value, "_violet_soft"):
            return True
    return False


def _as_float(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_as_float(each) for each in value)
    if isinstance(value, torch.Tensor) and hasattr(value, "_violet_soft"):
        soft = value._violet_soft
        return _joined(value.to(soft.dtype), soft)
    return value


def peeled(logits: torch.Tensor) -> torch.Tensor:
    """What went into the softmax that ends the model, where one was seen: probabilities of 1 and 0 have no gradient."""
    found: torch.Tensor = getattr(logits, "_violet_logits", logits)
    return found if found.shape == logits.shape else logits
