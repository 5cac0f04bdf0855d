"""Corruptions of images, as cameras, weather, handling and compression make them.

Every function takes images ``(n, height, width, channels)`` in [0, 1], the strength 1 to 5 and a random generator, and
gives images of the same shape. The kinds are those of Hendrycks and Dietterich 2019 ("Benchmarking neural network
robustness to common corruptions and perturbations", appendix A and B) with movements of the camera added; lengths are
shares of the image's size, so that one scale serves all sizes.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.domain.errors import MissingExtraError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
    Random = np.random.Generator


def gaussian_noise(x: Array, strength: int, rng: Random) -> Array:
    return np.asarray(x + rng.normal(0.0, (0.04, 0.08, 0.12, 0.18, 0.26)[strength - 1], x.shape))


def shot_noise(x: Array, strength: int, rng: Random) -> Array:
    """Too few photons: Poisson noise."""
    photons = (100.0, 50.0, 25.0, 12.0, 6.0)[strength - 1]
    return np.asarray(rng.poisson(x * photons) / photons)


def impulse_noise(x: Array, strength: int, rng: Random) -> Array:
    """Salt and pepper: values that are stuck at either end."""
    share = (0.01, 0.03, 0.06, 0.12, 0.2)[strength - 1]
    return np.where(rng.random(x.shape) < share, rng.integers(0, 2, x.shape), x)


def gaussian_blur(x: Array, strength: int, rng: Random) -> Array:
    sigma = (0.012, 0.02, 0.03, 0.04, 0.06)[strength - 1] * min(x.shape[1:3])
    reach = max(1, int(np.ceil(3 * sigma)))
    places = np.arange(-reach, reach + 1)
    weights = np.exp(-0.5 * (places / max(sigma, 0.3)) ** 2)
    weights /= weights.sum()
    for axis in (1, 2):
        x = sum(weight * _moved(x, place, axis) for weight, place in zip(weights, places.tolist(), strict=True))
    return x


def motion_blur(x: Array, strength: int, rng: Random) -> Array:
    """The camera or the thing moves: a mean along a line, of which each image has its own direction."""
    length = (0.04, 0.08, 0.12, 0.18, 0.25)[strength - 1] * min(x.shape[1:3])
    angle = rng.uniform(0, np.pi, len(x))
    along = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    steps = np.linspace(-length / 2, length / 2, 9)
    return np.asarray(sum(_warped(x, _straight(len(x)), step * along) for step in steps) / len(steps))


def brightness(x: Array, strength: int, rng: Random) -> Array:
    """Brighter or darker, each image one of them."""
    by = (0.08, 0.15, 0.23, 0.32, 0.42)[strength - 1]
    return np.asarray(x + by * _signs(len(x), rng)[:, None, None, None])


def contrast(x: Array, strength: int, rng: Random) -> Array:
    left = (0.75, 0.55, 0.4, 0.3, 0.2)[strength - 1]
    middle = x.mean(axis=(1, 2), keepdims=True)
    return np.asarray(middle + left * (x - middle))


def rotation(x: Array, strength: int, rng: Random) -> Array:
    angle = np.deg2rad((5.0, 10.0, 15.0, 20.0, 30.0)[strength - 1]) * _signs(len(x), rng)
    cosine, sine = np.cos(angle), np.sin(angle)
    return _warped(x, np.stack([cosine, -sine, sine, cosine], axis=1), np.zeros((len(x), 2)))


def translation(x: Array, strength: int, rng: Random) -> Array:
    share = (0.03, 0.06, 0.1, 0.14, 0.2)[strength - 1]
    angle = rng.uniform(0, 2 * np.pi, len(x))
    by = share * np.stack([np.sin(angle) * x.shape[1], np.cos(angle) * x.shape[2]], axis=1)
    return _warped(x, _straight(len(x)), by)


def scale(x: Array, strength: int, rng: Random) -> Array:
    """Nearer or farther, each image one of them."""
    factor = (1.06, 1.12, 1.2, 1.3, 1.45)[strength - 1] ** _signs(len(x), rng)
    return _warped(x, factor[:, None] * np.array([1.0, 0.0, 0.0, 1.0]), np.zeros((len(x), 2)))


def pixelate(x: Array, strength: int, rng: Random) -> Array:
    """Fewer pixels, each the mean of those it stands for."""
    left = (0.8, 0.65, 0.5, 0.4, 0.3)[strength - 1]
    rows, columns = (_blocks(size, max(1, round(left * size))) for size in x.shape[1:3])
    return np.asarray(np.einsum("ih,nhwc,jw->nijc", rows, x, columns, optimize=True))


def jpeg(x: Array, strength: int, rng: Random) -> Array:
    """Compressed and read again. Raises ``MissingExtraError`` without pillow."""
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("The corruption jpeg", "test") from error
    quality = (60, 40, 25, 15, 8)[strength - 1]
    colours = x.shape[3] == 3
    planes = x if colours else np.moveaxis(x, 3, 1).reshape(-1, *x.shape[1:3])
    found = np.empty_like(planes, dtype=np.float64)
    for index, plane in enumerate(np.rint(np.clip(planes, 0, 1) * 255).astype(np.uint8)):
        with io.BytesIO() as file:
            Image.fromarray(plane).save(file, "JPEG", quality=quality)
            with Image.open(file) as image:
                found[index] = np.asarray(image, dtype=np.float64) / 255
    if colours:
        return found
    return np.moveaxis(found.reshape(len(x), x.shape[3], *x.shape[1:3]), 1, 3)


def fog(x: Array, strength: int, rng: Random) -> Array:
    """Light scattered by a cloud: smooth noise of several sizes is laid over, and takes contrast away."""
    share = (0.2, 0.35, 0.5, 0.65, 0.8)[strength - 1]
    height, width = x.shape[1:3]
    cloud = np.zeros((len(x), height, width))
    for octave in range(1, 5):
        cells = 2**octave
        coarse = rng.random((len(x), cells + 1, cells + 1)) / octave
        cloud += np.einsum("ih,nhw,jw->nij", _ramp(height, cells), coarse, _ramp(width, cells), optimize=True)
    low, high = cloud.min(axis=(1, 2), keepdims=True), cloud.max(axis=(1, 2), keepdims=True)
    cloud = (cloud - low) / np.maximum(high - low, 1e-12)
    return np.asarray((1 - share) * x + share * (0.4 + 0.6 * cloud[..., None]))


IMAGES = {
    "gaussian-noise": gaussian_noise,
    "shot-noise": shot_noise,
    "impulse-noise": impulse_noise,
    "gaussian-blur": gaussian_blur,
    "motion-blur": motion_blur,
    "brightness": brightness,
    "contrast": contrast,
    "rotation": rotation,
    "translation": translation,
    "scale": scale,
    "pixelate": pixelate,
    "jpeg": jpeg,
    "fog": fog,
}


def _signs(n: int, rng: Random) -> Array:
    return rng.integers(0, 2, n) * 2.0 - 1.0


def _straight(n: int) -> Array:
    return np.tile([1.0, 0.0, 0.0, 1.0], (n, 1))


def _moved(x: Array, by: int, axis: int) -> Array:
    """Moved by whole pixels; the border's pixels are repeated."""
    places = np.clip(np.arange(x.shape[axis]) - by, 0, x.shape[axis] - 1)
    return np.take(x, places, axis=axis)


