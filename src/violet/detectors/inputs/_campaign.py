"""Fingerprints of adversarial examples: what can be handed around without handing the examples around.

Each example is hashed 16 times, each time by eight random projections in cells of one width (Datar et al. 2004,
"Locality-sensitive hashing scheme based on p-stable distributions"). A row is a near one where it shares four or more
of an example's 16 hashes. Hashes that benign rows, or the example's own original, have as well are left out.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from violet.detectors.reference import QUANTILES
from violet.domain.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from violet.detectors.reference import Reference

    Array = NDArray[Any]

TABLES = 16
EACH = 8
SHARED = 4
"""Hashes of 16 that a near row shares."""
MOST = 50_000
"""Examples of a campaign."""
LARGEST = 64 << 20
"""Bytes of a file."""
CROWD = 8
"""Examples with the same hash that are looked at."""
FORM = 1
_BROKEN = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    RuntimeError,
    MemoryError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a file raises that is no archive of arrays, is damaged, or claims arrays of absurd sizes."""


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """``hashes`` ``(m, 16)`` uint64, 0 where a hash is left out. ``usable`` says how many of the ``m`` examples have
    enough hashes left to be known again. ``reference`` is the digest of the profile that rows were encoded with."""

    name: str
    reference: str
    width: float
    seed: int
    hashes: Array

    @property
    def usable(self) -> int:
        return int(((self.hashes != 0).sum(axis=1) >= SHARED).sum())


class Hasher:
    def __init__(self, reference: Reference, width: float, seed: int) -> None:
        rng = np.random.default_rng([seed, 83])
        d = reference.width
        self._project = (rng.standard_normal((d, TABLES * EACH)) / width).astype(np.float32)
        self._offset = rng.random(TABLES * EACH).astype(np.float32)
        self._mix = rng.integers(1, 2**63, (TABLES, EACH), dtype=np.uint64) * np.uint64(2) + np.uint64(1)

    def __call__(self, x: Array) -> Array:
        """Hashes of encoded rows ``(n, d)``: uint64 ``(n, 16)``, never 0."""
        cells = np.floor(x.astype(np.float32) @ self._project + self._offset).astype(np.int64).astype(np.uint64)
        mixed = (cells.reshape(len(x), TABLES, EACH) * self._mix).sum(axis=2, dtype=np.uint64)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        return np.asarray(np.maximum(mixed, np.uint64(1)))


def fingerprints(
    adversarial: Array, original: Array, reference: Reference, name: str = "campaign", seed: int = 0
) -> Campaign:
    """Of raw adversarial examples ``(m, p)`` and what they were made of, ``(m, p)``. Raises ``UsageError`` where they
    do not fit the profile."""
    bad, good = (_flat(rows, reference)[:MOST] for rows in (adversarial, original))
    if any(reference.categories):
        raise UsageError(
            "Adversarial examples of tables with words cannot be compared with traffic.",
            "Their codes are those of the test, not of the profile.",
        )
    if len(bad) != len(good) or not len(bad):
        raise UsageError("As many originals as adversarial examples are needed, and one at least.")
    near = float(np.interp(0.5, QUANTILES, reference.nearest)) if len(reference.nearest) == len(QUANTILES) else 0.0
    width = 2.0 * near if near > 0 else 0.1
    hasher = Hasher(reference, width, seed)
    found = hasher(reference.encode(bad))
    benign = hasher(np.concatenate([reference.encode(good), np.asarray(reference.sample, np.float32)]))
    for table in range(TABLES):
        found[np.isin(found[:, table], benign[:, table]), table] = 0
    return Campaign(name, reference.digest, width, seed, found)


def from_adversarial(path: str, reference: Reference, seed: int = 0) -> Campaign:
    """Of the file that ``violet test --save-adversarial`` wrote. Raises ``UsageError`` for a file that is none."""
    hint = "Write one with: violet test MODEL --save-adversarial FILE"
    try:
        if _bytes_in(path) > 16 * LARGEST:
            raise UsageError(f"{path} is too large for examples.", hint)
        with np.load(path, allow_pickle=False) as file:
            adversarial, original = file["adversarial"], file["original"]
    except _BROKEN as error:
        raise UsageError(f"{path} cannot be read: {error}.", hint) from None
    return fingerprints(adversarial, original, reference, os.path.basename(path), seed)


