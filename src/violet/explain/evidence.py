"""From arrays to what a reader sees: reliance on features, and why the model says what it says of one input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.explanation import FeatureReliance, InputExplanation, Part
from violet.explain.players import image_size
from violet.explain.statistics import percentiles, weights
from violet.targets.base import InputKind
from violet.targets.schema import FeatureType

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.domain.rate import Rate
    from violet.explain.base import Attributions
    from violet.explain.players import Players
    from violet.targets.base import InputDomain, LabelledData

    Array = NDArray[Any]

PARTS = 12
"""Features of one input that are listed; the others are summed up."""
LARGEST_IMAGE = 128
"""Longer side of the images that reports show; larger ones are thinned out."""


def reliance(players: Players, sizes: Array, flips: list[Rate] | None, seed: int) -> tuple[FeatureReliance, ...]:
    """``sizes`` ``(n, players)`` are absolute attributions of inputs; largest share first. The interval is a bootstrap
    over the inputs."""
    mean = sizes.mean(axis=0)
    whole = max(float(mean.sum()), 1e-300)
    drawn = weights(len(sizes), seed) @ sizes
    drawn = drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1e-300)
    return tuple(
        FeatureReliance(
            feature=players.names[at],
            share=float(mean[at]) / whole,
            interval=percentiles(drawn[:, at]),
            mean=float(mean[at]),
            flips=flips[at] if flips is not None else None,
            immutable=players.immutable[at],
        )
        for at in np.argsort(-mean, kind="stable")
    )


def explained_input(
    data: LabelledData, players: Players, index: int, predicted: int, found: Attributions, row: int
) -> InputExplanation:
    """Row ``row`` of the attributions, which is input ``index`` of the data and was predicted as ``predicted``."""
    domain = data.domain
    x = data.x[index]
    totals = players.total(found.values[row : row + 1])[0]
    order = np.argsort(-np.abs(totals), kind="stable")
    parts = [Part(players.names[at], _value(domain, players, x, int(at)), float(totals[at])) for at in order[:PARTS]]
    if len(order) > PARTS:
        rest = float(totals[order[PARTS:]].sum())
        parts.append(Part(f"{len(order) - PARTS:,} others together", "", rest))
    image = domain.kind is InputKind.IMAGE
    shape, pixels, heat = pictures(domain, x, found.values[row]) if image else ((), (), ())
    return InputExplanation(
        index=index,
        label=_named(data.classes, int(data.y[index])),
        predicted=_named(data.classes, predicted),
        score=float(found.output[row]),
        baseline=float(found.baseline[row]),
        parts=tuple(parts),
        error=float(found.error[row]),
        shape=shape,
        layout=domain.layout if image else "",
        pixels=pixels,
        heat=heat,
    )


def pictures(
    domain: InputDomain, x: Array, values: Array
) -> tuple[tuple[int, ...], tuple[float, ...], tuple[float, ...]]:
    """Shape, pixels (unit space) and attributions of an image, thinned out where it is large. Attributions of the
    channels of a pixel are summed up, so their shape is ``(rows, columns)`` whatever that of the image is."""
    rows, columns = image_size(domain)
    step = -(-max(rows, columns) // LARGEST_IMAGE)
    unit = np.asarray(domain.to_unit(x[None])[0])
    axis = {"chw": 0, "hwc": -1}.get(domain.layout)
    heat = values if axis is None or values.ndim < 3 else values.sum(axis=axis)
    if domain.layout == "hwc" and unit.ndim == 3:
        unit = unit[::step, ::step]
    else:
        unit = unit[..., ::step, ::step]
    heat = heat.reshape(rows, columns)[::step, ::step]
    return unit.shape, _flat(unit, 4), _flat(heat, 0)


def _flat(values: Array, decimals: int) -> tuple[float, ...]:
    flat = values.reshape(-1).tolist()
    return tuple(round(value, decimals) if decimals else float(f"{value:.4g}") for value in flat)


def _named(classes: tuple[str, ...], index: int) -> str:
    return classes[index] if 0 <= index < len(classes) else str(index)


def _value(domain: InputDomain, players: Players, x: Array, player: int) -> str:
    """What the input has there, in the data's own words; nothing for a cell of an image."""
    if players.image:
        return ""
    flat = x.reshape(-1)
    members = np.flatnonzero(players.of == player)
    schema = domain.schema
    if len(members) > 1:
        on = members[int(np.argmax(flat[members]))]
        return domain.names[on] if len(domain.names) == flat.size else str(on)
    value = float(flat[members[0]])
    if schema is not None and len(schema.features) == flat.size:
        feature = schema.features[members[0]]
        if feature.type is FeatureType.CATEGORICAL and 0 <= value < len(feature.values):
            return str(feature.values[int(value)])
    return f"{value:.6g}"