def _blocks(size: int, cells: int) -> Array:
    """``(size, size)``: each pixel becomes the mean of its block."""
    cell = np.arange(size) * cells // size
    same = (cell[:, None] == cell[None, :]).astype(np.float64)
    return np.asarray(same / same.sum(axis=1, keepdims=True))


def _ramp(size: int, cells: int) -> Array:
    """``(size, cells + 1)`` weights of linear interpolation between ``cells + 1`` points."""
    at = np.linspace(0, cells, size)
    return np.maximum(0.0, 1.0 - np.abs(at[:, None] - np.arange(cells + 1)))


def _warped(x: Array, matrix: Array, by: Array) -> Array:
    """Each image ``(h, w, c)`` under its own 2 x 2 ``matrix`` ``(n, 4)`` around its middle, then moved ``by``
    ``(n, 2)`` pixels down and right: read back bilinearly, what comes from outside is the border's."""
    n, height, width, _ = x.shape
    down, right = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
    a, b, c, d = (value[:, None, None] for value in matrix.T)
    divisor = a * d - b * c
    y, z = down - by[:, 0, None, None], right - by[:, 1, None, None]
    top = np.clip((d * y - b * z) / divisor + (height - 1) / 2, 0, height - 1)
    left = np.clip((a * z - c * y) / divisor + (width - 1) / 2, 0, width - 1)
    i, j = np.floor(top).astype(int), np.floor(left).astype(int)
    below, beside = np.minimum(i + 1, height - 1), np.minimum(j + 1, width - 1)
    u, v = (top - i)[..., None], (left - j)[..., None]
    image = np.arange(n)[:, None, None]
    upper = (1 - v) * x[image, i, j] + v * x[image, i, beside]
    lower = (1 - v) * x[image, below, j] + v * x[image, below, beside]
    return np.asarray((1 - u) * upper + u * lower)
