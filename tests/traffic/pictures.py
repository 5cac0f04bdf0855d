"""A world of pictures: scikit-learn's handwritten digits as a camera gives them, and a small network that reads them.

Pictures are moved, brightened and noisy, and have 8 bits, as numbers between 0 and 1: no two are the same unless
somebody sends one twice.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.traffic.world import World

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

TRAINED = 1200
"""Of the 1,797 originals, those the model's training pictures are made from."""
HANDS = 3


class Digits:
    """``side`` 8 as they are, or larger: interpolated."""

    groups = 10 * HANDS

    def __init__(self, side: int) -> None:
        from scipy.ndimage import zoom
        from sklearn.datasets import load_digits

        known = load_digits()
        small = known.images / 16.0
        whole = small if side == 8 else zoom(small, (1, side / 8, side / 8), order=1, grid_mode=True, mode="nearest")
        self.side = side
        self._originals = np.clip(whole, 0, 1).astype(np.float32)
        self.digits = known.target

    def draw(self, rng: np.random.Generator, n: int, *, day: Array | float = 0.0, group: int = -1) -> Array:
        chosen = rng.integers(0, len(self.digits), n)
        if group >= 0:
            own = np.flatnonzero((self.digits == group % 10) & (np.arange(len(self.digits)) % HANDS == group // 10))
            chosen = own[rng.integers(0, len(own), n)]
        return self.taken(rng, chosen, day)

    def taken(self, rng: np.random.Generator, chosen: Array, day: Array | float = 0.0) -> Array:
        """Photographs of these originals, ``(n, side * side)``. The light changes over the week, the lens ages."""
        n = len(chosen)
        light = 1.0 - 0.003 * np.asarray(day) + 0.02 * np.sin(np.asarray(day) * 2 * np.pi / 7)
        moved = _moved(self._originals[chosen], rng.uniform(-0.08, 0.08, (n, 2)) * self.side)
        moved *= (rng.normal(0.92, 0.06, n) * light)[:, None, None]
        moved += rng.normal(0.0, 0.02, (n, self.side, self.side))
        return self.snap(moved.reshape(n, -1))

    def others(self, rng: np.random.Generator, n: int) -> Array:
        """Digits of a thicker pen that lean to the other side."""
        pictures = self.draw(rng, n).reshape(n, self.side, self.side)
        thick = np.maximum(pictures, np.roll(pictures, max(1, self.side // 14), axis=2) * 0.9)
        lean = np.stack([np.roll(thick[:, y], round((y - self.side / 2) * 0.12), axis=1) for y in range(self.side)], 1)
        return self.snap(lean.reshape(n, -1))

    def foreign(self, rng: np.random.Generator, n: int) -> Array:
        """Signs that are no digits: the upper half of one over the lower half of another, some mirrored."""
        top, bottom = (self.draw(rng, n).reshape(n, self.side, self.side) for _ in range(2))
        signs = np.concatenate([top[:, : self.side // 2], bottom[:, self.side // 2 :]], axis=1)
        mirrored = rng.random(n) < 0.5
        signs[mirrored] = signs[mirrored, :, ::-1]
        return self.snap(signs.reshape(n, -1))

    def vary(self, rng: np.random.Generator, base: Array, count: int) -> Array:
        """Somebody moves a slider: brightness, contrast, or where the picture is cut."""
        places = np.linspace(-1, 1, count)[:, None, None]
        picture = base.reshape(1, self.side, self.side)
        slider = int(rng.integers(3))
        if slider == 0:
            found = picture + 0.3 * places
        elif slider == 1:
            found = 0.5 + (picture - 0.5) * (1 + 0.6 * places)
        else:
            way = rng.normal(size=2)
            shift = places[:, :, 0] * way / np.linalg.norm(way) * self.side * 0.15
            found = _moved(np.repeat(picture, count, axis=0).astype(np.float32), shift)
        return self.snap(found.reshape(count, -1))

    def revise(self, rng: np.random.Generator, rows: Array) -> Array:
        """The same picture saved again, a little brighter or darker; some not at all changed."""
        gain = np.where(rng.random(len(rows)) < 0.6, rng.normal(1.0, 0.05, len(rows)), 1.0)
        return self.snap(rows * gain[:, None])

    def snap(self, rows: Array) -> Array:
        return np.asarray(np.round(np.clip(rows, 0, 1) * 255) / 255, dtype=np.float64)


def _moved(pictures: Array, shift: Array) -> Array:
    """Pictures ``(n, side, side)`` moved by fractions of cells ``(n, 2)``; what comes in is black."""
    n, side, _ = pictures.shape
    room = int(np.ceil(np.abs(shift).max(initial=0.0))) + 1
    padded = np.pad(pictures, ((0, 0), (room, room), (room, room)))
    whole = np.floor(shift).astype(int)
    part = (shift - whole).astype(np.float32)
    y = np.arange(side)[None, :, None] + room - whole[:, 0, None, None]
    x = np.arange(side)[None, None, :] + room - whole[:, 1, None, None]
    of = np.arange(n)[:, None, None]
    dy, dx = part[:, 0, None, None], part[:, 1, None, None]
    upper = padded[of, y, x] * (1 - dx) + padded[of, y, x - 1] * dx
    lower = padded[of, y - 1, x] * (1 - dx) + padded[of, y - 1, x - 1] * dx
    return np.asarray(upper * (1 - dy) + lower * dy)


class Network:
    """The trained weights, applied without scikit-learn's checks: an attack asks one picture at a time."""

    def __init__(self, layers: list[tuple[Array, Array]]) -> None:
        self._layers = layers

    def __call__(self, x: Array) -> Array:
        """``(n, ...)`` to probabilities ``(n, 10)``."""
        at = np.asarray(x, dtype=np.float64).reshape(len(x), -1)
        for weights, bias in self._layers[:-1]:
            at = np.maximum(at @ weights + bias, 0.0)
        weights, bias = self._layers[-1]
        odds = at @ weights + bias
        odds -= odds.max(axis=1, keepdims=True)
        powers = np.exp(odds)
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@cache
def picture_world(side: int = 8, seed: int = 0) -> World:
    """Built once a process, side and seed; takes some seconds."""
    from sklearn.neural_network import MLPClassifier

    from violet.detectors.reference import fit_reference
    from violet.targets.base import InputDomain, InputKind

    rng = np.random.default_rng([seed, 2])
    digits = Digits(side)
    chosen = rng.integers(0, TRAINED, 5000)
    train, held = digits.taken(rng, chosen), digits.draw(rng, 4000)
    model = MLPClassifier((64,), alpha=1e-3, batch_size=100, max_iter=12, random_state=seed, learning_rate_init=2e-3)
    with np.errstate(all="ignore"):
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it need not converge
            model.fit(train, digits.digits[chosen])
    predict = Network(list(zip(model.coefs_, model.intercepts_, strict=True)))
    scores = predict(held)
    bound = np.zeros((side, side))
    return World(
        name=f"pictures-{side}",
        population=digits,
        predict=predict,
        domain=InputDomain(InputKind.IMAGE, (side, side), bound, bound + 1.0, layout="hw", dtype="float64"),
        names=tuple(f"x{place}" for place in range(side * side)),
        shape=(side, side),
        train=train,
        held=held,
        reference=fit_reference(held, scores=scores, labels=scores.argmax(axis=1), shape=(side, side), seed=seed),
        seconds=0.001,
    )
