"""Attributions of networks by their gradients, through the target's own interface: no framework is loaded here.

Integrated gradients (Sundararajan, Taly and Yan 2017, equation 1) sum the gradient of the class's logit on the straight
line from a baseline to the input. The sum is taken by the midpoint rule, and the number of steps is doubled until the
attributions add up to the difference of the logits (completeness, their proposition 1) within one part in a hundred (of
a tenth of the logits themselves, where these hardly differ), or the limit is reached: the error that is left is
reported, not hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from violet.domain.explanation import Method
from violet.explain.base import Attributions, Explainer, pieces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import GradientTarget, Target

    Array = NDArray[Any]

STEPS, MOST_STEPS = 16, 512
TOLERANCE = 0.01


def gradient(target: Target, background: Array) -> Explainer:
    """Gradient times the distance from the background's mean: what the model would say if it were straight."""
    asked = cast("GradientTarget", target)
    centre = background.astype(np.float64).mean(axis=0)

    def explain(x: Array, classes: Array) -> Attributions:
        output, slope = logits(asked, x, classes)
        base, _ = logits(asked, _as_inputs(np.broadcast_to(centre, x.shape), x), classes)
        return Attributions(slope * (x - centre), base, output)

    return Explainer(Method.GRADIENT, "logit", _against(background), explain, exact=True, complete=False)


def integrated_gradients(target: Target, background: Array, *, tolerance: float = TOLERANCE) -> Explainer:
    """From the background's mean to the input. ``tolerance`` is relative to the difference of the logits."""
    asked = cast("GradientTarget", target)
    centre = background.astype(np.float64).mean(axis=0)

    def explain(x: Array, classes: Array) -> Attributions:
        output, _ = logits(asked, x, classes)
        base, _ = logits(asked, _as_inputs(np.broadcast_to(centre, x.shape), x), classes)
        values = np.zeros(x.shape, dtype=np.float64)
        going = np.arange(len(x))
        steps = STEPS
        while len(going):
            rows = x[going]
            values[going] = (rows - centre) * _mean_slope(asked, centre, rows, classes[going], steps)
            total = values[going].reshape(len(going), -1).sum(axis=1)
            wanted = output[going] - base[going]
            # Where both logits are nearly equal, a hundredth of their difference is below what float32 tells apart.
            size = np.maximum(np.abs(wanted), 0.1 * (np.abs(output[going]) + np.abs(base[going])))
            off = np.abs(wanted - total) > tolerance * size
            going = going[off]
            steps *= 2
            if steps > MOST_STEPS:
                break
        return Attributions(values, base, output)

    return Explainer(Method.INTEGRATED_GRADIENTS, "logit", _against(background), explain)


def logits(target: GradientTarget, x: Array, classes: Array) -> tuple[Array, Array]:
    """The logit of each row's class ``(n,)`` and its gradient ``(n, *shape)``, float64."""
    value, slope = target.gradient(x, classes, of="logit")
    return np.asarray(value, dtype=np.float64), np.asarray(slope, dtype=np.float64)


def _mean_slope(target: GradientTarget, centre: Array, x: Array, classes: Array, steps: int) -> Array:
    """The mean gradient over the midpoints of ``steps`` equal parts of the way, for every row."""
    places = (np.arange(steps) + 0.5) / steps
    found = np.empty(x.shape, dtype=np.float64)
    each = steps * int(np.prod(x.shape[1:])) * 8  # a network keeps more than its input for the way back
    for piece in pieces(len(x), each):
        rows = x[piece]
        along = places.reshape((1, steps) + (1,) * (x.ndim - 1))
        points = centre + along * (rows - centre)[:, None]
        asked = _as_inputs(points.reshape((-1, *x.shape[1:])), x)
        _, slope = logits(target, asked, np.repeat(classes[piece], steps))
        found[piece] = slope.reshape((len(rows), steps, *x.shape[1:])).mean(axis=1)
    return found


def _as_inputs(points: Array, like: Array) -> Array:
    return np.asarray(points, dtype=like.dtype if like.dtype.kind == "f" else np.float32)


def _against(background: Array) -> str:
    return f"the mean of {len(background):,} other inputs"
