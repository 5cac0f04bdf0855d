"""Images as flattened inputs, whatever their layout: squares, tiles and waves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.targets.base import InputKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.targets.base import InputDomain

    Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Grid:
    """An image: its size, and by how far the flat index moves along a channel, a row and a column."""

    channels: int
    height: int
    width: int
    steps: tuple[int, int, int]

    def square(self, size: int) -> Array:
        """Flat positions of the square at the top left: ``(channels, size * size)``."""
        channel, row, column = self.steps
        across = np.arange(size)
        places = (across[:, None] * row + across[None, :] * column).reshape(-1)
        return np.asarray(np.arange(self.channels)[:, None] * channel + places[None, :])

    def corners(self, rng: np.random.Generator, count: int, size: int) -> Array:
        """Flat positions of ``count`` random top left corners at which a square of this size fits, ``(count,)``."""
        _, row, column = self.steps
        top = rng.integers(0, self.height - size + 1, count)
        left = rng.integers(0, self.width - size + 1, count)
        return np.asarray(top * row + left * column)

    def positions(self) -> Array:
        """Flat positions by channel, row and column: ``(channels, height, width)``."""
        channel = np.arange(self.channels)[:, None, None] * self.steps[0]
        row = np.arange(self.height)[None, :, None] * self.steps[1]
        return np.asarray(channel + row + np.arange(self.width)[None, None, :] * self.steps[2])

    def tiles(self, size: int) -> Array:
        """For each flat position, the number of its square tile of this size: ``(features,)``."""
        return self._numbered(size, size)

    def columns(self) -> Array:
        """For each flat position, the number of its column of its channel: ``(features,)``."""
        return self._numbered(self.height, 1)

    def _numbered(self, tall: int, wide: int) -> Array:
        channel = np.arange(self.channels)[:, None, None]
        row = np.arange(self.height)[None, :, None]
        column = np.arange(self.width)[None, None, :]
        down, across = -(-self.height // tall), -(-self.width // wide)
        found = np.empty(self.channels * self.height * self.width, dtype=np.int64)
        found[self.positions().reshape(-1)] = ((channel * down + row // tall) * across + column // wide).reshape(-1)
        return found


def grid(domain: InputDomain) -> Grid | None:
    """Of images whose layout is known; ``None`` for all else."""
    shape = domain.shape
    if domain.kind is not InputKind.IMAGE:
        return None
    if domain.layout == "chw" and len(shape) == 3:
        return Grid(shape[0], shape[1], shape[2], (shape[1] * shape[2], shape[2], 1))
    if domain.layout == "hwc" and len(shape) == 3:
        return Grid(shape[2], shape[0], shape[1], (1, shape[1] * shape[2], shape[2]))
    if domain.layout == "hw" and len(shape) == 2:
        return Grid(1, shape[0], shape[1], (0, shape[1], 1))
    return None


def cosines(size: int) -> Array:
    """The orthonormal cosine basis (DCT-II): ``(frequency, place)``."""
    place = (np.arange(size) + 0.5) * np.pi / size
    found = np.cos(np.arange(size)[:, None] * place) * np.sqrt(2.0 / size)
    found[0] /= np.sqrt(2.0)
    return np.asarray(found)


def smooth(rng: np.random.Generator, image: Grid, count: int, part: float) -> Array:
    """Random mixtures ``(count, features)`` of the lowest frequencies of each channel, ``part`` of those of each
    side, but of small images at least eight."""
    high = min(max(round(image.height * part), 8), image.height)
    wide = min(max(round(image.width * part), 8), image.width)
    noise = rng.standard_normal((count, image.channels, high, wide), dtype=np.float32)
    down = cosines(image.height)[:high].astype(np.float32)
    across = cosines(image.width)[:wide].astype(np.float32)
    planes = np.matmul(down.T, np.matmul(noise, across))
    found = np.empty((count, image.channels * image.height * image.width), dtype=np.float32)
    found[:, image.positions().reshape(-1)] = planes.reshape(count, -1)
    return found