def _bytes_in(path: str) -> int:
    """Of a zip file, packed or unpacked, whichever is more."""
    with zipfile.ZipFile(path) as inside:
        return max(os.path.getsize(path), sum(member.file_size for member in inside.infolist()))


def write_campaign(path: str, campaign: Campaign) -> None:
    """As an npz without pickles. Raises ``UsageError`` where it cannot be written."""
    try:
        with open(path, "wb") as file:
            np.savez_compressed(
                file,
                violet_campaign=np.int64(FORM),
                name=np.array(campaign.name[:200]),
                reference=np.array(campaign.reference),
                width=np.float64(campaign.width),
                seed=np.int64(campaign.seed),
                hashes=campaign.hashes,
            )
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.", "Name a file that can be written.") from None


def read_campaign(path: str, reference: Reference) -> Campaign:
    """Raises ``ConfigurationError`` for a file that is none, or was made for another profile."""
    hint = "Make one with: violet guard fingerprints EXAMPLES.npz --profile FILE --output FILE"
    try:
        if _bytes_in(path) > LARGEST:
            raise ConfigurationError(f"{path} is too large for fingerprints.", hint)
        with np.load(path, allow_pickle=False) as file:
            form, hashes = int(file["violet_campaign"]), file["hashes"]
            found = Campaign(
                str(file["name"])[:200],
                str(file["reference"]),
                float(file["width"]),
                int(file["seed"]),
                np.asarray(hashes),
            )
    except _BROKEN as error:
        raise ConfigurationError(f"{path} holds no fingerprints: {error}.", hint) from None
    shape = found.hashes.shape
    fits = found.hashes.dtype == np.uint64 and len(shape) == 2 and shape[1] == TABLES and 0 < shape[0] <= MOST
    if form != FORM or not fits or not 0 < found.width < 1e6 or found.seed < 0:
        raise ConfigurationError(f"{path} holds no fingerprints of this form.", hint)
    if found.reference != reference.digest:
        raise ConfigurationError(f"{path} was made for another profile.", "Make the fingerprints anew for this one.")
    return found


class Known:
    """Looks rows up among a campaign's examples."""

    def __init__(self, campaign: Campaign, reference: Reference) -> None:
        self.campaign = campaign
        self._hasher = Hasher(reference, campaign.width, campaign.seed)
        self._order = [np.argsort(column, kind="stable") for column in campaign.hashes.T]
        self._sorted = [column[order] for column, order in zip(campaign.hashes.T, self._order, strict=True)]

    def shared(self, x: Array) -> tuple[Array, Array]:
        """How many hashes each encoded row shares with the example it shares most with, int64 ``(n,)``; and which that
        is (-1: none)."""
        hashes = self._hasher(x)
        n = len(x)
        places = np.empty((TABLES, n), np.int64)
        hit = np.empty((TABLES, n), dtype=bool)
        for table, column in enumerate(self._sorted):
            places[table] = np.searchsorted(column, hashes[:, table])
            hit[table] = column[np.minimum(places[table], len(column) - 1)] == hashes[:, table]
        most, which = np.zeros(n, np.int64), np.full(n, -1, np.int64)
        for row in np.flatnonzero(hit.sum(axis=0) >= SHARED).tolist():
            counts: Counter[int] = Counter()
            for table in np.flatnonzero(hit[:, row]).tolist():
                column, begin = self._sorted[table], int(places[table, row])
                same = column[begin : begin + CROWD] == hashes[row, table]
                counts.update(self._order[table][begin : begin + CROWD][same].tolist())
            which[row], most[row] = counts.most_common(1)[0]
        return most, which


def _flat(rows: Array, reference: Reference) -> Array:
    found = np.asarray(rows)
    if found.dtype.kind not in "fiub" or found.ndim < 2 or not len(found):
        raise UsageError("Adversarial examples are rows of numbers.")
    found = found.reshape(len(found), -1).astype(np.float64)
    if found.shape[1] != reference.columns:
        raise UsageError(f"Examples have {found.shape[1]} values, where the profile has {reference.columns} columns.")
    return found
